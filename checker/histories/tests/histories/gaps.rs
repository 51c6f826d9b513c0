//! In which gap of the zxids an unanswered update took place: valid histories in which it can only
//! be one of several.

use history_checker::judge::{self, Contract, Settings, Verdict};
use history_checker::linearizability::Budget;
use history_checker::record::{self, Znodes};

/// Sets `/a` or `/b`, or both in one transaction, and is never answered.
fn lost(ops: &[(&str, u32)]) -> String {
    let sets = ops.iter().map(|(path, data)| set(path, *data));
    let sets: Vec<String> = sets.map(|set| set.replacen('{', "{\"f\":\"set\",", 1)).collect();
    let value = format!("{{\"ops\":[{}]}}", sets.join(","));
    format!(
        "{{\"process\":\"lost{}\",\"type\":\"invoke\",\"f\":\"multi\",\"value\":{value}}}\n",
        ops[0].1
    )
}

fn set(path: &str, data: u32) -> String {
    format!("{{\"path\":\"{path}\",\"data\":{data}}}")
}

/// An operation with its answer.
fn done(f: &str, value: &str, answer: &str, zxid: u32) -> String {
    format!(
        "{{\"process\":1,\"type\":\"invoke\",\"f\":\"{f}\",\"value\":{value}}}\n\
         {{\"process\":1,\"type\":\"ok\",\"f\":\"{f}\",\"value\":{answer},\"zxid\":{zxid}}}\n"
    )
}

fn created(path: &str, zxid: u32) -> String {
    done("create", &set(path, 0), "{}", zxid)
}

fn read(path: &str, answer: &str, zxid: u32) -> String {
    done("get", &format!("{{\"path\":\"{path}\"}}"), answer, zxid)
}

fn is_valid(events: &[String]) -> bool {
    let recorded = record::read(events.concat().as_bytes(), Znodes).expect("well-formed");
    judge::zookeeper(&recorded, Contract::ZooKeeper, &Settings::default()).is_valid()
}

#[test]
fn two_updates_take_two_gaps_with_one_zxid_each() {
    let history = [
        created("/a", 1),
        created("/b", 2),
        lost(&[("/a", 5)]),
        lost(&[("/b", 6)]),
        created("/c", 4),
        created("/d", 6),
        read("/a", r#"{"data":5}"#, 6),
        read("/b", r#"{"data":6}"#, 6),
    ];
    assert!(is_valid(&history));
    // With one gap there is room for one.
    let history = history.map(|event| event.replace("\"zxid\":4", "\"zxid\":5"));
    let history = history.map(|event| event.replace("\"zxid\":2", "\"zxid\":3"));
    assert!(!is_valid(&history));
}

#[test]
fn an_update_comes_before_the_one_that_hides_it() {
    let hidden = |version: u32| {
        [
            created("/a", 1),
            lost(&[("/a", 5)]),
            done("set", &set("/a", 7), "{}", 11),
            read("/a", &format!("{{\"data\":7,\"version\":{version}}}"), 30),
        ]
    };
    assert!(is_valid(&hidden(1)) && is_valid(&hidden(2)) && !is_valid(&hidden(3)));
}

#[test]
fn an_update_comes_before_an_unanswered_one_that_hides_it() {
    let history = |last: &str| {
        [
            created("/a", 1),
            created("/b", 2),
            lost(&[("/a", 5), ("/b", 1)]),
            lost(&[("/a", 7)]),
            read("/b", r#"{"data":1}"#, 10),
            read("/a", last, 20),
        ]
    };
    assert!(is_valid(&history(r#"{"data":5,"version":2}"#)));
    assert!(is_valid(&history(r#"{"data":7,"version":2}"#)));
    assert!(!is_valid(&history(r#"{"data":5,"version":3}"#)));
}

#[test]
fn many_updates_without_an_answer_are_counted_and_not_tried_in_every_order() {
    let history = |version: u32| {
        let mut events = vec![created("/a", 1), created("/b", 2)];
        events.extend((0..20).map(|data| lost(&[("/a", 100 + data)])));
        events.extend((0..3).map(|data| lost(&[("/b", 200 + data)])));
        // Nobody is told which of them it was that came last.
        events.push(done("set", &set("/a", 7), &format!("{{\"version\":{version}}}"), 50));
        events.push(read("/a", &format!("{{\"data\":7,\"version\":{version}}}"), 50));
        events.push(read("/b", r#"{"data":201,"version":2}"#, 60));
        events
    };
    let budget = Budget { configurations: 50_000, ..Budget::default() };
    let judged = |events: &[String]| {
        let recorded = record::read(events.concat().as_bytes(), Znodes).expect("well-formed");
        let settings = Settings { budget, ..Settings::default() };
        judge::zookeeper(&recorded, Contract::ZooKeeper, &settings).verdict()
    };
    assert_eq!(judged(&history(13)), Verdict::Valid);
    // There are twenty, and a version that it takes more for is wrong.
    assert_eq!(judged(&history(21)), Verdict::Valid);
    assert_eq!(judged(&history(22)), Verdict::Violation);
}
