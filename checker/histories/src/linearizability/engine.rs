//! The generic engine: just-in-time linearization over configurations.
//!
//! It goes through the history and keeps configurations (state, which of the open operations took
//! place) that are possible so far. Operations are placed only when one of them returns and has to
//! be placed by then (Lowe, *Testing for linearizability*, CCPE 29(4), 2017). After a return, all
//! configurations agree on the operation, and its bit is free again.
//!
//! Two passes take turns, and the first one to know ends it: `breadth`, which
//! keeps all configurations and refutes quickly, and `depth`, which follows one
//! and confirms quickly.
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
use super::breadth::{BEAM, Breadth};
use super::crashed::{CrashedSets, Masks, Numbered};
use super::depth::Depth;
use super::events::Event;
use super::open::{Layout, events};
use super::reserve::reserve;
use super::{Budget, Call, Exhausted, Meter, Outcome};
use crate::model::Model;

/// Decides whether the history is linearizable. The order of `calls` does not matter.
///
/// # Panics
///
/// If an operation returns before it is invoked.
pub fn check<M: Model>(model: &M, calls: &[Call<M::Op>], budget: &Budget<'_>) -> Outcome<M::State> {
    check_by(model, calls, budget, Passes::All)
}

/// Which passes search, for tests and comparisons.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Passes {
    /// All of them take turns.
    All,
    /// The depth-first one alone.
    Depth,
    /// The breadth-first one alone, with a beam that keeps this many configurations at first.
    Breadth(usize),
    /// The depth-first one for this many configurations, and then again with operations reserved:
    /// can only confirm.
    Reserve(u64),
}

/// The same by some of the passes only.
///
/// # Panics
///
/// If an operation returns before it is invoked.
pub fn check_by<M: Model>(
    model: &M,
    calls: &[Call<M::Op>],
    budget: &Budget<'_>,
    passes: Passes,
) -> Outcome<M::State> {
    let events = events(model, calls);
    let layout = Layout::new(model, calls, &events);
    let race = Race { model, calls, layout: &layout, events: &events, budget, passes };
    match (layout.width, layout.crashed) {
        (..=64, ..=64) => race.run::<u64, Masks>(),
        (..=64, _) => race.run::<u64, Numbered>(),
        (..=128, _) => race.run::<u128, Numbered>(),
        _ => race.run::<Box<[u64]>, Numbered>(),
    }
}

/// How many states [`Stuck`](super::Stuck) shows, at most.
const STATES_SHOWN: usize = 8;

/// Adds a state to those that are shown.
pub(super) fn note_state<S: Clone + Eq>(states: &mut Vec<S>, state: &S) {
    if states.len() < STATES_SHOWN && !states.contains(state) {
        states.push(state.clone());
    }
}

/// One way to search.
pub(super) trait Pass<M: Model> {
    /// Examines this many configurations; none if that was not enough to know.
    fn advance(
        &mut self,
        steps: u64,
        meter: &mut Meter<'_>,
    ) -> Result<Option<Outcome<M::State>>, Exhausted>;
}

/// How many configurations a pass examines in its first turn, at least.
const FIRST_TURN: u64 = 1024;

struct Race<'a, M: Model> {
    model: &'a M,
    calls: &'a [Call<M::Op>],
    layout: &'a Layout,
    events: &'a [Event],
    budget: &'a Budget<'a>,
    passes: Passes,
}

impl<M: Model> Race<'_, M> {
    /// Both passes take turns, each as long as all turns of the other so far. They share the
    /// budget: one that needs too much of it is out, and the other has all that is left.
    fn run<B: Bits, C: CrashedSets>(&self) -> Outcome<M::State> {
        let Self { model, calls, layout, events, budget, passes } = *self;
        let half = Budget {
            bytes: budget.bytes / 2,
            configurations: budget.configurations / 2,
            ..*budget
        };
        let beam = match passes {
            Passes::All => Some(BEAM),
            Passes::Breadth(beam) => Some(beam),
            Passes::Depth | Passes::Reserve(_) => None,
        };
        let mut breadth =
            beam.map(|beam| Breadth::<M, B, C>::new(model, calls, layout, events, beam));
        let has_depth = !matches!(passes, Passes::Breadth(_));
        let mut depth = has_depth.then(|| Depth::<M, B, C>::new(model, calls, layout, events));
        let mut meters = [(); 3].map(|()| Meter::new(&half));
        let mut turn = match passes {
            Passes::Reserve(steps) => steps,
            _ => FIRST_TURN.max(2 * events.len() as u64),
        };
        let mut exhausted = Exhausted::Time;
        while depth.is_some() || breadth.is_some() {
            let mut stuck = None;
            if let Some(pass) = &mut depth {
                match pass.advance(turn, &mut meters[0]) {
                    Ok(Some(outcome)) => return outcome,
                    Ok(None) => stuck = Some(pass.furthest()),
                    Err(why) => (depth, exhausted) = (None, why),
                }
            }
            if let Some(pass) = &mut breadth {
                match pass.advance(turn, &mut meters[1]) {
                    Ok(Some(outcome)) => return outcome,
                    Ok(None) => {}
                    Err(why) => (breadth, exhausted) = (None, why),
                }
            }
            let may_reserve = layout.crashed > 0 && passes != Passes::Depth;
            if let Some(stuck) = stuck.filter(|_| may_reserve) {
                let found = reserve::<M, B, C>(model, calls, stuck, turn / 2, &mut meters[2]);
                match found {
                    Ok(true) => return Outcome::Linearizable,
                    Ok(false) => {}
                    Err(why) => exhausted = why,
                }
            }
            if matches!(passes, Passes::Reserve(_)) {
                break;
            }
            if exhausted == Exhausted::Time && (depth.is_none() || breadth.is_none()) {
                break;
            }
            turn = turn.saturating_mul(2);
        }
        Outcome::Unknown(match exhausted {
            Exhausted::Time => Exhausted::Time,
            Exhausted::Bytes(_) => Exhausted::Bytes(budget.bytes),
            Exhausted::Configurations(_) => Exhausted::Configurations(budget.configurations),
        })
    }
}
