//! P-6 epochs unshared (Leader.getEpochToPropose): no two leaders write the same `currentEpoch`.
//!
//! What comes before I-1: two servers that lead one epoch, before a second one is established.

use crate::detail::{Detail, Promise};
use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::{Epoch, NodeId};

/// A leader has this `currentEpoch` on disk; `first` was the first leader that had.
pub(crate) fn at_current_epoch(node: NodeId, epoch: Epoch, first: NodeId, findings: &mut Findings) {
    if first != node {
        let shared = Promise::TwoCurrent { epoch, first, second: node };
        findings.report(Class::P6, || Detail::Promise(shared));
    }
}
