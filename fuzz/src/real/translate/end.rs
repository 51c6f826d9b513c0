//! Where a scenario ends and what it claims, and what will become of things that were begun.

use super::{Inexpressible, text};
use crate::oracle::Recording;
use std::collections::{BTreeSet, VecDeque};
use zab_checker::detail::Detail;
use zab_checker::loss::Loss;
use zab_checker::{Class, Event, Fact};
use zab_core::event::{Note, SyncMode};
use zab_core::{
    Change, ConnId, DiskError, DiskOp, File, Key, Lsn, NodeId, Outcome, Packet, Recovered,
    RequestId, Zxid,
};
use zab_sim::passage::Leg;
use zab_sim::schedule::CLIENTS;

/// The end of a scenario.
#[derive(Clone, Debug)]
pub(super) struct End {
    /// The first event that is not told.
    pub(super) event: usize,
    /// The line that says what is claimed.
    pub(super) claim: String,
    /// The register that it is about.
    pub(super) key: Key,
    /// The value that is lost, if it is one.
    pub(super) value: Option<u32>,
}

impl End {
    /// A loss is decided when the epoch that lacks the write is established; a difference between
    /// servers, when all of them are back.
    pub(super) fn of(recording: &Recording) -> Result<Self, Inexpressible> {
        let cannot = |what: String| Inexpressible { at_us: None, what };
        let Some(violation) = recording.outcome.verdict.violation() else {
            return Err(cannot("the model of this release breaks no rule here".to_owned()));
        };
        let class = violation.class;
        match &violation.detail {
            Detail::Lost(loss) if matches!(class, Class::O1 | Class::O2) => {
                let Change::Set { key, value, .. } = loss.txn.change else {
                    return Err(cannot(
                        "no read shows whether a rejected write is there".to_owned(),
                    ));
                };
                // What is read only afterwards has to be read, and is lost for good in the end.
                let event = match loss.known.when.event > loss.lost.when.event
                    || !is_decided(recording, (key, value), loss)
                {
                    true => quiet(recording),
                    false => loss.lost.when.event as usize + 1,
                };
                // What the leader lacks and most others have is a difference between servers.
                let what = if is_rare(recording, key, value) { "lost" } else { "differ" };
                let value = (what == "lost").then_some(value);
                let shown = value.map_or_else(String::new, |value| format!(" {value}"));
                let claim = format!("claim {what} {}{shown}", text::path(key));
                Ok(Self { event, claim, key, value })
            }
            Detail::Differs { key, .. } => {
                let claim = format!("claim differ {}", text::path(*key));
                Ok(Self { event: quiet(recording), claim, key: *key, value: None })
            }
            _ => Err(cannot(format!("{class} ({}) is nothing that reads show", class.meaning()))),
        }
    }
}

/// Whether a majority of the servers lacks a value in the end.
fn is_rare(recording: &Recording, key: Key, value: u32) -> bool {
    let having = at_rest(recording, key).filter(|(_, held)| *held == value).count();
    having * 2 < usize::from(recording.schedule.servers)
}

/// What each server holds in the end.
fn at_rest(recording: &Recording, key: Key) -> impl Iterator<Item = (NodeId, u32)> {
    recording.events.iter().filter_map(move |event| match &event.fact {
        Fact::AtRest(replica) => Some((event.node?, replica.registers[key.index()].value)),
        _ => None,
    })
}

/// Whether the end of a loss is known where the epoch begins that lacks the write. It is not where a
/// majority lacks it only with a server that comes later, has a snapshot with it, and gets another one
/// because something was written by then: without that its log is cut, and its own snapshot stands.
fn is_decided(recording: &Recording, (key, value): (Key, u32), loss: &Loss) -> bool {
    let epoch = &loss.lost;
    let (before, after) = recording.events.split_at(epoch.when.event as usize);
    let (mut members, mut has_snapshot) = (BTreeSet::new(), BTreeSet::new());
    for (server, fact) in before.iter().filter_map(|event| Some((event.node?, &event.fact))) {
        let leads = server == epoch.leader;
        match fact {
            Fact::Noted(Note::Elected { leader, .. }) if leads => {
                members = BTreeSet::from([*leader]);
            }
            Fact::Noted(Note::SyncWith { learner, .. }) if leads => {
                members.insert(*learner);
            }
            Fact::DiskAsked {
                op: DiskOp::Snapshot(of) | DiskOp::SnapshotFile(of) | DiskOp::WriteSnapshot(of),
                ..
            } if of.last_processed >= loss.txn.zxid => {
                has_snapshot.insert(server);
            }
            _ => {}
        }
    }
    let lacking = at_rest(recording, key).filter(|(_, held)| *held != value);
    let lacking = lacking.filter(|(server, _)| members.contains(server)).count();
    let mut is_written = false;
    let mut comes_too_late = |fact: &Fact| match fact {
        Fact::Noted(Note::SyncWith { learner, mode: SyncMode::Snap }) => {
            is_written && !members.contains(learner) && has_snapshot.contains(learner)
        }
        fact => {
            is_written |= matches!(fact, Fact::Noted(Note::Proposed(_)));
            false
        }
    };
    lacking * 2 > usize::from(recording.schedule.servers)
        || !after.iter().any(|event| comes_too_late(&event.fact))
}

/// When the simulator begins to ask every server, to see who serves.
pub(super) fn quiet(recording: &Recording) -> usize {
    let asks = recording.passages.iter().find(|(_, passage)| {
        let Leg::Asked(request) = &passage.what else { return false };
        request.session.0 > u16::from(CLIENTS) + 1
    });
    asks.map_or(recording.events.len(), |(before, _)| *before)
}

/// What the next process of a server finds on its disk.
pub(super) fn found(recording: &Recording, at: usize, server: NodeId) -> Option<&Recovered> {
    recording.events.iter().skip(at).find_map(|event| match &event.fact {
        Fact::Started(found) if event.node == Some(server) => Some(&**found),
        _ => None,
    })
}

/// The next packet from one server that reaches another one on a connection that there is already.
pub(super) fn next_packet(
    recording: &Recording,
    at: usize,
    from: NodeId,
    to: NodeId,
) -> Option<&Packet> {
    let start = recording.passages.partition_point(|(before, _)| *before <= at);
    let mut opened = BTreeSet::new();
    for (_, passage) in &recording.passages[start..] {
        match &passage.what {
            Leg::Connected(way) => {
                opened.insert(way.conn);
            }
            Leg::Arrived(way, packet) if (way.from, way.to) == (from, to) => {
                return (!opened.contains(&way.conn)).then_some(packet);
            }
            _ => {}
        }
    }
    None
}

/// What a leader makes of a request and nobody has got by now, and the first who will get it, on a connection
/// that there is already.
pub(super) fn proposal(
    recording: &Recording,
    at: usize,
    leader: NodeId,
    request: RequestId,
) -> Option<(Zxid, NodeId)> {
    let (mut is_later, mut opened) = (false, BTreeSet::new());
    for (before, passage) in &recording.passages {
        is_later |= *before > at;
        match &passage.what {
            Leg::Connected(way) if is_later => {
                opened.insert(way.conn);
            }
            Leg::Arrived(way, Packet::Proposal(txn))
                if way.from == leader && txn.request == request =>
            {
                let is_there = is_later && !opened.contains(&way.conn);
                return is_there.then_some((txn.zxid, way.to));
            }
            _ => {}
        }
    }
    None
}

/// Whether a packet that reaches a server now is read before its role ends: it is loaded, written down or
/// answered.
pub(super) fn is_read(recording: &Recording, at: usize, server: NodeId, packet: &Packet) -> bool {
    let later = recording.events.iter().skip(at).filter(|event| event.node == Some(server));
    let mut turns = later.filter_map(|event| match (&event.fact, packet) {
        (Fact::Noted(Note::MemoryReplaced { .. }), Packet::Snap { .. })
        | (Fact::DiskAsked { .. } | Fact::Sent { .. }, Packet::NewLeader { .. }) => Some(true),
        (Fact::Noted(Note::SteppedDown) | Fact::Crashed { .. } | Fact::Exited(_), _) => Some(false),
        _ => None,
    });
    turns.next().unwrap_or(true)
}

/// Whether a server that loads its memory now leaves its role as soon as it has: what arrives meanwhile is
/// never read.
pub(super) fn leaves_when_loaded(recording: &Recording, at: usize, server: NodeId) -> bool {
    let mut later = recording
        .events
        .iter()
        .skip(at)
        .filter(|event| event.node == Some(server) && !matches!(event.fact, Fact::Fault(_)));
    let is_turn = |fact: &Fact| match fact {
        Fact::Noted(note) => matches!(note, Note::MemoryReplaced { .. } | Note::SteppedDown),
        fact => matches!(fact, Fact::Crashed { .. } | Fact::Exited(_)),
    };
    let Some(turn) = later.find(|event| is_turn(&event.fact)) else { return false };
    let leaves = |fact: &Fact| matches!(fact, Fact::Noted(Note::SteppedDown));
    matches!(turn.fact, Fact::Noted(Note::MemoryReplaced { .. }))
        && later.next().is_some_and(|next| next.at == turn.at && leaves(&next.fact))
}

/// What one server has sent another on their newest connection, has not arrived, and will; oldest first.
pub(super) fn arriving(recording: &Recording, at: usize, from: NodeId, to: NodeId) -> Vec<&Packet> {
    let start = recording.passages.partition_point(|(before, _)| *before <= at);
    let mut flight = in_flight(recording, at, from, to);
    let Some((conn, _)) = flight.first().copied() else { return Vec::new() };
    let arrivals = recording.passages[start..].iter().filter(|(_, passage)| {
        matches!(&passage.what, Leg::Arrived(way, _)
            if (way.from, way.to, way.conn) == (from, to, conn))
    });
    flight.truncate(arrivals.count());
    flight.into_iter().map(|(_, packet)| packet).collect()
}

/// What one server has sent another on their newest connection and has not arrived, oldest first.
pub(super) fn in_flight(
    recording: &Recording,
    at: usize,
    from: NodeId,
    to: NodeId,
) -> Vec<(ConnId, &Packet)> {
    let until = recording.passages.partition_point(|(before, _)| *before <= at);
    let mut newest = None;
    let mut flight = VecDeque::new();
    for (before, passage) in &recording.passages[..until] {
        match &passage.what {
            Leg::Left(way) if (way.from, way.to) == (from, to) && *before < at => {
                if newest.replace(way.conn) != Some(way.conn) {
                    flight.clear();
                }
                if let Fact::Sent { packet, .. } = &recording.events[*before].fact {
                    flight.push_back((way.conn, packet));
                }
            }
            Leg::Arrived(way, _) if (way.from, way.to, Some(way.conn)) == (from, to, newest) => {
                flight.pop_front();
            }
            _ => {}
        }
    }
    flight.into()
}

/// Whom a server that looks for a leader elects, if its process lives so long.
pub(super) fn next_leader(recording: &Recording, at: usize, server: NodeId) -> Option<NodeId> {
    let later = recording.events.iter().skip(at + 1).filter(|event| event.node == Some(server));
    let mut turns = later.filter_map(|event| match &event.fact {
        Fact::Noted(Note::Elected { leader, .. }) => Some(Some(*leader)),
        Fact::Noted(Note::Looking { .. }) | Fact::Crashed { .. } | Fact::Exited(_) => Some(None),
        _ => None,
    });
    turns.next().flatten()
}

/// What a client will be told that has asked this, if it is told anything.
pub(super) fn outcome(recording: &Recording, at: usize, request: RequestId) -> Option<Outcome> {
    recording.events.iter().skip(at).find_map(|event| match event.fact {
        Fact::Returned { request: of, outcome } if of == request => Some(outcome),
        _ => None,
    })
}

/// Whether a server votes once more, as another one hears, before that one elects somebody.
pub(super) fn votes_again(recording: &Recording, at: usize, from: NodeId, to: NodeId) -> bool {
    let elected = next_election(recording, at, to);
    let until = recording.passages.iter().skip_while(|(before, _)| *before <= at);
    until.take_while(|(before, _)| *before <= elected).any(|(_, passage)| {
        matches!(passage.what, Leg::Voted { from: a, to: b, .. } if (a, b) == (from, to))
    })
}

/// Whether a leader leaves its role, or its process ends, before another server elects it, and that one
/// hears by then what it votes as it comes back, and prefers it (`FastLeaderElection.totalOrderPredicate`).
pub(super) fn is_elected_anew(
    recording: &Recording,
    at: usize,
    leader: NodeId,
    elects: NodeId,
) -> bool {
    let events = &recording.events;
    let until = next_election(recording, at, elects).min(events.len());
    let is_end = |event: &Event| {
        event.node == Some(leader)
            && match &event.fact {
                Fact::Noted(note) => matches!(note, Note::SteppedDown),
                fact => matches!(fact, Fact::Crashed { .. } | Fact::Exited(_)),
            }
    };
    let Some(end) = events[at..until].iter().rposition(is_end) else { return false };
    let back = at + end;
    let heard = recording.passages.iter().any(|(before, passage)| {
        (back + 1..=until).contains(before)
            && matches!(passage.what, Leg::Voted { from, to, .. } if (from, to) == (leader, elects))
    });
    let vote = |server: NodeId, events: &[Event]| {
        let own = events.iter().rev().filter(|event| event.node == Some(server));
        own.into_iter().find_map(|event| match event.fact {
            Fact::Noted(Note::Looking { vote, .. }) => {
                Some((vote.peer_epoch, vote.zxid, vote.leader))
            }
            _ => None,
        })
    };
    heard && vote(leader, &events[back..until]) > vote(elects, &events[..until])
}

/// The event with which a server elects somebody, after this one.
fn next_election(recording: &Recording, at: usize, server: NodeId) -> usize {
    let is_elected = |fact: &Fact| matches!(fact, Fact::Noted(Note::Elected { .. }));
    let mut later = recording.events.iter().enumerate().skip(at + 1);
    let elected = later.find(|(_, event)| event.node == Some(server) && is_elected(&event.fact));
    elected.map_or(usize::MAX, |(index, _)| index)
}

/// What becomes of a disk operation.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Done,
    Failed(DiskError),
    /// Its process ends before.
    Never,
}

/// What becomes of an operation that was asked for now.
pub(super) fn fate(recording: &Recording, at: usize, server: NodeId, of: (File, Lsn)) -> Fate {
    let (wanted, number) = of;
    let later = recording.events.iter().skip(at + 1).filter(|event| event.node == Some(server));
    let fates = later.filter_map(|event| match &event.fact {
        Fact::DiskDone { file, upto } if *file == wanted && *upto >= number => Some(Fate::Done),
        Fact::DiskFailed { file, lsn, error } if (*file, *lsn) == (wanted, number) => {
            Some(Fate::Failed(*error))
        }
        // What a process that was killed has written of an epoch file is there.
        Fact::Started(found) => Some(match wanted {
            File::AcceptedEpoch | File::CurrentEpoch if is_epoch_there(recording, at, found) => {
                Fate::Done
            }
            _ => Fate::Never,
        }),
        _ => None,
    });
    fates.into_iter().next().unwrap_or(Fate::Done)
}

/// Whether a disk has the epoch that was to be written by this event.
fn is_epoch_there(recording: &Recording, at: usize, found: &Recovered) -> bool {
    let Some(Fact::DiskAsked { op, .. }) = recording.events.get(at).map(|event| &event.fact) else {
        return false;
    };
    let there = match op.file() {
        File::CurrentEpoch => found.current_epoch,
        _ => found.accepted_epoch,
    };
    op.epoch() == Some(there)
}

/// Whether a leader waits until `initLimit` is over: it leaves its role before it is established, or
/// could not write its promise (`Leader.getEpochToPropose`).
pub(super) fn waits_in_vain(recording: &Recording) -> bool {
    let mut leads: Vec<Option<bool>> = vec![None; recording.schedule.servers.into()];
    recording.events.iter().skip(recording.boot).any(|event| {
        let Some(server) = event.node else { return false };
        let lead = &mut leads[server.index()];
        match &event.fact {
            Fact::Noted(Note::Elected { leader, .. }) => {
                *lead = (*leader == server).then_some(false);
                false
            }
            Fact::Noted(Note::Established { .. }) => {
                *lead = Some(true);
                false
            }
            Fact::Noted(Note::SteppedDown) => lead.take() == Some(false),
            Fact::DiskFailed { file: File::AcceptedEpoch, .. } => lead.is_some(),
            Fact::Crashed { .. } => {
                *lead = None;
                false
            }
            _ => false,
        }
    })
}
