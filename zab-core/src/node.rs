//! One server: takes an input, hands it to whoever it is for, and changes roles.

mod canonical;
mod disk;
pub(crate) mod invariants;

use crate::committer::Work;
use crate::config::Config;
use crate::election::Election;
use crate::event::{Actor, Input, Note, Output, Recovered, Timer};
use crate::follower::Follower;
use crate::ids::{ConnId, NodeId, RequestId, Zxid};
use crate::leader::{Leader, Owner};
use crate::message::{Notification, Packet, ServerState};
use crate::server::{Flow, GO_ON, Leave, STEP_DOWN, Server};
use crate::stopping::{Left, Stopping};
use crate::time::Time;
use crate::txn::{Op, Outcome, Replica};
use crate::variant::{Release, Releases, Variant};
use crate::view::{Phase, View};
use std::ops::ControlFlow;

/// One server: a state machine that is driven through [`Node::step`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    server: Server,
    role: Role,
}

/// What a server is doing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Role {
    /// The process has not started, or has ended.
    Dead,
    /// On the way to an election.
    Stopping(Stopping),
    /// Looking for a leader.
    Looking(Election),
    /// Elected, and blocked: a flush that an earlier role left under way holds the log file
    /// (`FileTxnLog.setServerStats`, called as a role begins, waits for `FileTxnLog.commit`).
    Elected,
    /// Following one.
    Following(Box<Follower>),
    /// Leading.
    Leading(Box<Leader>),
}

impl Node {
    /// A server process that has not started yet: its first input is [`Input::Start`]. All servers
    /// of the ensemble run the same.
    pub fn new(id: NodeId, config: Config, variant: Variant) -> Self {
        Self::running(id, config, (&variant.into(), Release::default()))
    }

    /// The same in an ensemble in which others may run another release.
    pub fn running(id: NodeId, config: Config, what: (&Releases, Release)) -> Self {
        Self { server: Server::new(id, config, what), role: Role::Dead }
    }

    /// Takes one input at this instant of the server's own clock, and appends to `outputs` what
    /// the driver has to carry out, in order.
    ///
    /// # Panics
    ///
    /// If the step leaves a state that no server may be in: a defect of this crate
    /// ([`Node::check_invariants`]).
    pub fn step(&mut self, now: Time, input: Input, outputs: &mut Vec<Output>) {
        std::mem::swap(&mut self.server.out, outputs);
        self.server.now = now;
        let mut is_routine = self.is_routine(&input);
        let mut flow = self.take(input);
        while let ControlFlow::Break(leave) = flow {
            flow = self.leave(leave);
            is_routine = false;
        }
        std::mem::swap(&mut self.server.out, outputs);
        if !is_routine || cfg!(debug_assertions) {
            self.check_invariants();
        }
    }

    fn take(&mut self, input: Input) -> Flow {
        match input {
            Input::Start(recovered) => self.on_start(*recovered),
            _ if matches!(self.role, Role::Dead) => GO_ON,
            Input::ConnectionUp { peer, conn, outgoing } => {
                self.on_connection_up(peer, conn, outgoing);
                GO_ON
            }
            Input::ConnectionDown { conn, .. } => self.on_connection_down(conn),
            Input::ConnectFailed { .. } => match &mut self.role {
                Role::Following(follower) => follower.on_connect_failed(&mut self.server),
                _ => GO_ON,
            },
            Input::Refused { conn, .. } => match &mut self.role {
                Role::Following(follower) => follower.on_refused(&mut self.server, conn),
                _ => GO_ON,
            },
            Input::Packet { conn, packet, .. } => self.on_packet(conn, packet),
            Input::Notification { from, notification } => self.on_notification(from, notification),
            Input::Timer { timer, generation } => self.on_timer(timer, generation),
            Input::DiskDone { file, upto } => self.on_disk_done(file, upto),
            Input::DiskFailed { file, lsn, error } => self.on_disk_failed(file, lsn, error),
            Input::Client { request, last_seen, op } => {
                self.on_client(request, last_seen, op);
                GO_ON
            }
            Input::Turn(actor) => self.on_turn(actor),
            Input::Purged(purge) => {
                self.server.durable.on_purged(purge);
                GO_ON
            }
            Input::StepDown => match &mut self.role {
                Role::Following(follower) => follower.on_interrupt(),
                Role::Leading(leader) if !leader.is_closing() && !leader.is_starting() => STEP_DOWN,
                _ => GO_ON,
            },
        }
    }

    fn on_start(&mut self, recovered: Recovered) -> Flow {
        assert!(matches!(self.role, Role::Dead), "a process starts once: {self:?}");
        self.server.recover(recovered)?;
        self.role = Role::Stopping(Stopping::after_start());
        self.look_when_ready()
    }

    /// A role has ended: what comes next.
    fn leave(&mut self, leave: Leave) -> Flow {
        let role = std::mem::replace(&mut self.role, Role::Dead);
        match leave {
            Leave::Exit(reason) => {
                self.server.out.push(Output::Exit(reason));
                GO_ON
            }
            Leave::Elected(vote) => {
                let server = &mut self.server;
                server.vote = vote;
                server.note(Note::Elected { leader: vote.leader, round: server.round });
                self.role = Role::Elected;
                self.begin_when_ready()
            }
            Leave::StepDown => {
                let left = match role {
                    Role::Following(follower) => follower.leave(&mut self.server),
                    Role::Leading(mut leader) if leader.has_to_drain(&self.server) => {
                        self.server.stop_serving();
                        leader.close();
                        self.role = Role::Leading(leader);
                        return GO_ON;
                    }
                    Role::Leading(leader) => leader.leave(&mut self.server),
                    other => unreachable!("no role to step down from: {other:?}"),
                };
                self.step_down(left)
            }
        }
    }

    fn step_down(&mut self, left: Left) -> Flow {
        let left = Left { started: left.started || self.server.writer.has_ended(), ..left };
        self.server.stop_serving();
        self.server.writer.begin_again();
        self.server.note(Note::SteppedDown);
        let stopping = Stopping::after_role(&mut self.server, left)?;
        self.role = Role::Stopping(stopping);
        self.look_when_ready()
    }

    fn look_when_ready(&mut self) -> Flow {
        if let Role::Stopping(stopping) = &self.role
            && stopping.is_over(&self.server)
        {
            if stopping.clears_log(&mut self.server) {
                return GO_ON;
            }
            stopping.finish(&mut self.server)?;
            self.role = Role::Looking(Election::start(&mut self.server));
        }
        GO_ON
    }

    /// Follows or leads, as its vote says.
    fn begin_when_ready(&mut self) -> Flow {
        let server = &mut self.server;
        if !matches!(self.role, Role::Elected) || server.is_log_busy() {
            return GO_ON;
        }
        let leader = server.vote.leader;
        self.role = if leader == server.id {
            Role::Leading(Box::new(Leader::start(server)))
        } else {
            Role::Following(Box::new(Follower::start(server, leader)))
        };
        GO_ON
    }

    /// A follower wants the connection that it asked for, a leader those that others asked for: it
    /// listens from the beginning of its role (`Leader`) until that ends (`Leader.shutdown` closes
    /// the sockets first).
    fn on_connection_up(&mut self, peer: NodeId, conn: ConnId, outgoing: bool) {
        match &mut self.role {
            Role::Following(follower) if outgoing && follower.awaits(peer) => {
                follower.on_connection_up(&mut self.server, conn);
            }
            Role::Leading(leader) if !outgoing && !leader.is_closing() => {
                leader.on_connection_up(&self.server, peer, conn);
            }
            _ if outgoing => self.server.out.push(Output::Close(conn)),
            _ => self.server.out.push(Output::Refuse(conn)),
        }
    }

    fn on_connection_down(&mut self, conn: ConnId) -> Flow {
        match &mut self.role {
            Role::Following(follower) => follower.on_connection_down(conn),
            Role::Leading(leader) => {
                leader.on_connection_down(conn);
                GO_ON
            }
            Role::Dead | Role::Stopping(_) | Role::Looking(_) | Role::Elected => GO_ON,
        }
    }

    fn on_packet(&mut self, conn: ConnId, packet: Packet) -> Flow {
        match &mut self.role {
            Role::Following(follower) => follower.on_packet(&mut self.server, conn, packet),
            Role::Leading(leader) => leader.on_packet(&mut self.server, conn, packet),
            Role::Dead | Role::Stopping(_) | Role::Looking(_) | Role::Elected => GO_ON,
        }
    }

    /// A server with a role tells whoever still looks for a leader whom it has
    /// (`FastLeaderElection.Messenger.WorkerReceiver`).
    fn on_notification(&mut self, from: NodeId, notification: Notification) -> Flow {
        let state = match &mut self.role {
            Role::Looking(election) => {
                return election.on_notification(&mut self.server, from, notification);
            }
            Role::Elected if self.server.vote.leader == self.server.id => ServerState::Leading,
            Role::Elected | Role::Following(_) => ServerState::Following,
            Role::Leading(_) => ServerState::Leading,
            Role::Stopping(stopping) => match stopping.told() {
                Some(state) => state,
                None => return GO_ON,
            },
            Role::Dead => return GO_ON,
        };
        if matches!(notification.state, ServerState::Looking | ServerState::Watching) {
            self.server.notify(from, self.server.vote, state);
        }
        GO_ON
    }

    fn on_timer(&mut self, timer: Timer, generation: u32) -> Flow {
        if !self.server.is_current(timer, generation) {
            return GO_ON;
        }
        match (timer, &mut self.role) {
            (Timer::Election, Role::Looking(election)) => election.on_timeout(&mut self.server),
            (Timer::Tick, Role::Following(follower)) => follower.on_tick(&mut self.server),
            (Timer::Tick, Role::Leading(leader)) => leader.on_tick(&mut self.server),
            _ => GO_ON,
        }
    }

    fn on_client(&mut self, request: RequestId, last_seen: Zxid, op: Op) {
        let server = &mut self.server;
        if !server.serving || last_seen > server.memory.last_zxid() {
            server.reply(request, Outcome::Refused);
            return;
        }
        if request.session.is_tracked() {
            self.on_session_op(request, op);
            return;
        }
        match (op, &mut self.role) {
            (Op::Read { key }, _) => server.commit(Work::Read(request, key)),
            (_, Role::Following(follower)) => follower.forward(server, request, op),
            (Op::Sync, _) => {
                server.await_answer(request);
                server.commit(Work::Synced(request));
            }
            (_, Role::Leading(leader)) => {
                server.await_answer(request);
                leader.propose(server, (request, Owner::Leader), op);
            }
            (_, role) => unreachable!("clients are served in broadcast only: {role:?}"),
        }
    }

    /// A client of a tracked session asks. Whatever it asks is a sign of life, of which a learner tells its
    /// leader later (`ZooKeeperServer.touch`).
    fn on_session_op(&mut self, request: RequestId, op: Op) {
        let (server, session) = (&mut self.server, request.session);
        let connects = matches!(op, Op::OpenSession | Op::ResumeSession);
        if !connects && !server.connections.holds(session) {
            server.reply(request, Outcome::Disconnected);
            return;
        }
        match (op, &mut self.role) {
            (Op::ResumeSession, Role::Leading(leader)) => {
                if let Some(is_valid) = leader.resume(server, session) {
                    server.await_answer(request);
                    server.answer_resume(request, is_valid);
                }
                return;
            }
            (Op::OpenSession | Op::ResumeSession, _) => {}
            (_, Role::Leading(leader)) => {
                if !leader.touch(server, session) {
                    return;
                }
            }
            _ => server.connections.touch(session),
        }
        match (op, &mut self.role) {
            (Op::Ping, _) => server.commit(Work::Pong(request)),
            (Op::Children, _) => server.commit(Work::Children(request)),
            (_, Role::Following(follower)) => follower.forward(server, request, op),
            (_, Role::Leading(leader)) => {
                server.await_answer(request);
                leader.propose(server, (request, Owner::Leader), op);
            }
            (_, role) => unreachable!("clients are served in broadcast only: {role:?}"),
        }
    }

    fn on_turn(&mut self, actor: Actor) -> Flow {
        match actor {
            Actor::Receiver | Actor::Loader => {
                if let Role::Following(follower) = &mut self.role {
                    return follower.on_receiver_turn(&mut self.server, actor);
                }
            }
            Actor::LogWriter => {
                let Server { writer, leaked_writer, durable, out, .. } = &mut self.server;
                writer.on_turn(leaked_writer, durable, out);
            }
            Actor::LeakedLogWriter => {
                let Server { writer, leaked_writer, durable, out, .. } = &mut self.server;
                leaked_writer.on_turn(writer, durable, out);
                writer.count_those_of(leaked_writer);
            }
            Actor::Committer => return self.on_committer_turn(),
            Actor::Sender(peer) => {
                if let Role::Leading(leader) = &mut self.role {
                    leader.on_sender_turn(&mut self.server, peer);
                }
            }
        }
        GO_ON
    }

    fn on_committer_turn(&mut self) -> Flow {
        let server = &mut self.server;
        match server.committer.on_turn(&mut server.out) {
            Some(Work::Apply(txn)) => {
                server.apply_committed(&txn)?;
                if let Role::Leading(leader) = &mut self.role {
                    leader.on_applied(&txn);
                }
            }
            Some(Work::Read(request, key)) => server.answer_read(request, key),
            Some(Work::Synced(request)) => server.answer_sync(request),
            Some(Work::Pong(request)) => {
                let position = server.memory.last_zxid();
                server.reply(request, Outcome::Pong { position });
            }
            Some(Work::Children(request)) => server.answer_children(request),
            None => {}
        }
        GO_ON
    }

    /// The state in memory, as clients of this server would read it.
    pub const fn replica(&self) -> &Replica {
        &self.server.memory.replica
    }

    /// What an observer may see.
    pub fn view(&self) -> View {
        let server = &self.server;
        let (state, phase, leader, sync_mode, receiver_blocked) = match &self.role {
            Role::Dead | Role::Stopping(_) | Role::Looking(_) | Role::Elected => {
                (ServerState::Looking, Phase::Election, None, None, false)
            }
            Role::Following(follower) => (
                ServerState::Following,
                follower.progress(),
                Some(follower.leader()),
                follower.sync_mode(),
                follower.is_blocked(),
            ),
            Role::Leading(leader) => {
                (ServerState::Leading, leader.progress(), Some(server.id), None, false)
            }
        };
        View {
            state,
            phase,
            leader,
            round: server.round,
            accepted_epoch: server.durable.accepted_epoch,
            current_epoch: server.durable.current_epoch,
            last_processed: server.memory.last_zxid(),
            last_logged: server.durable.last_zxid(),
            queued: server.writer.queued() + server.leaked_writer.queued(),
            flushing: server.is_log_busy(),
            to_apply: server.committer.queued(),
            sync_mode,
            receiver_blocked,
            serving: server.serving,
        }
    }
}
