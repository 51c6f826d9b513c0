//! O2 observed values (ZOOKEEPER-4646): what a client has read does not go away.
//!
//! A read is answered at a position: it shows every transaction up to there. If one of those is
//! lost (see I-8) and was never acknowledged, which would be O1, the client has seen a state that
//! the ensemble no longer stems from.

use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::sequences::{Sequence, Sequences};
use crate::verdict::Class;
use zab_core::{NodeId, Outcome, Zxid};

/// A client is answered by this server.
pub(crate) fn at_return(
    ensemble: &mut Ensemble,
    node: Option<NodeId>,
    outcome: Outcome,
    findings: &mut Findings,
) {
    let Outcome::Value { position, .. } = outcome else {
        return;
    };
    let Some(shown) = shown(ensemble, node, position) else {
        return;
    };
    let sequences = &mut ensemble.sequences;
    if let Some(sequence) = sequences.see(shown) {
        report(sequences, sequence, findings);
    }
}

/// The sequence that a read at this position shows.
fn shown(ensemble: &Ensemble, node: Option<NodeId>, position: Zxid) -> Option<Sequence> {
    let server = node.map(|node| ensemble.server(node));
    let held = server.filter(|s| s.last_zxid == position).map(|s| s.memory);
    held.or_else(|| ensemble.reigns.sequence_at(position, &ensemble.sequences))
}

/// The committed sequence changed to one that lacks part of `before`.
pub(crate) fn at_loss(ensemble: &Ensemble, before: Sequence, findings: &mut Findings) {
    let Ensemble { sequences, committed, .. } = ensemble;
    let mut lost = sequences.missing(before, *committed);
    let seen = lost.find(|s| sequences.is_seen(*s) && !sequences.is_acknowledged(*s));
    if let Some(sequence) = seen {
        report(sequences, sequence, findings);
    }
}

fn report(sequences: &Sequences, sequence: Sequence, findings: &mut Findings) {
    findings.report(Class::O2, || match sequences.last_txn(sequence) {
        Some(txn) => format!("{txn} was read and is gone"),
        None => "a state that was read is gone".to_owned(),
    });
}
