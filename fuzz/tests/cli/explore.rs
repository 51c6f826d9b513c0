//! `zab explore` and the files that it writes.

use super::{folder, stderr, stdout, zab};
use serde_json::Value;

#[test]
fn what_is_found_is_a_file_that_replays_and_that_the_reference_survives() {
    let folder = folder();
    let args = ["explore", "--variant", "stale-ack-in-flight", "--cuts", "1", "-j", "2"];
    let output = zab(folder.path(), &args);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let shown = stdout(&output);
    let command = "cargo zab explore --variant stale-ack-in-flight --writes 1 --cuts 1";
    assert!(shown.starts_with(&format!("$ {command}\n")), "{shown}");
    assert!(shown.contains("found D1") && shown.contains("Not every order is tried"), "{shown}");
    let path = "findings/explored-stale-ack-in-flight-D1.json";
    let run = |args: &[&str]| zab(folder.path(), args);
    let replayed = run(&["replay", path]);
    assert_eq!(replayed.status.code(), Some(1), "{}", stdout(&replayed));
    let reference = run(&["replay", path, "--variant", "reference"]);
    assert_eq!(reference.status.code(), Some(0), "{}", stdout(&reference));
    let explained = run(&["explain", path]);
    assert_eq!(explained.status.code(), Some(0), "{}", stderr(&explained));
    assert!(stdout(&explained).contains("D1: acknowledged before it was durable"));
    let files = ["--html", "page.html", "--svg", "picture.svg", "--jira"];
    let drawn = run(&[&["explain", path][..], &files].concat());
    assert_eq!(drawn.status.code(), Some(0), "{}", stderr(&drawn));
    for file in ["page.html", "picture.svg"] {
        let text = std::fs::read_to_string(folder.path().join(file)).expect("it was written");
        // The acknowledgement, what it was too early for, and who sent it.
        for shown in ["D1", "ACK", "acknowledged before it was durable"] {
            assert!(text.contains(shown), "{file}: {shown}");
        }
        assert_eq!(text.matches("class=\"events\"").count(), 1);
    }
    assert!(stdout(&drawn).contains("h3. Steps"), "{}", stdout(&drawn));
    let further = run(&["explore", "--from", path, "--writes", "0", "--restarts", "0"]);
    assert_eq!(further.status.code(), Some(2), "the reference does not get that far");
    assert!(stderr(&further).contains("cannot be taken here"), "{}", stderr(&further));
}

#[test]
fn it_goes_on_from_an_action_of_a_stored_case() {
    let folder = folder();
    let case = concat!(env!("CARGO_MANIFEST_DIR"), "/cases/O1/stale-ack.json");
    let run = |args: &[&str]| zab(folder.path(), args);
    let from = ["explore", "--from", case, "--first", "1", "--writes", "0", "--cuts", "1"];
    let output = run(&from);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let command = format!("--cuts 1 --from {case} --first 1");
    let shown = stdout(&output);
    assert!(shown.lines().next().is_some_and(|line| line.ends_with(&command)), "{shown}");
    assert!(shown.contains("complete, nothing is left"), "{shown}");
    let refused = run(&["explore", "--from", case, "--first", "99"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("--first") && stderr(&refused).contains("choose from 1 to"));
}

#[test]
fn it_says_whether_anything_is_left() {
    let folder = folder();
    let json = |args: &[&str]| {
        let all = [&["explore", "--format", "json"], args].concat();
        let output = zab(folder.path(), &all);
        let report: Value = serde_json::from_str(&stdout(&output)).expect("one JSON document");
        (output.status.code(), report)
    };
    let (code, complete) = json(&["--writes", "0", "--cuts", "1"]);
    assert_eq!((code, complete["end"].as_str()), (Some(0), Some("complete")));
    assert!(complete["reductions"].as_array().is_some_and(|rules| !rules.is_empty()));
    let (code, cut_short) = json(&["--states", "50"]);
    assert_eq!((code, cut_short["end"].as_str()), (Some(3), Some("states")));
    assert!(cut_short["states"].as_u64() >= Some(50));
}

#[test]
fn what_cannot_be_explored_is_told_in_one_line() {
    let folder = folder();
    for (args, what) in [
        (vec!["--free", "nobody"], "choose from receiver"),
        (vec!["--writes", "4", "--reads", "1"], "4 or fewer"),
        (vec!["--servers", "4"], "choose 3, 5 or 7"),
        (vec!["--class", "O77"], "there is no class"),
        (vec!["--from", "nothing.json"], "nothing.json"),
    ] {
        let output = zab(folder.path(), &[vec!["explore"], args].concat());
        assert_eq!(output.status.code(), Some(2));
        let error = stderr(&output);
        assert!(error.contains(what) && error.lines().count() == 1, "{error}");
    }
}
