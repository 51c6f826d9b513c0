//! The machines of an ensemble and the ways between them: all that faults act on.

use crate::disk::Broom;
use crate::keyed::Delays;
use crate::machine::Machine;
use crate::network::Links;
use crate::schedule::Directories;
use std::ops::{Index, IndexMut};
use zab_core::variant::{Release, Releases};
use zab_core::{Config, Node, NodeId, Purge, Time};

/// Machines, links, and the faults in force.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Cluster {
    machines: Vec<Machine>,
    releases: Releases,
    pub(crate) links: Links,
    pub(crate) delays: Delays,
    /// How often all faults were ended.
    heals: u16,
}

impl Cluster {
    /// Machines with empty disks, on which nothing runs.
    pub(crate) fn new(config: &Config, releases: Releases, seed: u64) -> Self {
        Self {
            machines: config.members().map(Machine::new).collect(),
            releases,
            links: Links::default(),
            delays: Delays { seed },
            heals: 0,
        }
    }

    /// All servers.
    pub(crate) fn members(&self) -> impl Iterator<Item = NodeId> + Clone + use<> {
        (0..self.machines.len() as u8).map(NodeId)
    }

    /// From here on names of files are durable once this says so, on every disk.
    pub(crate) fn set_directories(&mut self, directories: Directories) {
        self.machines.iter_mut().for_each(|machine| machine.set_directories(directories));
    }

    /// How often all faults were ended.
    pub(crate) const fn heals(&self) -> u16 {
        self.heals
    }

    /// The next process of a server will run this release. False if it would have done the same.
    pub(crate) fn install(&mut self, id: NodeId, release: Release) -> bool {
        let before = std::mem::replace(&mut self[id].release, release);
        self.releases.of(before) != self.releases.of(release)
    }

    /// A process for this machine, of the release that is installed there.
    pub(crate) fn process(&self, id: NodeId, config: Config) -> Node {
        Node::running(id, config, (&self.releases, self[id].release))
    }

    /// The disk of a server is purged by the program of the release that is installed there. What that
    /// removes, if anything.
    pub(crate) fn purge(&mut self, now: Time, id: NodeId) -> Option<Purge> {
        let variant = self.releases.of(self[id].release);
        let broom =
            Broom { is_flushed: !variant.purge_unflushed, cuts_log: variant.purge_cuts_log };
        self[id].purge(now, broom)
    }

    /// Whether both machines have power and nothing between them is cut.
    pub(crate) fn are_in_touch(&self, now: Time, a: NodeId, b: NodeId) -> bool {
        let powered = self[a].is_powered() && self[b].is_powered();
        powered && !self.links.is_cut_either_way(now, a, b)
    }

    /// Whether a majority has what it wrote if the disk of this server is created again: of more than a
    /// minority of blank disks no protocol recovers.
    pub(crate) fn may_blank(&self, id: NodeId) -> bool {
        let blank = |other: &&Machine| other.is_blank();
        let others = self.machines.iter().filter(blank).count() - usize::from(self[id].is_blank());
        2 * (others + 1) < self.machines.len()
    }

    /// Ends the faults of machines whose time is over and that do not end by themselves.
    pub(crate) fn expire(&mut self, now: Time) {
        self.machines.iter_mut().for_each(|machine| machine.expire(now));
    }

    /// Every fault in force ends.
    pub(crate) fn heal(&mut self, now: Time) {
        self.heals = self.heals.wrapping_add(1);
        self.links.heal();
        self.machines.iter_mut().for_each(|machine| machine.heal(now));
    }
}

impl Index<NodeId> for Cluster {
    type Output = Machine;

    fn index(&self, id: NodeId) -> &Machine {
        &self.machines[id.index()]
    }
}

impl IndexMut<NodeId> for Cluster {
    fn index_mut(&mut self, id: NodeId) -> &mut Machine {
        &mut self.machines[id.index()]
    }
}
