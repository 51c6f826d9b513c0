//! What CI gets, and what is kept however a hunt ends.

use super::{folder, stderr, stdout, zab};
use std::fs;
use std::path::Path;

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/cases/");

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).expect("it was written")
}

/// The counts of a suite: tests, failures, skipped.
fn counts(xml: &str) -> [usize; 3] {
    let document = roxmltree::Document::parse(xml).expect("XML");
    let suite = document.descendants().find(|n| n.has_tag_name("testsuite")).expect("a suite");
    let tests = suite.children().filter(|n| n.has_tag_name("testcase"));
    assert!(tests.clone().all(|test| test.attribute("name").is_some_and(|name| !name.is_empty())));
    let with = |tag| tests.clone().filter(|t| t.children().any(|n| n.has_tag_name(tag))).count();
    let found = [tests.clone().count(), with("failure"), with("skipped")];
    let said: [usize; 3] = ["tests", "failures", "skipped"].map(|name| {
        let count = suite.attribute(name).and_then(|count| count.parse().ok());
        count.expect("a count")
    });
    assert_eq!(found, said, "{xml}");
    found
}

#[test]
fn a_case_that_shows_what_it_promises_is_as_it_should_be() {
    let folder = folder();
    let case = format!("{CASES}O2/zookeeper-4646.json");
    let replay = |more: &[&str]| {
        let args =
            [&["replay", &case, "--junit-xml", "r.xml", "--summary", "s.md"][..], more].concat();
        let output = zab(folder.path(), &args);
        (output.status.code(), counts(&read(folder.path(), "r.xml")))
    };
    assert_eq!(replay(&[]), (Some(1), [1, 0, 0]));
    assert_eq!(replay(&["--variant", "reference"]), (Some(0), [1, 0, 0]));
    assert_eq!(replay(&["--variant", "zk-3.8.0"]).1[0], 1);
    // A summary is added to what is there.
    assert_eq!(read(folder.path(), "s.md").matches("## zab replay").count(), 3);
}

#[test]
fn a_hunt_reports_what_it_found() {
    let folder = folder();
    let args = [
        "hunt",
        "--variant",
        "zookeeper-4646",
        "--runs",
        "20000",
        "-j",
        "1",
        "--junit-xml",
        "h.xml",
        "--summary",
        "h.md",
    ];
    let output = zab(folder.path(), &args);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert_eq!(counts(&read(folder.path(), "h.xml")), [1, 1, 0]);
    let summary = read(folder.path(), "h.md");
    assert!(
        summary.contains("1 broken") && summary.contains("acknowledges NEWLEADER"),
        "{summary}"
    );
    let clean = zab(
        folder.path(),
        &["hunt", "--variant", "reference", "--runs", "50", "-j", "1", "--junit-xml", "h.xml"],
    );
    assert_eq!(clean.status.code(), Some(0), "{}", stderr(&clean));
    assert_eq!(counts(&read(folder.path(), "h.xml")), [1, 0, 0]);
}

#[test]
fn a_verdict_reports_what_a_variant_opens() {
    let folder = folder();
    let cases = format!("{CASES}O2");
    let args = [
        "verdict",
        "zk-3.8.0",
        "--against",
        "reference",
        "--cases",
        &cases,
        "--junit-xml",
        "v.xml",
    ];
    let output = zab(folder.path(), &args);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let [tests, failures, _] = counts(&read(folder.path(), "v.xml"));
    assert!(failures > 0 && failures == tests, "{failures} of {tests}");
    assert!(read(folder.path(), "v.xml").contains("zookeeper-4646"));
}

#[test]
fn outside_a_checkout_a_command_says_where_the_cases_are() {
    let folder = folder();
    for args in [&["verdict"][..], &["corpus", "check"]] {
        let output = zab(folder.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let error = stderr(&output);
        assert!(
            error.contains("fuzz/cases: ") && error.contains("in a checkout of zab"),
            "{error}"
        );
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[cfg(unix)]
#[test]
fn a_signal_ends_a_hunt_with_what_it_has_found() {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};
    for signal in ["TERM", "HUP", "INT"] {
        let folder = folder();
        let mut hunt = Command::new(env!("CARGO_BIN_EXE_zab"))
            .args([
                "hunt",
                "--variant",
                "zookeeper-4646",
                "--keep-going",
                "--time",
                "10m",
                "-j",
                "1",
            ])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary under test can be started");
        let mut output = BufReader::new(hunt.stdout.take().expect("it is piped"));
        // When its first line is there it hears signals.
        let mut line = String::new();
        output.read_line(&mut line).expect("it can be read");
        assert!(line.contains("cargo zab hunt"), "{line}");
        let kill = format!("kill -{signal} {}", hunt.id());
        let killed = Command::new("sh").args(["-c", &kill]).status();
        assert!(killed.is_ok_and(|status| status.success()));
        let rest: Vec<String> = output.lines().map_while(Result::ok).collect();
        let status = hunt.wait().expect("it ends");
        let told = rest.join("\n");
        assert!(matches!(status.code(), Some(1 | 3)), "{signal}: {status}: {told}");
        if status.code() == Some(1) {
            let files =
                fs::read_dir(folder.path().join("findings")).expect("it was made").flatten();
            let cases: Vec<_> = files.map(|file| file.path()).collect();
            assert!(!cases.is_empty(), "{told}");
            for case in cases {
                zab_fuzz::case::read(&case).expect("a whole case");
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn a_finding_that_cannot_be_written_goes_to_the_terminal() {
    let folder = folder();
    let findings = folder.path().join("findings");
    fs::create_dir(&findings).expect("the folder is new");
    // Where its temporary file would be is a folder.
    let found = zab(
        folder.path(),
        &["hunt", "--variant", "zookeeper-4646", "--runs", "20000", "-j", "1", "--out", "first"],
    );
    assert_eq!(found.status.code(), Some(1), "{}", stderr(&found));
    let name = fs::read_dir(folder.path().join("first"))
        .expect("a case")
        .flatten()
        .next()
        .expect("one")
        .file_name();
    let hidden = format!(".{}", name.to_string_lossy());
    fs::create_dir_all(findings.join(hidden)).expect("the folder is new");
    let output =
        zab(folder.path(), &["hunt", "--variant", "zookeeper-4646", "--runs", "20000", "-j", "1"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let error = stderr(&output);
    let (_, case) = error.split_once("this is the case:\n").expect("it goes to the terminal");
    let end = case.rfind('}').expect("JSON");
    zab_fuzz::case::parse(&case[..=end]).expect("the case, whole");
    assert!(stdout(&output).contains("found O2"), "{}", stdout(&output));
}

#[test]
fn a_report_that_cannot_be_written_is_refused_before_anything_runs() {
    let folder = folder();
    fs::write(folder.path().join("file"), "").expect("the folder is writable");
    let case = format!("{CASES}O2/zookeeper-4646.json");
    for path in ["nowhere/report", "file/report", "."] {
        for option in ["--junit-xml", "--summary"] {
            for command in [&["hunt"][..], &["replay", &case], &["verdict", "--cases", CASES]] {
                let output = zab(folder.path(), &[command, &[option, path]].concat());
                assert_eq!(output.status.code(), Some(2), "{command:?} {option} {path}");
                let error = stderr(&output);
                assert!(error.contains(&format!("{path}: cannot be written: ")), "{error}");
                assert_eq!((error.lines().count(), stdout(&output).as_str()), (1, ""), "{error}");
            }
        }
    }
    // What can be written is not written before there is something to say.
    let args = ["hunt", "--junit-xml", "r.xml", "--variant", "nothing"];
    assert_eq!(zab(folder.path(), &args).status.code(), Some(2));
    assert!(!folder.path().join("r.xml").exists());
}
