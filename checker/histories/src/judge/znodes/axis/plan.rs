//! The search for a plan under which all answers are right.

use super::{Axis, Plan, Stop};
use crate::linearizability::{Budget, Exhausted, Meter};
use crate::model::znode::{Tree, is_related};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// How a search ended.
#[derive(Clone, Debug)]
pub(in crate::judge::znodes) enum Found {
    /// All answers are right.
    Right,
    /// No plan gets further than this one.
    Wrong(Stop, Plan),
    /// The budget was too small to tell.
    Unknown(Exhausted),
}

/// Searches for a plan.
pub(in crate::judge::znodes) fn search(axis: &Axis<'_>, budget: &Budget<'_>) -> Found {
    let mut search = Search {
        axis,
        meter: Meter::new(budget),
        starts: Vec::new(),
        related: FxHashMap::default(),
        seen: FxHashSet::default(),
        open: BinaryHeap::new(),
    };
    search.run().unwrap_or_else(Found::Unknown)
}

struct Search<'a, 'b> {
    axis: &'a Axis<'b>,
    meter: Meter<'a>,
    /// States of the empty plan before points with a gap, to begin at.
    starts: Vec<(usize, Arc<Tree>)>,
    /// The points that matter to each free operation.
    related: FxHashMap<u32, Vec<usize>>,
    seen: FxHashSet<Plan>,
    /// Those that get furthest first.
    open: BinaryHeap<(Stop, Reverse<usize>, Reverse<Plan>)>,
}

impl Search<'_, '_> {
    fn run(&mut self) -> Result<Found, Exhausted> {
        let Some(stop) = self.begin()? else { return Ok(Found::Right) };
        let mut best = (stop, Plan::new());
        self.open.push((stop, Reverse(0), Reverse(Plan::new())));
        while let Some((stop, _, Reverse(plan))) = self.open.pop() {
            for next in self.next(stop, &plan)? {
                if !self.seen.insert(next.clone()) {
                    continue;
                }
                self.meter.hold(next.len() * 16 + 96)?;
                let Some(stop) = self.follow(&next)? else { return Ok(Found::Right) };
                if stop.at > best.0.at {
                    best = (stop, next.clone());
                }
                self.open.push((stop, Reverse(next.len()), Reverse(next)));
            }
        }
        Ok(Found::Wrong(best.0, best.1))
    }

    /// Follows the empty plan, and keeps states to begin at.
    fn begin(&mut self) -> Result<Option<Stop>, Exhausted> {
        let axis = self.axis;
        let lowest = axis.free.iter().map(|free| free.floor).min();
        let mut tree = axis.initial.clone();
        let starts = &mut self.starts;
        let stop = axis.follow(&mut tree, 0, &[], |at, tree| {
            let (first, last) = axis.gap(at);
            if first <= last && lowest.is_some_and(|floor| floor < last) {
                starts.push((at, tree.clone()));
            }
        });
        self.meter.spend(axis.points.len() as u64)?;
        Ok(stop)
    }

    /// Where a plan stops, if it does.
    fn follow(&mut self, plan: &Plan) -> Result<Option<Stop>, Exhausted> {
        let first = plan.first().map_or(0, |(gap, _)| *gap as usize);
        let start = self.starts.partition_point(|(at, _)| *at <= first);
        let start = start.checked_sub(1).map(|start| self.starts[start].clone());
        let (from, mut tree) = start.unwrap_or_else(|| (0, self.axis.initial.clone()));
        let stop = self.axis.follow(&mut tree, from, plan, |_, _| {});
        let until = stop.map_or(self.axis.points.len(), |stop| stop.at.0);
        self.meter.spend((until - from) as u64 + 1)?;
        Ok(stop)
    }

    /// Plans with one free operation more, which may get further.
    fn next(&mut self, stop: Stop, plan: &Plan) -> Result<Vec<Plan>, Exhausted> {
        let axis = self.axis;
        let causes = axis.causes(stop.call, plan);
        let mut plans = Vec::new();
        for (number, free) in (0..).zip(&axis.free) {
            let is_planned = plan.iter().any(|(_, other)| *other == number);
            if is_planned || !is_related(&free.changes, &causes) {
                continue;
            }
            self.meter.spend(1)?;
            for gap in self.gaps(number, stop.at.0, plan) {
                self.insert(plan, gap, number, &mut plans);
            }
        }
        Ok(plans)
    }

    /// The gaps up to a point that make a difference to a free operation, the last one first.
    ///
    /// In a gap with room for everything it can be the first, which is as good as any gap before
    /// it, down to a point that matters to it or a gap with something that is planned.
    fn gaps(&mut self, number: u32, until: usize, plan: &Plan) -> Vec<u32> {
        let axis = self.axis;
        let free = &axis.free[number as usize];
        let related = self.related.entry(number).or_insert_with(|| axis.related(free));
        let mut gaps = Vec::new();
        let mut is_covered = false;
        for at in (0..=until).rev() {
            let (first, last) = axis.gap(at);
            if last <= free.floor {
                break;
            }
            let narrow = u32::try_from(at).expect("a history has less than 2^32 operations");
            let is_planned = plan.iter().any(|(gap, _)| *gap == narrow);
            is_covered &= !is_planned && related.binary_search(&at).is_err();
            let from = first.max(free.floor + 1);
            let zxids = last.checked_sub(from).map_or(0, |more| more + 1);
            if zxids > 0 && !is_covered {
                gaps.push(narrow);
                is_covered = zxids > axis.free.len() as u64;
            }
        }
        gaps
    }

    /// The free operation at each place among those that are in the gap already.
    fn insert(&self, plan: &Plan, gap: u32, number: u32, plans: &mut Vec<Plan>) {
        let from = plan.partition_point(|(other, _)| *other < gap);
        let to = plan.partition_point(|(other, _)| *other <= gap);
        for at in from..=to {
            let mut next = plan.clone();
            next.insert(at, (gap, number));
            if self.fits(&next[from..=to], gap) {
                plans.push(next);
            }
        }
    }

    /// Whether there are zxids for what a plan puts into a gap.
    fn fits(&self, planned: &[(u32, u32)], gap: u32) -> bool {
        let (first, last) = self.axis.gap(gap as usize);
        let mut next = first;
        for (_, free) in planned {
            let zxid = next.max(self.axis.free[*free as usize].floor + 1);
            if zxid > last {
                return false;
            }
            next = zxid + 1;
        }
        true
    }
}
