//! The actions of a schedule take effect here, and all faults end here: the counterpart of the
//! direct driver's `world/faults.rs` and `world/disturbances.rs`.

use super::Turmoil;
use crate::schedule::{Act, StallTarget};
use crate::shell::Event;
use std::collections::BTreeMap;
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
    /// The answer of a server arrives.
    Answer { client: u8, cxid: u32 },
    /// A client gives up.
    TimeOut { client: u8, cxid: u32 },
}

/// What the driver has to do later, by time, then by the order in which it was planned.
#[derive(Default)]
pub(super) struct Agenda {
    entries: BTreeMap<(Micros, u64), Later>,
    planned: u64,
}

impl Agenda {
    pub(super) fn plan(&mut self, at: Micros, later: Later) {
        self.entries.insert((at, self.planned), later);
        self.planned += 1;
    }

    pub(super) fn next_at(&self) -> Option<Micros> {
        self.entries.first_key_value().map(|((at, _), _)| *at)
    }

    pub(super) fn take_due(&mut self, now: Micros) -> Option<(Micros, Later)> {
        let entry = self.entries.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some((entry.key().0, entry.remove()))
    }
}

impl Turmoil {
    pub(super) fn carry_out(&mut self, at: Micros, later: Later) {
        match later {
            Later::Start { server, life } => {
                if self.shared.borrow().servers[server.index()].life == life {
                    self.start(server);
                }
            }
            Later::FaultEnds => {
                self.shared.borrow_mut().servers.iter_mut().for_each(|s| s.clock.expire(at));
                self.resume();
            }
            Later::Isolate { server, span, heals } => {
                if self.heals == heals {
                    self.isolate(server, span);
                }
            }
            Later::Answer { client, cxid } => self.on_answer(client, cxid, at),
            Later::TimeOut { client, cxid } => self.give_up(client, cxid, at),
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
                self.shared.borrow_mut().tell(NodeId(server), Event::StepDown);
            }
            Act::FlushError { server } => {
                self.shared.borrow_mut().tell(NodeId(server), Event::DiskFails);
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
                shared.observe(now, NodeId(a), Fact::Fault("connection reset"));
                shared.reset_between(NodeId(a), NodeId(b), now);
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
                self.shared.borrow_mut().observe(now, None, Fact::Fault("heal all"));
                self.end_faults();
            }
        }
    }

    fn cut(&mut self, from: NodeId, to: NodeId, until: Micros) {
        self.let_arrive();
        let shared = &mut *self.shared.borrow_mut();
        shared.links.cut(from, to, until);
        shared.wires.kill(from, to);
        self.partitions.enforce(&self.sim, shared);
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
            self.agenda.plan(now.after(Micros(turn as u64 * for_us)), later);
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
        let shared = &mut *self.shared.borrow_mut();
        shared.observe(shared.now, NodeId(server), Fact::Fault(name));
        self.agenda.plan(until, Later::FaultEnds);
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

    /// Servers that can reach each other find out which connections are dead, and all that was
    /// withheld is tried again.
    pub(super) fn resume(&mut self) {
        let shared = &mut *self.shared.borrow_mut();
        self.partitions.enforce(&self.sim, shared);
        shared.reset_dead();
        shared.thawed.notify_waiters();
        shared.servers.iter_mut().for_each(|server| server.resumes = true);
        self.stirred = true;
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
