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
mod files;
mod pending;
mod purge;

pub(crate) use files::{Files, Snapshot, follows};

use pending::{Pending, Stage, is_readable, survivors};
use zab_core::{DiskError, DiskOp, File, Lsn, Recovered, Txn};

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
        self.asked.set_log(recovered);
        self.asked.accepted_epoch = recovered.accepted_epoch;
        self.asked.current_epoch = recovered.current_epoch;
        if !self.is_cached {
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
            DiskOp::PurgeSnapshots(oldest) => Pending::PurgeSnapshots(*oldest),
            DiskOp::PurgeLog(first) => Pending::PurgeLog(*first),
            DiskOp::AcceptedEpoch(epoch) => Pending::AcceptedEpoch(*epoch),
            DiskOp::CurrentEpoch(epoch) => Pending::CurrentEpoch(*epoch),
            DiskOp::FlushRecovered(file) => Pending::FlushRecovered(*file),
            DiskOp::Rename(file, epoch) => Pending::Rename(*file, *epoch),
            DiskOp::RollLog => {
                let stage = if self.is_strict { Stage::Asked(lsn) } else { Stage::Durable };
                self.writes.push((stage, Pending::Roll));
                self.asked.apply(Pending::Roll);
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
                || *stage == Stage::Left && (op.is_cut() || op.is_name());
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
