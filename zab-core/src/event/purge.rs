//! What an operator removes from the disk of a server, or has removed in regular intervals.

use super::DiskOp;
use crate::durable::log_files::LogFiles;
use crate::ids::Zxid;
use crate::txn::Txn;

/// What a purge removes (`PurgeTxnLog`, which `DatadirCleanupManager` calls).
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Purge {
    /// Every snapshot before this zxid, if any.
    pub snapshots_before: Option<Zxid>,
    /// Every file of the log before the one that begins with this record, if any. With
    /// [`Purge::WHOLE_LOG`] there is none that stays.
    pub log_before: Option<Zxid>,
    /// The snapshots that stay were flushed first, and so was their folder.
    pub is_flushed: bool,
}

impl Purge {
    /// No record comes after it.
    pub const WHOLE_LOG: Zxid = Zxid::new(u32::MAX, u32::MAX);

    /// Whether it removes nothing.
    pub const fn is_empty(&self) -> bool {
        self.snapshots_before.is_none() && self.log_before.is_none()
    }

    /// The operations of which it consists, in their order.
    pub fn ops(self) -> impl Iterator<Item = DiskOp> {
        let log = self.log_before.map(DiskOp::PurgeLog);
        log.into_iter().chain(self.snapshots_before.map(DiskOp::PurgeSnapshots))
    }
}

/// How many records of a log, in these files, stand before the file that begins with `first`. That record may
/// be gone since the file was seen, and the file with it. One that is logged twice may begin a file, and stand
/// inside one.
pub fn purged(first: Zxid, log: &[Txn], files: &LogFiles) -> usize {
    let begins: Vec<(usize, Zxid)> = files.starts().map(|start| (start, log[start].zxid)).collect();
    let kept = begins.iter().rfind(|(_, zxid)| *zxid == first);
    let kept = kept.or_else(|| begins.iter().find(|(_, zxid)| *zxid > first));
    kept.map_or(log.len(), |(start, _)| *start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invariants::samples::txn;

    #[test]
    fn what_is_kept_begins_with_its_first_record_or_with_what_followed_that() {
        let log = [1, 2, 4, 5].map(|counter| txn(1, counter));
        let each_in_its_own = LogFiles::of([1; 4]);
        let purged = |first, log: &[Txn]| purged(first, log, &each_in_its_own);
        for (first, removed) in [
            (Zxid::new(1, 1), 0),
            (Zxid::new(1, 4), 2),
            (Zxid::new(1, 3), 2),
            (Purge::WHOLE_LOG, 4),
        ] {
            assert_eq!(purged(first, &log), removed, "{first}");
        }
        let again = [2, 4, 2, 5].map(|counter| txn(1, counter));
        assert_eq!(purged(Zxid::new(1, 2), &again), 2, "a record that is logged twice");
    }

    #[test]
    fn a_record_inside_a_file_is_the_beginning_of_none() {
        let log = [1, 4, 5, 4, 6].map(|counter| txn(1, counter));
        let purged = |counter| purged(Zxid::new(1, counter), &log, &LogFiles::of([1, 4]));
        assert_eq!(purged(4), 1, "it stands once more in its own file");
        assert_eq!(purged(5), 5, "and no file begins with this one, or with a later one");
        assert_eq!(purged(2), 1, "the file that began with it is gone");
    }
}
