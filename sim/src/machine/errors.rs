//! Which disk operations fail, and until when.

use crate::schedule::Files;
use zab_core::{DiskError, DiskOp, File, Time};

/// The errors of one disk that are in force.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Errors {
    writes: Struck,
    flushes: Struck,
}

/// Where one kind of error strikes.
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
    /// An error is in force until some instant, or, if that is now, strikes once.
    pub(crate) fn begin(&mut self, error: DiskError, files: Files, now: Time, until: Time) {
        let struck = match error {
            DiskError::Write => &mut self.writes,
            DiskError::Flush => &mut self.flushes,
        };
        let is_once = until <= now;
        for file in File::ALL.into_iter().filter(|file| files.contains(*file)) {
            let at = &mut struck.until[file as usize];
            *at = until.max(*at);
            struck.next[file as usize] |= is_once && files != Files::All;
        }
        struck.next_of_any |= is_once && files == Files::All;
    }

    /// Whether an operation that would be done now fails, and how.
    pub(crate) fn strike(&mut self, now: Time, op: &DiskOp) -> Option<DiskError> {
        let is_removal = matches!(op, DiskOp::DropSnapshotsAfter(_));
        let (writes, flushes) = (&mut self.writes, &mut self.flushes);
        if !is_removal && writes.strikes(now, op.file()) {
            return Some(DiskError::Write);
        }
        (!is_removal && flushes.strikes(now, op.file())).then_some(DiskError::Flush)
    }
}

impl Struck {
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

    #[test]
    fn an_error_strikes_its_file_once_or_as_long_as_it_lasts() {
        let (mut errors, now) = (Errors::default(), Time(5));
        errors.begin(DiskError::Flush, Files::Log, now, now);
        assert_eq!(errors.strike(now, &EPOCH), None);
        assert_eq!(errors.strike(Time(99), &DiskOp::Flush), Some(DiskError::Flush));
        assert_eq!(errors.strike(Time(99), &DiskOp::Flush), None, "once");
        errors.begin(DiskError::Write, Files::All, now, Time(9));
        for op in [EPOCH, DiskOp::Flush, EPOCH] {
            assert_eq!(errors.strike(Time(8), &op), Some(DiskError::Write));
        }
        assert_eq!(errors.strike(Time(9), &EPOCH), None, "it is over");
    }

    #[test]
    fn one_error_of_any_file_strikes_one_of_them() {
        let (mut errors, now) = (Errors::default(), Time(5));
        errors.begin(DiskError::Write, Files::All, now, now);
        assert_eq!(errors.strike(now, &EPOCH), Some(DiskError::Write));
        assert_eq!(errors.strike(now, &DiskOp::Flush), None);
    }

    #[test]
    fn a_full_disk_lets_files_be_removed() {
        let mut errors = Errors::default();
        errors.begin(DiskError::Write, Files::All, Time(0), Time(9));
        assert_eq!(errors.strike(Time(1), &DiskOp::DropSnapshotsAfter(Zxid::ZERO)), None);
    }
}
