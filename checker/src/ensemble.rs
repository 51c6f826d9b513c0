//! What the evidence says about the ensemble so far: the state that every invariant reads.
//!
//! # What counts as delivered
//!
//! In ZooKeeper memory is more than the delivered sequence Δf of the Zab paper: a process that
//! starts, or looks for a leader again, replays its log into memory, transactions that nobody
//! committed included, and a learner applies the transactions of a synchronization before it knows
//! whether its leader will ever be established. None of it can be seen from outside. So:
//!
//! * `memory` is the sequence that a server's memory holds, however it came there;
//! * it counts as *delivered* while the server serves: at a leader from `Established` on, at a
//!   follower from UPTODATE on, until it steps down, exits or crashes. At that moment all of
//!   memory counts, and then every transaction as it is applied;
//! * a server that stops serving delivers nothing, but what it did deliver stays evidence:
//!   `visible` is the longest sequence that any server ever delivered.
//!
//! # What counts as committed
//!
//! The ghost sequence C: the initial history of an epoch once it is established, and whatever a
//! leader of the newest established epoch commits after that. C is changed here and nowhere else
//! ([`Ensemble::apply`]); a rule that needs C as it was before an event finds it in the [`Step`].

mod answers;
mod apply;
mod digest;
mod packets;
mod step;

pub(crate) use step::Step;

use crate::clients::Clients;
use crate::detail::{Absence, Gap};
use crate::disk::Disk;
use crate::locks::Locks;
use crate::reigns::{Reign, ReignId, Reigns};
use crate::sequences::{Sequence, Sequences};
use zab_core::event::ExitReason;
use zab_core::{Change, Epoch, NodeId, Replica, RequestId, Span, Txn, Zxid};

/// What the evidence says about one server.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    /// The process runs.
    pub(crate) is_up: bool,
    /// What its memory holds.
    pub(crate) memory: Sequence,
    /// The last zxid of its memory: that of its last transaction, or ⟨e, 0⟩.
    pub(crate) last_zxid: Zxid,
    /// Its disk.
    pub(crate) disk: Disk,
    /// The epoch in which it serves clients.
    pub(crate) serving: Option<Epoch>,
    /// The reign that it leads.
    pub(crate) leads: Option<ReignId>,
    /// It acknowledged NEWLEADER of this reign, or leads it: and what its log held then and since.
    pub(crate) participates: Option<(ReignId, Sequence)>,
    /// It promised an epoch to this leader and has not acknowledged NEWLEADER yet.
    pub(crate) synchronizes_with: Option<NodeId>,
    /// Whom it follows.
    pub(crate) leader: Option<NodeId>,
    /// What it acknowledged last, in any of its lives; for NEWLEADER, the last transaction of what
    /// that stands for.
    pub(crate) acknowledged: Option<Zxid>,
    /// Its disk was created again, and it has acknowledged nothing since.
    pub(crate) is_blank: bool,
    /// The last epoch that it promised, to another or as a leader to itself, in any of its lives.
    pub(crate) promised: Epoch,
    /// As a leader: its learners, by their number.
    pub(crate) learners: Vec<Learner>,
    /// How its processes ended one after the other without serving, since healing.
    pub(crate) ends: Option<(ExitReason, u32)>,
    /// How often it came to serve and fell out again since service was back.
    pub(crate) falls: u32,
    /// A process of this server has started before.
    has_started: bool,
}

/// What a leader has told one of its learners.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Learner {
    /// The epoch proposed to it by LEADERINFO.
    pub(crate) offered: Option<Epoch>,
    /// It acknowledged that epoch with this history: an ACKEPOCH that counts.
    pub(crate) promise: Option<(Epoch, (Epoch, Zxid))>,
    /// What it knows to be committed, since it acknowledged the epoch last: by DIFF, TRUNC, SNAP or COMMIT.
    pub(crate) told: Zxid,
}

impl Server {
    fn new(servers: u8) -> Self {
        Self {
            is_up: false,
            memory: Sequence::EMPTY,
            last_zxid: Zxid::ZERO,
            disk: Disk::default(),
            serving: None,
            leads: None,
            participates: None,
            synchronizes_with: None,
            leader: None,
            acknowledged: None,
            is_blank: false,
            promised: Epoch::default(),
            learners: vec![Learner::default(); usize::from(servers)],
            ends: None,
            falls: 0,
            has_started: false,
        }
    }

    /// It acknowledges everything up to here.
    const fn acknowledge(&mut self, zxid: Zxid) {
        self.acknowledged = Some(zxid);
        self.is_blank = false;
    }

    /// It takes no part in any epoch.
    fn leave(&mut self) {
        self.serving = None;
        self.leads = None;
        self.participates = None;
        self.synchronizes_with = None;
        self.leader = None;
        self.learners.fill(Learner::default());
    }

    /// The process is gone, and its memory with it.
    fn stop(&mut self) {
        self.leave();
        self.is_up = false;
        self.memory = Sequence::EMPTY;
        self.last_zxid = Zxid::ZERO;
    }
}

/// A server at rest: everything is healed, nothing happens any more, and a `sync` was answered here.
#[derive(Clone, Debug)]
pub(crate) struct Rest {
    pub(crate) node: NodeId,
    pub(crate) replica: Replica,
    /// What its memory holds.
    pub(crate) memory: Sequence,
}

impl Rest {
    /// Who, and its last zxid.
    pub(crate) const fn position(&self) -> (NodeId, Zxid) {
        (self.node, self.replica.last_processed)
    }

    /// Whether another write than this one holds the register's place, by its version or a later one.
    pub(crate) fn overwrites(&self, txn: &Txn) -> bool {
        let Change::Set { key, value, version } = txn.change else {
            return true;
        };
        let register = self.replica.registers[key.index()];
        register.version > version || register.version == version && register.value != value
    }
}

/// A leader answered a `sync`, and what was committed then.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct AnsweredSync {
    pub(crate) request: RequestId,
    pub(crate) leader: NodeId,
    pub(crate) committed: Zxid,
}

/// What became of the ensemble after every fault was healed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ending {
    pub(crate) is_healed: bool,
    /// No write was acknowledged within this bound, and why that is to be expected.
    pub(crate) unavailable: Option<(Span, Option<&'static str>)>,
    /// The first write was acknowledged after this time.
    pub(crate) available_after: Option<Span>,
    /// Servers that do not serve, or serve no write.
    pub(crate) absent: Vec<(NodeId, Absence)>,
    /// The ensemble was not quiet within this time.
    pub(crate) never_quiet: Option<Span>,
    /// Servers at rest.
    pub(crate) at_rest: Vec<Rest>,
}

/// What the evidence says about all servers.
#[derive(Clone, Debug)]
pub(crate) struct Ensemble {
    pub(crate) servers: Vec<Server>,
    pub(crate) clients: Clients,
    pub(crate) sequences: Sequences,
    pub(crate) reigns: Reigns,
    /// The ghost sequence C.
    pub(crate) committed: Sequence,
    /// The longest sequence that a serving server had in memory.
    pub(crate) visible: Sequence,
    /// Answers of leaders to a `sync` that are on their way to whoever forwarded it.
    answered_syncs: Vec<AnsweredSync>,
    /// Who was the first to lead an epoch with that `currentEpoch` on disk.
    current: Vec<(Epoch, NodeId)>,
    pub(crate) ending: Ending,
    /// Clients that queue for the lock.
    pub(crate) locks: Locks,
}

impl Ensemble {
    pub(crate) fn new(servers: u8) -> Self {
        Self {
            servers: (0..servers).map(|_| Server::new(servers)).collect(),
            clients: Clients::default(),
            sequences: Sequences::new(),
            reigns: Reigns::default(),
            committed: Sequence::EMPTY,
            visible: Sequence::EMPTY,
            answered_syncs: Vec::new(),
            current: Vec::new(),
            ending: Ending::default(),
            locks: Locks::default(),
        }
    }

    pub(crate) fn server(&self, node: NodeId) -> &Server {
        &self.servers[node.index()]
    }

    fn server_mut(&mut self, node: NodeId) -> &mut Server {
        &mut self.servers[node.index()]
    }

    /// The smallest number of servers that is more than half of them.
    pub(crate) fn majority(&self) -> usize {
        self.servers.len() / 2 + 1
    }

    /// The reign that this server leads.
    pub(crate) fn led_by(&self, node: NodeId) -> Option<&Reign> {
        self.server(node).leads.map(|id| self.reigns.get(id))
    }

    /// What this server had in memory at rest.
    pub(crate) fn at_rest_of(&self, node: NodeId) -> Option<&Rest> {
        self.ending.at_rest.iter().find(|rest| rest.node == node)
    }

    /// The servers at rest: the leader of the newest epoch if it is among them, and the others.
    pub(crate) fn at_rest(&self) -> Option<(&Rest, Vec<&Rest>)> {
        let leader = self.reigns.newest_established().map(|reign| reign.leader);
        let rests = &self.ending.at_rest;
        let first = rests.iter().find(|rest| Some(rest.node) == leader).or(rests.first())?;
        Some((first, rests.iter().filter(|rest| rest.node != first.node).collect()))
    }

    /// Whether a later epoch than this one is established.
    pub(crate) fn is_deposed(&self, epoch: Epoch) -> bool {
        self.reigns.newest_established().is_some_and(|newest| newest.epoch > epoch)
    }

    /// Where `sequence` departs from `prefix`, which it should begin with.
    pub(crate) fn gap(&self, sequence: Sequence, prefix: Sequence) -> Gap {
        let Self { sequences, .. } = self;
        match sequences.missing(prefix, sequence).last() {
            Some(first) => Gap::Missing(sequences.last(first)),
            None => match sequences.beyond(sequence, prefix).last() {
                Some(first) => Gap::Extra(sequences.last(first)),
                None => {
                    let first = sequences.beyond(prefix, sequence).last();
                    Gap::Repeated(first.map_or(Zxid::ZERO, |first| sequences.last(first)))
                }
            },
        }
    }
}
