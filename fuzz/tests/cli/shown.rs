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
