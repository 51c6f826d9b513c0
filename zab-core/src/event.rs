//! The only door of the core: what goes in, what comes out, and in which order it must happen.
//!
//! The driver owns time, network and disks. It hands [`Input`]s to
//! [`Node::step`](crate::Node::step) one at a time and carries out the [`Output`]s in the order
//! given. Nothing that promises durability is ever among the outputs of the step that asks the
//! disk for it: the promise follows in the step that is told [`Input::DiskDone`].

mod headless;
mod note;
mod purge;

pub use headless::{Headless, NoHeader};
pub use note::{Breach, Note, SyncMode};
pub use purge::{Purge, purged};

use crate::durable::log_files::LogFiles;
use crate::ids::{ConnId, Epoch, Lsn, NodeId, RequestId, Zxid};
use crate::message::{Notification, Packet};
use crate::time::Span;
use crate::txn::{Op, Outcome, Replica, Txn};

/// A thread of ZooKeeper that runs on its own. It says when it has work
/// ([`Output::Ready`]); the driver decides when its turn comes ([`Input::Turn`]).
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// `QuorumPeer`'s main thread at a follower: takes the packets that piled up while it was
    /// blocked on a disk operation, one a turn.
    Receiver,
    /// The same thread while it loads a database that TRUNC or SNAP has changed: of a large tree that
    /// takes seconds, and it does nothing else meanwhile.
    Loader,
    /// `SyncRequestProcessor`: takes all that is queued, appends it and asks for a flush.
    LogWriter,
    /// The same thread of an earlier role, which nobody stopped.
    LeakedLogWriter,
    /// `CommitProcessor` and `FinalRequestProcessor`: applies one committed transaction, or
    /// answers one local read, a turn.
    Committer,
    /// `LearnerHandler`'s sender thread for this learner: writes one queued packet a turn.
    Sender(NodeId),
}

/// The two timers of a server.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// Leader election: resend, or the end of the finalize wait.
    Election,
    /// Half a tick, while following or leading: pings and limits; or the time until a learner dials
    /// again.
    Tick,
}

/// The files of a server. Operations on one file take effect in order; between files there is no
/// order but the one that the core waits for.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum File {
    /// The transaction log.
    Log,
    /// The snapshots.
    Snapshot,
    /// `acceptedEpoch`.
    AcceptedEpoch,
    /// `currentEpoch`.
    CurrentEpoch,
}

impl File {
    /// Every file, in the order of the enum.
    pub const ALL: [Self; 4] = [Self::Log, Self::Snapshot, Self::AcceptedEpoch, Self::CurrentEpoch];
}

/// An operation on one of the files.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DiskOp {
    /// Append a record to the log. Not durable before a later [`DiskOp::Flush`] is done; never
    /// reported by itself.
    Append(Txn),
    /// The record that is appended next begins a new file. Durable with that record; never reported.
    RollLog,
    /// Remove every log record after this zxid, once what is in the stream's buffer is written. Durable
    /// like an append; reported only if it fails. With [`Zxid::ZERO`] it empties the log.
    Truncate(Zxid),
    /// Make everything that this process did to the log durable, the names of its files included.
    /// Reported when done.
    Flush,
    /// The same, and leave it to others to flush the folder: with file systems as they are, a flush of a
    /// file makes its name durable, and nothing tells the two apart.
    FlushFile,
    /// Make everything in the file durable, also what this process found there: an earlier one that
    /// died may have left it in the page cache. It is written again, because a flush that failed may
    /// have left pages that no other flush writes. Reported when done.
    FlushRecovered(File),
    /// Write a snapshot beside the older ones, flush it, and give it its name. Reported when it is
    /// durable.
    Snapshot(Box<Replica>),
    /// The same, and leave it to others to flush the folder.
    SnapshotFile(Box<Replica>),
    /// Write a snapshot in its place, and leave it to others to flush it. Reported when it is written;
    /// until then it is incomplete, and who reads it takes an older one. A power loss may take it
    /// until the kernel has written it back.
    WriteSnapshot(Box<Replica>),
    /// Empty the snapshot of this zxid, to write it once more in its place. Durable with the next
    /// flush of any file; reported only if it fails.
    EmptySnapshot(Zxid),
    /// Remove every snapshot after this zxid. Reported when done.
    DropSnapshotsAfter(Zxid),
    /// Remove every snapshot before this zxid. What an operator purges; no server asks for it.
    PurgeSnapshots(Zxid),
    /// Remove the files of the log that end before this record, with which one begins. What an operator
    /// purges; no server asks for it.
    PurgeLog(Zxid),
    /// Replace the file `acceptedEpoch`. Reported when it is durable.
    AcceptedEpoch(Epoch),
    /// Replace the file `currentEpoch`. Reported when it is durable.
    CurrentEpoch(Epoch),
    /// Replace one of the epoch files and leave it to others to flush the folder. Reported when the
    /// file has its name; a power loss may undo that until any file of this disk has been flushed.
    Rename(File, Epoch),
}

impl DiskOp {
    /// The file that the operation is for.
    pub const fn file(&self) -> File {
        match self {
            Self::Append(_)
            | Self::RollLog
            | Self::Truncate(_)
            | Self::PurgeLog(_)
            | Self::Flush
            | Self::FlushFile => File::Log,
            Self::Snapshot(_)
            | Self::SnapshotFile(_)
            | Self::WriteSnapshot(_)
            | Self::EmptySnapshot(_)
            | Self::PurgeSnapshots(_)
            | Self::DropSnapshotsAfter(_) => File::Snapshot,
            Self::FlushRecovered(file) | Self::Rename(file, _) => *file,
            Self::AcceptedEpoch(_) => File::AcceptedEpoch,
            Self::CurrentEpoch(_) => File::CurrentEpoch,
        }
    }

    /// What an epoch file is replaced by, if the operation is for one.
    pub const fn epoch(&self) -> Option<Epoch> {
        match self {
            Self::AcceptedEpoch(epoch) | Self::CurrentEpoch(epoch) | Self::Rename(_, epoch) => {
                Some(*epoch)
            }
            _ => None,
        }
    }

    /// Whether its completion is reported with [`Input::DiskDone`].
    pub const fn is_reported(&self) -> bool {
        !matches!(
            self,
            Self::Append(_)
                | Self::RollLog
                | Self::Truncate(_)
                | Self::EmptySnapshot(_)
                | Self::PurgeSnapshots(_)
                | Self::PurgeLog(_)
        )
    }

    /// Whether an operator asked for it, beside the server.
    pub const fn is_purge(&self) -> bool {
        matches!(self, Self::PurgeSnapshots(_) | Self::PurgeLog(_))
    }
}

/// Which of its steps a disk operation failed in, as the system call that returned the error.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DiskError {
    /// The write (EIO, ENOSPC, EROFS): the file is as it was. Log records stay in the buffer of the
    /// stream, which writes them with the next flush (`BufferedOutputStream`).
    Write,
    /// The flush (EIO): log records can be read and may never be durable, for the kernel takes their
    /// pages for clean and the next flush succeeds. Any other file is as it was, because it is
    /// flushed before it takes its place.
    Flush,
    /// The write of the header of a new log file (EIO, ENOSPC): the file is empty, and its stream stays
    /// open, with the header in its buffer. The record that was to begin the file is in no buffer
    /// (`FileTxnLog.append`).
    Header,
    /// A new log file cannot be made (EROFS): there is neither file nor stream, nor the record.
    Open,
}

/// What a server finds on its disk when its process starts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Recovered {
    /// The snapshots, oldest first. One that is incomplete is not among them: who loads takes an older
    /// one instead (`FileSnap.deserialize`).
    pub snapshots: Vec<Replica>,
    /// Every record of the log, in file order, whether or not the snapshot covers it.
    pub log: Vec<Txn>,
    /// Which of them are in which file. All are in one if it says nothing of them.
    pub log_files: LogFiles,
    /// The file `acceptedEpoch`, or 0.
    pub accepted_epoch: Epoch,
    /// The file `currentEpoch`, or 0.
    pub current_epoch: Epoch,
    /// The disk was put in the place of another: it holds nothing that an earlier process of this
    /// server wrote, and no process has taken part in an epoch since. Neither did an operator say that
    /// there is nothing to be missed (`initialize`, ZOOKEEPER-261).
    pub is_blank: bool,
    /// The disk was put in the place of another at some time: it has the snapshots that are found, and
    /// no other. On one that was there from the beginning an empty one, of the first start, was written
    /// back long ago.
    pub is_recreated: bool,
    /// A purge has removed the empty snapshot of the first start, and what the log held before what is
    /// found: whatever a snapshot covers is in no other file.
    pub is_purged: bool,
    /// Files of the log that do not begin with a header, oldest first. No record of theirs is in the log.
    pub headless: Vec<Headless>,
}

impl Recovered {
    /// The newest snapshot, or the initial state.
    pub fn snapshot(&self) -> Replica {
        self.snapshots.last().copied().unwrap_or_default()
    }

    /// The files of the log.
    pub fn files_of_log(&self) -> LogFiles {
        match self.log_files.records() == self.log.len() {
            true => self.log_files.clone(),
            false => LogFiles::of([self.log.len()]),
        }
    }
}

/// Something that happens to a server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// The process starts. First input of a node's life; there is no second one.
    Start(Box<Recovered>),
    /// A connection asked for with [`Output::Connect`] is there: both ends are told.
    ConnectionUp {
        /// The other end.
        peer: NodeId,
        /// This incarnation.
        conn: ConnId,
        /// Whether this server asked for it; otherwise the other one did.
        outgoing: bool,
    },
    /// The connection broke, or was closed by the other end. Nothing more arrives on it.
    ConnectionDown {
        /// The other end.
        peer: NodeId,
        /// Which incarnation.
        conn: ConnId,
    },
    /// The connection asked for could not be made (nobody is there, or the attempt timed out).
    ConnectFailed {
        /// The other end.
        peer: NodeId,
    },
    /// The other end does not listen ([`Output::Refuse`]): nothing that was sent there is read.
    Refused {
        /// The other end.
        peer: NodeId,
        /// Which incarnation.
        conn: ConnId,
    },
    /// The next packet of a connection.
    Packet {
        /// Who sent it.
        from: NodeId,
        /// On which connection.
        conn: ConnId,
        /// The packet.
        packet: Packet,
    },
    /// A message of leader election.
    Notification {
        /// Who sent it.
        from: NodeId,
        /// The message.
        notification: Notification,
    },
    /// A timer ran out. A generation older than the last one set is ignored.
    Timer {
        /// Which.
        timer: Timer,
        /// The generation it was set with.
        generation: u32,
    },
    /// Every operation on this file up to and including this one is done and durable.
    DiskDone {
        /// The file.
        file: File,
        /// The last operation that is done.
        upto: Lsn,
    },
    /// A reported operation failed. Later ones on this file are reported by themselves.
    DiskFailed {
        /// The file.
        file: File,
        /// The operation.
        lsn: Lsn,
        /// In which step.
        error: DiskError,
    },
    /// A client asks.
    Client {
        /// Which request.
        request: RequestId,
        /// The greatest zxid that the session has seen (`lastZxidSeen`).
        last_seen: Zxid,
        /// What it asks.
        op: Op,
    },
    /// An actor's turn. Without work it does nothing.
    Turn(Actor),
    /// The main thread gets an exception: the server leaves its role and looks for a leader, with
    /// its memory and its process intact.
    StepDown,
    /// An operator has removed files. The server is not told: it reads its folders when it needs them, and
    /// finds there what is left.
    Purged(Purge),
}

/// Why a server process ends by itself.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExitReason {
    /// Start-up check: there are log records and no snapshot (ZOOKEEPER-2325, from 3.5.3 on).
    NoSnapshot,
    /// A file of the log has no header (`FileTxnLog.FileTxnIterator.inStreamCreated`).
    NoHeader(NoHeader),
    /// Start-up check: epoch of the last zxid is above `currentEpoch` (ZOOKEEPER-1653, -2354).
    EpochBehindLog,
    /// Start-up check: `acceptedEpoch` is below `currentEpoch`.
    AcceptedBelowCurrent,
    /// The log, replayed into memory, has a hole (`ZKDatabase.addCommittedProposal`, from 3.9.4 on).
    HoleInLog,
    /// A COMMIT that does not match the oldest pending proposal (`FollowerZooKeeperServer.commit`).
    UnmatchedCommit,
    /// TRUNC to a zxid that is not in the log, or the disk does not let the log be cut.
    TruncFailed,
    /// The disk reported an error.
    DiskError,
}

impl ExitReason {
    /// Whether it is what the server found on its disk that ends it: the next process will find the
    /// same.
    pub const fn is_refusal(self) -> bool {
        match self {
            Self::NoSnapshot
            | Self::NoHeader(_)
            | Self::EpochBehindLog
            | Self::AcceptedBelowCurrent
            | Self::HoleInLog => true,
            Self::UnmatchedCommit | Self::TruncFailed | Self::DiskError => false,
        }
    }
}

/// Something that a server asks of the world, or tells it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Output {
    /// Open a connection to this server. Answered by [`Input::ConnectionUp`] or
    /// [`Input::ConnectFailed`].
    Connect(NodeId),
    /// Close a connection. What was sent before may still arrive; this end hears no more of it.
    Close(ConnId),
    /// Close a connection that another server asked for while nobody listens here: that one is told
    /// [`Input::Refused`].
    Refuse(ConnId),
    /// Send a packet.
    Send {
        /// On which connection.
        conn: ConnId,
        /// The packet.
        packet: Packet,
    },
    /// Send a message of leader election; it replaces an older one that could not be sent yet.
    Notify {
        /// To whom.
        to: NodeId,
        /// The message.
        notification: Notification,
    },
    /// Do this on the disk, after everything asked of the same file before.
    Disk {
        /// Its sequence number.
        lsn: Lsn,
        /// What to do.
        op: DiskOp,
    },
    /// (Re)set a timer: only the newest generation counts.
    SetTimer {
        /// Which.
        timer: Timer,
        /// Its generation.
        generation: u32,
        /// From now.
        after: Span,
    },
    /// Answer a client.
    Reply {
        /// Which request.
        request: RequestId,
        /// The answer.
        outcome: Outcome,
    },
    /// The server drops every client connection; open requests are never answered.
    DropClients,
    /// This actor has work. Said once for each turn that it needs.
    Ready(Actor),
    /// A transaction was applied to the memory of a server that takes part in an epoch.
    Delivered(Txn),
    /// A step of the protocol that no packet shows.
    Note(Note),
    /// The process ends.
    Exit(ExitReason),
}
