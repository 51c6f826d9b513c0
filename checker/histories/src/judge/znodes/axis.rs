//! Judges answers on the axis of zxids.
//!
//! An answered update takes place at its zxid, and reads at one zxid all show the state after the
//! transactions up to it. What was never answered may have taken place at a zxid that no answered
//! update has, above everything that was known when it was invoked: in a *gap* of the axis, of
//! which a history has few. So nothing has to be searched but the gaps, and only where an answer
//! is wrong without.
//!
//! A plan says which of these free operations take place in which gap. The search begins with the
//! empty plan and follows the axis up to the first answer that is wrong. What can mend it is a
//! free operation that changes what the answer depends on, or what the free operations of the plan
//! depend on; each of them, in each gap that makes a difference, is the next plan. So every plan
//! under which all answers are right is found from smaller ones, and if none is left to try, there
//! is none.

mod kinds;
mod later;
mod plan;
mod reduce;

pub(super) use plan::{Found, search};
pub(super) use reduce::{Core, Whole};

use super::free::Free;
use crate::linearizability::Call;
use crate::model::znode::{Op, Paths, Tree, Znodes, changes, depends, is_related};
use crate::record::Positioned;
use std::sync::Arc;

/// What stands at one zxid.
#[derive(Clone, Debug)]
struct Point {
    zxid: u64,
    update: Option<usize>,
    reads: Vec<usize>,
}

impl Point {
    /// Its operations: the update, and then what was read.
    fn calls(&self) -> impl Iterator<Item = usize> {
        self.update.into_iter().chain(self.reads.iter().copied())
    }

    /// The last zxid before it, and with it if no answered update has that one, that a transaction
    /// can have. Nothing has the zxid with which an epoch begins.
    const fn last_free(&self) -> u64 {
        let is_taken = self.update.is_some() || self.zxid & u32::MAX as u64 == 0;
        if is_taken { self.zxid.saturating_sub(1) } else { self.zxid }
    }
}

/// The answers of a history by zxid, and what has none.
pub(super) struct Axis<'a> {
    calls: &'a [Call<Positioned>],
    initial: Arc<Tree>,
    points: Vec<Point>,
    free: Vec<Free>,
}

/// Where a plan comes to an end.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stop {
    /// At which point, and at which of its operations.
    at: (usize, usize),
    /// Which operation has the wrong answer.
    pub(super) call: usize,
}

/// What takes place in gaps, in order: the point after the gap, and the free operation.
pub(super) type Plan = Vec<(u32, u32)>;

impl<'a> Axis<'a> {
    /// The axis of the operations for which `is_kept` holds.
    pub(super) fn new(
        calls: &'a [Call<Positioned>],
        initial: Arc<Tree>,
        mut free: Vec<Free>,
        is_kept: impl Fn(usize) -> bool,
    ) -> Self {
        free.retain(|free| free.call.is_none_or(&is_kept));
        let zxid = |at: usize| calls[at].op.zxid.filter(|_| !calls[at].is_crashed());
        let mut placed: Vec<(u64, bool, u64, usize)> = (0..calls.len())
            .filter(|at| is_kept(*at) && calls[*at].op.op.is_some())
            .filter_map(|at| Some((zxid(at)?, calls[at].op.is_read(), calls[at].invoked, at)))
            .collect();
        placed.sort_unstable();
        let mut points: Vec<Point> = Vec::new();
        for (zxid, is_read, _, at) in placed {
            if points.last().is_none_or(|last| last.zxid != zxid) {
                points.push(Point { zxid, update: None, reads: Vec::new() });
            }
            let Some(point) = points.last_mut() else { continue };
            if is_read { point.reads.push(at) } else { point.update = Some(at) }
        }
        Self { calls, initial, points, free }
    }

    fn op(&self, call: usize) -> &'a Op {
        self.calls[call].op.op.as_ref().expect("syncs have no place on the axis")
    }

    /// The zxids in the gap before a point: none if the first is greater than the last.
    fn gap(&self, point: usize) -> (u64, u64) {
        let before = point.checked_sub(1).map(|before| self.points[before].zxid);
        (before.map_or(1, |zxid| zxid + 1), self.points[point].last_free())
    }

    /// Which points a free operation can matter to, or the other way round.
    fn related(&self, free: &Free) -> Vec<usize> {
        let is_related = |call: usize| {
            let op = self.op(call);
            is_related(&depends(op), &free.changes) || is_related(&changes(op), &free.depends)
        };
        let points = 0..self.points.len();
        points.filter(|point| self.points[*point].calls().any(is_related)).collect()
    }

    /// What it depends on whether the answer of an operation is right, under a plan.
    fn causes(&self, call: usize, plan: &[(u32, u32)]) -> Paths {
        let mut paths = depends(self.op(call));
        for (_, free) in plan {
            paths.join(self.free[*free as usize].depends.clone());
        }
        paths
    }

    /// Follows the axis from a point on, with what a plan puts into the gaps. `on_point` is told
    /// the state before each point's gap.
    fn follow(
        &self,
        tree: &mut Arc<Tree>,
        from: usize,
        mut plan: &[(u32, u32)],
        mut on_point: impl FnMut(usize, &Arc<Tree>),
    ) -> Option<Stop> {
        for (at, point) in self.points.iter().enumerate().skip(from) {
            on_point(at, tree);
            while let [(gap, free), rest @ ..] = plan
                && *gap as usize == at
            {
                plan = rest;
                let free = &self.free[*free as usize];
                if !Znodes::advance(tree, &free.op) {
                    // One that has an answer and no zxid.
                    return free.call.map(|call| Stop { at: (at, 0), call });
                }
            }
            for (number, call) in point.calls().enumerate() {
                if !Znodes::advance(tree, self.op(call)) {
                    return Some(Stop { at: (at, number + 1), call });
                }
            }
        }
        None
    }

    /// The state that an operation at which a plan stops has found.
    pub(super) fn state_at(&self, stop: Stop, plan: &[(u32, u32)]) -> Arc<Tree> {
        let mut found = self.initial.clone();
        let (point, number) = stop.at;
        let mut tree = self.initial.clone();
        self.follow(&mut tree, 0, plan, |at, tree| {
            if at == point {
                found = tree.clone();
            }
        });
        let gap = plan.iter().filter(|(gap, _)| *gap as usize == point);
        let before = gap.map(|(_, free)| &self.free[*free as usize]);
        let before = before.take_while(|free| number > 0 || free.call != Some(stop.call));
        let before: Vec<&Op> = before.map(|free| &free.op).collect();
        let earlier = self.points[point].calls().take(number.saturating_sub(1));
        for op in before.into_iter().chain(earlier.map(|call| self.op(call))) {
            Znodes::advance(&mut found, op);
        }
        found
    }
}
