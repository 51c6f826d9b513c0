//! What the owner of a node is told, by other tasks and by its own agenda.

use super::net::Stream;
use std::io;
use tokio::sync::mpsc;
use zab_core::event::Timer;
use zab_core::{
    Actor, ConnId, DiskError, File, Lsn, NodeId, Notification, Op, Packet, RequestId, Time, Zxid,
};

/// An instant, and which of several things of one instant comes first: what was sent first.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct When {
    /// The instant.
    pub at: Time,
    /// Since when it was on its way, or had to be waited for.
    pub sent: Time,
}

impl When {
    /// What is sent at this instant, and has not traveled.
    pub const fn sent_at(at: Time) -> Self {
        Self { at, sent: at }
    }
}

/// Something, and the instant at which it counts as having happened.
///
/// A real server leaves the instant at 0, which has passed. In a simulation bytes arrive before
/// their time, and the owner waits for it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Stamped<T> {
    /// When.
    pub when: When,
    /// What.
    pub what: T,
}

impl<T> Stamped<T> {
    /// Something that happens now.
    pub const fn now(what: T) -> Self {
        Self::sent_at(Time(0), what)
    }

    /// Something that is sent at this instant.
    pub const fn sent_at(at: Time, what: T) -> Self {
        Self { when: When::sent_at(at), what }
    }
}

/// Where the owner is told.
pub type Inbox = mpsc::Sender<Stamped<Event>>;

/// What goes out on a connection, and when it was sent; `None` closes it.
pub type Outbox = mpsc::Sender<Stamped<Option<super::codec::Frame>>>;

/// Something for the owner.
pub enum Event {
    /// Somebody made a connection and has not said yet who it is.
    Accepted(Stream),
    /// A connection that was asked for is there, or could not be made.
    Dialed {
        /// The other end.
        peer: NodeId,
        /// The connection.
        result: io::Result<Stream>,
    },
    /// A learner has introduced itself.
    Learner {
        /// Who it is.
        peer: NodeId,
        /// Its connection.
        stream: Stream,
        /// When that was made.
        opened: Time,
    },
    /// A packet.
    Packet {
        /// On which connection.
        conn: ConnId,
        /// The packet.
        packet: Packet,
    },
    /// The other end of a connection does not listen.
    Refused {
        /// Which connection.
        conn: ConnId,
    },
    /// The turn of the oldest packet of a connection that was not looked at yet.
    Arrive {
        /// The connection.
        conn: ConnId,
        /// The other end.
        from: NodeId,
        /// When it was made.
        opened: Time,
    },
    /// A connection has ended.
    Down {
        /// Which.
        conn: ConnId,
        /// Broken, not closed by the other end.
        reset: bool,
    },
    /// A message of leader election.
    Notification {
        /// Who sent it.
        from: NodeId,
        /// The message.
        notification: Notification,
        /// Told once the message is of no further interest.
        receipt: mpsc::Sender<()>,
    },
    /// The turn of the newest message of leader election from a server.
    Notify {
        /// Who sent it.
        from: NodeId,
    },
    /// Messages of leader election from this server that were not looked at yet are lost.
    Forget {
        /// Which server.
        from: NodeId,
    },
    /// A connection for clients is there.
    Clients {
        /// What goes to them.
        outbox: Outbox,
        /// Its number.
        number: u32,
    },
    /// A connection for clients is gone.
    ClientsGone {
        /// Its number.
        number: u32,
    },
    /// A client asks.
    Ask {
        /// On which connection.
        number: u32,
        /// Which request.
        request: RequestId,
        /// The greatest zxid that the session has seen.
        last_seen: Zxid,
        /// What it asks.
        op: Op,
    },
    /// A timer ran out.
    Timer {
        /// Which.
        timer: Timer,
        /// The generation it was set with.
        generation: u32,
    },
    /// An actor's turn.
    Turn(Actor),
    /// The disk reports on an operation.
    DiskReports {
        /// The file.
        file: File,
        /// The operation.
        lsn: Lsn,
        /// How it went, if nothing else decides.
        result: Result<(), DiskError>,
    },
    /// The main thread gets an exception.
    StepDown,
}
