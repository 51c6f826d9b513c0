//! A counterexample shows no more than it needs: two operations prove what two operations prove.

use history_checker::judge::{self, Contract, Counterexample, Settings};
use history_checker::linearizability::Call;
use history_checker::model::register::{Op, Register, Value};
use history_checker::record::{self, Recorded, Znodes};

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

/// Two clients write few values, one of them a little later than the other, and never at rest.
fn busy_register(writes: u64) -> Vec<Call<Op>> {
    let write = |at: u64| {
        let process = u32::try_from(at % 2).expect("a small number");
        let op = Op::Write(Value((at % 3) as i64));
        Call { process, invoked: 10 * at, returned: 10 * at + 15, op }
    };
    (0..writes).map(write).collect()
}

#[test]
fn a_stale_read_of_a_value_that_was_written_often_needs_one_write() {
    let mut calls = busy_register(100);
    let call = |at: u64, op| Call { process: 2, invoked: 2_000 + at, returned: 2_001 + at, op };
    calls.push(call(0, Op::Write(Value(0))));
    calls.push(call(2, Op::Read(Some(Value(1)))));
    let recorded = Recorded::from_calls(calls.clone(), vec![0; calls.len()]);
    let settings = Settings::default();
    for report in [
        judge::registers(&recorded, &settings),
        judge::model(&Register::default(), &recorded, &settings),
    ] {
        let example = report.violations().next().expect("the read is stale");
        assert_eq!(shown(example), ["write 0", "read 1"]);
        assert_eq!(example.culprit, 1);
    }
    let report = judge::registers(&recorded, &settings);
    let sentences: Vec<_> = report.violations().map(|example| &*example.sentence).collect();
    let sentence = "the read by p2 began after write 0 by p2 was acknowledged, yet returned 1";
    assert_eq!(sentences, [sentence]);
    calls.retain(|call| call.op != Op::Write(Value(1)));
    let recorded = Recorded::from_calls(calls.clone(), vec![0; calls.len()]);
    for example in judge::registers(&recorded, &settings).violations() {
        assert_eq!(example.sentence, "the read 1 by p2 found 1, which no operation wrote");
    }
}

#[test]
fn what_was_open_together_with_a_write_may_have_come_after_it() {
    let mut calls = busy_register(100);
    // The last two writes, of 2 and of 0, overlap: either value may be there, but not 1.
    let read = |value| Call {
        process: 2,
        invoked: 2_000,
        returned: 2_001,
        op: Op::Read(Some(Value(value))),
    };
    for (value, is_right) in [(0, true), (1, false), (2, true)] {
        calls.push(read(value));
        let recorded = Recorded::from_calls(calls.clone(), vec![0; calls.len()]);
        let report = judge::model(&Register::default(), &recorded, &Settings::default());
        assert_eq!(report.is_valid(), is_right, "{value}");
        let shown: Vec<_> = report.violations().map(shown).collect();
        assert!(shown.iter().all(|shown| shown.len() == 2), "{shown:?}");
        calls.pop();
    }
}
