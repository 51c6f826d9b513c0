//! What becomes of packets, requests, votes and connections on their way: for pictures of an execution,
//! and for whoever wants to bring the same about elsewhere.
//!
//! No check reads it, and nobody but an observer who [asks](crate::Observer::wants_passages) for it
//! gets it: it costs a hunt nothing. The direct driver alone tells it.

use crate::due::Effects;
use zab_core::{NodeId, Packet, RequestId, Time};

/// One step of something on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// When, on the clock of the world.
    pub at: Time,
    /// What happened to what.
    pub what: Leg,
}

/// A packet or a request leaves or arrives. Packets of a connection arrive in the order in which they
/// left; those that never do were lost with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leg {
    /// A packet other than PING leaves; the next event is its [`zab_checker::Fact::Sent`].
    Left(Way),
    /// The next packet of this way has arrived.
    Arrived(Way, Packet),
    /// A client's request has reached its server.
    Asked(RequestId),
    /// A server has answered a client; the answer is on its way.
    Answered(RequestId),
    /// A connection is made, by the sender of this way.
    Connected(Way),
    /// The receiver of this way learns that the connection is over.
    Ended(Way),
    /// A vote has arrived.
    Voted {
        /// Who sent it.
        from: NodeId,
        /// Who got it.
        to: NodeId,
        /// Whom it is for.
        leader: NodeId,
    },
}

/// One direction of one incarnation of a connection.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Way {
    /// Which connection.
    pub conn: zab_core::ConnId,
    /// Who sends.
    pub from: NodeId,
    /// Who receives.
    pub to: NodeId,
}

impl Effects {
    /// Takes note of a passage, if anybody wants to know. It stands before the event that is observed
    /// next.
    #[inline]
    pub(crate) fn pass(&mut self, at: Time, what: impl FnOnce() -> Option<Leg>) {
        if self.wants_passages
            && let Some(what) = what()
        {
            self.passages.push((self.evidence.len(), Passage { at, what }));
        }
    }
}
