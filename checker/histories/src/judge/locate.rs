//! From a conflict between values to the operations that show it.

use crate::linearizability::Call;
use crate::linearizability::zones::Conflict;
use crate::model::register::{Op, Value};
use rustc_hash::{FxHashMap, FxHashSet};

/// The operations on one register, found by value.
#[derive(Debug)]
pub(super) struct Located<'a> {
    calls: &'a [Call<Op>],
    writers: FxHashMap<Value, usize>,
    /// Compare-and-sets by what they found.
    found_by: FxHashMap<Value, Vec<usize>>,
}

/// The operations at the ends of a block's zone; none if it is that of the initial value.
#[derive(Copy, Clone, Debug)]
pub(super) struct Ends {
    /// The first to return.
    pub(super) first: Option<usize>,
    /// The last to be invoked.
    pub(super) last: Option<usize>,
}

impl<'a> Located<'a> {
    pub(super) fn new(calls: &'a [Call<Op>]) -> Self {
        let (mut writers, mut found_by) = (FxHashMap::default(), FxHashMap::default());
        for (at, call) in calls.iter().enumerate() {
            match call.op {
                Op::Write(value) => {
                    writers.insert(value, at);
                }
                Op::Cas { from, to, done: None | Some(true) } => {
                    writers.insert(to, at);
                    found_by.entry(from).or_insert_with(Vec::new).push(at);
                }
                Op::Read(_) | Op::Cas { .. } | Op::Delete => {}
            }
        }
        Self { calls, writers, found_by }
    }

    /// The operation that writes the value.
    pub(super) fn writer(&self, value: Value) -> Option<usize> {
        self.writers.get(&value).copied()
    }

    /// Operations that show the conflict by themselves: those at the ends of every zone that has
    /// to do with it.
    pub(super) fn operations(&self, conflict: Conflict) -> Vec<usize> {
        let values = self.values(conflict);
        let mut ends: FxHashMap<Value, Ends> = FxHashMap::default();
        let mut operations: Vec<usize> =
            values.iter().filter_map(|value| self.writer(*value)).collect();
        for (at, call) in self.calls.iter().enumerate().filter(|(_, call)| !call.is_crashed()) {
            if let Some(value) = of_value(&call.op)
                && values.contains(&value)
            {
                self.widen(ends.entry(value).or_insert(Ends { first: None, last: None }), at);
            }
        }
        operations.extend(ends.values().flat_map(|ends| [ends.first, ends.last]).flatten());
        if let Conflict::Crossed(one, other) = conflict {
            let crossing = self.crossing(one, other);
            operations.extend(crossing.into_iter().flatten());
        }
        operations.sort_unstable();
        operations.dedup();
        operations
    }

    /// The ends of the zone of the block that the value belongs to.
    pub(super) fn ends(&self, value: Value) -> Ends {
        let block = self.block(value);
        let mut ends = Ends { first: None, last: None };
        let has_initial = block.iter().any(|value| self.writer(*value).is_none());
        for (at, call) in self.calls.iter().enumerate() {
            let is_needed = !call.is_crashed() || call.op.written().is_some();
            if is_needed && of_value(&call.op).is_some_and(|value| block.contains(&value)) {
                self.widen(&mut ends, at);
            }
        }
        if has_initial {
            ends.first = None;
        }
        ends
    }

    /// Of each of two blocks, the operation that shows first that it was there after the other one:
    /// the first to return of those that were invoked after something of the other had returned.
    pub(super) fn crossing(&self, one: Value, other: Value) -> [Option<usize>; 2] {
        let after = |value: Value, other: Value| {
            let first = self.ends(other).first;
            self.first_after(value, first.map_or(0, |first| self.calls[first].returned))
        };
        [after(one, other), after(other, one)]
    }

    /// The ends of the zone of the value alone.
    pub(super) fn ends_of(&self, value: Value) -> Ends {
        let mut ends = Ends { first: None, last: None };
        for (at, call) in self.calls.iter().enumerate() {
            if of_value(&call.op) == Some(value) {
                self.widen(&mut ends, at);
            }
        }
        ends
    }

    /// Of the operations of the value's block that were invoked after a time, the first to return.
    pub(super) fn first_after(&self, value: Value, time: u64) -> Option<usize> {
        let block = self.block(value);
        self.first_of(&block, time)
    }

    /// The same for the operations of the value alone.
    pub(super) fn first_of_value_after(&self, value: Value, time: u64) -> Option<usize> {
        self.first_of(&FxHashSet::from_iter([value]), time)
    }

    fn first_of(&self, values: &FxHashSet<Value>, time: u64) -> Option<usize> {
        let is_later = |at: &usize| {
            let call = &self.calls[*at];
            call.invoked > time && of_value(&call.op).is_some_and(|value| values.contains(&value))
        };
        let later = (0..self.calls.len()).filter(is_later);
        later.min_by_key(|at| (self.calls[*at].returned, self.calls[*at].invoked))
    }

    fn widen(&self, ends: &mut Ends, at: usize) {
        let call = &self.calls[at];
        if ends.first.is_none_or(|first| call.returned < self.calls[first].returned) {
            ends.first = Some(at);
        }
        if ends.last.is_none_or(|last| call.invoked > self.calls[last].invoked) {
            ends.last = Some(at);
        }
    }

    /// Every value of the blocks that the conflict is about. What shows that an unanswered
    /// compare-and-set took place may be far down its block.
    fn values(&self, conflict: Conflict) -> FxHashSet<Value> {
        conflict.values().flat_map(|value| self.block(value)).collect()
    }

    /// The value, and those that compare-and-sets made it from.
    fn origins(&self, value: Value) -> FxHashSet<Value> {
        let mut values = FxHashSet::default();
        let mut next = Some(value);
        while let Some(value) = next.filter(|value| values.insert(*value)) {
            next = self.writer(value).and_then(|writer| match self.calls[writer].op {
                Op::Cas { from, .. } => Some(from),
                _ => None,
            });
        }
        values
    }

    /// The value, those it was made from, and those made from them.
    fn block(&self, value: Value) -> FxHashSet<Value> {
        let mut values = self.origins(value);
        let mut open: Vec<Value> = values.iter().copied().collect();
        while let Some(value) = open.pop() {
            for next in self.found_by.get(&value).into_iter().flatten() {
                if let Some(to) = self.calls[*next].op.written()
                    && values.insert(to)
                {
                    open.push(to);
                }
            }
        }
        values
    }
}

/// The value in whose cluster the operation is.
pub(super) fn of_value(op: &Op) -> Option<Value> {
    match *op {
        Op::Read(value) => value,
        _ => op.written(),
    }
}
