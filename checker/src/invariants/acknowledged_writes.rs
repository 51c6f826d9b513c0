//! O1 acknowledged writes (ZOOKEEPER-4643): a write that a client was told is committed is not
//! lost.
//!
//! Lost is what was committed, and a later epoch was established without it (see I-8). It does not
//! matter whether the client hears of the commit before or after that. At rest every server of the
//! newest epoch has to hold every acknowledged write. A write that stands behind other
//! transactions than where it was committed is not lost; other rules are broken then.

use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::sequences::Sequence;
use crate::verdict::Class;
use zab_core::{NodeId, Outcome, Replica, RequestId, Txn};

/// A client is answered.
pub(crate) fn at_return(
    ensemble: &mut Ensemble,
    request: RequestId,
    outcome: Outcome,
    findings: &mut Findings,
) {
    let (Outcome::Written { zxid, .. } | Outcome::BadVersion { zxid }) = outcome else {
        return;
    };
    let Ensemble { sequences, reigns, .. } = ensemble;
    if let Some(sequence) = reigns.carries_out(request, zxid, sequences) {
        sequences.acknowledge(sequence);
        if sequences.is_lost(sequence) {
            report(sequences.last_txn(sequence), findings);
        }
    }
}

/// The committed sequence changed to one that lacks part of `before`.
pub(crate) fn at_loss(ensemble: &Ensemble, before: Sequence, findings: &mut Findings) {
    let Ensemble { sequences, committed, .. } = ensemble;
    let mut lost = sequences.missing(before, *committed);
    if let Some(sequence) = lost.find(|s| sequences.is_acknowledged(*s)) {
        report(sequences.last_txn(sequence), findings);
    }
}

/// A server is at rest. Nothing is in flight, so it has what is committed.
pub(crate) fn at_rest(
    ensemble: &mut Ensemble,
    node: NodeId,
    replica: &Replica,
    findings: &mut Findings,
) {
    let newest = ensemble.reigns.newest_established().map(|reign| reign.epoch);
    if newest.is_none() || ensemble.server(node).serving != newest {
        return;
    }
    let sequences = &mut ensemble.sequences;
    let memory = sequences.find_or_unknown(replica.digest, replica.last_processed);
    if let Some(txn) = sequences.acknowledged_beside(memory) {
        report(Some(txn), findings);
    }
}

fn report(txn: Option<&Txn>, findings: &mut Findings) {
    findings.report(Class::O1, || match txn {
        Some(txn) => format!("{txn} of {} was acknowledged and is gone", txn.request),
        None => "an acknowledged write is gone".to_owned(),
    });
}
