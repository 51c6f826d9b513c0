//! D1 durable acknowledgements (ZOOKEEPER-3911): what is acknowledged is durable, and what is
//! committed is durable at a majority.
//!
//! * `ACK(z)` promises that the sender would load z after a power loss: a record that its file has
//!   after one that is not there, or that a later snapshot hides, is on the disk and is not loaded.
//!   What the log lacks in other files is D3's.
//! * The first `ACK(⟨e, 0⟩)` of a synchronization promises that for the whole initial history of
//!   epoch e. A second one, after UPTODATE, promises nothing: leaders ignore it.
//! * When a leader commits z, a majority holds z durably. A disk forgets nothing but by TRUNC, and
//!   whoever is told to truncate z by a later leader was in no quorum that acknowledged z: so in a
//!   correct execution the count is right at any time after the acknowledgements, even if the
//!   leader is deposed by then. An acknowledgement that outlives a TRUNC is what this finds.
//!   What was durable on a disk that was created again since counts: its leader cannot know.

use crate::detail::{Detail, OnDisk};
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
        findings.report(Class::D1, || Detail::Disk(OnDisk::AcknowledgedEarly(zxid)));
    }
}

/// A learner acknowledges NEWLEADER for the first time; this is what its disk holds durably.
pub(crate) fn at_ack_new_leader(
    ensemble: &Ensemble,
    id: ReignId,
    durable: Sequence,
    findings: &mut Findings,
) {
    let reign = ensemble.reigns.get(id);
    if !ensemble.sequences.is_prefix(reign.initial_history, durable) {
        findings.report(Class::D1, || {
            let gap = ensemble.gap(durable, reign.initial_history);
            Detail::Disk(OnDisk::NewLeaderEarly { epoch: reign.epoch, gap })
        });
    }
}

/// A leader commits the last transaction of this sequence.
pub(crate) fn at_commit(ensemble: &Ensemble, sequence: Sequence, findings: &mut Findings) {
    let Ensemble { servers, sequences, .. } = ensemble;
    let zxid = sequences.last(sequence);
    let holds = |disk: &crate::disk::Disk| {
        disk.ever_durable().any(|files| files.holds(zxid, Some(sequence), sequences))
    };
    let holders = servers.iter().filter(|server| holds(&server.disk)).count();
    if holders < ensemble.majority() {
        let thin = OnDisk::CommittedThin { zxid, holders, servers: servers.len() };
        findings.report(Class::D1, || Detail::Disk(thin));
    }
}
