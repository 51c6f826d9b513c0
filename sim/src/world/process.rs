//! A process, in the direct driver: a node, and what is needed to run one.

use zab_core::Node;

/// The process of a server; the last one if it is down.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Process {
    pub(super) node: Node,
    /// The newest generation of each timer.
    pub(super) generations: [u32; 2],
}

impl Process {
    pub(super) const fn new(node: Node) -> Self {
        Self { node, generations: [0; 2] }
    }
}
