//! Operations on the files of a server, and how far each has come.

use super::files::Snapshot;
use zab_core::{Epoch, File, Lsn, Txn, Zxid};

/// An operation that changes what is kept here.
#[derive(Copy, Clone, Debug)]
pub(super) enum Pending {
    Append(Txn),
    /// What is appended next begins a file.
    Roll,
    Truncate(Zxid),
    Snapshot(Snapshot),
    SnapshotFile(Snapshot),
    WriteSnapshot(Snapshot),
    EmptySnapshot(Zxid),
    DropSnapshotsAfter(Zxid),
    PurgeSnapshots(Zxid),
    PurgeLog(Zxid),
    AcceptedEpoch(Epoch),
    CurrentEpoch(Epoch),
    Rename(File, Epoch),
    FlushRecovered(File),
}

impl Pending {
    pub(super) const fn file(self) -> File {
        match self {
            Self::Append(_) | Self::Roll | Self::Truncate(_) | Self::PurgeLog(_) => File::Log,
            Self::Snapshot(_)
            | Self::SnapshotFile(_)
            | Self::WriteSnapshot(_)
            | Self::EmptySnapshot(_)
            | Self::PurgeSnapshots(_)
            | Self::DropSnapshotsAfter(_) => File::Snapshot,
            Self::AcceptedEpoch(_) => File::AcceptedEpoch,
            Self::CurrentEpoch(_) => File::CurrentEpoch,
            Self::FlushRecovered(file) | Self::Rename(file, _) => file,
        }
    }

    /// Whether it writes where an older one may be, and nobody flushes it.
    pub(super) const fn is_in_place(self) -> bool {
        matches!(self, Self::WriteSnapshot(_) | Self::EmptySnapshot(_))
    }

    /// Whether it makes a file of the log, or cuts some.
    pub(super) const fn is_name(self) -> bool {
        matches!(self, Self::Roll | Self::Truncate(_))
    }

    /// Whether it changes which files there are and how long they are, but not what is in them.
    pub(super) const fn is_journaled(self) -> bool {
        self.is_cut() || matches!(self, Self::PurgeSnapshots(_) | Self::PurgeLog(_))
    }

    /// Whether it is such a change, and its server asks for it.
    pub(super) const fn is_cut(self) -> bool {
        matches!(self, Self::Truncate(_) | Self::DropSnapshotsAfter(_))
    }
}

/// How far an operation has come.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Asked for by the running process and not reported.
    Asked(Lsn),
    /// In the buffer of the running process.
    Buffered(Lsn),
    /// In the page cache, and no running process is about to flush it.
    Left,
    /// It has its name, until the power goes or something is flushed.
    Renamed,
    /// In the page cache, where it counts as clean.
    Clean,
    /// Durable, after something that is not.
    Durable,
}

/// Whether another process would read it: not what is in the buffer of the running one, nor a snapshot
/// that is incomplete.
pub(super) const fn is_readable((stage, op): &(Stage, Pending)) -> bool {
    match stage {
        Stage::Buffered(_) => false,
        Stage::Asked(_) => !matches!(op, Pending::WriteSnapshot(_)),
        Stage::Left | Stage::Renamed | Stage::Clean | Stage::Durable => true,
    }
}

/// Each of these in order, and whether it is there after a power loss, for who reads it: a file of the
/// log is read up to the first record that is not there, the next one all the same
/// (`FileTxnIterator.next`); one whose name is not durable is gone whole.
pub(super) fn survivors(writes: &[(Stage, Pending)]) -> impl Iterator<Item = (bool, &Pending)> {
    let (mut ends_here, mut has_name) = (false, true);
    writes.iter().map(move |(stage, op)| {
        let is_durable = *stage == Stage::Durable;
        match op {
            Pending::Roll => (ends_here, has_name) = (false, is_durable),
            Pending::Append(_) if ends_here || !has_name => return (false, op),
            // What is in the buffer is in no file.
            Pending::Append(_) => ends_here = !is_durable && !matches!(stage, Stage::Buffered(_)),
            _ => {}
        }
        (is_durable, op)
    })
}
