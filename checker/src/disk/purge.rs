//! An operator purges a disk, and does not ask its server.

use super::{Disk, Pending, Stage};
use zab_core::{File, Purge};

impl Disk {
    /// Files were removed; nobody has flushed a folder since.
    pub(crate) fn on_purged(&mut self, purge: Purge) {
        if purge.is_flushed {
            self.flush_snapshots();
        }
        let log = purge.log_before.map(Pending::PurgeLog);
        let snapshots = purge.snapshots_before.map(Pending::PurgeSnapshots);
        self.writes.extend(log.into_iter().chain(snapshots).map(|op| (Stage::Left, op)));
        self.settle();
        self.read_back();
    }

    /// The snapshots that are in the folder are flushed, and the folder is.
    fn flush_snapshots(&mut self) {
        let is_strict = self.is_strict;
        for (stage, op) in &mut self.writes {
            let is_snapshot = op.file() == File::Snapshot;
            // The log has a folder of its own.
            let is_entry = (!is_strict || op.file() != File::Log)
                && (*stage == Stage::Renamed
                    || *stage == Stage::Left && op.is_journaled()
                    || matches!(op, Pending::EmptySnapshot(_)));
            if is_entry || is_snapshot && *stage == Stage::Left {
                *stage = Stage::Durable;
            }
        }
    }
}
