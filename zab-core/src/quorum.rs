//! Sets of servers and what counts as a majority of them, nothing else (`QuorumMaj`).

use crate::config::Config;
use crate::ids::NodeId;

/// A set of servers.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct NodeSet(u8);

impl NodeSet {
    /// The set with this one server.
    pub(crate) fn of(node: NodeId) -> Self {
        let mut set = Self::default();
        set.insert(node);
        set
    }

    /// Adds a server.
    pub(crate) fn insert(&mut self, node: NodeId) {
        self.0 |= 1 << node.0;
    }

    /// Takes a server out.
    pub(crate) fn remove(&mut self, node: NodeId) {
        self.0 &= !(1 << node.0);
    }

    /// Whether the server is in.
    pub(crate) const fn contains(self, node: NodeId) -> bool {
        self.0 & (1 << node.0) != 0
    }

    /// Whether these are a majority of the ensemble.
    pub(crate) const fn is_quorum(self, config: &Config) -> bool {
        self.0.count_ones() as usize >= config.majority()
    }
}
