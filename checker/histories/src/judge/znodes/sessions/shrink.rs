//! What is left of a failing history when everything is taken out that does not matter.
//!
//! As in [`crate::linearizability::shrink`], only such parts go without which a history that keeps
//! the promise would still keep it: what came later than the return at which every order came to
//! an end, what changes nothing, and updates that nothing that stays depends on. The object itself
//! is made of the operations, and is made again for each attempt.

use super::{Sessions, State, Step};
use crate::judge::Settings;
use crate::linearizability::shrink::{Core, cut};
use crate::linearizability::{Budget, Call, Checks, Failing, Outcome, Stuck, check};
use crate::model::znode::Tree;
use std::sync::Arc;

/// How many configurations each check may examine.
const CONFIGURATIONS: u64 = 100_000;

/// How many checks there are, at most.
const CHECKS_MAX: usize = 1_000;

pub(super) fn shrink(
    initial: &Arc<Tree>,
    calls: &[Call<Step>],
    stuck: &Stuck<State>,
    settings: &Settings<'_>,
) -> Core<Sessions> {
    let mut kept = cut(calls, calls[stuck.call].returned, Step::changes_nothing);
    let budget = Budget { configurations: CONFIGURATIONS, ..settings.budget };
    let left = if settings.is_brief { 0 } else { CHECKS_MAX };
    let mut checks = Checks { left, budget };
    checks.reduce(&Part { initial, budget, last: stuck.call }, &mut kept);
    let (places, mut calls): (Vec<_>, Vec<_>) = kept.into_iter().unzip();
    let model = Sessions::new(initial, &mut calls);
    let stuck = match check(&model, &calls, &settings.budget) {
        Outcome::NotLinearizable(stuck) => stuck,
        Outcome::Linearizable => unreachable!("what was taken out could not make it fail"),
        Outcome::Unknown(_) => Stuck { call: calls.len() - 1, states: Vec::new() },
    };
    Core { calls, places, stuck, is_minimal: checks.left > 0 }
}

/// A part of a history.
struct Part<'a> {
    initial: &'a Arc<Tree>,
    budget: Budget<'a>,
    /// Where every order of the whole came to an end: that stays.
    last: usize,
}

impl Failing for Part<'_> {
    type Item = (usize, Call<Step>);

    fn may_go(&self, (place, _): &Self::Item) -> bool {
        *place != self.last
    }

    fn needs(&self, (_, other): &Self::Item, (_, update): &Self::Item) -> bool {
        let (Some(op), Some(update)) = (&other.op.op, &update.op.op) else { return false };
        !update.is_pure() && op.needs(update)
    }

    fn fails(&self, kept: &[Self::Item]) -> bool {
        let mut calls: Vec<_> = kept.iter().map(|(_, call)| call.clone()).collect();
        let model = Sessions::new(self.initial, &mut calls);
        check(&model, &calls, &self.budget).is_violation()
    }
}
