//! The sessions of all clients, and the host that carries what they ask and are told.
//!
//! Sessions are the same as in the direct driver and live with the driver. What they ask goes into
//! the queue of the clients' host, which has one TCP connection to each server; answers come back
//! the same way. The host comes last in every step and its links take no time, so that what a
//! server answers in a step is known to the driver after it.

use super::net::SimNet;
use super::shared::Handle;
use super::{CLIENTS_HOST, Turmoil, address, duration, waits};
use crate::client::Client;
use crate::lockers::Locker;
use crate::sessions;
use crate::shell::client::converse;
use crate::shell::codec::Frame;
use crate::shell::event::Stamped;
use crate::shell::limits::{Limits, OUTBOX};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use turmoil::Sim;
use zab_core::{Config, NodeId, SessionId};

/// The sessions, and both ends of their queues.
pub(super) struct Clients {
    sessions: Vec<Client>,
    lockers: Vec<Locker>,
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
        Self { sessions, lockers: Vec::new(), questions, answers, unhosted }
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

    pub(super) fn sessions_mut(&mut self) -> &mut [Client] {
        &mut self.sessions
    }

    pub(super) const fn lockers_mut(&mut self) -> &mut Vec<Locker> {
        &mut self.lockers
    }

    /// How many clients wait for an answer.
    pub(super) fn count_open(&self) -> usize {
        let queuing = self.lockers.iter().map(Locker::session);
        self.sessions.iter().chain(queuing).filter(|session| !session.is_idle()).count()
    }

    /// Hands the host something for a server. A queue that is full belongs to one that does not
    /// answer.
    pub(super) fn ask(&self, server: NodeId, question: Stamped<Frame>) {
        let _ = self.questions[server.index()].try_send(question);
    }

    /// What the host has received.
    fn hear(&mut self) -> Option<(NodeId, Stamped<Frame>)> {
        self.answers.try_recv().ok()
    }
}

impl Turmoil {
    /// What the clients' host has received.
    pub(super) fn hear_answers(&mut self) {
        while let Some((server, Stamped { when, what })) = self.clients.hear() {
            self.at = when.at;
            match what {
                Frame::Answer { request, outcome } => {
                    sessions::reply(self, server, request, outcome);
                }
                Frame::Dropped => {
                    let waiting = self.clients.count_open();
                    // What an earlier process was asked is not its business. It may have ended since.
                    let life = {
                        let machine = &self.shared.borrow().cluster[server];
                        machine.life().wrapping_sub(u16::from(!machine.is_up()))
                    };
                    sessions::drop_clients(self, server, life);
                    if self.clients.count_open() < waiting {
                        self.dropped = Some(when.at);
                    }
                }
                other => panic!("{server} tells a client {other:?}"),
            }
        }
    }
}
