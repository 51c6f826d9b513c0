//! D2 vote durability (ZOOKEEPER-4882): a server votes for the last zxid that it would recover
//! from its disk if its process were restarted at this moment.
//!
//! What is asked for and not flushed counts: a vote promises nothing that a power loss could
//! break, the acknowledgements do. ⟨e, 0⟩, the last zxid of a leader that was established and of
//! whoever took its state, stands for the initial history of e: it is right if the disk holds
//! exactly that.

use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::NodeId;
use zab_core::message::Vote;

pub(crate) fn at_vote(ensemble: &mut Ensemble, node: NodeId, vote: Vote, findings: &mut Findings) {
    let Ensemble { servers, sequences, reigns, .. } = ensemble;
    let files = servers[node.index()].disk.asked();
    let recoverable = files.last_zxid();
    if vote.zxid == recoverable {
        return;
    }
    let held = files.sequence(sequences);
    let is_same = if vote.zxid.is_epoch_mark() {
        reigns.sequence_at(vote.zxid, sequences) == Some(held)
    } else {
        recoverable.is_epoch_mark() && sequences.last(held) == vote.zxid
    };
    if !is_same {
        findings.report(Class::D2, || {
            format!("votes with {}, and its disk ends at {recoverable}", vote.zxid)
        });
    }
}
