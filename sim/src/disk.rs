//! The disk of one server: what is durable, what can be read, and what was only asked for.
//!
//! Operations on one file take effect in order. A write becomes durable when it completes (the
//! driver says when), or earlier by luck; never when it is asked for. Three ends of a process
//! differ:
//!
//! - power loss: of all that is not durable, whichever process wrote it, a [`CrashMode`] says what
//!   stays;
//! - the process is killed or exits: what it asked for is in the page cache. The next process reads
//!   it, and it is durable once the kernel writes it back or a process flushes what it found;
//! - the server leaves its role in process: nothing happens here at all.
//!
//! An operation may fail, see [`DiskError`]. A write that fails leaves log records in the buffer of
//! their process, which writes them with its next flush and takes them with it when it ends. What a
//! failed flush should have made durable counts as clean: it can be read until the power goes, and
//! neither the kernel nor another flush writes it, unless somebody writes it again.
//!
//! A flush makes durable what the process itself wrote, because each process has a log file of its
//! own (`FileTxnLog.append` opens one) and flushes no other (`FileTxnLog.commit`). Cuts and removals,
//! those of earlier processes as well, become durable with a flush of any file: they are entries of one
//! journal (ext4, xfs), of which an fsync writes all.
//!
//! All this is so where a flush of a file flushes the journal, and makes the file's name durable
//! ([`Directories::Lenient`]: ext4, xfs, btrfs). In strict directories names, cuts and removals are
//! durable once their folder is flushed, which some operations leave to others: until then a power loss
//! takes a new file whole, with all that was flushed of it.
//!
//! The log is kept as the bytes of its file, see [`record`]. Snapshots and epoch files are written
//! beside and renamed, so a crash leaves the old contents or the new ones; or a snapshot is written in
//! its place, over an older one of its zxid, and nobody flushes it: then a process that is killed
//! meanwhile, or a power loss later, leaves one that is incomplete. That is as good as none
//! (`FileSnap.deserialize` skips it), so none is what is kept of it. An epoch file is flushed
//! before it is renamed (`AtomicFileOutputStream`); that it was renamed is durable once its folder is
//! flushed, or any file is after that: this is an entry of the journal as well.

mod canonical;
mod contents;
mod purge;
pub mod record;

pub(crate) use purge::Broom;
pub use record::Corruption;

use crate::schedule::{CrashMode, Directories};
use contents::Contents;
use std::collections::VecDeque;
use zab_core::{DiskError, DiskOp, File, Lsn, NoHeader, Recovered};

/// How far an operation has come.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
enum Stage {
    /// Asked for by the running process and not reported.
    Asked,
    /// In the buffer of the running process: a write of it failed.
    Buffered,
    /// In the page cache, and no running process is about to flush it: it can be read.
    Written,
    /// It has its name, or is cut, which a power loss may undo.
    Renamed,
    /// Its flush failed: it can be read, and counts as clean.
    Clean,
    /// Durable, but after something that is not.
    Durable,
}

/// What an operation needs of the disk.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// To change names and lengths of files, at most.
    Nothing,
    /// To write into a block that its file has.
    Write,
    /// Another block.
    Block,
    /// Another file of the log.
    File,
}

/// An operation that is not part of the durable contents yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Write {
    lsn: Lsn,
    op: DiskOp,
    stage: Stage,
}

/// The files of a server: contents that survive a power loss, and what is on the way there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SimDisk {
    durable: Contents,
    /// By file, oldest first.
    writes: [VecDeque<Write>; File::ALL.len()],
    /// When names are durable.
    directories: Directories,
}

impl SimDisk {
    /// A disk whose log file has these contents, and nothing else on it.
    pub fn with_log(log: Vec<u8>) -> Self {
        Self { durable: Contents::with_log(log), ..Self::default() }
    }

    /// The disk that an operator has created in the place of this one.
    #[must_use]
    pub fn blanked(&self) -> Self {
        Self { durable: Contents::blank(), directories: self.directories, ..Self::default() }
    }

    /// From here on names are durable once this says so.
    pub const fn set_directories(&mut self, directories: Directories) {
        self.directories = directories;
    }

    /// Whether it took the place of another, and what would make up for that is not durable.
    pub const fn is_blank(&self) -> bool {
        self.durable.is_blank()
    }

    /// The log file, as far as it is durable.
    pub fn log(&self) -> &[u8] {
        self.durable.log()
    }

    /// Takes an operation into the page cache.
    pub fn ask(&mut self, lsn: Lsn, op: DiskOp) {
        // Who refuses what it finds asks for nothing.
        self.durable.remove_headless();
        let queue = &mut self.writes[op.file() as usize];
        let mut asked = queue.iter().rev().take_while(|write| write.stage == Stage::Asked);
        assert!(asked.next().is_none_or(|last| last.lsn < lsn), "operations come in order");
        // A flush, or the end of the stream, writes what is in the buffer.
        if is_flush(&op) || matches!(op, DiskOp::Truncate(_)) {
            let buffered = queue.iter_mut().filter(|write| write.stage == Stage::Buffered);
            buffered.for_each(|write| write.stage = Stage::Asked);
        }
        queue.push_back(Write { lsn, op, stage: Stage::Asked });
    }

    /// Whether the running process waits for nothing.
    pub fn is_idle(&self) -> bool {
        self.writes.iter().flatten().all(|write| write.stage != Stage::Asked)
    }

    /// Whether this operation flushes what an earlier process has left, and that is nothing.
    pub fn has_nothing_to_do(&self, file: File, lsn: Lsn) -> bool {
        let is_left =
            |write: &Write| matches!(write.stage, Stage::Written | Stage::Clean | Stage::Renamed);
        matches!(self.under_way(file, lsn), Some(DiskOp::FlushRecovered(_)))
            && !self.writes[file as usize].iter().any(is_left)
    }

    /// The operation of that number, if it is under way.
    pub fn under_way(&self, file: File, lsn: Lsn) -> Option<&DiskOp> {
        let queue = &self.writes[file as usize];
        let is_this = |write: &&Write| write.stage == Stage::Asked && write.lsn == lsn;
        queue.iter().find(is_this).map(|write| &write.op)
    }

    /// What the operation of that number needs, if it is under way. Whoever flushes the log, or closes
    /// its stream to cut it, writes what is in the buffer.
    pub(crate) fn need(&self, file: File, lsn: Lsn) -> Need {
        let queue = &self.writes[file as usize];
        let is_this = |write: &Write| write.stage == Stage::Asked && write.lsn == lsn;
        let Some(at) = queue.iter().position(is_this) else { return Need::Nothing };
        match queue[at].op {
            DiskOp::Flush | DiskOp::FlushFile | DiskOp::Truncate(_) => {}
            DiskOp::Append(_)
            | DiskOp::RollLog
            | DiskOp::EmptySnapshot(_)
            | DiskOp::DropSnapshotsAfter(_)
            | DiskOp::PurgeSnapshots(_)
            | DiskOp::PurgeLog(_)
            | DiskOp::FlushRecovered(File::AcceptedEpoch | File::CurrentEpoch) => {
                return Need::Nothing;
            }
            DiskOp::FlushRecovered(_)
            | DiskOp::Snapshot(_)
            | DiskOp::SnapshotFile(_)
            | DiskOp::WriteSnapshot(_)
            | DiskOp::AcceptedEpoch(_)
            | DiskOp::CurrentEpoch(_)
            | DiskOp::Rename(..) => return Need::Block,
        }
        let writes_all = |write: &Write| is_flush(&write.op) || is_journaled(&write.op);
        let written = queue
            .iter()
            .take(at)
            .rposition(|write| write.stage == Stage::Asked && writes_all(write));
        let is_unwritten = |at: usize, write: &Write| match write.stage {
            Stage::Buffered => true,
            Stage::Asked => written.is_none_or(|written| at > written),
            _ => false,
        };
        let (mut contents, mut need) = (self.durable.clone(), Need::Nothing);
        for (at, write) in queue.iter().enumerate().take(at) {
            if matches!(write.op, DiskOp::Append(_)) && is_unwritten(at, write) {
                need = need.max(contents.next_record_needs());
            }
            contents.apply(write.op.clone());
        }
        need
    }

    /// Makes this operation durable, and all before it that it covers. False if it is not under way:
    /// it failed, or belongs to an earlier process.
    pub fn complete(&mut self, file: File, lsn: Lsn) -> bool {
        let queue = &mut self.writes[file as usize];
        let is_this = |write: &Write| write.stage == Stage::Asked && write.lsn == lsn;
        let Some(last) = queue.iter().position(is_this) else {
            return false;
        };
        let covers_all = |write: &Write| matches!(write.op, DiskOp::FlushRecovered(_));
        let all_until = queue.iter().take(last + 1).rposition(covers_all).unwrap_or(0);
        let is_strict = !self.directories.are_lenient();
        let leaves_names = is_strict && leaves_folder(&queue[last].op);
        if !matches!(queue[last].op, DiskOp::DropSnapshotsAfter(_) | DiskOp::WriteSnapshot(_)) {
            self.flush_names(file, leaves_names);
        }
        let queue = &mut self.writes[file as usize];
        for (at, write) in queue.iter_mut().enumerate().take(last + 1) {
            let is_own = write.stage == Stage::Asked || write.stage == Stage::Buffered;
            write.stage = match write.op {
                _ if at < all_until => Stage::Durable,
                DiskOp::RollLog | DiskOp::Truncate(_) if leaves_names => match write.stage {
                    Stage::Durable => Stage::Durable,
                    _ => Stage::Renamed,
                },
                // That is for whoever flushes names.
                _ if write.op.is_purge() => write.stage,
                _ if is_journaled(&write.op) => Stage::Durable,
                _ if !is_own => write.stage,
                DiskOp::Rename(..) => Stage::Renamed,
                DiskOp::SnapshotFile(_) if is_strict => Stage::Renamed,
                DiskOp::WriteSnapshot(_) | DiskOp::EmptySnapshot(_) => Stage::Written,
                _ => Stage::Durable,
            };
        }
        for file in File::ALL {
            self.settle(file);
        }
        true
    }

    /// A file is flushed, as part of an operation: that files were renamed, cut, emptied or removed before is
    /// durable, because it is in the journal of the file system; or, in strict directories, because their folder is
    /// flushed, unless that is left to others. The log has a folder of its own (`dataLogDir`).
    fn flush_names(&mut self, flushed: File, leaves_names: bool) {
        let is_strict = !self.directories.are_lenient();
        let of_a_folder = |file: File| (file == File::Log) == (flushed == File::Log);
        for file in File::ALL {
            if is_strict && (leaves_names || !of_a_folder(file)) {
                continue;
            }
            for write in &mut self.writes[file as usize] {
                let was_made = is_strict && write.op == DiskOp::RollLog;
                let is_left = matches!(write.stage, Stage::Written | Stage::Renamed);
                if write.stage == Stage::Renamed
                    || matches!(write.op, DiskOp::EmptySnapshot(_))
                    || (was_made || is_journaled(&write.op)) && is_left
                {
                    write.stage = Stage::Durable;
                }
            }
        }
    }

    /// The kernel writes back what earlier processes have left. False if that is nothing.
    pub fn write_back(&mut self) -> bool {
        let mut is_any = false;
        for file in File::ALL {
            let queue = &mut self.writes[file as usize];
            let is_left =
                |write: &&mut Write| matches!(write.stage, Stage::Written | Stage::Renamed);
            for write in queue.iter_mut().filter(is_left) {
                write.stage = Stage::Durable;
                is_any = true;
            }
            self.settle(file);
        }
        is_any
    }

    /// This operation fails. False if it is not under way. Others on its file take their own course.
    /// The log is not cut before its stream is closed, which writes the buffer.
    pub fn fail(&mut self, file: File, lsn: Lsn, error: DiskError) -> bool {
        let queue = &mut self.writes[file as usize];
        let is_this = |write: &Write| write.stage == Stage::Asked && write.lsn == lsn;
        let Some(failed) = queue.iter().position(is_this) else {
            return false;
        };
        if matches!(error, DiskError::Header | DiskError::Open) {
            // Nothing is left of the file that was to begin, or nothing but the file.
            let is_begun = |write: &Write| write.op == DiskOp::RollLog;
            let begins = queue.iter().take(failed).rposition(is_begun).unwrap_or(failed);
            let (mut at, mut first) = (0.., None);
            queue.retain(|write| {
                let is_of_it = at.next().is_some_and(|at| (begins..failed).contains(&at));
                if let DiskOp::Append(txn) = &write.op
                    && is_of_it
                {
                    first = first.or(Some(txn.zxid));
                }
                !is_of_it || write.op.is_purge()
            });
            if let (DiskError::Header, Some(name)) = (error, first) {
                self.durable.leave_headless(name, NoHeader::Nothing);
            }
            return self.fail(file, lsn, DiskError::Write);
        }
        let is_strict = !self.directories.are_lenient();
        let op = &queue[failed].op;
        if matches!(op, DiskOp::Flush | DiskOp::FlushFile | DiskOp::Truncate(_)) {
            // What was cut was written before, and so was what stood before the cut.
            let is_cut = |write: &Write| matches!(write.op, DiskOp::Truncate(_));
            let cut = queue.iter().take(failed).rposition(is_cut);
            for (at, write) in queue.iter_mut().enumerate().take(failed) {
                let is_own = matches!(write.stage, Stage::Asked | Stage::Buffered);
                if !is_own || is_flush(&write.op) {
                    continue;
                }
                write.stage = match error {
                    _ if is_cut(write) => Stage::Written,
                    DiskError::Flush if is_strict && write.op == DiskOp::RollLog => Stage::Written,
                    DiskError::Flush => Stage::Clean,
                    _ if cut.is_some_and(|cut| at < cut) => Stage::Written,
                    _ => Stage::Buffered,
                };
            }
        }
        queue.remove(failed);
        true
    }

    /// The power goes. True if it tore a record.
    pub fn lose_power(&mut self, mode: CrashMode) -> bool {
        let is_strict = !self.directories.are_lenient();
        let mut is_torn = false;
        for file in File::ALL {
            let mut left = match mode {
                CrashMode::KeepAll => usize::MAX,
                CrashMode::KeepPrefix(n) => usize::from(n),
                CrashMode::LoseAll
                | CrashMode::Torn
                | CrashMode::EmptyLog
                | CrashMode::ZeroedLog => 0,
            };
            // The first write that is gone, and whether anything after it stays.
            let (mut lost, mut is_inside) = (None, false);
            // Whoever reads a log file reads it up to the first record that is not there
            // (`FileTxnIterator.next`), and continues with the next file.
            let mut ends_here = false;
            // The file being read has no name any more, whatever was flushed of it.
            let mut is_gone = false;
            let on_the_way = |write: &Write| !is_flush(&write.op) && write.stage != Stage::Buffered;
            for write in self.writes[file as usize].drain(..).filter(on_the_way) {
                if write.op == DiskOp::RollLog {
                    ends_here = false;
                    is_gone = is_strict && write.stage != Stage::Durable && left == 0;
                    if is_gone {
                        lost = lost.or(Some(write));
                        continue;
                    }
                    left -= usize::from(is_strict && write.stage != Stage::Durable);
                    // Without its first record a file is none, or has no header.
                    self.durable.apply(write.op);
                } else if is_gone && matches!(write.op, DiskOp::Append(_)) {
                    lost = lost.or(Some(write));
                } else if ends_here && matches!(write.op, DiskOp::Append(_)) {
                    is_inside |= write.stage == Stage::Durable;
                } else if write.stage == Stage::Durable {
                    is_inside |= lost.is_some();
                    self.durable.apply(write.op);
                } else if left > 0 {
                    left -= 1;
                    self.durable.apply(write.op);
                } else {
                    if let DiskOp::Append(txn) = write.op {
                        ends_here = true;
                        self.durable.lose(&txn, mode);
                    }
                    lost = lost.or(Some(write));
                }
            }
            if let (CrashMode::Torn, Some(write), false) = (mode, lost, is_inside) {
                is_torn |= self.durable.tear(write.lsn, &write.op);
            }
        }
        is_torn
    }

    /// The process ends and the machine lives on: what was asked for can be read.
    pub fn lose_process(&mut self) {
        for file in File::ALL {
            let queue = &mut self.writes[file as usize];
            queue.retain(|write| {
                let is_incomplete =
                    write.stage == Stage::Asked && matches!(write.op, DiskOp::WriteSnapshot(_));
                !is_flush(&write.op) && write.stage != Stage::Buffered && !is_incomplete
            });
            let stage = match file {
                File::Log | File::Snapshot => Stage::Written,
                File::AcceptedEpoch | File::CurrentEpoch => Stage::Renamed,
            };
            let asked = queue.iter_mut().filter(|write| write.stage == Stage::Asked);
            asked.for_each(|write| write.stage = stage);
            self.settle(file);
        }
    }

    /// What a process finds when it starts. A torn tail is cut off; damage in the middle of the
    /// log is an error and leaves the disk as it is.
    pub fn recover(&mut self) -> Result<Recovered, Corruption> {
        assert!(self.is_idle(), "the process before this one has ended");
        let log = self.durable.cut_torn_tail()?;
        if self.writes.iter().all(VecDeque::is_empty) {
            return Ok(self.durable.found(log));
        }
        let mut readable = self.durable.clone();
        self.writes.iter().flatten().for_each(|write| readable.apply(write.op.clone()));
        Ok(readable.found(record::scan(readable.log())?))
    }

    /// Makes what is durable part of the contents, up to the first write that is not.
    fn settle(&mut self, file: File) {
        let queue = &mut self.writes[file as usize];
        while queue.front().is_some_and(|write| write.stage == Stage::Durable) {
            let write = queue.pop_front().expect("there is a first one");
            self.durable.apply(write.op);
        }
    }
}

/// Whether it has no contents.
const fn is_flush(op: &DiskOp) -> bool {
    matches!(op, DiskOp::Flush | DiskOp::FlushFile | DiskOp::FlushRecovered(_))
}

/// Whether it flushes a file, and not its folder.
const fn leaves_folder(op: &DiskOp) -> bool {
    matches!(op, DiskOp::FlushFile | DiskOp::SnapshotFile(_) | DiskOp::Rename(..))
}

/// Whether it changes which files there are and how long they are, but not what is in them.
const fn is_journaled(op: &DiskOp) -> bool {
    op.is_purge() || matches!(op, DiskOp::Truncate(_) | DiskOp::DropSnapshotsAfter(_))
}

#[cfg(test)]
mod tests;
