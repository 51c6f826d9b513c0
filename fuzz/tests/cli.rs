//! The command line as its users meet it: exit codes, one-line errors, files, JSON.

#[path = "cli/check.rs"]
mod check;
#[path = "cli/explore.rs"]
mod explore;
#[path = "cli/installed.rs"]
mod installed;
#[cfg(unix)]
#[path = "cli/killed.rs"]
mod killed;
#[path = "cli/names.rs"]
mod names;
#[path = "cli/repeated.rs"]
mod repeated;
#[path = "cli/reports.rs"]
mod reports;
#[path = "cli/shells.rs"]
mod shells;
#[path = "cli/shown.rs"]
mod shown;
#[path = "cli/verdict.rs"]
mod verdict;

use clap::ValueEnum;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use zab_fuzz::case::Driver;
use zab_fuzz::generate;
use zab_fuzz::oracle::Oracle;
use zab_fuzz::rng::Rng;

fn zab(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_zab"))
        .args(args)
        .current_dir(folder)
        .output()
        .expect("the binary under test can be started")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("output is UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("output is UTF-8")
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("there is room for temporary files")
}

/// Hunts until something is found, and returns the case.
fn hunted(folder: &Path) -> PathBuf {
    let args = ["hunt", "--runs", "50000", "-j", "1", "--format", "json", "--out", "found"];
    let output = zab(folder, &args);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let report: Value = serde_json::from_str(&stdout(&output)).expect("one JSON document");
    folder.join(report["findings"][0]["case"].as_str().expect("a finding has a case"))
}

#[test]
fn a_hunt_stores_a_small_case_that_replays_and_that_the_reference_survives() {
    let folder = folder();
    let case = hunted(folder.path());
    let path = case.to_str().expect("a temporary path is UTF-8");
    let replayed = zab(folder.path(), &["replay", path, "--times", "3"]);
    assert_eq!(replayed.status.code(), Some(1), "{}", stderr(&replayed));
    assert!(stdout(&replayed).contains("violation O"), "{}", stdout(&replayed));
    let reference = zab(folder.path(), &["replay", path, "--variant", "reference"]);
    assert_eq!(reference.status.code(), Some(0), "{}", stdout(&reference));

    let text = std::fs::read_to_string(&case).expect("the case was written");
    let json: Value = serde_json::from_str(&text).expect("a case is JSON");
    let actions = json["schedule"]["actions"].as_array().expect("a list").len();
    assert!(actions <= 12, "{actions} actions");
    assert_eq!(text.matches("\n      {\"at_us\"").count(), actions, "one action a line");
}

#[test]
fn results_that_nobody_gets_are_an_error_and_a_reader_who_goes_away_is_none() {
    let variants_to = |file: &str| {
        let output = std::fs::File::create(file).map(|file| {
            let mut zab = Command::new(env!("CARGO_BIN_EXE_zab"));
            zab.arg("variants").stdout(file).output().expect("it can be started")
        });
        output.ok()
    };
    // Only Linux has a device that is always full.
    if let Some(output) = variants_to("/dev/full") {
        assert_eq!(output.status.code(), Some(4));
        assert!(stderr(&output).starts_with("error: standard output: "), "{}", stderr(&output));
    }
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut zab = Command::new(env!("CARGO_BIN_EXE_zab"));
    let output = zab.arg("variants").stdout(writer).output().expect("it can be started");
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
}

#[test]
fn a_case_is_explained_within_a_hundred_columns() {
    let folder = folder();
    let case = hunted(folder.path());
    let path = case.to_str().expect("a temporary path is UTF-8");
    for how in ["--text", "--table"] {
        let shown = zab(folder.path(), &["explain", path, how, "--quiet"]);
        assert_eq!(shown.status.code(), Some(0), "{}", stderr(&shown));
        let shown = stdout(&shown);
        assert!(shown.contains("=> O"), "{shown}");
        assert!(shown.lines().all(|line| line.chars().count() <= 100), "{shown}");
    }
    let table = stdout(&zab(folder.path(), &["explain", path, "--table"]));
    for row in ["zk-server", "current epoch", "last logged zxid"] {
        let tables = table.lines().filter(|line| line.trim_start().starts_with(row)).count();
        assert!((2..=8).contains(&tables), "{tables} tables:\n{table}");
    }
    let json = stdout(&zab(folder.path(), &["explain", path, "--format", "json"]));
    let json: Value = serde_json::from_str(&json).expect("one JSON document");
    assert!(json["steps"].as_array().is_some_and(|steps| steps.len() > 3));
    shows_who_had_the_write(&json["evidence"]);
}

/// A loss is data: three instants, with a disk and a memory for each server, and the last one is the
/// end, at which the leader's memory lacks the write.
fn shows_who_had_the_write(evidence: &Value) {
    let names: Vec<&str> = evidence["instants"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|instant| instant["name"].as_str().expect("a name"))
        .collect();
    assert!(names.contains(&"lost") && names.last() == Some(&"end"), "{names:?}");
    let known = evidence["loss"]["known"]["how"].as_str().expect("somebody knew of it");
    assert!(names.contains(&known), "{names:?}");
    for instant in evidence["instants"].as_array().expect("a list") {
        let holdings = instant["holdings"][0].as_array().expect("one write is lost");
        assert!(matches!(holdings.len(), 3 | 5 | 7), "{}", holdings.len());
        assert!(holdings.iter().all(|holding| holding["disk"].is_string()));
    }
    let judge = evidence["loss"]["judge"].as_u64().expect("somebody leads in the end") as usize;
    let end = evidence["instants"].as_array().and_then(|all| all.last()).expect("an end");
    assert_eq!(end["holdings"][0][judge]["memory"], false);
    assert_eq!(evidence["subjects"][0]["zxid"], evidence["loss"]["zxid"]);
}

#[test]
fn the_same_hunt_finds_the_same() {
    let (one, two) = (folder(), folder());
    let (a, b) = (hunted(one.path()), hunted(two.path()));
    assert_eq!(a.file_name(), b.file_name());
    let read = |path: &Path| std::fs::read_to_string(path).expect("the case was written");
    assert_eq!(read(&a), read(&b));
}

#[test]
fn a_minimal_case_cannot_be_minimized_further() {
    let folder = folder();
    let case = hunted(folder.path());
    let path = case.to_str().expect("a temporary path is UTF-8");
    let output = zab(folder.path(), &["minimize", path, "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report: Value = serde_json::from_str(&stdout(&output)).expect("one JSON document");
    assert_eq!(report["actions"], report["actions_before"]);
}

#[test]
fn a_case_that_promises_something_else_no_longer_reproduces() {
    let folder = folder();
    let case = hunted(folder.path());
    let text = std::fs::read_to_string(&case).expect("the case was written");
    let class = if text.contains("\"class\":\"O1\"") { "O1" } else { "O2" };
    let other = text.replace(&format!("\"class\":\"{class}\""), "\"class\":\"D5\"");
    std::fs::write(&case, other).expect("the case can be written");
    let path = case.to_str().expect("a temporary path is UTF-8");
    let replayed = zab(folder.path(), &["replay", path]);
    assert_eq!(replayed.status.code(), Some(5));
    let last = stdout(&replayed);
    let last = last.lines().last().expect("there is output");
    assert!(last.contains(&format!("cargo zab replay {path}")), "{last}");
    for command in ["explain", "minimize"] {
        let output = zab(folder.path(), &[command, path]);
        assert_eq!(output.status.code(), Some(5), "{command}");
        assert!(stderr(&output).contains(&format!("cargo zab {command} {path}")));
    }
}

#[test]
fn a_hunt_without_a_finding_is_clean() {
    let folder = folder();
    let args = ["hunt", "--variant", "reference", "--runs", "20", "-j", "1"];
    let output = zab(folder.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let first = stdout(&output);
    let first = first.lines().next().expect("there is output");
    assert_eq!(first, "$ cargo zab hunt --variant reference --seed 0 --runs 20 -j 1");
}

#[test]
fn malformed_input_is_one_line_and_exit_code_2() {
    let folder = folder();
    let case = hunted(folder.path());
    let text = std::fs::read_to_string(&case).expect("the case was written");
    let file = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("the folder is writable");
    };
    file("truncated.json", &text[..text.len() / 2]);
    file("newer.json", &text.replacen("\"format\": ", "\"format\": 99", 1));
    file("server.json", &text.replacen("\"server\": ", "\"server\": 9", 1));
    file("variant.json", &text.replacen("zk-3.8.0", "zk-3.8.x", 1));
    file("a-file", "");
    let runs: [&[&str]; 15] = [
        &["replay", "truncated.json"],
        &["replay", "newer.json"],
        &["replay", "server.json"],
        &["explain", "variant.json"],
        &["minimize", "absent.json"],
        &["hunt", "--variant", "zk-3.8"],
        &["hunt", "--class", "O10"],
        &["hunt", "--servers", "4"],
        &["hunt", "--out", "a-file/below"],
        &["bench", "--variant", "none"],
        &["hunt", "--variant", "zk-3.9.5-stale-akk"],
        &["hunt", "--with", "late-aply"],
        &["replay", "newer.json", "--fix", "shutdown=leek"],
        &["compare", "reference+shutdown"],
        &["variants", "zk-3.9.9"],
    ];
    for args in runs {
        let output = zab(folder.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stderr(&output));
        let error = stderr(&output);
        assert_eq!(error.lines().count(), 1, "{args:?}: {error}");
        assert!(error.starts_with("error: ") && !error.contains("panicked"), "{args:?}: {error}");
    }
}

#[test]
fn usage_errors_are_exit_code_2_and_help_has_examples() {
    let folder = folder();
    for args in [
        &["hunt", "--runs", "many"][..],
        &["explode"],
        &[],
        &["hunt", "--driver", "x"],
        &["hunt", "-j", "100000"],
        &["verdict", "-j", "0"],
    ] {
        assert_eq!(zab(folder.path(), args).status.code(), Some(2), "{args:?}");
    }
    for command in ["hunt", "replay", "minimize", "explain", "check", "variants", "bench"] {
        let output = zab(folder.path(), &[command, "--help"]);
        assert_eq!(output.status.code(), Some(0));
        assert!(stdout(&output).contains("Example: "), "{command}");
    }
}

#[test]
fn variants_are_listed() {
    let folder = folder();
    let human = stdout(&zab(folder.path(), &["variants"]));
    let json = stdout(&zab(folder.path(), &["variants", "--format", "json"]));
    let json: Value = serde_json::from_str(&json).expect("one JSON document");
    for name in ["reference", "zk-3.8.0", "zookeeper-4646"] {
        assert!(human.contains(name));
        assert!(json.as_array().is_some_and(|all| all.iter().any(|v| v["name"] == name)));
    }
}

#[test]
fn the_benchmark_reports_its_figures() {
    let folder = folder();
    let args = ["bench", "--repetitions", "1", "--executions", "1", "--format", "json"];
    let output = zab(folder.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report: Value = serde_json::from_str(&stdout(&output)).expect("one JSON document");
    assert!(report["figures"]["events_per_second"]["median"].as_f64().is_some_and(|x| x > 0.0));
}

#[test]
fn another_process_observes_the_same_byte_for_byte() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/O2");
    let case = case.join("zookeeper-4646.json");
    let stored = zab_fuzz::case::read(&case).expect("a stored case");
    for driver in Driver::value_variants() {
        let args = ["replay", "--driver", driver.name(), "--format", "json"];
        let path = case.to_str().expect("a path of the project is UTF-8");
        let there = zab(Path::new("."), &[&args[..], &[path]].concat());
        let report: Value = serde_json::from_str(&stdout(&there)).expect("one JSON document");
        let mut oracle = Oracle::new(*driver);
        for seed in 0..5 {
            // What ran before must not matter.
            oracle.judge(&generate::schedule(&mut Rng::of(seed, 0), 3), stored.named().releases());
        }
        let (_, here) = oracle.trace_hash(&stored.schedule, stored.named().releases());
        assert_eq!(report[0]["trace"], format!("{here:016x}"), "{}", driver.name());
    }
}

#[test]
fn what_runs_nothing_has_checked_nothing() {
    let folder = folder();
    let mut case: Value = serde_json::from_str(include_str!("../cases/O1/late-apply.json"))
        .expect("a stored case is JSON");
    case["schedule"]["actions"] = Value::Array(Vec::new());
    std::fs::write(folder.path().join("idle.json"), case.to_string()).expect("a temporary file");
    let runs: [&[&str]; 5] = [
        &["hunt", "--variant", "reference", "--runs", "0", "-j", "1"],
        &["agree", "--runs", "0"],
        &["replay"],
        &["replay", "idle.json"],
        &["replay", "idle.json", "--variant", "reference"],
    ];
    for args in runs {
        let output = zab(folder.path(), args);
        assert_eq!(output.status.code(), Some(3), "{args:?}");
        assert!(stdout(&output).contains("nothing was checked"), "{}", stdout(&output));
    }
}
