//! What happens to a disk, as any bytes say it.

use arbitrary::{Arbitrary, Result, Unstructured};
use zab_core::{DiskError, File};
use zab_sim::schedule::CrashMode;

/// What happens to a disk.
#[derive(Clone, Debug)]
pub enum Step {
    /// A record is appended.
    Append,
    /// The next record begins a new file of the log.
    Roll,
    /// The log is cut so that this share of its records stays, in 256ths.
    Truncate(u8),
    /// The log is flushed.
    Flush,
    /// A snapshot of this share of the log is written.
    Snapshot(u8),
    /// The same in its place, where there may be one, and nobody flushes it.
    WriteSnapshot(u8),
    /// An epoch is written to one of its files.
    Epoch(File, u8),
    /// The same, and the folder is not flushed.
    Rename(File, u8),
    /// This number of the operations under way on a file is done.
    Complete(File, u8),
    /// The oldest operation under way on a file fails.
    Fail(File, DiskError),
    /// What an earlier process left in a file is flushed.
    FlushRecovered(File),
    /// The kernel writes back what earlier processes left.
    WriteBack,
    /// Snapshots before this share of the log, and the log before the file that this share of its files
    /// leads to, are purged; the other snapshots are flushed before, or are not.
    Purge(u8, u8, bool),
    /// The process dies, and the next one recovers.
    Kill,
    /// The power goes, and the next process recovers.
    Crash(CrashMode),
}

impl<'a> Arbitrary<'a> for Step {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let file = |u: &mut Unstructured<'a>| u.choose(&File::ALL).copied();
        Ok(match u.int_in_range(0..=21)? {
            0..=3 => Self::Append,
            4 => Self::Truncate(u.arbitrary()?),
            5 | 6 => Self::Flush,
            7 => Self::Snapshot(u.arbitrary()?),
            8 => Self::Epoch(File::AcceptedEpoch, u.arbitrary()?),
            9 => Self::Epoch(File::CurrentEpoch, u.arbitrary()?),
            10 | 11 => Self::Complete(file(u)?, u.arbitrary()?),
            12 => Self::Fail(file(u)?, *u.choose(&[DiskError::Write, DiskError::Flush])?),
            13 => Self::FlushRecovered(file(u)?),
            14 => Self::WriteBack,
            15 | 16 => Self::Kill,
            17 => Self::Roll,
            20 => Self::Purge(u.arbitrary()?, u.arbitrary()?, u.arbitrary()?),
            19 => Self::WriteSnapshot(u.arbitrary()?),
            18 => {
                Self::Rename(*u.choose(&[File::AcceptedEpoch, File::CurrentEpoch])?, u.arbitrary()?)
            }
            _ => Self::Crash(match u.int_in_range(0..=6)? {
                0 => CrashMode::LoseAll,
                1 => CrashMode::Torn,
                2 => CrashMode::KeepAll,
                3 => CrashMode::EmptyLog,
                4 => CrashMode::ZeroedLog,
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
