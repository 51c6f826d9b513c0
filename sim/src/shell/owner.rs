//! The task that owns the node: everything that happens to a server passes through here, one
//! input at a time.

mod outputs;

use super::agenda::Agenda;
use super::codec::Frame;
use super::connection;
use super::event::Event;
use super::limits::{INBOX, Limits, OUTBOX};
use super::machine::Machine;
use super::net::{Net, Stream};
use std::collections::BTreeMap;
use std::io;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;
use zab_core::event::ExitReason;
use zab_core::{
    Config, ConnId, Input, Micros, Node, NodeId, Notification, Output, RequestId, Variant,
};

/// Runs a server process from its start until it ends of its own accord.
pub async fn serve<N: Net, M: Machine>(
    id: NodeId,
    config: Config,
    variant: Variant,
    net: N,
    machine: M,
) -> io::Result<ExitReason> {
    let limits = Limits::new(&config, |span| machine.duration(span));
    let (inbox, mut events) = mpsc::channel(INBOX);
    let listener = net.listen().await?;
    let found = machine.start(inbox.clone())?;
    let mut owner = Owner {
        id,
        node: Node::new(id, config, variant),
        net,
        machine,
        limits,
        inbox,
        agenda: Agenda::default(),
        outputs: Vec::new(),
        parked: Vec::new(),
        tasks: JoinSet::new(),
        connections: BTreeMap::new(),
        opened: 0,
        posts: BTreeMap::new(),
        clients: BTreeMap::new(),
        accepted: 0,
        routes: BTreeMap::new(),
        inputs: 0,
        exit: None,
    };
    owner.accept_from(listener);
    owner.rebase();
    owner.step(Input::Start(Box::new(found)));
    owner.run(&mut events).await
}

/// The node, and what its outputs need.
struct Owner<N, M> {
    id: NodeId,
    node: Node,
    net: N,
    machine: M,
    limits: Limits,
    /// Handed to every task that has something to tell.
    inbox: mpsc::Sender<Event>,
    agenda: Agenda,
    /// Outputs of the step in hand; kept for its memory.
    outputs: Vec<Output>,
    /// What the machine withholds, in the order in which it came.
    parked: Vec<Event>,
    /// Every task of this process; they end with it.
    tasks: JoinSet<()>,
    /// The connections that the node knows.
    connections: BTreeMap<ConnId, Link>,
    opened: u32,
    /// The newest notification for each peer.
    posts: BTreeMap<NodeId, watch::Sender<Option<Notification>>>,
    /// What goes to clients, by connection.
    clients: BTreeMap<u32, mpsc::Sender<Frame>>,
    /// Counts the connections that others made.
    accepted: u32,
    /// On which connection each open request came.
    routes: BTreeMap<RequestId, u32>,
    inputs: u64,
    exit: Option<ExitReason>,
}

/// A connection between learner and leader.
struct Link {
    peer: NodeId,
    outbox: mpsc::Sender<Frame>,
}

/// How long it is from one instant to another, which may have passed.
const fn until(now: Micros, at: Micros) -> Micros {
    Micros(at.0.saturating_sub(now.0))
}

/// What ended a wait.
enum Woken {
    Nudged,
    Due,
    Event(Event),
}

impl<N: Net, M: Machine> Owner<N, M> {
    fn accept_from(&mut self, mut listener: N::Listener) {
        let (net, inbox, pause) = (self.net.clone(), self.inbox.clone(), self.limits.retry_max);
        self.tasks.spawn_local(async move {
            loop {
                match net.accept(&mut listener).await {
                    Ok(stream) => {
                        if inbox.send(Event::Accepted(stream)).await.is_err() {
                            return;
                        }
                    }
                    // Out of sockets, or the like.
                    Err(_) => sleep(pause).await,
                }
            }
        });
    }

    async fn run(&mut self, events: &mut mpsc::Receiver<Event>) -> io::Result<ExitReason> {
        loop {
            self.run_due();
            while let Ok(event) = events.try_recv() {
                self.rebase();
                self.take(event);
                self.run_due();
            }
            let inputs = std::mem::take(&mut self.inputs);
            self.machine.rested(&self.node, inputs, self.agenda.next_at());
            if let Some(reason) = self.exit {
                return Ok(reason);
            }
            let mut woken = self.wait(events).await;
            while self.machine.is_paused() {
                if let Woken::Event(event) = woken {
                    self.parked.push(event);
                }
                self.machine.nudged().await;
                woken = Woken::Nudged;
            }
            self.rebase();
            match woken {
                Woken::Nudged => self.take_parked(),
                Woken::Event(event) => self.take(event),
                Woken::Due => {}
            }
        }
    }

    async fn wait(&mut self, events: &mut mpsc::Receiver<Event>) -> Woken {
        loop {
            let now = self.machine.now();
            let pause = self.agenda.next_at().map(|at| self.machine.duration(until(now, at)));
            tokio::select! {
                biased;
                () = self.machine.nudged() => return Woken::Nudged,
                Some(ended) = self.tasks.join_next() => {
                    if let Err(error) = ended && let Ok(panic) = error.try_into_panic() {
                        std::panic::resume_unwind(panic);
                    }
                }
                () = sleep(pause.unwrap_or_default()), if pause.is_some() => return Woken::Due,
                Some(event) = events.recv() => return Woken::Event(event),
            }
        }
    }

    /// Spans count from now on.
    fn rebase(&mut self) {
        self.agenda.rebase(self.machine.now());
    }

    fn run_due(&mut self) {
        while self.exit.is_none()
            && let Some(event) = self.agenda.take_due(self.machine.now())
        {
            self.take(event);
        }
    }

    fn take_parked(&mut self) {
        for event in std::mem::take(&mut self.parked) {
            self.take(event);
            self.run_due();
        }
    }

    /// Turns an event into an input of the node, if it is one.
    fn take(&mut self, event: Event) {
        if self.exit.is_some() {
            return;
        }
        if self.machine.withholds(&event) {
            self.parked.push(event);
            return;
        }
        if let Some(input) = self.input_of(event) {
            self.step(input);
        }
    }

    fn input_of(&mut self, event: Event) -> Option<Input> {
        Some(match event {
            Event::Accepted(stream) => {
                self.accepted += 1;
                let (number, inbox) = (self.accepted, self.inbox.clone());
                self.tasks.spawn_local(connection::introduce(stream, number, inbox, self.limits));
                return None;
            }
            Event::Dialed { peer, result: Ok(stream) } => {
                Input::ConnectionUp { peer, conn: self.open(peer, stream), outgoing: true }
            }
            Event::Dialed { peer, result: Err(_) } => Input::ConnectFailed { peer },
            Event::Learner { peer, stream } => {
                Input::ConnectionUp { peer, conn: self.open(peer, stream), outgoing: false }
            }
            Event::Packet { conn, packet } => {
                let from = self.connections.get(&conn)?.peer;
                Input::Packet { from, conn, packet }
            }
            Event::Down { conn, reset } => {
                let peer = self.connections.remove(&conn)?.peer;
                if reset {
                    let of_it =
                        |e: &Event| matches!(e, Event::Packet { conn: c, .. } if *c == conn);
                    self.parked.retain(|event| !of_it(event));
                }
                Input::ConnectionDown { peer, conn }
            }
            Event::Notification { from, notification } => {
                Input::Notification { from, notification }
            }
            Event::Clients { outbox, number } => {
                self.clients.insert(number, outbox);
                return None;
            }
            Event::ClientsGone { number } => {
                self.clients.remove(&number);
                self.routes.retain(|_, route| *route != number);
                return None;
            }
            Event::Ask { number, request, last_seen, op } => {
                self.routes.insert(request, number);
                Input::Client { request, last_seen, op }
            }
            Event::Timer { timer, generation } => Input::Timer { timer, generation },
            Event::Turn(actor) => Input::Turn(actor),
            Event::DiskDone { file, upto } => {
                if !self.machine.complete(file, upto) {
                    return None;
                }
                Input::DiskDone { file, upto }
            }
            Event::DiskFails => {
                let (file, lsn) = self.machine.fail()?;
                Input::DiskFailed { file, lsn }
            }
            Event::StepDown => Input::StepDown,
        })
    }

    /// Takes a connection into service.
    fn open(&mut self, peer: NodeId, stream: Stream) -> ConnId {
        self.opened += 1;
        let conn = ConnId(self.opened);
        let (outbox, frames) = mpsc::channel(OUTBOX);
        self.connections.insert(conn, Link { peer, outbox });
        let inbox = self.inbox.clone();
        self.tasks.spawn_local(connection::carry_packets(conn, stream, inbox, frames, self.limits));
        conn
    }

    /// Hands an input to the node and carries out what it asks for.
    fn step(&mut self, input: Input) {
        self.inputs += 1;
        let mut outputs = std::mem::take(&mut self.outputs);
        self.node.step(self.machine.clock(), input, &mut outputs);
        for output in outputs.drain(..) {
            if self.exit.is_none() {
                self.carry_out(output);
            }
        }
        self.outputs = outputs;
    }
}
