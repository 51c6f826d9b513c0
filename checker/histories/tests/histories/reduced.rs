//! A counterexample shows no more than it needs: two operations prove what two operations prove.

use history_checker::judge::{self, Contract, Counterexample, Settings};
use history_checker::record::{self, Znodes};

/// The violation in a history of one operation after the other, each with its answer and zxid.
fn violation(operations: &[(&str, String, String, u64)]) -> Counterexample {
    let lines = operations.iter().enumerate().map(|(at, (f, value, answer, zxid))| {
        let event = |kind: &str, rest: String| {
            format!("{{\"process\":{at},\"type\":\"{kind}\",\"f\":\"{f}\",{rest}}}\n")
        };
        event("invoke", format!("\"value\":{value}"))
            + &event("ok", format!("\"value\":{answer},\"zxid\":{zxid}"))
    });
    let text: String = lines.collect();
    let recorded = record::read(text.as_bytes(), Znodes).expect("well-formed");
    let report = judge::zookeeper(&recorded, Contract::ZooKeeper, &Settings::default());
    let mut violations = report.violations();
    violations.next().expect("an answer is wrong").clone()
}

/// `/a` is created and set ten times; each answer tells the version.
fn ten_sets() -> Vec<(&'static str, String, String, u64)> {
    let create = ("create", r#"{"path":"/a","data":"d0"}"#.to_owned(), "{}".to_owned(), 1);
    let sets = (1..=10).map(|at| {
        let (value, answer) =
            (format!(r#"{{"path":"/a","data":"d{at}"}}"#), format!(r#"{{"version":{at}}}"#));
        ("set", value, answer, 1 + at)
    });
    [create].into_iter().chain(sets).collect()
}

fn shown(example: &Counterexample) -> Vec<&str> {
    example.operations.iter().map(|shown| &*shown.what).collect()
}

#[test]
fn a_stale_version_needs_the_set_that_it_misses_and_not_those_before() {
    let mut history = ten_sets();
    let answer = r#"{"exists":true,"version":9}"#.to_owned();
    history.push(("exists", r#"{"path":"/a"}"#.to_owned(), answer, 11));
    let example = violation(&history);
    let proof = ["set /a=d10 gave version 10", "exists /a gave yes of version 9"];
    assert_eq!(shown(&example), proof);
    assert_eq!(example.culprit, 1);
    assert!(example.sentence.ends_with("would be: exists /a gave yes of version 10"));
}

#[test]
fn stale_data_needs_no_creation() {
    let mut history = ten_sets();
    history.push(("get", r#"{"path":"/a"}"#.to_owned(), r#"{"data":"d9"}"#.to_owned(), 11));
    let example = violation(&history);
    assert_eq!(shown(&example), ["set /a=d10 gave version 10", "get /a gave d9"]);
    assert!(example.sentence.ends_with("would be: get /a gave d10"), "{}", example.sentence);
}

#[test]
fn an_update_that_a_version_forbids_needs_the_one_before() {
    let mut history = ten_sets();
    let value = r#"{"path":"/a","data":"z","version":9}"#.to_owned();
    history.push(("set", value, r#"{"version":10}"#.to_owned(), 12));
    let example = violation(&history);
    let proof = ["set /a=d10 gave version 10", "set /a=z at 9 gave version 10"];
    assert_eq!(shown(&example), proof);
}

#[test]
fn what_was_deleted_is_gone_without_its_past() {
    let mut history = ten_sets();
    history.push(("delete", r#"{"path":"/a"}"#.to_owned(), "null".to_owned(), 12));
    history.push(("get", r#"{"path":"/a"}"#.to_owned(), r#"{"data":"d10"}"#.to_owned(), 12));
    let example = violation(&history);
    assert_eq!(shown(&example), ["delete /a", "get /a gave d10"]);
}

#[test]
fn a_node_that_may_have_ended_by_itself_keeps_its_past() {
    let mut history = ten_sets();
    history[0].1 = r#"{"path":"/a","data":"d0","ephemeral":true}"#.to_owned();
    history.push(("get", r#"{"path":"/a"}"#.to_owned(), r#"{"data":"d9"}"#.to_owned(), 11));
    let example = violation(&history);
    assert!(shown(&example).contains(&"create ephemeral /a=d0"), "{:?}", shown(&example));
}
