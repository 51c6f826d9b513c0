//! Which disk operations fail, and until when.
//!
//! What a full disk lets through was tried on ext4 and tmpfs: names and lengths of files change, a new
//! file is made but stays empty, and a file that is there takes what fits into the block that it has
//! begun. That ZooKeeper preallocates the log does not help: `FilePadding.padFile` writes the last byte
//! of 64 MiB, and the blocks before it stay unallocated. A disk that was mounted again as read-only,
//! as ext4 does after an error of its own, lets nothing through.

use crate::disk::Need;
use crate::schedule::Files;
use zab_core::{DiskError, DiskOp, File, Time};

/// What is wrong with a disk.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Flushes fail (EIO).
    Flushes,
    /// Writes fail (EIO).
    Writes,
    /// There is no room (ENOSPC).
    Full,
    /// Nothing can be changed (EROFS).
    ReadOnly,
}

impl Trouble {
    /// What it is called in evidence.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Flushes => "flushes fail",
            Self::Writes => "writes fail",
            Self::Full => "disk full",
            Self::ReadOnly => "disk read-only",
        }
    }

    /// Whether it has an operation fail that needs this of the disk.
    fn hits(self, op: &DiskOp, need: impl FnOnce() -> Need) -> bool {
        match (self, op) {
            (Self::ReadOnly, _) => true,
            (Self::Full, _) => need() >= Need::Block,
            (_, DiskOp::DropSnapshotsAfter(_) | DiskOp::EmptySnapshot(_)) => false,
            (_, DiskOp::PurgeSnapshots(_) | DiskOp::PurgeLog(_)) => false,
            (Self::Flushes, DiskOp::Truncate(_) | DiskOp::WriteSnapshot(_)) => false,
            (Self::Writes, DiskOp::Truncate(_)) => need() != Need::Nothing,
            (Self::Flushes | Self::Writes, _) => true,
        }
    }

    /// The first thing that fails: with a file of the log, that is its header, or to make it.
    const fn error(self, need: Need) -> DiskError {
        match (self, need) {
            (Self::Flushes, _) => DiskError::Flush,
            (Self::ReadOnly, Need::File) => DiskError::Open,
            (_, Need::File) => DiskError::Header,
            _ => DiskError::Write,
        }
    }
}

/// Every trouble, that of a system call which comes earlier first.
const TROUBLES: [Trouble; 4] =
    [Trouble::ReadOnly, Trouble::Full, Trouble::Writes, Trouble::Flushes];

/// The errors of one disk that are in force.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Errors([Struck; TROUBLES.len()]);

/// Where one kind of trouble strikes.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Struck {
    /// By file.
    until: [Time; File::ALL.len()],
    /// By file: once.
    next: [bool; File::ALL.len()],
    /// Once, whichever file it is.
    next_of_any: bool,
}

impl Errors {
    /// Trouble is in force until some instant, or, if that is now, strikes once.
    pub(crate) fn begin(&mut self, trouble: Trouble, files: Files, now: Time, until: Time) {
        let struck = &mut self.0[trouble as usize];
        let is_once = until <= now;
        for file in File::ALL.into_iter().filter(|file| files.contains(*file)) {
            let at = &mut struck.until[file as usize];
            *at = until.max(*at);
            struck.next[file as usize] |= is_once && files != Files::All;
        }
        struck.next_of_any |= is_once && files == Files::All;
    }

    /// Whether an operation that would be done now fails, and how.
    pub(crate) fn strike(
        &mut self,
        now: Time,
        op: &DiskOp,
        need: impl Fn() -> Need,
    ) -> Option<DiskError> {
        let mut troubles = TROUBLES.into_iter();
        let strikes = |trouble: &Trouble| {
            let struck = &mut self.0[*trouble as usize];
            struck.is_in_force(now, op.file())
                && trouble.hits(op, &need)
                && struck.strikes(now, op.file())
        };
        troubles.find(strikes).map(|trouble| trouble.error(need()))
    }
}

impl Struck {
    fn is_in_force(&self, now: Time, file: File) -> bool {
        now < self.until[file as usize] || self.next[file as usize] || self.next_of_any
    }

    /// Strikes, if it is in force; what strikes once is over with that.
    fn strikes(&mut self, now: Time, file: File) -> bool {
        now < self.until[file as usize]
            || std::mem::take(&mut self.next[file as usize])
            || std::mem::take(&mut self.next_of_any)
    }
}

impl Files {
    fn contains(self, file: File) -> bool {
        match self {
            Self::All => true,
            Self::Log => file == File::Log,
            Self::Snapshot => file == File::Snapshot,
            Self::AcceptedEpoch => file == File::AcceptedEpoch,
            Self::CurrentEpoch => file == File::CurrentEpoch,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zab_core::{Epoch, Zxid};

    const EPOCH: DiskOp = DiskOp::AcceptedEpoch(Epoch(1));
    const REMOVAL: DiskOp = DiskOp::DropSnapshotsAfter(Zxid::ZERO);
    const CUT: DiskOp = DiskOp::Truncate(Zxid::ZERO);

    fn strike(errors: &mut Errors, now: u64, op: &DiskOp, need: Need) -> Option<DiskError> {
        errors.strike(Time(now), op, || need)
    }

    #[test]
    fn an_error_strikes_its_file_once_or_as_long_as_it_lasts() {
        let (mut errors, now) = (Errors::default(), Time(5));
        errors.begin(Trouble::Flushes, Files::Log, now, now);
        assert_eq!(strike(&mut errors, 5, &EPOCH, Need::Block), None);
        assert_eq!(strike(&mut errors, 99, &DiskOp::Flush, Need::Block), Some(DiskError::Flush));
        assert_eq!(strike(&mut errors, 99, &DiskOp::Flush, Need::Block), None, "once");
        errors.begin(Trouble::Writes, Files::All, now, Time(9));
        for op in [EPOCH, DiskOp::Flush, EPOCH] {
            assert_eq!(strike(&mut errors, 8, &op, Need::Block), Some(DiskError::Write));
        }
        assert_eq!(strike(&mut errors, 9, &EPOCH, Need::Block), None, "it is over");
    }

    #[test]
    fn where_the_log_begins_a_file_that_fails_first() {
        for (trouble, error) in [
            (Trouble::Writes, DiskError::Header),
            (Trouble::Full, DiskError::Header),
            (Trouble::ReadOnly, DiskError::Open),
            (Trouble::Flushes, DiskError::Flush),
        ] {
            let mut errors = Errors::default();
            errors.begin(trouble, Files::Log, Time(0), Time(0));
            assert_eq!(strike(&mut errors, 1, &DiskOp::Flush, Need::File), Some(error));
        }
    }

    #[test]
    fn one_error_of_any_file_strikes_one_of_them() {
        for trouble in TROUBLES {
            let (mut errors, now) = (Errors::default(), Time(5));
            errors.begin(trouble, Files::All, now, now);
            assert_eq!(
                strike(&mut errors, 5, &EPOCH, Need::Block),
                Some(trouble.error(Need::Block))
            );
            assert_eq!(strike(&mut errors, 5, &DiskOp::Flush, Need::Block), None);
        }
    }

    #[test]
    fn what_needs_no_block_succeeds_on_a_full_disk_and_does_not_end_it() {
        let mut errors = Errors::default();
        errors.begin(Trouble::Full, Files::All, Time(0), Time(0));
        for (op, need) in
            [(REMOVAL, Need::Nothing), (CUT, Need::Nothing), (DiskOp::Flush, Need::Write)]
        {
            assert_eq!(strike(&mut errors, 1, &op, need), None);
        }
        assert_eq!(strike(&mut errors, 1, &CUT, Need::Block), Some(DiskError::Write));
    }

    #[test]
    fn a_read_only_disk_changes_nothing_not_even_names_and_lengths_of_files() {
        let mut errors = Errors::default();
        errors.begin(Trouble::ReadOnly, Files::All, Time(0), Time(9));
        for op in [DiskOp::Flush, EPOCH, REMOVAL, CUT] {
            assert_eq!(strike(&mut errors, 1, &op, Need::Nothing), Some(DiskError::Write));
        }
        assert_eq!(strike(&mut errors, 9, &CUT, Need::Nothing), None, "it is over");
    }

    #[test]
    fn writes_that_fail_let_names_and_lengths_of_files_change_once_the_buffer_is_empty() {
        for (trouble, cut) in [(Trouble::Writes, Some(DiskError::Write)), (Trouble::Flushes, None)]
        {
            let mut errors = Errors::default();
            errors.begin(trouble, Files::All, Time(0), Time(9));
            for op in [REMOVAL, CUT] {
                assert_eq!(strike(&mut errors, 1, &op, Need::Nothing), None);
            }
            assert_eq!(strike(&mut errors, 1, &CUT, Need::Write), cut);
        }
    }
}
