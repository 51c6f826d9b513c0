//! An operator removes what a server does not need any more (`PurgeTxnLog`).
//!
//! A purge counts the snapshots that look whole (`FileSnap.findNValidSnapshots`) and keeps three; of the
//! log it keeps the file in which the oldest of these begins, and those after it
//! (`FileTxnLog.getLogFiles`). What is removed is gone for whoever reads the folder; that it is gone is
//! durable once the journal of the file system is, or, in strict directories, the folder.

use super::contents::Contents;
use super::{SimDisk, Stage, Write};
use zab_core::{DiskOp, File, Lsn, Purge, Zxid};

/// How many snapshots are kept: the least that `PurgeTxnLog` takes, and what it is set to unless somebody
/// says otherwise (`autopurge.snapRetainCount`).
const KEPT: usize = 3;

/// How an operator's program goes about it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broom {
    /// It flushes the snapshots that it keeps, and their folder, before it removes anything.
    pub(crate) is_flushed: bool,
    /// It removes each file of the log that begins before them.
    pub(crate) cuts_log: bool,
}

impl SimDisk {
    /// What a purge would remove now.
    pub(crate) fn purgeable(&self, broom: Broom) -> Purge {
        let seen = self.seen_by_operators();
        let (snapshots, has_first) = seen.snapshots();
        let first =
            has_first.then_some(Zxid::ZERO).filter(|_| snapshots.first() != Some(&Zxid::ZERO));
        let all: Vec<Zxid> = first.into_iter().chain(snapshots).collect();
        let kept = all.len().saturating_sub(KEPT);
        let oldest = all.get(kept).copied();
        let log_before = oldest.and_then(|oldest| seen.first_kept(oldest, broom));
        Purge {
            snapshots_before: oldest.filter(|_| kept > 0),
            log_before,
            is_flushed: broom.is_flushed,
        }
    }

    /// Files are removed, after what is kept of the snapshots was flushed, if it is.
    pub fn purge(&mut self, purge: Purge) {
        if purge.is_flushed {
            self.flush_snapshots();
        }
        for op in purge.ops() {
            let lsn = Lsn::default();
            self.writes[op.file() as usize].push_back(Write { lsn, op, stage: Stage::Written });
        }
    }

    /// Everything that has the name of a snapshot is flushed, and the folder with it.
    fn flush_snapshots(&mut self) {
        self.flush_names(File::Snapshot, false);
        let has_name = |write: &&mut Write| matches!(write.stage, Stage::Written | Stage::Renamed);
        let queue = &mut self.writes[File::Snapshot as usize];
        queue.iter_mut().filter(has_name).for_each(|write| write.stage = Stage::Durable);
        File::ALL.into_iter().for_each(|file| self.settle(file));
    }

    /// What is in the folders. A snapshot that is being written is none; a file of the log has its name
    /// before it has its first record.
    fn seen_by_operators(&self) -> Contents {
        let mut seen = self.durable.clone();
        let is_begun = |write: &&Write| {
            let is_snapshot = matches!(
                write.op,
                DiskOp::Snapshot(_) | DiskOp::SnapshotFile(_) | DiskOp::WriteSnapshot(_)
            );
            !is_snapshot || write.stage != Stage::Asked
        };
        let begun = self.writes.iter().flatten().filter(is_begun);
        begun.for_each(|write| seen.apply(write.op.clone()));
        seen
    }
}

impl Contents {
    /// The record with which the log begins that is kept beside this snapshot, if any of it is removed.
    fn first_kept(&self, oldest: Zxid, broom: Broom) -> Option<Zxid> {
        let begins = self.files_begin_with();
        let is_before =
            |zxid: &&Zxid| if broom.cuts_log { **zxid < oldest } else { **zxid <= oldest };
        let removed = begins.iter().rposition(|zxid| is_before(&zxid))?;
        let kept = if broom.cuts_log { removed + 1 } else { removed };
        (kept > 0).then(|| begins.get(kept).copied().unwrap_or(Purge::WHOLE_LOG))
    }
}
