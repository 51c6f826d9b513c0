//! What the clients of an execution saw, as `zab check --model zookeeper` reads it: JSON Lines, one
//! event a line.
//!
//! Registers are nodes that are there from the start: that is what the first lines say. A session of
//! the simulator may have two requests under way to two servers, whose answers overtake each other, as
//! no session of ZooKeeper has; the second of them is told as a session of its own, and so is what
//! follows a request that was given up. What is said of the order of a session is less for that,
//! and never wrong.

use crate::oracle::Recording;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use zab_checker::Fact;
use zab_core::txn::KEYS;
use zab_core::{Key, Op, Outcome, RequestId, SessionId, Zxid};

/// The history, the boot included.
pub fn lines(recording: &Recording) -> Vec<Value> {
    let mut history = History::default();
    (0..KEYS).for_each(|key| history.create(key));
    for event in &recording.events {
        let at_ns = event.at.0 * 1_000;
        match &event.fact {
            Fact::Invoked { request, op } => history.invoked(*request, *op, at_ns),
            Fact::Returned { request, outcome } => history.returned(*request, *outcome, at_ns),
            Fact::TimedOut { request } => history.timed_out(*request, at_ns),
            _ => {}
        }
    }
    history.lines
}

/// A history on its way.
#[derive(Debug, Default)]
struct History {
    lines: Vec<Value>,
    /// Who has no request open, by session.
    idle: BTreeMap<SessionId, Vec<String>>,
    /// How many have asked for a session.
    asking: BTreeMap<SessionId, u32>,
    /// Who asked what, and has no answer.
    open: BTreeMap<RequestId, (String, Op)>,
}

impl History {
    fn create(&mut self, key: usize) {
        let path = format!("/{}", Key(u8::try_from(key).unwrap_or(u8::MAX)));
        let zxid = u64::try_from(key).unwrap_or(u64::MAX).saturating_add(1);
        let value = json!({ "path": path, "data": "0" });
        self.lines.push(json!({
            "process": "boot", "type": "invoke", "f": "create", "value": value, "time": 0,
        }));
        self.lines.push(json!({
            "process": "boot", "type": "ok", "f": "create", "value": { "path": path }, "time": 0,
            "zxid": zxid,
        }));
    }

    fn push(&mut self, who: &str, kind: &str, (f, value): (&str, Value), at_ns: u64) {
        self.lines.push(json!({
            "process": who, "type": kind, "f": f, "value": value, "time": at_ns,
        }));
    }

    fn invoked(&mut self, request: RequestId, op: Op, at_ns: u64) {
        let session = request.session;
        let who = self.idle.get_mut(&session).and_then(Vec::pop).unwrap_or_else(|| {
            let number = self.asking.entry(session).or_default();
            *number += 1;
            match *number {
                1 => session.to_string(),
                number => format!("{session}/{number}"),
            }
        });
        self.push(&who, "invoke", asked(op), at_ns);
        self.open.insert(request, (who, op));
    }

    fn returned(&mut self, request: RequestId, outcome: Outcome, at_ns: u64) {
        let Some((who, op)) = self.open.remove(&request) else { return };
        let (f, value) = asked(op);
        match answered(outcome) {
            Some((answer, zxid)) => {
                self.push(&who, "ok", (f, answer), at_ns);
                if let Some(line) = self.lines.last_mut() {
                    line["zxid"] = number(zxid).into();
                }
            }
            None => self.push(&who, "fail", (f, value), at_ns),
        }
        self.idle.entry(request.session).or_default().push(who);
    }

    fn timed_out(&mut self, request: RequestId, at_ns: u64) {
        let Some((who, op)) = self.open.remove(&request) else { return };
        // What changes nothing has failed for certain.
        let kind = if matches!(op, Op::Read { .. } | Op::Sync) { "fail" } else { "info" };
        self.push(&who, kind, asked(op), at_ns);
    }
}

fn number(zxid: Zxid) -> u64 {
    u64::from(zxid.epoch.0) << 32 | u64::from(zxid.counter)
}

/// Name and argument of a request.
fn asked(op: Op) -> (&'static str, Value) {
    let path = |key: Key| format!("/{key}");
    match op {
        Op::Write { key, value } => {
            ("set", json!({ "path": path(key), "data": value.to_string() }))
        }
        Op::WriteIf { key, value, version } => {
            ("set", json!({ "path": path(key), "data": value.to_string(), "version": version }))
        }
        Op::Read { key } => ("get", json!({ "path": path(key) })),
        _ => ("sync", Value::Null),
    }
}

/// A good answer, with its zxid; none if the request was refused.
fn answered(outcome: Outcome) -> Option<(Value, Zxid)> {
    match outcome {
        Outcome::Written { zxid, version } => Some((json!({ "version": version }), zxid)),
        Outcome::BadVersion { zxid } => Some((json!({ "error": "BadVersion" }), zxid)),
        Outcome::Value { value, version, position } => {
            Some((json!({ "data": value.to_string(), "version": version }), position))
        }
        Outcome::Synced { position } => Some((Value::Null, position)),
        _ => None,
    }
}
