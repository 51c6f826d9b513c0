//! What an explorer of every order does to a world and asks of it. Time stands still: what is on the
//! way may arrive at once, and no limit passes unless somebody chooses that.

use super::World;
use crate::backend::Backend as _;
use crate::due::{Due, Effects, Later};
use crate::network::End;
use zab_checker::Fact;
use zab_core::event::Timer;
use zab_core::message::ServerState;
use zab_core::{File, Input, Lsn, NodeId, Time};

/// The timers of a server.
const TIMERS: [Timer; 2] = [Timer::Election, Timer::Tick];

impl World {
    /// Everything on the way may arrive now.
    pub(crate) fn stand_still(&mut self, now: Time) {
        self.network.stand_still(now);
    }

    /// The ends of connections that hear something.
    pub(crate) fn ends(&self) -> Vec<End> {
        self.network.ends()
    }

    /// How many processes of a server have ended.
    pub(crate) fn life(&self, server: NodeId) -> u16 {
        self.cluster[server].life()
    }

    /// How many operations of one file, at most, a power loss may take.
    pub(crate) fn at_risk(&self, server: NodeId) -> usize {
        self.cluster[server].at_risk()
    }

    /// Whether the disk of a server may be created again.
    pub(crate) fn may_blank(&self, server: NodeId) -> bool {
        self.cluster.may_blank(server)
    }

    /// The faults in force end. What they withheld proceeds; servers that are down stay so.
    pub(crate) fn relent(&mut self, now: Time, fx: &mut Effects) {
        let mut backend = self.at(now, fx);
        backend.cluster().heal(now);
        backend.resume();
    }

    /// Whether this operation flushes what is durable already.
    pub(crate) fn is_idle_flush(&self, server: NodeId, file: File, lsn: u32) -> bool {
        self.cluster[server].has_nothing_to_do(file, Lsn(lsn.into()))
    }

    /// Whether something that falls due concerns a process that still runs.
    pub(crate) fn is_of_the_living(&self, due: Due) -> bool {
        match due {
            Due::Timer { server, life, .. }
            | Due::Turn { server, life, .. }
            | Due::Disk { server, life, .. }
            | Due::StepDown { server, life }
            | Due::Connect { from: server, life, .. }
            | Due::Notify { from: server, life, .. } => self.is_alive(server, life),
            Due::Arrive { .. } | Due::Reset { .. } | Due::Request { .. } | Due::Later(_) => true,
        }
    }

    /// The connections between two servers break. Each end learns of it some time later.
    pub(crate) fn sever(&mut self, now: Time, a: NodeId, b: NodeId, fx: &mut Effects) {
        fx.observe(now, a, Fact::Fault("cut"));
        self.network.cut(a, b);
        self.network.cut(b, a);
    }

    /// Half a tick passes at a server.
    pub(crate) fn tick(&mut self, now: Time, server: NodeId, fx: &mut Effects) {
        self.fire(now, server, Timer::Tick, fx);
    }

    /// A server that looks for a leader waits no longer.
    pub(crate) fn lose_patience(&mut self, now: Time, server: NodeId, fx: &mut Effects) {
        self.fire(now, server, Timer::Election, fx);
    }

    /// The messages of leader election that may arrive: sender and receiver.
    pub(crate) fn heard_next(&self) -> impl Iterator<Item = (NodeId, NodeId)> {
        self.mailboxes.on_the_way().filter(|(_, to)| self.is_up(*to))
    }

    /// A message of leader election arrives. False if there is none.
    pub(crate) fn hear(&mut self, now: Time, from: NodeId, to: NodeId, fx: &mut Effects) -> bool {
        let message = self.mailboxes.take(from, to).filter(|_| self.is_up(to));
        if let Some(notification) = message {
            self.step(now, to, Input::Notification { from, notification }, fx);
        }
        message.is_some()
    }

    fn fire(&mut self, now: Time, server: NodeId, timer: Timer, fx: &mut Effects) {
        let generation = self.processes[server.index()].generations[timer as usize];
        self.on_timer(now, server, (timer, generation), fx);
    }

    /// These servers hold an election among themselves, to its end. False if it comes to none: one of
    /// them is not looking for a leader yet.
    pub(crate) fn elect(&mut self, now: Time, members: &[NodeId], fx: &mut Effects) -> bool {
        if !members.iter().all(|member| self.is_looking(*member)) {
            return false;
        }
        self.forget_messages(members);
        // All begin by telling their votes once more; those who agree then wait for a better vote.
        for _ in 0..ELECTION_ROUNDS {
            for member in members {
                if self.is_looking(*member) {
                    self.fire(now, *member, Timer::Election, fx);
                }
            }
            self.exchange(now, members, fx);
        }
        self.forget_messages(members);
        members.iter().all(|member| !self.is_looking(*member))
    }

    /// A server that looks for a leader asks those that have one. False if it does not learn of one.
    pub(crate) fn join(&mut self, now: Time, server: NodeId, fx: &mut Effects) -> bool {
        if !self.is_looking(server) {
            return false;
        }
        let members: Vec<NodeId> = self
            .config
            .members()
            .filter(|other| *other == server || self.is_up(*other) && !self.is_looking(*other))
            .collect();
        self.forget_messages(&members);
        self.fire(now, server, Timer::Election, fx);
        self.exchange(now, &members, fx);
        self.forget_messages(&members);
        !self.is_looking(server)
    }

    /// Whether a server is up and has no leader.
    pub(crate) fn is_looking(&self, server: NodeId) -> bool {
        self.view(server).is_some_and(|view| view.state == ServerState::Looking)
    }

    /// Lets messages of leader election among these servers arrive until there are none.
    fn exchange(&mut self, now: Time, members: &[NodeId], fx: &mut Effects) {
        let mut is_quiet = false;
        while !is_quiet {
            is_quiet = true;
            for (from, to) in pairs(members) {
                if let Some(notification) = self.mailboxes.take(from, to) {
                    is_quiet = false;
                    self.step(now, to, Input::Notification { from, notification }, fx);
                }
            }
        }
    }

    fn forget_messages(&mut self, members: &[NodeId]) {
        for from in self.config.members() {
            for to in members {
                self.mailboxes.take(from, *to);
                self.mailboxes.take(*to, from);
            }
        }
    }

    /// What a driver with a queue has to know of besides what servers have asked for: timers, packets,
    /// messages, and clients that will give up.
    pub(crate) fn under_way(&self) -> Vec<Due> {
        let mut dues: Vec<Due> = self.network.under_way().collect();
        dues.extend(self.mailboxes.under_way());
        for server in self.config.members().filter(|server| self.is_up(*server)) {
            let life = self.life(server);
            for timer in TIMERS {
                let generation = self.processes[server.index()].generations[timer as usize];
                dues.push(Due::Timer { server, life, timer, generation });
            }
        }
        for (client, session) in (0..).zip(&self.clients) {
            if let Some(cxid) = session.waits_for() {
                dues.push(Due::Later(Later::TimeOut { client, cxid }));
            }
        }
        dues
    }
}

/// An election is over after three rounds of messages: one in which all tell their votes, one in which
/// those who heard of a later round tell them again, one in which the last ones stop waiting.
const ELECTION_ROUNDS: usize = 4;

fn pairs(members: &[NodeId]) -> impl Iterator<Item = (NodeId, NodeId)> {
    members.iter().flat_map(move |from| members.iter().map(move |to| (*from, *to)))
}
