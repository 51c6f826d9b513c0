//! The actions that disturb the network.

use super::World;
use crate::due::{Due, Effects};
use crate::schedule::{Act, GRAIN_US};
use zab_checker::Fact;
use zab_core::{Micros, NodeId};

impl World {
    pub(super) fn disturb_network(
        &mut self,
        now: Micros,
        act: Act,
        until: Micros,
        fx: &mut Effects,
    ) {
        match act {
            Act::Cut { from, to, both_ways, for_us: _ } => {
                self.cut(NodeId(from), NodeId(to), until);
                if both_ways {
                    self.cut(NodeId(to), NodeId(from), until);
                }
                self.begin_fault(now, from, "cut", until, fx);
            }
            Act::Isolate { server, for_us } => {
                self.isolate(now, NodeId(server), grains(for_us), fx);
            }
            Act::Clog { from, to, for_us: _ } => {
                self.links.clog(NodeId(from), NodeId(to), until);
                self.begin_fault(now, from, "clog", until, fx);
            }
            Act::Drop { a, b } => {
                fx.observe(now, NodeId(a), Fact::Fault("connection reset"));
                self.network.reset_between(now, NodeId(a), NodeId(b), fx);
                for (from, to) in [(a, b), (b, a)].map(|(a, b)| (NodeId(a), NodeId(b))) {
                    self.mailboxes.unlink(from, to);
                    self.connect_mailbox(now, from, to, fx);
                }
            }
            Act::Swizzle { mask, for_us } => self.swizzle(now, mask, for_us, fx),
            _ => unreachable!("{act:?} leaves the network alone"),
        }
    }

    /// Cuts a server off from all others for this long.
    pub(super) fn isolate(&mut self, now: Micros, id: NodeId, grains: u16, fx: &mut Effects) {
        let until = now.after(Micros(u64::from(grains) * GRAIN_US));
        for other in self.config.members().filter(|other| *other != id) {
            self.cut(id, other, until);
            self.cut(other, id, until);
        }
        self.begin_fault(now, id.0, "isolated", until, fx);
    }

    fn cut(&mut self, from: NodeId, to: NodeId, until: Micros) {
        self.links.cut(from, to, until);
        self.network.cut(from, to);
        self.mailboxes.unlink(from, to);
    }

    fn swizzle(&self, now: Micros, mask: u8, for_us: u64, fx: &mut Effects) {
        let masked = |id: &NodeId| mask & 1 << id.0 != 0;
        let mut order: Vec<NodeId> = self.config.members().filter(masked).collect();
        order.sort_by_key(|id| self.delays.swizzle(now, *id));
        for (turn, server) in order.into_iter().enumerate() {
            let at = now.after(Micros(for_us * turn as u64));
            let (grains, heals) = (grains(for_us), self.heals);
            fx.schedule(at, Due::Isolate { server, grains, heals });
        }
    }
}

fn grains(us: u64) -> u16 {
    u16::try_from(us / GRAIN_US).expect("durations of a valid schedule are bounded")
}
