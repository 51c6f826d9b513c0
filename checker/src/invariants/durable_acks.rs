//! D1 durable acknowledgements (ZOOKEEPER-3911): what is acknowledged is durable, and what is
//! committed is durable at a majority.
//!
//! * `ACK(z)` promises that z, and with it every record before z in the log, survives a power loss
//!   of the sender.
//! * The first `ACK(⟨e, 0⟩)` of a synchronisation promises that for the whole initial history of
//!   epoch e. A second one, after UPTODATE, promises nothing: leaders ignore it.
//! * When a leader commits z, a majority holds z durably. A disk forgets nothing but by TRUNC, and
//!   whoever is told to truncate z by a later leader was in no quorum that acknowledged z: so in a
//!   correct execution the count is right at any time after the acknowledgements, even if the
//!   leader is deposed by then. An acknowledgement that outlives a TRUNC is what this finds.

use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::reigns::ReignId;
use crate::sequences::Sequence;
use crate::verdict::Class;
use zab_core::{NodeId, Zxid};

/// A follower acknowledges a proposal.
pub(crate) fn at_ack(ensemble: &Ensemble, node: NodeId, zxid: Zxid, findings: &mut Findings) {
    let sequence = ensemble.reigns.sequence_at(zxid, &ensemble.sequences);
    if !ensemble.server(node).disk.durable().holds(zxid, sequence, &ensemble.sequences) {
        findings.report(Class::D1, || format!("acknowledged {zxid} before it was durable"));
    }
}

/// A learner acknowledges NEWLEADER.
pub(crate) fn at_ack_new_leader(
    ensemble: &mut Ensemble,
    node: NodeId,
    id: ReignId,
    findings: &mut Findings,
) {
    let Ensemble { servers, sequences, reigns, .. } = ensemble;
    let durable = servers[node.index()].disk.durable().sequence(sequences);
    let reign = reigns.get(id);
    if !sequences.is_prefix(reign.initial_history, durable) {
        findings.report(Class::D1, || {
            let difference = sequences.difference(durable, reign.initial_history);
            let epoch = reign.epoch;
            format!("acknowledged NEWLEADER {epoch}, and of what it stands for {difference}")
        });
    }
}

/// A leader commits the last transaction of this sequence.
pub(crate) fn at_commit(
    ensemble: &Ensemble,
    zxid: Zxid,
    sequence: Sequence,
    findings: &mut Findings,
) {
    let Ensemble { servers, sequences, .. } = ensemble;
    let holds = |disk: &crate::disk::Disk| disk.durable().holds(zxid, Some(sequence), sequences);
    let holders = servers.iter().filter(|server| holds(&server.disk)).count();
    let majority = servers.len() / 2 + 1;
    if holders < majority {
        findings.report(Class::D1, || {
            format!("committed {zxid}, durable at {holders} of {} servers", servers.len())
        });
    }
}
