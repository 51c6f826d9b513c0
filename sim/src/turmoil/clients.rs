//! The sessions of all clients, and the host that carries what they ask and are told.
//!
//! Sessions are the same as in the direct driver and live with the driver. What they ask goes into
//! the queue of the clients' host, which has one TCP connection to each server; answers come back
//! the same way.

use super::faults::Later;
use super::net::SimNet;
use super::partitions;
use super::shared::Handle;
use super::{CLIENTS_HOST, Turmoil, address, duration, leap};
use crate::client::{CLIENT_TIMEOUT, Client};
use crate::schedule::ClientOp;
use crate::shell::client::converse;
use crate::shell::codec::Frame;
use crate::shell::limits::{Limits, OUTBOX};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use turmoil::Sim;
use zab_checker::Fact;
use zab_core::{Config, Key, NodeId, Outcome, RequestId, SessionId};

/// The sessions, and both ends of their queues.
pub(super) struct Clients {
    sessions: Vec<Client>,
    /// By server.
    questions: Vec<mpsc::Sender<Frame>>,
    answers: mpsc::Receiver<(NodeId, Frame)>,
}

impl Clients {
    /// Sessions, and a host for them. It has to be the first host: it also keeps partitions.
    pub(super) fn new(
        sim: &mut Sim<'static>,
        shared: &Handle,
        config: &Config,
        sessions: u8,
    ) -> Self {
        let (told, answers) = mpsc::channel(OUTBOX);
        let (questions, queues): (Vec<_>, Vec<_>) =
            config.members().map(|_| mpsc::channel(OUTBOX)).unzip();
        let net = SimNet { shared: shared.clone(), me: None };
        let (limits, keeper) = (Limits::new(config, duration), partitions::enforce(shared.clone()));
        let leaps = leap::follow(shared.clone());
        sim.client(address(CLIENTS_HOST), async move {
            let mut tasks = JoinSet::new();
            tasks.spawn_local(keeper);
            tasks.spawn_local(leaps);
            for (server, queue) in queues.into_iter().enumerate() {
                let server = NodeId(server as u8);
                tasks.spawn_local(converse(net.clone(), server, queue, told.clone(), limits));
            }
            while let Some(ended) = tasks.join_next().await {
                ended?;
            }
            Ok(())
        });
        let sessions = (0..sessions.into()).map(|id| Client::new(SessionId(id))).collect();
        Self { sessions, questions, answers }
    }

    pub(super) fn get(&self, client: u8) -> &Client {
        &self.sessions[usize::from(client)]
    }

    fn session(&mut self, request: RequestId) -> Option<&mut Client> {
        self.sessions.get_mut(usize::from(request.session.0))
    }
}

impl Turmoil {
    /// A client starts an operation, unless one is open.
    pub(super) fn ask(&mut self, (client, server): (u8, NodeId), (op, key): (ClientOp, Key)) {
        let life = self.shared.borrow().servers[server.index()].life;
        let session = &mut self.clients.sessions[usize::from(client)];
        let Some((request, op)) = session.invoke((server, life), op, key) else {
            return;
        };
        let last_seen = session.last_seen();
        let now = {
            let shared = &mut *self.shared.borrow_mut();
            shared.observe(server, Fact::Invoked { request, op });
            shared.now
        };
        // A queue that is full belongs to a server that does not answer.
        let _ =
            self.clients.questions[server.index()].try_send(Frame::Ask { request, last_seen, op });
        let later = Later::ClientTimeout { client, cxid: request.cxid };
        self.plan(now.after(CLIENT_TIMEOUT), later);
    }

    /// What the clients' host has received.
    pub(super) fn hear_answers(&mut self) {
        while let Ok((server, frame)) = self.clients.answers.try_recv() {
            match frame {
                Frame::Answer { request, outcome } => self.on_answer(server, request, outcome),
                Frame::Dropped => self.on_dropped(server),
                other => panic!("{server} tells a client {other:?}"),
            }
        }
    }

    fn on_answer(&mut self, server: NodeId, request: RequestId, outcome: Outcome) {
        let session = self.clients.session(request);
        let Some((open, outcome)) = session.and_then(|s| s.answer(request.cxid, outcome)) else {
            return;
        };
        self.shared.borrow_mut().observe(server, Fact::Returned { request, outcome });
        if let (Some(key), Outcome::Synced { .. }) = (open.then_read, outcome) {
            self.ask((request.session.0 as u8, server), (ClientOp::Read, key));
        }
    }

    /// A server has dropped its clients: what is open there has an unknown outcome.
    fn on_dropped(&mut self, server: NodeId) {
        for session in &mut self.clients.sessions {
            if let Some(request) = session.asks(server) {
                session.give_up(request.cxid);
                self.shared.borrow_mut().observe(server, Fact::TimedOut { request });
            }
        }
    }

    pub(super) fn give_up(&mut self, client: u8, cxid: u32) {
        let session = &mut self.clients.sessions[usize::from(client)];
        if let Some(open) = session.give_up(cxid) {
            let fact = Fact::TimedOut { request: open.request };
            self.shared.borrow_mut().observe(open.server, fact);
        }
    }
}
