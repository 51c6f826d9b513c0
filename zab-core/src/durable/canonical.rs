//! A server's view of its files, as far as it makes a difference.

use super::Durable;
use crate::canonical::{Canonical, Sink};

impl Canonical for Durable {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        let Self {
            log,
            log_files,
            log_is_rolled,
            rolled: _,
            removed,
            buffered,
            snapshots,
            is_purged,
            accepted_epoch,
            current_epoch,
            folders,
            last_lsn: _,
            asked,
            done,
            recovery,
            cut: _,
            writing,
            appended,
        } = self;
        sink.plain(&(log, buffered, accepted_epoch, current_epoch, appended.len()));
        sink.plain(&(log_files, log_is_rolled, removed, folders, is_purged));
        sink.lsn(*recovery);
        snapshots.canonical(sink);
        // An epoch that is being written takes effect with the last write of its file.
        for (file, (asked, done)) in asked.iter().zip(done).enumerate() {
            let is_waiting = asked > done;
            sink.plain(&is_waiting);
            if is_waiting {
                sink.lsn(*asked);
                sink.plain(&file.checked_sub(2).map(|epoch| writing[epoch]));
            }
        }
    }
}
