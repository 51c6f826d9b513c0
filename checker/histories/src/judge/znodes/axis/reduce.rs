//! What is left of a violation on the axis of zxids when everything is taken out that does not
//! matter: reads, and updates that nothing that stays depends on.

use super::{Axis, Found, Plan, Stop, search};
use crate::judge::Settings;
use crate::judge::znodes::free::Free;
use crate::linearizability::{Budget, Call};
use crate::model::Model;
use crate::model::znode::{Op, Paths, Tree, Znodes, changes, depends, is_related};
use crate::record::Positioned;
use std::sync::Arc;

/// How many steps each check may take.
const STEPS: u64 = 200_000;

/// How many checks there are, at most.
const CHECKS_MAX: usize = 1_000;

/// A part of the history that is wrong by itself.
#[derive(Clone, Debug)]
pub(in crate::judge::znodes) struct Core {
    /// Its operations, in the order of the history.
    pub(in crate::judge::znodes) calls: Vec<usize>,
    /// The one with the wrong answer.
    pub(in crate::judge::znodes) culprit: usize,
    /// The state that it found, at best.
    pub(in crate::judge::znodes) tree: Arc<Tree>,
    /// Whether nothing more can be taken out.
    pub(in crate::judge::znodes) is_minimal: bool,
}

/// All that a part of a history is made of.
pub(in crate::judge::znodes) struct Whole<'a> {
    pub(in crate::judge::znodes) calls: &'a [Call<Positioned>],
    pub(in crate::judge::znodes) initial: Arc<Tree>,
    pub(in crate::judge::znodes) free: Vec<Free>,
}

impl Whole<'_> {
    /// The axis of some of the operations, in order.
    pub(in crate::judge::znodes) fn axis(&self, kept: Option<&[usize]>) -> Axis<'_> {
        let is_kept = |at: usize| kept.is_none_or(|kept| kept.binary_search(&at).is_ok());
        Axis::new(self.calls, self.initial.clone(), self.free.clone(), is_kept)
    }

    fn op(&self, call: usize) -> Option<&Op> {
        self.calls[call].op.op.as_ref()
    }

    fn call(&self, call: usize) -> Option<Call<Op>> {
        let Call { process, invoked, returned, op } = &self.calls[call];
        let op = op.op.clone()?;
        Some(Call { process: *process, invoked: *invoked, returned: *returned, op })
    }

    /// Reduces a violation that a search has found.
    pub(in crate::judge::znodes) fn reduce(
        &self,
        stop: Stop,
        plan: &Plan,
        settings: &Settings<'_>,
    ) -> Core {
        let tree = self.axis(None).state_at(stop, plan);
        let found = Core { calls: vec![stop.call], culprit: stop.call, tree, is_minimal: false };
        if settings.is_brief {
            return found;
        }
        // What is wrong even if nobody counts is wrong for fewer reasons.
        let calls = self.calls.iter().map(|call| {
            let op = call.op.op.as_ref().map(Op::without_counts);
            Call { op: Positioned { op, ..call.op }, ..*call }
        });
        let calls: Vec<_> = calls.collect();
        let simpler =
            Whole { calls: &calls, initial: self.initial.clone(), free: self.free.clone() };
        let reduced = simpler.reduce_to(stop, settings);
        reduced.or_else(|| self.reduce_to(stop, settings)).unwrap_or(found)
    }

    fn reduce_to(&self, stop: Stop, settings: &Settings<'_>) -> Option<Core> {
        let budget = Budget { configurations: STEPS, ..settings.budget };
        let mut kept = self.relevant(stop.call);
        self.wrong(&kept, &budget)?;
        let mut left = CHECKS_MAX;
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
                if let Some(fewer) = self.without(&kept, from, until) {
                    left -= 1;
                    kept = if self.wrong(&fewer, &budget).is_some() { fewer } else { kept };
                }
                until = from.min(kept.len());
            }
            if left == 0 || size == 1 && kept.len() == before {
                break;
            }
            size = size.div_ceil(2);
        }
        let (stop, plan) = self.wrong(&kept, &budget)?;
        let tree = self.axis(Some(&kept)).state_at(stop, &plan);
        Some(Core { calls: kept, culprit: stop.call, tree, is_minimal: left > 0 })
    }

    fn wrong(&self, kept: &[usize], budget: &Budget<'_>) -> Option<(Stop, Plan)> {
        match search(&self.axis(Some(kept)), budget) {
            Found::Wrong(stop, plan) => Some((stop, plan)),
            Found::Right | Found::Unknown(_) => None,
        }
    }

    /// What can matter to the answer of an operation, and reads that nothing else matters to.
    fn relevant(&self, culprit: usize) -> Vec<usize> {
        let last = self.calls[culprit].op.zxid.unwrap_or(u64::MAX);
        let is_early = |at: usize| self.calls[at].op.zxid.is_none_or(|zxid| zxid <= last);
        let mut causes = self.op(culprit).map(depends).unwrap_or_default();
        let mut is_kept = vec![false; self.calls.len()];
        is_kept[culprit] = true;
        let ops: Vec<(usize, &Op)> = (0..self.calls.len())
            .filter(|at| *at != culprit && is_early(*at))
            .filter_map(|at| Some((at, self.op(at)?)))
            .collect();
        let (reads, updates): (Vec<_>, Vec<_>) =
            ops.into_iter().partition(|(_, op)| op.request.is_read());
        let mut has_grown = true;
        while has_grown {
            has_grown = false;
            for (at, op) in &updates {
                if !is_kept[*at] && is_related(&changes(op), &causes) {
                    is_kept[*at] = true;
                    has_grown = true;
                    causes.join(depends(op));
                }
            }
        }
        let mut others = Paths::default();
        for (_, op) in updates.iter().filter(|(at, _)| !is_kept[*at]) {
            others.join(changes(op));
        }
        for (at, op) in reads {
            let depends = depends(op);
            is_kept[at] = is_related(&depends, &causes) && !is_related(&depends, &others);
        }
        (0..self.calls.len()).filter(|at| is_kept[*at]).collect()
    }

    /// Without those in the range that nothing else needs; nothing if that is none.
    fn without(&self, kept: &[usize], from: usize, until: usize) -> Option<Vec<usize>> {
        let mut stays: Vec<bool> = (0..kept.len()).map(|at| !(from..until).contains(&at)).collect();
        let store = Znodes::default();
        let needed = |at: usize, stays: &[bool]| {
            let Some(op) = self.op(kept[at]).filter(|op| !store.is_pure(op)) else { return false };
            let mut others = kept.iter().zip(stays).filter(|(_, stays)| **stays);
            others
                .any(|(other, _)| self.call(*other).is_some_and(|call| store.depends_on(&call, op)))
        };
        while let Some(at) = (from..until).find(|at| !stays[*at] && needed(*at, &stays)) {
            stays[at] = true;
        }
        if stays.iter().all(|stays| *stays) {
            return None;
        }
        let staying = kept.iter().zip(&stays).filter(|(_, stays)| **stays);
        Some(staying.map(|(at, _)| *at).collect())
    }
}
