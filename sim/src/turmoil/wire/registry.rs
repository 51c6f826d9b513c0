//! All connections, and what is on the way on each.

use super::super::shared::Shared;
use super::Route;
use crate::keyed::Delays;
use crate::shell::event::When;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::task::Waker;
use zab_core::{NodeId, Span, Time};

/// One end of a connection: its number, and 0 for who dialed, 1 for who accepted.
#[derive(Copy, Clone, Debug)]
pub(super) struct Attached {
    number: u64,
    end: usize,
}

/// Every connection.
#[derive(Default)]
pub(crate) struct Wires {
    wires: BTreeMap<u64, Wire>,
    /// Connections whose dialer does not know them yet, by its address.
    accepted: BTreeMap<SocketAddr, u64>,
    opened: u64,
}

struct Wire {
    ends: [Option<NodeId>; 2],
    /// When it was made, once the dialer is there; `None` if it carries messages of leader election.
    opened: Option<Time>,
    /// By end: somebody is there.
    attached: [bool; 2],
    /// By receiving end.
    flows: [Flow; 2],
}

/// One direction of a connection.
#[derive(Default)]
struct Flow {
    /// Bytes on the way, and when they arrive.
    segments: VecDeque<(usize, When)>,
    /// When the last of them arrives.
    last: Time,
    /// Something was sent: the hello, which arrives with the connection.
    greeted: bool,
    /// What is sent from now on is lost.
    dead: bool,
    /// Nobody is there to receive it.
    gone: bool,
    /// When the receiver learns that the other end is closed.
    goodbye: Option<When>,
    /// When the receiver learns that the connection was reset.
    reset: Option<When>,
    reader: Option<Waker>,
}

/// What a reader gets next.
pub(super) struct Next {
    /// This many bytes that were sent together; `None` if nothing is on the way.
    pub(super) length: Option<usize>,
    /// An error, as of then.
    pub(super) reset: Option<When>,
}

impl Wire {
    fn is_between(&self, a: NodeId, b: NodeId) -> bool {
        self.ends == [Some(a), Some(b)] || self.ends == [Some(b), Some(a)]
    }

    /// The ends that this server has.
    fn ends_of(&self, server: NodeId) -> impl Iterator<Item = usize> + use<> {
        let Self { ends, attached, .. } = self;
        let held = [0, 1].map(|end| ends[end] == Some(server) && attached[end]);
        (0..2).filter(move |end| held[*end])
    }
}

impl Wires {
    /// Somebody has one end of the connection that was dialed from this address. Who dialed knows
    /// when, if it is one for packets.
    pub(super) fn attach(
        &mut self,
        dialer: SocketAddr,
        route: Route,
        opened: Option<Time>,
    ) -> Attached {
        let known = match route.accepted {
            true => None,
            false => self.accepted.remove(&dialer).filter(|n| self.wires.contains_key(n)),
        };
        let number = known.unwrap_or_else(|| {
            self.opened += 1;
            let ends = [route.dialer, route.acceptor];
            let flows = Default::default();
            self.wires.insert(self.opened, Wire { ends, opened, attached: [false; 2], flows });
            if route.accepted {
                self.accepted.insert(dialer, self.opened);
            }
            self.opened
        });
        let end = usize::from(route.accepted);
        let wire = self.get(number);
        wire.attached[end] = true;
        wire.opened = wire.opened.or(opened);
        Attached { number, end }
    }

    /// An end is gone. What is on the way from it still arrives.
    pub(super) fn detach(&mut self, Attached { number, end }: Attached) {
        let wire = self.get(number);
        wire.attached[end] = false;
        wire.flows[end] = Flow { gone: true, dead: wire.flows[end].dead, ..Flow::default() };
        if wire.attached == [false; 2] {
            self.wires.remove(&number);
        }
    }

    fn get(&mut self, number: u64) -> &mut Wire {
        self.wires.get_mut(&number).expect("whoever asks holds an end")
    }

    /// What arrives next at an end, and whom to wake if that changes.
    pub(super) fn next(&mut self, Attached { number, end }: Attached, waker: &Waker) -> Next {
        let flow = &mut self.get(number).flows[end];
        if flow.reader.as_ref().is_none_or(|reader| !reader.will_wake(waker)) {
            flow.reader = Some(waker.clone());
        }
        let length = flow.segments.front().map(|(length, _)| *length);
        Next { length, reset: flow.reset }
    }

    /// This number of bytes was read. When do they arrive?
    pub(super) fn take(&mut self, Attached { number, end }: Attached, count: usize) -> When {
        let flow = &mut self.get(number).flows[end];
        let (length, when) = flow.segments.pop_front().expect("what is read was sent");
        if length > count {
            flow.segments.push_front((length - count, when));
        }
        when
    }

    /// When this end learns that the other one is closed.
    pub(super) fn goodbye(&mut self, Attached { number, end }: Attached) -> Option<When> {
        self.get(number).flows[end].goodbye
    }

    /// Whether what this end sends is lost.
    pub(super) fn is_dead(&self, Attached { number, end }: Attached) -> bool {
        let flow = |wire: &Wire| wire.flows[1 - end].dead || wire.flows[1 - end].gone;
        self.wires.get(&number).is_none_or(flow)
    }

    /// What one server sends another from now on is lost.
    pub(in super::super) fn kill(&mut self, from: NodeId, to: NodeId) {
        for wire in self.wires.values_mut() {
            for end in 0..2 {
                if wire.ends[end] == Some(to) && wire.ends[1 - end] == Some(from) {
                    wire.flows[end].dead = true;
                }
            }
        }
    }
}

impl Shared {
    /// An end sends this number of bytes then: they are given the time at which they arrive.
    pub(super) fn send(&mut self, Attached { number, end }: Attached, leaves: When, count: usize) {
        let wire = self.wires.get(number);
        let (from, to) = (wire.ends[end], wire.ends[1 - end]);
        let opened = wire.opened;
        let flow = &mut wire.flows[1 - end];
        let is_hello = end == 0 && !std::mem::replace(&mut flow.greeted, true);
        // It has arrived before, and nobody told its sender.
        let is_again = |from, to| opened.is_none() && self.taken.contains(&(from, to));
        let mut when = match (from, to) {
            (Some(from), Some(to)) if !is_hello && is_again(from, to) => When::sent_at(self.now),
            (Some(from), Some(to)) if !is_hello => {
                let sent = leaves.at;
                When { at: sent.after(travel(self.cluster.delays, sent, opened, (from, to))), sent }
            }
            // Whoever is asked or told by a client draws that itself.
            _ => leaves,
        };
        if from.is_some() && to.is_some() {
            when.at = when.at.max(flow.last);
        }
        if !is_hello {
            flow.last = when.at;
        }
        flow.segments.push_back((count, when));
        self.expect(to, when.at);
    }

    /// An end closes at this instant.
    pub(super) fn say_goodbye(&mut self, Attached { number, end }: Attached, sent: Time) {
        let wire = self.wires.get(number);
        let (from, to, opened) = (wire.ends[end], wire.ends[1 - end], wire.opened);
        let flow = &mut wire.flows[1 - end];
        let at = match from.zip(to) {
            Some((from, to)) => sent.after(travel(self.cluster.delays, sent, opened, (from, to))),
            None => sent,
        };
        if !flow.dead && flow.goodbye.is_none() {
            let at = at.max(flow.last);
            flow.goodbye = Some(When { at, sent });
            self.expect(to, at);
        }
    }

    /// The process of a server ends at this instant: its connections are closed, or, without
    /// power, silent.
    pub(in super::super) fn close_all(&mut self, id: NodeId, at: Time, power_loss: bool) {
        let mut closed = Vec::new();
        for (number, wire) in &mut self.wires.wires {
            for end in wire.ends_of(id) {
                match power_loss {
                    false => closed.push(Attached { number: *number, end }),
                    // Sessions outlive connections, and clients have nothing else to lose.
                    true if wire.ends[1 - end].is_none() => {
                        wire.flows[1 - end].reset(When::sent_at(at));
                    }
                    true => wire.flows.iter_mut().for_each(|flow| flow.dead = true),
                }
            }
        }
        closed.into_iter().for_each(|attached| self.say_goodbye(attached, at));
    }

    /// The connections between two servers are reset at this instant.
    pub(in super::super) fn reset_between(&mut self, a: NodeId, b: NodeId, at: Time) {
        self.reset_those(at, |wire| wire.is_between(a, b), |_, _| at);
    }

    /// The dead connections whose ends can reach each other are reset.
    pub(in super::super) fn reset_dead(&mut self) {
        let (now, delays) = (self.now, self.cluster.delays);
        let in_touch: Vec<(NodeId, NodeId)> = self.pairs_in_touch();
        let is_dead = |wire: &Wire| {
            let ends = wire.ends[0].zip(wire.ends[1]);
            let dead = wire.flows.iter().any(|flow| flow.dead && flow.reset.is_none());
            dead && ends.is_some_and(|ends| in_touch.contains(&ends))
        };
        let after = |peer, me| now.after(delays.latency(now, peer, me));
        let resets = self.reset_those(now, is_dead, after);
        let is_new = |peer: NodeId| self.hosts[peer.index()].launched == now;
        self.after_votes.extend(resets.into_iter().filter(|(_, peer, _)| is_new(*peer)));
    }

    /// Says who learns of which peer, and when.
    fn reset_those(
        &mut self,
        sent: Time,
        chosen: impl Fn(&Wire) -> bool,
        when: impl Fn(NodeId, NodeId) -> Time,
    ) -> Vec<(NodeId, NodeId, Time)> {
        let mut resets = Vec::new();
        for wire in self.wires.wires.values_mut().filter(|wire| chosen(wire)) {
            for end in 0..2 {
                let (Some(me), Some(peer)) = (wire.ends[end], wire.ends[1 - end]) else {
                    continue;
                };
                let flow = &mut wire.flows[end];
                // Who is told that the other end is closed has nothing left to lose.
                if flow.goodbye.is_some() {
                    continue;
                }
                let at = when(peer, me);
                flow.dead = true;
                flow.reset(When { at, sent });
                resets.push((me, peer, at));
            }
        }
        resets.iter().for_each(|(me, _, at)| self.expect(Some(*me), *at));
        resets
    }
}

/// How long something that is sent at this instant travels.
fn travel(delays: Delays, sent: Time, opened: Option<Time>, (from, to): (NodeId, NodeId)) -> Span {
    match opened {
        Some(opened) => delays.packet(sent, opened, from, to),
        None => delays.latency(sent, from, to),
    }
}

impl Flow {
    /// Whoever reads learns then that the connection is no more.
    fn reset(&mut self, when: When) {
        self.reset = Some(self.reset.map_or(when, |earlier| earlier.min(when)));
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}
