//! D5 restartability (ZOOKEEPER-2354): a server with a healthy disk starts again.
//!
//! The start-up checks of `QuorumPeer.loadDataBase` refuse a disk that ZooKeeper itself left behind.
//! A process that ends for another reason, such as a disk error or a COMMIT that does not match,
//! may do so.

use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::event::ExitReason;

pub(crate) fn at_exit(reason: ExitReason, findings: &mut Findings) {
    let refused = match reason {
        ExitReason::EpochBehindLog => "the last logged epoch is above currentEpoch",
        ExitReason::AcceptedBelowCurrent => "acceptedEpoch is below currentEpoch",
        ExitReason::UnmatchedCommit | ExitReason::TruncFailed | ExitReason::DiskError => return,
    };
    findings.report(Class::D5, || format!("refuses to start: {refused}"));
}
