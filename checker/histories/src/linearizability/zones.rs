//! Registers whose every value is written once, decided in O(n log n).
//!
//! The *cluster* of a value is the operation that wrote it and all that read it. In a legal order
//! a cluster is contiguous, so with f its first return and s its last invocation, cluster A must
//! come before B if f(A) < s(B). If that relation has a cycle it has one of two clusters: the one
//! with the least f on the cycle must come before all others of it, so before its own
//! predecessor. Hence a history is linearizable if and only if
//!
//! 1. what was read was written, and not by an operation invoked after the read returned, and
//! 2. no two clusters must each come before the other.
//!
//! Gibbons and Korach, *Testing shared memories* (SIAM J. Comput. 26(4), 1997), call the interval
//! between f and s a zone. A successful compare-and-set is bound to come right after the value it
//! found: a write and the compare-and-sets that lead from it form one *block* of clusters in a
//! fixed order, the same holds for blocks, and
//!
//! 3. no two compare-and-sets found the same value, each chain begins at a write, and within a
//!    block nothing of a later cluster returned before something of an earlier one was invoked.
//!
//! An update that never returned is left out unless its value was found by an operation that
//! was answered, or by another such update. Failed compare-and-sets and deletes are outside:
//! "the value was another one" can be true in many ways. So are values written twice.
//!
//! Operations are added one at a time, in any order, and not kept: memory grows with the number of
//! values only.

mod clusters;
mod focus;
mod sweep;

use crate::linearizability::{Call, NEVER};
use crate::model::register::{Op, Value};
use clusters::Clusters;
pub(crate) use focus::Focus;
use rustc_hash::FxHashMap;

/// What is wrong with the operations on one key.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Conflict {
    /// The value was found and no operation writes it.
    NeverWritten(Value),
    /// The value was read before the operation that writes it was invoked.
    FromTheFuture(Value),
    /// Two compare-and-sets found the value, and each replaced it.
    FoundTwice {
        /// The value that both found.
        from: Value,
        /// What one put in its place.
        one: Value,
        /// What the other put in its place.
        other: Value,
    },
    /// The value was put there by a chain of compare-and-sets that begins nowhere.
    Cycle(Value),
    /// The later value came from the earlier one, yet was there before the earlier one was gone.
    Chain {
        /// The value that was there first.
        earlier: Value,
        /// A value that a chain of compare-and-sets put in its place.
        later: Value,
    },
    /// Each of the two values has to be gone before the other one comes.
    Crossed(Value, Value),
}

/// Why a key cannot be decided here.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Outside {
    /// This value was written twice, or is the one that was there at first.
    NotUnique(Value),
    /// A compare-and-set was answered "not there". Without these the key is linearizable.
    FailedCas,
    /// A value was deleted.
    Delete,
    /// A compare-and-set returned, and nobody knows with which answer.
    UnknownAnswer,
}

/// What there is to say about a key; nothing if its operations are linearizable.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Finding {
    /// They are not linearizable.
    Conflict(Conflict),
    /// Another engine has to decide.
    Outside(Outside),
}

/// Collects operations on any number of registers and decides each.
///
/// ```
/// use history_checker::linearizability::zones::{Conflict, Finding, Zones};
/// use history_checker::model::register::{Op, Value};
///
/// let mut zones = Zones::new(Value::NIL);
/// zones.add(0, &Op::Write(Value(1)), 0, 1);
/// zones.add(0, &Op::Write(Value(2)), 2, 3);
/// zones.add(0, &Op::Read(Some(Value(1))), 4, 5);
/// let stale = Finding::Conflict(Conflict::Crossed(Value(1), Value(2)));
/// assert_eq!(zones.finish(), [(0, stale)]);
/// ```
#[derive(Clone, Debug)]
pub struct Zones {
    clusters: Clusters,
    /// Keys that this cannot decide, and why.
    outside: FxHashMap<u32, Outside>,
}

impl Zones {
    /// Registers that all hold `initial` at first.
    pub fn new(initial: Value) -> Self {
        Self { clusters: Clusters::new(initial), outside: FxHashMap::default() }
    }

    /// The answer for one register.
    pub fn check(initial: Value, calls: &[Call<Op>]) -> Option<Finding> {
        let mut zones = Self::new(initial);
        for call in calls {
            zones.add(0, &call.op, call.invoked, call.returned);
        }
        zones.finish().first().map(|(_, finding)| *finding)
    }

    /// Adds an operation on the register `key`. [`NEVER`] as time of return means that there was
    /// no answer.
    pub fn add(&mut self, key: u32, op: &Op, invoked: u64, returned: u64) {
        let is_crashed = returned == NEVER;
        match *op {
            Op::Read(Some(value)) if !is_crashed => {
                let cluster = self.clusters.find_or_add(key, value);
                self.clusters.note(cluster, invoked, returned);
                self.clusters.mark_found(cluster);
            }
            Op::Read(_) => {}
            Op::Write(value) => self.write(key, value, None, invoked, returned),
            Op::Cas { done: Some(false), .. } => {
                if !is_crashed {
                    self.outside.entry(key).or_insert(Outside::FailedCas);
                }
            }
            Op::Cas { done: None, .. } if !is_crashed => {
                self.outside.insert(key, Outside::UnknownAnswer);
            }
            Op::Cas { from, to, .. } => self.write(key, to, Some(from), invoked, returned),
            Op::Delete => {
                self.outside.insert(key, Outside::Delete);
            }
        }
    }

    fn write(&mut self, key: u32, value: Value, from: Option<Value>, invoked: u64, returned: u64) {
        let cluster = self.clusters.find_or_add(key, value);
        let from = from.map(|from| self.clusters.find_or_add(key, from));
        if !self.clusters.write(cluster, from, invoked, returned) {
            self.outside.insert(key, Outside::NotUnique(value));
        }
    }

    /// About how many bytes it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.clusters.bytes()
    }

    /// What there is to say about each key, in order; keys that are not mentioned are
    /// linearizable.
    pub fn finish(mut self) -> Vec<(u32, Finding)> {
        self.findings().0
    }

    /// The same, and which operations each conflict is about.
    pub(crate) fn finish_with_focus(mut self) -> (Vec<(u32, Finding)>, FxHashMap<u32, Focus>) {
        let (findings, conflicts) = self.findings();
        (findings, self.clusters.focuses(&conflicts))
    }

    fn findings(&mut self) -> (Vec<(u32, Finding)>, FxHashMap<u32, Conflict>) {
        let Self { clusters, outside } = self;
        let is_undecidable =
            |key| outside.get(&key).is_some_and(|why| !matches!(why, Outside::FailedCas));
        let mut findings: FxHashMap<u32, Finding> =
            outside.iter().map(|(key, why)| (*key, Finding::Outside(*why))).collect();
        let mut conflicts = clusters.conflicts();
        // Failed compare-and-sets change nothing: without them, what is wrong is still wrong.
        conflicts.retain(|key, _| !is_undecidable(*key));
        findings.extend(conflicts.iter().map(|(key, c)| (*key, Finding::Conflict(*c))));
        let mut findings: Vec<_> = findings.into_iter().collect();
        findings.sort_unstable_by_key(|(key, _)| *key);
        (findings, conflicts)
    }
}
