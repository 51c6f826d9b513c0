//! Makes a failing schedule small enough for a person to read.
//!
//! A candidate replaces the current schedule only if it still fails in the same way *and* is
//! strictly simpler in a well-founded order ([`measure`]); so every run ends, and the passes may
//! be tried in any order until none of them finds anything. What fails is a predicate: this module
//! knows nothing of simulators.

mod delete;
mod measure;
mod simplify;

pub use measure::{Measure, measure};

use rustc_hash::{FxHashSet, FxHasher};
use std::hash::{Hash, Hasher};
use thiserror::Error;
use zab_sim::Schedule;

/// A minimized schedule, and what it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minimized {
    /// The schedule.
    pub schedule: Schedule,
    /// How often the predicate was asked.
    pub executions: u64,
}

/// Why there is no minimized schedule. Both mean that the predicate or what it runs is not
/// deterministic, or that the schedule was no failing one to begin with.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Error {
    /// The schedule to minimize does not fail.
    #[error("the schedule does not show the violation that it is to be minimized for")]
    NotFailing,
    /// The result, run once more, does not fail.
    #[error("the minimized schedule no longer shows the violation: not deterministic")]
    Lost,
}

/// The simplest schedule found that still fails.
pub fn minimize(
    schedule: &Schedule,
    fails: impl FnMut(&Schedule) -> bool,
) -> Result<Minimized, Error> {
    let mut shrink = Shrink::new(schedule, fails);
    if !shrink.ask(schedule) {
        return Err(Error::NotFailing);
    }
    loop {
        let before = shrink.measure.clone();
        delete::all(&mut shrink);
        simplify::all(&mut shrink);
        if shrink.measure == before {
            // Expensive, so only when nothing else helps; anything found starts the rest again.
            delete::pairs(&mut shrink);
        }
        if shrink.measure == before {
            break;
        }
    }
    let Shrink { current, executions, mut fails, .. } = shrink;
    if !fails(&current) {
        return Err(Error::Lost);
    }
    Ok(Minimized { schedule: current, executions: executions + 1 })
}

/// A minimization in progress.
struct Shrink<F> {
    fails: F,
    current: Schedule,
    measure: Measure,
    /// Hashes of what was tried in vain, so that no pass runs it again.
    tried: FxHashSet<u64>,
    executions: u64,
}

impl<F: FnMut(&Schedule) -> bool> Shrink<F> {
    fn new(schedule: &Schedule, fails: F) -> Self {
        Self {
            fails,
            current: schedule.clone(),
            measure: measure(schedule),
            tried: FxHashSet::default(),
            executions: 0,
        }
    }

    fn ask(&mut self, candidate: &Schedule) -> bool {
        self.executions += 1;
        (self.fails)(candidate)
    }

    /// Puts the candidate in place of the current schedule if it is simpler and still fails.
    fn accept(&mut self, mut candidate: Schedule) -> bool {
        candidate.repair();
        let simpler = measure(&candidate);
        if simpler >= self.measure {
            return false;
        }
        let mut hasher = FxHasher::default();
        candidate.hash(&mut hasher);
        if !self.tried.insert(hasher.finish()) || !self.ask(&candidate) {
            return false;
        }
        self.current = candidate;
        self.measure = simpler;
        true
    }

    /// Tries the current schedule with one change to its actions.
    fn edit(&mut self, change: impl FnOnce(&mut Schedule)) -> bool {
        let mut candidate = self.current.clone();
        change(&mut candidate);
        self.accept(candidate)
    }

    fn len(&self) -> usize {
        self.current.actions.len()
    }
}

#[cfg(test)]
mod tests;
