//! D5 restartability (ZOOKEEPER-2354): a server with a healthy disk starts again.
//!
//! Two ways to fail: the start-up checks of `QuorumPeer.loadDataBase` and, from 3.9.4 on, of
//! `ZKDatabase.addCommittedProposal` refuse a disk that ZooKeeper itself left behind; or, once every
//! fault is healed, one process after the other ends in the same way without having served. A process
//! may end once for another reason, such as a disk error or a COMMIT that does not match.

use crate::detail::{Detail, OnDisk};
use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::event::ExitReason;

/// After this many processes in a row, it is the disk that ends them.
const LIVES: u32 = 3;

/// A process ends by itself, as those before it did since healing.
pub(crate) fn at_exit(reason: ExitReason, lives: u32, findings: &mut Findings) {
    if reason.is_refusal() {
        findings.report(Class::D5, || Detail::Disk(OnDisk::RefusesToStart(reason)));
    } else if lives >= LIVES {
        let ends = OnDisk::EndsAtEachStart { reason, lives };
        findings.report(Class::D5, || Detail::Disk(ends));
    }
}
