//! What the disk of one server has it go through.

use super::super::{Situation, Situations};
use zab_checker::Fact;
use zab_core::event::{ExitReason, Note};
use zab_core::{DiskError, DiskOp, Epoch, File, Lsn, NoHeader, Purge, Recovered, Zxid};

/// A disk, and what the process that runs now has asked of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk {
    /// The snapshots, and whether each was written in its place.
    snapshots: Vec<(Zxid, bool)>,
    /// What the epoch files were last reported to hold.
    epochs: [Epoch; File::ALL.len()],
    /// Epochs that are on their way there.
    writing: Vec<(Lsn, File, Epoch)>,
    /// Appends that were not reported.
    logging: Vec<Lsn>,
    /// The last record that was appended.
    last_appended: Zxid,
    /// What was wrong with it last, until everything is healed.
    trouble: Option<Situation>,
    /// It was created again, and its server has not served since, nor was everything healed.
    is_blank: bool,
    /// A purge has removed files of the log.
    is_purged: bool,
    /// This process has a file of the log without a header.
    lacks_header: bool,
}

impl Disk {
    /// The last record that the process appended.
    pub(super) const fn last_appended(&self) -> Zxid {
        self.last_appended
    }

    /// Whether records are on their way there.
    pub(super) const fn is_logging(&self) -> bool {
        !self.logging.is_empty()
    }

    /// Everything is healed.
    pub(super) const fn on_healed(&mut self) {
        (self.trouble, self.is_blank) = (None, false);
    }

    /// The server stays, and its role does not.
    pub(super) fn on_stepped_down(&mut self, reached: &mut Situations) {
        if self.is_logging() {
            reached.insert(Situation::StepDownWhileLogging);
        }
    }

    /// Something happened at its server.
    pub(super) fn on_fact(&mut self, fact: &Fact, reached: &mut Situations) {
        match fact {
            Fact::Started(recovered) => self.on_started(recovered, reached),
            Fact::Crashed { power_loss } => self.on_end(*power_loss, reached),
            Fact::Exited(reason) => {
                match reason {
                    ExitReason::DiskError => reached.insert(Situation::DiskFailure),
                    ExitReason::TruncFailed => reached.insert(Situation::TruncFails),
                    _ => {}
                }
                self.on_end(false, reached);
            }
            Fact::Blanked => {
                reached.insert(Situation::BlankDisk);
                *self = Self { trouble: self.trouble, is_blank: true, ..Self::default() };
            }
            Fact::WrittenBack => reached.insert(Situation::WrittenBack),
            Fact::Purged(Purge { snapshots_before, log_before, .. }) => {
                self.snapshots.retain(|(zxid, _)| Some(*zxid) >= *snapshots_before);
                if log_before.is_some() {
                    reached.insert(Situation::PurgedLog);
                    self.is_purged = true;
                }
            }
            Fact::Fault("record torn") => reached.insert(Situation::TornRecord),
            Fact::Fault("disk full") => self.trouble = Some(Situation::DiskFull),
            Fact::Fault("disk read-only") => self.trouble = Some(Situation::ReadOnlyDisk),
            Fact::Fault("flushes fail" | "writes fail") => self.trouble = None,
            Fact::DiskAsked { lsn, op } => self.on_asked(*lsn, op, reached),
            Fact::DiskDone { file, upto } => self.on_done(*file, *upto),
            Fact::DiskFailed { file, error, .. } => self.on_failed(*file, *error, reached),
            Fact::Noted(Note::Established { .. } | Note::Serving { .. }) => {
                if std::mem::take(&mut self.is_blank) {
                    reached.insert(Situation::BlankRejoined);
                }
                if self.lacks_header {
                    reached.insert(Situation::RemovedOpenLog);
                }
            }
            _ => {}
        }
    }

    fn on_started(&mut self, recovered: &Recovered, reached: &mut Situations) {
        let found = recovered.snapshots.iter().map(|snapshot| snapshot.last_processed);
        let newest = found.clone().next_back().unwrap_or_default();
        if self.snapshots.iter().any(|(zxid, is_in_place)| *is_in_place && *zxid > newest) {
            reached.insert(Situation::SnapshotIncomplete);
        }
        for file in &recovered.headless {
            reached.insert(match file.contents {
                NoHeader::Nothing => Situation::EmptyLogFile,
                NoHeader::Zeros => Situation::ZeroedLogFile,
            });
        }
        self.snapshots = found.map(|zxid| (zxid, false)).collect();
        if recovered.is_purged && self.is_purged {
            reached.insert(Situation::PurgedStart);
        }
        for (file, epoch) in [
            (File::AcceptedEpoch, recovered.accepted_epoch),
            (File::CurrentEpoch, recovered.current_epoch),
        ] {
            if epoch < self.epochs[file as usize] {
                reached.insert(Situation::EpochFileUndone);
            }
            self.epochs[file as usize] = epoch;
        }
    }

    /// The process ended, and what it did not wait for any more is forgotten.
    fn on_end(&mut self, power_loss: bool, reached: &mut Situations) {
        if self.is_logging() {
            reached.insert(match power_loss {
                true => Situation::RecordsLost,
                false => Situation::KilledWhileLogging,
            });
        }
        self.logging.clear();
        self.writing.clear();
        self.last_appended = Zxid::ZERO;
        self.lacks_header = false;
    }

    fn on_asked(&mut self, lsn: Lsn, op: &DiskOp, reached: &mut Situations) {
        match op {
            DiskOp::Append(txn) => {
                self.logging.push(lsn);
                self.last_appended = txn.zxid;
            }
            DiskOp::Snapshot(replica) | DiskOp::SnapshotFile(replica) => {
                self.snapshots.push((replica.last_processed, false));
            }
            DiskOp::WriteSnapshot(replica) => self.snapshots.push((replica.last_processed, true)),
            DiskOp::DropSnapshotsAfter(last) => self.snapshots.retain(|(zxid, _)| zxid <= last),
            DiskOp::Truncate(last) => {
                let is_older = |(zxid, _): &(Zxid, bool)| zxid <= last;
                if self.snapshots.iter().any(is_older) && !self.snapshots.iter().all(is_older) {
                    reached.insert(Situation::TruncBelowSnapshot);
                }
            }
            _ => {}
        }
        if let Some(epoch) = op.epoch() {
            self.writing.push((lsn, op.file(), epoch));
        }
    }

    fn on_done(&mut self, file: File, upto: Lsn) {
        if file == File::Log {
            self.logging.retain(|lsn| *lsn > upto);
        }
        let Self { writing, epochs, .. } = self;
        writing.retain(|(lsn, of, epoch)| {
            let is_done = *of == file && *lsn <= upto;
            if is_done {
                epochs[file as usize] = *epoch;
            }
            !is_done
        });
    }

    fn on_failed(&mut self, file: File, error: DiskError, reached: &mut Situations) {
        if let (Some(trouble), DiskError::Write | DiskError::Header | DiskError::Open) =
            (self.trouble, error)
        {
            reached.insert(trouble);
        }
        if file != File::Log {
            return;
        }
        reached.insert(match error {
            DiskError::Flush => Situation::LogFlushFails,
            DiskError::Write => Situation::LogWriteFails,
            DiskError::Header => Situation::LogHeaderFails,
            DiskError::Open => Situation::LogOpenFails,
        });
        self.lacks_header |= error == DiskError::Header;
    }
}
