//! The turmoil driver: the shell on turmoil's hosts, TCP and clock, under the same schedules.
//!
//! One host for each server and one for all clients. Between two ticks the driver carries out what
//! the schedule wants; within a tick only hosts do something. The time of the world stands still
//! for that long: [`TICK_US`] microseconds of it are one millisecond of turmoil's.
//!
//! How actions are realised; their times and ends are rounded up to the next tick:
//!
//! | action | here |
//! |---|---|
//! | client operation | a frame on the clients' TCP connection to the server |
//! | crash | the host is partitioned and crashed; [`SimDisk`](crate::SimDisk) decides what stays |
//! | restart | the host is crashed, so peers see FIN or RST; page cache survives |
//! | start, supervisor | the host is bounced |
//! | step-down, flush error | an event for the task that owns the node |
//! | cut, isolate, swizzle | turmoil's one-way partition; dead streams are reset afterwards |
//! | clog | the receiver's socket yields nothing, and no connection is made |
//! | drop | sockets fail at both ends |
//! | stalls | the owner does nothing, or keeps turns, packets or completions back |
//! | skew | the clock that the owner hands to the node, and the length of its timers |
//! | heal all | the end of all of these |
//!
//! What differs from the direct driver, and why verdicts on a schedule may differ: everything
//! takes whole ticks, a message between two servers always exactly one, so that orders within a
//! tick are not explored; connections take a handshake; a learner's first frame comes a tick after
//! its connection; a client that is told something by a process that is killed right then has
//! been told.
//!
//! Determinism: one thread, `biased` selects only, ordered maps, a fixed epoch, no failure rates,
//! equal least and greatest latency; nothing reads turmoil's random generator. A panic of any task
//! is a panic of the step.
//!
//! | file | what |
//! |---|---|
//! | `shared.rs` | what driver and hosts share |
//! | `machine.rs`, `net.rs`, `wire.rs` | the machine and the network under a shell |
//! | `partitions.rs` | one-way partitions |
//! | `leap.rs` | ticks in which nothing can happen are skipped |
//! | `faults.rs`, `lifecycle.rs` | the actions of a schedule |
//! | `clients.rs` | sessions |
//! | `booted.rs` | executions |

mod booted;
mod clients;
mod faults;
mod leap;
mod lifecycle;
mod machine;
mod net;
mod partitions;
mod shared;
#[cfg(test)]
mod tests;
mod wire;

pub use booted::Booted;

use crate::client::Client;
use crate::driver::Driver;
use crate::due::Effects;
use crate::keyed::Delays;
use crate::schedule::{Act, ClientOp};
use clients::Clients;
use faults::Later;
use shared::{Handle, Shared};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::time::{Duration, UNIX_EPOCH};
use turmoil::Sim;
use zab_checker::Fact;
use zab_core::event::ExitReason;
use zab_core::{Config, Key, Micros, NodeId, Replica, Variant, View};

/// How much time passes in the world in one tick: about what a message takes on average in the
/// direct driver. Idle ticks are skipped, so a finer tick costs less than it seems.
pub const TICK_US: u64 = 500;

/// There and back between two servers.
const RTT: Micros = Micros(2 * TICK_US);

/// A tick of turmoil: its timers know no shorter time.
const TICK: Duration = Duration::from_millis(1);

/// The clients' host, as if it were a server.
const CLIENTS_HOST: u8 = 99;

/// How many segments a socket holds. The shells' queues are shorter.
const TCP_CAPACITY: usize = 4096;

/// How long turmoil takes for a span of the world, in whole ticks.
fn duration(span: Micros) -> Duration {
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
    variant: Variant,
    /// The servers have hosts.
    hosted: bool,
    clients: Clients,
    /// What the driver has to do later.
    agenda: BTreeMap<(Micros, u64), Later>,
    planned: u64,
    /// How often all faults were ended.
    heals: u16,
    /// The schedule has done something since the last tick.
    stirred: bool,
}

impl Turmoil {
    /// An ensemble whose servers are down and have empty disks, and this many clients.
    pub fn new(config: Config, variant: Variant, clients: u8) -> Self {
        let mut sim = turmoil::Builder::new()
            .epoch(UNIX_EPOCH)
            .rng_seed(0)
            .tick_duration(TICK)
            .min_message_latency(TICK)
            .max_message_latency(TICK)
            .simulation_duration(Duration::MAX)
            .tcp_capacity(TCP_CAPACITY)
            .build();
        let shared = Rc::new(RefCell::new(Shared::new(&config)));
        let clients = Clients::new(&mut sim, &shared, &config, clients);
        Self {
            sim,
            shared,
            config,
            variant,
            hosted: false,
            clients,
            agenda: BTreeMap::new(),
            planned: 0,
            heals: 0,
            stirred: true,
        }
    }

    /// Something has to be done at that time.
    fn plan(&mut self, at: Micros, later: Later) {
        self.agenda.insert((at, self.planned), later);
        self.planned += 1;
    }

    /// One tick, or as many as nothing happens in: the hosts run, then what is due.
    fn tick(&mut self, until: Micros, fx: &mut Effects) -> u64 {
        let ticks = self.idle_ticks(until);
        if ticks > 1 {
            self.shared.borrow_mut().waits.leap(ticks);
        }
        self.stirred = false;
        if let Err(error) = self.sim.step() {
            panic!("a task of the shell failed: {error}");
        }
        let inputs = {
            let shared = &mut *self.shared.borrow_mut();
            shared.now = shared.now.after(Micros(ticks * TICK_US));
            std::mem::take(&mut shared.inputs)
        };
        self.hear_answers();
        self.note_exits();
        let now = self.now();
        while let Some(entry) = self.agenda.first_entry().filter(|entry| entry.key().0 <= now) {
            let later = entry.remove();
            self.carry_out(later);
            self.stirred = true;
        }
        self.collect(fx);
        inputs.max(1)
    }

    /// Something was done from outside.
    fn stir(&mut self, fx: &mut Effects) {
        self.stirred = true;
        self.collect(fx);
    }

    /// Hands on what was observed.
    fn collect(&self, fx: &mut Effects) {
        let shared = &mut *self.shared.borrow_mut();
        fx.evidence.append(&mut shared.evidence);
        fx.touched |= std::mem::take(&mut shared.touched);
    }
}

impl Driver for Turmoil {
    fn config(&self) -> &Config {
        &self.config
    }

    fn now(&self) -> Micros {
        self.shared.borrow().now
    }

    fn step(&mut self, until: Micros, fx: &mut Effects) -> u64 {
        if self.now() < until { self.tick(until, fx) } else { 0 }
    }

    fn is_up(&self, server: NodeId) -> bool {
        self.shared.borrow().servers[server.index()].up
    }

    fn view(&self, server: NodeId) -> Option<View> {
        self.shared.borrow().servers[server.index()].seen.map(|(view, _)| view)
    }

    fn replica(&self, server: NodeId) -> Option<Replica> {
        self.shared.borrow().servers[server.index()].seen.map(|(_, replica)| replica)
    }

    fn refused_to_start(&self, server: NodeId) -> Option<ExitReason> {
        self.shared.borrow().servers[server.index()].refused
    }

    fn client(&self, client: u8) -> &Client {
        self.clients.get(client)
    }

    fn set_seed(&mut self, seed: u64) {
        self.shared.borrow_mut().delays = Delays { seed };
    }

    fn start_all(&mut self, fx: &mut Effects) {
        self.start_those_down();
        self.stir(fx);
    }

    fn act(&mut self, act: Act, fx: &mut Effects) {
        self.do_act(act);
        self.stir(fx);
    }

    fn heal(&mut self, fx: &mut Effects) {
        self.shared.borrow_mut().observe(None, Fact::Healed);
        self.end_faults();
        self.stir(fx);
    }

    fn invoke(&mut self, who: (u8, NodeId), what: (ClientOp, Key), fx: &mut Effects) {
        self.ask(who, what);
        self.stir(fx);
    }
}
