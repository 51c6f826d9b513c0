//! What was seen when a promise about sessions and the lock was broken: E-1 to E-8.

use std::fmt;
use zab_core::{LockNode, NodeId, RequestId, SessionId, Txn, Zxid};

/// The evidence of a violation of E-1 to E-8.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Session {
    /// E-1: a transaction of a session stands behind its closeSession.
    ActsAfterItsEnd {
        /// The transaction.
        txn: Txn,
        /// The closeSession.
        end: Zxid,
    },
    /// E-2: a client is told that its session has expired, and no closeSession is committed.
    ExpiredUncommitted(SessionId),
    /// E-3: a server has a node of a session that is not open.
    NodeWithoutSession {
        /// Which server.
        server: NodeId,
        /// The node.
        node: LockNode,
    },
    /// E-3: a server lacks a node of a session that is open.
    SessionWithoutNode {
        /// Which server.
        server: NodeId,
        /// The node.
        node: LockNode,
    },
    /// E-4: a node is there that a committed closeSession deleted.
    NodeIsBack {
        /// Which server.
        server: NodeId,
        /// The node.
        node: LockNode,
    },
    /// E-5: both believe that they have the lock.
    TwoHolders {
        /// Who has had it, and the number of its node.
        first: (SessionId, u8),
        /// Where that client is connected.
        at: NodeId,
        /// Who has it as well, and the number of its node.
        second: (SessionId, u8),
    },
    /// E-6: a client was told this name, and one was told the same or a later one for an earlier transaction.
    NameTwice {
        /// The transaction and the number that were told.
        told: (Zxid, u8),
        /// The earlier ones.
        before: (Zxid, u8),
    },
    /// E-7: a request of a session took effect after a later one.
    OutOfOrder {
        /// The request.
        request: RequestId,
        /// The later one.
        later: RequestId,
    },
    /// E-8: a client was told that its session has expired, and its node is there at rest.
    NodeStays {
        /// Which server.
        server: NodeId,
        /// The node.
        node: LockNode,
    },
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ActsAfterItsEnd { txn, end } => {
                write!(f, "{txn} is committed, and {} has ended with {end}", txn.request.session)
            }
            Self::ExpiredUncommitted(session) => {
                write!(f, "{session} is told that it has expired, and no closeSession is committed")
            }
            Self::NodeWithoutSession { server, node } => {
                write!(f, "{server} has {node}, a session that is not open")
            }
            Self::SessionWithoutNode { server, node } => {
                write!(f, "{server} lacks {node}, a session that is open")
            }
            Self::NodeIsBack { server, node } => {
                write!(f, "{server} has {node}, which a committed closeSession deleted")
            }
            Self::TwoHolders { first, at, second } => {
                let ((one, n), (other, m)) = (first, second);
                write!(
                    f,
                    "{other} has the lock with n-{m}, and {one}, connected to {at}, has it with n-{n}; neither session has ended"
                )
            }
            Self::NameTwice { told, before } => {
                let ((zxid, n), (earlier, m)) = (told, before);
                write!(f, "{zxid} created n-{n}, and {earlier} before it n-{m}")
            }
            Self::OutOfOrder { request, later } => {
                write!(f, "{request} is committed after {later}")
            }
            Self::NodeStays { server, node } => {
                write!(
                    f,
                    "{server} has {node}, and that client was told that its session has expired"
                )
            }
        }
    }
}
