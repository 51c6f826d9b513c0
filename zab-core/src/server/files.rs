//! What a server does to its files.

use super::Server;
use crate::durable::Saving;
use crate::ids::{Epoch, Lsn, Zxid};
use crate::txn::Txn;

impl Server {
    /// Appends a transaction without the log writer, on the caller's own thread.
    pub(crate) fn append(&mut self, txn: Txn) {
        self.durable.append(txn, &mut self.out);
    }

    pub(crate) fn flush(&mut self) -> Lsn {
        self.durable.flush(&mut self.out)
    }

    pub(crate) fn truncate(&mut self, zxid: Zxid) {
        self.durable.truncate(zxid, &mut self.out);
    }

    /// TRUNC: cuts the log after this zxid, or after the record that follows it.
    pub(crate) fn truncate_to(&mut self, zxid: Zxid) {
        let next = self.durable.log_after(zxid).next().map(|txn| txn.zxid);
        let keeps_next = self.variant.trunc_keeps_next && !self.durable.holds(zxid);
        self.truncate(next.filter(|_| keeps_next).unwrap_or(zxid));
    }

    /// Empties a log that does not belong to the newest snapshot: what is appended to it next would
    /// seem to follow its last record. ZooKeeper keeps it (ZOOKEEPER-2846).
    pub(crate) fn clear_detached_log(&mut self) -> Option<Lsn> {
        self.has_detached_log().then(|| self.cut_foreign_log(Zxid::ZERO))?
    }

    /// Whether the log does not go on from the snapshot, and is to be emptied for that.
    pub(crate) fn has_detached_log(&self) -> bool {
        !self.variant.snap_keeps_log && !self.durable.log_continues_snapshot()
    }

    /// Removes what the log holds after the state that replaced its own.
    pub(crate) fn cut_log_behind(&mut self, zxid: Zxid) -> Option<Lsn> {
        let goes_on = self.durable.log().last().is_some_and(|txn| txn.zxid > zxid);
        goes_on.then(|| self.cut_foreign_log(zxid))?
    }

    fn cut_foreign_log(&mut self, zxid: Zxid) -> Option<Lsn> {
        if self.variant.snap_keeps_log {
            return None;
        }
        self.truncate(zxid);
        Some(self.flush())
    }

    /// Replaces `currentEpoch`.
    pub(crate) fn write_current_epoch(&mut self, epoch: Epoch) -> Lsn {
        let is_promised = epoch <= self.durable.accepted_epoch || self.variant.leads_unpromised;
        assert!(is_promised, "currentEpoch may not pass acceptedEpoch");
        self.durable.write_current_epoch(epoch, &mut self.out)
    }

    /// Removes the snapshots after this zxid. ZooKeeper keeps them (ZOOKEEPER-1549).
    pub(crate) fn drop_snapshots_after(&mut self, zxid: Zxid) -> Option<Lsn> {
        let keeps = self.variant.keeps_later_snapshots;
        (!keeps).then(|| self.durable.drop_snapshots_after(zxid, &mut self.out))
    }

    /// Snapshots the memory.
    pub(crate) fn write_snapshot(&mut self, saving: Saving) -> Lsn {
        self.durable.write_snapshot(self.memory.replica, saving, &mut self.out)
    }

    /// Takes the snapshot that is due every `snapshot_every` log records. Not at ⟨e, 0⟩: no log record has
    /// that zxid, and recovery could not tell that the log continues the snapshot.
    pub(crate) fn snapshot_if_due(&mut self) {
        if !self.memory.last_zxid().is_epoch_mark()
            && self.writer.is_snapshot_due(self.config.snapshot_every)
        {
            self.durable.roll_log();
            self.write_snapshot(self.variant.saving(!self.variant.snapshot_in_place));
        }
    }
}
