//! What is left of a failing history when everything is taken out that does not matter.
//!
//! Only such parts are taken out without which a linearizable history would stay linearizable, so
//! what is left proves that the whole fails:
//!
//! * all that was over before an update was invoked that left nothing of it: a plain write,
//! * all that was invoked after the return at which every order came to an end; what was still
//!   open then may take effect or not,
//! * operations that change nothing,
//! * updates that no operation that stays depends on ([`Model::depends_on`]).

use super::reduction::{Checks, Failing};
use super::{Budget, Call, NEVER, Outcome, Stuck, check};
use crate::model::Model;
use rustc_hash::FxHashSet;
use std::cmp::Reverse;

/// A part of a history that cannot be linearized.
#[derive(Clone, Debug)]
pub struct Core<M: Model> {
    /// The operations, in the order of invocation. Those that were cut off are crashed.
    pub calls: Vec<Call<M::Op>>,
    /// Where each of them is in the whole history.
    pub places: Vec<usize>,
    /// Where every order of them comes to an end.
    pub stuck: Stuck<M::State>,
    /// Whether no operation more can be taken out: the budget was enough.
    pub is_minimal: bool,
}

/// Finds a smallest part of the history that cannot be linearized. `None` if it can, or if the
/// budget does not suffice to tell. `budget` is meant for each of the many checks; the whole costs
/// no more than a hundred times as much.
pub fn shrink<M: Model>(model: &M, calls: &[Call<M::Op>], budget: &Budget<'_>) -> Option<Core<M>> {
    shrink_by(model, calls, budget, begin_later)
}

/// The same, where the past stays: what is said of the operations is about what they found.
pub(crate) fn shrink_with_past<M: Model>(
    model: &M,
    calls: &[Call<M::Op>],
    budget: &Budget<'_>,
) -> Option<Core<M>> {
    shrink_by(model, calls, budget, |_, _, _, _| None)
}

fn shrink_by<M: Model>(
    model: &M,
    calls: &[Call<M::Op>],
    budget: &Budget<'_>,
    begin: impl Fn(&M, &mut Vec<(usize, Call<M::Op>)>, usize, &Budget<'_>) -> Option<usize>,
) -> Option<Core<M>> {
    let Outcome::NotLinearizable(stuck) = check(model, calls, budget) else { return None };
    let (end, last) = (calls[stuck.call].returned, stuck.call);
    let mut kept = cut(calls, end, |op| model.is_pure(op));
    let beginning = begin(model, &mut kept, last, budget);
    let left = (4 * kept.len()).clamp(100, CHECKS_MAX);
    let mut checks = Checks { left, budget: *budget };
    let stays = [Some(last), beginning];
    let pure = |op: &M::Op| model.is_pure(op);
    checks.sweep(&Part { model, budget, stays, may_go: pure }, &mut kept);
    let is_small = kept.len() <= PAIRS_MAX;
    if is_small {
        checks.reduce(&Part { model, budget, stays, may_go: |_: &M::Op| true }, &mut kept);
    }
    let is_minimal = checks.left > 0 && is_small;
    let (places, calls): (Vec<_>, Vec<_>) = kept.into_iter().unzip();
    let Outcome::NotLinearizable(stuck) = check(model, &calls, budget) else { return None };
    Some(Core { calls, places, stuck, is_minimal })
}

/// How many checks one shrinking takes, at most.
const CHECKS_MAX: usize = 4000;

/// Up to this many operations are compared with each other.
const PAIRS_MAX: usize = 3000;

/// What was invoked by then, with its places; of what returned later only what may have changed
/// something, as if it never had returned.
pub(crate) fn cut<O: Clone>(
    calls: &[Call<O>],
    end: u64,
    is_pure: impl Fn(&O) -> bool,
) -> Vec<(usize, Call<O>)> {
    let mut kept: Vec<_> = calls
        .iter()
        .enumerate()
        .filter(|(_, call)| call.invoked <= end)
        .filter(|(_, call)| call.returned <= end || !is_pure(&call.op))
        .map(|(at, call)| {
            let returned = if call.returned <= end { call.returned } else { NEVER };
            (at, Call { returned, ..call.clone() })
        })
        .collect();
    kept.sort_by_key(|(_, call)| call.invoked);
    kept
}

/// A part of a history with its places, of which only what `may_go` says is left out.
struct Part<'a, M, F> {
    model: &'a M,
    budget: &'a Budget<'a>,
    /// Where every order of the whole came to an end, and what it has to begin with.
    stays: [Option<usize>; 2],
    may_go: F,
}

impl<M: Model, F: Fn(&M::Op) -> bool> Failing for Part<'_, M, F> {
    type Item = (usize, Call<M::Op>);

    fn may_go(&self, (place, call): &Self::Item) -> bool {
        !self.stays.contains(&Some(*place)) && (self.may_go)(&call.op)
    }

    fn needs(&self, (_, other): &Self::Item, (_, update): &Self::Item) -> bool {
        !self.model.is_pure(&update.op) && self.model.depends_on(other, &update.op)
    }

    fn fails(&self, kept: &[Self::Item]) -> bool {
        fails(self.model, kept, self.budget)
    }
}

fn fails<M: Model>(model: &M, kept: &[(usize, Call<M::Op>)], budget: &Budget<'_>) -> bool {
    let calls: Vec<_> = kept.iter().map(|(_, call)| call.clone()).collect();
    check(model, &calls, budget).is_violation()
}

/// How many beginnings are tried, at most.
const BEGINNINGS_MAX: usize = 16;

/// Takes out the past of an update that leaves nothing of it, if the rest fails as well; which
/// update that is. What was open together with it came after it, or can be taken out as well.
fn begin_later<M: Model>(
    model: &M,
    kept: &mut Vec<(usize, Call<M::Op>)>,
    last: usize,
    budget: &Budget<'_>,
) -> Option<usize> {
    let culprit = kept.iter().find(|(place, _)| *place == last)?.1.clone();
    let mut beginnings: Vec<_> = kept
        .iter()
        .filter(|(_, call)| model.replaces_all(&call.op) && call.precedes(&culprit))
        .cloned()
        .collect();
    beginnings.sort_by_key(|(_, call)| Reverse(call.returned));
    for (beginning, first) in beginnings.into_iter().take(BEGINNINGS_MAX) {
        let later = kept.iter().filter_map(|(place, call)| {
            let is_open = !call.precedes(&first) && !first.precedes(call) && *place != beginning;
            let is_over = call.precedes(&first) || is_open && model.is_pure(&call.op);
            let returned = if is_open { NEVER } else { call.returned };
            (!is_over).then(|| (*place, Call { returned, ..call.clone() }))
        });
        let later: Vec<_> = later.collect();
        if fails(model, &later, budget) {
            *kept = later;
            return Some(beginning);
        }
    }
    None
}

/// The longest legal sequence of a history's operations that respects real time, and the state
/// after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Longest<S> {
    /// The operations, by place.
    pub order: Vec<usize>,
    /// The state after them.
    pub state: S,
}

/// Finds the longest partial linearization, or the longest that is found by examining this many
/// configurations. Meant for what [`shrink`] leaves.
pub fn longest<M: Model>(
    model: &M,
    calls: &[Call<M::Op>],
    configurations: usize,
) -> Longest<M::State> {
    let mut search = Deepest {
        model,
        calls,
        left: configurations,
        seen: FxHashSet::default(),
        order: Vec::new(),
        best: Longest { order: Vec::new(), state: model.initial() },
    };
    search.go(&model.initial());
    search.best
}

struct Deepest<'a, M: Model> {
    model: &'a M,
    calls: &'a [Call<M::Op>],
    left: usize,
    seen: FxHashSet<(Vec<usize>, M::State)>,
    order: Vec<usize>,
    best: Longest<M::State>,
}

impl<M: Model> Deepest<'_, M> {
    fn go(&mut self, state: &M::State) {
        let mut placed = self.order.clone();
        placed.sort_unstable();
        if self.left == 0 || !self.seen.insert((placed, state.clone())) {
            return;
        }
        self.left -= 1;
        if self.order.len() > self.best.order.len() {
            self.best = Longest { order: self.order.clone(), state: state.clone() };
        }
        let open = |at: &usize| !self.order.contains(at);
        let first_return =
            (0..self.calls.len()).filter(open).map(|at| self.calls[at].returned).min();
        let first_return = first_return.unwrap_or(NEVER);
        let next: Vec<usize> = (0..self.calls.len())
            .filter(open)
            .filter(|at| self.calls[*at].invoked <= first_return)
            .collect();
        for at in next {
            if let Some(after) = self.model.step(state, &self.calls[at].op) {
                self.order.push(at);
                self.go(&after);
                self.order.pop();
            }
        }
    }
}

/// For each operation that the longest partial linearization leaves out: why it cannot be next.
pub fn why_not<M: Model>(
    model: &M,
    calls: &[Call<M::Op>],
    longest: &Longest<M::State>,
    process_name: impl Fn(u32) -> String,
) -> Vec<(usize, String)> {
    let left = |at: &usize| !longest.order.contains(at);
    (0..calls.len())
        .filter(left)
        .map(|at| {
            let waits_for =
                (0..calls.len()).filter(left).find(|other| calls[*other].precedes(&calls[at]));
            let why = match waits_for {
                Some(other) => format!(
                    "it began after the {} by {} had returned, which has no place",
                    model.describe(&calls[other].op),
                    process_name(calls[other].process)
                ),
                None if model.step(&longest.state, &calls[at].op).is_some() => {
                    "it could be next, and nothing would be gained".to_owned()
                }
                None => model.why_not(&longest.state, &calls[at].op),
            };
            (at, why)
        })
        .collect()
}
