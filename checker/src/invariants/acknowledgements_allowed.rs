//! P-3 acknowledgements allowed (Learner.syncWithLeader): a server acknowledges nothing to the
//! leader of an epoch after it has promised a later one; and it acknowledges NEWLEADER of an epoch
//! only with that `currentEpoch` on disk.

use crate::detail::{Detail, Promise};
use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::{Epoch, NodeId, Zxid};

/// A proposal is acknowledged to this leader.
pub(crate) fn at_ack(
    ensemble: &Ensemble,
    node: NodeId,
    leader: NodeId,
    zxid: Zxid,
    findings: &mut Findings,
) {
    if let Some(epoch) = ensemble.server(leader).learners[node.index()].offered {
        below(ensemble, node, zxid, epoch, findings);
    }
}

/// NEWLEADER is acknowledged.
pub(crate) fn at_ack_new_leader(
    ensemble: &Ensemble,
    node: NodeId,
    epoch: Epoch,
    findings: &mut Findings,
) {
    below(ensemble, node, Zxid::of_epoch(epoch), epoch, findings);
    let durable = ensemble.server(node).disk.durable().current_epoch;
    if durable != epoch {
        let without = Promise::AcknowledgesWithoutEpoch { epoch, durable };
        findings.report(Class::P3, || Detail::Promise(without));
    }
}

fn below(ensemble: &Ensemble, node: NodeId, zxid: Zxid, epoch: Epoch, findings: &mut Findings) {
    let promised = ensemble.server(node).promised;
    if promised > epoch {
        let below = Promise::AcknowledgesBelow { zxid, epoch, promised };
        findings.report(Class::P3, || Detail::Promise(below));
    }
}
