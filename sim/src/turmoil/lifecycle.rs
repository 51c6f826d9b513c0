//! Processes get hosts, and those that exited are started again.

use super::net::SimNet;
use super::platform::SimPlatform;
use super::{Turmoil, address, waits};
use crate::{faults, shell};
use zab_core::NodeId;

impl Turmoil {
    /// Gives a server a host, which starts it.
    pub(super) fn register(&mut self, id: NodeId) {
        let net = SimNet { shared: self.shared.clone(), me: Some(id) };
        let platform = SimPlatform { shared: self.shared.clone(), id };
        let config = self.config;
        self.sim.host(address(id.0), move || {
            let node = platform.shared.borrow().cluster.process(id, config);
            let process = shell::serve(id, config, node, net.clone(), platform.clone());
            let leaps = waits::follow(platform.shared.clone());
            async move {
                tokio::task::spawn_local(leaps);
                process.await?;
                Ok(())
            }
        });
    }

    /// Processes that an action has launched read their disks before anybody asks whether they are up: one
    /// that refuses to start is gone at the instant at which it was launched.
    pub(super) fn begin_launched(&mut self) {
        if std::mem::take(&mut self.launched) {
            self.step_turmoil();
        }
    }

    /// Processes that exited by themselves are started again by their supervisors.
    pub(super) fn note_exits(&mut self) {
        let shared = &mut *self.shared.borrow_mut();
        for id in self.config.members() {
            if let Some(exited) = shared.host(id).exited.take() {
                let (at, start) = faults::restart(exited, id, shared.cluster[id].life());
                self.agenda.plan(at, start);
            }
        }
    }
}
