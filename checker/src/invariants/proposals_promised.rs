//! P-2 proposals promised (Leader.getEpochToPropose): a leader proposes an epoch with LEADERINFO
//! only once it has promised it to itself, on disk.
//!
//! Otherwise its next election may propose the same epoch again, to others.

use crate::detail::{Detail, Promise};
use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::{Epoch, NodeId};

/// LEADERINFO is sent.
pub(crate) fn at_leader_info(
    ensemble: &Ensemble,
    node: NodeId,
    epoch: Epoch,
    findings: &mut Findings,
) {
    let durable = ensemble.server(node).disk.durable().accepted_epoch;
    if durable < epoch {
        let unpromised = Promise::ProposesUnpromised { epoch, durable };
        findings.report(Class::P2, || Detail::Promise(unpromised));
    }
}
