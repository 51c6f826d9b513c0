//! D4 disk consistency (ZOOKEEPER-2845): at rest, memory is what the snapshot and the log lead to.
//!
//! Of servers that serve. The log may be longer by proposals of the epoch that are not committed:
//! at rest that happens where a leader has lost its quorum and not noticed yet.

use crate::detail::{Detail, OnDisk};
use crate::ensemble::{Ensemble, Rest};
use crate::findings::Findings;
use crate::sequences::{Sequence, Sequences};
use crate::verdict::Class;
use zab_core::{Epoch, NodeId};

/// A server is at rest; this is what its disk leads to.
pub(crate) fn at_rest(ensemble: &Ensemble, node: NodeId, disk: Sequence, findings: &mut Findings) {
    let Ensemble { sequences, committed, .. } = ensemble;
    let Some(epoch) = ensemble.server(node).serving else { return };
    let Some(Rest { replica, memory, .. }) = ensemble.at_rest_of(node) else { return };
    if sequences.digest(disk) == replica.digest {
        return;
    }
    let is_outstanding = is_followed_by_outstanding(sequences, epoch, (*memory, disk), *committed);
    if !is_outstanding {
        findings.report(Class::D4, || {
            let (memory, disk) = (replica.last_processed, sequences.last(disk));
            Detail::Disk(OnDisk::MemoryBesideDisk { memory, disk })
        });
    }
}

/// Whether the disk holds memory and, after it, uncommitted proposals of this epoch only.
fn is_followed_by_outstanding(
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
