//! The sessions of all clients, and the host that carries what they ask and are told.
//!
//! Sessions are the same as in the direct driver and live with the driver. What they ask goes into
//! the queue of the clients' host, which has one TCP connection to each server; answers come back
//! the same way. The host comes last in every step and its links take no time, so that what a
//! server answers in a step is known to the driver after it.

use super::faults::Later;
use super::net::SimNet;
use super::shared::Handle;
use super::{CLIENTS_HOST, Turmoil, address, duration, waits};
use crate::client::{CLIENT_TIMEOUT, Client};
use crate::schedule::ClientOp;
use crate::shell::client::converse;
use crate::shell::codec::Frame;
use crate::shell::event::Stamped;
use crate::shell::limits::{Limits, OUTBOX};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use turmoil::Sim;
use zab_checker::Fact;
use zab_core::{Config, Key, Micros, NodeId, Outcome, RequestId, SessionId};

/// The sessions, and both ends of their queues.
pub(super) struct Clients {
    sessions: Vec<Client>,
    /// By server.
    questions: Vec<mpsc::Sender<Stamped<Frame>>>,
    answers: mpsc::Receiver<(NodeId, Stamped<Frame>)>,
    /// The other ends, until there is a host for them.
    unhosted: Option<Ends>,
}

/// What the host of the clients holds.
struct Ends {
    questions: Vec<mpsc::Receiver<Stamped<Frame>>>,
    told: mpsc::Sender<(NodeId, Stamped<Frame>)>,
}

impl Clients {
    pub(super) fn new(config: &Config, sessions: u8) -> Self {
        let (told, answers) = mpsc::channel(OUTBOX);
        let (questions, queues) = config.members().map(|_| mpsc::channel(OUTBOX)).unzip();
        let sessions = (0..sessions.into()).map(|id| Client::new(SessionId(id))).collect();
        let unhosted = Some(Ends { questions: queues, told });
        Self { sessions, questions, answers, unhosted }
    }

    /// Makes their host. It has to be the last one.
    pub(super) fn host(&mut self, sim: &mut Sim<'static>, shared: &Handle, config: &Config) {
        let Some(Ends { questions, told }) = self.unhosted.take() else {
            return;
        };
        let net = SimNet { shared: shared.clone(), me: None };
        let limits = Limits::new(config, duration);
        let leaps = waits::follow(shared.clone());
        sim.client(address(CLIENTS_HOST), async move {
            let mut tasks = JoinSet::new();
            tasks.spawn_local(leaps);
            for (server, queue) in questions.into_iter().enumerate() {
                let server = NodeId(server as u8);
                tasks.spawn_local(converse(net.clone(), server, queue, told.clone(), limits));
            }
            while let Some(ended) = tasks.join_next().await {
                ended?;
            }
            Ok(())
        });
        for server in config.members() {
            sim.set_link_latency(address(CLIENTS_HOST), address(server.0), Duration::ZERO);
        }
    }

    pub(super) fn get(&self, client: u8) -> &Client {
        &self.sessions[usize::from(client)]
    }

    /// Whether somebody waits for an answer.
    pub(super) fn is_any_open(&self) -> bool {
        self.sessions.iter().any(|session| !session.is_idle())
    }
}

impl Turmoil {
    /// A client starts an operation, unless one is open.
    pub(super) fn ask(&mut self, (client, id): (u8, NodeId), (op, key): (ClientOp, Key)) {
        let now = self.instant();
        let shared = &mut *self.shared.borrow_mut();
        let life = shared.servers[id.index()].life;
        let session = &mut self.clients.sessions[usize::from(client)];
        let Some((request, op)) = session.invoke((id, life), op, key) else {
            return;
        };
        let last_seen = session.last_seen();
        shared.observe(now, id, Fact::Invoked { request, op });
        let what = Frame::Ask { request, last_seen, op };
        let at = now.after(shared.delays.client_latency(now, client, id));
        // A queue that is full belongs to a server that does not answer.
        let _ = self.clients.questions[id.index()].try_send(Stamped { at, what });
        self.agenda.plan(now.after(CLIENT_TIMEOUT), Later::TimeOut { client, cxid: request.cxid });
        self.has_asked = true;
        self.stirred = true;
    }

    /// What the clients' host has received.
    pub(super) fn hear_answers(&mut self) {
        while let Ok((server, Stamped { at, what })) = self.clients.answers.try_recv() {
            match what {
                Frame::Answer { request, outcome } => self.on_reply(server, at, request, outcome),
                Frame::Dropped => self.on_dropped(server, at),
                other => panic!("{server} tells a client {other:?}"),
            }
        }
    }

    /// A server has answered; the answer is on its way if the client still waits for it.
    fn on_reply(&mut self, id: NodeId, at: Micros, request: RequestId, outcome: Outcome) {
        let client = request.session.0 as u8;
        let session = self.clients.sessions.get_mut(usize::from(client));
        let Some(open) = session.and_then(|session| session.open_mut(request)) else {
            return;
        };
        if open.server == id && open.answer.is_none() {
            open.answer = Some(outcome);
            let latency = self.shared.borrow().delays.client_latency(at, client, id);
            let cxid = request.cxid;
            self.agenda.plan(at.after(latency), Later::Answer { client, cxid });
        }
    }

    /// The answer arrives, unless it is lost with the process that sent it.
    pub(super) fn on_answer(&mut self, client: u8, cxid: u32, at: Micros) {
        let session = &mut self.clients.sessions[usize::from(client)];
        let Some((id, life)) = session.open(cxid).map(|open| (open.server, open.life)) else {
            return;
        };
        let is_alive = {
            let server = &self.shared.borrow().servers[id.index()];
            server.up && server.life == life
        };
        if !is_alive {
            return;
        }
        let Some((open, outcome)) = session.on_answer(cxid) else {
            return;
        };
        let fact = Fact::Returned { request: open.request, outcome };
        self.shared.borrow_mut().observe(at, id, fact);
        if let (Some(key), Outcome::Synced { .. }) = (open.then_read, outcome) {
            self.ask((client, id), (ClientOp::Read, key));
        }
    }

    /// A server has dropped its clients: what is open there has an unknown outcome, unless the
    /// answer is on its way.
    fn on_dropped(&mut self, id: NodeId, at: Micros) {
        for session in &mut self.clients.sessions {
            let open = session.asks(id).filter(|open| open.answer.is_none());
            if let Some(request) = open.map(|open| open.request) {
                session.give_up(request.cxid);
                self.dropped = Some(at);
                let shared = &mut *self.shared.borrow_mut();
                shared.given_up.insert(request);
                shared.observe(at, id, Fact::TimedOut { request });
            }
        }
    }

    pub(super) fn give_up(&mut self, client: u8, cxid: u32, at: Micros) {
        let session = &mut self.clients.sessions[usize::from(client)];
        if let Some(open) = session.give_up(cxid) {
            let fact = Fact::TimedOut { request: open.request };
            let shared = &mut *self.shared.borrow_mut();
            shared.given_up.insert(open.request);
            shared.observe(at, open.server, fact);
        }
    }
}
