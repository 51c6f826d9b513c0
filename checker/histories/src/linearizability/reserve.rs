//! The depth-first pass again, with crashed operations reserved for where they are needed.
//!
//! Where the pass does not get any further, often a crashed operation would help that was used up
//! earlier, although something else would have done there. So that operation is reserved: it counts
//! as invoked no earlier than the operation that had no place. Whatever order is found then is one
//! of the history, too. If none is found, nothing is known.

use super::bits::Bits;
use super::crashed::CrashedSets;
use super::depth::Depth;
use super::engine::Pass;
use super::open::{Layout, events};
use super::{Call, Exhausted, Meter, Stuck};
use crate::model::Model;
use rustc_hash::FxHashSet;

/// How many operations are reserved, at most.
const RESERVED_MAX: usize = 16;

/// Whether the history turns out to be linearizable when operations are reserved, beginning where
/// `stuck` says.
pub(super) fn reserve<M: Model, B: Bits, C: CrashedSets>(
    model: &M,
    calls: &[Call<M::Op>],
    mut stuck: Stuck<M::State>,
    steps: u64,
    meter: &mut Meter<'_>,
) -> Result<bool, Exhausted> {
    let mut calls = calls.to_vec();
    let mut reserved: FxHashSet<usize> = FxHashSet::default();
    while reserved.len() < RESERVED_MAX {
        let mut best: Option<(u64, usize, Stuck<M::State>)> = None;
        for helper in helpers(model, &calls, &stuck, &reserved) {
            let before = calls[helper].invoked;
            calls[helper].invoked = before.max(calls[stuck.call].invoked);
            let found = attempt::<M, B, C>(model, &calls, steps, meter)?;
            calls[helper].invoked = before;
            match found {
                Attempt::Linearizable => return Ok(true),
                Attempt::Impossible => {}
                Attempt::Until(next) => {
                    let until = calls[next.call].returned;
                    if best.as_ref().is_none_or(|best| until > best.0) {
                        best = Some((until, helper, next));
                    }
                }
            }
        }
        let Some((_, helper, next)) = best else { return Ok(false) };
        calls[helper].invoked = calls[helper].invoked.max(calls[stuck.call].invoked);
        reserved.insert(helper);
        stuck = next;
    }
    Ok(false)
}

/// What a pass that may not take long found.
enum Attempt<S> {
    Linearizable,
    Impossible,
    /// It got this far.
    Until(Stuck<S>),
}

fn attempt<M: Model, B: Bits, C: CrashedSets>(
    model: &M,
    calls: &[Call<M::Op>],
    steps: u64,
    meter: &mut Meter<'_>,
) -> Result<Attempt<M::State>, Exhausted> {
    meter.tick(calls.len() as u64)?;
    let events = events(model, calls);
    let layout = Layout::new(model, calls, &events);
    let mut depth = Depth::<M, B, C>::new(model, calls, &layout, &events);
    Ok(match depth.advance(steps, meter)? {
        Some(outcome) if outcome.is_linearizable() => Attempt::Linearizable,
        Some(_) => Attempt::Impossible,
        None => Attempt::Until(depth.furthest()),
    })
}

/// Of each kind of crashed operation that would have helped, the one that was invoked last.
fn helpers<M: Model>(
    model: &M,
    calls: &[Call<M::Op>],
    stuck: &Stuck<M::State>,
    reserved: &FxHashSet<usize>,
) -> Vec<usize> {
    let needed = &calls[stuck.call];
    let helps = |op: &M::Op| {
        stuck.states.iter().any(|state| {
            let after = model.step(state, op).filter(|after| after != state);
            after.is_some_and(|after| model.step(&after, &needed.op).is_some())
        })
    };
    let mut kinds: FxHashSet<&M::Op> = FxHashSet::default();
    let mut order: Vec<usize> = (0..calls.len())
        .filter(|at| calls[*at].is_crashed() && calls[*at].invoked <= needed.returned)
        .filter(|at| !reserved.contains(at))
        .collect();
    order.sort_by_key(|at| std::cmp::Reverse(calls[*at].invoked));
    order.retain(|at| kinds.insert(&calls[*at].op) && helps(&calls[*at].op));
    order
}
