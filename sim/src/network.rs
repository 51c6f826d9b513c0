//! Connections between servers: first in, first out; a broken connection loses a suffix.
//!
//! A connection has two ends: 0 opened it (the learner), 1 accepted it (the leader). Packets
//! travel in two flows, named by the end that they go to. What breaks a connection:
//!
//! - an end closes it, or its process dies: what it sent before still arrives, then the other end
//!   is told; it is told too if the process there does not listen, and has refused it;
//! - a cut: what is sent from then on is lost, and the receiver is not told. The connection is
//!   dead in that direction forever; once the cut is over it is reset, and both ends are told;
//! - a power loss: as a cut, until the server is up again;
//! - a reset: both ends are told at once, what was on the way is lost.
//!
//! One end that has said goodbye leaves nothing to reset: that and all before it still arrives,
//! however late the other end gets to hear of it.
//!
//! Messages of leader election travel on connections of their own: for each pair of servers one
//! mailbox that holds the newest message not delivered yet.

mod exhaustive;
mod links;
mod mailbox;

pub(crate) use exhaustive::{End, Next};
pub(crate) use links::Links;
pub(crate) use mailbox::Mailboxes;

use crate::due::{Due, Effects};
use crate::keyed::Delays;
use std::collections::VecDeque;
use zab_core::{ConnId, NodeId, Packet, Time};

/// What travels in a flow.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Item {
    /// The connection was accepted: tells end 1 that it is there.
    Up,
    /// A packet.
    Packet(Packet),
    /// The sender has closed its end.
    Down,
    /// Nobody listens there.
    Refused,
}

impl Item {
    /// Whether nothing comes after it.
    const fn is_last(&self) -> bool {
        matches!(self, Self::Down | Self::Refused)
    }
}

/// One direction of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Flow {
    /// With the time at which each may arrive, in ascending order.
    items: VecDeque<(Time, Item)>,
    /// A [`Due::Arrive`] is under way for the front.
    armed: bool,
    /// What is sent from now on is lost.
    dead: bool,
}

/// One incarnation of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Connection {
    id: ConnId,
    opened: Time,
    servers: [NodeId; 2],
    /// By end: the process there has not closed it, and knows of nothing wrong.
    open: [bool; 2],
    /// By receiving end.
    flows: [Flow; 2],
}

/// The low bits of a connection's id are its slot, so that finding it takes no search.
const SLOT_BITS: u32 = 12;

/// All connections. Slots are used again, with their buffers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Network {
    slots: Vec<Connection>,
    opened: u32,
}

const fn slot_of(id: ConnId) -> usize {
    id.0 as usize & ((1 << SLOT_BITS) - 1)
}

impl Connection {
    fn is_free(&self) -> bool {
        self.open == [false; 2]
    }

    fn end_of(&self, server: NodeId) -> usize {
        usize::from(self.servers[1] == server)
    }

    /// Puts something on the way to `end`.
    fn push(&mut self, end: usize, at: Time, item: Item, fx: &mut Effects) {
        let flow = &mut self.flows[end];
        let at = flow.items.back().map_or(at, |(last, _)| at.max(*last));
        flow.items.push_back((at, item));
        if !flow.armed {
            flow.armed = true;
            fx.schedule(at, Due::Arrive { conn: self.id, end: end as u8 });
        }
    }

    /// This end hears no more.
    fn shut(&mut self, end: usize) {
        self.open[end] = false;
        self.flows[end].items.clear();
    }

    /// Whether a reset means something to this end: it is open, and the other one has not said
    /// goodbye.
    fn is_resettable(&self, end: usize) -> bool {
        self.open[end] && self.flows[end].items.back().is_none_or(|(_, item)| !item.is_last())
    }

    /// Whether end 1 has yet to hear of the connection.
    fn is_unheard_of(&self, end: usize) -> bool {
        end == 1 && matches!(self.flows[1].items.front(), Some((_, Item::Up)))
    }
}

impl Network {
    fn get(&self, id: ConnId) -> Option<&Connection> {
        let connection = self.slots.get(slot_of(id))?;
        (connection.id == id && !connection.is_free()).then_some(connection)
    }

    fn get_mut(&mut self, id: ConnId) -> Option<&mut Connection> {
        let connection = self.slots.get_mut(slot_of(id))?;
        (connection.id == id && !connection.is_free()).then_some(connection)
    }

    /// Connects two servers; end 1 is told by an item of its flow.
    pub(crate) fn open(&mut self, now: Time, servers: [NodeId; 2], fx: &mut Effects) -> ConnId {
        let slot = self.slots.iter().position(Connection::is_free).unwrap_or(self.slots.len());
        assert!(slot < 1 << SLOT_BITS, "servers give up connections that are dead");
        self.opened += 1;
        let id = ConnId(self.opened << SLOT_BITS | slot as u32);
        if slot == self.slots.len() {
            let flows = Default::default();
            self.slots.push(Connection { id, opened: now, servers, open: [true; 2], flows });
        } else {
            let connection = &mut self.slots[slot];
            (connection.id, connection.opened) = (id, now);
            (connection.servers, connection.open) = (servers, [true; 2]);
            for flow in &mut connection.flows {
                flow.items.clear();
                (flow.armed, flow.dead) = (false, false);
            }
        }
        self.slots[slot].push(1, now, Item::Up, fx);
        id
    }

    /// The other end of a connection, as long as this server's end is open.
    pub(crate) fn peer(&self, conn: ConnId, server: NodeId) -> Option<NodeId> {
        let connection = self.get(conn)?;
        let end = connection.end_of(server);
        connection.open[end].then_some(connection.servers[1 - end])
    }

    /// The two servers of a flow: sender and receiver.
    pub(crate) fn route(&self, conn: ConnId, end: u8) -> Option<(NodeId, NodeId)> {
        let connection = self.get(conn)?;
        let to = usize::from(end);
        Some((connection.servers[1 - to], connection.servers[to]))
    }

    /// When a connection was opened.
    pub(crate) fn opened(&self, conn: ConnId) -> Option<Time> {
        Some(self.get(conn)?.opened)
    }

    /// A server sends a packet.
    pub(crate) fn send(
        &mut self,
        now: Time,
        (conn, from): (ConnId, NodeId),
        packet: Packet,
        delays: Delays,
        fx: &mut Effects,
    ) {
        let Some(connection) = self.get_mut(conn) else {
            return;
        };
        let end = 1 - connection.end_of(from);
        if connection.open == [true; 2] && !connection.flows[end].dead {
            let (opened, to) = (connection.opened, connection.servers[end]);
            let at = now.after(delays.packet(now, opened, from, to));
            connection.push(end, at, Item::Packet(packet), fx);
        }
    }

    /// A server closes its end, and says so to the other one in this way.
    pub(crate) fn close(
        &mut self,
        now: Time,
        (conn, by, last): (ConnId, NodeId, Item),
        delays: Delays,
        fx: &mut Effects,
    ) {
        let Some(connection) = self.get_mut(conn) else {
            return;
        };
        let end = connection.end_of(by);
        if connection.open[end] {
            connection.shut(end);
            connection.say_last(now, (end, last), delays, fx);
        }
    }

    /// The next item of a flow, if its time has come; with the sender and the receiver.
    pub(crate) fn arrive(
        &mut self,
        now: Time,
        conn: ConnId,
        end: u8,
        fx: &mut Effects,
    ) -> Option<(NodeId, NodeId, Item)> {
        let (from, to) = self.route(conn, end)?;
        let connection = self.get_mut(conn)?;
        let end = usize::from(end);
        let flow = &mut connection.flows[end];
        let is_due = flow.items.front().is_some_and(|(at, _)| *at <= now);
        let item = if is_due { flow.items.pop_front() } else { None };
        flow.armed = !flow.items.is_empty();
        if let Some((at, _)) = flow.items.front() {
            fx.schedule(now.max(*at), Due::Arrive { conn, end: end as u8 });
        }
        let (_, item) = item?;
        if item.is_last() {
            connection.shut(end);
        }
        Some((from, to, item))
    }

    /// A reset reaches this end: whom to tell about which peer, if anybody is left to tell.
    pub(crate) fn reset(&mut self, conn: ConnId, end: u8) -> Option<(NodeId, NodeId)> {
        let (peer, server) = self.route(conn, end)?;
        let connection = self.get_mut(conn)?;
        let end = usize::from(end);
        let told = connection.open[end] && !connection.is_unheard_of(end);
        connection.shut(end);
        connection.flows[1 - end].dead = true;
        told.then_some((server, peer))
    }

    /// Resets every connection between two servers.
    pub(crate) fn reset_between(&mut self, now: Time, a: NodeId, b: NodeId, fx: &mut Effects) {
        for connection in &mut self.slots {
            if connection.servers == [a, b] || connection.servers == [b, a] {
                for end in [0, 1] {
                    if connection.is_resettable(end) {
                        connection.flows[end].dead = true;
                        // An end that has not heard of the connection yet keeps the mark of it.
                        let keep = usize::from(connection.is_unheard_of(end));
                        connection.flows[end].items.truncate(keep);
                        let due = Due::Reset { conn: connection.id, end: end as u8 };
                        fx.schedule(now, due);
                    }
                }
            }
        }
    }

    /// What is sent from one server to another on the connections that there are is lost.
    pub(crate) fn cut(&mut self, from: NodeId, to: NodeId) {
        for connection in &mut self.slots {
            for end in [0, 1] {
                if connection.servers[end] == to && connection.servers[1 - end] == from {
                    connection.flows[end].dead = true;
                }
            }
        }
    }

    /// A process is gone. Peers see its connections close, unless its machine has no power.
    pub(crate) fn lose(
        &mut self,
        now: Time,
        server: NodeId,
        power_loss: bool,
        delays: Delays,
        fx: &mut Effects,
    ) {
        for connection in &mut self.slots {
            let end = connection.end_of(server);
            if connection.servers[end] != server || !connection.open[end] {
                continue;
            }
            connection.shut(end);
            if power_loss {
                connection.flows[1 - end].dead = true;
            } else {
                connection.say_last(now, (end, Item::Down), delays, fx);
            }
        }
    }

    /// Resets the dead connections whose two ends can reach each other.
    pub(crate) fn reset_dead(
        &mut self,
        now: Time,
        in_touch: impl Fn(NodeId, NodeId) -> bool,
        delays: Delays,
        fx: &mut Effects,
    ) {
        for connection in &self.slots {
            let [a, b] = connection.servers;
            let dead = connection.flows.iter().any(|flow| flow.dead);
            if connection.is_free() || !dead || !in_touch(a, b) {
                continue;
            }
            for (end, peer) in [(0, b), (1, a)] {
                if connection.is_resettable(end) {
                    let latency = delays.latency(now, peer, connection.servers[end]);
                    let due = Due::Reset { conn: connection.id, end: end as u8 };
                    fx.schedule(now.after(latency), due);
                }
            }
        }
    }
}

impl Connection {
    /// Tells the other end, after all that was sent before, that this end is closed.
    fn say_last(
        &mut self,
        now: Time,
        (end, last): (usize, Item),
        delays: Delays,
        fx: &mut Effects,
    ) {
        let other = 1 - end;
        if self.open[other] && !self.flows[other].dead {
            let latency = delays.packet(now, self.opened, self.servers[end], self.servers[other]);
            self.push(other, now.after(latency), last, fx);
        }
    }
}

#[cfg(test)]
mod tests;
