//! What the driver and the hosts of a simulation share: everything below the shells.
//!
//! Turmoil runs one host at a time and the driver between two steps, all on one thread, so a cell
//! suffices.

use super::leap::Waits;
use super::partitions::Partitions;
use super::wire::Ends;
use crate::disk::SimDisk;
use crate::keyed::Delays;
use crate::network::Links;
use crate::shell::Event as ShellEvent;
use crate::world::server::{Clock, Stalls};
use std::cell::RefCell;
use std::rc::Rc;
use tokio::sync::{Notify, mpsc};
use zab_checker::{Event, Fact};
use zab_core::event::ExitReason;
use zab_core::{Config, Micros, NodeId, Replica, View};

/// Access to what is shared.
pub(super) type Handle = Rc<RefCell<Shared>>;

/// What the driver and the hosts share.
pub(super) struct Shared {
    /// The time at which the step under way began.
    pub(super) now: Micros,
    pub(super) delays: Delays,
    /// What was observed since the driver took it last.
    pub(super) evidence: Vec<Event>,
    /// Bit i: something happened to server i.
    pub(super) touched: u8,
    /// Inputs that nodes took since the driver asked last.
    pub(super) inputs: u64,
    pub(super) servers: Vec<Server>,
    pub(super) links: Links,
    pub(super) ends: Ends,
    pub(super) partitions: Partitions,
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
    /// The process ended of its own accord, and the driver has not seen it yet.
    pub(super) exited: bool,
    /// What the node looked like when its owner last rested.
    pub(super) seen: Option<(View, Replica)>,
    /// When its owner has something to do next, unless somebody tells it something.
    pub(super) next_at: Option<Micros>,
    /// For what the schedule does to the process.
    pub(super) inbox: Option<mpsc::Sender<ShellEvent>>,
    /// Told whenever a fault may have ended.
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
            exited: false,
            seen: None,
            next_at: None,
            inbox: None,
            nudge: Rc::default(),
        }
    }
}

impl Shared {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            now: Micros(0),
            delays: Delays { seed: 0 },
            evidence: Vec::new(),
            touched: 0,
            inputs: 0,
            servers: config.members().map(|_| Server::new()).collect(),
            links: Links::default(),
            ends: Ends::default(),
            partitions: Partitions::new(config.servers),
            waits: Waits::default(),
            thawed: Rc::default(),
        }
    }

    pub(super) fn server(&mut self, id: NodeId) -> &mut Server {
        &mut self.servers[id.index()]
    }

    pub(super) fn observe(&mut self, node: impl Into<Option<NodeId>>, fact: Fact) {
        self.evidence.push(Event { at: self.now, node: node.into(), fact });
    }

    pub(super) const fn touch(&mut self, id: NodeId) {
        self.touched |= 1 << id.0;
    }

    /// Whether both machines have power and nothing between them is cut.
    pub(super) fn are_in_touch(&self, a: NodeId, b: NodeId) -> bool {
        let powered = self.servers[a.index()].powered && self.servers[b.index()].powered;
        powered && !self.links.is_cut_either_way(self.now, a, b)
    }

    /// Whether a clog stands between two servers.
    pub(super) fn are_clogged(&self, a: NodeId, b: NodeId) -> bool {
        self.links.is_clogged(self.now, a, b) || self.links.is_clogged(self.now, b, a)
    }

    /// The process of a server is gone.
    pub(super) fn lose_process(&mut self, id: NodeId, power_loss: bool) {
        let server = self.server(id);
        server.up = false;
        server.powered = !power_loss;
        server.life = server.life.wrapping_add(1);
        server.stalls.forget_process();
        server.seen = None;
        server.inbox = None;
        self.touch(id);
    }
}
