//! What servers, disks, clients and the environment observably did: the input of every check.
//!
//! The simulator produces one [`Event`] after another; nothing here is a server's opinion except
//! [`Note`]s, which say what no packet shows.

use zab_core::event::{ExitReason, Note};
use zab_core::variant::Release;
use zab_core::{
    DiskError, DiskOp, File, Lsn, NodeId, Op, Outcome, Packet, Purge, Recovered, Replica,
    RequestId, SessionId, Span, Time, Txn, Zxid,
};

/// One observation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Event {
    /// When, on the clock of the world.
    pub at: Time,
    /// At which server; `None` for the ensemble as a whole.
    pub node: Option<NodeId>,
    /// What.
    pub fact: Fact,
}

/// What was observed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Fact {
    /// A server process started and found this on its disk.
    Started(Box<Recovered>),
    /// The server process was killed or lost its power; memory and connections are gone.
    Crashed {
        /// Power loss: what was not durable may be gone, whichever process wrote it. Otherwise the
        /// page cache survives, and what is in it can be read.
        power_loss: bool,
    },
    /// The server process ended by itself.
    Exited(ExitReason),
    /// The disk was asked for an operation.
    DiskAsked {
        /// Its sequence number.
        lsn: Lsn,
        /// The operation.
        op: DiskOp,
    },
    /// The disk reported every operation on this file up to this one as done and durable.
    DiskDone {
        /// The file.
        file: File,
        /// The last operation done.
        upto: Lsn,
    },
    /// The disk of a server that has just been killed was created again, and is empty.
    Blanked,
    /// The kernel wrote back what earlier processes of the server have left in the page cache: that is
    /// durable.
    WrittenBack,
    /// An operator removed files of the server from its disk.
    Purged(Purge),
    /// The disk reported that an operation failed.
    DiskFailed {
        /// The file.
        file: File,
        /// The operation.
        lsn: Lsn,
        /// In which step.
        error: DiskError,
    },
    /// A packet other than PING was handed to the network.
    Sent {
        /// The receiver.
        to: NodeId,
        /// The packet.
        packet: Packet,
    },
    /// A transaction was applied to the server's memory.
    Delivered(Txn),
    /// A step of the protocol that no packet shows.
    Noted(Note),
    /// A client sent an operation to the server.
    Invoked {
        /// Which request.
        request: RequestId,
        /// What it asks.
        op: Op,
    },
    /// The client got the answer.
    Returned {
        /// Which request.
        request: RequestId,
        /// The answer.
        outcome: Outcome,
    },
    /// The client gave up waiting: the operation may take effect at any time, or never (`info`).
    TimedOut {
        /// Which request.
        request: RequestId,
    },
    /// A fault of the schedule took effect (for the story; no check reads it).
    Fault(&'static str),
    /// From here on a flush of a file does not make its name durable, in any server's file system.
    StrictDirectories,
    /// Every fault is undone; from here the ensemble has to become available.
    Healed,
    /// After healing a new write was acknowledged.
    Available {
        /// How long that took.
        after: Span,
    },
    /// After healing no new write was acknowledged within this time.
    Unavailable {
        /// The bound that passed.
        bound: Span,
        /// Why that is to be expected, if it is.
        excuse: Option<&'static str>,
    },
    /// Service is back, the server's process runs, and it did not come to serve within this time.
    NotServing {
        /// The bound that passed.
        bound: Span,
    },
    /// Service is back, the server serves, and a write sent to it was not carried out within this
    /// time.
    NotWriting {
        /// The bound that passed.
        bound: Span,
    },
    /// The ensemble is available and does not come to rest: nothing can be said about its end.
    NeverQuiet {
        /// The bound that passed.
        bound: Span,
    },
    /// The ensemble is at rest, and a `sync` was answered by this server; this is its memory.
    AtRest(Box<Replica>),
    /// The next process of the server will be of this release, which behaves differently (for the
    /// story; no check reads it).
    Installed(Release),
    /// A client that queues for the lock learns something, of or at this server.
    Lock {
        /// Its session.
        session: SessionId,
        /// What.
        news: News,
    },
}

/// What a client that queues for the lock learns, and what it believes from then on.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum News {
    /// It is connected, and has a new session.
    Opened,
    /// It is connected again, in the session that it has: what it believed it believes again.
    Resumed,
    /// It has lost its connection (`SUSPENDED`): until it is connected again it does nothing with the lock.
    Suspended,
    /// It is told that its session has ended (`LOST`): it has no node, and not the lock.
    Expired,
    /// It is told that its node is there.
    Named {
        /// The transaction that created it.
        zxid: Zxid,
        /// The number in its name.
        number: u8,
    },
    /// It sees that its node has the lowest number: it believes that it has the lock.
    Holds {
        /// The number.
        number: u8,
    },
}
