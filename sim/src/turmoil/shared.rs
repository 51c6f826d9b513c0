//! What the driver and the hosts of a simulation share: everything below the shells.
//!
//! Turmoil runs one host at a time and the driver between two steps, all on one thread, so a cell
//! suffices.

use super::waits::Waits;
use super::wire::Wires;
use crate::cluster::Cluster;
use crate::shell::event::{Event as ShellEvent, Inbox, Stamped};
use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::rc::Rc;
use tokio::sync::Notify;
use zab_checker::{Event, Fact};
use zab_core::variant::Releases;
use zab_core::{Config, NodeId, Purge, Replica, RequestId, Span, Time, View};

/// Access to what is shared.
pub(super) type Handle = Rc<RefCell<Shared>>;

/// What the driver and the hosts share.
pub(super) struct Shared {
    /// What happens by this instant happens in the step under way, or has happened.
    pub(super) now: Time,
    /// What happened by this instant has happened before the step under way.
    pub(super) since: Time,
    pub(super) cluster: Cluster,
    /// What was observed since the driver took it last.
    pub(super) evidence: Vec<Event>,
    /// Bit i: something happened to server i.
    pub(super) touched: u8,
    /// Inputs that nodes took since the driver asked last.
    pub(super) inputs: u64,
    /// When a server began to serve, in the step under way.
    pub(super) began: Option<Time>,
    pub(super) hosts: Vec<Host>,
    /// Requests whose client does not wait any more.
    pub(super) given_up: BTreeSet<RequestId>,
    /// When notifications of leader election arrive.
    letters: BTreeSet<Time>,
    /// By sender and receiver, when the first of those was sent that have not had their turn.
    posted: BTreeMap<(NodeId, NodeId), Time>,
    /// By sender and receiver, those that were taken: one that is sent again could not be
    /// acknowledged.
    pub(super) taken: BTreeSet<(NodeId, NodeId)>,
    /// Who learns when that a connection to a peer was reset, after the votes of that peer's new
    /// process: it sent them before.
    pub(super) after_votes: BTreeSet<(NodeId, NodeId, Time)>,
    pub(super) wires: Wires,
    pub(super) waits: Waits,
    /// Told whenever a fault may have ended, for connections that are being made.
    pub(super) thawed: Rc<Notify>,
}

/// What the driver knows of the host of one server.
#[derive(Default)]
pub(super) struct Host {
    /// When its process was launched.
    pub(super) launched: Time,
    /// When the process exited by itself, if the driver has not seen it yet.
    pub(super) exited: Option<Time>,
    /// What the node looked like when its owner last rested.
    pub(super) seen: Option<(View, Replica)>,
    /// When its owner has something to do next, unless somebody tells it something.
    pub(super) next_at: Option<Time>,
    /// When the first thing fell due that its owner holds back.
    pub(super) parked_at: Option<Time>,
    /// What falls due until then its owner may do.
    pub(super) until: Time,
    /// When something reaches it that is on the way.
    pub(super) arrivals: BinaryHeap<Reverse<Time>>,
    /// What was withheld from it has to be looked at again.
    pub(super) resumes: bool,
    /// What an operator has removed since its process read its folders last.
    pub(super) purges: VecDeque<Purge>,
    /// For what the schedule does to the process.
    pub(super) inbox: Option<Inbox>,
    /// Tells the owner to move on.
    pub(super) nudge: Rc<Notify>,
}

impl Host {
    /// Lets the owner do what falls due until then.
    pub(super) fn nudge_until(&mut self, until: Time) {
        self.until = until;
        self.nudge.notify_one();
    }
}

impl Shared {
    pub(super) fn new(config: &Config, releases: Releases) -> Self {
        Self {
            now: Time(0),
            since: Time(0),
            cluster: Cluster::new(config, releases, 0),
            evidence: Vec::new(),
            touched: 0,
            inputs: 0,
            began: None,
            hosts: config.members().map(|_| Host::default()).collect(),
            given_up: BTreeSet::new(),
            letters: BTreeSet::new(),
            posted: BTreeMap::new(),
            taken: BTreeSet::new(),
            after_votes: BTreeSet::new(),
            wires: Wires::default(),
            waits: Waits::default(),
            thawed: Rc::default(),
        }
    }

    pub(super) fn host(&mut self, id: NodeId) -> &mut Host {
        &mut self.hosts[id.index()]
    }

    /// When something happens at a server next.
    pub(super) fn due_at(&self, id: NodeId, now: Time) -> Option<Time> {
        let machine = &self.cluster[id];
        if !machine.is_up() || machine.stalls.process(now) {
            return None;
        }
        let host = &self.hosts[id.index()];
        let arrival = host.arrivals.peek().map(|Reverse(at)| *at);
        let resumption = host.parked_at.filter(|_| host.resumes);
        [host.next_at, arrival, resumption].into_iter().flatten().min()
    }

    pub(super) fn observe(&mut self, at: Time, node: impl Into<Option<NodeId>>, fact: Fact) {
        self.evidence.push(Event { at, node: node.into(), fact });
    }

    pub(super) const fn touch(&mut self, id: NodeId) {
        self.touched |= 1 << id.0;
    }

    /// Something reaches a server at this instant.
    pub(super) fn expect(&mut self, to: Option<NodeId>, at: Time) {
        if let Some(to) = to {
            self.host(to).arrivals.push(Reverse(at));
        }
    }

    /// Tells the owner of a node something. False if there is no process.
    pub(super) fn tell(&mut self, id: NodeId, what: ShellEvent) -> bool {
        let at = self.now;
        // An inbox that is full belongs to a process that is stalled.
        let told = self.hosts[id.index()]
            .inbox
            .as_ref()
            .is_some_and(|inbox| inbox.try_send(Stamped::sent_at(at, what)).is_ok());
        self.expect(Some(id), at);
        told
    }

    /// What arrives by the end of the step under way does so in it. Returns that instant.
    pub(super) fn forget_arrivals(&mut self) -> Time {
        let now = self.now;
        for host in &mut self.hosts {
            while host.arrivals.peek().is_some_and(|Reverse(at)| *at <= now) {
                host.arrivals.pop();
            }
        }
        self.letters = self.letters.split_off(&now.after(Span(1)));
        self.after_votes.retain(|(.., at)| *at > now);
        now
    }

    /// A notification is sent at this instant; when does it count as sent?
    pub(super) fn post(&mut self, at: Time, from: NodeId, to: NodeId) -> Time {
        let first = self.posted.get(&(from, to)).copied();
        let sent = first.filter(|sent| !self.has_had_turn((from, to), *sent, at)).unwrap_or(at);
        self.posted.insert((from, to), sent);
        self.taken.remove(&(from, to));
        self.letters.insert(sent.after(self.cluster.delays.latency(sent, from, to)));
        sent
    }

    /// A notification is taken, and with it the turn of all that may still be on the way.
    pub(super) fn end_turn(&mut self, from: NodeId, to: NodeId) {
        self.posted.remove(&(from, to));
        self.taken.insert((from, to));
    }

    /// Whether a notification that was sent then, and was not taken before this step, is taken in it before
    /// this instant. One that a fault has withheld until now still waits for its turn.
    fn has_had_turn(&self, (from, to): (NodeId, NodeId), sent: Time, at: Time) -> bool {
        let (machine, links) = (&self.cluster[to], &self.cluster.links);
        let is_withheld = !machine.is_up()
            || machine.stalls.process(at)
            || links.is_cut(at, from, to)
            || links.is_clogged(at, from, to);
        let arrives = sent.after(self.cluster.delays.latency(sent, from, to));
        !is_withheld && self.since < arrives && arrives <= at
    }

    /// The last instant before the next notification arrives, or the next connection is made, if that is
    /// later than `since`.
    pub(super) fn next_surprise(&self, since: Time) -> Option<Time> {
        let after = since.after(Span(2));
        let letter = self.letters.range(after..).next().copied();
        let dial = self.waits.next_dial_from(after);
        letter.into_iter().chain(dial).min().map(|at| Time(at.0 - 1))
    }

    /// The pairs of servers that can reach each other.
    pub(super) fn pairs_in_touch(&self) -> Vec<(NodeId, NodeId)> {
        let members = self.cluster.members();
        let pairs = members.clone().flat_map(|a| members.clone().map(move |b| (a, b)));
        pairs.filter(|(a, b)| a != b && self.cluster.are_in_touch(self.now, *a, *b)).collect()
    }

    /// Whether a clog stands between two servers.
    pub(super) fn are_clogged(&self, a: NodeId, b: NodeId) -> bool {
        let links = &self.cluster.links;
        links.is_clogged(self.since, a, b) || links.is_clogged(self.since, b, a)
    }

    /// The process of a server is gone, as of this instant.
    pub(super) fn disconnect(&mut self, id: NodeId, at: Time, power_loss: bool) {
        let host = self.host(id);
        (host.seen, host.inbox) = (None, None);
        (host.next_at, host.parked_at) = (None, None);
        host.arrivals.clear();
        host.purges.clear();
        self.posted.retain(|(from, _), _| *from != id);
        self.close_all(id, at, power_loss);
        for other in self.cluster.members().filter(|other| *other != id) {
            self.tell(other, ShellEvent::Forget { from: id });
        }
        self.touch(id);
    }
}
