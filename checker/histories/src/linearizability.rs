//! Is there one order of all operations that a sequential object could have gone through, and in
//! which every operation lies between its invocation and its return?
//!
//! * [`engine`]: decides that for any [`Model`]: exact, linear in the length of a history,
//!   exponential only in the operations that are open at once, and bounded by a [`Budget`].
//! * [`zones`]: decides it for registers whose writes are unique in O(n log n), whatever is open.
//! * [`lists`]: the same for lists whose elements are unique.
//! * [`shrink`]: the smallest part of a failing history that still fails, and why.
//!
//! Times are in any unit of one clock, or places in one log. Intervals are closed: an operation
//! that is invoked at the time at which another one returns is concurrent to it. An operation that
//! never returned may take effect at any later time, or never.
//!
//! The terms are those of Herlihy and Wing, *Linearizability* (TOPLAS 12(3), 1990).

mod bits;
mod breadth;
pub mod brute;
mod configurations;
mod crashed;
mod depth;
pub mod engine;
mod events;
pub mod lists;
mod meter;
mod open;
mod reduction;
mod reserve;
pub mod shrink;
pub mod zones;

pub use engine::{Passes, check, check_by};
pub(crate) use meter::Meter;
pub(crate) use reduction::{Checks, Failing};
use std::fmt;

use crate::model::Model;

/// When an operation returns that never does.
pub const NEVER: u64 = u64::MAX;

/// An operation, and the time during which it was open.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Call<O> {
    /// Who asked. Operations of one process may overlap as far as the engines care.
    pub process: u32,
    /// When it was invoked.
    pub invoked: u64,
    /// When it returned, at `invoked` or later; [`NEVER`] if it did not.
    pub returned: u64,
    /// What was asked, and what was answered.
    pub op: O,
}

impl<O> Call<O> {
    /// Whether it never returned: it may have taken effect, may still do so, or never will.
    pub const fn is_crashed(&self) -> bool {
        self.returned == NEVER
    }

    /// The same call of another operation.
    pub(crate) const fn with<P>(&self, op: P) -> Call<P> {
        Call { process: self.process, invoked: self.invoked, returned: self.returned, op }
    }

    /// Whether it was over before the other began.
    pub const fn precedes<P>(&self, other: &Call<P>) -> bool {
        self.returned < other.invoked
    }
}

/// How much a search may cost before it gives up.
#[derive(Copy, Clone)]
pub struct Budget<'a> {
    /// How many configurations it may examine, in all.
    pub configurations: u64,
    /// How many bytes of configurations it may hold at once, about.
    pub bytes: usize,
    /// Asked now and then: whether the time is up. The checker has no clock of its own.
    pub is_time_up: Option<&'a dyn Fn() -> bool>,
}

impl Budget<'_> {
    /// Whatever it costs.
    pub const UNLIMITED: Self =
        Self { configurations: u64::MAX, bytes: usize::MAX, is_time_up: None };
}

impl Default for Budget<'_> {
    /// 50 million configurations (some ten seconds), 1 GiB, no limit of time.
    fn default() -> Self {
        Self { configurations: 50_000_000, bytes: 1 << 30, is_time_up: None }
    }
}

impl fmt::Debug for Budget<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget")
            .field("configurations", &self.configurations)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

/// Which part of a [`Budget`] ran out.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Exhausted {
    /// This many configurations were examined.
    Configurations(u64),
    /// This many bytes were in use.
    Bytes(usize),
    /// The time was up.
    Time,
}

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configurations(count) => write!(f, "no decision after {count} configurations"),
            Self::Bytes(bytes) => {
                write!(f, "no decision within {} MiB: --memory allows more", bytes >> 20)
            }
            Self::Time => f.write_str("no decision within the time allowed: --time allows more"),
        }
    }
}

/// What a search found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<S> {
    /// The history is linearizable.
    Linearizable,
    /// It is not.
    NotLinearizable(Stuck<S>),
    /// The budget was too small to tell.
    Unknown(Exhausted),
}

impl<S> Outcome<S> {
    /// Whether the history was shown to be linearizable.
    pub const fn is_linearizable(&self) -> bool {
        matches!(self, Self::Linearizable)
    }

    /// Whether the history was shown not to be linearizable.
    pub const fn is_violation(&self) -> bool {
        matches!(self, Self::NotLinearizable(_))
    }
}

/// Where every order of the operations came to an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stuck<S> {
    /// The operation, by its place in the history, that no order has room for before it returns.
    /// All that returned earlier can be explained.
    pub call: usize,
    /// States that the object can have been in just before, some of them.
    pub states: Vec<S>,
}

/// Splits a history by a key of its operations: the places of each key's operations, in order of
/// the key's first appearance.
///
/// Linearizability is local: if operations of different keys do not touch a common object, the
/// history is linearizable if and only if each part is.
pub fn partition<O>(calls: &[Call<O>], key: impl Fn(&O) -> u32) -> Vec<(u32, Vec<u32>)> {
    let mut places = rustc_hash::FxHashMap::default();
    let mut parts: Vec<(u32, Vec<u32>)> = Vec::new();
    for (at, call) in calls.iter().enumerate() {
        let key = key(&call.op);
        let place = *places.entry(key).or_insert_with(|| {
            parts.push((key, Vec::new()));
            parts.len() - 1
        });
        parts[place].1.push(u32::try_from(at).expect("a history has less than 2^32 operations"));
    }
    parts
}

/// The history without crashed operations that change nothing: nobody can tell whether they
/// took place.
fn matters<M: Model>(model: &M, call: &Call<M::Op>) -> bool {
    !(call.is_crashed() && model.is_pure(&call.op))
}
