//! Writes logs for ShiViz: a line for each event, with a vector clock.
//!
//! Each process is a host. What is known of causes is who read whose value: the read happened
//! after the invocation of the operation that wrote it. The first line is the regular expression
//! that ShiViz asks for.

use crate::linearizability::NEVER;
use crate::model::register::{Op, Value};
use crate::record::Recorded;
use rustc_hash::FxHashMap;
use serde_json::{Map, Value as Json};
use std::io::{self, Write};

/// The parser for what [`write()`] writes.
pub const PARSER: &str = r"(?<host>\S+) (?<clock>{.*})\n(?<event>.*)";

/// Counts of events by process; what is not in it is 0.
type Clock = FxHashMap<u32, u64>;

fn join(clock: &mut Clock, other: &Clock) {
    for (process, count) in other {
        let own = clock.entry(*process).or_insert(0);
        *own = (*own).max(*count);
    }
}

/// Writes the history.
///
/// # Errors
///
/// If `output` cannot be written to.
pub fn write(recorded: &Recorded<Op>, mut output: impl Write) -> io::Result<()> {
    writeln!(output, "{PARSER}\n")?;
    let mut events: Vec<(u64, usize, bool)> = Vec::new();
    for (at, call) in recorded.calls.iter().enumerate() {
        events.push((call.invoked, at, false));
        if call.returned != NEVER {
            events.push((call.returned, at, true));
        }
    }
    events.sort_unstable();
    let mut clocks: FxHashMap<u32, Clock> = FxHashMap::default();
    let mut written: FxHashMap<(u32, Value), Clock> = FxHashMap::default();
    for (_, at, is_return) in events {
        let (call, key) = (&recorded.calls[at], recorded.keys[at]);
        let clock = clocks.entry(call.process).or_default();
        let found = match call.op {
            Op::Read(value) => value,
            Op::Cas { from, .. } => Some(from),
            Op::Write(_) | Op::Delete => None,
        };
        if let Some(cause) = found.filter(|_| is_return).and_then(|v| written.get(&(key, v))) {
            join(clock, cause);
        }
        *clock.entry(call.process).or_insert(0) += 1;
        if let Some(value) = call.op.written().filter(|_| !is_return) {
            written.insert((key, value), clock.clone());
        }
        let names = &recorded.names;
        let shown: Map<String, Json> =
            clock.iter().map(|(p, n)| (names.process_name(*p), Json::from(*n))).collect();
        let what = names.with_values(&call.op.to_string());
        let what = if is_return { format!("ok {what}") } else { format!("invoke {what}") };
        let host = names.process_name(call.process);
        writeln!(output, "{host} {}\n{what}", Json::Object(shown))?;
    }
    output.flush()
}
