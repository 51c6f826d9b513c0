//! Sessions, and the nodes of a lock: what of ZooKeeper's sessions and ephemeral nodes is replicated.
//!
//! There is one parent, `/lock`, and below it ephemeral sequential nodes, as the lock recipe makes them. A
//! session is open from its createSession to its closeSession, and a node belongs to the session that
//! created it. Everything has a bound, so that a [`Replica`](crate::Replica) stays a small value: what does
//! not fit is refused by the leader ([`SessionError::Full`]).

mod few;
mod numbers;
#[cfg(test)]
mod tests;

pub use few::Few;
pub use numbers::{NUMBERS, Numbers};

use crate::ids::{SessionId, Zxid};
use crate::txn::{Change, Txn};
use std::fmt;

/// How many sessions can be open.
pub const SESSIONS: usize = 6;

/// How many nodes there can be.
pub const NODES: usize = 6;

/// A node below `/lock`. Nodes are ordered by their numbers.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LockNode {
    /// The number in its name: the `cversion` of its parent when it was created.
    pub number: u8,
    /// The session that it belongs to (`ephemeralOwner`).
    pub owner: SessionId,
    /// The transaction that created it.
    pub czxid: Zxid,
}

impl fmt::Display for LockNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n-{} of {}", self.number, self.owner)
    }
}

/// Why what a session asks is not carried out; such a request takes a zxid all the same (`ErrorTxn`).
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionError {
    /// The leader does not know the session, or is closing it (SESSIONEXPIRED).
    Expired,
    /// The session goes on at another server (SESSIONMOVED).
    Moved,
    /// There is no room for another session or node. A bound of the model, which ZooKeeper does not have.
    Full,
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expired => "the session has expired",
            Self::Moved => "the session has moved",
            Self::Full => "no room",
        })
    }
}

/// The open sessions, and the nodes below `/lock`.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Locks {
    sessions: Few<SessionId, SESSIONS>,
    nodes: Few<LockNode, NODES>,
    /// How often a node was created: the number of the next one.
    cversion: u8,
}

impl Locks {
    /// The sessions and the nodes that are there, and the number of the next one: what another server is sent.
    pub const fn new(
        sessions: Few<SessionId, SESSIONS>,
        nodes: Few<LockNode, NODES>,
        cversion: u8,
    ) -> Self {
        Self { sessions, nodes, cversion }
    }

    /// The same taken apart, but for the number.
    pub const fn parts(&self) -> (&Few<SessionId, SESSIONS>, &Few<LockNode, NODES>) {
        (&self.sessions, &self.nodes)
    }

    /// The open sessions.
    pub fn sessions(&self) -> impl Iterator<Item = SessionId> {
        self.sessions.iter()
    }

    /// The nodes, by number.
    pub fn nodes(&self) -> impl Iterator<Item = LockNode> {
        self.nodes.iter()
    }

    /// The number that the next node gets.
    pub const fn cversion(&self) -> u8 {
        self.cversion
    }

    /// Whether a session is open.
    pub fn is_open(&self, session: SessionId) -> bool {
        self.sessions().any(|open| open == session)
    }

    /// The node of a session; the first one, if there are several.
    pub fn own(&self, session: SessionId) -> Option<LockNode> {
        self.nodes().find(|node| node.owner == session)
    }

    /// What closeSession lists: the ephemeral nodes of a session.
    pub(crate) fn owned(&self, session: SessionId) -> Numbers {
        self.nodes().filter(|node| node.owner == session).map(|node| node.number).collect()
    }

    /// Whether another session can be opened.
    pub(crate) fn has_room_for_session(&self) -> bool {
        !self.sessions.is_full()
    }

    /// The number of a new node, if there can be one.
    pub(crate) fn next_number(&self) -> Option<u8> {
        (!self.nodes.is_full() && self.cversion < NUMBERS).then_some(self.cversion)
    }

    /// Applies a transaction: the sessions first, then the tree (`ZooKeeperServer.processTxn`). What does not
    /// fit here, because this server has something that its leader has not, is not there.
    pub(crate) fn apply(&mut self, txn: &Txn) {
        let session = txn.request.session;
        match txn.change {
            Change::CreateSession => {
                self.sessions.insert(session);
            }
            Change::CloseSession { nodes } => {
                self.sessions.retain(|open| *open != session);
                // What is listed, and whatever else the session has here (`DataTree.killSession`).
                let stays = |node: &LockNode| !nodes.contains(node.number) && node.owner != session;
                self.nodes.retain(stays);
            }
            Change::CreateNode { number } => {
                let is_new = self.nodes().all(|node| node.number != number);
                if is_new {
                    self.nodes.insert(LockNode { number, owner: session, czxid: txn.zxid });
                }
                self.cversion = self.cversion.max(number + 1);
            }
            Change::Set { .. } | Change::Rejected | Change::Refused(_) => {}
        }
    }

    /// Removes the nodes of sessions that are not open, without any transaction
    /// (`ZooKeeperServer.loadData`: "Clean up dead sessions").
    pub(crate) fn clean_up(&mut self) {
        let sessions = self.sessions;
        self.nodes.retain(|node| sessions.iter().any(|open| open == node.owner));
    }
}
