//! Processes start, end of their own accord, are killed, or lose their power.

use super::faults::Later;
use super::machine::SimMachine;
use super::net::SimNet;
use super::{Turmoil, address, leap};
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
        self.hosted = true;
    }

    /// Starts the process of a server in the next tick, if it is down.
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
            server.next_at = None;
            shared.touch(id);
        }
        if self.hosted {
            self.sim.bounce(address(id.0));
        } else {
            self.register(id);
        }
        self.resume();
    }

    /// Gives a server a host, which starts it.
    fn register(&mut self, id: NodeId) {
        let net = SimNet { shared: self.shared.clone(), me: Some(id) };
        let machine = SimMachine { shared: self.shared.clone(), id };
        let (config, variant) = (self.config, self.variant);
        self.sim.host(address(id.0), move || {
            let process = shell::serve(id, config, variant, net.clone(), machine.clone());
            let leaps = leap::follow(machine.shared.clone());
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
                std::mem::take(&mut server.exited).then_some((shared.now, shared.server(id).life))
            };
            if let Some((now, life)) = exited {
                self.plan(now.after(SUPERVISOR_DELAY), Later::Start { server: id, life });
            }
        }
    }

    /// Kills the process of a server that is up; it starts again after `down`.
    pub(super) fn kill(&mut self, id: NodeId, down: Micros) {
        if !self.shared.borrow().servers[id.index()].up {
            return;
        }
        // Sockets are closed, and what was written to them before arrives.
        self.sim.crash(address(id.0));
        self.shared.borrow_mut().server(id).disk.lose_process();
        self.note_death(id, false, down);
    }

    /// Takes the power of a server that is up; it is back after `down`.
    pub(super) fn lose_power(&mut self, id: NodeId, mode: CrashMode, down: Micros) {
        if !self.shared.borrow().servers[id.index()].up {
            return;
        }
        // What is on the way arrives: turmoil moves it to its receiver with the next message on
        // the link, which is what the crash sends to close a connection. That one is then lost
        // with the partition, so that nobody learns of the crash.
        self.sim.links(|links| {
            let of_it = |link: &turmoil::LinkIter<'_>| {
                let (a, b) = link.pair();
                a == address(id.0) || b == address(id.0)
            };
            links.filter(of_it).for_each(|link| link.deliver_all());
        });
        self.sim.crash(address(id.0));
        let others = self.config.members().filter(|other| *other != id);
        let hosts: Vec<u8> = others.map(|other| other.0).chain([super::CLIENTS_HOST]).collect();
        for host in hosts {
            self.sim.partition(address(id.0), address(host));
        }
        {
            let shared = &mut *self.shared.borrow_mut();
            shared.partitions.set_isolated(id.0);
            if shared.server(id).disk.lose_power(mode) {
                shared.observe(id, Fact::Fault("record torn"));
            }
            let servers = shared.servers.len() as u8;
            (0..servers).for_each(|other| shared.ends.kill(id, NodeId(other)));
        }
        self.note_death(id, true, down);
    }

    fn note_death(&mut self, id: NodeId, power_loss: bool, down: Micros) {
        let (now, life) = {
            let shared = &mut *self.shared.borrow_mut();
            shared.observe(id, Fact::Crashed { power_loss });
            shared.lose_process(id, power_loss);
            (shared.now, shared.server(id).life)
        };
        self.plan(now.after(down), Later::Start { server: id, life });
    }
}
