//! What is left of a violation on the axis of zxids when everything is taken out that does not
//! matter: reads, and updates that nothing that stays depends on.

use super::{Axis, Found, Plan, Stop, search};
use crate::judge::Settings;
use crate::judge::znodes::free::Free;
use crate::linearizability::{Budget, Call, Checks, Failing};
use crate::model::znode::{Op, Paths, Tree, changes, depends, is_related};
use crate::record::Positioned;
use rustc_hash::FxHashSet;
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

    pub(super) fn op(&self, call: usize) -> Option<&Op> {
        self.calls[call].op.op.as_ref()
    }

    /// The operations, each changed in the same way.
    pub(super) fn changed(&self, change: impl Fn(&Op) -> Op) -> Vec<Call<Positioned>> {
        let calls = self.calls.iter().map(|call| {
            let op = call.op.op.as_ref().map(&change);
            call.with(Positioned { op, ..call.op })
        });
        calls.collect()
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
        let calls = self.changed(Op::without_counts);
        let simpler =
            Whole { calls: &calls, initial: self.initial.clone(), free: self.free.clone() };
        let reduced = simpler.reduce_to(stop, settings);
        match reduced.or_else(|| self.reduce_to(stop, settings)) {
            // The whole history tells more about what it found.
            Some(core) if core.culprit == found.culprit => Core { tree: found.tree, ..core },
            Some(core) => core,
            None => found,
        }
    }

    fn reduce_to(&self, stop: Stop, settings: &Settings<'_>) -> Option<Core> {
        let budget = Budget { configurations: STEPS, ..settings.budget };
        let mut checks = Checks { left: CHECKS_MAX, budget };
        let early = self.early(stop.call);
        let relevant = self.relevant(stop.call, &early);
        let mut parts = [relevant, early].into_iter();
        let kept = parts.find(|kept| self.wrong(kept, &budget).is_some())?;
        if let Some(core) = self.later(&kept, stop.call, &mut checks) {
            return Some(core);
        }
        let core = self.core(kept, None, &mut checks)?;
        self.later(&core.calls, core.culprit, &mut checks).or(Some(core))
    }

    /// What is left of a part that is wrong; what it begins with stays, if something has to.
    pub(super) fn core(
        &self,
        mut kept: Vec<usize>,
        beginning: Option<usize>,
        checks: &mut Checks<'_>,
    ) -> Option<Core> {
        let budget = checks.budget;
        checks.reduce(&Part { whole: self, beginning, budget }, &mut kept);
        let (stop, plan) = self.wrong(&kept, &budget)?;
        let tree = self.axis(Some(&kept)).state_at(stop, &plan);
        Some(Core { calls: kept, culprit: stop.call, tree, is_minimal: checks.left > 0 })
    }

    pub(super) fn wrong(&self, kept: &[usize], budget: &Budget<'_>) -> Option<(Stop, Plan)> {
        match search(&self.axis(Some(kept)), budget) {
            Found::Wrong(stop, plan) => Some((stop, plan)),
            Found::Right | Found::Unknown(_) => None,
        }
    }

    /// What takes place up to an operation, and what has no zxid: even where it comes too late, it
    /// is what the others may be thought to have seen.
    fn early(&self, culprit: usize) -> Vec<usize> {
        let last = self.calls[culprit].op.zxid.unwrap_or(u64::MAX);
        let free: FxHashSet<usize> = self.free.iter().filter_map(|free| free.call).collect();
        let is_early = |at: &usize| match self.calls[*at].op.zxid {
            Some(zxid) => zxid <= last,
            None => free.contains(at),
        };
        (0..self.calls.len()).filter(|at| self.op(*at).is_some() && is_early(at)).collect()
    }

    /// Of these, what can matter to the answer of an operation, and what changes nothing and
    /// depends on nothing else. It may be too little, but there is little of it.
    fn relevant(&self, culprit: usize, early: &[usize]) -> Vec<usize> {
        let mut causes = self.op(culprit).map(depends).unwrap_or_default();
        let mut is_kept = vec![false; self.calls.len()];
        is_kept[culprit] = true;
        let ops = early.iter().filter(|at| **at != culprit);
        let ops = ops.filter_map(|at| Some((*at, self.op(*at)?)));
        let (reads, updates): (Vec<_>, Vec<_>) = ops.partition(|(_, op)| op.is_pure());
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
}

/// Some operations of a history, by place.
struct Part<'a, 'b> {
    whole: &'a Whole<'b>,
    beginning: Option<usize>,
    budget: Budget<'a>,
}

impl Failing for Part<'_, '_> {
    type Item = usize;

    fn may_go(&self, at: &usize) -> bool {
        self.beginning != Some(*at)
    }

    fn needs(&self, other: &usize, update: &usize) -> bool {
        let (Some(op), Some(update)) = (self.whole.op(*other), self.whole.op(*update)) else {
            return false;
        };
        !update.is_pure() && op.needs(update)
    }

    fn fails(&self, kept: &[usize]) -> bool {
        self.whole.wrong(kept, &self.budget).is_some()
    }
}
