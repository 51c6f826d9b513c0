//! A world as far as it makes a difference while time stands still.

use super::World;
use zab_core::canonical::{Canonical, Sink};

impl Canonical for World {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        // Who lets time stand still has no clients that queue for the lock.
        let Self {
            config: _,
            cluster,
            processes,
            network,
            mailboxes,
            clients,
            lockers: _,
            parked: _,
        } = self;
        let conns = network.in_order().into_iter().map(|connection| connection.id()).collect();
        sink.numbers().conns = conns;
        for (id, process) in cluster.members().zip(processes) {
            let machine = &cluster[id];
            let lsns = &mut sink.numbers().lsns;
            lsns.clear();
            lsns.extend(machine.awaited());
            machine.canonical(sink);
            if machine.is_up() {
                process.node.canonical(sink);
            }
        }
        network.canonical(sink);
        if sink.hears_elections() {
            mailboxes.canonical(sink);
        }
        for client in clients {
            client.canonical(|server, life| self.is_alive(server, life), sink);
        }
    }
}
