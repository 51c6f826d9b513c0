//! A disk, anything asked of it, and power losses at any moment: recovery never panics, never
//! invents, never loses what was durable.

use arbitrary::{Arbitrary, Result, Unstructured};
use std::collections::VecDeque;
use zab_core::{Change, DiskOp, Epoch, File, Key, Lsn, Recovered, Replica, RequestId, SessionId};
use zab_core::{Txn, Zxid};
use zab_sim::SimDisk;
use zab_sim::disk::record::{RECORD, encode};
use zab_sim::schedule::CrashMode;

/// What happens to a disk.
#[derive(Clone, Debug)]
pub enum Step {
    /// A record is appended.
    Append,
    /// The log is cut so that this share of its records stays, in 256ths.
    Truncate(u8),
    /// The log is flushed.
    Flush,
    /// A snapshot of this share of the log is written.
    Snapshot(u8),
    /// An epoch is written to one of its files.
    Epoch(File, u8),
    /// So many of the operations under way on a file are done.
    Complete(File, u8),
    /// The oldest operation under way fails.
    Fail,
    /// The power goes, and the next process recovers.
    Crash(CrashMode),
}

impl<'a> Arbitrary<'a> for Step {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let file = |u: &mut Unstructured<'a>| u.choose(&File::ALL).copied();
        Ok(match u.int_in_range(0..=13)? {
            0..=3 => Self::Append,
            4 => Self::Truncate(u.arbitrary()?),
            5 | 6 => Self::Flush,
            7 => Self::Snapshot(u.arbitrary()?),
            8 => Self::Epoch(File::AcceptedEpoch, u.arbitrary()?),
            9 => Self::Epoch(File::CurrentEpoch, u.arbitrary()?),
            10 | 11 => Self::Complete(file(u)?, u.arbitrary()?),
            12 => Self::Fail,
            _ => Self::Crash(match u.int_in_range(0..=4)? {
                0 => CrashMode::LoseAll,
                1 => CrashMode::Torn,
                2 => CrashMode::KeepAll,
                _ => CrashMode::KeepPrefix(u.int_in_range(0..=9)?),
            }),
        })
    }
}

/// All that happens to a disk: as many steps as the bytes give.
#[derive(Clone, Debug)]
pub struct Steps(pub Vec<Step>);

impl<'a> Arbitrary<'a> for Steps {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut steps = Vec::new();
        while !u.is_empty() && steps.len() < STEPS_MAX {
            steps.push(u.arbitrary()?);
        }
        Ok(Self(steps))
    }
}

/// The most steps of one run.
const STEPS_MAX: usize = 200;

/// What a file of each kind holds; an enum would say the same four times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Contents {
    log: Vec<Txn>,
    snapshots: Vec<Replica>,
    epoch: Epoch,
}

impl Contents {
    /// What an operation does, said once more and as plainly as can be.
    fn apply(&mut self, op: &DiskOp) {
        match op {
            DiskOp::Append(txn) => self.log.push(*txn),
            DiskOp::Truncate(zxid) => self.log.retain(|txn| txn.zxid <= *zxid),
            DiskOp::Flush => {}
            DiskOp::Snapshot(replica) => self.snapshots.push(**replica),
            DiskOp::DropSnapshotsAfter(zxid) => {
                self.snapshots.retain(|snapshot| snapshot.last_processed <= *zxid);
            }
            DiskOp::AcceptedEpoch(epoch) | DiskOp::CurrentEpoch(epoch) => self.epoch = *epoch,
        }
    }

    fn newest_snapshot(&self) -> Zxid {
        self.snapshots.iter().map(|snapshot| snapshot.last_processed).max().unwrap_or(Zxid::ZERO)
    }
}

/// The disk, and what it has to be like: of each file the durable contents, and what is under way.
#[derive(Debug, Default)]
struct Bench {
    disk: SimDisk,
    durable: [Contents; 4],
    under_way: [VecDeque<(Lsn, DiskOp)>; 4],
    lsn: u64,
    /// Zxids are never given twice.
    counter: u32,
}

/// Carries out the steps.
///
/// # Errors
///
/// What recovery found that it should not have, or did not find.
pub fn run(Steps(steps): &Steps) -> std::result::Result<(), String> {
    let mut bench = Bench::default();
    for step in steps {
        bench.take(step)?;
    }
    bench.crash(CrashMode::LoseAll)
}

impl Bench {
    fn take(&mut self, step: &Step) -> std::result::Result<(), String> {
        match *step {
            Step::Append => {
                let txn = txn(self.counter + 1);
                self.counter += 1;
                self.ask(DiskOp::Append(txn));
            }
            Step::Truncate(share) => {
                let zxid = self.some_zxid(share);
                self.ask(DiskOp::Truncate(zxid));
            }
            Step::Flush => self.ask(DiskOp::Flush),
            Step::Snapshot(share) => {
                let last_processed = self.some_zxid(share);
                self.ask(DiskOp::Snapshot(Box::new(Replica {
                    last_processed,
                    ..Replica::default()
                })));
            }
            Step::Epoch(File::AcceptedEpoch, epoch) => {
                self.ask(DiskOp::AcceptedEpoch(Epoch(epoch.into())));
            }
            Step::Epoch(_, epoch) => self.ask(DiskOp::CurrentEpoch(Epoch(epoch.into()))),
            Step::Complete(file, count) => self.complete(file, count),
            Step::Fail => {
                if let Some((file, lsn)) = self.disk.fail_oldest() {
                    let lost = &mut self.under_way[file as usize];
                    if lost.front().is_none_or(|(oldest, _)| *oldest != lsn) {
                        return Err(format!("{lsn:?} of {file:?} failed, which is not the oldest"));
                    }
                    lost.clear();
                }
            }
            Step::Crash(mode) => self.crash(mode)?,
        }
        Ok(())
    }

    fn ask(&mut self, op: DiskOp) {
        self.lsn += 1;
        let lsn = Lsn(self.lsn);
        self.under_way[op.file() as usize].push_back((lsn, op.clone()));
        self.disk.ask(lsn, op);
    }

    /// A zxid of the log as it will be, or zero.
    fn some_zxid(&self, share: u8) -> Zxid {
        let mut log = self.durable[File::Log as usize].clone();
        self.under_way[File::Log as usize].iter().for_each(|(_, op)| log.apply(op));
        let keep = log.log.len() * usize::from(share) / 256;
        keep.checked_sub(1).map_or(Zxid::ZERO, |last| log.log[last].zxid)
    }

    fn complete(&mut self, file: File, count: u8) {
        let waiting = &mut self.under_way[file as usize];
        let count = usize::from(count % 8).min(waiting.len());
        let Some((lsn, _)) = count.checked_sub(1).and_then(|last| waiting.get(last)) else {
            return;
        };
        assert!(self.disk.complete(file, *lsn), "{lsn:?} of {file:?} is under way");
        for (_, op) in waiting.drain(..count) {
            self.durable[file as usize].apply(&op);
        }
    }

    /// The power goes; what the next process finds has to be what the mode allows.
    fn crash(&mut self, mode: CrashMode) -> std::result::Result<(), String> {
        self.disk.lose_power(mode);
        for (durable, under_way) in self.durable.iter_mut().zip(&mut self.under_way) {
            let kept = match mode {
                CrashMode::LoseAll | CrashMode::Torn => 0,
                CrashMode::KeepPrefix(count) => usize::from(count),
                CrashMode::KeepAll => usize::MAX,
            };
            let writes = under_way.drain(..).filter(|(_, op)| *op != DiskOp::Flush);
            writes.take(kept).for_each(|(_, op)| durable.apply(&op));
        }
        let found = self.disk.recover().map_err(|error| format!("{mode:?}: {error}"))?;
        let [log, snapshots, accepted, current] = &self.durable;
        let expected = (&log.log, snapshots.newest_snapshot(), accepted.epoch, current.epoch);
        let Recovered { snapshot, log, accepted_epoch, current_epoch } = &found;
        if (log, snapshot.last_processed, *accepted_epoch, *current_epoch) != expected {
            return Err(format!("{mode:?}: {expected:?} is on the disk, recovered was {found:?}"));
        }
        Ok(())
    }
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
pub fn recover_bytes(file: &[u8]) -> std::result::Result<(), String> {
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
pub fn recover_damaged(records: u8, at: u16, by: u8) -> std::result::Result<(), String> {
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
