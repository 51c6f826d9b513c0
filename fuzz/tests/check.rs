//! `zab check` at the edges: standard input, full disks, what it adds to a verdict.

use serde_json::Value;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Checks a file, or with `-` what is piped in.
fn check(folder: &Path, args: &[&str], input: Option<&str>) -> Output {
    let stdin = input.map_or_else(Stdio::null, |name| {
        File::open(folder.join(name)).expect("the test has made it").into()
    });
    let mut command = Command::new(env!("CARGO_BIN_EXE_zab"));
    command.arg("check").args(args).current_dir(folder).stdin(stdin);
    command.output().expect("the binary under test can be started")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("output is UTF-8")
}

fn folder(files: &[(&str, String)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("the folder is writable");
    }
    folder
}

/// Two events: an operation and its answer, without a zxid.
fn done(process: u32, f: &str, value: &str, answer: &str) -> String {
    format!(
        "{{\"process\":{process},\"type\":\"invoke\",\"f\":\"{f}\",\"value\":{value}}}\n\
         {{\"process\":{process},\"type\":\"ok\",\"f\":\"{f}\",\"value\":{answer}}}\n"
    )
}

/// One value is written after the other, and then one is read.
fn register(read: u32) -> String {
    done(0, "write", "1", "1")
        + &done(0, "write", "2", "2")
        + &done(1, "read", "null", &read.to_string())
}

/// A node is made, and another session does not see it.
fn stale() -> String {
    done(0, "create", r#"{"path":"/a","data":"x"}"#, "{}")
        + &done(1, "get", r#"{"path":"/a"}"#, r#"{"error":"NoNode"}"#)
}

#[test]
fn standard_input_is_judged_like_a_file() {
    let append = done(0, "append", "1", "1") + &done(1, "read", "null", "[]");
    let lock = done(0, "acquire", "null", "null") + &done(1, "acquire", "null", "null");
    let files = [
        ("right", register(2), "cas-register", 0),
        ("wrong", register(1), "register", 1),
        ("append", append, "append", 1),
        ("mutex", lock, "mutex", 1),
        ("zookeeper", stale(), "zookeeper", 0),
        ("broken", "{\"process\":0".to_owned(), "kv", 2),
        ("empty", String::new(), "kv", 3),
    ];
    let folder = folder(&files.clone().map(|(name, text, ..)| (name, text)));
    for (name, _, model, code) in files {
        let args = |file| [file, "--model", model, "--format", "json"];
        let file = check(folder.path(), &args(name), None);
        let piped = check(folder.path(), &args("-"), Some(name));
        assert_eq!(piped.status.code(), Some(code), "{name}: {}", text(&piped.stderr));
        assert_eq!(text(&piped.stdout), text(&file.stdout), "{name}");
        let stderr = text(&file.stderr).replace(name, "standard input");
        assert_eq!(text(&piped.stderr), stderr, "{name}");
    }
}

#[test]
fn what_cannot_be_written_is_an_error() {
    if !Path::new("/dev/full").exists() {
        eprintln!("skipped: no full disk here");
        return;
    }
    let folder = folder(&[("h", register(1))]);
    for (option, name) in [
        ("--write", "full.edn"),
        ("--write", "full.jsonl"),
        ("--write", "full.shiviz"),
        ("--html", "full.html"),
    ] {
        #[cfg(unix)]
        std::os::unix::fs::symlink("/dev/full", folder.path().join(name)).expect("a new name");
        let output = check(folder.path(), &["h", option, name], None);
        assert_eq!(output.status.code(), Some(2), "{option} {name}");
        let error = text(&output.stderr);
        assert!(error.contains(&format!("{name}: cannot write")), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn what_looks_like_a_loss_and_is_none_is_pointed_out() {
    let fresh = stale().replace(r#"{"error":"NoNode"}"#, r#"{"data":"x"}"#);
    let folder = folder(&[("stale", stale()), ("fresh", fresh)]);
    let hint = |name| {
        let args = [name, "--model", "zookeeper", "--format", "json"];
        let output = check(folder.path(), &args, None);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
        let report: Value = serde_json::from_str(&text(&output.stdout)).expect("one document");
        report["hint"].as_str().map(str::to_owned)
    };
    let stale = hint("stale").expect("the read misses the node");
    assert!(stale.contains("--consistency linearizable shows it: the get /a gave NoNode by p1"));
    assert_eq!(hint("fresh"), None);
    let page = ["stale", "--model", "zookeeper", "--html", "page.html"];
    let shown = text(&check(folder.path(), &page, None).stdout);
    let page = std::fs::read_to_string(folder.path().join("page.html")).expect("it was written");
    assert!(shown.contains("may be stale") && page.contains("may be stale"), "{shown}");
    let wanted = ["stale", "--model", "zookeeper", "--consistency", "linearizable"];
    assert_eq!(check(folder.path(), &wanted, None).status.code(), Some(1));
}

#[test]
fn the_command_that_repeats_a_run_has_its_limits() {
    let folder = folder(&[("h", register(2))]);
    let output = check(folder.path(), &["h", "--time", "5s", "--memory", "64M"], None);
    let shown = text(&output.stdout);
    let first = shown.lines().next().unwrap_or_default();
    assert_eq!(first, "$ cargo zab check h --model cas-register --time 5s --memory 67108864");
}
