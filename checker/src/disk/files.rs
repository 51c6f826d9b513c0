//! What files hold, and what a server that starts makes of them.

use super::pending::Pending;
use crate::sequences::{Sequence, Sequences};
use zab_core::event::purged;
use zab_core::log_files::LogFiles;
use zab_core::{Digest, Epoch, File, Recovered, Replica, Txn, Zxid};

/// A snapshot: which sequence of transactions it stands for.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// Its `lastProcessedZxid`.
    pub(crate) last: Zxid,
    pub(super) digest: Digest,
}

impl From<&Replica> for Snapshot {
    fn from(replica: &Replica) -> Self {
        Self { last: replica.last_processed, digest: replica.digest }
    }
}

/// The log, the snapshots and the epoch files in one of the two states.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    pub(super) log: Vec<Txn>,
    /// Which of them are in which file.
    pub(super) log_files: LogFiles,
    /// The next record begins a file.
    pub(super) is_rolled: bool,
    /// By zxid.
    pub(super) snapshots: Vec<Snapshot>,
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

    /// What a process found there.
    pub(super) fn set_log(&mut self, found: &Recovered) {
        self.log.clone_from(&found.log);
        self.log_files = found.files_of_log();
        self.is_rolled = false;
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
    /// after it.
    pub(crate) fn sequence(&self, sequences: &mut Sequences) -> Sequence {
        let snapshot = self.snapshot();
        let start = sequences.find_or_unknown(snapshot.digest, snapshot.last);
        let after = self.log.iter().filter(|txn| txn.zxid > snapshot.last);
        after.fold(start, |sequence, txn| sequences.extend(sequence, txn))
    }

    /// The sequence of that digest, if it is a prefix of the log after `start` or after one of
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
            let after = self.log.iter().filter(|txn| txn.zxid > last);
            let mut digest = sequences.digest(start);
            let found = after.enumerate().find(|(_, txn)| {
                digest = digest.then(txn);
                digest == wanted
            });
            found.map(|(at, _)| (start, last, at + 1))
        })?;
        let after = self.log.iter().filter(|txn| txn.zxid > last).take(count);
        Some(after.fold(start, |sequence, txn| sequences.extend(sequence, txn)))
    }

    /// Whether a process which starts would load this transaction, the last one of `sequence` if that
    /// is known: the newest snapshot covers it, or it is in the log after that.
    pub(crate) fn holds(
        &self,
        zxid: Zxid,
        sequence: Option<Sequence>,
        sequences: &Sequences,
    ) -> bool {
        let snapshot = self.snapshot();
        if zxid > snapshot.last {
            return self.log.iter().rev().any(|txn| txn.zxid == zxid);
        }
        match (sequence, sequences.find(snapshot.digest)) {
            (Some(sequence), Some(held)) => sequences.is_prefix(sequence, held),
            _ => true,
        }
    }

    /// What becomes of them.
    pub(super) fn apply(&mut self, op: Pending) {
        match op {
            Pending::Append(txn) => {
                self.log.push(txn);
                self.log_files.append(std::mem::take(&mut self.is_rolled));
            }
            Pending::Roll => self.is_rolled = true,
            Pending::Truncate(zxid) => {
                let keep = self.log.iter().position(|txn| txn.zxid > zxid);
                self.log.truncate(keep.unwrap_or(self.log.len()));
                self.log_files.truncate(self.log.len());
            }
            Pending::Snapshot(snapshot)
            | Pending::SnapshotFile(snapshot)
            | Pending::WriteSnapshot(snapshot) => {
                self.snapshots.retain(|s| s.last != snapshot.last);
                let at = self.snapshots.partition_point(|s| s.last < snapshot.last);
                self.snapshots.insert(at, snapshot);
            }
            Pending::EmptySnapshot(zxid) => self.snapshots.retain(|s| s.last != zxid),
            Pending::DropSnapshotsAfter(zxid) => self.snapshots.retain(|s| s.last <= zxid),
            Pending::PurgeSnapshots(oldest) => self.snapshots.retain(|s| s.last >= oldest),
            Pending::PurgeLog(first) => {
                let removed = purged(first, &self.log, &self.log_files);
                self.log.drain(..removed);
                self.log_files.remove_first(removed);
            }
            Pending::CurrentEpoch(epoch) | Pending::Rename(File::CurrentEpoch, epoch) => {
                self.current_epoch = epoch;
            }
            Pending::AcceptedEpoch(epoch) | Pending::Rename(_, epoch) => {
                self.accepted_epoch = epoch;
            }
            Pending::FlushRecovered(_) => {}
        }
    }
}

/// Whether a record may stand after another: the next one of its epoch, or the first of a later one.
pub(crate) fn follows(last: Zxid, next: Zxid) -> bool {
    let counter = if next.epoch > last.epoch { 1 } else { last.counter.saturating_add(1) };
    next.epoch >= last.epoch && next.counter == counter
}
