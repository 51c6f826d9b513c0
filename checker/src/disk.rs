//! A server's disk, mirrored from what was asked of it and what it reported.
//!
//! Two states are kept: *asked*, what a restarted process would read back (the page cache
//! survives it), and *durable*, what survives a power loss whatever happens. Between them is the
//! list of operations that are asked for and not reported, or were left by a process that died.
//!
//! What a failed write has left in the buffer of its process can be read by nobody and ends with it;
//! what a failed flush has left can be read, and only somebody who writes it again makes it durable.
//!
//! A killed process leaves all it asked for to be read, and none of it durable: a later process has
//! to flush what it found, or the kernel to write it back.

mod digest;

use crate::sequences::{Sequence, Sequences};
use zab_core::{Digest, DiskError, DiskOp, Epoch, File, Lsn, Recovered, Replica, Txn, Zxid};

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

    fn apply(&mut self, op: Pending) {
        match op {
            Pending::Append(txn) => self.log.push(txn),
            Pending::Truncate(zxid) => {
                let keep = self.log.iter().position(|txn| txn.zxid > zxid);
                self.log.truncate(keep.unwrap_or(self.log.len()));
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
            Pending::CurrentEpoch(epoch) | Pending::Rename(File::CurrentEpoch, epoch) => {
                self.current_epoch = epoch;
            }
            Pending::AcceptedEpoch(epoch) | Pending::Rename(_, epoch) => {
                self.accepted_epoch = epoch;
            }
            Pending::Roll | Pending::FlushRecovered(_) => {}
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
    /// What is appended next begins a file.
    Roll,
    Truncate(Zxid),
    Snapshot(Snapshot),
    SnapshotFile(Snapshot),
    WriteSnapshot(Snapshot),
    EmptySnapshot(Zxid),
    DropSnapshotsAfter(Zxid),
    AcceptedEpoch(Epoch),
    CurrentEpoch(Epoch),
    Rename(File, Epoch),
    FlushRecovered(File),
}

impl Pending {
    const fn file(self) -> File {
        match self {
            Self::Append(_) | Self::Roll | Self::Truncate(_) => File::Log,
            Self::Snapshot(_)
            | Self::SnapshotFile(_)
            | Self::WriteSnapshot(_)
            | Self::EmptySnapshot(_)
            | Self::DropSnapshotsAfter(_) => File::Snapshot,
            Self::AcceptedEpoch(_) => File::AcceptedEpoch,
            Self::CurrentEpoch(_) => File::CurrentEpoch,
            Self::FlushRecovered(file) | Self::Rename(file, _) => file,
        }
    }

    /// Whether it writes where an older one may be, and nobody flushes it.
    const fn is_in_place(self) -> bool {
        matches!(self, Self::WriteSnapshot(_) | Self::EmptySnapshot(_))
    }

    /// Whether it makes a file of the log, or cuts some.
    const fn is_name(self) -> bool {
        matches!(self, Self::Roll | Self::Truncate(_))
    }

    /// Whether it changes which files there are and how long they are, but not what is in them.
    const fn is_journaled(self) -> bool {
        matches!(self, Self::Truncate(_) | Self::DropSnapshotsAfter(_))
    }
}

/// How far an operation has come.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Stage {
    /// Asked for by the running process and not reported.
    Asked(Lsn),
    /// In the buffer of the running process.
    Buffered(Lsn),
    /// In the page cache, and no running process is about to flush it.
    Left,
    /// It has its name, until the power goes or something is flushed.
    Renamed,
    /// In the page cache, where it counts as clean.
    Clean,
    /// Durable, after something that is not.
    Durable,
}

/// Whether another process would read it: not what is in the buffer of the running one, nor a snapshot
/// that is incomplete.
const fn is_readable((stage, op): &(Stage, Pending)) -> bool {
    match stage {
        Stage::Buffered(_) => false,
        Stage::Asked(_) => !matches!(op, Pending::WriteSnapshot(_)),
        Stage::Left | Stage::Renamed | Stage::Clean | Stage::Durable => true,
    }
}

/// Each of these in order, and whether it is there after a power loss, for who reads it: a file of the
/// log is read up to the first record that is not there, the next one all the same
/// (`FileTxnIterator.next`); one whose name is not durable is gone whole.
fn survivors(writes: &[(Stage, Pending)]) -> impl Iterator<Item = (bool, &Pending)> {
    let (mut ends_here, mut has_name) = (false, true);
    writes.iter().map(move |(stage, op)| {
        let is_durable = *stage == Stage::Durable;
        match op {
            Pending::Roll => (ends_here, has_name) = (false, is_durable),
            Pending::Append(_) if ends_here || !has_name => return (false, op),
            // What is in the buffer is in no file.
            Pending::Append(_) => ends_here = !is_durable && !matches!(stage, Stage::Buffered(_)),
            _ => {}
        }
        (is_durable, op)
    })
}

/// The mirror of one disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    asked: Files,
    durable: Files,
    /// What is durable without the writes below, as long as some of them were left.
    base: Option<Box<Files>>,
    /// In order: operations that are not durable, or follow one that is not.
    writes: Vec<(Stage, Pending)>,
    /// A process has died on this machine since it last had no power.
    is_cached: bool,
    /// What was durable on the disks that this one has taken the place of.
    voided: Vec<Files>,
    /// A flush of a file does not make its name durable.
    is_strict: bool,
    /// The flushes under way that are not followed by one of the folder.
    leaves_folder: Vec<(File, Lsn)>,
}

impl Disk {
    /// What a restarted process would read.
    pub(crate) const fn asked(&self) -> &Files {
        &self.asked
    }

    /// What survives a power loss, and what would if the disk had not been created again.
    pub(crate) fn ever_durable(&self) -> impl Iterator<Item = &Files> {
        self.voided.iter().chain([&self.durable])
    }

    /// The disk is created again, and is empty.
    pub(crate) fn on_blanked(&mut self) {
        let mut voided = std::mem::take(&mut self.voided);
        voided.push(std::mem::take(&mut self.durable));
        *self = Self { voided, is_strict: self.is_strict, ..Self::default() };
    }

    /// From here on a flush of a file does not make its name durable.
    pub(crate) const fn on_strict(&mut self) {
        self.is_strict = true;
    }

    /// What survives a power loss.
    pub(crate) const fn durable(&self) -> &Files {
        &self.durable
    }

    /// Log records that were asked for, by this process or an earlier one, and are not durable.
    pub(crate) fn unflushed(&self) -> impl Iterator<Item = &Txn> {
        survivors(&self.writes).filter_map(|(survives, op)| match op {
            Pending::Append(txn) if !survives => Some(txn),
            _ => None,
        })
    }

    /// A process started and found this. What it finds after a power loss is durable.
    pub(crate) fn on_started(&mut self, recovered: &Recovered) {
        self.asked.snapshots = recovered.snapshots.iter().map(Snapshot::from).collect();
        self.asked.log.clone_from(&recovered.log);
        self.asked.accepted_epoch = recovered.accepted_epoch;
        self.asked.current_epoch = recovered.current_epoch;
        if !self.is_cached {
            self.writes.clear();
            self.base = None;
            self.durable.clone_from(&self.asked);
        }
    }

    /// The process died. Its page cache survives unless the power is lost.
    pub(crate) fn on_crashed(&mut self, power_loss: bool) {
        self.leaves_folder.clear();
        self.is_cached = !power_loss;
        if power_loss {
            self.writes.clear();
            self.base = None;
            self.asked.clone_from(&self.durable);
            return;
        }
        self.writes.retain(is_readable);
        for (stage, op) in &mut self.writes {
            if let Stage::Asked(_) = stage {
                let is_epoch = matches!(op.file(), File::AcceptedEpoch | File::CurrentEpoch);
                *stage = if is_epoch { Stage::Renamed } else { Stage::Left };
            }
        }
        self.settle();
    }

    /// The disk was asked for an operation.
    pub(crate) fn on_asked(&mut self, lsn: Lsn, op: &DiskOp) {
        if matches!(
            op,
            DiskOp::Flush | DiskOp::FlushFile | DiskOp::FlushRecovered(_) | DiskOp::Truncate(_)
        ) {
            self.empty_buffer();
        }
        let leaves_folder =
            matches!(op, DiskOp::FlushFile | DiskOp::SnapshotFile(_) | DiskOp::Rename(..));
        if self.is_strict && leaves_folder {
            self.leaves_folder.push((op.file(), lsn));
        }
        let op = match op {
            DiskOp::Append(txn) => Pending::Append(*txn),
            DiskOp::Truncate(zxid) => Pending::Truncate(*zxid),
            DiskOp::Snapshot(replica) => Pending::Snapshot(Snapshot::from(&**replica)),
            DiskOp::SnapshotFile(replica) => Pending::SnapshotFile(Snapshot::from(&**replica)),
            DiskOp::WriteSnapshot(replica) => Pending::WriteSnapshot(Snapshot::from(&**replica)),
            DiskOp::EmptySnapshot(zxid) => Pending::EmptySnapshot(*zxid),
            DiskOp::DropSnapshotsAfter(zxid) => Pending::DropSnapshotsAfter(*zxid),
            DiskOp::AcceptedEpoch(epoch) => Pending::AcceptedEpoch(*epoch),
            DiskOp::CurrentEpoch(epoch) => Pending::CurrentEpoch(*epoch),
            DiskOp::FlushRecovered(file) => Pending::FlushRecovered(*file),
            DiskOp::Rename(file, epoch) => Pending::Rename(*file, *epoch),
            DiskOp::RollLog => {
                let stage = if self.is_strict { Stage::Asked(lsn) } else { Stage::Durable };
                self.writes.push((stage, Pending::Roll));
                return;
            }
            DiskOp::Flush | DiskOp::FlushFile => return,
        };
        let write = (Stage::Asked(lsn), op);
        if is_readable(&write) {
            self.asked.apply(op);
        }
        self.writes.push(write);
    }

    /// The stream of the log writes what is in its buffer.
    fn empty_buffer(&mut self) {
        let mut is_any = false;
        for (stage, _) in &mut self.writes {
            if let Stage::Buffered(lsn) = *stage {
                *stage = Stage::Asked(lsn);
                is_any = true;
            }
        }
        if is_any {
            self.read_back();
        }
    }

    /// Works out what can be read.
    fn read_back(&mut self) {
        let Self { asked, durable, base, writes, .. } = self;
        asked.clone_from(base.as_deref().unwrap_or(durable));
        let written = writes.iter().filter(|write| is_readable(write));
        written.for_each(|(_, op)| asked.apply(*op));
    }

    /// What the running process did to this file up to `upto` is durable, and so is what earlier ones
    /// have left, as far as it was flushed or is an entry of the file system's journal.
    pub(crate) fn on_done(&mut self, file: File, upto: Lsn) {
        let is_done =
            |stage| matches!(stage, Stage::Asked(lsn) | Stage::Buffered(lsn) if lsn <= upto);
        let flushes = |(stage, op): &(Stage, Pending)| {
            is_done(*stage) && matches!(op, Pending::FlushRecovered(of) if *of == file)
        };
        let all_until = self.writes.iter().rposition(flushes).unwrap_or(0);
        let flushes_nothing = |(stage, op): &(Stage, Pending)| {
            *stage == Stage::Asked(upto)
                && matches!(op, Pending::DropSnapshotsAfter(_) | Pending::WriteSnapshot(_))
        };
        let is_flushed = !self.writes.iter().any(flushes_nothing);
        let is_strict = self.is_strict;
        let leaves_folder = self.leaves_folder.contains(&(file, upto));
        self.leaves_folder.retain(|(of, lsn)| *of != file || *lsn > upto);
        // The log has a folder of its own.
        let names_are_flushed = |of: File| {
            is_flushed && !leaves_folder && (!is_strict || (of == File::Log) == (file == File::Log))
        };
        for (at, (stage, op)) in self.writes.iter_mut().enumerate() {
            let is_flushed = names_are_flushed(op.file());
            let is_left = matches!(stage, Stage::Left | Stage::Clean | Stage::Renamed)
                && at < all_until
                || *stage == Stage::Left && (op.is_journaled() || op.is_name());
            let has_its_name = matches!(op, Pending::Rename(..))
                || is_strict && matches!(op, Pending::SnapshotFile(_)) && at >= all_until
                || leaves_folder && op.is_name();
            if is_flushed && matches!(op, Pending::EmptySnapshot(_)) {
                *stage = Stage::Durable;
            } else if op.file() == file
                && has_its_name
                && (is_done(*stage) || leaves_folder && is_left)
            {
                *stage = Stage::Renamed;
            } else if op.file() == file && is_done(*stage) && at >= all_until && op.is_in_place() {
                *stage = Stage::Left;
            } else if op.file() == file && (is_done(*stage) || is_left)
                || is_flushed
                    && (*stage == Stage::Renamed || *stage == Stage::Left && op.is_journaled())
            {
                *stage = Stage::Durable;
            }
        }
        self.settle();
        if !is_flushed {
            self.read_back();
        }
    }

    /// What earlier processes have left is durable.
    pub(crate) fn on_written_back(&mut self) {
        let is_left = |stage| matches!(stage, Stage::Left | Stage::Renamed);
        let left = self.writes.iter_mut().filter(|(stage, _)| is_left(*stage));
        left.for_each(|(stage, _)| *stage = Stage::Durable);
        self.settle();
    }

    /// Works out what is durable.
    fn settle(&mut self) {
        let Self { durable, base, writes, .. } = self;
        let is_left = writes
            .iter()
            .any(|(stage, _)| matches!(stage, Stage::Left | Stage::Clean | Stage::Renamed));
        if is_left && base.is_none() {
            *base = Some(Box::new(durable.clone()));
        }
        let mut is_held = [false; File::ALL.len()];
        let first = base.as_deref_mut().unwrap_or(&mut *durable);
        writes.retain(|(stage, op)| {
            let is_held = &mut is_held[op.file() as usize];
            *is_held |= *stage != Stage::Durable;
            if !*is_held {
                first.apply(*op);
            }
            *is_held
        });
        if let Some(base) = base {
            durable.clone_from(base);
            let kept = survivors(writes).filter(|(survives, _)| *survives);
            kept.for_each(|(_, op)| durable.apply(*op));
        }
        if !is_left {
            *base = None;
        }
    }

    /// This operation failed.
    pub(crate) fn on_failed(&mut self, file: File, failed: Lsn, error: DiskError) {
        let is_it = |stage| matches!(stage, Stage::Asked(lsn) if lsn == failed);
        self.writes.retain(|(stage, op)| op.file() != file || !is_it(*stage));
        if matches!(error, DiskError::Header | DiskError::Open) {
            // Nothing is left of the file that was to begin.
            let begins = |(_, op): &(Stage, Pending)| matches!(op, Pending::Roll);
            let begun = self.writes.iter().rposition(begins).unwrap_or(0);
            let mut new = self.writes.split_off(begun);
            new.retain(|(stage, op)| op.file() != file || !matches!(stage, Stage::Asked(_)));
            self.writes.append(&mut new);
        }
        let is_asked =
            |stage| matches!(stage, Stage::Asked(lsn) | Stage::Buffered(lsn) if lsn <= failed);
        if file == File::Log {
            let cut = self
                .writes
                .iter()
                .rposition(|(stage, op)| is_asked(*stage) && matches!(op, Pending::Truncate(_)));
            for (at, (stage, op)) in self.writes.iter_mut().enumerate() {
                let (true, Pending::Append(_) | Pending::Roll | Pending::Truncate(_)) =
                    (is_asked(*stage), &*op)
                else {
                    continue;
                };
                // What was cut was written before, and so was what stood before the cut.
                *stage = match (error, *stage, *op) {
                    (_, _, Pending::Truncate(_)) => Stage::Left,
                    (DiskError::Flush, _, Pending::Roll) => Stage::Left,
                    (DiskError::Flush, ..) => Stage::Clean,
                    _ if cut.is_some_and(|cut| at < cut) => Stage::Left,
                    (_, Stage::Asked(lsn), _) => Stage::Buffered(lsn),
                    (_, stage, _) => stage,
                };
            }
        }
        self.settle();
        self.read_back();
    }
}
