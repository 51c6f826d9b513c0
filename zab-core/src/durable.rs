//! The server's own view of its files: what it asked the disk for, and what the disk reported.
//!
//! The contents mirrored here are those of the page cache: what this process would read back.
//! What survives a power loss is the disk's business; the core only ever waits for
//! [`Input::DiskDone`](crate::Input::DiskDone).

mod canonical;
pub(crate) mod invariants;
pub mod log_files;
mod purge;

use crate::event::{DiskError, DiskOp, File, Output, Recovered};
use crate::ids::{Epoch, Lsn, Zxid};
use crate::txn::{Replica, Txn};
use log_files::LogFiles;

/// How a snapshot comes to the disk.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Saving {
    /// Written beside the older ones, flushed, and renamed (`AtomicFileOutputStream`).
    Flushed,
    /// Not flushed.
    Unflushed,
    /// Written where it is to be, over one of the same zxid, and not flushed (`FileOutputStream`).
    InPlace,
}

/// Whether the folder is flushed once a file has been given its name.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Naming {
    #[default]
    Flushed,
    Unflushed,
}

/// What becomes of the folders of a server.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Folders {
    /// Once an epoch file has taken the place of the one before.
    pub(crate) replaced: Naming,
    /// Once a file of the log or a snapshot was made.
    pub(crate) made: Naming,
}

impl Naming {
    const fn replaces(self, file: File, epoch: Epoch) -> DiskOp {
        match (self, file) {
            (Self::Unflushed, _) => DiskOp::Rename(file, epoch),
            (Self::Flushed, File::AcceptedEpoch) => DiskOp::AcceptedEpoch(epoch),
            (Self::Flushed, _) => DiskOp::CurrentEpoch(epoch),
        }
    }
}

/// Whether a file of the log was removed while it was open, or while what it held was needed.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
enum Removed {
    #[default]
    Never,
    /// It still is: what is appended goes there.
    Open,
    /// It is not open any more, or was not.
    Closed,
}

/// Transaction log, snapshots and epoch files of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Durable {
    /// The log as asked for.
    log: Vec<Txn>,
    /// Which of its records are in which file.
    log_files: LogFiles,
    /// The next record begins a new file.
    log_is_rolled: bool,
    /// The operation with which the newest file begins.
    rolled: Lsn,
    /// Whether a file was removed that this process appends to, or has.
    removed: Removed,
    /// How many of its last records a failed write has left in the stream's buffer.
    buffered: usize,
    /// The snapshots as asked for, oldest first.
    snapshots: Vec<Replica>,
    /// What an older snapshot covered may be in no file any more.
    is_purged: bool,
    /// `acceptedEpoch` as last reported durable.
    pub(crate) accepted_epoch: Epoch,
    /// `currentEpoch` as last reported durable.
    pub(crate) current_epoch: Epoch,
    /// What becomes of the folders.
    folders: Folders,
    /// The last sequence number given out.
    last_lsn: Lsn,
    /// Last reported operation asked for, by file.
    asked: [Lsn; 4],
    /// Last operation known to be done, by file.
    done: [Lsn; 4],
    /// The last operation of those that flush what was found.
    recovery: Lsn,
    /// The last operation that cut the log.
    cut: Lsn,
    /// The epochs being written to `acceptedEpoch` and `currentEpoch`.
    writing: [Epoch; 2],
    /// Records appended since the log was cut last, not known to be written.
    appended: Vec<Lsn>,
}

impl Durable {
    /// What a process finds when it starts.
    pub(crate) fn recover(recovered: Recovered, folders: Folders) -> Self {
        Self {
            log_files: recovered.files_of_log(),
            log: recovered.log,
            log_is_rolled: true,
            snapshots: recovered.snapshots,
            is_purged: recovered.is_purged,
            folders,
            writing: [recovered.accepted_epoch, recovered.current_epoch],
            accepted_epoch: recovered.accepted_epoch,
            current_epoch: recovered.current_epoch,
            ..Self::default()
        }
    }

    /// The log, as far as it can be read.
    pub(crate) fn log(&self) -> &[Txn] {
        &self.log[..self.log.len() - self.buffered]
    }

    /// The newest snapshot, or the initial state.
    pub(crate) fn snapshot(&self) -> Replica {
        self.snapshots.last().copied().unwrap_or_default()
    }

    /// Whether there is a snapshot, be it of the initial state.
    pub(crate) const fn has_snapshot(&self) -> bool {
        !self.snapshots.is_empty()
    }

    /// What the files of the log are named after: the first record of each.
    pub(crate) fn log_file_names(&self) -> impl Iterator<Item = Zxid> {
        self.log_files.starts().map(|start| self.log[start].zxid)
    }

    /// Last zxid that a restart would recover.
    pub(crate) fn last_zxid(&self) -> Zxid {
        let snapshot = self.snapshot().last_processed;
        self.log().last().map_or(snapshot, |txn| txn.zxid.max(snapshot))
    }

    /// What the log holds after this zxid.
    pub(crate) fn log_after(&self, zxid: Zxid) -> impl Iterator<Item = &Txn> {
        self.log().iter().filter(move |txn| txn.zxid > zxid)
    }

    /// Whether the log and the newest snapshot belong together: the log holds the snapshot's zxid,
    /// or begins right after it.
    pub(crate) fn log_continues_snapshot(&self) -> bool {
        let snapshot = self.snapshot().last_processed;
        let Some(first) = self.log.first().map(|txn| txn.zxid) else {
            return true;
        };
        first == snapshot.next()
            || (first.epoch > snapshot.epoch && first.counter == 1)
            || self.holds(snapshot)
    }

    /// Whether this zxid is in the log.
    pub(crate) fn holds(&self, zxid: Zxid) -> bool {
        self.log.iter().any(|txn| txn.zxid == zxid)
    }

    /// Whether truncating to this zxid leaves exactly the history that ends there. ⟨e, 0⟩ is in no
    /// log: the cut has to fall between two records, or between the newest snapshot and the log.
    pub(crate) fn can_truncate_to(&self, zxid: Zxid) -> bool {
        if self.snapshots.iter().any(|snapshot| snapshot.last_processed == zxid) {
            return true;
        }
        let Some(first) = self.log.first().map(|txn| txn.zxid) else { return false };
        let kept = self.log.partition_point(|txn| txn.zxid <= zxid);
        if kept == 0 {
            let between = self.snapshot().last_processed < zxid && first == zxid.next();
            return between && self.log_continues_snapshot();
        }
        let ends_there =
            if zxid.is_epoch_mark() { kept < self.log.len() } else { self.holds(zxid) };
        let base = self.snapshots.iter().rev().find(|s| s.last_processed < zxid);
        let base = base.map(|snapshot| snapshot.last_processed);
        let Some(base) = base.or((!self.is_purged).then_some(Zxid::ZERO)) else { return false };
        ends_there && (first <= base.next() || first.counter == 1)
    }

    /// How many bytes of the log are read from disk by whoever reads it from this zxid on, as
    /// ZooKeeper counts them: the file that is read first is not among them
    /// (`FileTxnIterator.getStorageSize`, once `goToNextLog` has taken the file off the list).
    pub(crate) fn log_bytes_after(&self, zxid: Zxid) -> u64 {
        let before = self.log.partition_point(|txn| txn.zxid < zxid);
        let first = self.log_files.starts().take_while(|start| *start < before).last();
        self.log_files.bytes_from(first.unwrap_or(0) + 1)
    }

    /// What is appended next goes to a new file (`FileTxnLog.rollLog`).
    pub(crate) fn roll_log(&mut self) {
        self.log_is_rolled = true;
        if self.removed == Removed::Open {
            self.removed = Removed::Closed;
        }
    }

    /// The file that is appended to is removed: what is written from now on nobody can read, and flushes
    /// succeed.
    pub(crate) const fn remove_open_log(&mut self) {
        self.removed = Removed::Open;
    }

    /// Whether records of this process went to a file that is in no folder.
    pub(crate) fn has_removed_open_log(&self) -> bool {
        self.removed != Removed::Never
    }

    /// Appends a record. Durable with the next flush.
    pub(crate) fn append(&mut self, txn: Txn, out: &mut Vec<Output>) {
        if self.removed == Removed::Open {
            return;
        }
        let begins_file = std::mem::take(&mut self.log_is_rolled);
        if begins_file {
            self.rolled = self.ask(DiskOp::RollLog, out);
        }
        self.log_files.append(begins_file);
        self.log.push(txn);
        let lsn = self.ask(DiskOp::Append(txn), out);
        self.appended.push(lsn);
    }

    /// Cuts the log after this zxid, once the stream is closed, which writes its buffer
    /// (`FileTxnSnapLog.truncateLog`). Durable with the next flush.
    pub(crate) fn truncate(&mut self, zxid: Zxid, out: &mut Vec<Output>) {
        self.buffered = 0;
        self.appended.clear();
        let keep = self.log.iter().position(|txn| txn.zxid > zxid).unwrap_or(self.log.len());
        self.log.truncate(if zxid == Zxid::ZERO { 0 } else { keep });
        self.log_files.truncate(self.log.len());
        self.roll_log();
        self.cut = self.ask(DiskOp::Truncate(zxid), out);
    }

    /// Whether this operation is the last that cut the log.
    pub(crate) fn is_cut(&self, lsn: Lsn) -> bool {
        self.cut == lsn
    }

    /// Asks for everything in the log to be made durable, what is in the stream's buffer included.
    pub(crate) fn flush(&mut self, out: &mut Vec<Output>) -> Lsn {
        self.buffered = 0;
        let flush = match self.folders.made {
            Naming::Flushed => DiskOp::Flush,
            Naming::Unflushed => DiskOp::FlushFile,
        };
        self.ask(flush, out)
    }

    /// Asks for everything in the log to be made durable, whatever an earlier flush failed on.
    pub(crate) fn rewrite_log(&mut self, out: &mut Vec<Output>) -> Lsn {
        self.buffered = 0;
        self.ask(DiskOp::FlushRecovered(File::Log), out)
    }

    /// Asks for everything that was found on the disk to be made durable. An epoch file was, before it
    /// took the place of the one before (`AtomicFileOutputStream`), but perhaps not that it did.
    pub(crate) fn flush_recovered(&mut self, out: &mut Vec<Output>) {
        // Where there is a snapshot and no log, the log may have been removed, and not for good.
        if !self.log.is_empty() || !self.snapshots.is_empty() {
            self.ask(DiskOp::FlushRecovered(File::Log), out);
        }
        if !self.snapshots.is_empty() {
            self.ask(DiskOp::FlushRecovered(File::Snapshot), out);
        }
        if self.accepted_epoch > Epoch(0) {
            self.ask(DiskOp::FlushRecovered(File::AcceptedEpoch), out);
        }
        if self.current_epoch > Epoch(0) {
            self.ask(DiskOp::FlushRecovered(File::CurrentEpoch), out);
        }
        self.recovery = self.last_lsn;
    }

    /// Whether this operation flushes what was found on the disk.
    pub(crate) fn is_recovery(&self, lsn: Lsn) -> bool {
        lsn <= self.recovery
    }

    /// Writes a snapshot.
    pub(crate) fn write_snapshot(
        &mut self,
        replica: Replica,
        saving: Saving,
        out: &mut Vec<Output>,
    ) -> Lsn {
        let zxid = replica.last_processed;
        let op = match (saving, self.folders.made) {
            (Saving::Flushed, Naming::Flushed) => DiskOp::Snapshot(Box::new(replica)),
            (Saving::Flushed, Naming::Unflushed) => DiskOp::SnapshotFile(Box::new(replica)),
            (Saving::Unflushed | Saving::InPlace, _) => DiskOp::WriteSnapshot(Box::new(replica)),
        };
        let is_there = self.snapshots.iter().any(|s| s.last_processed == zxid);
        if is_there && saving == Saving::InPlace {
            self.ask(DiskOp::EmptySnapshot(zxid), out);
        }
        self.snapshots.retain(|s| s.last_processed != zxid);
        let at = self.snapshots.partition_point(|s| s.last_processed < zxid);
        self.snapshots.insert(at, replica);
        self.ask(op, out)
    }

    /// Removes the snapshots after this zxid.
    pub(crate) fn drop_snapshots_after(&mut self, zxid: Zxid, out: &mut Vec<Output>) -> Lsn {
        let keep = self.snapshots.partition_point(|s| s.last_processed <= zxid);
        self.snapshots.truncate(keep);
        self.ask(DiskOp::DropSnapshotsAfter(zxid), out)
    }

    /// Replaces `acceptedEpoch`. The value in memory follows when the file is durable
    /// (ZOOKEEPER-2307).
    pub(crate) fn write_accepted_epoch(&mut self, epoch: Epoch, out: &mut Vec<Output>) -> Lsn {
        assert!(epoch >= self.accepted_epoch, "a promise is never taken back");
        self.writing[0] = epoch;
        self.ask(self.folders.replaced.replaces(File::AcceptedEpoch, epoch), out)
    }

    /// Replaces `currentEpoch`.
    pub(crate) fn write_current_epoch(&mut self, epoch: Epoch, out: &mut Vec<Output>) -> Lsn {
        self.writing[1] = epoch;
        self.ask(self.folders.replaced.replaces(File::CurrentEpoch, epoch), out)
    }

    fn ask(&mut self, op: DiskOp, out: &mut Vec<Output>) -> Lsn {
        self.last_lsn = Lsn(self.last_lsn.0 + 1);
        if op.is_reported() {
            self.asked[op.file() as usize] = self.last_lsn;
        }
        out.push(Output::Disk { lsn: self.last_lsn, op });
        self.last_lsn
    }

    /// Takes note of a completion.
    pub(crate) fn on_done(&mut self, file: File, upto: Lsn) {
        let done = &mut self.done[file as usize];
        *done = upto.max(*done);
        let all_done = *done >= self.asked[file as usize];
        match file {
            File::AcceptedEpoch if all_done => self.accepted_epoch = self.writing[0],
            File::CurrentEpoch if all_done => self.current_epoch = self.writing[1],
            _ => {}
        }
        if file == File::Log {
            self.appended.retain(|lsn| *lsn > upto);
            self.buffered = self.buffered.min(self.appended.len());
        }
    }

    /// Takes note of a failure. Epoch files are as they were; a server that cannot write its
    /// snapshots ends, so what can be read of them is of no interest.
    pub(crate) fn on_failed(&mut self, file: File, failed: Lsn, error: DiskError) {
        match (file, error) {
            (File::Log, DiskError::Flush) => self.appended.retain(|lsn| *lsn > failed),
            (File::Log, DiskError::Write) => self.buffered = self.appended.len(),
            (File::Log, DiskError::Header | DiskError::Open) => {
                self.forget_new_file();
                self.log_is_rolled = error == DiskError::Open;
            }
            (File::Snapshot | File::AcceptedEpoch | File::CurrentEpoch, _) => {}
        }
        let asked = &mut self.asked[file as usize];
        if *asked <= failed {
            *asked = self.done[file as usize];
        }
    }

    /// The newest file of the log has no records.
    fn forget_new_file(&mut self) {
        let before = self.appended.partition_point(|lsn| *lsn < self.rolled);
        let new = self.appended.len() - before;
        self.log.truncate(self.log.len() - new);
        self.log_files.truncate(self.log.len());
        self.appended.truncate(before);
        self.buffered = before;
    }

    /// Whether this operation is known to be done.
    pub(crate) fn is_done(&self, file: File, lsn: Lsn) -> bool {
        self.done[file as usize] >= lsn
    }

    /// Whether no epoch file is being written.
    pub(crate) const fn are_epochs_written(&self) -> bool {
        let [.., accepted_asked, current_asked] = self.asked;
        let [.., accepted_done, current_done] = self.done;
        accepted_asked.0 <= accepted_done.0 && current_asked.0 <= current_done.0
    }

    /// Whether every operation asked for is known to be done.
    pub(crate) fn is_idle(&self) -> bool {
        self.asked.iter().zip(&self.done).all(|(asked, done)| asked <= done)
    }
}

#[cfg(test)]
mod tests;
