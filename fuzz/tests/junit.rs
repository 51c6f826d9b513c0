//! `zab explain --junit`: the test that it writes is compiled and run against the real server, where
//! there is one. What needs Java says on standard error that it was left out where there is none, unless
//! `ZAB_REAL=required`, as in CI.

use regex::Regex;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Where Debian puts jars.
const JARS: &str = "/usr/share/java";
/// What a test is compiled and run with, besides the server; the packages are `junit5` and
/// `libzookeeper-java`.
const JUNIT: [&str; 10] = [
    "junit-jupiter-api",
    "junit-jupiter-engine",
    "junit-platform-commons",
    "junit-platform-engine",
    "junit-platform-launcher",
    "junit-platform-console",
    "junit-platform-reporting",
    "opentest4j",
    "apiguardian-api",
    "picocli",
];

/// Defects that show as a promise, one of each kind.
const ACKNOWLEDGES: &str = "zookeeper-4646";
const WRITES_EPOCH: &str = "zookeeper-4643";

/// The stored cases of a defect.
fn cases(defect: &str) -> Vec<PathBuf> {
    let classes = ["O1", "O2"].map(|class| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(class);
        fs::read_dir(folder).expect("cases are committed").flatten()
    });
    let mut cases: Vec<_> = classes.into_iter().flatten().map(|file| file.path()).collect();
    cases.retain(|path| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(defect)));
    cases.sort();
    cases
}

fn explain(case: &Path, file: &Path) -> Output {
    let mut zab = Command::new(env!("CARGO_BIN_EXE_zab"));
    let zab = zab.arg("explain").arg(case).arg("--quiet").arg("--junit").arg(file);
    zab.output().expect("the binary under test can be started")
}

fn text(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}

/// The test of a defect, in a folder: of the first stored case that can be told.
fn written(folder: &Path, defect: &str, class: &str) -> PathBuf {
    let file = folder.join(format!("{class}.java"));
    let is_told = |case: &PathBuf| explain(case, &file).status.code() == Some(0);
    assert!(cases(defect).iter().any(is_told), "no case of {defect} can be told");
    file
}

/// The class path, or which package is missing.
fn class_path() -> Result<String, String> {
    let jar = |name: &str| {
        let path = format!("{JARS}/{name}.jar");
        if Path::new(&path).exists() { Ok(path) } else { Err(format!("{path} is not there")) }
    };
    let has_compiler = Command::new("javac").arg("-version").output().is_ok();
    if !has_compiler {
        return Err("no javac: `apt-get install default-jdk-headless`".to_owned());
    }
    let jars: Result<Vec<_>, _> =
        ["zookeeper", "slf4j-simple"].iter().chain(&JUNIT).map(|name| jar(name)).collect();
    jars.map(|jars| jars.join(":"))
}

/// The class path, if there is one; says why not.
fn java(test: &str) -> Option<String> {
    let path = class_path();
    let required = std::env::var("ZAB_REAL").is_ok_and(|value| value == "required");
    match path {
        Ok(path) => Some(path),
        Err(what) => {
            assert!(!required, "{what}");
            // Not captured, so that nobody takes it for tested.
            writeln!(std::io::stderr(), "{test} is left out: {what}").expect("it can be written");
            None
        }
    }
}

fn run(command: &mut Command) -> (bool, String) {
    let output = command.output().expect("it was found");
    (output.status.success(), text(&output.stdout) + &text(&output.stderr))
}

fn compile(files: &[PathBuf], to: &Path, path: &str) {
    let mut javac = Command::new("javac");
    let javac = javac.args(["-Xlint:all,-path", "-Werror", "-cp", path, "-d"]).arg(to).args(files);
    let (compiled, said) = run(javac);
    assert!(compiled && said.is_empty(), "{said}");
}

/// Runs every test that was compiled; what the console says of them.
fn junit(classes: &Path, path: &str) -> (bool, String) {
    let mut java = Command::new("java");
    let path = format!("{}:{path}", classes.display());
    let options = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m", "-cp", &path];
    let launcher = "org.junit.platform.console.ConsoleLauncher";
    java.args(options).args([
        launcher,
        "--disable-banner",
        "--disable-ansi-colors",
        "--scan-classpath",
    ]);
    run(java.arg(classes))
}

#[test]
fn the_real_server_fails_the_test_of_what_it_promises_too_early() {
    let Some(path) = java("the_real_server_fails_the_test_of_what_it_promises_too_early") else {
        return;
    };
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let files = [
        written(folder.path(), ACKNOWLEDGES, "Zookeeper4646Test"),
        written(folder.path(), WRITES_EPOCH, "Zookeeper4643Test"),
    ];
    let classes = folder.path().join("classes");
    compile(&files, &classes, &path);
    let (passed, said) = junit(&classes, &path);
    assert!(!passed, "{said}");
    assert!(said.contains("[         2 tests failed"), "{said}");
    let promises = ["acknowledges NEWLEADER of epoch", "writes currentEpoch"];
    for promise in promises {
        assert!(said.contains(promise), "{promise}: {said}");
    }
    assert_eq!(said.matches("AssertionFailedError").count() % 2, 0, "no other failure: {said}");
}

/// Where a follower logs what it was sent, and is asked only then, it keeps its promise: what the test
/// asks is no more than that.
#[test]
fn a_follower_that_has_nothing_left_to_log_passes() {
    let Some(path) = java("a_follower_that_has_nothing_left_to_log_passes") else { return };
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let file = written(folder.path(), ACKNOWLEDGES, "Zookeeper4646Test");
    let test = fs::read_to_string(&file).expect("it was written");
    let is_proposal = |line: &&str| line.trim_start().starts_with("propose(");
    let logged = |line: &str| line.replace("propose(", "log.add(") + "\n";
    let logged: String = test.lines().filter(is_proposal).map(logged).collect();
    let zxid = Regex::new("0x[0-9a-f]+L").expect("it is a regular expression");
    let last = zxid.find_iter(&logged).last().expect("it is sent something").as_str();
    let sent = |line: &&str| !is_proposal(line) && !line.contains("send(Leader.COMMIT");
    let lines: Vec<&str> = test.lines().filter(sent).collect();
    let text = lines.join("\n").replace("        onDisk(", &format!("{logged}        onDisk("));
    let answer = Regex::new(r"expect\(Leader.ACKEPOCH, 0x[0-9a-f]+L\)").expect("it is one as well");
    let text = answer.replace(&text, format!("expect(Leader.ACKEPOCH, {last})"));
    fs::write(&file, text.as_bytes()).expect("there is room");
    let classes = folder.path().join("classes");
    compile(&[file], &classes, &path);
    let (passed, said) = junit(&classes, &path);
    assert!(passed && said.contains("[         1 tests successful"), "{said}");
}

#[test]
fn what_no_test_can_tell_is_refused_in_one_line() {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let refused = |case: &Path, name: &str, code: i32, what: &str| {
        let output = explain(case, &folder.path().join(name));
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(what) && said.lines().count() == 1, "{said}");
        assert!(!folder.path().join(name).exists());
    };
    let other = &cases("stale-ack")[0];
    refused(other, "StaleAckTest.java", 3, "no JUnit test: no follower acknowledges");
    let case = &cases(ACKNOWLEDGES)[0];
    refused(case, "4646.java", 2, "a class of Java is called as its file");
    refused(case, "LostWriteTest.txt", 2, "a class of Java is called as its file");
}

#[test]
fn a_case_has_one_test() {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let test =
        || fs::read_to_string(written(folder.path(), ACKNOWLEDGES, "ATest")).expect("written");
    let once = test();
    assert_eq!(once, test());
    let place = Regex::new("@[a-z]+@").expect("it is a regular expression");
    assert!(!place.is_match(&once), "{once}");
    assert!(once.contains("public class ATest {"), "{once}");
}
