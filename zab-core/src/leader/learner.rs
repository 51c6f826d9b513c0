//! One learner as its leader sees it: a reader thread and a sender thread (`LearnerHandler`).

mod canonical;
pub(crate) mod invariants;

use crate::event::{Actor, Output};
use crate::ids::{ConnId, Epoch, NodeId, Zxid};
use crate::message::Packet;
use crate::server::Server;
use crate::time::Time;
use std::collections::VecDeque;

/// How far the conversation has come: what the reader waits for.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Stage {
    /// Blocked until the leader accepts connections.
    InBacklog,
    /// For FOLLOWERINFO.
    Connected,
    /// Blocked until a quorum has connected and the epoch is on the leader's disk.
    AwaitsEpoch,
    /// For ACKEPOCH.
    Promised,
    /// Blocked until a quorum has sent ACKEPOCH. `last_zxid` is what the learner said of itself.
    AwaitsElection {
        /// The last zxid of the learner's memory.
        last_zxid: Zxid,
    },
    /// For the acknowledgement of NEWLEADER.
    Synchronizing,
    /// Blocked until a quorum has acknowledged NEWLEADER.
    AwaitsEstablishment,
    /// For whatever comes in broadcast.
    Serving,
}

/// What becomes of packets for the learner.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Sender {
    /// There are none: it does not get proposals and commits yet.
    Idle,
    /// They wait: NEWLEADER of this epoch is not among them yet. The handler writes the snapshot
    /// first, if there is one, and what is proposed and committed meanwhile stands before NEWLEADER
    /// (`LearnerHandler.run`).
    Announcing(Epoch),
    /// The sender thread writes them; pings start with it.
    Running,
}

/// A learner's handler.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Learner {
    pub(super) peer: NodeId,
    pub(super) conn: ConnId,
    pub(super) stage: Stage,
    /// Packets that arrived while the reader was blocked.
    pub(super) inbox: VecDeque<Packet>,
    /// Packets that the sender has not written yet (`queuedPackets`).
    outbox: VecDeque<Packet>,
    /// The sender has asked for its turn.
    ready: bool,
    pub(super) sender: Sender,
    /// When the last packet arrived.
    pub(super) last_heard: Time,
    /// The last tick up to which it counts as synced (`tickOfNextAckDeadline`).
    ack_deadline_tick: u32,
    /// The oldest proposal that it has not acknowledged, and when that was sent
    /// (`SyncLimitCheck`).
    unacknowledged: Option<(Zxid, Time)>,
}

impl Learner {
    /// One that connects at this tick of its leader.
    pub(super) fn new(peer: NodeId, conn: ConnId, server: &Server, tick: u32) -> Self {
        Self {
            peer,
            conn,
            stage: Stage::Connected,
            inbox: VecDeque::new(),
            outbox: VecDeque::new(),
            ready: false,
            sender: Sender::Idle,
            last_heard: server.now,
            ack_deadline_tick: tick + server.config.init_limit + server.config.sync_limit,
            unacknowledged: None,
        }
    }

    /// Whether the reader waits for other learners, and reads nothing meanwhile.
    pub(super) const fn is_blocked(&self) -> bool {
        matches!(
            self.stage,
            Stage::InBacklog
                | Stage::AwaitsEpoch
                | Stage::AwaitsElection { .. }
                | Stage::AwaitsEstablishment
        )
    }

    /// Whether the reader has waited too long for a packet, or the learner takes too long to
    /// acknowledge a proposal.
    pub(super) fn is_silent(&self, server: &Server) -> bool {
        if self.is_blocked() {
            return false;
        }
        let sync_limit = server.ticks(server.config.sync_limit);
        let limit = match self.stage {
            Stage::Serving => sync_limit,
            _ => server.ticks(server.config.init_limit),
        };
        let too_slow = |(_, since): (Zxid, Time)| server.now >= since.after(sync_limit);
        server.now >= self.last_heard.after(limit) || self.unacknowledged.is_some_and(too_slow)
    }

    /// Whether it counts towards the leader's quorum at this tick.
    pub(super) const fn is_synced(&self, tick: u32) -> bool {
        tick <= self.ack_deadline_tick
    }

    /// A packet arrived in broadcast: it counts for another `syncLimit` ticks.
    pub(super) const fn extend_deadline(&mut self, tick: u32, server: &Server) {
        self.ack_deadline_tick = tick + server.config.sync_limit;
    }

    /// An acknowledgement arrived.
    pub(super) fn on_ack(&mut self, zxid: Zxid, now: Time, last_proposed: Zxid) {
        if self.unacknowledged.is_some_and(|(oldest, _)| zxid >= oldest) {
            self.unacknowledged = (zxid < last_proposed).then(|| (zxid.next(), now));
        }
    }

    /// Queues a packet for the sender.
    pub(super) fn queue(&mut self, packet: Packet, out: &mut Vec<Output>) {
        self.outbox.push_back(packet);
        self.ask_for_turn(out);
    }

    /// Sends LEADERINFO, which the reader writes itself: the sender does not run yet.
    pub(super) fn send_leader_info(&mut self, server: &mut Server, epoch: Epoch) {
        self.stage = Stage::Promised;
        server.send(self.conn, Packet::LeaderInfo { epoch });
    }

    /// From here on it gets every proposal and commit; what it misses is queued already. NEWLEADER
    /// follows at the handler's next turn.
    pub(super) fn start_forwarding(&mut self, epoch: Epoch) {
        self.stage = Stage::Synchronizing;
        self.sender = Sender::Announcing(epoch);
    }

    /// Whether it gets proposals and commits (`forwardingFollowers`).
    pub(super) fn is_forwarding(&self) -> bool {
        self.sender != Sender::Idle
    }

    /// The handler's turn: it ends the synchronization with NEWLEADER and starts the sender, which
    /// from then on writes one packet a turn.
    pub(super) fn send_next(&mut self, server: &mut Server) {
        self.ready = false;
        if let Sender::Announcing(epoch) = self.sender {
            self.outbox.push_back(Packet::NewLeader { epoch });
            self.sender = Sender::Running;
        } else if let Some(packet) = self.outbox.pop_front() {
            if let Packet::Proposal(txn) = &packet
                && self.stage == Stage::Serving
            {
                self.unacknowledged.get_or_insert((txn.zxid, server.now));
            }
            server.send(self.conn, packet);
        }
        self.ask_for_turn(&mut server.out);
    }

    fn ask_for_turn(&mut self, out: &mut Vec<Output>) {
        if !self.ready && !self.outbox.is_empty() {
            self.ready = true;
            out.push(Output::Ready(Actor::Sender(self.peer)));
        }
    }
}
