//! Which ways between servers are cut or clogged, and until when.

use zab_core::{NodeId, Time};

/// The largest ensemble.
pub(crate) const SERVERS_MAX: usize = 7;

type Matrix = [[Time; SERVERS_MAX]; SERVERS_MAX];

/// The state of every one-way link.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Links {
    cut_until: Matrix,
    clogged_until: Matrix,
    /// As clogged, for connections that were open then.
    held_until: Matrix,
    held_since: Matrix,
}

impl Links {
    /// Cuts a link; an earlier, longer cut stays in force.
    pub(crate) fn cut(&mut self, from: NodeId, to: NodeId, until: Time) {
        let entry = &mut self.cut_until[from.index()][to.index()];
        *entry = until.max(*entry);
    }

    /// Clogs a link; an earlier, longer clog stays in force.
    pub(crate) fn clog(&mut self, from: NodeId, to: NodeId, until: Time) {
        let entry = &mut self.clogged_until[from.index()][to.index()];
        *entry = until.max(*entry);
    }

    /// Clogs the connections of a link that are open now; an earlier, longer time stays in force.
    pub(crate) fn hold_open(&mut self, from: NodeId, to: NodeId, now: Time, until: Time) {
        let (from, to) = (from.index(), to.index());
        self.held_since[from][to] = now;
        let entry = &mut self.held_until[from][to];
        *entry = until.max(*entry);
    }

    /// Whether what travels on a connection that was opened then has to wait.
    pub(crate) fn holds(&self, now: Time, from: NodeId, to: NodeId, opened: Time) -> bool {
        let is_held = || {
            let (from, to) = (from.index(), to.index());
            now < self.held_until[from][to] && opened <= self.held_since[from][to]
        };
        self.is_clogged(now, from, to) || is_held()
    }

    pub(crate) fn is_cut(&self, now: Time, from: NodeId, to: NodeId) -> bool {
        now < self.cut_until[from.index()][to.index()]
    }

    pub(crate) fn is_cut_either_way(&self, now: Time, a: NodeId, b: NodeId) -> bool {
        self.is_cut(now, a, b) || self.is_cut(now, b, a)
    }

    pub(crate) fn is_clogged(&self, now: Time, from: NodeId, to: NodeId) -> bool {
        now < self.clogged_until[from.index()][to.index()]
    }

    /// Ends everything in force.
    pub(crate) fn heal(&mut self) {
        *self = Self::default();
    }
}
