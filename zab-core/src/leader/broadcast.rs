//! Broadcast at the leader: propose, count acknowledgements, commit in order.

mod canonical;
pub(crate) mod invariants;

use super::Leader;
use super::sessions::{Owner, Tracker, Tracking, deadline};
use crate::committer::Work;
use crate::event::Note;
use crate::ids::{ConnId, NodeId, RequestId, SessionId, Zxid};
use crate::locks::{Locks, SessionError};
use crate::log_writer::AckTo;
use crate::message::Packet;
use crate::quorum::NodeSet;
use crate::server::Server;
use crate::time::Time;
use crate::txn::{Change, KEYS, Key, Op, Register, Replica, Txn};
use std::collections::VecDeque;

/// A proposal and who has acknowledged it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Proposal {
    pub(super) txn: Txn,
    acks: NodeSet,
}

/// What a leader has proposed and committed in its epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Broadcast {
    last_proposed: Zxid,
    last_committed: Zxid,
    /// Proposed, not committed.
    pub(super) outstanding: VecDeque<Proposal>,
    /// Committed, not yet applied to this leader's memory (`toBeApplied`).
    pub(super) to_be_applied: VecDeque<Txn>,
    /// `sync`s that wait for the proposal that was the last one when they arrived.
    pending_syncs: Vec<(Zxid, ConnId, RequestId)>,
    /// The registers as they will be when everything proposed is applied (`outstandingChanges`).
    prepared: [Register; KEYS],
    /// The same of sessions and nodes.
    prepared_locks: Locks,
    /// The sessions that it knows.
    pub(super) sessions: Tracker,
}

impl Broadcast {
    /// Begins after ⟨e, 0⟩ with the state of the initial history and its sessions.
    pub(super) fn start(&mut self, mark: Zxid, initial: &Replica, tracking: Tracking) {
        self.last_proposed = mark;
        self.last_committed = mark;
        self.prepared = initial.registers;
        self.prepared_locks = initial.locks;
        self.sessions.start(initial.locks.sessions(), tracking);
    }

    /// What a learner acknowledged above this zxid is void: it is about to lose it.
    pub(super) fn forget_acks(&mut self, peer: NodeId, above: Zxid) {
        for proposal in self.outstanding.iter_mut().filter(|p| p.txn.zxid > above) {
            proposal.acks.remove(peer);
        }
    }

    /// No `sync` will be answered any more.
    pub(super) fn drop_syncs(&mut self) {
        self.pending_syncs.clear();
    }

    /// The transaction that carries out a write, decided on what is proposed so far
    /// (`PrepRequestProcessor`).
    fn prepare(&mut self, request: RequestId, op: Op, from: (Owner, Time)) -> Option<Txn> {
        let next = self.next_zxid()?;
        let change = match op {
            Op::Write { key, value } => self.write(request.session, from.0, (key, value, None)),
            Op::WriteIf { key, value, version } => {
                self.write(request.session, from.0, (key, value, Some(version)))
            }
            Op::OpenSession => self.open_session(request.session, from),
            Op::CreateNode => self.create_node(request.session, from.0),
            Op::Read { .. } | Op::Sync | Op::ResumeSession | Op::Ping | Op::Children => {
                return None;
            }
        };
        Some(self.take(Txn { zxid: next, request, change }))
    }

    /// The transaction that ends a session.
    pub(super) fn close_session(&mut self, session: SessionId) -> Option<Txn> {
        let nodes = self.prepared_locks.owned(session);
        // It is a request of the session itself, and no client's (`ZooKeeperServer.close`).
        let request = RequestId { session, cxid: 0 };
        let change = Change::CloseSession { nodes };
        let zxid = self.next_zxid()?;
        Some(self.take(Txn { zxid, request, change }))
    }

    /// The last zxid of an epoch is never followed (ZOOKEEPER-1277); a new epoch would be.
    fn next_zxid(&self) -> Option<Zxid> {
        Some(self.last_proposed.next()).filter(|next| *next > self.last_proposed)
    }

    fn take(&mut self, txn: Txn) -> Txn {
        self.last_proposed = txn.zxid;
        self.prepared_locks.apply(&txn);
        txn
    }

    fn open_session(&mut self, session: SessionId, (owner, deadline): (Owner, Time)) -> Change {
        if !self.prepared_locks.has_room_for_session() {
            return Change::Refused(SessionError::Full);
        }
        self.sessions.open(session, deadline, owner);
        Change::CreateSession
    }

    fn create_node(&mut self, session: SessionId, owner: Owner) -> Change {
        let checked = self.sessions.check_global(session, owner);
        let room = self.prepared_locks.next_number().ok_or(SessionError::Full);
        match checked.and(room) {
            Ok(number) => Change::CreateNode { number },
            Err(error) => Change::Refused(error),
        }
    }

    fn write(
        &mut self,
        session: SessionId,
        owner: Owner,
        (key, value, expected): (Key, u32, Option<u32>),
    ) -> Change {
        if session.is_tracked()
            && let Err(error) = self.sessions.check(session, owner)
        {
            return Change::Refused(error);
        }
        self.set(key, value, expected)
    }

    fn set(&mut self, key: Key, value: u32, expected: Option<u32>) -> Change {
        let register = &mut self.prepared[key.index()];
        if expected.is_none_or(|version| version == register.version) {
            let version = register.version.wrapping_add(1);
            *register = Register { value, version };
            Change::Set { key, value, version }
        } else {
            Change::Rejected
        }
    }
}

impl Leader {
    /// A packet of a learner that is in broadcast.
    pub(super) fn on_broadcast_packet(
        &mut self,
        server: &mut Server,
        conn: ConnId,
        packet: Packet,
    ) {
        let (tick, last_proposed) = (self.tick(), self.broadcast.last_proposed);
        let Some(learner) = self.learner(conn) else {
            return;
        };
        learner.extend_deadline(tick, server);
        let peer = learner.peer;
        match packet {
            Packet::Ack(zxid) => {
                learner.on_ack(zxid, server.now, last_proposed);
                self.on_ack(server, peer, zxid);
            }
            Packet::Ping => {}
            Packet::Touched(sessions) => self.on_touched(server, sessions.iter()),
            Packet::Revalidate { request } => self.on_revalidate(server, conn, request),
            Packet::Request { request, op } => {
                self.propose(server, (request, Owner::Learner(conn)), op);
            }
            Packet::Sync { request } => self.on_sync(server, conn, request),
            other => self.on_unexpected(server, conn, &other),
        }
    }

    /// Somebody asks, himself or through a learner, for something that takes a transaction.
    pub(crate) fn propose(
        &mut self,
        server: &mut Server,
        (request, owner): (RequestId, Owner),
        op: Op,
    ) {
        if let Some(txn) = self.broadcast.prepare(request, op, (owner, deadline(server))) {
            self.broadcast_txn(server, txn);
        }
    }

    /// Sends the proposal to everyone, then queues it for the leader's own log writer
    /// (`ProposalRequestProcessor`).
    pub(super) fn broadcast_txn(&mut self, server: &mut Server, txn: Txn) {
        server.note(Note::Proposed(txn));
        self.broadcast.outstanding.push_back(Proposal { txn, acks: NodeSet::default() });
        self.send_to_forwarding(server, &Packet::Proposal(txn));
        server.log(txn, AckTo::Myself);
    }

    fn send_to_forwarding(&mut self, server: &mut Server, packet: &Packet) {
        for learner in self.learners.iter_mut().filter(|learner| learner.is_forwarding()) {
            learner.queue(packet.clone(), &mut server.out);
        }
    }

    /// An acknowledgement, of a learner or of the leader's own log writer (`processAck`). That of
    /// NEWLEADER, sent again after UPTODATE, means nothing here.
    pub(crate) fn on_ack(&mut self, server: &mut Server, from: NodeId, zxid: Zxid) {
        if zxid.is_epoch_mark() || zxid <= self.broadcast.last_committed {
            return;
        }
        let mut outstanding = self.broadcast.outstanding.iter_mut();
        if let Some(proposal) = outstanding.find(|proposal| proposal.txn.zxid == zxid) {
            proposal.acks.insert(from);
            self.commit_in_order(server);
        }
    }

    /// Commits the oldest proposals that a quorum has acknowledged (`tryToCommit`).
    fn commit_in_order(&mut self, server: &mut Server) {
        while let Some(proposal) = self.broadcast.outstanding.front()
            && proposal.acks.is_quorum(&server.config)
        {
            let txn = proposal.txn;
            assert!(txn.zxid == self.broadcast.last_committed.next(), "commits leave no gap");
            self.broadcast.outstanding.pop_front();
            self.broadcast.last_committed = txn.zxid;
            self.broadcast.to_be_applied.push_back(txn);
            server.note(Note::Committed(txn.zxid));
            self.send_to_forwarding(server, &Packet::Commit(txn.zxid));
            if self.is_closing() {
                continue;
            }
            server.commit(Work::Apply(txn));
            self.answer_syncs(server);
        }
    }

    /// The leader's committer has applied a transaction.
    pub(crate) fn on_applied(&mut self, txn: &Txn) {
        let applied = self.broadcast.to_be_applied.pop_front();
        assert!(applied.is_some_and(|next| next.zxid == txn.zxid), "the committer works in order");
        if let Change::CloseSession { .. } = txn.change {
            self.broadcast.sessions.remove(txn.request.session);
        }
    }

    /// A learner's `sync`: answered after everything proposed so far. The leader does not make
    /// sure that it still leads (`processSync`).
    fn on_sync(&mut self, server: &mut Server, conn: ConnId, request: RequestId) {
        self.broadcast.pending_syncs.push((self.broadcast.last_proposed, conn, request));
        self.answer_syncs(server);
    }

    fn answer_syncs(&mut self, server: &mut Server) {
        let committed = self.broadcast.last_committed;
        while let Some((wait_for, conn, request)) = self.broadcast.pending_syncs.first().copied()
            && wait_for <= committed
        {
            self.broadcast.pending_syncs.remove(0);
            server.note(Note::SyncAnswered { request });
            if let Some(learner) = self.learner(conn) {
                learner.queue(Packet::Sync { request }, &mut server.out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::SessionId;
    use crate::txn::Key;

    #[test]
    fn the_last_zxid_of_an_epoch_is_proposed_and_never_followed() {
        let request = RequestId { session: SessionId(0), cxid: 1 };
        let write = Op::Write { key: Key(0), value: 1 };
        let mut broadcast = Broadcast::default();
        broadcast.start(Zxid::new(1, u32::MAX - 1), &Replica::default(), Tracking::default());
        let mut prepare = || broadcast.prepare(request, write, (Owner::Leader, Time(0)));
        assert_eq!(prepare().map(|txn| txn.zxid), Some(Zxid::new(1, u32::MAX)));
        assert_eq!(prepare(), None, "ZOOKEEPER-1277");
    }
}
