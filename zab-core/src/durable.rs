//! The server's own view of its files: what it asked the disk for, and what the disk reported.
//!
//! The contents mirrored here are those of the page cache: what this process would read back.
//! What survives a power loss is the disk's business; the core only ever waits for
//! [`Input::DiskDone`](crate::Input::DiskDone).

mod canonical;
pub(crate) mod invariants;
pub mod log_files;

use crate::event::{DiskError, DiskOp, File, Output, Recovered};
use crate::ids::{Epoch, Lsn, Zxid};
use crate::txn::{Replica, Txn};
use log_files::LogFiles;

/// Whether the folder is flushed once a file has taken the place of another.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Naming {
    #[default]
    Flushed,
    Unflushed,
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

/// Whether a file of the log was removed while it was open.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
enum Removed {
    #[default]
    Never,
    /// It still is: what is appended goes there.
    Open,
    /// It is not open any more.
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
    /// `acceptedEpoch` as last reported durable.
    pub(crate) accepted_epoch: Epoch,
    /// `currentEpoch` as last reported durable.
    pub(crate) current_epoch: Epoch,
    /// What becomes of the folder of the epoch files.
    naming: Naming,
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
    pub(crate) fn recover(recovered: Recovered, naming: Naming) -> Self {
        let snapshots = match recovered.snapshot.last_processed {
            Zxid::ZERO => Vec::new(),
            _ => vec![recovered.snapshot],
        };
        let log_files = match recovered.log_files.records() == recovered.log.len() {
            true => recovered.log_files,
            false => LogFiles::of([recovered.log.len()]),
        };
        Self {
            log: recovered.log,
            log_files,
            log_is_rolled: true,
            snapshots,
            naming,
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
    /// or begins right behind it.
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
        let base = base.map_or(Zxid::ZERO, |snapshot| snapshot.last_processed);
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
        self.ask(DiskOp::Flush, out)
    }

    /// Asks for everything in the log to be made durable, whatever an earlier flush failed on.
    pub(crate) fn rewrite_log(&mut self, out: &mut Vec<Output>) -> Lsn {
        self.buffered = 0;
        self.ask(DiskOp::FlushRecovered(File::Log), out)
    }

    /// Asks for everything that was found on the disk to be made durable. An epoch file was, before it
    /// took the place of the one before (`AtomicFileOutputStream`), but perhaps not that it did.
    pub(crate) fn flush_recovered(&mut self, out: &mut Vec<Output>) {
        if !self.log.is_empty() {
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
    pub(crate) fn write_snapshot(&mut self, replica: Replica, out: &mut Vec<Output>) -> Lsn {
        self.snapshots.retain(|s| s.last_processed != replica.last_processed);
        self.snapshots.push(replica);
        self.snapshots.sort_by_key(|s| s.last_processed);
        self.ask(DiskOp::Snapshot(Box::new(replica)), out)
    }

    /// Removes the snapshots behind this zxid.
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
        self.ask(self.naming.replaces(File::AcceptedEpoch, epoch), out)
    }

    /// Replaces `currentEpoch`.
    pub(crate) fn write_current_epoch(&mut self, epoch: Epoch, out: &mut Vec<Output>) -> Lsn {
        self.writing[1] = epoch;
        self.ask(self.naming.replaces(File::CurrentEpoch, epoch), out)
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
mod tests {
    use super::*;
    use crate::invariants::samples::txn;

    /// Whether a server can truncate to this zxid that has this snapshot and this log.
    fn can_truncate(snapshot: (u32, u32), log: &[(u32, u32)], to: (u32, u32)) -> bool {
        let last_processed = Zxid::new(snapshot.0, snapshot.1);
        let snapshot = Replica { last_processed, ..Replica::default() };
        let log = log.iter().map(|(epoch, counter)| txn(*epoch, *counter)).collect();
        let recovered = Recovered { snapshot, log, ..Recovered::default() };
        Durable::recover(recovered, Naming::Flushed).can_truncate_to(Zxid::new(to.0, to.1))
    }

    #[test]
    fn a_truncation_leaves_exactly_the_history_that_ends_there() {
        let whole = [(1, 1), (1, 2), (1, 3), (2, 1)];
        let tail = [(1, 6), (1, 7)];
        let table = [
            ((0, 0), &whole[..], (1, 2), true, "it is in the log"),
            ((0, 0), &whole, (2, 1), true, "nothing is cut"),
            ((0, 0), &whole, (2, 0), true, "the mark falls between two records"),
            ((0, 0), &whole, (3, 0), false, "the log does not say that it reaches the mark"),
            ((0, 0), &whole, (1, 4), false, "another history goes on there"),
            ((0, 0), &whole, (3, 1), false, "the log does not reach it"),
            ((1, 5), &tail, (1, 5), true, "there the snapshot ends"),
            ((1, 5), &tail, (1, 6), true, "the log continues the snapshot"),
            ((1, 5), &tail, (1, 3), false, "nothing is left of what came before the snapshot"),
            ((1, 4), &tail, (1, 6), false, "between snapshot and log there is a hole"),
            ((1, 4), &tail, (1, 5), false, "the zxid is in that hole"),
            ((1, 5), &[], (1, 4), false, "there is only the snapshot"),
            ((1, 5), &[(2, 1)], (2, 0), true, "between the snapshot and the log"),
            ((1, 5), &[(3, 1)], (2, 0), false, "the log does not say that it reaches the mark"),
            ((1, 3), &[(1, 2), (1, 3)], (1, 1), false, "the snapshot holds more"),
        ];
        for (snapshot, log, to, expected, why) in table {
            assert_eq!(can_truncate(snapshot, log, to), expected, "{snapshot:?} {to:?}: {why}");
        }
    }

    #[test]
    fn an_epoch_file_holds_what_the_last_write_left_once_that_is_done() {
        let (mut durable, mut out) = (Durable::default(), Vec::new());
        let accepted = [1, 2].map(|e| durable.write_accepted_epoch(Epoch(e), &mut out));
        durable.on_done(File::AcceptedEpoch, accepted[0]);
        assert_eq!(durable.accepted_epoch, Epoch(0), "the second write may be half done");
        durable.on_done(File::AcceptedEpoch, accepted[1]);
        let current = [1, 2].map(|e| durable.write_current_epoch(Epoch(e), &mut out));
        durable.on_done(File::CurrentEpoch, current[0]);
        assert_eq!((durable.accepted_epoch, durable.current_epoch), (Epoch(2), Epoch(0)));
        durable.on_done(File::CurrentEpoch, current[1]);
        assert_eq!(durable.current_epoch, Epoch(2));
    }

    /// Two records are durable, a third is appended and its flush under way.
    fn flushing() -> (Durable, Lsn, Vec<Output>) {
        let mut out = Vec::new();
        let log = vec![txn(1, 1), txn(1, 2)];
        let mut durable =
            Durable::recover(Recovered { log, ..Recovered::default() }, Naming::Flushed);
        durable.append(txn(1, 3), &mut out);
        let flush = durable.flush(&mut out);
        (durable, flush, out)
    }

    fn counters(durable: &Durable) -> Vec<u32> {
        durable.log().iter().map(|txn| txn.zxid.counter).collect()
    }

    #[test]
    fn what_a_failed_flush_should_have_made_durable_can_be_read() {
        let (mut durable, flush, _) = flushing();
        durable.on_failed(File::Log, flush, DiskError::Flush);
        assert_eq!(counters(&durable), [1, 2, 3]);
        assert!(durable.is_idle() && !durable.is_done(File::Log, flush));
    }

    #[test]
    fn what_a_failed_write_leaves_in_the_buffer_is_written_by_the_next_flush_or_cut() {
        let (mut durable, flush, mut out) = flushing();
        durable.on_failed(File::Log, flush, DiskError::Write);
        assert_eq!(counters(&durable), [1, 2]);
        let mut cut = durable.clone();
        durable.append(txn(2, 1), &mut out);
        let again = durable.flush(&mut out);
        assert_eq!(counters(&durable), [1, 2, 3, 1]);
        durable.on_failed(File::Log, again, DiskError::Write);
        assert_eq!(counters(&durable), [1, 2], "both are in the buffer");
        cut.truncate(Zxid::new(1, 3), &mut out);
        assert_eq!(counters(&cut), [1, 2, 3]);
        let flush = cut.flush(&mut out);
        cut.on_failed(File::Log, flush, DiskError::Write);
        assert_eq!(counters(&cut), [1, 2, 3], "there was nothing in the buffer");
    }

    #[test]
    fn an_epoch_file_that_could_not_be_replaced_holds_what_it_held() {
        let (mut durable, _, mut out) = flushing();
        let lsn = durable.write_accepted_epoch(Epoch(4), &mut out);
        assert!(!durable.are_epochs_written());
        durable.on_failed(File::AcceptedEpoch, lsn, DiskError::Flush);
        assert!(durable.are_epochs_written());
        assert_eq!(durable.accepted_epoch, Epoch(0));
    }
}
