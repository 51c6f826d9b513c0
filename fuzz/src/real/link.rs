//! The connections between servers, each through a proxy that reads what travels: packets of the
//! quorum protocol and votes, held, passed, or lost with their connection.
//!
//! A packet on hold blocks what follows it on its way, as TCP would. What was sent before its sender
//! died still arrives once it is let go.
//!
//! While everything is *gated* ([`Gated`]), a packet passes when a line says so and not before, a vote
//! is lost unless its way is open, no end of a connection learns that the other one is gone until it is
//! told, and a learner's call reaches its leader when a line asks for the first packet.

mod proxy;
#[cfg(test)]
mod tests;

pub(crate) use proxy::{Proxy, listen};

use super::jute::quorum::Kind;
use super::matter::{Message, Messages, Way};
use std::io::Write;
use std::net::{Shutdown, TcpStream};
use zab_core::{NodeId, Zxid};

/// What a connection is for.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Votes.
    Election,
    /// A learner and its leader.
    Quorum,
}

/// What became of a message.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stands at the proxy.
    Held,
    /// It was handed to the receiver.
    Passed,
    /// Its connection ended first.
    Lost,
}

/// A message that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    /// On which connection.
    connection: usize,
    pub(crate) way: Way,
    pub(crate) message: Message,
    pub(crate) zxid: Zxid,
    pub(crate) fate: Fate,
}

/// A connection: both of its sockets.
#[derive(Debug)]
struct Connection {
    number: usize,
    purpose: Purpose,
    way: Way,
    ends: [TcpStream; 2],
    /// Which of the two servers still have it.
    open: [bool; 2],
}

/// The last vote that a server has sent on a connection, and nobody has heard.
#[derive(Debug)]
struct Unheard {
    connection: usize,
    way: Way,
    /// Whom it is for.
    leader: NodeId,
    to: TcpStream,
    bytes: Vec<u8>,
}

/// What passes while everything else between servers stands.
#[derive(Debug, Default)]
pub(crate) struct Gated {
    /// Packets that may pass, by their place among all that were sent.
    permits: Vec<usize>,
    /// Ways on which votes pass.
    votes: Vec<Way>,
    /// Calls that reach the server they are for.
    admitted: Vec<usize>,
}

/// What a way has to offer to a line that lets a packet pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    /// The packet stands in front; its place among all that were sent.
    Stands(usize),
    /// Nothing stands in front yet.
    Nothing,
    /// Another packet does.
    Another(Messages),
}

/// What is known of all connections.
#[derive(Debug, Default)]
pub(crate) struct Packets {
    /// What stands at the proxy for now.
    pub(crate) holds: Vec<Messages>,
    /// Ways on which nothing arrives.
    pub(crate) silent: Vec<Way>,
    /// Pairs that cannot be connected, in both orders.
    pub(crate) cut: Vec<Way>,
    /// What was sent, pings apart.
    pub(crate) sent: Vec<Sent>,
    /// Whether nothing passes but what a line lets pass.
    pub(crate) gated: Option<Gated>,
    connections: Vec<Connection>,
    /// At most one for each connection and way.
    unheard: Vec<Unheard>,
    /// Calls that wait for the server they are for to listen.
    dialing: Vec<(usize, Way)>,
    next: usize,
}

impl Packets {
    fn stands(&self, way: Way, message: Message, zxid: Zxid) -> bool {
        self.silent.contains(&way) || self.holds.iter().any(|one| one.covers(way, message, zxid))
    }

    /// Whether a packet waits for a line that lets it pass.
    fn is_gated(&self, message: Message, at: Option<usize>) -> bool {
        let free = [Message::Notification, Message::Packet(Kind::REVALIDATE)];
        match (&self.gated, at) {
            (Some(gated), Some(at)) => !free.contains(&message) && !gated.permits.contains(&at),
            _ => false,
        }
    }

    /// Whether a vote is lost on its way.
    fn is_mute(&self, way: Way) -> bool {
        self.gated.as_ref().is_some_and(|gated| !gated.votes.contains(&way))
    }

    /// Whether a connection has the end that `way` leads to.
    fn is_open(&self, number: usize, way: Way) -> bool {
        self.connections.iter().any(|one| one.number == number && one.has_end(way.to))
    }

    /// Which packet stands in front on a way, if it is one of these.
    pub(crate) fn offer(&self, messages: &Messages) -> Offer {
        let mut other = Offer::Nothing;
        let on_way = self.connections.iter().rev().filter(|one| {
            let is_pair = one.way == messages.way || one.way == messages.way.back();
            one.purpose == Purpose::Quorum && is_pair && one.has_end(messages.way.to)
        });
        for (at, connection) in on_way.enumerate() {
            let stands = |sent: &&Sent| {
                sent.connection == connection.number
                    && sent.way == messages.way
                    && sent.fate == Fate::Held
            };
            let places = self.sent.iter().position(|sent| stands(&sent));
            let Some(place) = places else { continue };
            let front = &self.sent[place];
            if messages.covers(front.way, front.message, front.zxid) {
                return Offer::Stands(place);
            }
            // What stands in front of a connection that both have will stand there until it ends.
            if at == 0 && connection.open == [true; 2] {
                let zxid = Some(front.zxid);
                other = Offer::Another(Messages { message: front.message, zxid, way: front.way });
            }
        }
        other
    }

    /// Lets a packet pass.
    pub(crate) fn permit(&mut self, at: usize) {
        if let Some(gated) = &mut self.gated {
            gated.permits.push(at);
        }
    }

    /// Lets the votes of servers reach each other, the last ones of those that stand by them first: a
    /// server that hears votes all the time does not repeat its own, and one that leads, and whose
    /// followers are gone, is elected by the vote with which it won. A follower stands by the vote that it
    /// gave one of these, which is its leader: one that has lost its power, and its history, is elected by
    /// it once more.
    pub(crate) fn open_votes(&mut self, servers: &[NodeId], follows: impl Fn(NodeId) -> bool) {
        let Some(gated) = &mut self.gated else { return };
        let stands = |one: &Unheard| {
            let (from, leader) = (one.way.from, one.leader);
            !follows(from) || leader != from && servers.contains(&leader)
        };
        for from in servers {
            let others = servers.iter().filter(|to| *to != from);
            gated.votes.extend(others.map(|to| Way { from: *from, to: *to }));
        }
        let is_open = |one: &mut Unheard| gated.votes.contains(&one.way);
        for mut one in self.unheard.extract_if(.., is_open).filter(stands) {
            // Who does not take it is gone.
            let _ = one.to.write_all(&one.bytes);
        }
    }

    /// A vote was sent while its way was closed.
    fn on_unheard(&mut self, unheard: Unheard) {
        self.unheard.retain(|one| (one.connection, one.way) != (unheard.connection, unheard.way));
        self.unheard.push(unheard);
    }

    /// Lets no vote of a server through, nor one to it. It is about to leave its role: what it repeats
    /// until then is a vote of an election that is over, and it casts another one
    /// (`QuorumCnxManager.SendWorker.run`, `FastLeaderElection.lookForLeader`).
    pub(crate) fn mute(&mut self, server: NodeId) {
        if let Some(gated) = &mut self.gated {
            gated.votes.retain(|way| way.from != server && way.to != server);
        }
        self.unheard.retain(|one| one.way.from != server);
    }

    /// Whether nothing keeps a call from the server it is for any more, or nobody calls.
    fn is_answered(&self, call: (usize, Way)) -> bool {
        let is_admitted = |gated: &Gated| gated.admitted.contains(&call.0);
        !self.dialing.contains(&call) || self.gated.as_ref().is_none_or(is_admitted)
    }

    /// Lets the newest call on a way reach the server it is for. Those before it are over.
    pub(crate) fn admit(&mut self, way: Way) {
        let Some(gated) = &mut self.gated else { return };
        let calls = self.dialing.iter().filter(|(_, dialed)| *dialed == way);
        if let Some(newest) = calls.map(|(number, _)| *number).max()
            && !gated.admitted.contains(&newest)
        {
            gated.admitted.push(newest);
            self.dialing.retain(|(number, dialed)| *dialed != way || *number == newest);
        }
    }

    /// A server is gone, and nobody hears it call any more.
    pub(crate) fn hang_up(&mut self, server: NodeId) {
        if self.gated.is_some() {
            self.dialing.retain(|(_, way)| way.from != server);
        }
    }

    /// Whether the first server of a way has a connection with the second, or is about to.
    pub(crate) fn has_end(&self, way: Way) -> bool {
        self.dialing.iter().any(|(_, dialed)| *dialed == way)
            || self.connections.iter().any(|one| one.has_near_end(way))
    }

    /// One server sees its connections with another one end, and the other one does not see it yet. If
    /// the other one has lost some of them already, it is about these.
    pub(crate) fn end_at(&mut self, way: Way) {
        self.dialing.retain(|(_, dialed)| *dialed != way);
        let meant = || self.connections.iter().filter(|one| one.has_near_end(way));
        let is_half = meant().any(|one| !one.has_end(way.to));
        for one in self.connections.iter_mut().filter(|one| one.has_near_end(way)) {
            if !is_half || !one.has_end(way.to) {
                one.end_of(way.from);
            }
        }
        self.connections.retain(|one| one.open != [false; 2]);
    }

    /// From now on everything passes again, and who lost a connection only by half loses it whole.
    pub(crate) fn ungate(&mut self) {
        self.gated = None;
        self.connections.retain(|one| {
            let is_whole = one.open == [true; 2];
            if !is_whole {
                one.end();
            }
            is_whole
        });
    }

    /// Ends every connection between two servers, and what is on its way there.
    pub(crate) fn reset(&mut self, way: Way) {
        self.connections.retain(|one| {
            let ends = one.way == way || one.way == way.back();
            if ends {
                one.end();
            }
            !ends
        });
    }

    fn number(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }

    /// Ends every connection.
    pub(crate) fn reset_all(&mut self) {
        self.connections.drain(..).for_each(|one| one.end());
    }

    /// Whether such a message was sent and has come to this.
    pub(crate) fn any(&self, messages: &Messages, fate: Option<Fate>) -> bool {
        self.sent.iter().any(|one| {
            messages.covers(one.way, one.message, one.zxid)
                && fate.is_none_or(|wanted| wanted == one.fate)
        })
    }
}

impl Connection {
    /// Which end a server has; 0 dialed.
    fn side(&self, server: NodeId) -> usize {
        usize::from(self.way.from != server)
    }

    /// Whether it is one of packets between the two servers of a way, and the first still has it.
    fn has_near_end(&self, way: Way) -> bool {
        let is_pair = self.way == way || self.way == way.back();
        self.purpose == Purpose::Quorum && is_pair && self.has_end(way.from)
    }

    fn has_end(&self, server: NodeId) -> bool {
        self.open[self.side(server)]
    }

    fn end_of(&mut self, server: NodeId) {
        let side = self.side(server);
        self.open[side] = false;
        let _ = self.ends[side].shutdown(Shutdown::Both);
    }

    fn end(&self) {
        for end in &self.ends {
            let _ = end.shutdown(Shutdown::Both);
        }
    }
}
