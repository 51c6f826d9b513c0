//! Which of turmoil's one-way partitions are wanted, and which are in force.
//!
//! A partition loses what is on the way. The driver therefore lets that arrive before it sets one.

use super::shared::Shared;
use super::{CLIENTS_HOST, address};
use turmoil::Sim;
use zab_core::NodeId;

/// Hosts are counted like servers; the clients' comes last.
const HOSTS_MAX: usize = 8;

/// The one-way links between hosts that are partitioned.
#[derive(Default)]
pub(super) struct Partitions {
    in_force: [[bool; HOSTS_MAX]; HOSTS_MAX],
}

impl Partitions {
    /// Partitions the links that are cut, or lead to a machine without power.
    pub(super) fn enforce(&mut self, sim: &Sim<'_>, shared: &Shared) {
        let cluster = &shared.cluster;
        let servers = cluster.members().count();
        let host = |index| address(if index < servers { index as u8 } else { CLIENTS_HOST });
        let powered = |index| index >= servers || cluster[NodeId(index as u8)].is_powered();
        for from in 0..=servers {
            for to in (0..=servers).filter(|to| *to != from) {
                let is_cut = from < servers && to < servers && {
                    let (from, to) = (NodeId(from as u8), NodeId(to as u8));
                    cluster.links.is_cut(shared.now, from, to)
                };
                let wanted = is_cut || !powered(from) || !powered(to);
                match (wanted, std::mem::replace(&mut self.in_force[from][to], wanted)) {
                    (true, false) => sim.partition_oneway(host(from), host(to)),
                    (false, true) => sim.repair_oneway(host(from), host(to)),
                    _ => {}
                }
            }
        }
    }
}
