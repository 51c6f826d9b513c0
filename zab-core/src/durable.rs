//! The server's own view of its files: what it asked the disk for, and what the disk reported.
//!
//! The contents mirrored here are those of the page cache: what this process would read back.
//! What survives a power loss is the disk's business; the core only ever waits for
//! [`Input::DiskDone`](crate::Input::DiskDone).

pub(crate) mod invariants;

use crate::event::{DiskOp, File, Output, Recovered};
use crate::ids::{Epoch, Lsn, Zxid};
use crate::memory::Memory;
use crate::txn::{Replica, Txn};

/// Transaction log, snapshots and epoch files of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Durable {
    /// The log as asked for.
    log: Vec<Txn>,
    /// The snapshots as asked for, oldest first.
    snapshots: Vec<Replica>,
    /// `acceptedEpoch` as last reported durable.
    pub(crate) accepted_epoch: Epoch,
    /// `currentEpoch` as last reported durable.
    pub(crate) current_epoch: Epoch,
    /// The last sequence number given out.
    last_lsn: Lsn,
    /// Last reported operation asked for, by file.
    asked: [Lsn; 4],
    /// Last operation known to be done, by file.
    done: [Lsn; 4],
    /// The epochs being written to `acceptedEpoch` and `currentEpoch`.
    writing: [Epoch; 2],
    /// How to take back what is not known to be done yet.
    undo: Vec<(Lsn, Undo)>,
}

/// The inverse of an operation on log or snapshots.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Undo {
    Append,
    Truncate(Vec<Txn>),
    Snapshot(Zxid),
    Drop(Vec<Replica>),
}

impl Durable {
    /// What a process finds when it starts.
    pub(crate) fn recover(recovered: Recovered) -> Self {
        let snapshots = match recovered.snapshot.last_processed {
            Zxid::ZERO => Vec::new(),
            _ => vec![recovered.snapshot],
        };
        Self {
            log: recovered.log,
            snapshots,
            accepted_epoch: recovered.accepted_epoch,
            current_epoch: recovered.current_epoch,
            ..Self::default()
        }
    }

    /// The log.
    pub(crate) fn log(&self) -> &[Txn] {
        &self.log
    }

    /// The newest snapshot, or the initial state.
    fn snapshot(&self) -> Replica {
        self.snapshots.last().copied().unwrap_or_default()
    }

    /// Last zxid that a restart would recover.
    pub(crate) fn last_zxid(&self) -> Zxid {
        let snapshot = self.snapshot().last_processed;
        self.log.last().map_or(snapshot, |txn| txn.zxid.max(snapshot))
    }

    /// The memory that a restart would load: newest snapshot, then the log behind it
    /// (`ZKDatabase.loadDataBase`). Every logged transaction counts, committed or not.
    pub(crate) fn load(&self, committed_log_max: usize) -> Memory {
        let snapshot = self.snapshot();
        let mut memory = Memory::new(snapshot, committed_log_max);
        self.log
            .iter()
            .filter(|txn| txn.zxid > snapshot.last_processed)
            .for_each(|txn| memory.apply(txn));
        memory
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

    fn holds(&self, zxid: Zxid) -> bool {
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

    /// Appends a record. Durable with the next flush.
    pub(crate) fn append(&mut self, txn: Txn, out: &mut Vec<Output>) {
        self.log.push(txn);
        let lsn = self.ask(DiskOp::Append(txn), out);
        self.undo.push((lsn, Undo::Append));
    }

    /// Cuts the log behind this zxid. Durable with the next flush.
    pub(crate) fn truncate(&mut self, zxid: Zxid, out: &mut Vec<Output>) {
        let keep = self.log.iter().position(|txn| txn.zxid > zxid).unwrap_or(self.log.len());
        let keep = if zxid == Zxid::ZERO { 0 } else { keep };
        let cut = self.log.split_off(keep);
        let lsn = self.ask(DiskOp::Truncate(zxid), out);
        self.undo.push((lsn, Undo::Truncate(cut)));
    }

    /// Asks for everything in the log to be made durable.
    pub(crate) fn flush(&mut self, out: &mut Vec<Output>) -> Lsn {
        self.ask(DiskOp::Flush, out)
    }

    /// Asks for everything that was found on the disk to be made durable. The epoch files are: each
    /// was, before it took the place of the one before (`AtomicFileOutputStream`).
    pub(crate) fn flush_recovered(&mut self, out: &mut Vec<Output>) {
        if !self.log.is_empty() {
            self.ask(DiskOp::FlushRecovered(File::Log), out);
        }
        if !self.snapshots.is_empty() {
            self.ask(DiskOp::FlushRecovered(File::Snapshot), out);
        }
    }

    /// Writes a snapshot.
    pub(crate) fn write_snapshot(&mut self, replica: Replica, out: &mut Vec<Output>) -> Lsn {
        self.snapshots.retain(|s| s.last_processed != replica.last_processed);
        self.snapshots.push(replica);
        self.snapshots.sort_by_key(|s| s.last_processed);
        let lsn = self.ask(DiskOp::Snapshot(Box::new(replica)), out);
        self.undo.push((lsn, Undo::Snapshot(replica.last_processed)));
        lsn
    }

    /// Removes the snapshots behind this zxid.
    pub(crate) fn drop_snapshots_after(&mut self, zxid: Zxid, out: &mut Vec<Output>) -> Lsn {
        let keep = self.snapshots.partition_point(|s| s.last_processed <= zxid);
        let dropped = self.snapshots.split_off(keep);
        let lsn = self.ask(DiskOp::DropSnapshotsAfter(zxid), out);
        self.undo.push((lsn, Undo::Drop(dropped)));
        lsn
    }

    /// Replaces `acceptedEpoch`. The value in memory follows when the file is durable
    /// (ZOOKEEPER-2307).
    pub(crate) fn write_accepted_epoch(&mut self, epoch: Epoch, out: &mut Vec<Output>) -> Lsn {
        assert!(epoch >= self.accepted_epoch, "a promise is never taken back");
        self.writing[0] = epoch;
        self.ask(DiskOp::AcceptedEpoch(epoch), out)
    }

    /// Replaces `currentEpoch`.
    pub(crate) fn write_current_epoch(&mut self, epoch: Epoch, out: &mut Vec<Output>) -> Lsn {
        assert!(epoch <= self.accepted_epoch, "currentEpoch may not pass acceptedEpoch");
        self.writing[1] = epoch;
        self.ask(DiskOp::CurrentEpoch(epoch), out)
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
        self.undo.retain(|(lsn, undo)| undo.file() != file || *lsn > upto);
    }

    /// Takes back what a failure undid: this operation and all later ones on its file.
    pub(crate) fn on_failed(&mut self, file: File, failed: Lsn) {
        while let Some(at) = self.undo.iter().rposition(|(l, u)| *l >= failed && u.file() == file) {
            match self.undo.remove(at).1 {
                Undo::Append => drop(self.log.pop()),
                Undo::Truncate(cut) => self.log.extend(cut),
                Undo::Snapshot(zxid) => self.snapshots.retain(|s| s.last_processed != zxid),
                Undo::Drop(dropped) => self.snapshots.extend(dropped),
            }
        }
        self.asked[file as usize] = self.done[file as usize];
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

impl Undo {
    const fn file(&self) -> File {
        match self {
            Self::Append | Self::Truncate(_) => File::Log,
            Self::Snapshot(_) | Self::Drop(_) => File::Snapshot,
        }
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
        Durable::recover(recovered).can_truncate_to(Zxid::new(to.0, to.1))
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
    fn memory_is_the_newest_snapshot_and_the_log_after_it() {
        let log: Vec<_> = (1..=3).map(|counter| txn(1, counter)).collect();
        let after = |txns: &[Txn]| {
            let mut replica = Replica::default();
            txns.iter().for_each(|txn| replica.apply(txn));
            replica
        };
        for covered in 0..=3 {
            let snapshot = after(&log[..covered]);
            let recovered = Recovered { snapshot, log: log.clone(), ..Recovered::default() };
            let loaded = Durable::recover(recovered).load(10);
            assert_eq!(loaded.replica, after(&log), "the snapshot covers {covered}");
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

    #[test]
    fn what_failed_and_all_that_came_after_it_on_its_file_had_no_effect() {
        let mut out = Vec::new();
        let log = vec![txn(1, 1), txn(1, 2)];
        let mut durable = Durable::recover(Recovered { log, ..Recovered::default() });
        let replica = |last_processed| Replica { last_processed, ..Replica::default() };
        durable.append(txn(1, 3), &mut out);
        durable.truncate(Zxid::new(1, 1), &mut out);
        durable.append(txn(2, 1), &mut out);
        durable.write_snapshot(replica(Zxid::new(1, 1)), &mut out);
        durable.write_snapshot(replica(Zxid::new(2, 1)), &mut out);
        durable.drop_snapshots_after(Zxid::new(1, 1), &mut out);
        let state = |durable: &Durable| {
            let log: Vec<_> = durable.log.iter().map(|txn| txn.zxid.to_string()).collect();
            let snapshots = durable.snapshots.iter().map(|s| s.last_processed.to_string());
            [log.join(" "), snapshots.collect::<Vec<_>>().join(" ")]
        };
        assert_eq!(state(&durable), ["<1, 1> <2, 1>", "<1, 1>"]);
        durable.on_failed(File::Snapshot, Lsn(6));
        assert_eq!(state(&durable), ["<1, 1> <2, 1>", "<1, 1> <2, 1>"], "the removal failed");
        durable.on_failed(File::Snapshot, Lsn(5));
        assert_eq!(state(&durable), ["<1, 1> <2, 1>", "<1, 1>"], "and the second snapshot");
        durable.on_done(File::Snapshot, Lsn(6));
        durable.on_failed(File::Log, Lsn(2));
        assert_eq!(state(&durable), ["<1, 1> <1, 2> <1, 3>", "<1, 1>"], "the cut failed");
    }
}
