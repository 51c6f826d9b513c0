//! What the driver and the hosts of a simulation share: everything below the shells.
//!
//! Turmoil runs one host at a time and the driver between two steps, all on one thread, so a cell
//! suffices.

use super::waits::Waits;
use super::wire::Wires;
use crate::disk::SimDisk;
use crate::keyed::Delays;
use crate::network::Links;
use crate::shell::event::{Event as ShellEvent, Inbox, Stamped};
use crate::world::server::{Clock, Stalls};
use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::rc::Rc;
use tokio::sync::Notify;
use zab_checker::{Event, Fact};
use zab_core::event::ExitReason;
use zab_core::{Config, Micros, NodeId, Replica, RequestId, View};

/// Access to what is shared.
pub(super) type Handle = Rc<RefCell<Shared>>;

/// What the driver and the hosts share.
pub(super) struct Shared {
    /// What happens by this instant happens in the step under way, or has happened.
    pub(super) now: Micros,
    /// What happened by this instant has happened before the step under way.
    pub(super) since: Micros,
    pub(super) delays: Delays,
    /// What was observed since the driver took it last.
    pub(super) evidence: Vec<Event>,
    /// Bit i: something happened to server i.
    pub(super) touched: u8,
    /// Inputs that nodes took since the driver asked last.
    pub(super) inputs: u64,
    /// When a server began to serve, in the step under way.
    pub(super) began: Option<Micros>,
    pub(super) servers: Vec<Server>,
    /// Requests whose client does not wait any more.
    pub(super) given_up: BTreeSet<RequestId>,
    /// When notifications of leader election arrive.
    letters: BTreeSet<Micros>,
    /// By sender and receiver, when the first of those was sent that have not had their turn. The
    /// turn outlives the sender: what its next process sends takes it.
    posted: BTreeMap<(NodeId, NodeId), Micros>,
    pub(super) links: Links,
    pub(super) wires: Wires,
    pub(super) waits: Waits,
    /// Told whenever a fault may have ended, for connections that are being made.
    pub(super) thawed: Rc<Notify>,
}

/// One server, apart from its process.
pub(super) struct Server {
    pub(super) disk: SimDisk,
    pub(super) clock: Clock,
    pub(super) stalls: Stalls,
    /// The process is running, or about to in the next step.
    pub(super) up: bool,
    /// The machine has power.
    pub(super) powered: bool,
    /// Counts the ends of processes.
    pub(super) life: u16,
    /// The next disk operation shall fail.
    pub(super) fails_next: bool,
    /// Why the last process ended in its start-up checks.
    pub(super) refused: Option<ExitReason>,
    /// When the process ended of its own accord, if the driver has not seen it yet.
    pub(super) exited: Option<Micros>,
    /// What the node looked like when its owner last rested.
    pub(super) seen: Option<(View, Replica)>,
    /// When its owner has something to do next, unless somebody tells it something.
    pub(super) next_at: Option<Micros>,
    /// When the first thing fell due that its owner holds back.
    pub(super) parked_at: Option<Micros>,
    /// What falls due until then its owner may do.
    pub(super) until: Micros,
    /// When something reaches it that is on the way.
    pub(super) arrivals: BinaryHeap<Reverse<Micros>>,
    /// What was withheld from it has to be looked at again.
    pub(super) resumes: bool,
    /// For what the schedule does to the process.
    pub(super) inbox: Option<Inbox>,
    /// Tells the owner to move on.
    pub(super) nudge: Rc<Notify>,
}

impl Server {
    fn new() -> Self {
        Self {
            disk: SimDisk::default(),
            clock: Clock::default(),
            stalls: Stalls::default(),
            up: false,
            powered: true,
            life: 0,
            fails_next: false,
            refused: None,
            exited: None,
            seen: None,
            next_at: None,
            parked_at: None,
            until: Micros(0),
            arrivals: BinaryHeap::new(),
            resumes: false,
            inbox: None,
            nudge: Rc::default(),
        }
    }

    /// Lets the owner do what falls due until then.
    pub(super) fn nudge_until(&mut self, until: Micros) {
        self.until = until;
        self.nudge.notify_one();
    }

    /// When something happens at this server next.
    pub(super) fn due_at(&self, now: Micros) -> Option<Micros> {
        if !self.up || self.stalls.node(now) {
            return None;
        }
        let arrival = self.arrivals.peek().map(|Reverse(at)| *at);
        let resumption = self.parked_at.filter(|_| self.resumes);
        [self.next_at, arrival, resumption].into_iter().flatten().min()
    }
}

impl Shared {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            now: Micros(0),
            since: Micros(0),
            delays: Delays { seed: 0 },
            evidence: Vec::new(),
            touched: 0,
            inputs: 0,
            began: None,
            servers: config.members().map(|_| Server::new()).collect(),
            given_up: BTreeSet::new(),
            letters: BTreeSet::new(),
            posted: BTreeMap::new(),
            links: Links::default(),
            wires: Wires::default(),
            waits: Waits::default(),
            thawed: Rc::default(),
        }
    }

    pub(super) fn server(&mut self, id: NodeId) -> &mut Server {
        &mut self.servers[id.index()]
    }

    pub(super) fn observe(&mut self, at: Micros, node: impl Into<Option<NodeId>>, fact: Fact) {
        self.evidence.push(Event { at, node: node.into(), fact });
    }

    pub(super) const fn touch(&mut self, id: NodeId) {
        self.touched |= 1 << id.0;
    }

    /// Something reaches a server at this instant.
    pub(super) fn expect(&mut self, to: Option<NodeId>, at: Micros) {
        if let Some(to) = to {
            self.server(to).arrivals.push(Reverse(at));
        }
    }

    /// Tells the owner of a node something. False if there is no process.
    pub(super) fn tell(&mut self, id: NodeId, what: ShellEvent) -> bool {
        let at = self.now;
        // An inbox that is full belongs to a process that is stalled.
        let told = self.servers[id.index()]
            .inbox
            .as_ref()
            .is_some_and(|inbox| inbox.try_send(Stamped { at, what }).is_ok());
        self.expect(Some(id), at);
        told
    }

    /// What arrives by the end of the step under way does so in it. Returns that instant.
    pub(super) fn forget_arrivals(&mut self) -> Micros {
        let now = self.now;
        for server in &mut self.servers {
            while server.arrivals.peek().is_some_and(|Reverse(at)| *at <= now) {
                server.arrivals.pop();
            }
        }
        self.letters = self.letters.split_off(&now.after(Micros(1)));
        now
    }

    /// A notification is sent at this instant; when does it count as sent?
    pub(super) fn post(&mut self, at: Micros, from: NodeId, to: NodeId) -> Micros {
        let first = self.posted.get(&(from, to)).copied();
        let sent = first.filter(|sent| !self.has_had_turn((from, to), *sent, at)).unwrap_or(at);
        self.posted.insert((from, to), sent);
        self.letters.insert(sent.after(self.delays.latency(sent, from, to)));
        sent
    }

    /// Whether a notification that was sent then has arrived by this instant.
    fn has_had_turn(&self, (from, to): (NodeId, NodeId), sent: Micros, at: Micros) -> bool {
        let server = &self.servers[to.index()];
        let is_withheld = !server.up
            || server.stalls.node(at)
            || self.links.is_cut(at, from, to)
            || self.links.is_clogged(at, from, to);
        !is_withheld && sent.after(self.delays.latency(sent, from, to)) <= at
    }

    /// Forgets the turns that are over at this instant.
    pub(super) fn forget_posted(&mut self) {
        let mut posted = std::mem::take(&mut self.posted);
        posted.retain(|route, sent| !self.has_had_turn(*route, *sent, self.now));
        self.posted = posted;
    }

    /// The last instant before the next notification arrives, if that is later than `since`.
    pub(super) fn next_letter(&self, since: Micros) -> Option<Micros> {
        let after = since.after(Micros(2));
        self.letters.range(after..).next().map(|at| Micros(at.0 - 1))
    }

    /// Whether both machines have power and nothing between them is cut.
    pub(super) fn are_in_touch(&self, a: NodeId, b: NodeId) -> bool {
        let powered = self.servers[a.index()].powered && self.servers[b.index()].powered;
        powered && !self.links.is_cut_either_way(self.now, a, b)
    }

    /// The pairs of servers that can reach each other.
    pub(super) fn pairs_in_touch(&self) -> Vec<(NodeId, NodeId)> {
        let ids = || (0..self.servers.len() as u8).map(NodeId);
        let pairs = ids().flat_map(|a| ids().map(move |b| (a, b)));
        pairs.filter(|(a, b)| a != b && self.are_in_touch(*a, *b)).collect()
    }

    /// Whether a clog stands between two servers.
    pub(super) fn are_clogged(&self, a: NodeId, b: NodeId) -> bool {
        self.links.is_clogged(self.since, a, b) || self.links.is_clogged(self.since, b, a)
    }

    /// The process of a server is gone, as of this instant.
    pub(super) fn lose_process(&mut self, id: NodeId, at: Micros, power_loss: bool) {
        let server = self.server(id);
        server.up = false;
        server.powered = !power_loss;
        server.life = server.life.wrapping_add(1);
        server.stalls.forget_process();
        server.seen = None;
        server.inbox = None;
        (server.next_at, server.parked_at) = (None, None);
        server.arrivals.clear();
        self.close_all(id, at, power_loss);
        let others = (0..self.servers.len() as u8).map(NodeId).filter(|other| *other != id);
        for other in others {
            self.tell(other, ShellEvent::Forget { from: id });
        }
        self.touch(id);
    }
}
