//! D4 disk consistency (ZOOKEEPER-2845): at rest, memory is what the snapshot and the log lead to.
//!
//! Of servers that serve. The log may be longer by proposals of the epoch that are not committed:
//! at rest that happens where a leader has lost its quorum and not noticed yet.

use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::sequences::{Sequence, Sequences};
use crate::verdict::Class;
use zab_core::{Epoch, NodeId, Replica};

pub(crate) fn at_rest(
    ensemble: &mut Ensemble,
    node: NodeId,
    replica: &Replica,
    findings: &mut Findings,
) {
    let Ensemble { servers, sequences, committed, .. } = ensemble;
    let server = &servers[node.index()];
    let Some(epoch) = server.serving else { return };
    let disk = server.disk.asked().sequence(sequences);
    if sequences.digest(disk) == replica.digest {
        return;
    }
    let memory = sequences.find_or_unknown(replica.digest, replica.last_processed);
    let is_outstanding = is_behind_outstanding(sequences, epoch, (memory, disk), *committed);
    if !is_outstanding {
        findings.report(Class::D4, || {
            let (memory, disk) = (replica.last_processed, sequences.last(disk));
            format!("memory ends at {memory}, the disk at {disk}, and they are not the same")
        });
    }
}

/// Whether the disk holds memory and, behind it, uncommitted proposals of this epoch only.
fn is_behind_outstanding(
    sequences: &Sequences,
    epoch: Epoch,
    (memory, disk): (Sequence, Sequence),
    committed: Sequence,
) -> bool {
    sequences.is_prefix(memory, disk)
        && sequences
            .beyond(disk, memory)
            .all(|s| sequences.last(s).epoch == epoch && !sequences.is_prefix(s, committed))
}
