//! From the lines of a file to the operations of a model: pairs invocations with completions.
//!
//! Refused are histories that no clients could have seen: a process that invokes an operation
//! while it waits for another one, and a completion of what was not invoked. Jepsen retires a
//! process whose operation is `info`; one that goes on all the same is accepted, and the operation
//! stays possible for ever.

mod lists;
mod locks;
mod names;
mod registers;
mod znodes;

pub use lists::Lists;
pub use locks::Locks;
pub use names::Names;
pub use registers::{Dialect, Registers};
pub use znodes::{Positioned, Znodes};

use crate::format::{self, Error, Field, Kind, Line};
use crate::linearizability::{Call, NEVER};
use rustc_hash::FxHashMap;
use std::io::Read;

/// How the lines of a file are operations of a model.
pub trait Workload {
    /// An operation with its answer.
    type Op;

    /// The operation that a line invokes, without an answer, and the number of its key.
    ///
    /// # Errors
    ///
    /// What the line should be instead.
    fn invoke(&mut self, line: &Line, names: &mut Names) -> Result<(u32, Self::Op), String>;

    /// Adds the answer of a line that says `ok`.
    ///
    /// # Errors
    ///
    /// What the line should be instead.
    fn complete(&mut self, op: &mut Self::Op, line: &Line, names: &mut Names)
    -> Result<(), String>;
}

/// The operations of a file.
#[derive(Clone, Debug)]
pub struct Recorded<O> {
    /// Every operation that took or may have taken place, in the order of invocation. Times are
    /// places in the file.
    pub calls: Vec<Call<O>>,
    /// The key of each.
    pub keys: Vec<u32>,
    /// Nanoseconds of invocation and return of each, as far as the file says.
    pub times: Vec<[Option<u64>; 2]>,
    /// Operations that did not take place, with their keys.
    pub failed: Vec<(u32, Call<O>)>,
    /// What processes, keys and values are called.
    pub names: Names,
}

impl<O> Recorded<O> {
    /// A history that did not come from a file.
    pub fn from_calls(calls: Vec<Call<O>>, keys: Vec<u32>) -> Self {
        assert_eq!(calls.len(), keys.len(), "each operation has a key");
        let names = Names::default();
        Self { calls, keys, times: Vec::new(), failed: Vec::new(), names }
    }

    /// The operations of each key, by place, in the order of keys.
    pub fn by_key(&self) -> Vec<(u32, Vec<u32>)> {
        let mut parts: Vec<(u32, Vec<u32>)> = Vec::new();
        let mut places = FxHashMap::default();
        for (at, key) in self.keys.iter().enumerate() {
            let place = *places.entry(*key).or_insert_with(|| {
                parts.push((*key, Vec::new()));
                parts.len() - 1
            });
            parts[place].1.push(u32::try_from(at).expect("checked when it was read"));
        }
        parts.sort_unstable_by_key(|(key, _)| *key);
        parts
    }
}

/// Reads a file.
///
/// # Errors
///
/// If the file cannot be read, or any of its lines makes no sense: all of them are reported.
pub fn read<W: Workload>(input: impl Read, workload: W) -> Result<Recorded<W::Op>, Error> {
    let mut pairing = Pairing::new(workload);
    format::read(input, &mut |line| pairing.add(line))?;
    Ok(pairing.finish())
}

/// The process waits for nothing.
const IDLE: u32 = u32::MAX;
/// The process waits for an operation that was reported as malformed.
const SENSELESS: u32 = u32::MAX - 1;
/// The operation is to be left out.
const FAILED: u64 = NEVER - 1;

#[derive(Debug)]
struct Pairing<W: Workload> {
    workload: W,
    recorded: Recorded<W::Op>,
    /// What each process waits for.
    waits: Vec<u32>,
    events: u64,
    /// Whether any operation failed.
    has_failed: bool,
}

impl<W: Workload> Pairing<W> {
    fn new(workload: W) -> Self {
        let recorded = Recorded::from_calls(Vec::new(), Vec::new());
        Self { workload, recorded, waits: Vec::new(), events: 0, has_failed: false }
    }

    fn add(&mut self, line: &Line) -> Result<(), String> {
        let process = line.get(Field::Process).ok_or("the event has no process")?;
        let Some(number) = process.int() else {
            // Jepsen's nemesis, and whoever else is no client.
            return Ok(());
        };
        let kind = line.kind().ok_or("the type has to be invoke, ok, fail or info")?;
        let process = self.recorded.names.process(number);
        if self.waits.len() <= process as usize {
            self.waits.resize(process as usize + 1, IDLE);
        }
        self.events += 1;
        let time = line.get(Field::Time).and_then(|time| time.int());
        let time = time.and_then(|time| u64::try_from(time).ok());
        let waits = self.waits[process as usize];
        match kind {
            Kind::Invoke if waits != IDLE => {
                Err(format!("process {number} invokes an operation while another one is open"))
            }
            Kind::Invoke => self.invoke(process, line, time),
            _ if waits == IDLE => {
                Err(format!("process {number} completes an operation that it did not invoke"))
            }
            _ if waits == SENSELESS => {
                self.waits[process as usize] = IDLE;
                Ok(())
            }
            _ => {
                self.waits[process as usize] = IDLE;
                self.complete(waits as usize, kind, line, time)
            }
        }
    }

    fn invoke(&mut self, process: u32, line: &Line, time: Option<u64>) -> Result<(), String> {
        let Recorded { calls, keys, times, names, .. } = &mut self.recorded;
        let at = u32::try_from(calls.len()).ok().filter(|at| *at < SENSELESS);
        let at = at.ok_or("more than 4 billion operations")?;
        // If the line makes no sense, what completes it is not to blame.
        self.waits[process as usize] = SENSELESS;
        let (key, op) = self.workload.invoke(line, names)?;
        self.waits[process as usize] = at;
        calls.push(Call { process, invoked: self.events, returned: NEVER, op });
        keys.push(key);
        if time.is_some() || !times.is_empty() {
            times.resize(calls.len(), [None, None]);
            times[calls.len() - 1][0] = time;
        }
        Ok(())
    }

    fn complete(
        &mut self,
        at: usize,
        kind: Kind,
        line: &Line,
        time: Option<u64>,
    ) -> Result<(), String> {
        let Recorded { calls, times, names, .. } = &mut self.recorded;
        let call = &mut calls[at];
        match kind {
            Kind::Ok => {
                call.returned = self.events;
                if let Some(times) = times.get_mut(at) {
                    times[1] = time;
                }
                self.workload.complete(&mut call.op, line, names)
            }
            Kind::Fail => {
                call.returned = FAILED;
                self.has_failed = true;
                Ok(())
            }
            Kind::Info | Kind::Invoke => Ok(()),
        }
    }

    fn finish(self) -> Recorded<W::Op> {
        let mut recorded = self.recorded;
        if !self.has_failed {
            return recorded;
        }
        let Recorded { calls, keys, times, names, .. } = recorded;
        recorded = Recorded::from_calls(Vec::new(), Vec::new());
        recorded.names = names;
        for (at, (call, key)) in calls.into_iter().zip(keys).enumerate() {
            if call.returned == FAILED {
                recorded.failed.push((key, call));
                continue;
            }
            recorded.calls.push(call);
            recorded.keys.push(key);
            if !times.is_empty() {
                recorded.times.push(times.get(at).copied().unwrap_or_default());
            }
        }
        recorded
    }
}
