//! The search for a plan under which all answers are right.

use super::kinds::Kinds;
use super::{Axis, Plan, Stop};
use crate::linearizability::{Budget, Exhausted, Meter};
use crate::model::znode::{Tree, Znodes, is_related};
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
        kinds: Kinds::new(axis),
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
    kinds: Kinds,
    meter: Meter<'a>,
    /// States of the empty plan before points with a gap, to begin at.
    starts: States,
    /// The points that matter to each free operation.
    related: FxHashMap<u32, Vec<usize>>,
    seen: FxHashSet<Plan>,
    /// Those that get furthest first.
    open: BinaryHeap<(Stop, Reverse<usize>, Reverse<Plan>)>,
}

/// States before points with a gap, in order.
type States = Vec<(usize, Arc<Tree>)>;

/// A plan with one free operation more than another one, which may get further.
struct Next {
    plan: Plan,
    /// The gap with what it has more, and the state before that.
    from: usize,
    state: Arc<Tree>,
}

impl Search<'_, '_> {
    fn run(&mut self) -> Result<Found, Exhausted> {
        let Some(stop) = self.begin()? else { return Ok(Found::Right) };
        let mut best = (stop, Plan::new());
        self.open.push((stop, Reverse(0), Reverse(Plan::new())));
        while let Some((stop, _, Reverse(plan))) = self.open.pop() {
            for Next { plan, from, state } in self.next(stop, &plan)? {
                self.meter.hold(plan.len() * 16 + 96)?;
                let Some(stop) = self.follow(&plan, from, state)? else { return Ok(Found::Right) };
                if stop.at > best.0.at {
                    best = (stop, plan.clone());
                }
                self.open.push((stop, Reverse(plan.len()), Reverse(plan)));
            }
        }
        Ok(Found::Wrong(best.0, best.1))
    }

    /// Follows the empty plan, and keeps states to begin at.
    fn begin(&mut self) -> Result<Option<Stop>, Exhausted> {
        let mut tree = self.axis.initial.clone();
        let (stop, starts) = self.states(0, &mut tree, &[]);
        self.starts = starts;
        self.meter.spend(self.axis.points.len() as u64)?;
        Ok(stop)
    }

    /// Follows a plan from a point on, and keeps states before gaps.
    fn states(
        &self,
        from: usize,
        tree: &mut Arc<Tree>,
        plan: &[(u32, u32)],
    ) -> (Option<Stop>, States) {
        let axis = self.axis;
        let lowest = axis.free.iter().map(|free| free.floor).min();
        let mut states = States::new();
        let stop = axis.follow(tree, from, plan, |at, tree| {
            let (first, last) = axis.gap(at);
            if first <= last && lowest.is_some_and(|floor| floor < last) {
                states.push((at, tree.clone()));
            }
        });
        (stop, states)
    }

    /// Where a plan stops, if it does, followed from a state before one of its gaps.
    fn follow(
        &mut self,
        plan: &Plan,
        from: usize,
        mut tree: Arc<Tree>,
    ) -> Result<Option<Stop>, Exhausted> {
        let first = plan.partition_point(|(gap, _)| (*gap as usize) < from);
        let stop = self.axis.follow(&mut tree, from, &plan[first..], |_, _| {});
        let until = stop.map_or(self.axis.points.len(), |stop| stop.at.0);
        self.meter.spend((until - from) as u64 + 1)?;
        Ok(stop)
    }

    /// Plans with one free operation more, which may get further and were not tried.
    fn next(&mut self, stop: Stop, plan: &Plan) -> Result<Vec<Next>, Exhausted> {
        let axis = self.axis;
        let causes = axis.causes(stop.call, plan);
        let mut states = self.starts.clone();
        if let Some((gap, _)) = plan.first() {
            states.truncate(states.partition_point(|(at, _)| at < &(*gap as usize)));
            let at = self.starts.partition_point(|(at, _)| *at < *gap as usize);
            let mut tree = self.starts[at].1.clone();
            states.extend(self.states(*gap as usize, &mut tree, plan).1);
            self.meter.spend((stop.at.0 - *gap as usize) as u64 + 1)?;
        }
        let unplanned: Vec<u32> = self.kinds.unplanned(plan).collect();
        let is_cause = |number: &u32| is_related(&axis.free[*number as usize].changes, &causes);
        let (related, others): (Vec<u32>, Vec<u32>) = unplanned.into_iter().partition(is_cause);
        let mut plans = Vec::new();
        for number in related {
            self.meter.spend(1)?;
            // What is without effect now may have one after something else that is to come. Unless all that
            // gives it one is tried as well: then whatever comes first has an effect at once.
            let free = &axis.free[number as usize];
            let enables =
                |other: &u32| is_related(&axis.free[*other as usize].changes, &free.depends);
            let has_effect = !others.iter().any(enables);
            for gap in self.gaps(number, stop.at.0, plan) {
                let state = states.binary_search_by_key(&(gap as usize), |(at, _)| *at);
                let state = &states[state.expect("every gap has a state")].1;
                self.insert(plan, (gap, number), (state, has_effect), &mut plans);
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
        // Another one of its kind may take place there, and this one later.
        let number = self.kinds.first(number);
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

    /// The free operation at each place among those that are in the gap already; where it has to have an
    /// effect, at each place at which it has one.
    fn insert(
        &mut self,
        plan: &Plan,
        (gap, number): (u32, u32),
        (state, has_effect): (&Arc<Tree>, bool),
        plans: &mut Vec<Next>,
    ) {
        let axis = self.axis;
        let free = &axis.free[number as usize];
        let from = plan.partition_point(|(other, _)| *other < gap);
        let to = plan.partition_point(|(other, _)| *other <= gap);
        let mut tree = state.clone();
        for at in from..=to {
            if at > from {
                Znodes::advance(&mut tree, &axis.free[plan[at - 1].1 as usize].op);
            }
            if has_effect && free.op.answer.is_none() {
                let mut after = tree.clone();
                Znodes::advance(&mut after, &free.op);
                if after == tree {
                    continue;
                }
            }
            let mut next = plan.clone();
            next.insert(at, (gap, number));
            self.kinds.put_in_order(number, &mut next);
            if self.fits(&next[from..]) && self.seen.insert(next.clone()) {
                plans.push(Next { plan: next, from: gap as usize, state: state.clone() });
            }
        }
    }

    /// Whether there are zxids for what a plan puts into gaps.
    fn fits(&self, planned: &[(u32, u32)]) -> bool {
        planned.chunk_by(|one, other| one.0 == other.0).all(|planned| {
            let (first, last) = self.axis.gap(planned[0].0 as usize);
            let mut next = first;
            planned.iter().all(|(_, free)| {
                let zxid = next.max(self.axis.free[*free as usize].floor + 1);
                next = zxid + 1;
                zxid <= last
            })
        })
    }
}
