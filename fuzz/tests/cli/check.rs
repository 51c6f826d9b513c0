//! `zab check`: verdicts, exit codes, and what of a history reaches the terminal, the page and JSON.

use super::{folder, stderr, stdout, zab};
use serde_json::Value;

/// A history in which p2 reads what it should, or the value before.
fn history(read: u32) -> String {
    let event = |process: u32, kind: &str, f: &str, value: &str| {
        format!("{{:process {process}, :type :{kind}, :f :{f}, :value {value}}}\n")
    };
    let mut text = String::new();
    for value in ["1", "2"] {
        text += &event(0, "invoke", "write", value);
        text += &event(0, "ok", "write", value);
    }
    text += &event(1, "invoke", "write", "3");
    text += &event(1, "info", "write", "3");
    text + &event(2, "invoke", "read", "nil") + &event(2, "ok", "read", &read.to_string())
}

#[test]
fn a_history_is_judged_and_the_exit_code_says_how() {
    let folder = folder();
    let file = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("the folder is writable");
    };
    file("valid.edn", &history(2));
    file("stale.edn", &history(1));
    file("broken.edn", &history(2).replacen(":invoke", ":ok", 1));
    let get = "{\"process\":0,\"type\":\"invoke\",\"f\":\"get\",\"value\":{\"path\":\"/\"}}";
    let got = "{\"process\":0,\"type\":\"ok\",\"f\":\"get\",\"value\":{\"data\":null}}";
    file("local.jsonl", &format!("{get}\n{got}\n"));
    file("empty.edn", "");
    file("nemesis.edn", "{:process :nemesis, :type :info, :f :kill, :value nil}\n");
    let read = "{:process 0, :type :invoke, :f :read, :value nil}\n\
                {:process 0, :type :ok, :f :read, :value 1}\n";
    file("one.edn", read);
    std::fs::create_dir(folder.path().join("store")).expect("the folder is writable");
    file("store/history.edn", &history(1));
    // A value that is written twice is beyond the zones, and that none of twenty writes at once
    // explains a read takes a while to find out.
    let event = |kind: &str, at: u32| {
        format!("{{:process {at} :type :{kind} :f :write :value {}}}\n", at / 2)
    };
    let all = |kind: &str| (0..20).map(|at| event(kind, at)).collect::<String>();
    let read = "{:process 99 :type :invoke :f :read}\n{:process 99 :type :ok :f :read :value 99}\n";
    file("crowd.edn", &(all("invoke") + read + &all("ok")));
    let codes = [
        (&["check", "valid.edn"][..], 0),
        (&["check", "stale.edn"], 1),
        (&["check", "broken.edn"], 2),
        (&["check", "absent.edn"], 2),
        (&["check", "local.jsonl", "--model", "zookeeper"], 0),
        (&["check", "local.jsonl", "--model", "zookeeper", "--consistency", "linearizable"], 0),
        (&["check", "crowd.edn", "--time", "0s"], 3),
        (&["check", "valid.edn", "--write", "valid.txt"], 2),
        (&["check", "empty.edn"], 3),
        (&["check", "nemesis.edn"], 3),
        (&["check", "valid.edn", "--memory", "1"], 3),
        (&["check", "valid.edn", "--model", "append"], 2),
        (&["check", "store"], 1),
        (&["check", "."], 2),
        (&["check", "one.edn", "--initial", "1"], 0),
        (&["check", "one.edn"], 1),
        (&["check", "local.jsonl", "--model", "zookeeper", "--initial", "{\"/\":\"x\"}"], 1),
        (&["check"], 2),
        (&["check", "--help", "formats"], 0),
    ];
    for (args, code) in codes {
        let output = zab(folder.path(), args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
    }
    let error = stderr(&zab(folder.path(), &["check", "broken.edn"]));
    assert!(error.contains("broken.edn: line 1: process 0 completes an operation"), "{error}");
    let error = stderr(&zab(folder.path(), &["check", "valid.edn", "--model", "append"]));
    assert!(error.contains("the file looks like --model register"), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
}

#[test]
fn what_a_history_says_does_not_reach_the_terminal_as_a_command() {
    let folder = folder();
    let text = history(1).replace(":value 1", ":value \"\\u001b[31mred\"");
    std::fs::write(folder.path().join("h.edn"), text).expect("the folder is writable");
    let output = zab(folder.path(), &["check", "h.edn", "--color", "never"]);
    let shown = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{shown}");
    assert!(shown.contains("u{1b}[31mred") && !shown.contains('\u{1b}'), "{shown}");
}

#[test]
fn the_operation_that_has_no_place_is_first_and_marked() {
    let folder = folder();
    std::fs::write(folder.path().join("h.edn"), history(1)).expect("the folder is writable");
    let shown = stdout(&zab(folder.path(), &["check", "h.edn", "--model", "register"]));
    let marked: Vec<&str> = shown.lines().filter(|line| line.starts_with('>')).collect();
    assert_eq!(marked.len(), 1, "{shown}");
    assert!(marked[0].contains("p2 read 1"), "{shown}");
    let json = ["check", "h.edn", "--model", "register", "--format", "json"];
    let report: Value =
        serde_json::from_str(&stdout(&zab(folder.path(), &json))).expect("one JSON document");
    assert_eq!(report["violations"][0]["culprit"]["what"], "read 1");
}

#[test]
fn a_violation_is_a_sentence_a_page_and_json() {
    let folder = folder();
    std::fs::write(folder.path().join("h.edn"), history(1)).expect("the folder is writable");
    let args = ["check", "h.edn", "--model", "register", "--html", "h.html", "--write", "h.jsonl"];
    let shown = stdout(&zab(folder.path(), &args));
    let sentence = "the read by p2 began after write 2 by p0 was acknowledged, yet returned 1";
    assert!(shown.contains(sentence), "{shown}");
    let page = std::fs::read_to_string(folder.path().join("h.html")).expect("it was written");
    assert!(page.contains(sentence) && !page.contains("<script"), "{page}");
    assert!(page.contains("autofocus") && page.matches("class=\"op culprit\"").count() == 1);
    let again = ["check", "h.jsonl", "--model", "register", "--format", "json"];
    let report: Value =
        serde_json::from_str(&stdout(&zab(folder.path(), &again))).expect("one JSON document");
    assert_eq!(report["verdict"], "violation");
    assert_eq!(report["violations"][0]["clause"], "stale-read");
    assert_eq!(report["violations"][0]["versions_behind"], 1);
}
