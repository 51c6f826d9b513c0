//! What the evidence says about the ensemble so far: the state that every invariant reads.
//!
//! # What counts as delivered
//!
//! In ZooKeeper memory is more than the delivered sequence Δf of the Zab paper: a process that
//! starts, or looks for a leader again, replays its log into memory, transactions that nobody
//! committed included, and a learner applies the transactions of a synchronisation before it knows
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
//! leader of the newest established epoch commits after that.

use crate::disk::Disk;
use crate::reigns::{Reign, ReignId, Reigns};
use crate::sequences::{Sequence, Sequences};
use zab_core::{Digest, Epoch, NodeId, Recovered, Txn, Zxid};

/// What the evidence says about one server.
#[derive(Clone, Debug)]
pub(crate) struct Server {
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
    pub(crate) synchronises_with: Option<NodeId>,
    /// Whom it follows.
    pub(crate) leader: Option<NodeId>,
    /// What it acknowledged last, in any of its lives; for NEWLEADER, the last transaction of what
    /// that stands for.
    pub(crate) acknowledged: Option<Zxid>,
    /// A process of this server has started before.
    has_started: bool,
}

impl Server {
    fn new() -> Self {
        Self {
            memory: Sequence::EMPTY,
            last_zxid: Zxid::ZERO,
            disk: Disk::default(),
            serving: None,
            leads: None,
            participates: None,
            synchronises_with: None,
            leader: None,
            acknowledged: None,
            has_started: false,
        }
    }

    /// It takes no part in any epoch.
    pub(crate) fn leave(&mut self) {
        self.serving = None;
        self.leads = None;
        self.participates = None;
        self.synchronises_with = None;
        self.leader = None;
    }

    /// The process is gone, and its memory with it.
    pub(crate) fn stop(&mut self) {
        self.leave();
        self.memory = Sequence::EMPTY;
        self.last_zxid = Zxid::ZERO;
    }
}

/// What the evidence says about all servers.
#[derive(Clone, Debug)]
pub(crate) struct Ensemble {
    pub(crate) servers: Vec<Server>,
    pub(crate) sequences: Sequences,
    pub(crate) reigns: Reigns,
    /// The ghost sequence C.
    pub(crate) committed: Sequence,
    /// The longest sequence that a serving server had in memory.
    pub(crate) visible: Sequence,
}

impl Ensemble {
    pub(crate) fn new(servers: u8) -> Self {
        Self {
            servers: (0..servers).map(|_| Server::new()).collect(),
            sequences: Sequences::new(),
            reigns: Reigns::default(),
            committed: Sequence::EMPTY,
            visible: Sequence::EMPTY,
        }
    }

    pub(crate) fn server(&self, node: NodeId) -> &Server {
        &self.servers[node.index()]
    }

    pub(crate) fn server_mut(&mut self, node: NodeId) -> &mut Server {
        &mut self.servers[node.index()]
    }

    /// The reign that this server leads.
    pub(crate) fn led_by(&self, node: NodeId) -> Option<&Reign> {
        self.server(node).leads.map(|id| self.reigns.get(id))
    }

    /// A process starts.
    pub(crate) fn on_started(&mut self, node: NodeId, recovered: &Recovered) {
        let server = &mut self.servers[node.index()];
        if !server.has_started {
            self.reigns.give(&recovered.log);
        }
        server.has_started = true;
        server.stop();
        server.disk.on_started(recovered);
    }

    /// Memory is loaded from disk, cut, or replaced by a leader's.
    pub(crate) fn on_memory_replaced(&mut self, node: NodeId, last: Zxid, digest: Digest) {
        let server = &mut self.servers[node.index()];
        let sequences = &mut self.sequences;
        let start = (server.memory, server.last_zxid);
        server.memory = sequences
            .find(digest)
            .or_else(|| server.disk.asked().find_loaded(digest, start, sequences))
            .unwrap_or_else(|| sequences.find_or_unknown(digest, last));
        server.last_zxid = last;
    }

    /// A transaction is applied to memory.
    pub(crate) fn on_delivered(&mut self, node: NodeId, txn: &Txn) {
        let server = &mut self.servers[node.index()];
        server.memory = self.sequences.extend(server.memory, txn);
        server.last_zxid = txn.zxid;
    }

    /// A leader has the promises of a quorum: its memory is the initial history.
    pub(crate) fn on_initial_history(&mut self, node: NodeId, epoch: Epoch) {
        let server = &mut self.servers[node.index()];
        let reign = self.reigns.begin(node, epoch, server.memory);
        let log = server.disk.asked().sequence(&mut self.sequences);
        server.leads = Some(reign);
        server.participates = Some((reign, log));
    }

    /// A leader proposes.
    pub(crate) fn on_proposed(&mut self, node: NodeId, txn: &Txn) {
        if let Some(id) = self.server(node).leads {
            let proposed = self.reigns.get(id).proposed();
            let sequence = self.sequences.extend(proposed, txn);
            self.reigns.propose(id, sequence);
        }
    }

    /// A leader's epoch is established.
    pub(crate) fn on_established(&mut self, node: NodeId, epoch: Epoch) {
        let known = self.led_by(node).is_some_and(|reign| reign.epoch == epoch);
        if !known {
            self.on_initial_history(node, epoch);
        }
        let server = self.server_mut(node);
        server.serving = Some(epoch);
        server.last_zxid = Zxid::of_epoch(epoch);
        if let Some(id) = server.leads {
            self.reigns.establish(id);
        }
    }

    /// A learner promises an epoch to this leader: a synchronisation begins.
    pub(crate) fn on_promised(&mut self, node: NodeId, leader: NodeId) {
        let server = self.server_mut(node);
        server.participates = None;
        server.synchronises_with = Some(leader);
        server.leader = Some(leader);
    }

    /// A learner acknowledges NEWLEADER for the first time in this synchronisation. Says the reign
    /// that it now takes part in.
    pub(crate) fn on_new_leader_acknowledged(
        &mut self,
        node: NodeId,
        leader: NodeId,
        epoch: Epoch,
    ) -> Option<ReignId> {
        let server = &mut self.servers[node.index()];
        server.synchronises_with.take_if(|promised| *promised == leader)?;
        let reign = self.reigns.find(leader, epoch)?;
        let log = server.disk.asked().sequence(&mut self.sequences);
        server.participates = Some((reign, log));
        server.acknowledged = Some(self.sequences.last(self.reigns.get(reign).initial_history));
        Some(reign)
    }

    /// A record is appended to a log. Says what the log of a participant now holds.
    pub(crate) fn on_appended(&mut self, node: NodeId, txn: &Txn) -> Option<(ReignId, Sequence)> {
        let (_, log) = self.servers[node.index()].participates.as_mut()?;
        *log = self.sequences.extend(*log, txn);
        self.servers[node.index()].participates
    }

    /// The server serves: all of its memory counts as delivered.
    pub(crate) fn show(&mut self, sequence: Sequence) {
        if self.sequences.is_prefix(self.visible, sequence) {
            self.visible = sequence;
        }
    }
}
