//! The mirror of a disk, as far as verdicts depend on it.

use super::{Disk, Files, Pending, Snapshot, Stage};
use zab_core::canonical::{Canonical, Sink};

impl Canonical for Disk {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        let Self { asked, durable, base, writes, is_cached, voided, is_strict, leaves_folder } =
            self;
        sink.plain(&(is_cached, is_strict, base.is_some(), writes.len()));
        for (file, lsn) in leaves_folder {
            sink.plain(file);
            sink.lsn(*lsn);
        }
        durable.canonical(sink);
        voided.canonical(sink);
        base.iter().for_each(|base| base.canonical(sink));
        // With nothing under way, what can be read is what is durable.
        if !writes.is_empty() {
            asked.canonical(sink);
        }
        for (stage, op) in writes {
            // The numbers of operations only keep them in this order.
            sink.plain(&match stage {
                Stage::Asked(_) => 0_u8,
                Stage::Buffered(_) => 1,
                Stage::Left => 2,
                Stage::Clean => 3,
                Stage::Durable => 4,
                Stage::Renamed => 5,
            });
            op.canonical(sink);
        }
    }
}

impl Canonical for Files {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        let Self { log, log_files, is_rolled, snapshots, accepted_epoch, current_epoch } = self;
        sink.plain(&(log, log_files, is_rolled, accepted_epoch, current_epoch));
        snapshots.canonical(sink);
    }
}

impl Canonical for Snapshot {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        sink.plain(&(self.last, self.digest));
    }
}

impl Canonical for Pending {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        match self {
            Self::Append(txn) => sink.plain(&(0_u8, txn)),
            Self::Truncate(zxid) => sink.plain(&(1_u8, zxid)),
            Self::Snapshot(snapshot) => snapshot.canonical(sink),
            Self::WriteSnapshot(snapshot) => {
                sink.plain(&7_u8);
                snapshot.canonical(sink);
            }
            Self::SnapshotFile(snapshot) => {
                sink.plain(&10_u8);
                snapshot.canonical(sink);
            }
            Self::EmptySnapshot(zxid) => sink.plain(&(8_u8, zxid)),
            Self::DropSnapshotsAfter(zxid) => sink.plain(&(2_u8, zxid)),
            Self::PurgeSnapshots(oldest) => sink.plain(&(11_u8, oldest)),
            Self::PurgeLog(first) => sink.plain(&(12_u8, first)),
            Self::AcceptedEpoch(epoch) => sink.plain(&(3_u8, epoch)),
            Self::CurrentEpoch(epoch) => sink.plain(&(4_u8, epoch)),
            Self::FlushRecovered(file) => sink.plain(&(5_u8, file)),
            Self::Rename(file, epoch) => sink.plain(&(6_u8, file, epoch)),
            Self::Roll => sink.plain(&9_u8),
        }
    }
}
