//! Everything that exists in a simulation, and the only place where an event takes effect.
//!
//! A world has no clock and no queue: a driver tells it what happens and when
//! ([`World::apply`], [`World::act`]), and gets back what will fall due ([`Effects`]). Something
//! that a fault withholds is parked here and handed back to the driver when a fault ends.
//!
//! | file | what |
//! |---|---|
//! | `server.rs` | one server: node, disk, clock, stalls |
//! | `lifecycle.rs` | processes start, exit and die |
//! | `outputs.rs` | what a server asks for is carried out |
//! | `arrivals.rs` | packets, completions, timers and turns reach a server |
//! | `clients.rs` | requests and answers |
//! | `faults.rs`, `disturbances.rs` | the actions of a schedule, and healing |

mod arrivals;
mod clients;
mod disturbances;
mod faults;
mod lifecycle;
mod outputs;
pub(crate) mod server;
#[cfg(test)]
mod tests;

pub use lifecycle::SUPERVISOR_DELAY;
#[cfg(feature = "turmoil")]
pub(crate) use outputs::FAILURE_DELAY;

use crate::client::Client;
use crate::due::{Due, Effects};
use crate::keyed::Delays;
use crate::network::{Links, Mailboxes, Network};
use server::Server;
use zab_core::event::ExitReason;
use zab_core::{Config, Micros, NodeId, Replica, SessionId, Variant, View};

/// Servers, disks, connections, clients, and the faults in force.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    config: Config,
    variant: Variant,
    delays: Delays,
    servers: Vec<Server>,
    network: Network,
    mailboxes: Mailboxes,
    links: Links,
    clients: Vec<Client>,
    /// What a fault withholds, in the order in which it fell due.
    parked: Vec<Due>,
    /// How often all faults were ended.
    heals: u16,
}

impl World {
    /// An ensemble whose servers are down and have empty disks, and this many clients.
    pub fn new(config: Config, variant: Variant, seed: u64, clients: u8) -> Self {
        Self {
            config,
            variant,
            delays: Delays { seed },
            servers: config.members().map(|id| Server::new(id, config, variant)).collect(),
            network: Network::default(),
            mailboxes: Mailboxes::default(),
            links: Links::default(),
            clients: (0..clients.into()).map(|id| Client::new(SessionId(id))).collect(),
            parked: Vec::new(),
            heals: 0,
        }
    }

    /// From here on, delays are keyed by this seed.
    pub const fn set_seed(&mut self, seed: u64) {
        self.delays = Delays { seed };
    }

    /// The settings of the ensemble.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// A client.
    pub fn client(&self, client: u8) -> &Client {
        &self.clients[usize::from(client)]
    }

    /// Whether a server's process is running.
    pub fn is_up(&self, server: NodeId) -> bool {
        self.servers[server.index()].up
    }

    /// What can be seen of a server; `None` if it is down.
    pub fn view(&self, server: NodeId) -> Option<View> {
        let server = &self.servers[server.index()];
        server.up.then(|| server.node.view())
    }

    /// Whether a server is up and serves clients.
    pub fn is_serving(&self, server: NodeId) -> bool {
        self.view(server).is_some_and(|view| view.serving)
    }

    /// The memory of a server; `None` if it is down.
    pub fn replica(&self, server: NodeId) -> Option<&Replica> {
        let server = &self.servers[server.index()];
        server.up.then(|| server.node.replica())
    }

    /// Why a server's last process refused to start, if it did.
    pub fn refused_to_start(&self, server: NodeId) -> Option<ExitReason> {
        self.servers[server.index()].refused
    }

    /// Something falls due.
    pub fn apply(&mut self, now: Micros, due: Due, fx: &mut Effects) {
        if self.is_withheld(now, due) {
            self.parked.push(due);
            return;
        }
        match due {
            Due::Start { server, life } if self.servers[server.index()].life == life => {
                self.start(now, server, fx);
            }
            Due::Timer { server, life, timer, generation } if self.is_alive(server, life) => {
                self.on_timer(now, server, (timer, generation), fx);
            }
            Due::Turn { server, life, actor } if self.is_alive(server, life) => {
                self.on_turn(now, server, actor, fx);
            }
            Due::Disk { server, life, file, lsn } if self.is_alive(server, life) => {
                self.on_disk_done(now, server, (file, lsn), fx);
            }
            Due::DiskFail { server, life } if self.is_alive(server, life) => {
                self.on_disk_fail(now, server, fx);
            }
            Due::StepDown { server, life } if self.is_alive(server, life) => {
                self.on_step_down(now, server, fx);
            }
            Due::Connect { from, life, to } if self.is_alive(from, life) => {
                self.on_connect(now, from, to, fx);
            }
            Due::Arrive { conn, end } => self.on_arrive(now, conn, end, fx),
            Due::Reset { conn, end } => self.on_reset(now, conn, end, fx),
            Due::Notify { from, to } => self.on_notify(now, from, to, fx),
            Due::Request { client, cxid } => self.on_request(now, client, cxid, fx),
            Due::Answer { client, cxid } => self.on_answer(now, client, cxid, fx),
            Due::ClientTimeout { client, cxid } => self.on_client_timeout(now, client, cxid, fx),
            Due::Isolate { server, grains, heals } if self.heals == heals => {
                self.isolate(now, server, grains, fx);
            }
            Due::FaultEnds => self.on_fault_ends(now, fx),
            // Of a process that is gone, or of a swizzle that was healed.
            _ => {}
        }
    }

    fn is_alive(&self, server: NodeId, life: u16) -> bool {
        let server = &self.servers[server.index()];
        server.up && server.life == life
    }

    /// Whether a fault in force stands in the way.
    fn is_withheld(&self, now: Micros, due: Due) -> bool {
        let stalls = |server: NodeId| &self.servers[server.index()].stalls;
        match due {
            Due::Timer { server, .. } | Due::StepDown { server, .. } => stalls(server).node(now),
            Due::Turn { server, actor, .. } => stalls(server).actor(now, actor),
            Due::Disk { server, .. } | Due::DiskFail { server, .. } => stalls(server).disk(now),
            Due::Connect { from, to, .. } => {
                stalls(from).node(now)
                    || self.links.is_clogged(now, from, to)
                    || self.links.is_clogged(now, to, from)
            }
            Due::Arrive { conn, end } => self.network.route(conn, end).is_some_and(|(from, to)| {
                let stalls = &self.servers[to.index()].stalls;
                stalls.door(now) || self.links.is_clogged(now, from, to)
            }),
            Due::Reset { conn, end } => {
                let route = self.network.route(conn, end);
                route.is_some_and(|(_, to)| self.servers[to.index()].stalls.node(now))
            }
            Due::Notify { from, to } => {
                stalls(to).node(now)
                    || !self.is_up(to)
                    || self.mailboxes.is_waiting(from, to)
                    || self.links.is_cut(now, from, to)
                    || self.links.is_clogged(now, from, to)
            }
            Due::Request { client, cxid } => {
                let open = self.clients[usize::from(client)].open(cxid);
                open.is_some_and(|open| stalls(open.server).node(now))
            }
            Due::Start { .. }
            | Due::Answer { .. }
            | Due::ClientTimeout { .. }
            | Due::Isolate { .. }
            | Due::FaultEnds => false,
        }
    }
}
