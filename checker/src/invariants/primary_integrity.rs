//! I-7 primary integrity (TLA PrimaryIntegrity): before a primary broadcasts, it has delivered
//! everything of earlier epochs that any server ever delivers.
//!
//! *Delivered* is meant as in `ensemble.rs`: by servers that serve. A learner that synchronizes
//! with a leader that is never established may apply transactions that no later primary has.

use crate::detail::{Detail, Protocol};
use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::reigns::Reign;
use crate::sequences::Sequence;
use crate::verdict::Class;
use zab_core::{NodeId, Txn, Zxid};

/// A primary broadcasts for the first time: what was delivered of earlier epochs is in its initial
/// history.
pub(crate) fn at_proposal(ensemble: &Ensemble, node: NodeId, txn: &Txn, findings: &mut Findings) {
    if let Some(reign) = ensemble.led_by(node) {
        let delivered = ensemble.sequences.before_epoch_of(ensemble.visible, txn.zxid);
        compare(ensemble, reign, delivered, findings);
    }
}

/// A serving server delivers: what is of an earlier epoch than the last primary's is in that
/// primary's initial history.
pub(crate) fn at_delivery(ensemble: &Ensemble, node: NodeId, txn: &Txn, findings: &mut Findings) {
    let newest = ensemble.reigns.newest_proposing();
    if let Some(reign) = newest.filter(|reign| txn.zxid.epoch < reign.epoch) {
        compare(ensemble, reign, ensemble.server(node).memory, findings);
    }
}

/// A server starts to serve: all of its memory counts as delivered now.
pub(crate) fn at_serving(ensemble: &Ensemble, node: NodeId, findings: &mut Findings) {
    if let Some(reign) = ensemble.reigns.newest_proposing() {
        let memory = ensemble.server(node).memory;
        let of_epoch = Zxid::of_epoch(reign.epoch);
        let delivered = ensemble.sequences.before_epoch_of(memory, of_epoch);
        compare(ensemble, reign, delivered, findings);
    }
}

fn compare(ensemble: &Ensemble, reign: &Reign, delivered: Sequence, findings: &mut Findings) {
    let sequences = &ensemble.sequences;
    if !sequences.is_prefix(delivered, reign.initial_history) {
        findings.report(Class::I7, || {
            let gap = ensemble.gap(reign.initial_history, delivered);
            let Reign { leader, epoch, .. } = *reign;
            Detail::Protocol(Protocol::BroadcastWithout { leader, epoch, gap })
        });
    }
}
