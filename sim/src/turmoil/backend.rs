//! What faults and clients do to turmoil: to its hosts, its partitions, and the connections on them.

use super::{Turmoil, address};
use crate::backend::Backend;
use crate::client::{Client, Open};
use crate::cluster::Cluster;
use crate::due::Later;
use crate::lockers::Locker;
use crate::shell::Event;
use crate::shell::codec::Frame;
use crate::shell::event::{Stamped, When};
use std::cell::RefMut;
use std::ops::DerefMut;
use zab_checker::Fact;
use zab_core::{NodeId, Purge, RequestId, Time, Zxid};

impl Backend for Turmoil {
    fn now(&self) -> Time {
        self.at
    }

    fn cluster(&mut self) -> impl DerefMut<Target = Cluster> {
        RefMut::map(self.shared.borrow_mut(), |shared| &mut shared.cluster)
    }

    fn sessions(&mut self) -> &mut [Client] {
        self.clients.sessions_mut()
    }

    fn lockers(&mut self) -> &mut Vec<Locker> {
        self.clients.lockers_mut()
    }

    fn observe(&mut self, node: Option<NodeId>, fact: Fact) {
        self.shared.borrow_mut().observe(self.at, node, fact);
    }

    fn plan(&mut self, at: Time, later: Later) {
        self.agenda.plan(at, later);
    }

    /// The host starts in the next step.
    fn launch(&mut self, id: NodeId) {
        let at = self.at;
        {
            let shared = &mut *self.shared.borrow_mut();
            shared.touch(id);
            shared.host(id).launched = at;
        }
        if self.hosted {
            self.sim.bounce(address(id.0));
            self.launched = true;
        } else {
            self.register(id);
        }
        self.stirred = true;
    }

    fn step_down(&mut self, id: NodeId) {
        self.shared.borrow_mut().tell(id, Event::StepDown);
    }

    fn purged(&mut self, id: NodeId, purge: Purge) {
        self.shared.borrow_mut().host(id).purges.push_back(purge);
    }

    fn let_arrive(&mut self) {
        self.step_turmoil();
    }

    fn disconnect(&mut self, id: NodeId, power_loss: bool) {
        {
            let shared = &mut *self.shared.borrow_mut();
            shared.disconnect(id, self.at, power_loss);
            if power_loss {
                // Nobody is told: the partition loses what turmoil sends to close the sockets.
                self.partitions.enforce(&self.sim, shared);
            }
        }
        self.sim.crash(address(id.0));
    }

    fn cut(&mut self, from: NodeId, to: NodeId) {
        let shared = &mut *self.shared.borrow_mut();
        shared.wires.kill(from, to);
        self.partitions.enforce(&self.sim, shared);
    }

    fn reset(&mut self, a: NodeId, b: NodeId) {
        self.shared.borrow_mut().reset_between(a, b, self.at);
    }

    fn resume(&mut self) {
        let shared = &mut *self.shared.borrow_mut();
        self.partitions.enforce(&self.sim, shared);
        shared.reset_dead();
        shared.thawed.notify_waiters();
        shared.hosts.iter_mut().for_each(|host| host.resumes = true);
        self.stirred = true;
    }

    fn send(&mut self, at: Time, open: Open, last_seen: Zxid) {
        let Open { request, op, server, .. } = open;
        let what = Frame::Ask { request, last_seen, op };
        let when = When { at, sent: self.at };
        self.clients.ask(server, Stamped { when, what });
        self.has_asked = true;
        self.stirred = true;
    }

    fn abandon(&mut self, request: RequestId) {
        self.shared.borrow_mut().given_up.insert(request);
    }
}
