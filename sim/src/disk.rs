//! The disk of one server: what is durable, and what was only asked for.
//!
//! Operations on one file take effect in order. A write becomes durable when it completes (the
//! driver says when), or earlier by luck of a crash; never when it is asked for. Three ends of a
//! process differ:
//!
//! - power loss: of the operations that were not reported as done, a [`CrashMode`] says what stays;
//! - the process is killed or exits: the page cache survives, so everything asked for stays;
//! - the server leaves its role in process: nothing happens here at all.
//!
//! The log is kept as the bytes of its file, see [`record`]. Snapshots and epoch files are written
//! beside and renamed, so a crash leaves the old contents or the new ones.

pub mod record;

pub use record::Corruption;

use crate::schedule::CrashMode;
use record::RECORD;
use std::collections::VecDeque;
use zab_core::{DiskOp, Epoch, File, Lsn, Recovered, Replica, Zxid};

/// The files of a server: contents that survive a power loss, and operations under way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SimDisk {
    log: Vec<u8>,
    /// Oldest first.
    snapshots: Vec<Replica>,
    accepted_epoch: Epoch,
    current_epoch: Epoch,
    /// By file: what was asked for and is not done, oldest first.
    pending: [VecDeque<(Lsn, DiskOp)>; File::ALL.len()],
}

impl SimDisk {
    /// A disk whose log file has these contents, and nothing else on it.
    pub fn with_log(log: Vec<u8>) -> Self {
        Self { log, ..Self::default() }
    }

    /// The log file.
    pub fn log(&self) -> &[u8] {
        &self.log
    }

    /// Takes an operation into the page cache.
    pub fn ask(&mut self, lsn: Lsn, op: DiskOp) {
        let queue = &mut self.pending[op.file() as usize];
        assert!(queue.back().is_none_or(|(last, _)| *last < lsn), "operations come in order");
        queue.push_back((lsn, op));
    }

    /// Whether nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.pending.iter().all(VecDeque::is_empty)
    }

    /// Makes this operation durable, and all before it on its file. False if it is not under way:
    /// it failed, or belongs to an earlier process.
    pub fn complete(&mut self, file: File, lsn: Lsn) -> bool {
        if !self.pending[file as usize].iter().any(|(pending, _)| *pending == lsn) {
            return false;
        }
        while let Some((done, op)) = self.pending[file as usize].pop_front() {
            self.apply(op);
            if done == lsn {
                break;
            }
        }
        true
    }

    /// The oldest operation under way fails: it and all later ones on its file have no effect.
    pub fn fail_oldest(&mut self) -> Option<(File, Lsn)> {
        let fronts = File::ALL.into_iter().filter_map(|file| {
            let (lsn, _) = self.pending[file as usize].front()?;
            Some((*lsn, file))
        });
        let (lsn, file) = fronts.min()?;
        self.pending[file as usize].clear();
        Some((file, lsn))
    }

    /// The power goes. True if it tore a record.
    pub fn lose_power(&mut self, mode: CrashMode) -> bool {
        let mut is_torn = false;
        for file in File::ALL {
            let mut left = match mode {
                CrashMode::KeepAll => usize::MAX,
                CrashMode::KeepPrefix(n) => usize::from(n),
                CrashMode::LoseAll | CrashMode::Torn => 0,
            };
            while let Some((lsn, op)) = self.pending[file as usize].pop_front() {
                if op == DiskOp::Flush {
                    continue;
                }
                if left == 0 {
                    is_torn |= self.tear(mode, lsn, &op);
                    break;
                }
                left -= 1;
                self.apply(op);
            }
            self.pending[file as usize].clear();
        }
        is_torn
    }

    /// The process ends and the machine lives on: the page cache reaches the disk.
    pub fn lose_process(&mut self) {
        self.lose_power(CrashMode::KeepAll);
    }

    /// A record that was being written when the power went; where it is torn depends on its
    /// number, so that header and payload both are.
    fn tear(&mut self, mode: CrashMode, lsn: Lsn, op: &DiskOp) -> bool {
        let (CrashMode::Torn, DiskOp::Append(txn)) = (mode, op) else { return false };
        let start = self.log.len();
        record::encode(txn, &mut self.log);
        self.log.truncate(start + 1 + lsn.0 as usize % (RECORD - 1));
        true
    }

    /// What a process finds when it starts. A torn tail is cut off; damage in the middle of the
    /// log is an error and leaves the disk as it is.
    pub fn recover(&mut self) -> Result<Recovered, Corruption> {
        assert!(self.is_idle(), "the process before this one has ended");
        let log = record::scan(&self.log)?;
        self.log.truncate(log.len() * RECORD);
        Ok(Recovered {
            snapshot: self.snapshots.last().copied().unwrap_or_default(),
            log,
            accepted_epoch: self.accepted_epoch,
            current_epoch: self.current_epoch,
        })
    }

    fn apply(&mut self, op: DiskOp) {
        match op {
            DiskOp::Append(txn) => record::encode(&txn, &mut self.log),
            DiskOp::Truncate(zxid) => self.truncate(zxid),
            DiskOp::Flush => {}
            DiskOp::Snapshot(replica) => {
                self.snapshots.retain(|old| old.last_processed != replica.last_processed);
                let at = self
                    .snapshots
                    .partition_point(|old| old.last_processed < replica.last_processed);
                self.snapshots.insert(at, *replica);
            }
            DiskOp::DropSnapshotsAfter(zxid) => {
                self.snapshots.retain(|snapshot| snapshot.last_processed <= zxid);
            }
            DiskOp::AcceptedEpoch(epoch) => self.accepted_epoch = epoch,
            DiskOp::CurrentEpoch(epoch) => self.current_epoch = epoch,
        }
    }

    fn truncate(&mut self, zxid: Zxid) {
        let log = record::scan(&self.log).expect("the log was sound when the process started");
        let keep = match zxid {
            Zxid::ZERO => 0,
            _ => log.iter().position(|txn| txn.zxid > zxid).unwrap_or(log.len()),
        };
        self.log.truncate(keep * RECORD);
    }
}

#[cfg(test)]
mod tests;
