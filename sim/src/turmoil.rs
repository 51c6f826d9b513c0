//! The turmoil driver: the shell on turmoil's hosts, TCP and clock, under the same schedules.
//!
//! One host for each server and one for all clients. Turmoil moves in steps; a step covers a span
//! of the world's time that is no longer than its fastest message takes ([`STEP_US`]). So whatever
//! arrives within a step was sent before it and is at its receiver when the step begins: sockets
//! are ahead of the world, and the owner of each node takes what has come at the instant at which
//! it counts as having come, in the order of these instants. That is the conservative
//! synchronization of distributed simulation, with the least latency as its lookahead, and it
//! makes the two drivers agree to the microsecond. Steps end where the driver has something to
//! do, so actions and the ends of faults happen between two steps, and spans in which nothing is
//! due are skipped.
//!
//! What takes turmoil more than one step takes the world no time: a handshake, or a question on its
//! way to the host of a server, has further steps in which the world stands still.
//!
//! What a fault does to a machine, its disk and its clock stands in `faults.rs` and `machine.rs`, for both
//! drivers. What an action does to hosts and connections:
//!
//! | action | here |
//! |---|---|
//! | client operation | a frame on the clients' TCP connection to the server |
//! | power loss | the host is partitioned and crashed; [`SimDisk`](crate::SimDisk) decides what stays |
//! | kill | the host is crashed, so peers see FIN or RST; page cache survives |
//! | start, supervisor | the host is bounced |
//! | upgrade | as a kill; the host is bounced with a node of the other release |
//! | step-down | an event for the task that owns the node |
//! | cut, isolate, swizzle | turmoil's one-way partition; dead streams are reset afterwards |
//! | clog | the receiver leaves what has arrived, and no connection is made |
//! | reset | sockets fail at both ends |
//! | stalls | the owner does nothing, or keeps turns, packets or completions back |
//! | skew | the clock that the owner hands to the node, and the length of its timers |
//! | heal all | the end of all of these |
//!
//! What differs from the direct driver: `agreement` in `zab-fuzz` measures it.
//!
//! - Two events of one microsecond may change places: at two servers, or two that reach one server from
//!   two others.
//! - Where a fault ends and several things that it withheld proceed at that instant, what only
//!   comes about at that instant may have another place among them.
//! - A read that immediately follows a `sync` may reach its server up to 100 µs late.
//!
//! What these differences come to, `docs/figures.md` says.
//!
//! Determinism: one thread, `biased` selects only, ordered maps, a fixed epoch, no failure rates,
//! equal least and greatest latency; nothing reads turmoil's random generator. A panic of any task
//! is a panic of the step.
//!
//! | file | what |
//! |---|---|
//! | `shared.rs` | what driver and hosts share |
//! | `step.rs` | which span a step covers |
//! | `platform.rs`, `net.rs`, `wire.rs` | the machine and the network under a shell |
//! | `partitions.rs`, `waits.rs` | one-way partitions; connections that are being made |
//! | `backend.rs`, `lifecycle.rs` | what faults and clients do to hosts and connections |
//! | `agenda.rs` | what the driver has to do later |
//! | `clients.rs` | the host of all clients |
//! | `booted.rs` | executions |

mod agenda;
mod backend;
mod booted;
mod clients;
mod lifecycle;
mod net;
mod partitions;
mod platform;
mod shared;
mod step;
#[cfg(test)]
mod tests;
mod waits;
mod wire;

pub use booted::Booted;

use crate::client::Client;
use crate::driver::Driver;
use crate::due::Effects;
use crate::keyed::Delays;
use crate::schedule::{Act, ClientOp, Directories, Workload};
use crate::{faults, lockers, sessions};
use agenda::Agenda;
use clients::Clients;
use partitions::Partitions;
use shared::{Handle, Shared};
use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::time::{Duration, UNIX_EPOCH};
use turmoil::Sim;
use zab_core::event::ExitReason;
use zab_core::variant::Releases;
use zab_core::{Config, Key, NodeId, Replica, Span, Time, View};

/// How much time of the world a step covers at most: what the fastest message between two servers
/// takes ([`Delays::latency`]).
pub const STEP_US: u64 = 200;

/// The same while a client waits: what the fastest answer takes ([`Delays::client_latency`]).
const STEP_OF_CLIENTS_US: u64 = 100;

/// What a step is for turmoil and the clocks of its hosts: their timers know no shorter time.
const TICK: Duration = Duration::from_millis(1);

/// How much time of the world the clocks of hosts count as a tick.
const TICK_US: u64 = 100;

/// The clients' host, as if it were a server.
const CLIENTS_HOST: u8 = 99;

/// How many segments a socket holds. The shells' queues are shorter.
const TCP_CAPACITY: usize = 4096;

/// How long turmoil takes for a span of the world, in whole ticks.
fn duration(span: Span) -> Duration {
    Duration::from_millis(span.0.div_ceil(TICK_US))
}

const fn address(host: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1 + host))
}

/// The server at an address; `None` for the clients.
fn server_at(address: IpAddr) -> Option<NodeId> {
    match address {
        IpAddr::V4(v4) if v4.octets()[3] <= CLIENTS_HOST => Some(NodeId(v4.octets()[3] - 1)),
        _ => None,
    }
}

/// A simulation.
pub struct Turmoil {
    sim: Sim<'static>,
    shared: Handle,
    config: Config,
    /// The servers have hosts.
    hosted: bool,
    clients: Clients,
    partitions: Partitions,
    /// What the driver has to do later.
    agenda: Agenda,
    /// The instant at which something happens, or that the world has come to.
    at: Time,
    /// Something was done that hosts have not reacted to.
    stirred: bool,
    /// Processes were launched that have not begun.
    launched: bool,
    /// A client has asked something.
    has_asked: bool,
    /// When a server dropped clients that waited, in the step under way.
    dropped: Option<Time>,
    /// What the clocks of hosts show, in the time of the world.
    hosts_at: Time,
}

impl Turmoil {
    /// An ensemble whose servers are down and have empty disks, and this many clients.
    pub fn new(config: Config, releases: Releases, clients: u8) -> Self {
        let sim = turmoil::Builder::new()
            .epoch(UNIX_EPOCH)
            .rng_seed(0)
            .tick_duration(TICK)
            .min_message_latency(TICK)
            .max_message_latency(TICK)
            .simulation_duration(Duration::MAX)
            .tcp_capacity(TCP_CAPACITY)
            .build();
        Self {
            sim,
            shared: Rc::new(RefCell::new(Shared::new(&config, releases))),
            config,
            hosted: false,
            clients: Clients::new(&config, clients),
            partitions: Partitions::default(),
            agenda: Agenda::default(),
            at: Time(0),
            stirred: true,
            launched: false,
            has_asked: false,
            dropped: None,
            hosts_at: Time(0),
        }
    }
}

impl Driver for Turmoil {
    fn config(&self) -> &Config {
        &self.config
    }

    fn now(&self) -> Time {
        self.at
    }

    fn step(&mut self, until: Time, fx: &mut Effects) -> u64 {
        self.move_on(until, fx)
    }

    fn is_up(&self, server: NodeId) -> bool {
        self.shared.borrow().cluster[server].is_up()
    }

    fn view(&self, server: NodeId) -> Option<View> {
        self.shared.borrow().hosts[server.index()].seen.map(|(view, _)| view)
    }

    fn replica(&self, server: NodeId) -> Option<Replica> {
        self.shared.borrow().hosts[server.index()].seen.map(|(_, replica)| replica)
    }

    fn refused_to_start(&self, server: NodeId) -> Option<ExitReason> {
        self.shared.borrow().cluster[server].refused()
    }

    fn client(&self, client: u8) -> &Client {
        self.clients.get(client)
    }

    fn set_seed(&mut self, seed: u64) {
        self.shared.borrow_mut().cluster.delays = Delays { seed };
    }

    fn set_directories(&mut self, directories: Directories) {
        self.shared.borrow_mut().cluster.set_directories(directories);
    }

    fn start_all(&mut self, fx: &mut Effects) {
        faults::start_all(self);
        self.clients.host(&mut self.sim, &self.shared, &self.config);
        self.hosted = true;
        self.collect(fx);
    }

    fn act(&mut self, act: Act, fx: &mut Effects) {
        faults::act(self, act);
        self.begin_launched();
        self.collect(fx);
    }

    fn heal(&mut self, fx: &mut Effects) {
        faults::heal(self);
        self.begin_launched();
        self.collect(fx);
    }

    fn begin_locks(&mut self, workload: Workload, fx: &mut Effects) {
        lockers::begin(self, workload);
        self.collect(fx);
    }

    fn calm_locks(&mut self, _: &mut Effects) {
        lockers::calm(self);
    }

    fn invoke(&mut self, who: (u8, NodeId), what: (ClientOp, Key), fx: &mut Effects) {
        sessions::invoke(self, who, what);
        self.collect(fx);
    }
}
