//! How many executions of a campaign got into which situation.

use super::{Situation, Situations};
use std::collections::BTreeMap;

/// How many executions reached each situation.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Census([u64; Situation::ALL.len()]);

impl Default for Census {
    fn default() -> Self {
        Self([0; Situation::ALL.len()])
    }
}

impl Census {
    /// One with these counts.
    pub fn of_counts(count: impl Fn(Situation) -> u64) -> Self {
        Self(Situation::ALL.map(count))
    }

    /// One more execution.
    pub fn count(&mut self, reached: Situations) {
        reached.iter().for_each(|situation| self.0[situation as usize] += 1);
    }

    /// Those of another campaign as well.
    pub fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(mine, more)| *mine += more);
    }

    /// The census of which this was said, situation by situation; one without a name has none.
    pub fn named(counts: &BTreeMap<String, u64>) -> Self {
        Self::of_counts(|situation| counts.get(situation.name()).copied().unwrap_or_default())
    }

    /// How many executions reached each, by its name.
    pub fn by_name(&self) -> BTreeMap<String, u64> {
        Situation::ALL.iter().map(|it| (it.name().to_owned(), self.of(*it))).collect()
    }

    /// How many executions reached this one.
    pub const fn of(&self, situation: Situation) -> u64 {
        self.0[situation as usize]
    }
}
