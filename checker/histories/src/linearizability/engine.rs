//! The generic engine: just-in-time linearization over configurations.
//!
//! It goes through the history once and keeps every configuration (state, which of the open
//! operations took place) that is possible so far. Operations are placed only when one of them
//! returns and has to be placed by then (Lowe, *Testing for linearizability*, CCPE 29(4), 2017).
//! After a return, all configurations agree on the operation, and its bit is free again: memory
//! follows what is open, not the length of the history.
//!
//! Four rules keep the configurations few; each of them drops only what something else stands for:
//!
//! 1. *Place when forced.* Every linearization can be rearranged so that each operation that is
//!    placed is needed by the return that comes next.
//! 2. *Absorb.* An operation that is pure is placed the moment its answer is right. It changes
//!    nothing, so nothing that is possible without it becomes impossible.
//! 3. *Twins.* Of open operations that are the same, the one that returns first goes first: swap
//!    them otherwise.
//! 4. *Crashed operations last.* One that never returns is never forced, and never placed where
//!    it changes nothing; of two configurations that differ only in which of these were used, the
//!    one that used fewer can do all that the other can.

use super::bits::Bits;
use super::configurations::{Configuration, Configurations};
use super::crashed::{CrashedSets, Masks, Numbered};
use super::events::{Event, in_order, width};
use super::open::{Open, Twin};
use super::{Budget, Call, Exhausted, Outcome, Stuck, matters};
use crate::model::Model;

/// Decides whether the history is linearizable. The order of `calls` does not matter.
///
/// # Panics
///
/// If an operation returns before it is invoked.
pub fn check<M: Model>(model: &M, calls: &[Call<M::Op>], budget: &Budget<'_>) -> Outcome<M::State> {
    let events = in_order(calls, |call| matters(model, call));
    let width = width(calls, &events);
    let crashed = calls.iter().filter(|call| call.is_crashed() && matters(model, call)).count();
    match (width, crashed) {
        (..=64, ..=64) => Search::<M, u64, Masks>::new(model, calls, budget, width).run(&events),
        (..=64, _) => Search::<M, u64, Numbered>::new(model, calls, budget, width).run(&events),
        (..=128, _) => Search::<M, u128, Numbered>::new(model, calls, budget, width).run(&events),
        _ => Search::<M, Box<[u64]>, Numbered>::new(model, calls, budget, width).run(&events),
    }
}

/// How many states [`Stuck`] shows, at most.
const STATES_SHOWN: usize = 8;

/// How many sets of crashed operations are kept before those that are out of use are dropped.
const SETS_MAX: usize = 4096;

/// How often the clock is asked: once in so many configurations.
const CLOCK_EVERY: u64 = 1024;

/// A configuration of a search.
type Reached<M, B, C> = Configuration<<M as Model>::State, B, <C as CrashedSets>::Set>;

struct Search<'a, M: Model, B, C: CrashedSets> {
    model: &'a M,
    budget: &'a Budget<'a>,
    open: Open<'a, M>,
    sets: C,
    /// Possible now.
    now: Configurations<M::State, B, C::Set>,
    /// Reached while the operation that returns is not placed yet.
    without: Configurations<M::State, B, C::Set>,
    /// Reached with it.
    with: Configurations<M::State, B, C::Set>,
    examined: u64,
}

impl<'a, M: Model, B: Bits, C: CrashedSets> Search<'a, M, B, C> {
    fn new(model: &'a M, calls: &'a [Call<M::Op>], budget: &'a Budget<'a>, width: usize) -> Self {
        let sets = C::new();
        let mut now = Configurations::new();
        let start =
            Configuration { state: model.initial(), placed: B::empty(width), crashed: C::none() };
        now.add(start, &sets);
        Self {
            model,
            budget,
            open: Open::new(model, calls, width),
            sets,
            now,
            without: Configurations::new(),
            with: Configurations::new(),
            examined: 0,
        }
    }

    fn run(mut self, events: &[Event]) -> Outcome<M::State> {
        for event in events {
            match *event {
                Event::Invoke(call) => self.open.on_invoke(call),
                Event::Return(call) => {
                    if let Err(exhausted) = self.place(call) {
                        return Outcome::Unknown(exhausted);
                    }
                    if self.with.len() == 0 {
                        return Outcome::NotLinearizable(self.stuck(call));
                    }
                    self.close(call);
                }
            }
        }
        Outcome::Linearizable
    }

    /// Fills `with` by placing whatever may come before the operation that returns, and then it.
    fn place(&mut self, call: u32) -> Result<(), Exhausted> {
        let slot = self.open.slot(call);
        let mut now = std::mem::replace(&mut self.now, Configurations::new());
        for configuration in now.drain() {
            self.reach(configuration, slot);
        }
        self.now = now;
        let is_pure = self.model.is_pure(self.open.op(call));
        let mut at = 0;
        while at < self.without.len() {
            if let Some(configuration) = self.without.get(at).cloned() {
                self.spend()?;
                if !is_pure
                    && let Some(state) = self.model.step(&configuration.state, self.open.op(call))
                {
                    let mut next = Configuration { state, ..configuration.clone() };
                    next.placed.put(slot);
                    self.reach(next, slot);
                }
                self.place_others(&configuration, call, slot);
                self.place_crashed(&configuration, slot);
            }
            at += 1;
        }
        Ok(())
    }

    /// Places each open update that will be answered, other than the one that returns now.
    fn place_others(&mut self, from: &Reached<M, B, C>, call: u32, slot: usize) {
        for at in 0..self.open.updates.len() {
            let update = self.open.updates[at];
            if update.call == call
                || from.placed.has(update.slot)
                || self.is_second(from, update.call)
            {
                continue;
            }
            if let Some(state) = self.model.step(&from.state, self.open.op(update.call)) {
                let mut next = Configuration { state, ..from.clone() };
                next.placed.put(update.slot);
                self.reach(next, slot);
            }
        }
    }

    /// Places each crashed operation where it changes something.
    fn place_crashed(&mut self, from: &Reached<M, B, C>, slot: usize) {
        for at in 0..self.open.crashed.len() {
            let call = self.open.crashed[at];
            let number = self.open.number(call);
            if self.sets.contains(from.crashed, number) || self.is_second(from, call) {
                continue;
            }
            if let Some(state) = self.model.step(&from.state, self.open.op(call))
                && state != from.state
            {
                let crashed = self.sets.with(from.crashed, number);
                self.reach(Configuration { state, crashed, placed: from.placed.clone() }, slot);
            }
        }
    }

    /// Whether the same operation is open elsewhere, unplaced, and returns earlier.
    fn is_second(&self, from: &Reached<M, B, C>, call: u32) -> bool {
        match self.open.twin(call) {
            None => false,
            Some(Twin::Answered(slot)) => !from.placed.has(slot),
            Some(Twin::Crashed(number)) => !self.sets.contains(from.crashed, number),
        }
    }

    /// Takes note of a configuration, once everything pure that fits is placed.
    fn reach(&mut self, mut configuration: Reached<M, B, C>, slot: usize) {
        for pure in &self.open.pure {
            if !configuration.placed.has(pure.slot)
                && self.model.step(&configuration.state, self.open.op(pure.call)).is_some()
            {
                configuration.placed.put(pure.slot);
            }
        }
        let is_placed = configuration.placed.has(slot);
        let into = if is_placed { &mut self.with } else { &mut self.without };
        into.add(configuration, &self.sets);
    }

    /// The operation has returned: all agree on it, and its slot is free.
    fn close(&mut self, call: u32) {
        let slot = self.open.on_return(call);
        self.without.clear();
        let mut with = std::mem::replace(&mut self.with, Configurations::new());
        for mut configuration in with.drain() {
            configuration.placed.take(slot);
            self.now.add(configuration, &self.sets);
        }
        self.with = with;
        if self.sets.len() > SETS_MAX {
            self.sets.retain(self.now.iter_mut().map(|configuration| &mut configuration.crashed));
        }
    }

    fn spend(&mut self) -> Result<(), Exhausted> {
        self.examined += 1;
        let held = self.without.len() + self.with.len();
        let bytes = held * (size_of::<Reached<M, B, C>>() + 32) + self.sets.len() * 64;
        if self.examined > self.budget.configurations {
            return Err(Exhausted::Configurations(self.budget.configurations));
        }
        if bytes > self.budget.bytes {
            return Err(Exhausted::Bytes(self.budget.bytes));
        }
        let is_time_up = self.examined.is_multiple_of(CLOCK_EVERY)
            && self.budget.is_time_up.is_some_and(|is_time_up| is_time_up());
        if is_time_up { Err(Exhausted::Time) } else { Ok(()) }
    }

    fn stuck(&self, call: u32) -> Stuck<M::State> {
        let mut states: Vec<M::State> = Vec::new();
        for at in 0..self.without.len() {
            if let Some(configuration) = self.without.get(at)
                && !states.contains(&configuration.state)
            {
                states.push(configuration.state.clone());
            }
            if states.len() == STATES_SHOWN {
                break;
            }
        }
        Stuck { call: call as usize, states }
    }
}
