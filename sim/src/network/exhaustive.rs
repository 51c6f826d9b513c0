//! What an explorer has to know of connections, and what it does to them: it takes what travels in any
//! order, and time stands still.

use super::{Connection, Flow, Item, Network};
use crate::due::Due;
use zab_core::canonical::{Canonical, Sink};
use zab_core::{ConnId, NodeId, Packet, Time};

/// One end of a connection, as far as it hears anything.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) conn: ConnId,
    pub(crate) end: u8,
    /// Who sends, and who receives.
    pub(crate) from: NodeId,
    pub(crate) to: NodeId,
    /// Which connection of the two servers it is, the oldest first.
    pub(crate) age: u8,
    /// What arrives next.
    pub(crate) next: Next,
    /// What is on the way may be lost, and this end be told so: the other end is closed, or what it
    /// sends is lost.
    pub(crate) may_break: bool,
}

/// What arrives next at an end of a connection.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Nothing,
    /// That the connection is there.
    Up,
    Packet,
    /// That it is gone.
    Down,
}

impl Network {
    /// Everything on the way may arrive now. Pings are left out: they keep a connection from being
    /// given up, and none is.
    pub(crate) fn stand_still(&mut self, now: Time) {
        for connection in self.slots.iter_mut().filter(|connection| !connection.is_free()) {
            connection.opened = now;
            for flow in &mut connection.flows {
                flow.items.retain(|(_, item)| *item != Item::Packet(Packet::Ping));
                flow.items.iter_mut().for_each(|(at, _)| *at = now);
                flow.armed &= !flow.items.is_empty();
            }
        }
    }

    /// Every end that hears something, in an order that does not depend on how connections are
    /// numbered.
    pub(crate) fn ends(&self) -> Vec<End> {
        let mut ends = Vec::new();
        let order = self.in_order();
        for (at, connection) in order.iter().enumerate() {
            let older = order[..at].iter().filter(|other| other.servers == connection.servers);
            let age =
                u8::try_from(older.count()).expect("servers give up connections that are dead");
            for end in [0, 1] {
                if connection.open[end] {
                    ends.push(connection.end(end, age));
                }
            }
        }
        ends
    }

    /// The connections that there are, older ones of two servers first.
    pub(crate) fn in_order(&self) -> Vec<&Connection> {
        let mut order: Vec<_> = self.slots.iter().filter(|slot| !slot.is_free()).collect();
        order.sort_unstable_by_key(|connection| (connection.servers, connection.id));
        order
    }

    /// That something is on the way, as a driver with a queue wants to know it.
    pub(crate) fn under_way(&self) -> impl Iterator<Item = Due> {
        self.slots.iter().filter(|slot| !slot.is_free()).flat_map(|connection| {
            let armed = [0, 1].into_iter().filter(|end| connection.flows[*end].armed);
            armed.map(|end| Due::Arrive { conn: connection.id, end: end as u8 })
        })
    }
}

impl Connection {
    pub(crate) const fn id(&self) -> ConnId {
        self.id
    }

    fn end(&self, end: usize, age: u8) -> End {
        let flow = &self.flows[end];
        let next = match flow.items.front() {
            None => Next::Nothing,
            Some((_, Item::Up)) => Next::Up,
            Some((_, Item::Packet(_))) => Next::Packet,
            Some((_, Item::Down | Item::Refused)) => Next::Down,
        };
        End {
            conn: self.id,
            end: end as u8,
            from: self.servers[1 - end],
            to: self.servers[end],
            age,
            next,
            may_break: flow.dead || !self.open[1 - end],
        }
    }
}

impl Canonical for Network {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        for connection in self.in_order() {
            let Connection { id: _, opened: _, servers, open, flows } = connection;
            sink.plain(&(servers, open));
            for Flow { items, armed: _, dead } in flows {
                sink.plain(&(dead, items.len()));
                items.iter().for_each(|(_, item)| sink.plain(item));
            }
        }
    }
}
