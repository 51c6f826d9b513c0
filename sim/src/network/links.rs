//! Which ways between servers are cut or clogged, and until when.

use zab_core::{Micros, NodeId};

/// The largest ensemble.
pub(crate) const SERVERS_MAX: usize = 7;

type Matrix = [[Micros; SERVERS_MAX]; SERVERS_MAX];

/// The state of every one-way link.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Links {
    cut_until: Matrix,
    clogged_until: Matrix,
}

impl Links {
    /// Cuts a link; an earlier, longer cut stays in force.
    pub(crate) fn cut(&mut self, from: NodeId, to: NodeId, until: Micros) {
        let entry = &mut self.cut_until[from.index()][to.index()];
        *entry = until.max(*entry);
    }

    /// Clogs a link; an earlier, longer clog stays in force.
    pub(crate) fn clog(&mut self, from: NodeId, to: NodeId, until: Micros) {
        let entry = &mut self.clogged_until[from.index()][to.index()];
        *entry = until.max(*entry);
    }

    pub(crate) fn is_cut(&self, now: Micros, from: NodeId, to: NodeId) -> bool {
        now < self.cut_until[from.index()][to.index()]
    }

    pub(crate) fn is_cut_either_way(&self, now: Micros, a: NodeId, b: NodeId) -> bool {
        self.is_cut(now, a, b) || self.is_cut(now, b, a)
    }

    pub(crate) fn is_clogged(&self, now: Micros, from: NodeId, to: NodeId) -> bool {
        now < self.clogged_until[from.index()][to.index()]
    }

    /// Ends everything in force.
    pub(crate) fn heal(&mut self) {
        *self = Self::default();
    }
}
