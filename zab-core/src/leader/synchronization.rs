//! Synchronization at the leader: each learner gets the leader's history, then NEWLEADER; a quorum
//! of acknowledgements establishes the epoch.

use super::decision::{Decision, Known, decide};
use super::learner::Stage;
use super::sessions::Tracking;
use super::{Leader, Phase};
use crate::durable::log_files::SNAPSHOT_BYTES;
use crate::event::{Breach, File, Note, SyncMode};
use crate::ids::{ConnId, NodeId, Zxid};
use crate::message::Packet;
use crate::server::Server;

impl Leader {
    /// Queues everything that a learner misses; from here on it gets every proposal and commit
    /// (`LearnerHandler.syncFollower`, `Leader.startForwarding`). NEWLEADER comes later, so that
    /// proposals and commits may stand before it (`LearnerHandler.run`).
    pub(super) fn synchronize(&mut self, server: &mut Server, conn: ConnId, last_zxid: Zxid) {
        if !server.variant.keeps_old_handlers {
            self.dismiss_older(server, conn);
        }
        let decision = self.decide(server, last_zxid);
        let Some(learner) = self.learners.iter_mut().find(|learner| learner.conn == conn) else {
            return;
        };
        let peer = learner.peer;
        server.note(Note::SyncWith { learner: peer, mode: decision.mode });
        let out = &mut server.out;
        learner.queue(header(&decision, server.memory.replica), out);
        for txn in &decision.committed {
            learner.queue(Packet::Proposal(*txn), out);
            learner.queue(Packet::Commit(txn.zxid), out);
        }
        let sent = decision.sent_upto();
        for txn in self.broadcast.to_be_applied.iter().filter(|txn| txn.zxid > sent) {
            learner.queue(Packet::Proposal(*txn), out);
            learner.queue(Packet::Commit(txn.zxid), out);
        }
        for proposal in self.broadcast.outstanding.iter().filter(|p| p.txn.zxid > sent) {
            learner.queue(Packet::Proposal(proposal.txn), out);
        }
        learner.start_forwarding(self.epoch);
        if !server.variant.keeps_stale_acks {
            self.broadcast.forget_acks(peer, decision.kept);
        }
    }

    /// Ends the handlers of older connections of a learner: what is still on the way there is about
    /// what the learner held before.
    fn dismiss_older(&mut self, server: &mut Server, conn: ConnId) {
        let Some(at) = self.learners.iter().position(|learner| learner.conn == conn) else {
            return;
        };
        let peer = self.learners[at].peer;
        let older = self.learners[..at].iter().filter(|learner| learner.peer == peer);
        for conn in older.map(|learner| learner.conn).collect::<Vec<_>>() {
            self.dismiss(server, conn);
        }
    }

    fn decide(&self, server: &Server, last_zxid: Zxid) -> Decision {
        let mut committed: Vec<_> = server.memory.committed_log().copied().collect();
        if !server.variant.sync_overlooks_unapplied {
            committed.extend(&self.broadcast.to_be_applied);
        }
        let known = Known {
            last_processed: server.memory.last_zxid(),
            committed,
            log: server.durable.log(),
            log_bytes: server.durable.log_bytes_after(last_zxid),
            log_bytes_max: SNAPSHOT_BYTES * server.config.snapshot_size_factor / 100,
        };
        decide(&server.variant, &known, last_zxid)
    }

    /// The first packet after NEWLEADER. Anything but ACK(⟨e, 0⟩) is a breach of I-12: it does not
    /// count, and the handler proceeds as if it had (`waitForNewLeaderAck`).
    pub(super) fn on_first_ack(&mut self, server: &mut Server, conn: ConnId, zxid: Zxid) {
        let expected = Zxid::of_epoch(self.epoch);
        let Some(learner) = self.learner(conn) else {
            return;
        };
        learner.stage = Stage::AwaitsEstablishment;
        let peer = learner.peer;
        if zxid == expected {
            self.count_new_leader_ack(server, peer);
        } else {
            server.breach(Breach::BadAck, zxid);
        }
        if matches!(self.phase, Phase::Broadcast) {
            self.release_learners(server);
        }
    }

    /// `currentEpoch` is on disk: the leader acknowledges its own NEWLEADER.
    pub(super) fn on_synchronization_progress(&mut self, server: &mut Server) {
        if let Phase::Synchronization { epoch_file, .. } = &mut self.phase
            && epoch_file.is_some_and(|lsn| server.durable.is_done(File::CurrentEpoch, lsn))
        {
            *epoch_file = None;
            self.count_new_leader_ack(server, server.id);
        }
    }

    fn count_new_leader_ack(&mut self, server: &mut Server, from: NodeId) {
        let Phase::Synchronization { acks, .. } = &mut self.phase else {
            return;
        };
        acks.insert(from);
        if acks.contains(server.id) && acks.is_quorum(&server.config) {
            self.establish(server);
        }
    }

    /// The epoch is established (`startZkServer`): its whole initial history is committed.
    fn establish(&mut self, server: &mut Server) {
        let mark = Zxid::of_epoch(self.epoch);
        self.phase = Phase::Broadcast;
        self.broadcast.start(mark, &server.memory.replica, Tracking::at(server));
        server.memory.replica.last_processed = mark;
        server.vote.peer_epoch = self.epoch;
        server.serving = true;
        server.note(Note::Established { epoch: self.epoch });
        self.release_learners(server);
    }

    /// Handlers that waited for the epoch to be established send UPTODATE.
    fn release_learners(&mut self, server: &mut Server) {
        let tick = self.tick();
        for learner in &mut self.learners {
            if learner.stage == Stage::AwaitsEstablishment {
                learner.stage = Stage::Serving;
                learner.last_heard = server.now;
                learner.extend_deadline(tick, server);
                learner.queue(Packet::UpToDate, &mut server.out);
            }
        }
    }
}

fn header(decision: &Decision, replica: crate::Replica) -> Packet {
    match decision.mode {
        SyncMode::Diff => Packet::Diff { zxid: decision.zxid },
        SyncMode::Trunc => Packet::Trunc { zxid: decision.zxid },
        SyncMode::Snap => Packet::Snap { replica: Box::new(replica) },
    }
}
