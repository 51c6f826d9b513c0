//! The breadth-first pass: every configuration that is possible so far, return by return.
//!
//! Memory follows what is open, not the length of the history, and where no configuration is left
//! there is no order: this pass is the quick one to refute.
//!
//! It begins as a beam: after a return, only a number of configurations are kept, those that used the
//! fewest crashed operations, because these can still do most. A beam that gets to the end has
//! found an order. One that does not, after something was dropped, has found nothing, and begins
//! again, wider.

use super::bits::Bits;
use super::configurations::{Configuration, Configurations};
use super::crashed::CrashedSets;
use super::engine::Pass;
use super::events::Event;
use super::open::{Layout, Open};
use super::{Call, Exhausted, Meter, Outcome, Stuck};
use crate::model::Model;

/// How many configurations are kept after a return, at first, and how much wider the next beam is.
pub(super) const BEAM: usize = 64;
const WIDER: usize = 8;

/// How many sets of crashed operations are kept before those that are out of use are dropped.
const SETS_MAX: usize = 4096;

/// A configuration of a search.
type Reached<M, B, C> = Configuration<<M as Model>::State, B, <C as CrashedSets>::Set>;

/// How far the pass is.
enum Phase {
    /// Before this event.
    Before(usize),
    /// Serving the return of the operation at this event, at this of the configurations.
    Placing(usize, usize),
}

pub(super) struct Breadth<'a, M: Model, B, C: CrashedSets> {
    model: &'a M,
    layout: &'a Layout,
    events: &'a [Event],
    open: Open<'a, M>,
    sets: C,
    phase: Phase,
    /// Possible now.
    now: Configurations<M::State, B, C::Set>,
    /// Reached while the operation that returns is not placed yet.
    without: Configurations<M::State, B, C::Set>,
    /// Reached with it.
    with: Configurations<M::State, B, C::Set>,
    /// Bytes on the heap of all states that were reached for this return.
    weight: usize,
    /// How many configurations are kept after a return.
    beam: usize,
    /// Whether some were not.
    is_truncated: bool,
    calls: &'a [Call<M::Op>],
}

impl<'a, M: Model, B: Bits, C: CrashedSets> Breadth<'a, M, B, C> {
    pub(super) fn new(
        model: &'a M,
        calls: &'a [Call<M::Op>],
        layout: &'a Layout,
        events: &'a [Event],
        beam: usize,
    ) -> Self {
        let sets = C::new();
        let mut now = Configurations::new();
        let placed = B::empty(layout.width);
        now.add(Configuration { state: model.initial(), placed, crashed: C::none() }, &sets);
        Self {
            model,
            layout,
            events,
            open: Open::new(calls, layout),
            sets,
            phase: Phase::Before(0),
            now,
            without: Configurations::new(),
            with: Configurations::new(),
            weight: 0,
            beam,
            is_truncated: false,
            calls,
        }
    }

    /// Takes all configurations to the return of an operation.
    fn begin(&mut self, event: usize, call: u32) {
        let slot = self.layout.slot(call);
        self.weight = 0;
        let mut now = std::mem::replace(&mut self.now, Configurations::new());
        for configuration in now.drain() {
            self.reach(configuration, slot);
        }
        self.now = now;
        self.phase = Phase::Placing(event, 0);
    }

    /// Places whatever may come next after one configuration: the operation that returns, or one
    /// of the others.
    fn place(
        &mut self,
        from: &Reached<M, B, C>,
        call: u32,
        meter: &mut Meter<'_>,
    ) -> Result<(), Exhausted> {
        let slot = self.layout.slot(call);
        if !self.model.is_pure(self.open.op(call))
            && let Some(state) = self.model.step(&from.state, self.open.op(call))
        {
            let mut next = Configuration { state, ..from.clone() };
            next.placed.put(slot);
            self.reach(next, slot);
        }
        let (sets, layout) = (&self.sets, self.layout);
        let first = |members: &[u32]| {
            let open = |member: &&u32| is_open(layout, &self.open, sets, from, **member);
            members.iter().find(open).copied()
        };
        let candidates: Vec<u32> =
            self.open.classes().filter_map(first).filter(|next| *next != call).collect();
        meter.tick(candidates.len() as u64 / 8)?;
        for next in candidates {
            if let Some(next) = after(self.model, layout, &self.open, &mut self.sets, from, next) {
                self.reach(next, slot);
            }
        }
        Ok(())
    }

    /// Takes note of a configuration, once everything pure that fits is placed.
    fn reach(&mut self, mut configuration: Reached<M, B, C>, slot: usize) {
        absorb(self.model, self.layout, &self.open, &mut configuration);
        self.weight += self.model.weight(&configuration.state);
        let is_placed = configuration.placed.has(slot);
        let into = if is_placed { &mut self.with } else { &mut self.without };
        into.add(configuration, &self.sets);
    }

    /// The operation has returned: all agree on it, and its slot is free.
    fn close(&mut self, call: u32) {
        let slot = self.layout.slot(call);
        self.open.remove(call);
        self.without.clear();
        let mut with = std::mem::replace(&mut self.with, Configurations::new());
        for mut configuration in with.drain() {
            configuration.placed.take(slot);
            self.now.add(configuration, &self.sets);
        }
        self.with = with;
        if self.now.len() > self.beam {
            self.is_truncated = true;
            let mut all: Vec<_> = self.now.drain().collect();
            all.sort_by_key(|configuration| self.sets.count(configuration.crashed));
            all.truncate(self.beam);
            for configuration in all {
                self.now.add(configuration, &self.sets);
            }
        }
        if self.sets.len() > SETS_MAX {
            self.sets.retain(self.now.iter_mut().map(|configuration| &mut configuration.crashed));
        }
    }

    fn bytes(&self) -> usize {
        let held = self.without.len() + self.with.len();
        held * (size_of::<Reached<M, B, C>>() + 32) + self.sets.bytes() + self.weight
    }

    fn stuck(&self, call: u32) -> Stuck<M::State> {
        let mut states = Vec::new();
        for at in 0..self.without.len() {
            if let Some(configuration) = self.without.get(at) {
                super::engine::note_state(&mut states, &configuration.state);
            }
        }
        Stuck { call: call as usize, states }
    }
}

impl<M: Model, B: Bits, C: CrashedSets> Pass<M> for Breadth<'_, M, B, C> {
    fn advance(
        &mut self,
        mut steps: u64,
        meter: &mut Meter<'_>,
    ) -> Result<Option<Outcome<M::State>>, Exhausted> {
        loop {
            match self.phase {
                Phase::Before(at) => match self.events.get(at) {
                    None => return Ok(Some(Outcome::Linearizable)),
                    Some(Event::Invoke(call)) => {
                        self.open.add(*call);
                        self.phase = Phase::Before(at + 1);
                    }
                    Some(Event::Return(call)) => self.begin(at, *call),
                },
                Phase::Placing(event, at) => {
                    let Event::Return(call) = self.events[event] else {
                        unreachable!("only returns are served")
                    };
                    if at < self.without.len() {
                        self.phase = Phase::Placing(event, at + 1);
                        let Some(from) = self.without.get(at).cloned() else { continue };
                        meter.spend(1)?;
                        meter.set_held(self.bytes())?;
                        self.place(&from, call, meter)?;
                        steps -= 1;
                        if steps == 0 {
                            return Ok(None);
                        }
                    } else if self.with.len() == 0 && self.is_truncated {
                        let Self { model, calls, layout, events, beam, .. } = *self;
                        *self = Self::new(model, calls, layout, events, beam * WIDER);
                    } else if self.with.len() == 0 {
                        return Ok(Some(Outcome::NotLinearizable(self.stuck(call))));
                    } else {
                        self.close(call);
                        self.phase = Phase::Before(event + 1);
                    }
                }
            }
        }
    }
}

/// Whether an open operation was not placed yet.
pub(super) fn is_open<M: Model, S, B: Bits, C: CrashedSets>(
    layout: &Layout,
    open: &Open<'_, M>,
    sets: &C,
    from: &Configuration<S, B, C::Set>,
    call: u32,
) -> bool {
    if open.is_crashed(call) {
        !sets.contains(from.crashed, layout.number(call))
    } else {
        !from.placed.has(layout.slot(call))
    }
}

/// The configuration after an operation, if its answer is right; one that crashed has to change
/// something.
pub(super) fn after<M: Model, B: Bits, C: CrashedSets>(
    model: &M,
    layout: &Layout,
    open: &Open<'_, M>,
    sets: &mut C,
    from: &Configuration<M::State, B, C::Set>,
    call: u32,
) -> Option<Configuration<M::State, B, C::Set>> {
    let state = model.step(&from.state, open.op(call))?;
    if !open.is_crashed(call) {
        let mut next = Configuration { state, ..from.clone() };
        next.placed.put(layout.slot(call));
        return Some(next);
    }
    if state == from.state {
        return None;
    }
    let crashed = sets.with(from.crashed, layout.number(call));
    Some(Configuration { state, crashed, placed: from.placed.clone() })
}

/// Places everything pure that fits.
pub(super) fn absorb<M: Model, B: Bits, K>(
    model: &M,
    layout: &Layout,
    open: &Open<'_, M>,
    configuration: &mut Configuration<M::State, B, K>,
) {
    let mut has_moved = true;
    while has_moved {
        has_moved = false;
        for pure in &open.pure {
            let slot = layout.slot(*pure);
            if !configuration.placed.has(slot)
                && let Some(state) = model.step(&configuration.state, open.op(*pure))
            {
                configuration.placed.put(slot);
                if state != configuration.state {
                    configuration.state = state;
                    has_moved = true;
                }
            }
        }
    }
}
