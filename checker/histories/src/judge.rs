//! The whole judgment of a recorded history: which engine for which part, and what to say.
//!
//! Each key is judged by itself, which is exact for registers, lists and independent groups of
//! znodes. Registers go to the [zones](crate::linearizability::zones) first, which decide them at
//! once if every value was written once; what is outside of them goes to the generic
//! [engine](crate::linearizability::engine), as does every other model.
//!
//! The engines are each other's test: what one calls a violation is shown to another, reduced to
//! the few operations that matter, and so is the first part that one calls valid. A contradiction
//! would mean that this crate is wrong about something, and is a panic.

mod any;
mod lists;
mod locate;
mod registers;
mod words;
mod znodes;

pub use any::judge as model;
pub use lists::judge as lists;
pub use registers::{Reread, judge as registers, judge_file as registers_of_file};
pub use znodes::{Promise, judge as zookeeper, linearizable as linearizable_znodes};

use crate::linearizability::Budget;
use crate::model::register::Value;
use crate::record::Recorded;

/// What `sync` promises.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Contract {
    /// A quorum confirms it: a read that follows it at once in its session is linearizable.
    Quorum,
    /// ZooKeeper's: the leader answers it alone. Reads are bound by session order and values only.
    ZooKeeper,
}

/// What is judged, and how thoroughly.
#[derive(Copy, Clone, Debug, Default)]
pub struct Settings<'a> {
    /// For each part of the history.
    pub budget: Budget<'a>,
    /// Whether violations are only counted, and not explained.
    pub is_brief: bool,
    /// What registers hold at first; nothing if not told.
    pub initial: Option<Value>,
}

/// Which promise was broken.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Clause {
    /// A value was read that had been replaced.
    StaleRead,
    /// A value was read that was never written, or by an operation that failed.
    DirtyRead,
    /// A value was read before it was written.
    FutureRead,
    /// Two updates replaced the same state.
    LostUpdate,
    /// No order explains the operations.
    NoOrder,
    /// L1: an update comes before one that was acknowledged earlier.
    UpdateOrder,
    /// S1: a session went backwards.
    SessionOrder,
    /// L2, S3: a session misses what was known before its sync.
    SyncOrder,
    /// X1: a transaction belongs to two updates.
    ExactlyOnce,
    /// V: an answer is not what the transactions up to it lead to.
    Values,
}

impl Clause {
    /// Its stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::StaleRead => "stale-read",
            Self::DirtyRead => "dirty-read",
            Self::FutureRead => "future-read",
            Self::LostUpdate => "lost-update",
            Self::NoOrder => "no-order",
            Self::UpdateOrder => "update-order",
            Self::SessionOrder => "session-order",
            Self::SyncOrder => "sync-order",
            Self::ExactlyOnce => "exactly-once",
            Self::Values => "values",
        }
    }
}

/// How old what was read was.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Staleness {
    /// At least this many values had been written after it and acknowledged.
    pub versions: u64,
    /// For at least this many nanoseconds it had been replaced, if the history has times.
    pub nanoseconds: Option<u64>,
}

/// An operation of a counterexample.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shown {
    /// Where it is in the history, counted from 0 in the order of invocation; failed ones count.
    pub operation: usize,
    /// Who.
    pub process: String,
    /// What, with its answer.
    pub what: String,
    /// Which event of the history invoked it.
    pub invoked: u64,
    /// Which event returned it, if one did.
    pub returned: Option<u64>,
    /// When, in nanoseconds, as far as the history says.
    pub times: [Option<u64>; 2],
    /// The zxid that came with the answer.
    pub zxid: Option<u64>,
    /// Why it cannot come next after the longest partial linearization, if it is not in it.
    pub why_not: Option<String>,
}

/// A part of the history that breaks a promise.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Counterexample {
    /// Of which key, if there are several.
    pub key: Option<String>,
    /// What is broken.
    pub clause: Clause,
    /// What happened, in one sentence.
    pub sentence: String,
    /// How stale it was, if that is what is wrong.
    pub staleness: Option<Staleness>,
    /// The operation that has no place, by its place in `operations`.
    pub culprit: usize,
    /// The operations, in the order of invocation.
    pub operations: Vec<Shown>,
    /// As many of them as can be put in order, by their place in `operations`.
    pub longest: Vec<usize>,
    /// The state after each of those, as far as it can be told.
    pub states: Vec<String>,
    /// How many more operations break the same kind of promise.
    pub more: usize,
    /// Whether none of them could be left out.
    pub is_minimal: bool,
}

impl Counterexample {
    /// Puts the places of a file for those of a part of it.
    fn renumber(&mut self, numbers: &[usize]) {
        self.key = None;
        for shown in &mut self.operations {
            shown.operation = numbers[shown.operation];
        }
    }
}

/// What is known of a part of the history.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Finding {
    /// A promise is broken.
    Violation(Box<Counterexample>),
    /// No decision, for this reason.
    Unknown {
        /// Of which key, if there are several.
        key: Option<String>,
        /// Why.
        reason: String,
    },
}

/// The outcome for a whole history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many operations were judged.
    pub operations: usize,
    /// How many of them never returned.
    pub crashed: usize,
    /// How many parts the history has.
    pub parts: usize,
    /// How many of them the generic engine decided.
    pub searched: usize,
    /// What is not valid, in the order of keys.
    pub findings: Vec<Finding>,
}

impl Report {
    /// A report of a history of this many parts, of which nothing is known to be wrong.
    fn new<O>(recorded: &Recorded<O>, parts: usize) -> Self {
        let operations = recorded.calls.len();
        let crashed = recorded.calls.iter().filter(|call| call.is_crashed()).count();
        Self { operations, crashed, parts, searched: parts, findings: Vec::new() }
    }

    /// The violations.
    pub fn violations(&self) -> impl Iterator<Item = &Counterexample> {
        self.findings.iter().filter_map(|finding| match finding {
            Finding::Violation(example) => Some(&**example),
            Finding::Unknown { .. } => None,
        })
    }

    /// The reasons why parts are undecided, with their keys.
    pub fn undecided(&self) -> impl Iterator<Item = (Option<&str>, &str)> {
        self.findings.iter().filter_map(|finding| match finding {
            Finding::Unknown { key, reason } => Some((key.as_deref(), reason.as_str())),
            Finding::Violation(_) => None,
        })
    }

    /// Whether no operation was answered: then nothing can be wrong, and nothing was checked.
    pub const fn is_empty(&self) -> bool {
        self.operations == self.crashed
    }

    /// The judgment in one word.
    pub fn verdict(&self) -> Verdict {
        if self.violations().next().is_some() {
            Verdict::Violation
        } else if self.is_empty() || !self.findings.is_empty() {
            Verdict::Unknown
        } else {
            Verdict::Valid
        }
    }

    /// Whether something was checked, everything was decided, and nothing is broken.
    pub fn is_valid(&self) -> bool {
        self.verdict() == Verdict::Valid
    }
}

/// The judgment in one word.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Everything was checked, and nothing is broken.
    Valid,
    /// A promise is broken.
    Violation,
    /// Something is undecided, or there was nothing to check. This is never a pass.
    Unknown,
}

impl Verdict {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Violation => "violation",
            Self::Unknown => "unknown",
        }
    }
}
