//! What operations on a file come to, said once more and as plainly as can be.

use std::collections::BTreeSet;
use zab_core::{DiskOp, Epoch, Replica, Txn, Zxid};

/// What a file of each kind holds; an enum would say the same four times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    pub(super) log: Vec<Vec<Txn>>,
    is_rolled: bool,
    snapshots: Vec<Replica>,
    pub(super) epoch: Epoch,
}

impl Contents {
    /// What an operation does.
    pub(super) fn apply(&mut self, op: &DiskOp) {
        match op {
            DiskOp::Append(txn) => {
                if std::mem::take(&mut self.is_rolled) || self.log.is_empty() {
                    self.log.push(Vec::new());
                }
                self.log.last_mut().expect("there is one").push(*txn);
            }
            DiskOp::RollLog => self.is_rolled = true,
            DiskOp::Truncate(zxid) => {
                self.log.iter_mut().for_each(|file| file.retain(|txn| txn.zxid <= *zxid));
                self.log.retain(|file| !file.is_empty());
            }
            DiskOp::Flush | DiskOp::FlushFile | DiskOp::FlushRecovered(_) => {}
            DiskOp::Snapshot(replica)
            | DiskOp::SnapshotFile(replica)
            | DiskOp::WriteSnapshot(replica) => {
                self.snapshots.push(**replica);
            }
            DiskOp::EmptySnapshot(zxid) => {
                self.snapshots.retain(|snapshot| snapshot.last_processed != *zxid);
            }
            DiskOp::DropSnapshotsAfter(zxid) => {
                self.snapshots.retain(|snapshot| snapshot.last_processed <= *zxid);
            }
            DiskOp::PurgeSnapshots(oldest) => {
                self.snapshots.retain(|snapshot| snapshot.last_processed >= *oldest);
            }
            // Each zxid is given once, and later ones are greater.
            DiskOp::PurgeLog(first) => self.log.retain(|file| file[0].zxid >= *first),
            DiskOp::AcceptedEpoch(epoch)
            | DiskOp::CurrentEpoch(epoch)
            | DiskOp::Rename(_, epoch) => self.epoch = *epoch,
        }
    }

    /// The number of the first record of each file of the log.
    pub(super) fn starts(&self) -> impl Iterator<Item = usize> {
        self.log.iter().scan(0, |next, file| {
            let start = *next;
            *next += file.len();
            Some(start)
        })
    }

    /// The zxids of the snapshots.
    pub(super) fn snapshots(&self) -> BTreeSet<Zxid> {
        self.snapshots.iter().map(|snapshot| snapshot.last_processed).collect()
    }
}
