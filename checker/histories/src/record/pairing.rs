//! Pairs invocations with completions while the lines of a file come in.

use super::{Completion, Names, Outcome, Workload};
use crate::format::{self, Datum, Error, Field, Kind, Line};
use crate::linearizability::{Budget, Call, Exhausted, Meter, NEVER};
use rustc_hash::{FxHashMap, FxHasher};
use std::collections::VecDeque;
use std::hash::Hasher;
use std::io::Read;

/// An operation about which a file says nothing more.
#[derive(Copy, Clone, Debug)]
pub struct Settled<O> {
    /// How many operations were invoked before it.
    pub number: u32,
    /// The number of its key.
    pub key: u32,
    /// The operation. Times are places in the file.
    pub call: Call<O>,
    /// Nanoseconds of invocation and return, as far as the file says.
    pub times: [Option<u64>; 2],
    /// Whether it did not and will not take place.
    pub has_failed: bool,
}

/// Reads a file and hands out each operation as soon as its completion is read, those that have
/// none at the end: nothing is kept but what is open, and the names. The sink says how many bytes
/// it keeps.
///
/// # Errors
///
/// If the file cannot be read, or any of its lines makes no sense: all of them are reported.
pub fn stream<W: Workload>(
    input: impl Read + Send,
    workload: W,
    names: Names,
    budget: &Budget<'_>,
    sink: &mut impl FnMut(Settled<W::Op>) -> usize,
) -> Result<Names, Error> {
    let mut pairing = Pairing {
        workload,
        names,
        waits: Vec::new(),
        queues: FxHashMap::default(),
        events: 0,
        count: 0,
        sink,
        meter: Meter::new(budget),
        exhausted: None,
    };
    let read = format::read(input, &mut |line| pairing.add(line));
    if let Some(exhausted) = pairing.exhausted {
        return Err(Error::Exhausted(exhausted));
    }
    read?;
    let mut queued: Vec<_> = pairing.queues.into_iter().collect();
    queued.sort_unstable_by_key(|(process, _)| *process);
    let queued = queued.into_iter().flat_map(|(_, queue)| queue);
    for waits in pairing.waits.into_iter().chain(queued) {
        if let Waits::For(settled, _) = waits {
            (pairing.sink)(settled);
        }
    }
    Ok(pairing.names)
}

/// What a process waits for.
#[derive(Debug, Default)]
enum Waits<O> {
    /// Nothing.
    #[default]
    Idle,
    /// An operation that was reported as malformed.
    Senseless,
    /// This operation, and the hash of what it is called.
    For(Settled<O>, u64),
}

/// A hash of the line's `f`; none if it has none.
fn hash_of_f(line: &Line) -> Option<u64> {
    let mut hasher = FxHasher::default();
    hasher.write(line.f_bytes()?);
    Some(hasher.finish())
}

/// Jepsen's name for who breaks things: no client.
const NEMESIS: &str = "nemesis";

#[derive(Debug)]
struct Pairing<'a, W: Workload, S> {
    workload: W,
    names: Names,
    /// By process.
    waits: Vec<Waits<W::Op>>,
    /// What processes wait for after that, in order.
    queues: FxHashMap<u32, VecDeque<Waits<W::Op>>>,
    events: u64,
    count: u32,
    sink: &'a mut S,
    meter: Meter<'a>,
    /// The budget was too small: nothing more is looked at.
    exhausted: Option<Exhausted>,
}

impl<W: Workload, S: FnMut(Settled<W::Op>) -> usize> Pairing<'_, W, S> {
    fn add(&mut self, line: &Line) -> Result<(), String> {
        if self.exhausted.is_some() {
            // Reading ends when enough lines are refused.
            return Err(String::new());
        }
        if let Err(exhausted) = self.meter.tick(1) {
            self.exhausted = Some(exhausted);
        }
        let process = line.get(Field::Process).ok_or("the event has no process")?;
        let time = match line.get(Field::Time).filter(|time| !time.is_nil()) {
            None => None,
            Some(time) => Some(self.time(time)?),
        };
        if process.text() == Some(NEMESIS) {
            self.names.note_nemesis(self.events, line, time);
            return Ok(());
        }
        let kind = line.kind().ok_or("the type has to be invoke, ok, fail or info")?;
        let process = self.names.process(process)?;
        if self.waits.len() <= process as usize {
            self.waits.resize_with(process as usize + 1, Waits::default);
        }
        self.events += 1;
        let waits = &mut self.waits[process as usize];
        if kind == Kind::Invoke {
            if !matches!(waits, Waits::Idle) && !W::IS_PIPELINED {
                let process = self.names.process_in_file(process);
                let what = "invokes an operation while another one is open";
                return Err(format!("process {process} {what}"));
            }
            return self.invoke(process, line, time);
        }
        let next = self.queues.get_mut(&process).and_then(VecDeque::pop_front);
        match std::mem::replace(waits, next.unwrap_or_default()) {
            Waits::Idle => {
                let process = self.names.process_in_file(process);
                Err(format!("process {process} completes an operation that it did not invoke"))
            }
            Waits::Senseless => Ok(()),
            Waits::For(settled, f) => {
                if hash_of_f(line).is_some_and(|other| other != f) {
                    let what = "completes an operation of another f than it invoked";
                    let process = self.names.process_in_file(process);
                    return Err(format!("process {process} {what}: f is {}", line.f_shown()));
                }
                self.complete(settled, kind, line, time)
            }
        }
    }

    /// Jepsen's clock begins before the test: what came earlier is at 0.
    fn time(&self, time: Datum<'_>) -> Result<u64, String> {
        let time = time.int().ok_or("time has to be a whole number of nanoseconds")?;
        Ok(u64::try_from(time).unwrap_or(0))
    }

    fn invoke(&mut self, process: u32, line: &Line, time: Option<u64>) -> Result<(), String> {
        let number = self.count;
        self.count = number.checked_add(1).ok_or("more than 4 billion operations")?;
        // If the line makes no sense, what completes it is not to blame.
        let invoked = self.workload.invoke(line, &mut self.names);
        let (key, op) = invoked.inspect_err(|_| self.wait(process, Waits::Senseless))?;
        let call = Call { process, invoked: self.events, returned: NEVER, op };
        let settled = Settled { number, key, call, times: [time, None], has_failed: false };
        let f = hash_of_f(line).unwrap_or_default();
        self.wait(process, Waits::For(settled, f));
        Ok(())
    }

    #[inline]
    fn wait(&mut self, process: u32, waits: Waits<W::Op>) {
        let first = &mut self.waits[process as usize];
        if matches!(first, Waits::Idle) {
            *first = waits;
        } else {
            self.queues.entry(process).or_default().push_back(waits);
        }
    }

    fn complete(
        &mut self,
        mut settled: Settled<W::Op>,
        kind: Kind,
        line: &Line,
        time: Option<u64>,
    ) -> Result<(), String> {
        match kind {
            Kind::Ok => {
                settled.times[1] = time;
                let ok = Completion { line, key: settled.key };
                match self.workload.complete(&mut settled.call.op, &ok, &mut self.names)? {
                    Outcome::Done => settled.call.returned = self.events,
                    Outcome::NotDone => settled.has_failed = true,
                    Outcome::Open => {}
                }
            }
            Kind::Fail | Kind::Info | Kind::Invoke => {
                self.workload.give_up(line)?;
                settled.has_failed = kind == Kind::Fail;
            }
        }
        let held = (self.sink)(settled);
        self.exhausted = self.exhausted.or(self.meter.set_held(held).err());
        Ok(())
    }
}
