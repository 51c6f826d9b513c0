//! A server's disk, mirrored from what was asked of it and what it reported.
//!
//! Two states are kept: *asked*, what a restarted process would read back (the page cache
//! survives it), and *durable*, what survives a power loss whatever happens. Between them is the
//! list of operations that are asked for and not reported.
//!
//! A killed process leaves all it asked for, and what a process recovers counts as durable: the
//! evidence cannot tell a recovered record in the page cache from one on the platter.

use crate::sequences::{Sequence, Sequences};
use zab_core::{Digest, DiskOp, Epoch, File, Lsn, Recovered, Replica, Txn, Zxid};

/// A snapshot: which sequence of transactions it stands for.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// Its `lastProcessedZxid`.
    pub(crate) last: Zxid,
    digest: Digest,
}

impl From<&Replica> for Snapshot {
    fn from(replica: &Replica) -> Self {
        Self { last: replica.last_processed, digest: replica.digest }
    }
}

/// The log, the snapshots and the epoch files in one of the two states.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    log: Vec<Txn>,
    /// By zxid.
    snapshots: Vec<Snapshot>,
    pub(crate) accepted_epoch: Epoch,
    pub(crate) current_epoch: Epoch,
}

impl Files {
    /// The newest snapshot, or the initial state.
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.snapshots.last().copied().unwrap_or_default()
    }

    /// Which sequence the newest snapshot stands for.
    pub(crate) fn snapshot_digest(&self) -> Digest {
        self.snapshot().digest
    }

    /// The log records, in file order.
    pub(crate) fn log(&self) -> &[Txn] {
        &self.log
    }

    /// The last zxid that a process which starts would find.
    pub(crate) fn last_zxid(&self) -> Zxid {
        let snapshot = self.snapshot().last;
        self.log.last().map_or(snapshot, |txn| txn.zxid.max(snapshot))
    }

    /// The first record, after the newest snapshot, that does not follow the one before it, and that
    /// one.
    pub(crate) fn hole(&self) -> Option<(Zxid, Zxid)> {
        let mut last = self.snapshot().last;
        for txn in self.log.iter().filter(|txn| txn.zxid > self.snapshot().last) {
            if !follows(last, txn.zxid) {
                return Some((last, txn.zxid));
            }
            last = txn.zxid;
        }
        None
    }

    /// What a process which starts would ask to be elected with: the greater wins.
    pub(crate) fn claim(&self) -> (Epoch, Zxid) {
        (self.current_epoch, self.last_zxid())
    }

    /// The sequence that a process which starts would load: the newest snapshot, and the log
    /// behind it.
    pub(crate) fn sequence(&self, sequences: &mut Sequences) -> Sequence {
        let snapshot = self.snapshot();
        let start = sequences.find_or_unknown(snapshot.digest, snapshot.last);
        let behind = self.log.iter().filter(|txn| txn.zxid > snapshot.last);
        behind.fold(start, |sequence, txn| sequences.extend(sequence, txn))
    }

    /// The sequence of that digest, if it is a prefix of the log behind `start` or behind one of
    /// the snapshots: memory that was loaded from the disk or fast-forwarded along its log.
    pub(crate) fn find_loaded(
        &self,
        wanted: Digest,
        start: (Sequence, Zxid),
        sequences: &mut Sequences,
    ) -> Option<Sequence> {
        let snapshots = self.snapshots.iter().rev();
        let snapshots = snapshots.filter_map(|s| Some((sequences.find(s.digest)?, s.last)));
        let starts = [start].into_iter().chain(snapshots).chain([(Sequence::EMPTY, Zxid::ZERO)]);
        let (start, last, count) = starts.into_iter().find_map(|(start, last)| {
            let behind = self.log.iter().filter(|txn| txn.zxid > last);
            let mut digest = sequences.digest(start);
            let found = behind.enumerate().find(|(_, txn)| {
                digest = digest.then(txn);
                digest == wanted
            });
            found.map(|(at, _)| (start, last, at + 1))
        })?;
        let behind = self.log.iter().filter(|txn| txn.zxid > last).take(count);
        Some(behind.fold(start, |sequence, txn| sequences.extend(sequence, txn)))
    }

    /// Whether this transaction, the last one of `sequence` if that is known, is in the log or
    /// covered by a snapshot.
    pub(crate) fn holds(
        &self,
        zxid: Zxid,
        sequence: Option<Sequence>,
        sequences: &Sequences,
    ) -> bool {
        self.log.iter().rev().any(|txn| txn.zxid == zxid)
            || self.snapshots.iter().any(|snapshot| {
                match (sequence, sequences.find(snapshot.digest)) {
                    (Some(sequence), Some(held)) => sequences.is_prefix(sequence, held),
                    _ => snapshot.last >= zxid,
                }
            })
    }

    fn apply(&mut self, op: Pending) {
        match op {
            Pending::Append(txn) => self.log.push(txn),
            Pending::Truncate(zxid) => {
                let keep = self.log.iter().position(|txn| txn.zxid > zxid);
                self.log.truncate(keep.unwrap_or(self.log.len()));
            }
            Pending::Snapshot(snapshot) => {
                self.snapshots.retain(|s| s.last != snapshot.last);
                let at = self.snapshots.partition_point(|s| s.last < snapshot.last);
                self.snapshots.insert(at, snapshot);
            }
            Pending::DropSnapshotsAfter(zxid) => self.snapshots.retain(|s| s.last <= zxid),
            Pending::AcceptedEpoch(epoch) => self.accepted_epoch = epoch,
            Pending::CurrentEpoch(epoch) => self.current_epoch = epoch,
        }
    }
}

/// Whether a record may stand after another: the next one of its epoch, or the first of a later one.
pub(crate) fn follows(last: Zxid, next: Zxid) -> bool {
    let counter = if next.epoch > last.epoch { 1 } else { last.counter.saturating_add(1) };
    next.epoch >= last.epoch && next.counter == counter
}

/// An operation that changes what is kept here.
#[derive(Copy, Clone, Debug)]
enum Pending {
    Append(Txn),
    Truncate(Zxid),
    Snapshot(Snapshot),
    DropSnapshotsAfter(Zxid),
    AcceptedEpoch(Epoch),
    CurrentEpoch(Epoch),
}

impl Pending {
    const fn file(self) -> File {
        match self {
            Self::Append(_) | Self::Truncate(_) => File::Log,
            Self::Snapshot(_) | Self::DropSnapshotsAfter(_) => File::Snapshot,
            Self::AcceptedEpoch(_) => File::AcceptedEpoch,
            Self::CurrentEpoch(_) => File::CurrentEpoch,
        }
    }
}

/// The mirror of one disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    asked: Files,
    durable: Files,
    pending: Vec<(Lsn, Pending)>,
}

impl Disk {
    /// What a restarted process would read.
    pub(crate) const fn asked(&self) -> &Files {
        &self.asked
    }

    /// What survives a power loss.
    pub(crate) const fn durable(&self) -> &Files {
        &self.durable
    }

    /// Log records that were asked for and are not durable.
    pub(crate) fn unflushed(&self) -> impl Iterator<Item = &Txn> {
        self.pending.iter().filter_map(|(_, op)| match op {
            Pending::Append(txn) => Some(txn),
            _ => None,
        })
    }

    /// A process started and found this. Older snapshots that are known of stay where they are.
    pub(crate) fn on_started(&mut self, recovered: &Recovered) {
        let newest = Snapshot::from(&recovered.snapshot);
        self.pending.clear();
        self.durable.snapshots.retain(|s| s.last < newest.last);
        if newest != Snapshot::default() {
            self.durable.snapshots.push(newest);
        }
        self.durable.log.clone_from(&recovered.log);
        self.durable.accepted_epoch = recovered.accepted_epoch;
        self.durable.current_epoch = recovered.current_epoch;
        self.asked.clone_from(&self.durable);
    }

    /// The process died. Its page cache survives unless the power is lost.
    pub(crate) fn on_crashed(&mut self, power_loss: bool) {
        self.pending.clear();
        if power_loss {
            self.asked.clone_from(&self.durable);
        } else {
            self.durable.clone_from(&self.asked);
        }
    }

    /// The disk was asked for an operation.
    pub(crate) fn on_asked(&mut self, lsn: Lsn, op: &DiskOp) {
        let op = match op {
            DiskOp::Append(txn) => Pending::Append(*txn),
            DiskOp::Truncate(zxid) => Pending::Truncate(*zxid),
            DiskOp::Snapshot(replica) => Pending::Snapshot(Snapshot::from(&**replica)),
            DiskOp::DropSnapshotsAfter(zxid) => Pending::DropSnapshotsAfter(*zxid),
            DiskOp::AcceptedEpoch(epoch) => Pending::AcceptedEpoch(*epoch),
            DiskOp::CurrentEpoch(epoch) => Pending::CurrentEpoch(*epoch),
            DiskOp::Flush => return,
        };
        self.asked.apply(op);
        self.pending.push((lsn, op));
    }

    /// Everything on this file up to `upto` is durable.
    pub(crate) fn on_done(&mut self, file: File, upto: Lsn) {
        let durable = &mut self.durable;
        self.pending.retain(|(lsn, op)| {
            let done = op.file() == file && *lsn <= upto;
            if done {
                durable.apply(*op);
            }
            !done
        });
    }

    /// This operation and all later ones on the file had no effect.
    pub(crate) fn on_failed(&mut self, file: File, failed: Lsn) {
        self.pending.retain(|(lsn, op)| op.file() != file || *lsn < failed);
        self.asked.clone_from(&self.durable);
        self.pending.iter().for_each(|(_, op)| self.asked.apply(*op));
    }
}
