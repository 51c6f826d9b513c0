//! What is left of the files when an operator has purged some.

use super::{Durable, Removed};
use crate::event::{Purge, purged};

impl Durable {
    /// An operator has removed files: they cannot be read any more. One that is open is still written
    /// to, though it is in no folder.
    pub(crate) fn on_purged(&mut self, purge: Purge) {
        if let Some(oldest) = purge.snapshots_before {
            self.snapshots.retain(|snapshot| snapshot.last_processed >= oldest);
            self.is_purged = true;
        }
        let Self { log, log_files, .. } = &*self;
        let purged = |first| purged(first, log, log_files);
        let removed = purge.log_before.map_or(0, purged);
        if removed == 0 {
            return;
        }
        let newest = self.snapshot().last_processed;
        let is_needed = self.log.drain(..removed).any(|txn| txn.zxid > newest);
        self.log_files.remove_first(removed);
        let surplus = self.appended.len().saturating_sub(self.log.len());
        self.appended.drain(..surplus);
        self.buffered = self.buffered.min(self.appended.len());
        if self.log.is_empty() && !self.log_is_rolled {
            self.remove_open_log();
        } else if is_needed && self.removed == Removed::Never {
            self.removed = Removed::Closed;
        }
    }
}
