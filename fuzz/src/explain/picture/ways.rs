//! Packets between servers and requests of clients: when each left, and when it arrived, if it did.

use super::film::Film;
use super::scene::{Fate, Message, Operation};
use crate::explain::passages::{Arrival, Passages};
use zab_checker::{Event, Fact};
use zab_core::{NodeId, Op, Outcome, Packet, RequestId, Time};
use zab_sim::schedule::CLIENTS;

/// The film, and what became of everything that was on its way.
pub(super) struct Ways<'a> {
    film: &'a Film<'a>,
    passages: Passages,
}

impl<'a> Ways<'a> {
    pub(super) fn of(film: &'a Film<'a>) -> Self {
        Self { film, passages: Passages::of(film.recording) }
    }

    fn fate(&self, sent: usize) -> Fate {
        match self.passages.arrival(sent) {
            Arrival::At((at, events)) => Fate::Arrives(self.film.before(at, events)),
            Arrival::Never => Fate::Lost,
            Arrival::Unknown => Fate::Unknown,
        }
    }

    /// Every packet of the events that are shown.
    pub(super) fn messages(&self, is_involved: impl Fn(usize) -> bool) -> Vec<Message> {
        let film = self.film;
        let message = |(index, event): (usize, &Event)| match (&event.fact, event.node) {
            (Fact::Sent { to, packet }, Some(from)) => Some(Message {
                from,
                to: *to,
                sent: film.point(index),
                fate: self.fate(index),
                name: name(packet),
                is_involved: is_involved(index),
            }),
            _ => None,
        };
        film.events().filter_map(message).collect()
    }

    /// Every operation that a client of the schedule began, and those of the simulator's own clients
    /// that matter.
    pub(super) fn operations(
        &self,
        is_involved: impl Fn(RequestId) -> bool,
    ) -> (Vec<String>, Vec<Operation>) {
        let film = self.film;
        let events = &film.recording.events;
        let mut clients: Vec<(RequestId, Option<u16>)> = Vec::new();
        let mut asked: Vec<(RequestId, NodeId, Op, usize)> = Vec::new();
        for (index, event) in events.iter().enumerate().skip(film.recording.boot) {
            if let (Fact::Invoked { request, op }, Some(server)) = (&event.fact, event.node)
                && (is_of_schedule(*request) || is_involved(*request))
            {
                asked.push((*request, server, *op, index));
                let client = is_of_schedule(*request).then_some(request.session.0);
                if clients.iter().all(|(_, known)| *known != client) {
                    clients.push((*request, client));
                }
            }
        }
        clients.sort_by_key(|(_, client)| client.unwrap_or(u16::MAX));
        let at =
            |instant: Option<(Time, usize)>| instant.map(|(at, events)| film.before(at, events));
        let operation = |(request, server, op, index): &(RequestId, NodeId, Op, usize)| {
            let own = is_of_schedule(*request).then_some(request.session.0);
            let client = clients.iter().position(|(_, client)| *client == own)?;
            let ended = events.iter().enumerate().skip(*index).find(|(_, event)| {
                matches!(&event.fact, Fact::Returned { request: of, .. } | Fact::TimedOut { request: of } if of == request)
            });
            Some(Operation {
                client,
                track: 0,
                server: *server,
                asked: film.point(*index),
                at_server: self.passages.request(*request).map(at),
                ended: ended.map(|(at, _)| film.point(at)),
                question: question(op),
                answer: ended.and_then(|(_, event)| answer(&event.fact)),
                is_involved: is_involved(*request),
            })
        };
        let mut operations: Vec<Operation> = asked.iter().filter_map(operation).collect();
        spread(&mut operations);
        let name = |(request, client): (RequestId, Option<u16>)| match client {
            Some(_) => request.session.to_string(),
            None => "final read".to_owned(),
        };
        (clients.into_iter().map(name).collect(), operations)
    }
}

/// Operations of one lane that overlap get tracks of their own.
fn spread(operations: &mut [Operation]) {
    for at in 0..operations.len() {
        let (before, rest) = operations.split_at_mut(at);
        let one = &mut rest[0];
        let is_open = |other: &&Operation| {
            other.client == one.client && other.ended.is_none_or(|ended| ended > one.asked)
        };
        let taken: Vec<usize> = before.iter().filter(is_open).map(|other| other.track).collect();
        one.track = (0..).find(|track| !taken.contains(track)).unwrap_or(0);
    }
}

const fn is_of_schedule(request: RequestId) -> bool {
    request.session.0 < CLIENTS as u16
}

/// A packet in as few words as its arrow has room for.
fn name(packet: &Packet) -> String {
    let name = packet.name();
    match packet {
        Packet::FollowerInfo { accepted_epoch: epoch }
        | Packet::LeaderInfo { epoch }
        | Packet::NewLeader { epoch } => format!("{name} {epoch}"),
        Packet::Ack(zxid) if zxid.is_epoch_mark() => format!("ACK epoch {}", zxid.epoch),
        Packet::Diff { zxid }
        | Packet::Trunc { zxid }
        | Packet::Commit(zxid)
        | Packet::Ack(zxid) => {
            format!("{name} {},{}", zxid.epoch, zxid.counter)
        }
        Packet::Proposal(txn) => format!("{name} {},{}", txn.zxid.epoch, txn.zxid.counter),
        Packet::Snap { replica } => {
            let last = replica.last_processed;
            format!("{name} {},{}", last.epoch, last.counter)
        }
        Packet::AckEpoch { .. }
        | Packet::UpToDate
        | Packet::Ping
        | Packet::Touched(_)
        | Packet::Revalidate { .. }
        | Packet::Revalidated { .. }
        | Packet::Request { .. }
        | Packet::Sync { .. } => name.to_owned(),
    }
}

fn question(op: &Op) -> String {
    match op {
        Op::Write { key, value } => format!("write {key}={value}"),
        Op::WriteIf { key, value, version } => format!("{key}={value} if v{version}"),
        Op::Read { key } => format!("read {key}"),
        other => other.to_string(),
    }
}

fn answer(fact: &Fact) -> Option<String> {
    let Fact::Returned { outcome, .. } = fact else {
        return None;
    };
    Some(match outcome {
        Outcome::Written { .. } | Outcome::Synced { .. } => "ok".to_owned(),
        Outcome::BadVersion { .. } => "other version".to_owned(),
        Outcome::Value { version: 0, .. } => "nothing".to_owned(),
        Outcome::Value { value, .. } => value.to_string(),
        other => other.to_string(),
    })
}
