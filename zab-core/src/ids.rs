//! Identifiers: small copyable values with the order and the text form of the field.

use std::fmt;

/// A server of the ensemble (`myid` in ZooKeeper), counted from 0.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u8);

impl NodeId {
    /// This id as an index into a table of servers.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S{}", self.0)
    }
}

/// An epoch of Zab: the reign of at most one established leader. Never anything else.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u32);

impl Epoch {
    /// The epoch that follows this one; nothing follows the last one, which four billion elections
    /// would reach.
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A transaction id ⟨epoch, counter⟩, ordered by epoch first (32 + 32 bits in ZooKeeper).
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Zxid {
    /// The epoch of the primary that broadcast the transaction.
    pub epoch: Epoch,
    /// Position within that epoch, from 1; 0 stands for the epoch itself (NEWLEADER).
    pub counter: u32,
}

impl Zxid {
    /// The zxid of an empty log.
    pub const ZERO: Self = Self { epoch: Epoch(0), counter: 0 };

    /// ⟨epoch, counter⟩.
    pub const fn new(epoch: u32, counter: u32) -> Self {
        Self { epoch: Epoch(epoch), counter }
    }

    /// ⟨epoch, 0⟩: the zxid that NEWLEADER carries, and of its acknowledgement.
    pub const fn of_epoch(epoch: Epoch) -> Self {
        Self { epoch, counter: 0 }
    }

    /// The next zxid within the same epoch; nothing follows the last one.
    pub const fn next(self) -> Self {
        Self { epoch: self.epoch, counter: self.counter.saturating_add(1) }
    }

    /// True for ⟨e, 0⟩, which names an epoch and no transaction.
    pub const fn is_epoch_mark(self) -> bool {
        self.counter == 0
    }
}

impl fmt::Display for Zxid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}, {}>", self.epoch.0, self.counter)
    }
}

/// One incarnation of a TCP connection between a learner and a leader, unique in a world.
///
/// A packet of an old connection can never be mistaken for one of the new.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u32);

/// A client session; it outlives the connection to any one server.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u16);

impl SessionId {
    /// Set in the id of every session that servers keep track of.
    const TRACKED: u16 = 1 << 15;

    /// Set in the id of a session that began as a local one.
    const LOCAL: u16 = 1 << 7;

    /// The number of the first client whose sessions are tracked; others have smaller ones.
    pub const FIRST_TRACKED: u8 = 32;

    /// The session that a client opens with its `attempt`th try. As in ZooKeeper, the id says at which
    /// server (`SessionTrackerImpl.initializeNextSessionId`).
    pub const fn tracked(client: u8, server: NodeId, attempt: u8) -> Self {
        let (server, attempt) = ((server.0 & 7) as u16, (attempt & 15) as u16);
        Self(Self::TRACKED | server << 12 | attempt << 8 | client as u16)
    }

    /// The same, opened where sessions begin as local ones (`localSessionsEnabled`): an ensemble has them or
    /// not, so what a leader looks up in its settings is in the id.
    #[must_use]
    pub const fn begun_as_local(self) -> Self {
        Self(self.0 | Self::LOCAL)
    }

    /// Whether it began as a local session.
    pub const fn is_begun_as_local(self) -> bool {
        self.0 & Self::LOCAL != 0
    }

    /// The server at which it was opened.
    pub const fn opened_at(self) -> NodeId {
        NodeId((self.0 >> 12 & 7) as u8)
    }

    /// Whether the servers know it, and end it if they hear nothing of its client. Others stand for sessions
    /// that never end, and are no part of the replicated state.
    pub const fn is_tracked(self) -> bool {
        self.0 & Self::TRACKED != 0
    }

    /// The client whose session it is.
    pub const fn client(self) -> u8 {
        (self.0 & !Self::LOCAL) as u8
    }

    /// What a client is called whose sessions are tracked.
    pub const fn letter(client: u8) -> char {
        (b'A' + client.wrapping_sub(Self::FIRST_TRACKED) % 26) as char
    }

    /// Which of its client's sessions it is, counted from 1.
    const fn attempt(self) -> u16 {
        self.0 >> 8 & 15
    }
}

impl fmt::Display for SessionId {
    /// `c2` is client 2, `A3` the third session of the first client whose sessions are tracked.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_tracked() {
            return write!(f, "c{}", self.0);
        }
        write!(f, "{}{}", Self::letter(self.client()), self.attempt())
    }
}

/// One request of a session; `cxid` counts the requests of that session.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId {
    /// The session that asks.
    pub session: SessionId,
    /// Its running number within the session.
    pub cxid: u32,
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.session, self.cxid)
    }
}

/// Sequence number of a disk operation within one life of one server process.
///
/// Grows over all files of the server; completions are cumulative per [`crate::event::File`].
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lsn(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_written_as_stories_tell_them() {
        let request = RequestId { session: SessionId(3), cxid: 2 };
        let written = [
            NodeId(2).to_string(),
            Epoch(4).to_string(),
            Zxid::new(4, 1).to_string(),
            request.to_string(),
        ];
        assert_eq!(written, ["S2", "4", "<4, 1>", "c3#2"]);
        let tracked = SessionId::tracked(SessionId::FIRST_TRACKED + 1, NodeId(2), 3);
        assert_eq!(tracked.to_string(), "B3");
        assert_eq!(tracked.client(), SessionId::FIRST_TRACKED + 1);
        assert!(tracked.is_tracked() && !SessionId(3).is_tracked());
        let local = tracked.begun_as_local();
        assert!(local.is_begun_as_local() && !tracked.is_begun_as_local());
        assert_eq!((local.client(), local.opened_at()), (tracked.client(), NodeId(2)));
        assert_eq!(local.to_string(), "B3");
    }
}
