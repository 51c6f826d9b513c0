//! What is left of a failing history when everything is taken out that does not matter.
//!
//! As in [`crate::linearizability::shrink`], only such parts go without which a history that keeps
//! the promise would still keep it: what came later than the return at which every order came to
//! an end, what changes nothing, and updates that nothing that stays depends on. The object itself
//! is made of the operations, and is made again for each attempt.

use super::{Sessions, State, Step, store};
use crate::judge::Settings;
use crate::linearizability::shrink::{Core, cut};
use crate::linearizability::{Budget, Call, Outcome, Stuck, check};
use crate::model::Model;
use crate::model::znode::Tree;
use std::ops::Range;
use std::sync::Arc;

/// How many configurations each check may examine.
const CONFIGURATIONS: u64 = 100_000;

/// How many checks there are, at most.
const CHECKS_MAX: usize = 1_000;

/// Operations with their places.
type Kept = Vec<(usize, Call<Step>)>;

pub(super) fn shrink(
    initial: &Arc<Tree>,
    calls: &[Call<Step>],
    stuck: &Stuck<State>,
    settings: &Settings<'_>,
) -> Core<Sessions> {
    let mut kept = cut(calls, calls[stuck.call].returned, Step::changes_nothing);
    let budget = Budget { configurations: CONFIGURATIONS, ..settings.budget };
    let mut left = if settings.is_brief { 0 } else { CHECKS_MAX };
    let mut size = kept.len().div_ceil(2).max(1);
    loop {
        let before = kept.len();
        let mut until = before;
        while until > 0 && left > 0 {
            if budget.is_time_up.is_some_and(|is_time_up| is_time_up()) {
                left = 0;
                break;
            }
            let from = until.saturating_sub(size);
            if let Some(fewer) = without(&kept, from..until, stuck.call) {
                left -= 1;
                kept = if fails(initial, &fewer, &budget) { fewer } else { kept };
            }
            until = from;
        }
        if left == 0 || size == 1 && kept.len() == before {
            break;
        }
        size = size.div_ceil(2);
    }
    let (places, mut calls): (Vec<_>, Vec<_>) = kept.into_iter().unzip();
    let model = Sessions::new(initial, &mut calls);
    let stuck = match check(&model, &calls, &settings.budget) {
        Outcome::NotLinearizable(stuck) => stuck,
        Outcome::Linearizable => unreachable!("what was taken out could not make it fail"),
        Outcome::Unknown(_) => Stuck { call: calls.len() - 1, states: Vec::new() },
    };
    Core { calls, places, stuck, is_minimal: left > 0 }
}

/// Without those in the range that nothing else needs; nothing if that is none.
fn without(kept: &Kept, range: Range<usize>, last: usize) -> Option<Kept> {
    let mut stays: Vec<bool> =
        (0..kept.len()).map(|at| !range.contains(&at) || kept[at].0 == last).collect();
    let needs = |other: &Call<Step>, update: &Step| match (&other.op.op, &update.op) {
        (Some(op), Some(update)) => {
            let (process, invoked, returned) = (other.process, other.invoked, other.returned);
            let call = Call { process, invoked, returned, op: op.clone() };
            store().depends_on(&call, update)
        }
        _ => false,
    };
    loop {
        let needed = range.clone().find(|at| {
            let update = &kept[*at].1.op;
            let mut others = kept.iter().zip(&stays).filter(|(_, stays)| **stays);
            !stays[*at] && !update.changes_nothing() && others.any(|((_, c), _)| needs(c, update))
        });
        match needed {
            Some(at) => stays[at] = true,
            None => break,
        }
    }
    if stays.iter().all(|stays| *stays) {
        return None;
    }
    let staying = kept.iter().zip(&stays).filter(|(_, stays)| **stays);
    Some(staying.map(|(kept, _)| kept.clone()).collect())
}

fn fails(initial: &Arc<Tree>, kept: &Kept, budget: &Budget<'_>) -> bool {
    let mut calls: Vec<_> = kept.iter().map(|(_, call)| call.clone()).collect();
    let model = Sessions::new(initial, &mut calls);
    check(&model, &calls, budget).is_violation()
}
