//! A leader, from the day it wins an election: agrees on an epoch, brings a quorum to its own
//! history, then broadcasts (`Leader.lead`).
//!
//! Each learner has a handler of its own ([`Learner`]); what the handlers decide together is here.

mod broadcast;
mod canonical;
mod decision;
mod discovery;
pub(crate) mod invariants;
mod learner;
mod sessions;
mod synchronization;
mod unpromised;

use crate::event::{File, Output, Timer};
use crate::ids::{ConnId, Epoch, Lsn, NodeId, Zxid};
use crate::message::Packet;
use crate::quorum::NodeSet;
use crate::server::{Flow, GO_ON, STEP_DOWN, Server};
use crate::stopping::Left;
use crate::time::Time;
use broadcast::Broadcast;
use learner::{Learner, Sender, Stage};
pub(crate) use sessions::Owner;
use std::mem::discriminant;

/// What a leader knows of its learners and its own progress.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Leader {
    phase: Phase,
    /// The epoch it wants to establish; grows until a quorum has connected.
    epoch: Epoch,
    /// Its own history when it started (`leaderStateSummary`).
    current_epoch: Epoch,
    last_zxid: Zxid,
    learners: Vec<Learner>,
    /// The snapshot with which it begins, as long as that is being written.
    snapshot: Option<Lsn>,
    /// Half ticks since the epoch was established.
    half_ticks: u32,
    /// When the phase has lasted too long.
    deadline: Time,
    broadcast: Broadcast,
}

/// The phases of a leader, with what each one is waiting for.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
enum Phase {
    /// FOLLOWERINFO of a quorum (`getEpochToPropose`).
    Connecting(NodeSet),
    /// The file `acceptedEpoch`.
    Promising(Promise),
    /// leads-unpromised: ACKEPOCH, while the leader's own thread waits for FOLLOWERINFO in vain, as
    /// long as that phase may last.
    Unpromised(NodeSet),
    /// ACKEPOCH of a quorum (`waitForEpochAck`).
    Electing(NodeSet),
    /// The file `currentEpoch`, and ACK-LD of a quorum (`waitForNewLeaderAck`). The leader's own
    /// acknowledgement follows the file.
    Synchronization { epoch_file: Option<Lsn>, acks: NodeSet },
    /// Established.
    Broadcast,
    /// On the way out, until its log writer has drained: it takes no requests, but acknowledgements
    /// still count, and COMMITs still go out (`Leader.shutdown` stops the server, then the handlers).
    Closing,
}

/// `acceptedEpoch` on its way to the disk.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
struct Promise {
    file: Lsn,
    /// Whose handler writes it: the one that made the quorum complete.
    writer: ConnId,
    /// Who has connected. Later ones wait for the writer, these to be told.
    connected: NodeSet,
    /// When the leader's own thread waits no longer to be told.
    deadline: Time,
}

impl Leader {
    /// Starts to lead. Everyone else is expected to connect.
    pub(crate) fn start(server: &mut Server) -> Self {
        // In memory, and in the snapshot: nobody else learns of it (`ZooKeeperServer.loadData`).
        server.memory.replica.locks.clean_up();
        let snapshot = server.variant.elected_snapshots_tail.then(|| {
            let saving = server.variant.saving(!server.variant.snapshot_in_place);
            server.write_snapshot(saving)
        });
        server.set_timer(Timer::Tick, server.half_tick());
        Self {
            phase: Phase::Connecting(NodeSet::of(server.id)),
            epoch: server.durable.accepted_epoch.max(server.heard_epoch).next(),
            current_epoch: server.durable.current_epoch,
            last_zxid: server.memory.last_zxid(),
            learners: Vec::new(),
            snapshot,
            half_ticks: 0,
            deadline: server.now.after(server.ticks(server.config.init_limit)),
            broadcast: Broadcast::default(),
        }
    }

    /// The epoch it wants to establish, or has established.
    pub(crate) const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The phase as others name it.
    pub(crate) const fn progress(&self) -> crate::Phase {
        match self.phase {
            Phase::Connecting(_)
            | Phase::Promising(_)
            | Phase::Unpromised(_)
            | Phase::Electing(_) => crate::Phase::Discovery,
            Phase::Synchronization { .. } => crate::Phase::Synchronization,
            Phase::Broadcast => crate::Phase::Broadcast,
            Phase::Closing => crate::Phase::Election,
        }
    }

    /// Whether its log writer has to drain before it hangs up.
    pub(crate) fn has_to_drain(&self, server: &Server) -> bool {
        matches!(self.phase, Phase::Broadcast) && !server.writer.is_idle()
    }

    /// Whether it still writes the snapshot with which it begins: it accepts no learner before
    /// (`Leader.lead` calls `ZooKeeperServer.loadData`, and starts `LearnerCnxAcceptor` after it).
    pub(crate) const fn is_starting(&self) -> bool {
        self.snapshot.is_some()
    }

    /// Begins to step down.
    pub(crate) fn close(&mut self) {
        self.phase = Phase::Closing;
        self.broadcast.drop_syncs();
    }

    /// Whether it is stepping down.
    pub(crate) const fn is_closing(&self) -> bool {
        matches!(self.phase, Phase::Closing)
    }

    /// Ends: closes all connections and says how far it had come.
    pub(crate) fn leave(self, server: &mut Server) -> Left {
        for learner in &self.learners {
            server.out.push(Output::Close(learner.conn));
        }
        let started = matches!(self.phase, Phase::Broadcast | Phase::Closing);
        Left { started, led: true, aborted: None }
    }

    /// Moves on, with a new bound on how long the phase may last.
    fn enter(&mut self, server: &Server, phase: Phase) {
        self.phase = phase;
        self.deadline = server.now.after(server.ticks(server.config.init_limit));
    }

    /// A learner has connected. An older connection of the same learner may still be open here.
    pub(crate) fn on_connection_up(&mut self, server: &Server, peer: NodeId, conn: ConnId) {
        let mut learner = Learner::new(peer, conn, server, self.tick());
        if self.is_starting() {
            learner.stage = Stage::InBacklog;
        }
        self.learners.push(learner);
    }

    /// A connection broke: the handler ends (`removeLearnerHandler`).
    pub(crate) fn on_connection_down(&mut self, conn: ConnId) {
        self.learners.retain(|learner| learner.conn != conn);
    }

    /// Ends a handler that got an exception.
    fn dismiss(&mut self, server: &mut Server, conn: ConnId) {
        self.on_connection_down(conn);
        server.out.push(Output::Close(conn));
    }

    fn learner(&mut self, conn: ConnId) -> Option<&mut Learner> {
        self.learners.iter_mut().find(|learner| learner.conn == conn)
    }

    /// A packet of a learner: read now, or when its handler is no longer blocked.
    pub(crate) fn on_packet(&mut self, server: &mut Server, conn: ConnId, packet: Packet) -> Flow {
        let is_closing = self.is_closing();
        let Some(learner) = self.learner(conn) else {
            return GO_ON;
        };
        if is_closing {
            self.on_late_packet(server, conn, &packet);
            return GO_ON;
        }
        learner.last_heard = server.now;
        if learner.is_blocked() {
            learner.inbox.push_back(packet);
            return GO_ON;
        }
        let phase = discriminant(&self.phase);
        self.read(server, conn, packet)?;
        // It may have been what all other handlers waited for.
        if discriminant(&self.phase) != phase { self.read_inboxes(server) } else { GO_ON }
    }

    fn read(&mut self, server: &mut Server, conn: ConnId, packet: Packet) -> Flow {
        let Some(learner) = self.learner(conn) else {
            return GO_ON;
        };
        match (learner.stage, packet) {
            (Stage::Connected, Packet::FollowerInfo { accepted_epoch }) => {
                return self.on_follower_info(server, conn, accepted_epoch);
            }
            (Stage::Promised, Packet::AckEpoch { current_epoch, last_zxid }) => {
                self.on_ack_epoch(server, conn, current_epoch, last_zxid);
            }
            (Stage::Synchronizing, Packet::Ack(zxid)) => self.on_first_ack(server, conn, zxid),
            (Stage::Serving, packet) => self.on_broadcast_packet(server, conn, packet),
            (_, packet) => self.on_unexpected(server, conn, &packet),
        }
        GO_ON
    }

    /// While it steps down: only acknowledgements still have an effect.
    fn on_late_packet(&mut self, server: &mut Server, conn: ConnId, packet: &Packet) {
        if let Some(learner) = self.learner(conn)
            && learner.stage == Stage::Serving
            && let Packet::Ack(zxid) = *packet
        {
            let peer = learner.peer;
            self.on_ack(server, peer, zxid);
        }
    }

    /// Lets handlers that are no longer blocked read what has piled up. What one reads may unblock
    /// another.
    fn read_inboxes(&mut self, server: &mut Server) -> Flow {
        let may_read = |learner: &&mut Learner| !learner.is_blocked() && !learner.inbox.is_empty();
        while let Some(learner) = self.learners.iter_mut().find(may_read)
            && let Some(packet) = learner.inbox.pop_front()
        {
            let conn = learner.conn;
            self.read(server, conn, packet)?;
        }
        GO_ON
    }

    /// I-11: a packet that the handler does not expect ends it.
    fn on_unexpected(&mut self, server: &mut Server, conn: ConnId, packet: &Packet) {
        let zxid = match packet {
            Packet::Ack(zxid) => *zxid,
            _ => Zxid::ZERO,
        };
        server.breach(crate::event::Breach::BadState, zxid);
        self.dismiss(server, conn);
    }

    /// A disk operation of this server is done: the leader's own thread may be waiting for it.
    pub(crate) fn on_progress(&mut self, server: &mut Server) -> Flow {
        if self.is_closing() {
            return if server.writer.is_idle() { STEP_DOWN } else { GO_ON };
        }
        if let Some(snapshot) = self.snapshot {
            if !server.durable.is_done(File::Snapshot, snapshot) {
                return GO_ON;
            }
            self.accept(server);
        }
        self.on_discovery_progress(server);
        self.on_synchronization_progress(server);
        self.read_inboxes(server)
    }

    /// Its snapshot is written: it accepts who has connected.
    fn accept(&mut self, server: &Server) {
        self.snapshot = None;
        self.enter(server, self.phase);
        for learner in &mut self.learners {
            (learner.stage, learner.last_heard) = (Stage::Connected, server.now);
        }
    }

    /// A learner's sender writes its next packet.
    pub(crate) fn on_sender_turn(&mut self, server: &mut Server, peer: NodeId) {
        for learner in self.learners.iter_mut().filter(|learner| learner.peer == peer) {
            learner.send_next(server);
        }
    }

    /// Half a tick has passed.
    pub(crate) fn on_tick(&mut self, server: &mut Server) -> Flow {
        if self.is_closing() {
            return GO_ON;
        }
        server.set_timer(Timer::Tick, server.half_tick());
        let silent = self.learners.iter().filter(|l| l.is_silent(server)).map(|l| l.conn);
        for conn in silent.collect::<Vec<_>>() {
            self.dismiss(server, conn);
        }
        if !matches!(self.phase, Phase::Broadcast) {
            let is_over = server.now >= self.deadline && !self.is_starting();
            return if is_over { self.on_deadline(server) } else { GO_ON };
        }
        self.half_ticks += 1;
        if self.half_ticks.is_multiple_of(2) && !self.is_followed_by_quorum(server) {
            return STEP_DOWN;
        }
        self.expire_sessions(server);
        for learner in self.learners.iter_mut().filter(|learner| learner.sender == Sender::Running)
        {
            learner.queue(Packet::Ping, &mut server.out);
        }
        GO_ON
    }

    /// The phase has lasted too long.
    fn on_deadline(&mut self, server: &mut Server) -> Flow {
        match self.phase {
            Phase::Unpromised(acks) => {
                self.lead_unpromised(server, acks);
                GO_ON
            }
            _ => STEP_DOWN,
        }
    }

    /// A file that the leader waits for could not be written. An exception in the leader's own thread
    /// ends the role (`Leader.lead`).
    pub(crate) fn on_epoch_failed(&mut self, server: &mut Server, file: File, lsn: Lsn) -> Flow {
        match self.phase {
            Phase::Promising(promise) if file == File::AcceptedEpoch && promise.file == lsn => {
                self.on_promise_failed(server, promise)
            }
            Phase::Synchronization { epoch_file, .. } if epoch_file == Some(lsn) => STEP_DOWN,
            _ => GO_ON,
        }
    }

    /// Whether enough learners were heard within their limit (`LearnerHandler.synced`).
    fn is_followed_by_quorum(&self, server: &Server) -> bool {
        let mut synced = NodeSet::of(server.id);
        for learner in self.learners.iter().filter(|learner| learner.is_synced(self.tick())) {
            synced.insert(learner.peer);
        }
        synced.is_quorum(&server.config)
    }

    /// Whole ticks since the epoch was established.
    const fn tick(&self) -> u32 {
        self.half_ticks / 2
    }
}
