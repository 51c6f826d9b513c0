//! A case as it is shown: files, reports, traces.

use super::{folder, stderr, stdout, zab};
use serde_json::Value;
use std::path::Path;

fn case() -> String {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/O2/zookeeper-4646.json");
    case.to_str().expect("a path is UTF-8").to_owned()
}

#[test]
fn a_page_and_a_figure_are_written_and_the_story_is_not_printed() {
    let (folder, case) = (folder(), case());
    let args = ["explain", &case, "--html", "page.html", "--svg", "figure.svg"];
    let output = zab(folder.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let told = stdout(&output);
    assert!(told.lines().count() == 3 && told.contains("written to page.html"), "{told}");
    let read = |name| std::fs::read_to_string(folder.path().join(name)).expect("it is there");
    assert!(read("page.html").starts_with("<!DOCTYPE html>"));
    assert!(read("figure.svg").starts_with("<svg "));
}

#[test]
fn a_file_that_cannot_be_written_is_told_in_one_line() {
    let (folder, case) = (folder(), case());
    let output = zab(folder.path(), &["explain", &case, "--svg", "no/such/folder.svg"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).starts_with("error: no/such/folder.svg: cannot be written: "));
    assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
}

#[test]
fn a_report_for_the_tracker_has_its_sections_and_the_tables_of_the_states() {
    let (folder, case) = (folder(), case());
    let jira = stdout(&zab(folder.path(), &["explain", &case, "--jira"]));
    for part in
        ["h2. The write", "h3. Environment", "h3. Steps", "h3. States", "*Expected*", "*Actual*"]
    {
        assert!(jira.contains(part), "{part}: {jira}");
    }
    assert!(jira.contains("|| zk-server || S0 || S1 || S2 ||\n| current epoch | 1 | 1 | 1 |"));
    let markdown = stdout(&zab(folder.path(), &["explain", &case, "--markdown"]));
    assert!(markdown.contains("| zk-server | S0 | S1 | S2 |\n|---|---|---|---|\n"), "{markdown}");
    let both = zab(folder.path(), &["explain", &case, "--jira", "--table"]);
    assert_eq!(both.status.code(), Some(2), "one thing is printed");
}

#[test]
fn a_trace_is_an_event_a_line_and_says_what_became_of_each_packet() {
    let (folder, case) = (folder(), case());
    let output = zab(folder.path(), &["replay", &case, "--trace", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let text = stdout(&output);
    let events: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect();
    assert!(events.iter().enumerate().all(|(index, event)| event["event"] == index));
    let sent: Vec<&Value> = events.iter().filter(|event| event["kind"] == "sent").collect();
    let lost = sent.iter().filter(|event| event["arrived_us"].is_null()).count();
    assert!(lost > 0 && lost < sent.len() / 2, "{lost} of {} are lost", sent.len());
    for event in sent.iter().filter(|event| !event["arrived_us"].is_null()) {
        assert!(event["arrived_us"].as_u64() > event["at_us"].as_u64(), "{event}");
    }
    let lines = stdout(&zab(folder.path(), &["replay", &case, "--trace", "text"]));
    assert_eq!(lines.lines().count(), events.len());
    let two = zab(folder.path(), &["replay", &case, &case, "--trace", "text"]);
    assert_eq!(two.status.code(), Some(2), "{}", stdout(&two));
}

#[test]
fn what_real_servers_did_is_told_wherever_a_case_is() {
    let folder = folder();
    let mut stored: Value =
        serde_json::from_str(&std::fs::read_to_string(case()).expect("it is committed"))
            .expect("a stored case is JSON");
    let seen = |release: &str, runs: u32| {
        serde_json::json!({
            "release": release, "runs": runs, "of": 10, "date": "2026-11-30", "build": "zab 0.0.0",
        })
    };
    stored["confirmed"] = Value::Array(vec![seen("3.8.0", 10), seen("3.9.5", 0)]);
    let cases = folder.path().join("fuzz/cases/O2");
    std::fs::create_dir_all(&cases).expect("the folder is writable");
    let path = cases.join("zookeeper-4646.json");
    let path = path.to_str().expect("a temporary path is UTF-8");
    let same = "ZooKeeper 3.8.0 did the same in 10 of 10 runs (2026-11-30).";
    let not = "ZooKeeper 3.9.5 did not do the same in any of 10 runs (2026-11-30).";
    stored["shown_in"] = serde_json::json!(["zk-3.8.0", "zk-3.5.10"]);
    let model = "Shown in the model by the same schedule: 3.5.10, 3.7.0 to 3.8.4, 3.9.0-1.";
    std::fs::write(path, stored.to_string()).expect("the folder is writable");
    let has_all = |told: &str| [same, not, model].iter().all(|what| told.contains(what));
    for flag in ["--text", "--markdown", "--jira"] {
        let told = stdout(&zab(folder.path(), &["explain", path, flag]));
        assert!(has_all(&told.split_whitespace().collect::<Vec<_>>().join(" ")), "{flag}: {told}");
    }
    zab(folder.path(), &["explain", path, "--html", "page.html"]);
    let page = std::fs::read_to_string(folder.path().join("page.html")).expect("it was written");
    assert!(has_all(&page), "{page}");
    let json = |args: &[&str]| -> Value {
        let told = stdout(&zab(folder.path(), &[args, &["--format", "json"]].concat()));
        serde_json::from_str(&told).expect("one JSON document")
    };
    for what in ["confirmed", "shown_in"] {
        assert_eq!(json(&["explain", path])[what], stored[what]);
    }
    let line =
        "seen on ZooKeeper 3.8.0, 10 of 10 runs (2026-11-30): fuzz/cases/O2/zookeeper-4646.json";
    for args in [&["variants", "zookeeper-4646"][..], &["variants", "--release", "3.8.0"]] {
        let told = stdout(&zab(folder.path(), args));
        assert!(told.contains(line) && !told.contains("3.9.5, 0 of 10"), "{args:?}: {told}");
    }
    assert_eq!(json(&["variants", "zookeeper-4646"])["confirmed"][0]["runs"], 10);
    let all = stdout(&zab(folder.path(), &["variants"]));
    assert_eq!(all.lines().filter(|line| line.contains("; seen in 3.8.0")).count(), 2, "{all}");
}

#[test]
fn what_a_case_tells_of_itself_is_written_again_and_only_where_it_differs() {
    let folder = folder();
    let text = std::fs::read_to_string(case()).expect("it is committed");
    let parsed = |text: &str| zab_fuzz::case::parse(text).expect("it is a case");
    let mut stored: Value = serde_json::from_str(&text).expect("a stored case is JSON");
    stored["story"] = serde_json::json!(["words of an older build"]);
    stored["shown_in"] = Value::Null;
    let write = |name: &str, contents: &str| {
        std::fs::write(folder.path().join(name), contents).expect("the folder is writable");
    };
    let read = || std::fs::read_to_string(folder.path().join("old.json")).expect("it is there");
    write("old.json", &stored.to_string());
    let told = stdout(&zab(folder.path(), &["corpus", "refresh", "old.json"]));
    assert!(told.contains("1 of 1 cases written again"), "{told}");
    assert_eq!(parsed(&read()), parsed(&text), "as it is committed");
    let told = stdout(&zab(folder.path(), &["corpus", "refresh", "old.json"]));
    assert!(told.contains("0 of 1 cases written again"), "{told}");
    // One that shows something else is left alone, and told.
    stored["variant"] = "reference".into();
    write("old.json", &stored.to_string());
    let kept = read();
    let output = zab(folder.path(), &["corpus", "refresh", "old.json"]);
    assert_eq!(output.status.code(), Some(5), "{}", stdout(&output));
    assert_eq!(read(), kept);
}
