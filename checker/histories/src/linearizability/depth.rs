//! The depth-first pass: one order as far as it goes, then back to the last choice.
//!
//! It goes through the same configurations as the breadth-first pass, so the same rules hold, and
//! remembers each at which it had to choose: whatever one that crashed less could not do, one that
//! crashed more cannot do either. On a history that has an order it rarely has to go back: this
//! pass is the quick one to confirm.

use super::bits::Bits;
use super::breadth::{absorb, after, is_open};
use super::configurations::{Configuration, Configurations};
use super::crashed::CrashedSets;
use super::engine::{Pass, note_state};
use super::events::Event;
use super::open::{Layout, Open};
use super::{Call, Exhausted, Meter, Outcome, Stuck};
use crate::model::Model;

/// A configuration, and the return that it has to serve next.
type Reached<M, B, C> = Configuration<<M as Model>::State, B, <C as CrashedSets>::Set>;

/// A choice: the configurations that are left to try, the most promising one last.
struct Choice<M: Model, B, C: CrashedSets> {
    event: usize,
    left: Vec<Reached<M, B, C>>,
    /// What it was made from, as long as only the operation that returns was tried.
    others: Option<Reached<M, B, C>>,
}

pub(super) struct Depth<'a, M: Model, B, C: CrashedSets> {
    model: &'a M,
    layout: &'a Layout,
    events: &'a [Event],
    open: Open<'a, M>,
    sets: C,
    /// Before which event `open` is.
    at: usize,
    choices: Vec<Choice<M, B, C>>,
    /// Those that were chosen from, each with its event.
    seen: Configurations<(u32, M::State), B, C::Set>,
    weight: usize,
    /// The furthest return that was not passed, and states before it.
    furthest: usize,
    states: Vec<M::State>,
}

impl<'a, M: Model, B: Bits, C: CrashedSets> Depth<'a, M, B, C> {
    pub(super) fn new(
        model: &'a M,
        calls: &'a [Call<M::Op>],
        layout: &'a Layout,
        events: &'a [Event],
    ) -> Self {
        let placed = B::empty(layout.width);
        let start = Configuration { state: model.initial(), placed, crashed: C::none() };
        Self {
            model,
            layout,
            events,
            open: Open::new(calls, layout),
            sets: C::new(),
            at: 0,
            choices: vec![Choice { event: 0, left: vec![start], others: None }],
            seen: Configurations::new(),
            weight: 0,
            furthest: 0,
            states: Vec::new(),
        }
    }

    /// Moves what is open to before an event.
    fn go_to(&mut self, event: usize) {
        while self.at < event {
            match self.events[self.at] {
                Event::Invoke(call) => self.open.add(call),
                Event::Return(call) => self.open.remove(call),
            }
            self.at += 1;
        }
        while self.at > event {
            self.at -= 1;
            match self.events[self.at] {
                Event::Invoke(call) => self.open.remove(call),
                Event::Return(call) => self.open.add(call),
            }
        }
    }

    /// Follows a configuration to the first return that it has to make room for; none if there is
    /// none.
    fn follow(&mut self, configuration: &mut Reached<M, B, C>) -> Option<u32> {
        absorb(self.model, self.layout, &self.open, configuration);
        while let Some(event) = self.events.get(self.at) {
            match *event {
                Event::Invoke(call) => {
                    self.open.add(call);
                    if self.model.is_pure(self.open.op(call))
                        && let Some(state) =
                            self.model.step(&configuration.state, self.open.op(call))
                    {
                        configuration.placed.put(self.layout.slot(call));
                        if state != configuration.state {
                            configuration.state = state;
                            absorb(self.model, self.layout, &self.open, configuration);
                        }
                    }
                }
                Event::Return(call) => {
                    if !configuration.placed.has(self.layout.slot(call)) {
                        return Some(call);
                    }
                    configuration.placed.take(self.layout.slot(call));
                    self.open.remove(call);
                }
            }
            self.at += 1;
        }
        None
    }

    /// The operation that returns, if it may come next by itself: mostly it does.
    fn itself(&self, from: &Reached<M, B, C>, call: u32) -> Option<Reached<M, B, C>> {
        let op = self.open.op(call);
        let state = self.model.step(&from.state, op).filter(|_| !self.model.is_pure(op))?;
        let mut next = Configuration { state, ..from.clone() };
        next.placed.put(self.layout.slot(call));
        Some(next)
    }

    /// What else may come next: what lets the operation that returns come after it is tried first.
    fn others(&mut self, from: &Reached<M, B, C>, call: u32) -> Vec<Reached<M, B, C>> {
        let mut ranked = Vec::new();
        let returning = self.open.op(call);
        for members in self.open.classes() {
            let open = |at: &&u32| is_open(self.layout, &self.open, &self.sets, from, **at);
            let next = members.iter().find(open).copied();
            let Some(next) = next.filter(|next| *next != call) else { continue };
            let found = after(self.model, self.layout, &self.open, &mut self.sets, from, next);
            let Some(found) = found else { continue };
            let helps = self.model.step(&found.state, returning).is_some();
            ranked.push(((!helps, self.open.is_crashed(next)), next, found));
        }
        ranked.sort_by_key(|(rank, next, _)| std::cmp::Reverse((*rank, *next)));
        ranked.into_iter().map(|(.., found)| found).collect()
    }

    /// The return that it could not pass so far, and states before it.
    pub(super) fn furthest(&self) -> Stuck<M::State> {
        let Event::Return(call) = self.events[self.furthest] else {
            unreachable!("only returns need room")
        };
        Stuck { call: call as usize, states: self.states.clone() }
    }

    fn bytes(&self) -> usize {
        let each = size_of::<Reached<M, B, C>>() + 8 + 32;
        (self.seen.len() + 3 * self.choices.len()) * each + self.sets.bytes() + self.weight
    }
}

impl<M: Model, B: Bits, C: CrashedSets> Pass<M> for Depth<'_, M, B, C> {
    fn advance(
        &mut self,
        steps: u64,
        meter: &mut Meter<'_>,
    ) -> Result<Option<Outcome<M::State>>, Exhausted> {
        for _ in 0..steps {
            let Some(choice) = self.choices.last_mut() else {
                return Ok(Some(Outcome::NotLinearizable(self.furthest())));
            };
            let event = choice.event;
            if let Some(from) = choice.others.take_if(|_| choice.left.is_empty()) {
                self.go_to(event);
                meter.tick(self.open.classes().len() as u64 / 8)?;
                let Event::Return(call) = self.events[event] else {
                    unreachable!("only returns need room")
                };
                let left = self.others(&from, call);
                self.choices.push(Choice { event, left, others: None });
                continue;
            }
            let Some(mut next) = choice.left.pop() else {
                self.choices.pop();
                continue;
            };
            self.go_to(event);
            meter.spend(1)?;
            let Some(call) = self.follow(&mut next) else {
                return Ok(Some(Outcome::Linearizable));
            };
            if self.at > self.furthest {
                self.furthest = self.at;
                self.states.clear();
            }
            if self.at == self.furthest {
                note_state(&mut self.states, &next.state);
            }
            let number = u32::try_from(self.at).expect("a history has less than 2^32 events");
            let Configuration { state, placed, crashed } = next.clone();
            let key = Configuration { state: (number, state), placed, crashed };
            if !self.seen.add(key, &self.sets) {
                continue;
            }
            self.weight += self.model.weight(&next.state);
            meter.set_held(self.bytes())?;
            let left = Vec::from_iter(self.itself(&next, call));
            self.choices.push(Choice { event: self.at, left, others: Some(next) });
        }
        Ok(None)
    }
}
