//! What a search has cost so far.

use super::{Budget, Exhausted};

/// How often the clock is asked: once in this many steps.
const CLOCK_EVERY: u64 = 1024;

/// Counts steps and bytes against a budget.
#[derive(Clone, Debug)]
pub(crate) struct Meter<'a> {
    budget: &'a Budget<'a>,
    spent: u64,
    unclocked: u64,
    held: usize,
}

impl<'a> Meter<'a> {
    pub(crate) const fn new(budget: &'a Budget<'a>) -> Self {
        Self { budget, spent: 0, unclocked: 0, held: 0 }
    }

    /// Adds steps.
    pub(crate) fn spend(&mut self, steps: u64) -> Result<(), Exhausted> {
        self.spent = self.spent.saturating_add(steps);
        if self.spent > self.budget.configurations {
            return Err(Exhausted::Configurations(self.budget.configurations));
        }
        self.tick(steps)
    }

    /// Adds steps that are too small to be configurations: only the clock minds them.
    pub(crate) fn tick(&mut self, steps: u64) -> Result<(), Exhausted> {
        self.unclocked += steps;
        if self.unclocked < CLOCK_EVERY {
            return Ok(());
        }
        self.unclocked = 0;
        let is_time_up = self.budget.is_time_up.is_some_and(|is_time_up| is_time_up());
        if is_time_up { Err(Exhausted::Time) } else { Ok(()) }
    }

    /// Adds bytes that stay in use.
    pub(crate) const fn hold(&mut self, bytes: usize) -> Result<(), Exhausted> {
        let held = self.held + bytes;
        self.set_held(held)
    }

    /// Says how many bytes are in use.
    pub(crate) const fn set_held(&mut self, bytes: usize) -> Result<(), Exhausted> {
        self.held = bytes;
        if bytes > self.budget.bytes { Err(Exhausted::Bytes(self.budget.bytes)) } else { Ok(()) }
    }
}
