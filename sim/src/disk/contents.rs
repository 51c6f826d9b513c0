//! What is in the files of a server.

use super::Need;
use super::record::{self, Corruption, RECORD};
use crate::schedule::CrashMode;
use zab_core::event::purged;
use zab_core::log_files::LogFiles;
use zab_core::{DiskOp, Epoch, File, Headless, Lsn, NoHeader, Recovered, Replica, Txn, Zxid};

/// How many records of the log are in one block of the disk: some forty on ext4.
const BLOCK_RECORDS: usize = 4;

/// The contents of all files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Contents {
    /// The records of all files, one after the other.
    log: Vec<u8>,
    files: LogFiles,
    /// The next record begins a new file.
    is_rolled: bool,
    /// Oldest first.
    snapshots: Vec<Replica>,
    accepted_epoch: Epoch,
    current_epoch: Epoch,
    /// It took the place of another disk, and no process has taken part in an epoch since.
    is_blank: bool,
    /// It took the place of another disk, whenever that was.
    is_recreated: bool,
    /// A purge has removed the snapshot of the first start.
    is_purged: bool,
    /// Files of the log without a header, oldest first.
    headless: Vec<Headless>,
}

impl Contents {
    pub(super) fn with_log(log: Vec<u8>) -> Self {
        Self { log, ..Self::default() }
    }

    /// What an operator leaves who creates the disk again.
    pub(super) fn blank() -> Self {
        Self { is_blank: true, is_recreated: true, ..Self::default() }
    }

    pub(super) const fn is_blank(&self) -> bool {
        self.is_blank
    }

    pub(super) fn log(&self) -> &[u8] {
        &self.log
    }

    /// What the next record of the log needs: it begins a file, or the block in use has no room for it,
    /// or it has.
    pub(super) fn next_record_needs(&self) -> Need {
        let start = self.files.starts().last().unwrap_or(0);
        let records = self.files.records() - start;
        match self.is_rolled {
            true => Need::File,
            false if records.is_multiple_of(BLOCK_RECORDS) => Need::Block,
            false => Need::Write,
        }
    }

    /// A power loss takes a record, and all after it in its file. If that was to begin with the record, its
    /// name may stay.
    pub(super) fn lose(&mut self, txn: &Txn, mode: CrashMode) {
        let contents = match mode {
            CrashMode::EmptyLog => NoHeader::Nothing,
            CrashMode::ZeroedLog => NoHeader::Zeros,
            CrashMode::LoseAll
            | CrashMode::KeepPrefix(_)
            | CrashMode::Torn
            | CrashMode::KeepAll => return,
        };
        if self.is_rolled {
            self.leave_headless(txn.zxid, contents);
        }
    }

    /// A file of the log is there, and what it was to begin with is not.
    pub(super) fn leave_headless(&mut self, name: Zxid, contents: NoHeader) {
        self.headless.push(Headless { name, contents });
    }

    /// A process that found the files without a header continues: they are removed, or written over.
    pub(super) fn remove_headless(&mut self) {
        self.headless.clear();
    }

    /// An operation takes effect.
    pub(super) fn apply(&mut self, op: DiskOp) {
        match op {
            DiskOp::Append(txn) => {
                record::encode(&txn, &mut self.log);
                self.files.append(std::mem::take(&mut self.is_rolled));
            }
            DiskOp::RollLog => self.is_rolled = true,
            DiskOp::Truncate(zxid) => self.truncate(zxid),
            DiskOp::Flush | DiskOp::FlushFile | DiskOp::FlushRecovered(_) => {}
            DiskOp::Snapshot(replica)
            | DiskOp::SnapshotFile(replica)
            | DiskOp::WriteSnapshot(replica) => {
                self.snapshots.retain(|old| old.last_processed != replica.last_processed);
                let at = self
                    .snapshots
                    .partition_point(|old| old.last_processed < replica.last_processed);
                self.snapshots.insert(at, *replica);
            }
            DiskOp::EmptySnapshot(zxid) => {
                self.snapshots.retain(|snapshot| snapshot.last_processed != zxid);
            }
            DiskOp::DropSnapshotsAfter(zxid) => {
                self.snapshots.retain(|snapshot| snapshot.last_processed <= zxid);
            }
            DiskOp::PurgeSnapshots(oldest) => {
                self.snapshots.retain(|snapshot| snapshot.last_processed >= oldest);
                self.is_purged = true;
            }
            DiskOp::PurgeLog(first) => {
                let removed = purged(first, &self.records(), &self.files);
                self.log.drain(..removed * RECORD);
                self.files.remove_first(removed);
                self.headless.retain(|file| file.name >= first);
            }
            DiskOp::CurrentEpoch(epoch) | DiskOp::Rename(File::CurrentEpoch, epoch) => {
                self.current_epoch = epoch;
                self.is_blank = false;
            }
            DiskOp::AcceptedEpoch(epoch) | DiskOp::Rename(_, epoch) => self.accepted_epoch = epoch,
        }
    }

    /// The records of the log. Nothing but a power loss tears one, and who starts cuts it off.
    fn records(&self) -> Vec<Txn> {
        record::scan(&self.log).expect("the log was sound when the process started")
    }

    fn truncate(&mut self, zxid: Zxid) {
        let log = self.records();
        let keep = match zxid {
            Zxid::ZERO => 0,
            _ => log.iter().position(|txn| txn.zxid > zxid).unwrap_or(log.len()),
        };
        self.log.truncate(keep * RECORD);
        self.files.truncate(keep);
    }

    /// A record that was being written when the power went; where it is torn depends on its
    /// number, so that header and payload both are. False if nothing was appended.
    pub(super) fn tear(&mut self, lsn: Lsn, op: &DiskOp) -> bool {
        let DiskOp::Append(txn) = op else { return false };
        let start = self.log.len();
        record::encode(txn, &mut self.log);
        self.log.truncate(start + 1 + lsn.0 as usize % (RECORD - 1));
        true
    }

    /// Cuts a torn tail off the log, unless that is corrupt, and returns its records.
    pub(super) fn cut_torn_tail(&mut self) -> Result<Vec<Txn>, Corruption> {
        let log = record::scan(&self.log)?;
        self.log.truncate(log.len() * RECORD);
        Ok(log)
    }

    /// The zxids of the snapshots, oldest first, and whether there is that of the first start besides, which
    /// was written back long ago.
    pub(super) fn snapshots(&self) -> (Vec<Zxid>, bool) {
        let zxids = self.snapshots.iter().map(|snapshot| snapshot.last_processed);
        (zxids.collect(), !self.is_recreated && !self.is_purged)
    }

    /// The first record of each file of the log.
    pub(super) fn files_begin_with(&self) -> Vec<Zxid> {
        let log = self.records();
        self.files.starts().map(|start| log[start].zxid).collect()
    }

    /// What a process finds that reads this, and these records in the log.
    pub(super) fn found(&self, log: Vec<Txn>) -> Recovered {
        Recovered {
            log_files: self.files.clone(),
            snapshots: self.snapshots.clone(),
            log,
            accepted_epoch: self.accepted_epoch,
            current_epoch: self.current_epoch,
            is_blank: self.is_blank,
            is_recreated: self.is_recreated,
            is_purged: self.is_purged,
            headless: self.headless.clone(),
        }
    }
}
