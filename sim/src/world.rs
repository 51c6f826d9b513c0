//! Everything that exists in a simulation, and the only place where an event takes effect.
//!
//! A world has no clock and no queue: a driver tells it what happens and when
//! ([`World::apply`], [`World::act`]), and gets back what will fall due ([`Effects`]). Something
//! that a fault withholds is parked here and handed back to the driver when a fault ends.
//!
//! | file | what |
//! |---|---|
//! | `process.rs` | a process: the node that runs on a machine |
//! | `outputs.rs` | what a server asks for is carried out |
//! | `arrivals.rs` | packets, completions, requests, timers and turns reach a server |
//! | `exhaustive.rs`, `canonical.rs` | what an explorer does to the world, and when two are one |
//! | `instant.rs` | what faults and clients do to the world |

mod arrivals;
mod canonical;
mod exhaustive;
mod instant;
mod outputs;
mod process;
#[cfg(test)]
mod tests;

use crate::client::{Client, Open};
use crate::cluster::Cluster;
use crate::due::{Due, Effects};
use crate::faults;
use crate::keyed::Delays;
use crate::lockers::{self, Locker};
use crate::network::{Mailboxes, Network};
use crate::schedule::{Act, ClientOp, Directories, Workload};
use crate::sessions;
use instant::Instant;
use process::Process;
use zab_core::event::ExitReason;
use zab_core::variant::Releases;
use zab_core::{Config, Key, Lsn, NodeId, Replica, SessionId, Time, View};

/// Servers, disks, connections, clients, and the faults in force.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    config: Config,
    cluster: Cluster,
    processes: Vec<Process>,
    network: Network,
    mailboxes: Mailboxes,
    clients: Vec<Client>,
    lockers: Vec<Locker>,
    /// What a fault withholds, in the order in which it fell due.
    parked: Vec<Due>,
}

impl World {
    /// An ensemble whose servers are down and have empty disks, and this many clients.
    pub fn new(config: Config, releases: Releases, seed: u64, clients: u8) -> Self {
        let cluster = Cluster::new(&config, releases, seed);
        let process = |id| Process::new(cluster.process(id, config));
        Self {
            config,
            processes: config.members().map(process).collect(),
            cluster,
            network: Network::default(),
            mailboxes: Mailboxes::default(),
            clients: (0..clients.into()).map(|id| Client::new(SessionId(id))).collect(),
            lockers: Vec::new(),
            parked: Vec::new(),
        }
    }

    /// From here on, delays are keyed by this seed.
    pub const fn set_seed(&mut self, seed: u64) {
        self.cluster.delays = Delays { seed };
    }

    /// From here on names of files are durable once this says so.
    pub(crate) fn set_directories(&mut self, directories: Directories) {
        self.cluster.set_directories(directories);
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
        self.cluster[server].is_up()
    }

    /// What can be seen of a server; `None` if it is down.
    pub fn view(&self, server: NodeId) -> Option<View> {
        self.is_up(server).then(|| self.processes[server.index()].node.view())
    }

    /// Whether a server is up and serves clients.
    pub fn is_serving(&self, server: NodeId) -> bool {
        self.view(server).is_some_and(|view| view.serving)
    }

    /// The memory of a server; `None` if it is down.
    pub fn replica(&self, server: NodeId) -> Option<&Replica> {
        self.is_up(server).then(|| self.processes[server.index()].node.replica())
    }

    /// Why a server's last process refused to start, if it did.
    pub fn refused_to_start(&self, server: NodeId) -> Option<ExitReason> {
        self.cluster[server].refused()
    }

    /// Starts every server that is down.
    pub fn start_all(&mut self, now: Time, fx: &mut Effects) {
        faults::start_all(&mut self.at(now, fx));
    }

    /// An action of a schedule happens. Its numbers must be valid for this ensemble.
    pub fn act(&mut self, now: Time, act: Act, fx: &mut Effects) {
        faults::act(&mut self.at(now, fx), act);
    }

    /// Every fault in force ends, and servers that are down start: the chaos is over.
    pub fn heal(&mut self, now: Time, fx: &mut Effects) {
        faults::heal(&mut self.at(now, fx));
    }

    /// From here on clients queue for the lock.
    pub fn begin_locks(&mut self, now: Time, workload: Workload, fx: &mut Effects) {
        lockers::begin(&mut self.at(now, fx), workload);
    }

    /// From here on those that do keep alive what they have, and change nothing.
    pub fn calm_locks(&mut self, now: Time, fx: &mut Effects) {
        lockers::calm(&mut self.at(now, fx));
    }

    /// A client starts an operation, unless one is open.
    pub fn invoke(
        &mut self,
        now: Time,
        who: (u8, NodeId),
        what: (ClientOp, Key),
        fx: &mut Effects,
    ) {
        sessions::invoke(&mut self.at(now, fx), who, what);
    }

    /// Something falls due.
    pub fn apply(&mut self, now: Time, due: Due, fx: &mut Effects) {
        if self.is_withheld(now, due) {
            self.parked.push(due);
            return;
        }
        match due {
            Due::Timer { server, life, timer, generation } if self.is_alive(server, life) => {
                self.on_timer(now, server, (timer, generation), fx);
            }
            Due::Turn { server, life, actor } if self.is_alive(server, life) => {
                self.on_turn(now, server, actor, fx);
            }
            Due::Disk { server, life, file, lsn } if self.is_alive(server, life) => {
                self.on_disk_done(now, server, (file, lsn), fx);
            }
            Due::StepDown { server, life } if self.is_alive(server, life) => {
                self.on_step_down(now, server, fx);
            }
            Due::Connect { from, life, to } if self.is_alive(from, life) => {
                self.on_connect(now, from, to, fx);
            }
            Due::Arrive { conn, end } => self.on_arrive(now, conn, end, fx),
            Due::Reset { conn, end } => self.on_reset(now, conn, end, fx),
            Due::Notify { from, life, to } if self.is_alive(from, life) => {
                self.on_notify(now, from, to, fx);
            }
            Due::Request { client, cxid } => self.on_request(now, client, cxid, fx),
            Due::Later(later) => faults::fall_due(&mut self.at(now, fx), later),
            // Of a process that is gone.
            _ => {}
        }
    }

    /// The operation that a client waits for, if it is this one.
    fn open(&self, client: u8, cxid: u32) -> Option<&Open> {
        self.session(client).open(cxid)
    }

    fn session(&self, client: u8) -> &Client {
        match client.checked_sub(SessionId::FIRST_TRACKED) {
            Some(place) => self.lockers[usize::from(place)].session(),
            None => &self.clients[usize::from(client)],
        }
    }

    fn is_alive(&self, server: NodeId, life: u16) -> bool {
        self.cluster[server].is_alive(life)
    }

    const fn at<'a>(&'a mut self, now: Time, fx: &'a mut Effects) -> Instant<'a> {
        Instant { world: self, now, fx }
    }

    /// Makes the connection that the newest notification of a pair waits for, if that can be.
    fn connect_mailbox(&mut self, now: Time, from: NodeId, to: NodeId, fx: &mut Effects) {
        if self.is_up(to) && !self.cluster.links.is_cut_either_way(now, from, to) {
            self.mailboxes.connect(now, from, to, fx);
        }
    }

    /// Whether a fault in force stands in the way.
    fn is_withheld(&self, now: Time, due: Due) -> bool {
        let Self { cluster, network, mailboxes, .. } = self;
        let links = &cluster.links;
        let stalls = |server: NodeId| &cluster[server].stalls;
        match due {
            Due::Timer { server, .. } | Due::StepDown { server, .. } => stalls(server).process(now),
            Due::Turn { server, actor, .. } => stalls(server).actor(now, actor),
            Due::Disk { server, file, lsn, .. } => {
                cluster[server].withholds_report(now, file, Lsn(lsn.into()))
            }
            // A SYN that is lost is sent again (`sockConnect` waits as long as `initLimit`).
            Due::Connect { from, to, .. } => {
                stalls(from).process(now)
                    || links.is_cut_either_way(now, from, to)
                    || links.is_clogged(now, from, to)
                    || links.is_clogged(now, to, from)
            }
            Due::Arrive { conn, end } => {
                let way = network.route(conn, end).zip(network.opened(conn));
                way.is_some_and(|((from, to), opened)| {
                    stalls(to).door(now) || links.holds(now, from, to, opened)
                })
            }
            Due::Reset { conn, end } => {
                let route = network.route(conn, end);
                route.is_some_and(|(_, to)| stalls(to).process(now))
            }
            Due::Notify { from, to, .. } => {
                stalls(to).process(now)
                    || !self.is_up(to)
                    || mailboxes.is_waiting(from, to)
                    || links.is_cut(now, from, to)
                    || links.is_clogged(now, from, to)
            }
            Due::Request { client, cxid } => {
                let open = self.open(client, cxid);
                open.is_some_and(|open| stalls(open.server).process(now))
            }
            Due::Later(_) => false,
        }
    }
}
