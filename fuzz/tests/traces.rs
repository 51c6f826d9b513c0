//! The traces that other programs read, held to what those programs document.

use regex::Regex;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use zab_checker::judge::{self, Contract, Promise, Settings, Verdict};
use zab_checker::linearizability::Budget;
use zab_checker::record::{Znodes, read};
use zab_fuzz::case::{self, Case};
use zab_fuzz::explain::trace::{history, itf, perfetto, shiviz};
use zab_fuzz::oracle::{Oracle, Recording};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")
}

fn record(case: &Case) -> Recording {
    Oracle::new(case.driver).record(&case.schedule, case.named().releases())
}

/// A case with five servers, crashes, and writes that are lost.
fn example() -> Recording {
    record(&case::read(&folder().join("O2/zookeeper-4646--5-servers.json")).expect("it is stored"))
}

/// Every stored case.
fn cases() -> Vec<(PathBuf, Case)> {
    let classes = fs::read_dir(folder()).expect("cases are committed").flatten();
    let files = classes.flat_map(|class| fs::read_dir(class.path()).expect("a folder").flatten());
    let mut paths: Vec<_> = files.map(|file| file.path()).collect();
    paths.sort();
    let read = |path: PathBuf| case::read(&path).map(|case| (path, case)).expect("a stored case");
    paths.into_iter().map(read).collect()
}

/// What the checker of histories makes of a case's history, for ZooKeeper's promises.
fn judged(recording: &Recording) -> Verdict {
    let lines = history::lines(recording);
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let recorded = read(text.as_bytes(), Znodes).expect("the documented format");
    let promise = Promise::from(Contract::ZooKeeper);
    let budget = Budget { configurations: 1_000_000, bytes: 1 << 30, is_time_up: None };
    let settings = Settings { budget, is_brief: true, initial: None };
    judge::zookeeper(&recorded, promise, &settings).verdict()
}

#[test]
fn a_loss_that_a_client_sees_is_one_for_the_checker_of_histories() {
    let mut seen = 0;
    for (path, case) in cases() {
        let recording = record(&case);
        let verdict = judged(&recording);
        match &recording.outcome.verdict {
            zab_checker::Verdict::Valid => {
                assert_eq!(verdict, Verdict::Valid, "{}", path.display());
            }
            zab_checker::Verdict::Violation(violation) if violation.is_client_visible() => {
                assert_eq!(verdict, Verdict::Violation, "{}", path.display());
                seen += 1;
            }
            _ => {}
        }
    }
    assert!(seen > 50, "{seen} losses are visible");
}

#[test]
fn every_request_of_the_execution_is_in_its_history() {
    let recording = example();
    let lines = history::lines(&recording);
    let of_kind = |kind: &str| lines.iter().filter(|line| line["type"] == kind).count();
    let invoked = recording
        .events
        .iter()
        .filter(|event| matches!(event.fact, zab_checker::Fact::Invoked { .. }))
        .count();
    assert_eq!(of_kind("invoke"), invoked + 5, "and five nodes that are there from the start");
    let mut open = BTreeSet::new();
    for line in &lines {
        let who = line["process"].to_string();
        match line["type"].as_str() {
            Some("invoke") => assert!(open.insert(who), "one request at a time: {line}"),
            _ => assert!(open.remove(&who), "an answer to a request: {line}"),
        }
    }
}

/// The Informal Trace Format, as ADR 015 of Apalache has it: the fields of a trace, and the forms of
/// its values.
#[test]
fn a_trace_for_tla_tools_has_the_documented_form() {
    let recording = example();
    let document = itf::document(&recording, "cargo zab replay CASE");
    assert_eq!(document["#meta"]["format"], "ITF");
    let variables: BTreeSet<&str> = document["vars"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|name| name.as_str().expect("a name"))
        .collect();
    let states = document["states"].as_array().expect("a list");
    assert_eq!(states.len(), recording.events.len() - recording.boot + 1);
    for (index, state) in states.iter().enumerate() {
        let state = state.as_object().expect("a record");
        assert_eq!(state["#meta"]["index"], index);
        let assigned: BTreeSet<&str> =
            state.keys().map(String::as_str).filter(|name| *name != "#meta").collect();
        assert_eq!(assigned, variables, "every variable has a value in every state");
        state.iter().filter(|(name, _)| *name != "#meta").for_each(|(_, value)| expression(value));
    }
    // What the violation is about can be seen: S0 led with what no majority had on its disk.
    let last = states.last().expect("there are states");
    let servers = last["state"]["#map"].as_array().expect("a function");
    assert_eq!(servers.len(), usize::from(recording.schedule.servers));
    assert!(servers.iter().any(|pair| pair[1] == "LEADING"), "{servers:?}");
}

/// Whether a value is an ITF expression: a Boolean, a string, a list, or one of the objects with a
/// special field, of which the trace uses three.
fn expression(value: &Value) {
    match value {
        Value::Bool(_) | Value::String(_) => {}
        Value::Array(items) => items.iter().for_each(expression),
        Value::Object(fields) => {
            let (field, inner) = fields.iter().next().expect("one field");
            assert_eq!(fields.len(), 1, "{value}");
            match (field.as_str(), inner) {
                ("#bigint", Value::String(digits)) => {
                    digits.parse::<i128>().expect("a number in decimal notation");
                }
                ("#tup", Value::Array(items)) => items.iter().for_each(expression),
                ("#map", Value::Array(pairs)) => {
                    let keys: BTreeSet<_> = pairs.iter().map(|pair| pair[0].to_string()).collect();
                    assert_eq!(keys.len(), pairs.len(), "a function has one value for each key");
                    for pair in pairs {
                        assert_eq!(pair.as_array().map(Vec::len), Some(2), "{pair}");
                        pair.as_array().expect("a pair").iter().for_each(expression);
                    }
                }
                _ => panic!("no form of ITF: {value}"),
            }
        }
        Value::Null | Value::Number(_) => panic!("not told as ITF has it: {value}"),
    }
}

/// ShiViz takes a log apart with the expression in its first line, and draws it if the clocks are those
/// of one execution: each host counts its own events, and knows no event of another one that has not
/// happened.
#[test]
fn a_log_for_shiviz_is_taken_apart_by_its_own_expression() {
    let recording = example();
    let log = shiviz::lines(&recording).join("\n");
    let (expression, log) = log.split_once("\n\n").expect("an expression, an empty line, the log");
    // A brace that counts nothing is a brace for JavaScript, and an error for this crate.
    let expression = expression.replace('{', r"\{").replace('}', r"\}");
    let parser = Regex::new(&expression).expect("a regular expression");
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let (mut end, mut learned, mut events) = (0, 0, 0);
    for event in parser.captures_iter(log) {
        let whole = event.get(0).expect("a match has a text");
        assert_eq!(log[end..whole.start()].trim(), "", "everything is part of an event");
        end = whole.end();
        let host = event["host"].to_owned();
        assert!(!event["event"].trim().is_empty());
        let clock: BTreeMap<String, u64> = serde_json::from_str(&event["clock"]).expect("a clock");
        let own = counts.entry(host.clone()).or_default();
        *own += 1;
        assert_eq!(clock[&host], *own, "a host counts its own events: {}", &event["event"]);
        for (other, known) in &clock {
            assert!(*known <= counts[other], "nobody knows the future: {}", &event["event"]);
        }
        learned += usize::from(clock.len() > 1);
        events += 1;
    }
    assert_eq!(log[end..].trim(), "");
    assert!(counts.len() > 5, "servers and clients: {counts:?}");
    assert!(learned * 2 > events, "{learned} of {events} events know of others");
}

/// The Trace Event Format: what each phase has to have, that slices nest or stand apart within a
/// thread's row as far as they are roles, and that each arrow has two ends.
#[test]
fn a_trace_for_perfetto_has_the_documented_form() {
    let recording = example();
    let document = perfetto::document(&recording);
    let events = document["traceEvents"].as_array().expect("a list");
    let mut arrows: BTreeMap<u64, Vec<(&str, u64)>> = BTreeMap::new();
    let mut slices: BTreeMap<(u64, u64), Vec<(u64, u64)>> = BTreeMap::new();
    let mut named = BTreeSet::new();
    for event in events {
        let number =
            |field: &str| event[field].as_u64().unwrap_or_else(|| panic!("{field}: {event}"));
        let place = (number("pid"), number("tid"));
        assert!(event["name"].as_str().is_some_and(|name| !name.is_empty()), "{event}");
        match event["ph"].as_str().expect("a phase") {
            "M" => {
                assert!(event["args"]["name"].is_string(), "{event}");
                named.insert(place.0);
            }
            "X" => slices.entry(place).or_default().push((number("ts"), number("dur"))),
            "i" => assert!(matches!(event["s"].as_str(), Some("g" | "p" | "t")), "{event}"),
            phase @ ("s" | "f") => {
                arrows.entry(number("id")).or_default().push((phase, number("ts")));
                assert!(event["cat"].is_string(), "{event}");
                assert!(phase == "s" || event["bp"] == "e", "{event}");
            }
            other => panic!("phase {other}: {event}"),
        }
        assert!(named.contains(&place.0), "a process is named before it does anything: {event}");
    }
    assert!(arrows.len() > 50, "{} packets", arrows.len());
    for ends in arrows.values() {
        let [("s", left), ("f", arrived)] = ends[..] else { panic!("two ends: {ends:?}") };
        assert!(left <= arrived, "{ends:?}");
    }
    for server in 1..=u64::from(recording.schedule.servers) {
        let roles = &slices[&(server, 1)];
        for pair in roles.windows(2) {
            assert!(pair[0].0 + pair[0].1 <= pair[1].0, "one role at a time: {pair:?}");
        }
    }
}
