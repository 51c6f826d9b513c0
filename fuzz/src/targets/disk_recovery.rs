//! A disk, anything asked of it, dead processes and power losses at any moment: recovery never
//! panics, never invents, never loses what was durable.

mod contents;
mod steps;

pub use steps::{Step, Steps};

use contents::Contents;
use zab_core::{
    Change, DiskError, DiskOp, Epoch, File, Headless, Key, Lsn, NoHeader, Purge, Recovered,
    Replica, RequestId,
};
use zab_core::{SessionId, Txn, Zxid};
use zab_sim::SimDisk;
use zab_sim::disk::record::{RECORD, encode};
use zab_sim::schedule::CrashMode;

/// An operation, who waits for it, and how far it has come.
#[derive(Clone, Debug)]
struct Done {
    op: DiskOp,
    waiting: Option<Lsn>,
    durable: bool,
    /// A flush of it failed: only somebody who writes it again makes it durable.
    clean: bool,
    /// A write of it failed: the process still has it.
    buffered: bool,
    /// An epoch file that nobody waits for, and whose folder was not flushed.
    renamed: bool,
    /// It was there before the last power loss.
    old: bool,
}

/// The disk, and what it has to be like: all that was done to each file, in order.
#[derive(Debug, Default)]
struct Bench {
    disk: SimDisk,
    done: [Vec<Done>; 4],
    lsn: u64,
    /// The files of the log without a header that the next process has to find.
    headless: Vec<Headless>,
    /// Zxids are never given twice.
    counter: u32,
}

/// Carries out the steps.
///
/// # Errors
///
/// What recovery found that it should not have, or did not find.
pub fn run(Steps(steps): &Steps) -> Result<(), String> {
    let mut bench = Bench::default();
    for step in steps {
        bench.take(step)?;
    }
    bench.crash(CrashMode::LoseAll)
}

impl Bench {
    fn take(&mut self, step: &Step) -> Result<(), String> {
        match *step {
            Step::Append => {
                // A file that was cut is not written to again (`FileTxnSnapLog.truncateLog`).
                if self.is_cut() {
                    self.ask(DiskOp::RollLog);
                }
                let txn = txn(self.counter + 1);
                self.counter += 1;
                self.ask(DiskOp::Append(txn));
            }
            Step::Roll => self.ask(DiskOp::RollLog),
            Step::Truncate(share) => {
                let zxid = self.some_zxid(share);
                self.ask(DiskOp::Truncate(zxid));
            }
            Step::Flush => self.ask(DiskOp::Flush),
            Step::Snapshot(share) => {
                let replica = self.some_replica(share);
                self.ask(DiskOp::Snapshot(replica));
            }
            Step::WriteSnapshot(share) => {
                let replica = self.some_replica(share);
                self.ask(DiskOp::EmptySnapshot(replica.last_processed));
                self.ask(DiskOp::WriteSnapshot(replica));
            }
            Step::Epoch(File::AcceptedEpoch, epoch) => {
                self.ask(DiskOp::AcceptedEpoch(Epoch(epoch.into())));
            }
            Step::Epoch(_, epoch) => self.ask(DiskOp::CurrentEpoch(Epoch(epoch.into()))),
            Step::Rename(file, epoch) => self.ask(DiskOp::Rename(file, Epoch(epoch.into()))),
            Step::Complete(file, count) => self.complete(file, count),
            Step::Fail(file, error) => self.fail(file, error),
            Step::FlushRecovered(file) => self.ask(DiskOp::FlushRecovered(file)),
            Step::WriteBack => {
                self.disk.write_back();
                let left = self.done.iter_mut().flatten().filter(|done| done.waiting.is_none());
                left.filter(|done| !done.clean).for_each(|done| done.durable = true);
            }
            Step::Purge(snapshots, files, is_flushed) => self.purge(snapshots, files, is_flushed),
            Step::Kill => self.kill()?,
            Step::Crash(mode) => self.crash(mode)?,
        }
        Ok(())
    }

    fn ask(&mut self, op: DiskOp) {
        self.lsn += 1;
        self.headless.clear();
        let lsn = Lsn(self.lsn);
        let (waiting, durable, clean, buffered) = (Some(lsn), false, false, false);
        let (renamed, old) = (false, false);
        let file = &mut self.done[op.file() as usize];
        if is_flush(&op) || matches!(op, DiskOp::Truncate(_)) {
            file.iter_mut().for_each(|done| done.buffered = false);
        }
        file.push(Done { op: op.clone(), waiting, durable, clean, buffered, renamed, old });
        self.disk.ask(lsn, op);
    }

    /// Who removes files is no process that the disk reports to.
    fn purge(&mut self, snapshots: u8, files: u8, is_flushed: bool) {
        let begins = self.contents(File::Log).log.into_iter().map(|file| file[0].zxid);
        // What is still being written may come to nothing, and the file with it.
        let begins: Vec<Zxid> = begins.filter(|zxid| self.is_written(*zxid)).collect();
        let kept = begins.len() * usize::from(files) / 255;
        let first = begins.get(kept).copied().unwrap_or(Purge::WHOLE_LOG);
        let (snapshots_before, log_before) = (Some(self.some_zxid(snapshots)), Some(first));
        let purge = Purge { snapshots_before, log_before, is_flushed };
        if is_flushed {
            self.flush_entries();
            let snapshots = self.done[File::Snapshot as usize].iter_mut();
            let left = snapshots.filter(|done| done.waiting.is_none());
            left.for_each(|done| done.durable = true);
        }
        for op in purge.ops() {
            let (waiting, durable, clean) = (None, false, false);
            let (buffered, renamed, old) = (false, false, false);
            let file = &mut self.done[op.file() as usize];
            file.push(Done { op, waiting, durable, clean, buffered, renamed, old });
        }
        self.disk.purge(purge);
    }

    /// Whether the log was cut since it was written to.
    fn is_cut(&self) -> bool {
        let changes =
            |op: &DiskOp| matches!(op, DiskOp::Append(_) | DiskOp::RollLog | DiskOp::Truncate(_));
        let mut log = self.done[File::Log as usize].iter().rev();
        let last = log.find(|done| changes(&done.op));
        last.is_some_and(|done| matches!(done.op, DiskOp::Truncate(_)))
    }

    /// Whether nobody waits any more for this record of the log.
    fn is_written(&self, zxid: Zxid) -> bool {
        let log = &self.done[File::Log as usize];
        let is_it = |done: &Done| matches!(done.op, DiskOp::Append(txn) if txn.zxid == zxid);
        log.iter().any(|done| is_it(done) && done.waiting.is_none())
    }

    /// The journal of the file system is flushed.
    fn flush_entries(&mut self) {
        let is_left = |done: &Done| done.waiting.is_none() && is_journaled(&done.op);
        let is_entry = |done: &&mut Done| {
            done.renamed || is_left(done) || matches!(done.op, DiskOp::EmptySnapshot(_))
        };
        // An entry that is durable is not under way any more.
        self.done.iter_mut().flatten().filter(is_entry).for_each(|done| {
            (done.renamed, done.durable, done.waiting) = (false, true, None);
        });
    }

    /// The oldest operation under way that is reported fails.
    fn fail(&mut self, file: File, error: DiskError) {
        let all = &mut self.done[file as usize];
        let is_it = |done: &Done| done.waiting.is_some() && done.op.is_reported();
        let Some(at) = all.iter().position(is_it) else {
            return;
        };
        let failed = all.remove(at);
        let lsn = failed.waiting.expect("it was chosen for that");
        assert!(self.disk.fail(file, lsn, error), "{lsn:?} of {file:?} is under way");
        if failed.op != DiskOp::Flush {
            return;
        }
        let cut = all[..at].iter().rposition(|d| matches!(d.op, DiskOp::Truncate(_)));
        let is_cut_now = cut.is_some_and(|cut| all[cut].waiting.is_some());
        let start = if is_cut_now { cut.unwrap_or(0) } else { 0 };
        for (index, done) in all[..at].iter_mut().enumerate().filter(|(_, d)| d.waiting.is_some()) {
            // A file begins with its first record, and waits in the buffer with it.
            let is_record = matches!(done.op, DiskOp::Append(_) | DiskOp::RollLog);
            match error {
                DiskError::Write if is_record && index >= start => done.buffered = true,
                DiskError::Flush if is_record => {
                    (done.waiting, done.clean, done.buffered) = (None, true, false);
                }
                _ => (done.waiting, done.buffered) = (None, false),
            }
        }
    }

    /// What a process would read.
    fn contents(&self, file: File) -> Contents {
        let mut contents = Contents::default();
        self.done[file as usize].iter().for_each(|done| contents.apply(&done.op));
        contents
    }

    /// A zxid of the log as it will be, or zero.
    fn some_zxid(&self, share: u8) -> Zxid {
        let log = self.contents(File::Log).log.concat();
        let keep = log.len() * usize::from(share) / 256;
        keep.checked_sub(1).map_or(Zxid::ZERO, |last| log[last].zxid)
    }

    /// A state that ends with a zxid of the log, or the initial one.
    fn some_replica(&self, share: u8) -> Box<Replica> {
        let last_processed = self.some_zxid(share);
        Box::new(Replica { last_processed, ..Replica::default() })
    }

    fn complete(&mut self, file: File, count: u8) {
        let is_asked = |done: &Done| done.waiting.is_some() && !done.buffered;
        let waiting =
            self.done[file as usize].iter().enumerate().filter(|(_, done)| is_asked(done));
        let Some((last, _)) = waiting.take(usize::from(count % 8)).last() else {
            return;
        };
        let lsn = self.done[file as usize][last].waiting.expect("it was chosen for that");
        assert!(self.disk.complete(file, lsn), "{lsn:?} of {file:?} is under way");
        let last_op = &self.done[file as usize][last].op;
        if !matches!(last_op, DiskOp::DropSnapshotsAfter(_) | DiskOp::WriteSnapshot(_)) {
            self.flush_entries();
        }
        let done = &mut self.done[file as usize];
        for at in 0..=last {
            let is_own = done[at].waiting.take().is_some();
            done[at].buffered = false;
            let later = &done[at..=last];
            let is_flushed = later
                .iter()
                .any(|later| !later.durable && matches!(later.op, DiskOp::FlushRecovered(_)));
            let is_journaled = is_journaled(&done[at].op) && !done[at].op.is_purge();
            let is_renamed = is_own && matches!(done[at].op, DiskOp::Rename(..));
            done[at].renamed |= is_renamed;
            let is_in_place =
                matches!(done[at].op, DiskOp::WriteSnapshot(_) | DiskOp::EmptySnapshot(_));
            let is_done = is_own && !is_renamed && !is_in_place;
            done[at].durable |= is_done || is_flushed || is_journaled;
        }
    }

    /// The process dies; the next one has to find all that it asked for.
    fn kill(&mut self) -> Result<(), String> {
        self.disk.lose_process();
        for (file, done) in File::ALL.into_iter().zip(&mut self.done) {
            done.retain(|done| {
                let is_incomplete =
                    done.waiting.is_some() && matches!(done.op, DiskOp::WriteSnapshot(_));
                !is_flush(&done.op) && !done.buffered && !is_incomplete
            });
            for done in done {
                let was_waiting = done.waiting.take().is_some();
                let is_epoch = matches!(file, File::AcceptedEpoch | File::CurrentEpoch);
                done.renamed |= was_waiting && is_epoch;
            }
        }
        self.recover("a kill")
    }

    /// The power goes; what the next process finds has to be what the mode allows.
    fn crash(&mut self, mode: CrashMode) -> Result<(), String> {
        self.disk.lose_power(mode);
        for done in &mut self.done {
            done.retain(|done| !done.buffered);
            let mut kept = match mode {
                CrashMode::KeepPrefix(count) => usize::from(count),
                CrashMode::KeepAll => usize::MAX,
                _ => 0,
            };
            let (mut ends_here, mut is_new) = (false, false);
            done.retain(|done| {
                // A file is read up to the first record that is not there.
                let is_record = matches!(done.op, DiskOp::Append(_));
                ends_here &= done.op != DiskOp::RollLog;
                if ends_here && is_record {
                    return false;
                }
                // Without its first record a file is none.
                let is_free = is_flush(&done.op) || done.op == DiskOp::RollLog;
                let is_lucky = !done.durable && !is_free && kept > 0;
                kept -= usize::from(is_lucky);
                let stays = done.durable || is_lucky || done.op == DiskOp::RollLog;
                ends_here |= is_record && !stays;
                if stays {
                    self.headless.retain(|file| !is_purged(file, done));
                }
                is_new |= done.op == DiskOp::RollLog;
                if let (DiskOp::Append(txn), true) = (&done.op, is_new) {
                    is_new = ends_here;
                    let file = without_header(mode, txn.zxid).filter(|_| ends_here);
                    self.headless.extend(file);
                }
                stays
            });
            for done in done {
                (done.waiting, done.durable, done.clean) = (None, true, false);
                done.old = true;
            }
        }
        self.recover(&format!("{mode:?}"))
    }

    fn recover(&mut self, after: &str) -> Result<(), String> {
        let found = self.disk.recover().map_err(|error| format!("after {after}: {error}"))?;
        let [log, snapshots, accepted, current] = File::ALL.map(|file| self.contents(file));
        let starts: Vec<_> = log.starts().collect();
        let log = log.log.concat();
        let expected = (&log, starts, snapshots.snapshots(), accepted.epoch, current.epoch);
        let Recovered { snapshots, log, log_files, accepted_epoch, current_epoch, .. } = &found;
        let snapshots = snapshots.iter().map(|snapshot| snapshot.last_processed).collect();
        let starts = log_files.starts().collect();
        if (log, starts, snapshots, *accepted_epoch, *current_epoch) != expected {
            return Err(format!("after {after}: {expected:?} has to be there, not {found:?}"));
        }
        // What was purged and is not durable comes back with the next power loss.
        let is_there =
            |file: &&Headless| !self.done.iter().flatten().any(|done| is_purged(file, done));
        let headless: Vec<Headless> = self.headless.iter().filter(is_there).copied().collect();
        if found.headless != headless {
            let (expected, found) = (&headless, &found.headless);
            return Err(format!("after {after}: {expected:?} without a header, not {found:?}"));
        }
        Ok(())
    }
}

/// Whether the journal of the file system has it, which is flushed with any file.
const fn is_journaled(op: &DiskOp) -> bool {
    op.is_purge() || matches!(op, DiskOp::Truncate(_) | DiskOp::DropSnapshotsAfter(_))
}

/// Whether an operator has removed it since.
fn is_purged(file: &Headless, done: &Done) -> bool {
    !done.old && matches!(done.op, DiskOp::PurgeLog(first) if file.name < first)
}

/// What such a power loss leaves of a file whose first record it takes.
fn without_header(mode: CrashMode, name: Zxid) -> Option<Headless> {
    let contents = match mode {
        CrashMode::EmptyLog => NoHeader::Nothing,
        CrashMode::ZeroedLog => NoHeader::Zeros,
        _ => return None,
    };
    Some(Headless { name, contents })
}

const fn is_flush(op: &DiskOp) -> bool {
    matches!(op, DiskOp::Flush | DiskOp::FlushRecovered(_))
}

fn txn(counter: u32) -> Txn {
    let request = RequestId { session: SessionId(1), cxid: counter };
    let change = Change::Set { key: Key(counter as u8), value: counter, version: counter };
    Txn { zxid: Zxid::new(1, counter), request, change }
}

/// Recovers a log file of any contents.
///
/// # Errors
///
/// What recovery made of it that is not there.
pub fn recover_bytes(file: &[u8]) -> Result<(), String> {
    let mut disk = SimDisk::with_log(file.to_vec());
    let Ok(found) = disk.recover() else {
        return if disk.log() == file {
            Ok(())
        } else {
            Err("a corrupt log was changed".to_owned())
        };
    };
    let mut rewritten = Vec::new();
    found.log.iter().for_each(|txn| encode(txn, &mut rewritten));
    if !file.starts_with(&rewritten) || disk.log() != rewritten {
        return Err(format!("recovered {:?}, which the file does not hold", found.log));
    }
    if disk.recover().as_ref() != Ok(&found) {
        return Err("recovering twice finds something else".to_owned());
    }
    Ok(())
}

/// A sound log of `records` records of which one byte is changed: whatever recovery makes of it,
/// it returns no record that was never written, and none is missing before the damage.
///
/// # Errors
///
/// What recovery made of it.
pub fn recover_damaged(records: u8, at: u16, by: u8) -> Result<(), String> {
    let mut file = Vec::new();
    (1..=u32::from(records)).for_each(|counter| encode(&txn(counter), &mut file));
    let at = usize::from(at);
    if at >= file.len() || by == 0 {
        return recover_bytes(&file);
    }
    file[at] ^= by;
    let sound = at / RECORD;
    let is_last = sound + 1 == usize::from(records);
    match SimDisk::with_log(file).recover() {
        Ok(found) if is_last && found.log.len() == sound => Ok(()),
        Err(corruption) if !is_last && corruption.bad == sound * RECORD => Ok(()),
        other => Err(format!("byte {at} of {records} records damaged: {other:?}")),
    }
}
