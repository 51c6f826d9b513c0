//! Events to be written.

use super::Kind;
use crate::linearizability::NEVER;
use crate::model::register::{Op, Value};
use crate::record::{Names, Recorded};
use serde::Serialize;
use serde_json::{Value as Json, json};
use std::io::{self, Write};

/// One event, as it is written.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// Who.
    pub process: Json,
    /// What happened: `invoke`, `ok`, `fail` or `info`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What was asked.
    pub f: &'static str,
    /// The argument or answer.
    pub value: Json,
    /// When, in nanoseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<u64>,
    /// The transaction of an update, or up to which a read had seen them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zxid: Option<u64>,
}

/// Writes events as JSON Lines.
///
/// # Errors
///
/// If `output` cannot be written to.
pub fn write_jsonl(
    events: impl IntoIterator<Item = Event>,
    mut output: impl Write,
) -> io::Result<()> {
    for event in events {
        serde_json::to_writer(&mut output, &event)?;
        output.write_all(b"\n")?;
    }
    output.flush()
}

/// Writes events as EDN, a map a line, with Jepsen's `:index`.
///
/// # Errors
///
/// If `output` cannot be written to.
pub fn write_edn(
    events: impl IntoIterator<Item = Event>,
    mut output: impl Write,
) -> io::Result<()> {
    for (index, event) in events.into_iter().enumerate() {
        let Event { process, kind, f, value, time, zxid } = event;
        let [process, value] = [edn(&process), edn(&value)];
        write!(
            output,
            "{{:index {index}, :type :{kind}, :process {process}, :f :{f}, :value {value}"
        )?;
        if let Some(time) = time {
            write!(output, ", :time {time}")?;
        }
        if let Some(zxid) = zxid {
            write!(output, ", :zxid {zxid}")?;
        }
        output.write_all(b"}\n")?;
    }
    output.flush()
}

/// JSON and EDN differ in null, commas and colons only.
fn edn(value: &Json) -> String {
    match value {
        Json::Null => "nil".to_owned(),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(edn).collect();
            format!("[{}]", items.join(" "))
        }
        Json::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!(":{name} {}", edn(value))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        Json::Bool(_) | Json::Number(_) | Json::String(_) => value.to_string(),
    }
}

/// The events of registers, in order. What never returned is `info` at once: it stays possible
/// all the same, and its process may go on.
pub fn of_registers(recorded: &Recorded<Op>) -> Vec<Event> {
    let names = &recorded.names;
    let mut events: Vec<(u64, Event)> = Vec::with_capacity(2 * recorded.calls.len());
    let failed = recorded.failed.iter().map(|(key, call)| (*key, call, [None, None], Kind::Fail));
    let calls = recorded.calls.iter().enumerate().map(|(at, call)| {
        let kind = if call.returned == NEVER { Kind::Info } else { Kind::Ok };
        let times = recorded.times.get(at).copied().unwrap_or_default();
        (recorded.keys[at], call, times, kind)
    });
    for (key, call, times, kind) in calls.chain(failed) {
        let (f, asked, answered) = register_values(&call.op, names);
        let event = |kind: Kind, value: Json, time: Option<u64>| Event {
            process: names.process_json(call.process),
            kind: kind.name(),
            f,
            value: names.key_json(key).map_or(value.clone(), |key| json!([key, value])),
            time,
            zxid: None,
        };
        events.push((call.invoked, event(Kind::Invoke, asked.clone(), times[0])));
        match kind {
            Kind::Ok => events.push((call.returned, event(kind, answered, times[1]))),
            _ => events.push((call.invoked, event(kind, asked, times[0]))),
        }
    }
    events.sort_by_key(|(at, _)| *at);
    events.into_iter().map(|(_, event)| event).collect()
}

/// What is asked, with which argument and which answer.
fn register_values(op: &Op, names: &Names) -> (&'static str, Json, Json) {
    let value = |value: Value| names.value_json(value);
    match *op {
        Op::Read(answer) => ("read", Json::Null, answer.map_or(Json::Null, value)),
        Op::Write(written) => ("write", value(written), value(written)),
        Op::Cas { from, to, done } => {
            let pair = json!([value(from), value(to)]);
            let answer = if done == Some(false) { Json::Bool(false) } else { pair.clone() };
            ("cas", pair, answer)
        }
        Op::Delete => ("delete", Json::Null, Json::Null),
    }
}
