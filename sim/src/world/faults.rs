//! The actions of a schedule take effect here, and all faults end here.
//!
//! Faults with a duration are kept as the instant at which they end; at that instant a
//! [`Due::FaultEnds`] lets go on what they withheld.

use super::World;
use super::lifecycle::Death;
use crate::due::{Due, Effects};
use crate::schedule::{Act, StallTarget};
use zab_checker::Fact;
use zab_core::{Key, Micros, NodeId};

impl World {
    /// An action of a schedule happens. Its numbers must be valid for this ensemble.
    pub fn act(&mut self, now: Micros, act: Act, fx: &mut Effects) {
        let until = now.after(Micros(act.span_us()));
        match act {
            Act::Client { client, server, op, key } => {
                self.invoke(now, (client, NodeId(server)), (op, Key(key)), fx);
            }
            Act::Crash { server, disk, down_us } => {
                let death = Death::PowerLoss(disk);
                self.kill(now, NodeId(server), death, Micros(down_us), fx);
            }
            Act::Restart { server, down_us } => {
                self.kill(now, NodeId(server), Death::Killed, Micros(down_us), fx);
            }
            Act::StepDown { server } => {
                let (server, life) = self.process(server);
                fx.schedule(now, Due::StepDown { server, life });
            }
            // Where no process asks anything of the disk, nobody is told of an error.
            Act::FlushError { server } if !self.is_up(NodeId(server)) => {}
            Act::FlushError { server } => {
                let (server, life) = self.process(server);
                fx.schedule(now, Due::DiskFail { server, life });
            }
            Act::Cut { .. }
            | Act::Isolate { .. }
            | Act::Clog { .. }
            | Act::Drop { .. }
            | Act::Swizzle { .. } => self.disturb_network(now, act, until, fx),
            Act::StallNode { .. } | Act::StallActor { .. } | Act::StallDisk { .. } => {
                self.stall(now, act, until, fx);
            }
            Act::Skew { server, per_mille, for_us: _ } => {
                self.servers[usize::from(server)].clock.skew(now, per_mille, until);
                self.begin_fault(now, server, "clock skew", until, fx);
            }
            Act::HealAll => {
                fx.observe(now, None, Fact::Fault("heal all"));
                self.end_faults(now, fx);
            }
        }
    }

    /// Every fault in force ends, and servers that are down start: the chaos is over.
    pub fn heal(&mut self, now: Micros, fx: &mut Effects) {
        fx.observe(now, None, Fact::Healed);
        self.end_faults(now, fx);
    }

    /// The time of some fault is over: what it withheld goes on, unless another one stands in the
    /// way.
    pub(super) fn on_fault_ends(&mut self, now: Micros, fx: &mut Effects) {
        self.servers.iter_mut().for_each(|server| server.clock.expire(now));
        self.resume(now, fx);
    }

    /// Servers that can reach each other find out which connections are dead, and all that was
    /// withheld is tried again.
    pub(super) fn resume(&mut self, now: Micros, fx: &mut Effects) {
        let Self { servers, links, network, .. } = self;
        let in_touch = |a: NodeId, b: NodeId| {
            let powered = servers[a.index()].powered && servers[b.index()].powered;
            powered && !links.is_cut_either_way(now, a, b)
        };
        network.reset_dead(now, in_touch, self.delays, fx);
        self.parked.drain(..).for_each(|due| fx.schedule(now, due));
        for from in self.config.members() {
            self.config.members().for_each(|to| self.connect_mailbox(now, from, to, fx));
        }
    }

    /// Makes the connection that the newest notification of a pair waits for, if that can be.
    pub(super) fn connect_mailbox(
        &mut self,
        now: Micros,
        from: NodeId,
        to: NodeId,
        fx: &mut Effects,
    ) {
        if self.is_up(to) && !self.links.is_cut_either_way(now, from, to) {
            self.mailboxes.connect(now, from, to, fx);
        }
    }

    /// Notes that a fault is in force, and when that has to be looked at again.
    pub(super) fn begin_fault(
        &self,
        now: Micros,
        server: u8,
        name: &'static str,
        until: Micros,
        fx: &mut Effects,
    ) {
        fx.observe(now, NodeId(server), Fact::Fault(name));
        fx.schedule(until, Due::FaultEnds);
    }

    fn end_faults(&mut self, now: Micros, fx: &mut Effects) {
        self.heals = self.heals.wrapping_add(1);
        self.links.heal();
        for server in &mut self.servers {
            server.stalls = Default::default();
            server.clock.heal(now);
            server.fails_next = false;
        }
        self.resume(now, fx);
        self.start_all(now, fx);
    }

    fn stall(&mut self, now: Micros, act: Act, until: Micros, fx: &mut Effects) {
        let (id, name) = match act {
            Act::StallDisk { server, .. } => {
                self.servers[usize::from(server)].stalls.stall_disk(until);
                (server, "disk stalled")
            }
            Act::StallNode { server, .. } if self.is_up(NodeId(server)) => {
                self.servers[usize::from(server)].stalls.stall_node(until);
                (server, "process stalled")
            }
            Act::StallActor { server, actor, .. } if self.is_up(NodeId(server)) => {
                self.servers[usize::from(server)].stalls.stall_actor(actor, until);
                let name = match actor {
                    StallTarget::Receiver => "receiver stalled",
                    StallTarget::LogWriter => "log writer stalled",
                    StallTarget::Committer => "committer stalled",
                    StallTarget::Senders => "senders stalled",
                };
                (server, name)
            }
            _ => return, // There is no process that could be stalled.
        };
        self.begin_fault(now, id, name, until, fx);
    }

    /// The process that a server runs now.
    fn process(&self, server: u8) -> (NodeId, u16) {
        (NodeId(server), self.servers[usize::from(server)].life)
    }
}
