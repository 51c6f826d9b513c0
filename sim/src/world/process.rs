//! A process, in the direct driver: a node, and what is needed to run one.

use zab_core::{Config, Node, NodeId, Variant};

/// The process of a server; the last one if it is down.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Process {
    pub(super) node: Node,
    /// The newest generation of each timer.
    pub(super) generations: [u32; 2],
}

impl Process {
    pub(super) fn new(id: NodeId, config: Config, variant: Variant) -> Self {
        Self { node: Node::new(id, config, variant), generations: [0; 2] }
    }
}
