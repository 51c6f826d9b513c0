//! A follower: one connection to its leader, and one thread that reads it (`Follower`, `Learner`).
//!
//! That thread, the *receiver*, blocks on some of its disk writes. What it still has to do then
//! is its `plan`; packets that arrive meanwhile wait in the inbox.

mod broadcast;
mod canonical;
pub(crate) mod invariants;
mod plan;
mod synchronization;

use crate::event::{Actor, Breach, SyncMode, Timer};
use crate::ids::{ConnId, NodeId, Zxid};
use crate::message::Packet;
use crate::server::{Flow, GO_ON, STEP_DOWN, Server};
use crate::stopping::Left;
use crate::time::Time;
use crate::txn::Txn;
use plan::{Plan, Step};
use std::collections::VecDeque;
use synchronization::Synchronization;

/// How often a learner tries to connect before it gives up (`Learner.connectToLeader`): to a server
/// that does not lead yet, since that one listens as soon as it leads. Once connected it does not try
/// again in the same role.
const CONNECT_ATTEMPTS: u32 = 5;

/// What a follower knows of its leader and its own progress.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Follower {
    leader: NodeId,
    link: Link,
    /// How often no connection came about.
    attempts_failed: u32,
    phase: Phase,
    plan: Plan,
    inbox: VecDeque<Packet>,
    /// The connection is gone: noticed when the receiver has read all that arrived before.
    closed: bool,
    /// When the last packet arrived.
    last_heard: Time,
    /// Proposals logged or being logged, not yet committed (`pendingTxns`).
    pending: VecDeque<Txn>,
    /// The last proposal that was queued, or the zxid that the first one has to follow.
    last_queued: Zxid,
}

/// The connection to the leader.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
enum Link {
    /// Not there yet. `asked`: an attempt is under way.
    Connecting { asked: bool },
    /// There.
    Up(ConnId),
}

/// The phases of a follower.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Phase {
    /// Until ACKEPOCH is sent.
    Discovery,
    /// Until UPTODATE.
    Synchronization(Synchronization),
    /// Afterwards.
    Broadcast,
}

impl Follower {
    /// Follows this leader: the connection comes first.
    pub(crate) fn start(server: &mut Server, leader: NodeId) -> Self {
        server.out.push(crate::Output::Connect(leader));
        server.set_timer(Timer::Tick, server.half_tick());
        Self {
            leader,
            link: Link::Connecting { asked: true },
            attempts_failed: 0,
            phase: Phase::Discovery,
            plan: Plan::default(),
            inbox: VecDeque::new(),
            closed: false,
            last_heard: server.now,
            pending: VecDeque::new(),
            last_queued: Zxid::ZERO,
        }
    }

    /// Whom it follows.
    pub(crate) const fn leader(&self) -> NodeId {
        self.leader
    }

    /// Whether the receiver waits for the disk or for another thread.
    pub(crate) fn is_blocked(&self) -> bool {
        !self.plan.is_empty()
    }

    /// Whether it has promised an epoch to its leader, and whether it has got UPTODATE.
    pub(crate) const fn progress(&self) -> crate::Phase {
        match self.phase {
            Phase::Discovery => crate::Phase::Discovery,
            Phase::Synchronization(_) => crate::Phase::Synchronization,
            Phase::Broadcast => crate::Phase::Broadcast,
        }
    }

    /// Ends: closes the connection and says how far it had come.
    pub(crate) fn leave(self, server: &mut Server) -> Left {
        if let Link::Up(conn) = self.link {
            server.out.push(crate::Output::Close(conn));
        }
        let aborted = match &self.phase {
            Phase::Synchronization(sync) => sync.unfinished_mode(),
            Phase::Discovery | Phase::Broadcast => None,
        };
        Left { started: matches!(self.phase, Phase::Broadcast), led: false, aborted }
    }

    /// Whether it waits for a connection to this server.
    pub(crate) fn awaits(&self, peer: NodeId) -> bool {
        peer == self.leader && matches!(self.link, Link::Connecting { .. })
    }

    /// The connection is there.
    pub(crate) fn on_connection_up(&mut self, server: &mut Server, conn: ConnId) {
        self.link = Link::Up(conn);
        self.last_heard = server.now;
        let accepted_epoch = server.durable.accepted_epoch;
        server.send(conn, Packet::FollowerInfo { accepted_epoch });
    }

    /// The connection could not be made.
    pub(crate) fn on_connect_failed(&mut self, server: &mut Server) -> Flow {
        match self.link {
            Link::Connecting { .. } => self.connect_later(server),
            Link::Up(_) => GO_ON,
        }
    }

    /// The leader does not listen, or not yet.
    pub(crate) fn on_refused(&mut self, server: &mut Server, conn: ConnId) -> Flow {
        let has_heard_nothing = matches!(self.phase, Phase::Discovery) && self.plan.is_empty();
        if self.link == Link::Up(conn) && has_heard_nothing {
            return self.connect_later(server);
        }
        self.on_connection_down(conn)
    }

    fn connect_later(&mut self, server: &mut Server) -> Flow {
        self.link = Link::Connecting { asked: false };
        self.attempts_failed += 1;
        if self.attempts_failed >= CONNECT_ATTEMPTS {
            return STEP_DOWN;
        }
        server.set_timer(Timer::Tick, server.config.connect_delay);
        GO_ON
    }

    /// Hangs up and begins again with the same leader. It must not go back to the election instead:
    /// the leader may be waiting for this very server, and meets the same difficulty next time.
    fn start_over(&mut self, server: &mut Server) {
        if let Link::Up(conn) = self.link {
            server.out.push(crate::Output::Close(conn));
        }
        server.out.push(crate::Output::Connect(self.leader));
        self.link = Link::Connecting { asked: true };
        self.phase = Phase::Discovery;
        self.inbox.clear();
    }

    /// The connection broke: the role ends, in discovery as later (`Follower.followLeader`).
    pub(crate) fn on_connection_down(&mut self, conn: ConnId) -> Flow {
        if self.link != Link::Up(conn) {
            return GO_ON;
        }
        self.closed = true;
        if self.plan.is_empty() && self.inbox.is_empty() { STEP_DOWN } else { GO_ON }
    }

    /// The receiver gets an exception, as soon as it is not blocked.
    pub(crate) fn on_interrupt(&mut self) -> Flow {
        self.closed = true;
        self.inbox.clear();
        if self.plan.is_empty() { STEP_DOWN } else { GO_ON }
    }

    /// A packet of the leader: read now, or later if the receiver is blocked.
    pub(crate) fn on_packet(&mut self, server: &mut Server, conn: ConnId, packet: Packet) -> Flow {
        if self.link != Link::Up(conn) || self.closed {
            return GO_ON;
        }
        self.last_heard = server.now;
        if !self.plan.is_empty() || !self.inbox.is_empty() {
            self.inbox.push_back(packet);
            return GO_ON;
        }
        self.read(server, packet)
    }

    /// The receiver's turn: it continues its plan, or reads the next packet.
    pub(crate) fn on_receiver_turn(&mut self, server: &mut Server, actor: Actor) -> Flow {
        if self.plan.take_turn(actor) {
            return self.go_on(server);
        }
        if !self.plan.is_empty() {
            return GO_ON;
        }
        match self.inbox.pop_front() {
            Some(packet) => {
                self.read(server, packet)?;
                if self.plan.is_empty() { self.read_more(server) } else { GO_ON }
            }
            None => GO_ON,
        }
    }

    /// Something the receiver may be blocked on has happened.
    pub(crate) fn on_progress(&mut self, server: &mut Server) -> Flow {
        if self.plan.is_empty() { GO_ON } else { self.go_on(server) }
    }

    /// Works on the plan until it is done or blocks again.
    fn go_on(&mut self, server: &mut Server) -> Flow {
        self.work(server)?;
        if self.plan.is_empty() { self.read_more(server) } else { GO_ON }
    }

    fn read_more(&mut self, server: &mut Server) -> Flow {
        if !self.inbox.is_empty() {
            server.out.push(crate::Output::Ready(Actor::Receiver));
        } else if self.closed {
            return STEP_DOWN;
        }
        GO_ON
    }

    fn read(&mut self, server: &mut Server, packet: Packet) -> Flow {
        match self.phase {
            Phase::Discovery => self.on_discovery_packet(server, &packet),
            Phase::Synchronization(_) if packet == Packet::Ping => GO_ON,
            Phase::Synchronization(_) => self.on_synchronization_packet(server, packet),
            Phase::Broadcast => self.on_broadcast_packet(server, packet),
        }
    }

    /// LEADERINFO (`Learner.registerWithLeader`): promise the epoch, unless a later one was.
    fn on_discovery_packet(&mut self, server: &mut Server, packet: &Packet) -> Flow {
        let Packet::LeaderInfo { epoch } = *packet else {
            return self.unexpected(server, packet);
        };
        let accepted = server.durable.accepted_epoch;
        if epoch < accepted {
            return STEP_DOWN;
        }
        if epoch > accepted {
            server.needs_snapshot = false;
            let current_epoch = Some(server.durable.current_epoch);
            self.plan.then(Step::WriteAcceptedEpoch(epoch));
            self.plan.then(Step::AckEpoch { epoch, current_epoch });
        } else {
            self.plan.then(Step::AckEpoch { epoch, current_epoch: None });
        }
        self.work(server)
    }

    /// I-11: a packet that this phase does not know.
    fn unexpected(&self, server: &mut Server, packet: &Packet) -> Flow {
        let zxid = match packet {
            Packet::Commit(zxid) | Packet::Ack(zxid) | Packet::Diff { zxid } => *zxid,
            Packet::Proposal(txn) => txn.zxid,
            _ => Zxid::ZERO,
        };
        server.breach(Breach::BadState, zxid);
        STEP_DOWN
    }

    /// Half a tick has passed, or the time until the next attempt to connect: connect again, or notice
    /// a silent leader.
    pub(crate) fn on_tick(&mut self, server: &mut Server) -> Flow {
        server.set_timer(Timer::Tick, server.half_tick());
        if let Link::Connecting { asked } = &mut self.link
            && !*asked
        {
            *asked = true;
            server.out.push(crate::Output::Connect(self.leader));
        }
        let limit = match &self.phase {
            Phase::Synchronization(sync) if sync.is_acknowledged() => server.config.sync_limit,
            Phase::Broadcast => server.config.sync_limit,
            _ => server.config.init_limit,
        };
        let silent = server.now >= self.last_heard.after(server.ticks(limit));
        if silent && self.plan.is_empty() { STEP_DOWN } else { GO_ON }
    }

    /// The mode of the synchronization in progress, if any.
    pub(crate) const fn sync_mode(&self) -> Option<SyncMode> {
        match &self.phase {
            Phase::Synchronization(sync) => sync.mode(),
            Phase::Discovery | Phase::Broadcast => None,
        }
    }
}
