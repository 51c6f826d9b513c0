//! The task that owns the node: everything that happens to a server passes through here, one
//! input at a time.

mod arrivals;
mod outputs;

use super::agenda::Agenda;
use super::event::{Event, Inbox, Outbox, Stamped};
use super::limits::{INBOX, Limits};
use super::net::Net;
use super::platform::{Platform, Rest};
use super::post::Slot;
use arrivals::{Letter, Link};
use std::collections::BTreeMap;
use std::io;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;
use zab_checker::Fact;
use zab_core::event::ExitReason;
use zab_core::{Config, ConnId, Input, Node, NodeId, Output, RequestId};

/// Runs a server process that has not started yet until it ends by itself.
pub async fn serve<N: Net, P: Platform>(
    id: NodeId,
    config: Config,
    node: Node,
    net: N,
    platform: P,
) -> io::Result<ExitReason> {
    let (inbox, mut events) = mpsc::channel(INBOX);
    let listener = net.listen().await?;
    let found = platform.start(inbox.clone())?;
    let mut owner = Owner::new(id, node, &config, (net, platform), inbox);
    owner.accept_from(listener);
    owner.rebase();
    owner.step(Input::Start(Box::new(found)));
    owner.run(&mut events).await
}

/// The node, and what its outputs need.
struct Owner<N, P> {
    id: NodeId,
    node: Node,
    net: N,
    platform: P,
    limits: Limits,
    /// Handed to every task that has something to tell.
    inbox: Inbox,
    agenda: Agenda,
    /// Outputs of the step in hand; kept for its memory.
    outputs: Vec<Output>,
    /// What the platform withholds, in the order in which it came.
    parked: Vec<Stamped<Event>>,
    /// Every task of this process; they end with it.
    tasks: JoinSet<()>,
    /// The connections that the node knows.
    connections: BTreeMap<ConnId, Link>,
    opened: u32,
    /// The newest notification for each peer.
    posts: BTreeMap<NodeId, Slot>,
    /// The newest notification from each peer that was not looked at yet.
    letters: BTreeMap<NodeId, Letter>,
    /// What goes to clients, by connection.
    clients: BTreeMap<u32, Outbox>,
    /// Counts the connections that others made.
    accepted: u32,
    /// On which connection each open request came.
    routes: BTreeMap<RequestId, u32>,
    inputs: u64,
    exit: Option<ExitReason>,
}

/// What ended a wait.
enum Woken {
    Nudged,
    Due,
    Event(Stamped<Event>),
}

impl<N: Net, P: Platform> Owner<N, P> {
    fn new(id: NodeId, node: Node, config: &Config, (net, platform): (N, P), inbox: Inbox) -> Self {
        let mut limits = Limits::new(config, |span| platform.duration(span));
        if platform.is_driven() {
            limits.acknowledge = Duration::MAX;
        }
        Self {
            id,
            node,
            limits,
            net,
            platform,
            inbox,
            agenda: Agenda::default(),
            outputs: Vec::new(),
            parked: Vec::new(),
            tasks: JoinSet::new(),
            connections: BTreeMap::new(),
            opened: 0,
            letters: BTreeMap::new(),
            posts: BTreeMap::new(),
            clients: BTreeMap::new(),
            accepted: 0,
            routes: BTreeMap::new(),
            inputs: 0,
            exit: None,
        }
    }

    fn accept_from(&mut self, mut listener: N::Listener) {
        let (net, inbox, pause) = (self.net.clone(), self.inbox.clone(), self.limits.retry_max);
        self.tasks.spawn_local(async move {
            loop {
                match net.accept(&mut listener).await {
                    Ok(stream) => {
                        if inbox.send(Stamped::now(Event::Accepted(stream))).await.is_err() {
                            return;
                        }
                    }
                    // Out of sockets, or the like.
                    Err(_) => sleep(pause).await,
                }
            }
        });
    }

    async fn run(&mut self, events: &mut mpsc::Receiver<Stamped<Event>>) -> io::Result<ExitReason> {
        if !self.platform.is_driven() {
            self.run_due();
        }
        loop {
            self.rest();
            if let Some(reason) = self.exit {
                // What is in the outboxes still goes out.
                tokio::task::yield_now().await;
                return Ok(reason);
            }
            let moves_on = match self.wait(events).await {
                Woken::Nudged => {
                    // What has reached the sockets of this process comes first.
                    tokio::task::yield_now().await;
                    true
                }
                Woken::Due => true,
                Woken::Event(event) => {
                    self.put(event);
                    !self.platform.is_driven()
                }
            };
            while self.has_room()
                && let Ok(event) = events.try_recv()
            {
                self.put(event);
            }
            if moves_on && !self.platform.is_paused() {
                if self.platform.resumes() {
                    self.take_parked();
                }
                self.run_due();
            }
        }
    }

    /// Says that all is done that there was to do.
    fn rest(&mut self) {
        let rest = Rest {
            inputs: std::mem::take(&mut self.inputs),
            at: self.agenda.base(),
            next_at: self.agenda.next_at(),
            parked_at: self.parked.first().map(|event| event.when.at),
        };
        self.platform.rested(&self.node, rest);
    }

    async fn wait(&mut self, events: &mut mpsc::Receiver<Stamped<Event>>) -> Woken {
        let is_driven = self.platform.is_driven();
        loop {
            let now = self.platform.now();
            let pause = self.agenda.next_at().map(|at| self.platform.duration(at.since(now)));
            tokio::select! {
                biased;
                () = self.platform.nudged() => return Woken::Nudged,
                Some(ended) = self.tasks.join_next() => {
                    if let Err(error) = ended && let Ok(panic) = error.try_into_panic() {
                        std::panic::resume_unwind(panic);
                    }
                }
                () = sleep(pause.unwrap_or_default()), if pause.is_some() && !is_driven => {
                    return Woken::Due;
                }
                Some(event) = events.recv(), if self.has_room() => return Woken::Event(event),
            }
        }
    }

    /// Spans count from now on.
    fn rebase(&mut self) {
        self.agenda.rebase(self.platform.since());
    }

    fn run_due(&mut self) {
        while self.exit.is_none()
            && let Some(event) = self.agenda.take_due(self.platform.since(), self.platform.now())
        {
            self.take(event);
        }
    }

    fn take_parked(&mut self) {
        for Stamped { when, what } in std::mem::take(&mut self.parked) {
            self.agenda.at(when.at, what);
        }
    }

    /// Turns an event into an input of the node, if it is one.
    fn take(&mut self, event: Stamped<Event>) {
        if self.platform.withholds(self.agenda.base(), &event.what) {
            self.parked.push(event);
        } else if let Some(input) = self.input_of(event.what) {
            self.step(input);
        }
    }

    fn input_of(&mut self, event: Event) -> Option<Input> {
        let at = self.agenda.base();
        Some(match event {
            Event::Dialed { peer, result: Ok(stream) } => {
                Input::ConnectionUp { peer, conn: self.open((peer, at), stream), outgoing: true }
            }
            Event::Dialed { peer, result: Err(_) } => Input::ConnectFailed { peer },
            Event::Learner { peer, stream, opened } => Input::ConnectionUp {
                peer,
                conn: self.open((peer, opened), stream),
                outgoing: false,
            },
            Event::Arrive { conn, .. } => self.next_item(conn)?,
            Event::Down { conn, .. } => {
                let peer = self.connections.remove(&conn)?.peer;
                Input::ConnectionDown { peer, conn }
            }
            Event::Notify { from } => {
                let notification = self.open_letter(from)?;
                Input::Notification { from, notification }
            }
            Event::Ask { number, request, last_seen, op } => {
                if !self.platform.is_awaited(request) {
                    return None;
                }
                self.routes.insert(request, number);
                Input::Client { request, last_seen, op }
            }
            Event::Timer { timer, generation } => Input::Timer { timer, generation },
            Event::Turn(actor) => Input::Turn(actor),
            Event::DiskReports { file, lsn, result } => {
                self.platform.report(at, (file, lsn), result)?
            }
            Event::StepDown => {
                self.platform.observe(at, Fact::Fault("step-down"));
                Input::StepDown
            }
            other => {
                self.put(Stamped::sent_at(at, other));
                return None;
            }
        })
    }

    /// Hands an input to the node and carries out what it asks for.
    fn step(&mut self, input: Input) {
        self.inputs += 1;
        let mut outputs = std::mem::take(&mut self.outputs);
        let clock = self.platform.clock(self.agenda.base());
        while let Some(purge) = self.platform.purged() {
            self.node.step(clock, Input::Purged(purge), &mut outputs);
        }
        self.node.step(clock, input, &mut outputs);
        for output in outputs.drain(..) {
            if self.exit.is_none() {
                self.carry_out(output);
            }
        }
        self.outputs = outputs;
    }
}

#[cfg(test)]
mod tests;
