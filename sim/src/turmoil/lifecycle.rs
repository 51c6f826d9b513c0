//! Processes start, end of their own accord, are killed, or lose their power.

use super::faults::Later;
use super::machine::SimMachine;
use super::net::SimNet;
use super::{Turmoil, address, waits};
use crate::schedule::CrashMode;
use crate::shell;
use crate::world::SUPERVISOR_DELAY;
use zab_checker::Fact;
use zab_core::{Micros, NodeId};

impl Turmoil {
    /// Starts every server that is down.
    pub(super) fn start_those_down(&mut self) {
        for server in self.config.members() {
            self.start(server);
        }
        self.clients.host(&mut self.sim, &self.shared, &self.config);
        self.hosted = true;
    }

    /// Starts the process of a server in the next step, if it is down.
    pub(super) fn start(&mut self, id: NodeId) {
        {
            let shared = &mut *self.shared.borrow_mut();
            let server = shared.server(id);
            if server.up {
                return;
            }
            server.up = true;
            server.powered = true;
            server.refused = None;
            shared.touch(id);
        }
        if self.hosted {
            self.sim.bounce(address(id.0));
        } else {
            self.register(id);
        }
        self.stirred = true;
        self.resume();
    }

    /// Gives a server a host, which starts it.
    fn register(&mut self, id: NodeId) {
        let net = SimNet { shared: self.shared.clone(), me: Some(id) };
        let machine = SimMachine { shared: self.shared.clone(), id };
        let (config, variant) = (self.config, self.variant);
        self.sim.host(address(id.0), move || {
            let process = shell::serve(id, config, variant, net.clone(), machine.clone());
            let leaps = waits::follow(machine.shared.clone());
            async move {
                tokio::task::spawn_local(leaps);
                process.await?;
                Ok(())
            }
        });
    }

    /// Processes that ended of their own accord are started again by their supervisors.
    pub(super) fn note_exits(&mut self) {
        for id in self.config.members() {
            let exited = {
                let shared = &mut *self.shared.borrow_mut();
                let server = shared.server(id);
                server.exited.take().map(|at| (at, server.life))
            };
            if let Some((at, life)) = exited {
                self.agenda.plan(at.after(SUPERVISOR_DELAY), Later::Start { server: id, life });
            }
        }
    }

    /// Kills the process of a server that is up; it starts again after `down`.
    pub(super) fn kill(&mut self, id: NodeId, down: Micros) {
        if !self.shared.borrow().servers[id.index()].up {
            return;
        }
        self.let_arrive();
        self.shared.borrow_mut().server(id).disk.lose_process();
        self.note_death(id, false, down);
        // Sockets are closed.
        self.sim.crash(address(id.0));
    }

    /// Takes the power of a server that is up; it is back after `down`.
    pub(super) fn lose_power(&mut self, id: NodeId, mode: CrashMode, down: Micros) {
        if !self.shared.borrow().servers[id.index()].up {
            return;
        }
        self.let_arrive();
        {
            let shared = &mut *self.shared.borrow_mut();
            if shared.server(id).disk.lose_power(mode) {
                let now = shared.now;
                shared.observe(now, id, Fact::Fault("record torn"));
            }
        }
        self.note_death(id, true, down);
        // Nobody is told: the partition loses what turmoil sends to close the sockets.
        self.partitions.enforce(&self.sim, &self.shared.borrow());
        self.sim.crash(address(id.0));
    }

    fn note_death(&mut self, id: NodeId, power_loss: bool, down: Micros) {
        let shared = &mut *self.shared.borrow_mut();
        let now = shared.now;
        shared.observe(now, id, Fact::Crashed { power_loss });
        shared.lose_process(id, now, power_loss);
        let life = shared.server(id).life;
        self.agenda.plan(now.after(down), Later::Start { server: id, life });
    }
}
