//! Processes start, end of their own accord, are killed, or lose their power.

use super::World;
use crate::due::{Due, Effects};
use crate::schedule::CrashMode;
use zab_checker::Fact;
use zab_core::event::ExitReason;
use zab_core::{Input, Micros, Node, NodeId};

/// After this time a supervisor starts a server again whose process ended of its own accord.
pub const SUPERVISOR_DELAY: Micros = Micros::from_millis(50);

/// How the world ends a process.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Death {
    Killed,
    PowerLoss(CrashMode),
}

impl World {
    /// Starts every server that is down.
    pub fn start_all(&mut self, now: Micros, fx: &mut Effects) {
        self.config.members().for_each(|server| self.start(now, server, fx));
    }

    /// Starts the process of a server, if it is down.
    pub(super) fn start(&mut self, now: Micros, id: NodeId, fx: &mut Effects) {
        let server = &mut self.servers[id.index()];
        if server.up {
            return;
        }
        server.up = true;
        server.powered = true;
        server.refused = None;
        server.generations = [0; 2];
        server.node = Node::new(id, self.config, self.variant);
        let found = server.disk.recover().expect("no action damages what is durable");
        fx.observe(now, id, Fact::Started(Box::new(found.clone())));
        self.step(now, id, Input::Start(Box::new(found)), fx);
        self.resume(now, fx);
    }

    /// The process of a server ended of its own accord.
    pub(super) fn on_exit(
        &mut self,
        now: Micros,
        id: NodeId,
        reason: ExitReason,
        fx: &mut Effects,
    ) {
        let server = &mut self.servers[id.index()];
        server.refused = match reason {
            ExitReason::EpochBehindLog | ExitReason::AcceptedBelowCurrent => Some(reason),
            _ => None,
        };
        server.disk.lose_process();
        self.lose_process(now, id, false, fx);
        let life = self.servers[id.index()].life;
        fx.schedule(now.after(SUPERVISOR_DELAY), Due::Start { server: id, life });
    }

    /// Ends the process of a server that is up; it starts again after `down`.
    pub(super) fn kill(
        &mut self,
        now: Micros,
        id: NodeId,
        death: Death,
        down: Micros,
        fx: &mut Effects,
    ) {
        let server = &mut self.servers[id.index()];
        if !server.up {
            return;
        }
        let power_loss = match death {
            Death::Killed => {
                server.disk.lose_process();
                false
            }
            Death::PowerLoss(mode) => {
                if server.disk.lose_power(mode) {
                    fx.observe(now, id, Fact::Fault("record torn"));
                }
                true
            }
        };
        fx.observe(now, id, Fact::Crashed { power_loss });
        self.lose_process(now, id, power_loss, fx);
        let life = self.servers[id.index()].life;
        fx.schedule(now.after(down), Due::Start { server: id, life });
    }

    fn lose_process(&mut self, now: Micros, id: NodeId, power_loss: bool, fx: &mut Effects) {
        let server = &mut self.servers[id.index()];
        server.up = false;
        server.powered = !power_loss;
        server.life = server.life.wrapping_add(1);
        server.stalls.forget_process();
        self.mailboxes.lose(id);
        self.network.lose(now, id, power_loss, self.delays, fx);
        fx.touch(id);
    }
}
