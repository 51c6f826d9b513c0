//! From the lines of a file to the operations of a model: pairs invocations with completions.
//!
//! Refused are histories that no clients could have seen: a process that invokes an operation
//! while it waits for another one, and a completion of what was not invoked. Jepsen retires a
//! process whose operation is `info`; one that continues all the same is accepted, and the operation
//! stays possible to the end.

mod guess;
mod lists;
mod locks;
mod names;
mod pairing;
mod registers;
mod txn;
mod znodes;

pub use guess::{Likely, guess};
pub use lists::Lists;
pub use locks::Locks;
pub use names::Names;
pub use pairing::{Settled, stream};
pub use registers::{Dialect, Registers};
pub use znodes::{Positioned, Znodes};

use crate::format::{Error, Line};
use crate::linearizability::{Budget, Call};
use rustc_hash::FxHashMap;
use std::io::Read;

/// How the lines of a file are operations of a model.
pub trait Workload {
    /// An operation with its answer.
    type Op;
    /// Whether a process may invoke operations while others are open. They are then completed in
    /// the order in which they were invoked.
    const IS_PIPELINED: bool = false;

    /// The operation that a line invokes, without an answer, and the number of its key.
    ///
    /// # Errors
    ///
    /// What the line should be instead.
    fn invoke(&mut self, line: &Line, names: &mut Names) -> Result<(u32, Self::Op), String>;

    /// That a line that says `fail` or `info` holds nothing that would be lost with it.
    ///
    /// # Errors
    ///
    /// What the line should be instead.
    fn give_up(&self, line: &Line) -> Result<(), String> {
        let _ = line;
        Ok(())
    }

    /// Adds the answer of a line that says `ok`.
    ///
    /// # Errors
    ///
    /// What the line should be instead.
    fn complete(
        &mut self,
        op: &mut Self::Op,
        ok: &Completion<'_>,
        names: &mut Names,
    ) -> Result<Outcome, String>;
}

/// A line that says `ok`.
#[derive(Copy, Clone, Debug)]
pub struct Completion<'a> {
    /// The line.
    pub line: &'a Line,
    /// The number of the key that was invoked.
    pub key: u32,
}

impl Completion<'_> {
    /// That the line is about the key that was invoked, if it names one.
    pub(crate) fn check_key(&self, key: u32, names: &Names) -> Result<(), String> {
        if key == self.key {
            return Ok(());
        }
        let [is, was] = [key, self.key].map(|key| names.key_name(key).unwrap_or("none"));
        Err(format!("the key is {is}, but {was} was invoked"))
    }
}

/// What an answer says about its operation.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It took place.
    Done,
    /// It did not and will not take place.
    NotDone,
    /// Nobody knows, whatever the line's type is.
    Open,
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
    /// Which operation of the file each is, counted from 0; empty if none is left out.
    numbers: Vec<u32>,
    /// What processes, keys and values are called.
    pub names: Names,
}

impl<O> Recorded<O> {
    /// A history that did not come from a file.
    pub fn from_calls(calls: Vec<Call<O>>, keys: Vec<u32>) -> Self {
        assert_eq!(calls.len(), keys.len(), "each operation has a key");
        let (times, failed, numbers) = (Vec::new(), Vec::new(), Vec::new());
        Self { calls, keys, times, failed, numbers, names: Names::default() }
    }

    /// Which operation of the file the one at this place is: failed ones count.
    pub fn number(&self, place: usize) -> usize {
        self.numbers.get(place).map_or(place, |number| *number as usize)
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

    /// Adds an operation, wherever it belongs; [`Self::arrange`] has to follow.
    pub(crate) fn push(&mut self, settled: Settled<O>) {
        let Settled { number, key, call, times, has_failed } = settled;
        if has_failed {
            self.failed.push((key, call));
            return;
        }
        self.calls.push(call);
        self.keys.push(key);
        self.numbers.push(number);
        if times != [None, None] || !self.times.is_empty() {
            self.times.resize(self.calls.len(), [None, None]);
            self.times[self.calls.len() - 1] = times;
        }
    }

    /// Puts what was pushed in the order of invocation.
    pub(crate) fn arrange(&mut self) {
        let has_times = !self.times.is_empty();
        if has_times {
            self.times.resize(self.calls.len(), [None, None]);
        }
        let mut ranks = ranks(&self.numbers);
        for at in 0..ranks.len() {
            while ranks[at] as usize != at {
                let to = ranks[at] as usize;
                self.calls.swap(at, to);
                self.keys.swap(at, to);
                self.numbers.swap(at, to);
                ranks.swap(at, to);
                if has_times {
                    self.times.swap(at, to);
                }
            }
        }
        if self.numbers.last().is_none_or(|last| *last as usize + 1 == self.numbers.len()) {
            self.numbers = Vec::new();
        }
    }
}

/// How many numbers are smaller than each. No two are the same.
fn ranks(numbers: &[u32]) -> Vec<u32> {
    let length = numbers.iter().max().map_or(0, |last| *last as usize + 1);
    let mut smaller = vec![0; length + 1];
    numbers.iter().for_each(|number| smaller[*number as usize + 1] = 1);
    for at in 1..=length {
        smaller[at] += smaller[at - 1];
    }
    numbers.iter().map(|number| smaller[*number as usize]).collect()
}

/// Reads a file.
///
/// # Errors
///
/// If the file cannot be read, or any of its lines makes no sense: all of them are reported.
pub fn read<W: Workload>(input: impl Read + Send, workload: W) -> Result<Recorded<W::Op>, Error> {
    read_within(input, workload, Names::default(), &Budget::UNLIMITED)
}

/// Reads a file, with names that have values already, and within a budget of time and memory.
///
/// # Errors
///
/// The same, or if the budget does not suffice.
pub fn read_within<W: Workload>(
    input: impl Read + Send,
    workload: W,
    names: Names,
    budget: &Budget<'_>,
) -> Result<Recorded<W::Op>, Error> {
    let mut recorded = Recorded::from_calls(Vec::new(), Vec::new());
    let each = size_of::<Call<W::Op>>() + size_of::<[Option<u64>; 2]>() + 8;
    recorded.names = stream(input, workload, names, budget, &mut |settled| {
        recorded.push(settled);
        (recorded.calls.len() + recorded.failed.len()) * each
    })?;
    recorded.arrange();
    Ok(recorded)
}
