//! What clients that queue for the lock believe, and what became of their sessions.

use crate::evidence::News;
use crate::sequences::{Sequence, Sequences};
use zab_core::{Change, LockNode, NodeId, SessionId, Txn, Zxid};

/// A client in a session.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Believer {
    pub(crate) session: SessionId,
    /// Where it is connected, as far as it knows.
    pub(crate) server: Option<NodeId>,
    /// It has the lock, by the node of this number.
    pub(crate) holds: Option<u8>,
}

/// What clients and servers have shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Locks {
    believers: Vec<Believer>,
    /// Sessions whose clients were told that they have expired.
    pub(crate) expired: Vec<SessionId>,
    /// Nodes whose creation was told, and by which transaction.
    pub(crate) named: Vec<(Zxid, u8)>,
    /// Nodes that a committed closeSession deleted.
    deleted: Vec<(SessionId, u8)>,
    /// Some session was opened.
    is_used: bool,
}

impl Locks {
    /// A client learns something.
    pub(crate) fn on_news(&mut self, server: Option<NodeId>, session: SessionId, news: News) {
        match news {
            News::Opened => {
                self.believers.push(Believer { session, server, holds: None });
            }
            News::Expired => {
                self.believers.retain(|believer| believer.session != session);
                self.expired.push(session);
            }
            News::Named { zxid, number } => self.named.push((zxid, number)),
            News::Resumed | News::Suspended | News::Holds { .. } => {
                let is_it = |believer: &&mut Believer| believer.session == session;
                if let Some(believer) = self.believers.iter_mut().find(is_it) {
                    match news {
                        News::Suspended => believer.server = None,
                        News::Holds { number } => believer.holds = Some(number),
                        _ => believer.server = server,
                    }
                }
            }
        }
    }

    /// Those that are connected and believe that they have the lock.
    pub(crate) fn holders(&self) -> impl Iterator<Item = (&Believer, NodeId, u8)> {
        self.believers.iter().filter_map(|one| Some((one, one.server?, one.holds?)))
    }

    /// A leader proposed: whether there are sessions at all decides what has to be looked at.
    pub(crate) const fn on_proposed(&mut self, txn: &Txn) {
        self.is_used |= matches!(txn.change, Change::CreateSession);
    }

    /// The last transaction of a sequence is committed.
    pub(crate) fn on_committed(&mut self, sequence: Sequence, sequences: &Sequences) {
        if let Some(txn) = sequences.last_txn(sequence).filter(|_| self.is_used) {
            self.note_end(txn);
        }
    }

    /// All of a sequence is committed.
    pub(crate) fn on_established(&mut self, history: Sequence, sequences: &Sequences) {
        if self.is_used {
            let txns = sequences.transactions(history).unwrap_or_default();
            txns.iter().for_each(|txn| self.note_end(txn));
        }
    }

    fn note_end(&mut self, txn: &Txn) {
        if let Change::CloseSession { nodes } = txn.change {
            for number in nodes.iter() {
                let gone = (txn.request.session, number);
                if !self.deleted.contains(&gone) {
                    self.deleted.push(gone);
                }
            }
        }
    }

    /// Whether a committed closeSession deleted this node.
    pub(crate) fn is_deleted(&self, node: &LockNode) -> bool {
        self.deleted.contains(&(node.owner, node.number))
    }
}

/// Whether the end of a session is in a sequence.
pub(crate) fn has_ended(session: SessionId, sequence: Sequence, sequences: &Sequences) -> bool {
    let is_end = |txn: &Txn| {
        txn.request.session == session && matches!(txn.change, Change::CloseSession { .. })
    };
    let mut prefixes = sequences.prefixes(sequence);
    prefixes.any(|prefix| sequences.last_txn(prefix).is_some_and(is_end))
}
