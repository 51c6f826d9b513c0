//! Which operations a conflict is about: to explain it, no others have to be looked at.

use super::Conflict;
use super::clusters::{Clusters, NOT};
use crate::linearizability::Call;
use crate::model::register::{Op, Value};
use rustc_hash::{FxHashMap, FxHashSet};

/// What is to be known about a conflict.
#[derive(Clone, Debug)]
pub(crate) struct Focus {
    /// The values of all blocks that have to do with it.
    values: FxHashSet<Value>,
    /// The first return of an operation of these blocks.
    from: u64,
    /// The last invocation.
    until: u64,
}

impl Focus {
    fn new() -> Self {
        Self { values: FxHashSet::default(), from: u64::MAX, until: 0 }
    }

    /// Whether the operation belongs to a block of the conflict.
    pub(crate) fn concerns(&self, op: &Op) -> bool {
        let has = |value: Option<Value>| value.is_some_and(|value| self.values.contains(&value));
        match *op {
            Op::Read(value) => has(value),
            Op::Cas { from, to, .. } => has(Some(from)) || has(Some(to)),
            Op::Write(_) | Op::Delete => has(op.written()),
        }
    }

    /// Whether it is an update that took place in the meantime.
    pub(crate) fn is_passed_by(&self, call: &Call<Op>) -> bool {
        call.op.written().is_some() && call.invoked >= self.from && call.returned <= self.until
    }
}

impl Conflict {
    /// The values that it names.
    pub(crate) fn values(self) -> impl Iterator<Item = Value> {
        let values = match self {
            Self::NeverWritten(value) | Self::FromTheFuture(value) | Self::Cycle(value) => {
                [Some(value), None, None]
            }
            Self::FoundTwice { from, one, other } => [Some(from), Some(one), Some(other)],
            Self::Chain { earlier: one, later: other } | Self::Crossed(one, other) => {
                [Some(one), Some(other), None]
            }
        };
        values.into_iter().flatten()
    }
}

impl Clusters {
    /// What each conflict is about.
    pub(super) fn focuses(&self, conflicts: &FxHashMap<u32, Conflict>) -> FxHashMap<u32, Focus> {
        if conflicts.is_empty() {
            return FxHashMap::default();
        }
        let named = conflicts.iter().flat_map(|(key, c)| c.values().map(|value| (*key, value)));
        let named: FxHashSet<(u32, Value)> = named.collect();
        let mut open: Vec<u32> = (0..self.len())
            .filter(|at| named.contains(&(self.key(*at), self.value(*at))))
            .collect();
        let mut made_from: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for cluster in 0..self.len() {
            let from = self.from(cluster);
            if from != NOT && conflicts.contains_key(&self.key(cluster)) {
                made_from.entry(from).or_default().push(cluster);
            }
        }
        let mut focuses: FxHashMap<u32, Focus> = FxHashMap::default();
        let mut seen: FxHashSet<u32> = open.iter().copied().collect();
        while let Some(cluster) = open.pop() {
            let focus = focuses.entry(self.key(cluster)).or_insert_with(Focus::new);
            focus.values.insert(self.value(cluster));
            let [from, until] = self.zone(cluster);
            focus.from = focus.from.min(from);
            focus.until = focus.until.max(until);
            let from = Some(self.from(cluster)).filter(|from| *from != NOT);
            let next = made_from.get(&cluster).into_iter().flatten().copied().chain(from);
            open.extend(next.filter(|next| seen.insert(*next)));
        }
        focuses
    }
}
