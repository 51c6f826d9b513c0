//! D2 vote durability (ZOOKEEPER-4882): a server votes for the last zxid that it would recover
//! from its disk if its process were restarted at this moment.
//!
//! What is asked for and not flushed counts: a vote promises nothing that a power loss could
//! break, the acknowledgements do. ⟨e, 0⟩, the last zxid of a leader that was established and of
//! whoever took its state, stands for the initial history of e: it is right if the disk holds
//! exactly that.

use crate::detail::{Detail, OnDisk};
use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::sequences::Sequence;
use crate::verdict::Class;
use zab_core::Zxid;

/// A server votes with this zxid; its disk ends at `disk` and leads to `held`.
pub(crate) fn at_vote(
    ensemble: &Ensemble,
    vote: Zxid,
    disk: Zxid,
    held: Sequence,
    findings: &mut Findings,
) {
    let Ensemble { sequences, reigns, .. } = ensemble;
    let is_same = if vote.is_epoch_mark() {
        reigns.sequence_at(vote, sequences) == Some(held)
    } else {
        disk.is_epoch_mark() && sequences.last(held) == vote
    };
    if vote != disk && !is_same {
        findings.report(Class::D2, || Detail::Disk(OnDisk::VoteBeside { vote, disk }));
    }
}
