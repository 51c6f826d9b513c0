//! Free operations that can stand for each other: they ask for the same, but for data that no answer
//! shows.
//!
//! If some of a kind take place, it is those with the lowest floors, in that order: in whatever order
//! others of the kind are right, the first of them may be the one with the lowest floor of all, and so
//! on. Nothing else has to be tried.

use super::{Axis, Plan};
use crate::model::register::Value;
use crate::model::znode::Op;
use rustc_hash::{FxHashMap, FxHashSet};

/// All kinds, and what is of each.
pub(super) struct Kinds {
    /// By free operation: its kind.
    of: Vec<u32>,
    /// By kind: free operations, the lowest floor first.
    members: Vec<Vec<u32>>,
}

impl Kinds {
    /// The kinds of what is free on an axis.
    pub(super) fn new(axis: &Axis<'_>) -> Self {
        let mut shown: FxHashSet<Value> = FxHashSet::default();
        let answered = axis.points.iter().flat_map(|point| point.calls().map(|call| axis.op(call)));
        for op in answered.chain(axis.free.iter().map(|free| &free.op)) {
            let answer = op.answer.as_ref();
            answer.into_iter().for_each(|answer| {
                answer.each_shown(&mut |data| {
                    shown.insert(data);
                });
            });
        }
        let mut kinds: FxHashMap<Op, u32> = FxHashMap::default();
        let (mut of, mut members) = (Vec::new(), Vec::<Vec<u32>>::new());
        for (number, free) in (0..).zip(&axis.free) {
            let op = free.op.without_data(|data| shown.contains(&data));
            let next = u32::try_from(members.len()).expect("fewer than 2^32 operations");
            let kind = *kinds.entry(op).or_insert(next);
            if kind == next {
                members.push(Vec::new());
            }
            of.push(kind);
            members[kind as usize].push(number);
        }
        for kind in &mut members {
            kind.sort_by_key(|number| axis.free[*number as usize].floor);
        }
        Self { of, members }
    }

    /// Of each kind the first operation that a plan does not have, if there is one.
    pub(super) fn unplanned<'a>(&'a self, plan: &'a Plan) -> impl Iterator<Item = u32> + 'a {
        let has = |number: u32| plan.iter().any(|(_, planned)| *planned == number);
        self.members
            .iter()
            .filter_map(move |kind| kind.iter().copied().find(|number| !has(*number)))
    }

    /// The one of a kind that takes place first, if any does.
    pub(super) fn first(&self, number: u32) -> u32 {
        self.members[self.of[number as usize] as usize][0]
    }

    /// Renames what a plan has of the kind of an operation: those with the lowest floors, in order.
    pub(super) fn put_in_order(&self, number: u32, plan: &mut Plan) {
        let kind = self.of[number as usize];
        let mut members = self.members[kind as usize].iter();
        for (_, planned) in plan.iter_mut().filter(|(_, other)| self.of[*other as usize] == kind) {
            *planned = *members.next().expect("a plan has each operation once at most");
        }
    }
}
