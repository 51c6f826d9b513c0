//! Histories of a simulated atomic store.

#[path = "../../tests/histories/splitmix.rs"]
mod splitmix;

use history_checker::linearizability::{Call, NEVER};
use history_checker::model::register::{Op, Value};
use history_checker::record::Recorded;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::io::{self, Write};

pub(crate) use splitmix::Random;

/// What is generated: closed-loop clients without think time, so that all are always waiting; half
/// of the operations are writes, and each writes a value of its own.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Load {
    /// How many operations.
    pub(crate) operations: usize,
    /// How many clients.
    pub(crate) clients: usize,
    /// How many registers.
    pub(crate) keys: u64,
    /// How many operations in a thousand are never answered; half of those take effect.
    pub(crate) crashed_permille: u64,
    /// Whether one read, half way, returns the value before the one that was there.
    pub(crate) has_stale_read: bool,
    /// The same seed, the same history.
    pub(crate) seed: u64,
}

impl Load {
    /// Nothing crashed, nothing stale.
    pub(crate) const fn sound(operations: usize, clients: usize, keys: u64) -> Self {
        Self { operations, clients, keys, crashed_permille: 0, has_stale_read: false, seed: 1 }
    }
}

impl Random {
    /// 0.1 ms and a tail with a mean of 1 ms, in nanoseconds.
    pub(crate) fn latency(&mut self) -> u64 {
        let uniform = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        100_000 + (-(1.0 - uniform).ln() * 1e6) as u64
    }
}

/// An operation before its answer is known.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Planned {
    /// When it takes effect.
    point: u64,
    process: u32,
    key: u32,
    is_read: bool,
    is_crashed: bool,
    invoked: u64,
    end: u64,
}

/// What a register holds, when that was acknowledged, and what it held before if that cannot have
/// been written after.
#[derive(Copy, Clone, Debug)]
struct State {
    now: Value,
    acknowledged: u64,
    before: Value,
}

/// The operations of a history with their keys, in the order in which they take effect. Nothing
/// is kept but what is open.
pub(crate) struct Stream {
    load: Load,
    random: Random,
    /// The next operation of each client.
    open: BinaryHeap<Reverse<Planned>>,
    states: Vec<State>,
    processes: u32,
    done: usize,
    is_stale_due: bool,
}

impl Stream {
    pub(crate) fn new(load: &Load) -> Self {
        let state = State { now: Value::NIL, acknowledged: 0, before: Value::NIL };
        let clients = u32::try_from(load.clients).expect("a small number");
        let mut stream = Self {
            load: *load,
            random: Random(load.seed),
            open: BinaryHeap::new(),
            states: vec![state; load.keys as usize],
            processes: clients,
            done: 0,
            is_stale_due: load.has_stale_read,
        };
        (0..clients).for_each(|process| stream.plan(process, 0));
        stream
    }

    fn plan(&mut self, process: u32, invoked: u64) {
        let latency = self.random.latency();
        self.open.push(Reverse(Planned {
            point: invoked + 1 + self.random.below(latency),
            process,
            key: self.random.below(self.load.keys) as u32,
            is_read: self.random.below(2) == 0,
            is_crashed: self.random.below(1000) < self.load.crashed_permille,
            invoked,
            end: invoked + latency + 2,
        }));
    }

    /// When the first of the operations to come is invoked.
    fn first_invocation(&self) -> u64 {
        self.open.iter().map(|Reverse(plan)| plan.invoked).min().unwrap_or(u64::MAX)
    }

    fn op(&mut self, plan: &Planned) -> Op {
        let is_lost = plan.is_crashed && self.random.below(2) == 0;
        let state = &mut self.states[plan.key as usize];
        if !plan.is_read {
            let value = Value(self.done as i64);
            if !is_lost {
                let before = if state.acknowledged < plan.invoked { state.now } else { Value::NIL };
                let acknowledged = if plan.is_crashed { NEVER } else { plan.end };
                *state = State { now: value, acknowledged, before };
            }
            return Op::Write(value);
        }
        // Stale only if the value that it misses was acknowledged before it began.
        let can_be = state.before != Value::NIL && state.acknowledged < plan.invoked;
        let is_late = self.done * 2 > self.load.operations && !plan.is_crashed;
        let is_stale = self.is_stale_due && is_late && can_be;
        self.is_stale_due &= !is_stale;
        Op::Read(Some(if is_stale { state.before } else { state.now }))
    }
}

impl Iterator for Stream {
    type Item = (Call<Op>, u32);

    fn next(&mut self) -> Option<(Call<Op>, u32)> {
        if self.done == self.load.operations {
            return None;
        }
        self.done += 1;
        let Reverse(plan) = self.open.pop()?;
        let op = self.op(&plan);
        // A crashed process is retired, and its client takes a new one.
        self.processes += u32::from(plan.is_crashed);
        let next = if plan.is_crashed { self.processes - 1 } else { plan.process };
        self.plan(next, plan.end);
        let returned = if plan.is_crashed { NEVER } else { plan.end };
        let Planned { process, invoked, key, .. } = plan;
        Some((Call { process, invoked, returned, op }, key))
    }
}

/// Generates a history. Times are nanoseconds, and distinct enough to be the order as well.
pub(crate) fn generate(load: &Load) -> Recorded<Op> {
    let mut made: Vec<_> = Stream::new(load).collect();
    made.sort_by_key(|(call, _)| call.invoked);
    let (calls, keys) = made.into_iter().unzip();
    Recorded::from_calls(calls, keys)
}

/// A syntax of files.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    Edn,
    Jsonl,
}

/// Writes a history as a file with times, as Jepsen writes it; with keys if there are several.
/// Nothing is kept but what is open.
pub(crate) fn write(load: &Load, syntax: Syntax, mut output: impl Write) -> io::Result<()> {
    let mut stream = Stream::new(load);
    let mut waiting: BinaryHeap<Reverse<(u64, u64, bool)>> = BinaryHeap::new();
    let mut calls: BTreeMap<u64, (Call<Op>, u32)> = BTreeMap::new();
    let (mut number, mut index) = (0, 0);
    loop {
        let next = stream.next();
        // What comes later was invoked no earlier than what is open now.
        let settled = if next.is_some() { stream.first_invocation() } else { u64::MAX };
        let is_last = next.is_none();
        if let Some((call, key)) = next {
            waiting.push(Reverse((call.invoked, number, false)));
            if !call.is_crashed() {
                waiting.push(Reverse((call.returned, number, true)));
            }
            calls.insert(number, (call, key));
            number += 1;
        }
        while let Some(Reverse((time, at, is_return))) = waiting.peek().copied() {
            if time >= settled && !is_last {
                break;
            }
            waiting.pop();
            let (call, key) = calls[&at];
            if is_return || call.is_crashed() {
                calls.remove(&at);
            }
            let key = (load.keys > 1).then_some(key);
            write_event(&call, key, (time, is_return, index), syntax, &mut output)?;
            index += 1;
        }
        if is_last {
            return output.flush();
        }
    }
}

fn write_event(
    call: &Call<Op>,
    key: Option<u32>,
    (time, is_return, index): (u64, bool, u64),
    syntax: Syntax,
    output: &mut impl Write,
) -> io::Result<()> {
    let (f, value) = match call.op {
        Op::Read(Some(value)) if is_return => ("read", Some(value)),
        Op::Write(value) => ("write", Some(value)),
        Op::Read(_) | Op::Cas { .. } | Op::Delete => ("read", None),
    };
    let value = value.filter(|value| *value != Value::NIL).map(|value| value.to_string());
    let kind = if is_return { "ok" } else { "invoke" };
    let process = call.process;
    if syntax == Syntax::Edn {
        let value = value.as_deref().unwrap_or("nil");
        write!(output, "{{:type :{kind}, :f :{f}, :value ")?;
        match key {
            Some(key) => write!(output, "[{key} {value}]")?,
            None => write!(output, "{value}")?,
        }
        return writeln!(output, ", :process {process}, :time {time}, :index {index}}}");
    }
    let value = value.as_deref().unwrap_or("null");
    write!(output, "{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"{f}\",\"value\":")?;
    match key {
        Some(key) => write!(output, "[{key},{value}]")?,
        None => write!(output, "{value}")?,
    }
    writeln!(output, ",\"time\":{time}}}")
}
