//! The actions of a schedule take effect here, and all faults end here: the counterpart of the
//! direct driver's `world/faults.rs` and `world/disturbances.rs`.

use super::Turmoil;
use crate::schedule::{Act, StallTarget};
use crate::shell::Event;
use std::rc::Rc;
use zab_checker::Fact;
use zab_core::{Key, Micros, NodeId};

/// What the driver has to do later.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Later {
    /// The process of a server that is down starts.
    Start { server: NodeId, life: u16 },
    /// A fault may have ended: what it withheld goes on.
    FaultEnds,
    /// A server's turn in a swizzle, unless healed since.
    Isolate { server: NodeId, span: Micros, heals: u16 },
    /// A client gives up.
    ClientTimeout { client: u8, cxid: u32 },
}

impl Turmoil {
    pub(super) fn carry_out(&mut self, later: Later) {
        match later {
            Later::Start { server, life } => {
                if self.shared.borrow().servers[server.index()].life == life {
                    self.start(server);
                }
            }
            Later::FaultEnds => {
                let shared = &mut *self.shared.borrow_mut();
                let now = shared.now;
                shared.servers.iter_mut().for_each(|server| server.clock.expire(now));
                shared.resume();
            }
            Later::Isolate { server, span, heals } => {
                if self.heals == heals {
                    self.isolate(server, span);
                }
            }
            Later::ClientTimeout { client, cxid } => self.give_up(client, cxid),
        }
    }

    pub(super) fn do_act(&mut self, act: Act) {
        let now = self.shared.borrow().now;
        let span = Micros(act.span_us());
        let until = now.after(span);
        match act {
            Act::Client { client, server, op, key } => {
                self.ask((client, NodeId(server)), (op, Key(key)));
            }
            Act::Crash { server, disk, down_us } => {
                self.lose_power(NodeId(server), disk, Micros(down_us));
            }
            Act::Restart { server, down_us } => self.kill(NodeId(server), Micros(down_us)),
            Act::StepDown { server } => {
                if self.tell(server, Event::StepDown) {
                    self.shared.borrow_mut().observe(NodeId(server), Fact::Fault("step-down"));
                }
            }
            Act::FlushError { server } => {
                self.tell(server, Event::DiskFails);
            }
            Act::Cut { from, to, both_ways, for_us: _ } => {
                self.cut(NodeId(from), NodeId(to), until);
                if both_ways {
                    self.cut(NodeId(to), NodeId(from), until);
                }
                self.begin_fault(from, "cut", until);
            }
            Act::Isolate { server, for_us: _ } => self.isolate(NodeId(server), span),
            Act::Clog { from, to, for_us: _ } => {
                self.shared.borrow_mut().links.clog(NodeId(from), NodeId(to), until);
                self.begin_fault(from, "clog", until);
            }
            Act::Drop { a, b } => {
                let shared = &mut *self.shared.borrow_mut();
                shared.observe(NodeId(a), Fact::Fault("connection reset"));
                shared.ends.reset(NodeId(a), NodeId(b));
            }
            Act::Swizzle { mask, for_us } => self.swizzle(mask, for_us),
            Act::StallNode { .. } | Act::StallActor { .. } | Act::StallDisk { .. } => {
                self.stall(act, until);
            }
            Act::Skew { server, per_mille, for_us: _ } => {
                self.shared.borrow_mut().server(NodeId(server)).clock.skew(now, per_mille, until);
                self.begin_fault(server, "clock skew", until);
            }
            Act::HealAll => {
                self.shared.borrow_mut().observe(None, Fact::Fault("heal all"));
                self.end_faults();
            }
        }
    }

    /// Tells the owner of a node something. False if there is no process.
    fn tell(&self, server: u8, event: Event) -> bool {
        let shared = self.shared.borrow();
        // An inbox that is full belongs to a process that is stalled.
        shared.servers[usize::from(server)]
            .inbox
            .as_ref()
            .is_some_and(|inbox| inbox.try_send(event).is_ok())
    }

    fn cut(&self, from: NodeId, to: NodeId, until: Micros) {
        let shared = &mut *self.shared.borrow_mut();
        shared.links.cut(from, to, until);
        shared.ends.kill(from, to);
        shared.want_partitions();
    }

    fn isolate(&mut self, id: NodeId, span: Micros) {
        let until = self.shared.borrow().now.after(span);
        for other in self.config.members().filter(|other| *other != id) {
            self.cut(id, other, until);
            self.cut(other, id, until);
        }
        self.begin_fault(id.0, "isolated", until);
    }

    fn swizzle(&mut self, mask: u8, for_us: u64) {
        let (now, delays) = (self.shared.borrow().now, self.shared.borrow().delays);
        let masked = |id: &NodeId| mask & 1 << id.0 != 0;
        let mut order: Vec<NodeId> = self.config.members().filter(masked).collect();
        order.sort_by_key(|id| delays.swizzle(now, *id));
        for (turn, server) in order.into_iter().enumerate() {
            let (span, heals) = (Micros(for_us), self.heals);
            let later = Later::Isolate { server, span, heals };
            match turn as u64 * for_us {
                0 => self.carry_out(later),
                wait => self.plan(now.after(Micros(wait)), later),
            }
        }
    }

    fn stall(&mut self, act: Act, until: Micros) {
        let name = {
            let shared = &mut *self.shared.borrow_mut();
            match act {
                Act::StallDisk { server, .. } => {
                    shared.server(NodeId(server)).stalls.stall_disk(until);
                    Some((server, "disk stalled"))
                }
                Act::StallNode { server, .. } => {
                    let state = shared.server(NodeId(server));
                    state.up.then(|| {
                        state.stalls.stall_node(until);
                        (server, "process stalled")
                    })
                }
                Act::StallActor { server, actor, .. } => {
                    let state = shared.server(NodeId(server));
                    state.up.then(|| {
                        state.stalls.stall_actor(actor, until);
                        (server, stalled(actor))
                    })
                }
                _ => None,
            }
        };
        if let Some((server, name)) = name {
            self.begin_fault(server, name, until);
        }
    }

    /// Notes that a fault is in force, and when that has to be looked at again.
    fn begin_fault(&mut self, server: u8, name: &'static str, until: Micros) {
        self.shared.borrow_mut().observe(NodeId(server), Fact::Fault(name));
        self.plan(until, Later::FaultEnds);
    }

    /// Every fault in force ends, and servers that are down start.
    pub(super) fn end_faults(&mut self) {
        self.heals = self.heals.wrapping_add(1);
        {
            let shared = &mut *self.shared.borrow_mut();
            let now = shared.now;
            shared.links.heal();
            for server in &mut shared.servers {
                server.stalls = Default::default();
                server.clock.heal(now);
                server.fails_next = false;
            }
        }
        self.resume();
        self.start_those_down();
    }

    pub(super) fn resume(&self) {
        self.shared.borrow_mut().resume();
    }
}

/// What a stall of an actor is called.
const fn stalled(actor: StallTarget) -> &'static str {
    match actor {
        StallTarget::Receiver => "receiver stalled",
        StallTarget::LogWriter => "log writer stalled",
        StallTarget::Committer => "committer stalled",
        StallTarget::Senders => "senders stalled",
    }
}

impl super::Shared {
    /// Links are partitioned that are cut, or lead to a machine without power.
    fn want_partitions(&mut self) {
        let Self { partitions, links, servers, now, .. } = self;
        let powered = |host: Option<u8>| host.is_none_or(|host| servers[usize::from(host)].powered);
        partitions.want(|from, to| {
            let cut = from.zip(to).is_some_and(|(a, b)| links.is_cut(*now, NodeId(a), NodeId(b)));
            cut || !powered(from) || !powered(to)
        });
    }

    /// Servers that can reach each other find out which connections are dead, and all that was
    /// withheld is tried again.
    fn resume(&mut self) {
        self.want_partitions();
        let mut ends = std::mem::take(&mut self.ends);
        ends.reset_dead(|a, b| self.are_in_touch(a, b));
        ends.wake_all();
        self.ends = ends;
        self.thawed.notify_waiters();
        self.servers.iter().for_each(|server| Rc::clone(&server.nudge).notify_one());
    }
}
