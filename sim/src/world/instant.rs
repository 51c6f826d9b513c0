//! A world at an instant: what faults and clients do to it in the direct driver.

use super::World;
use super::process::Process;
use crate::backend::Backend;
use crate::client::{Client, Open};
use crate::cluster::Cluster;
use crate::due::{Due, Effects, Later};
use crate::lockers::Locker;
use std::ops::DerefMut;
use zab_checker::Fact;
use zab_core::{Input, NodeId, Purge, Time, Zxid};

/// A world, the time, and what comes of what happens now.
pub(super) struct Instant<'a> {
    pub(super) world: &'a mut World,
    pub(super) now: Time,
    pub(super) fx: &'a mut Effects,
}

impl Backend for Instant<'_> {
    fn now(&self) -> Time {
        self.now
    }

    fn cluster(&mut self) -> impl DerefMut<Target = Cluster> {
        &mut self.world.cluster
    }

    fn sessions(&mut self) -> &mut [Client] {
        &mut self.world.clients
    }

    fn lockers(&mut self) -> &mut Vec<Locker> {
        &mut self.world.lockers
    }

    fn observe(&mut self, node: Option<NodeId>, fact: Fact) {
        self.fx.observe(self.now, node, fact);
    }

    fn plan(&mut self, at: Time, later: Later) {
        self.fx.schedule(at, Due::Later(later));
    }

    fn launch(&mut self, id: NodeId) {
        let Self { world, now, fx } = self;
        let node = world.cluster.process(id, world.config);
        world.processes[id.index()] = Process::new(node);
        let found = world.cluster[id].recover();
        fx.observe(*now, id, Fact::Started(Box::new(found.clone())));
        world.step(*now, id, Input::Start(Box::new(found)), fx);
    }

    fn step_down(&mut self, server: NodeId) {
        let life = self.world.cluster[server].life();
        self.fx.schedule(self.now, Due::StepDown { server, life });
    }

    fn purged(&mut self, id: NodeId, purge: Purge) {
        let Self { world, now, fx } = self;
        world.step(*now, id, Input::Purged(purge), fx);
    }

    fn disconnect(&mut self, id: NodeId, power_loss: bool) {
        let Self { world, now, fx } = self;
        world.mailboxes.lose(id);
        world.network.lose(*now, id, power_loss, world.cluster.delays, fx);
        fx.touch(id);
    }

    fn cut(&mut self, from: NodeId, to: NodeId) {
        self.world.network.cut(from, to);
        self.world.mailboxes.unlink(from, to);
    }

    fn reset(&mut self, a: NodeId, b: NodeId) {
        self.world.network.reset_between(self.now, a, b, self.fx);
        for (from, to) in [(a, b), (b, a)] {
            self.world.mailboxes.unlink(from, to);
            self.world.connect_mailbox(self.now, from, to, self.fx);
        }
    }

    fn resume(&mut self) {
        let Self { world, now, fx } = self;
        let World { cluster, network, parked, .. } = &mut **world;
        let in_touch = |a, b| cluster.are_in_touch(*now, a, b);
        network.reset_dead(*now, in_touch, cluster.delays, fx);
        parked.drain(..).for_each(|due| fx.schedule(*now, due));
        for from in world.config.members() {
            world.config.members().for_each(|to| world.connect_mailbox(*now, from, to, fx));
        }
    }

    fn send(&mut self, at: Time, open: Open, _last_seen: Zxid) {
        let Open { request, .. } = open;
        let (client, cxid) = (request.session.client(), request.cxid);
        self.fx.schedule(at, Due::Request { client, cxid });
    }
}
