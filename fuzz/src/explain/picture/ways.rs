//! Packets between servers and requests of clients: when each left, and when it arrived, if it did.

use super::film::Film;
use super::scene::{Fate, Message, Operation};
use crate::explain::passages::{Arrival, Passages};
use std::collections::BTreeSet;
use std::fmt::{self, Write};
use zab_checker::{Event, Fact, News};
use zab_core::{NodeId, Op, Outcome, Packet, RequestId, SessionId, Time};
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

    /// The lanes of the clients of the schedule that ask for something, of those that come to have the lock,
    /// and of the simulator's own clients whose requests matter.
    pub(super) fn lanes(&self, is_involved: impl Fn(RequestId) -> bool) -> Vec<Lane> {
        let recording = self.film.recording;
        let lane = |event: &Event| match event.fact {
            Fact::Invoked { request, .. } => Some(Lane::of(request.session))
                .filter(|lane| *lane != Lane::Simulator || is_involved(request)),
            Fact::Lock { session, news: News::Holds { .. } } => Some(Lane::of(session)),
            _ => None,
        };
        let lanes: BTreeSet<Lane> =
            recording.events.iter().skip(recording.boot).filter_map(lane).collect();
        lanes.into_iter().collect()
    }

    /// Every operation of these lanes; of the simulator's own, those that matter.
    pub(super) fn operations(
        &self,
        lanes: &[Lane],
        is_involved: impl Fn(RequestId) -> bool,
    ) -> Vec<Operation> {
        let film = self.film;
        let events = &film.recording.events;
        let asked = |(index, event): (usize, &Event)| match (&event.fact, event.node) {
            (Fact::Invoked { request, op }, Some(server))
                if Lane::of(request.session) != Lane::Simulator || is_involved(*request) =>
            {
                Some((*request, server, *op, index))
            }
            _ => None,
        };
        let at =
            |instant: Option<(Time, usize)>| instant.map(|(at, events)| film.before(at, events));
        let operation = |(request, server, op, index): (RequestId, NodeId, Op, usize)| {
            let client = lanes.iter().position(|lane| *lane == Lane::of(request.session))?;
            let ended = events.iter().enumerate().skip(index).find(|(_, event)| {
                matches!(&event.fact, Fact::Returned { request: of, .. } | Fact::TimedOut { request: of } if *of == request)
            });
            Some(Operation {
                client,
                track: 0,
                server,
                asked: film.point(index),
                at_server: self.passages.request(request).map(at),
                ended: ended.map(|(at, _)| film.point(at)),
                question: question(&op),
                answer: ended.and_then(|(_, event)| answer(&event.fact)),
                is_involved: is_involved(request),
            })
        };
        let asked = events.iter().enumerate().skip(film.recording.boot).filter_map(asked);
        let mut operations: Vec<Operation> = asked.filter_map(operation).collect();
        spread(&mut operations);
        operations
    }
}

/// Whose lane it is, from left to right.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lane {
    /// A client of the schedule.
    Client(SessionId),
    /// One that queues for the lock, in one session after the other.
    Locker(u8),
    /// Those with which the simulator ends an execution.
    Simulator,
}

impl Lane {
    fn of(session: SessionId) -> Self {
        match session {
            _ if session.is_tracked() => Self::Locker(session.client()),
            SessionId(number) if number < u16::from(CLIENTS) => Self::Client(session),
            _ => Self::Simulator,
        }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(session) => session.fmt(f),
            Self::Locker(number) => f.write_char(SessionId::letter(*number)),
            Self::Simulator => f.write_str("final read"),
        }
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
