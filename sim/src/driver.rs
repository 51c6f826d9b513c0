//! What an execution needs of whatever runs the simulation.
//!
//! The five phases are written once, in `run`, over this. [`Direct`](crate::Direct) has a queue of
//! what falls due; the turmoil driver has hosts, sockets and ticks.

use crate::client::Client;
use crate::due::Effects;
use crate::schedule::{Act, ClientOp, Directories, Workload};
use zab_checker::Fact;
use zab_core::event::ExitReason;
use zab_core::{Config, Key, NodeId, Replica, Time, View};

/// A simulation under way.
pub trait Driver {
    /// The settings of the ensemble.
    fn config(&self) -> &Config;

    /// The time of the world.
    fn now(&self) -> Time;

    /// Lets something happen that falls due until then, and says how many inputs that were; with
    /// 0 there was nothing left, and that time has come.
    fn step(&mut self, until: Time, fx: &mut Effects) -> u64;

    /// Whether a server's process is running.
    fn is_up(&self, server: NodeId) -> bool;

    /// What can be seen of a server; `None` if it is down.
    fn view(&self, server: NodeId) -> Option<View>;

    /// Whether a server is up and serves clients.
    fn is_serving(&self, server: NodeId) -> bool {
        self.view(server).is_some_and(|view| view.serving)
    }

    /// The memory of a server; `None` if it is down.
    fn replica(&self, server: NodeId) -> Option<Replica>;

    /// Why a server's last process refused to start, if it did.
    fn refused_to_start(&self, server: NodeId) -> Option<ExitReason>;

    /// A client.
    fn client(&self, client: u8) -> &Client;

    /// From here on, delays are keyed by this seed.
    fn set_seed(&mut self, seed: u64);

    /// From here on names of files are durable once this says so. What was written before is.
    fn set_directories(&mut self, directories: Directories);

    /// Starts every server that is down.
    fn start_all(&mut self, fx: &mut Effects);

    /// An action of a schedule happens.
    fn act(&mut self, act: Act, fx: &mut Effects);

    /// Every fault in force ends, and servers that are down start.
    fn heal(&mut self, fx: &mut Effects);

    /// From here on clients queue for the lock.
    fn begin_locks(&mut self, workload: Workload, fx: &mut Effects);

    /// From here on those that do keep alive what they have, and change nothing.
    fn calm_locks(&mut self, fx: &mut Effects);

    /// A client starts an operation, unless one is open.
    fn invoke(&mut self, who: (u8, NodeId), what: (ClientOp, Key), fx: &mut Effects);

    /// States a fact about the execution.
    fn state(&mut self, node: Option<NodeId>, fact: Fact, fx: &mut Effects) {
        fx.observe(self.now(), node, fact);
    }
}
