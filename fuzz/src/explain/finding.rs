//! What a verdict rests on: the writes it is about, who had them at the instants that matter, who
//! was told what, and what else is broken.

mod subjects;

use super::conduct::Conduct;
use crate::oracle::{Recording, standard};
use std::collections::{BTreeMap, BTreeSet};
use subjects::Subjects;
use zab_checker::custody::{Holding, Servers};
use zab_checker::detail::Detail;
use zab_checker::loss::{Beginning, Knowledge, Loss};
use zab_checker::{Checker, Class, Event, Fact, Violation, When};
use zab_core::event::Note;
use zab_core::{Change, Epoch, Key, NodeId, Op, Outcome, RequestId, Txn, Zxid};

/// The evidence of a judged execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The gravest violation, if there is one.
    pub violation: Option<Violation>,
    /// Broken rules that explain it and are no violations by themselves, in order of time.
    pub hazards: Vec<Violation>,
    /// Those of them that are broken during boot: the variant does so in any run.
    pub traits: Vec<Violation>,
    /// What else is broken, in order of time.
    pub also: Vec<Violation>,
    /// The transactions that it is about.
    pub subjects: Vec<Txn>,
    /// The instants that matter, in order of time; the end is the last.
    pub instants: Vec<Instant>,
    /// What clients were told of the subjects, in order of time.
    pub told: Vec<Told>,
    /// The operations of the session that it is about, if it is about one.
    pub session: Vec<Asked>,
    /// What was read in the end, the last answer of each server for each register.
    pub reads: Vec<FinalRead>,
    /// What each server did after healing.
    pub conduct: Vec<Conduct>,
}

/// Why an instant matters.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// A client came to know of the write.
    Known(Knowledge),
    /// An epoch began without it.
    Lost(Beginning),
    /// An epoch began with it again.
    Back(Beginning),
    /// A rule was seen to be broken.
    Seen,
    /// The execution is over.
    End,
}

/// What everybody had at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instant {
    /// Why it matters.
    pub why: Why,
    /// When, in microseconds after boot.
    pub at_us: u64,
    /// How many events had been observed.
    pub events: usize,
    /// Where each subject was.
    pub holdings: Vec<Vec<Holding>>,
    /// What each server had.
    pub servers: Servers,
}

/// That a client was told of a subject.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// When, in microseconds after boot.
    pub at_us: u64,
    /// The transaction.
    pub txn: Txn,
    /// By the answer to which request.
    pub request: RequestId,
    /// By which server.
    pub server: Option<NodeId>,
    /// What; nothing if the client gave up.
    pub how: Option<Knowledge>,
}

/// One operation of a session.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// When it was answered or given up, in microseconds after boot.
    pub at_us: u64,
    /// Which request.
    pub request: RequestId,
    /// Of which server.
    pub server: Option<NodeId>,
    /// What.
    pub op: Op,
    /// The answer.
    pub outcome: Option<Outcome>,
}

/// What a server answered in the end.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct FinalRead {
    /// Which server.
    pub server: NodeId,
    /// Which register.
    pub key: Key,
    /// Its value.
    pub value: u32,
    /// Its version.
    pub version: u32,
    /// Where the server was.
    pub position: Zxid,
    /// The transaction that wrote the value.
    pub written: Option<Zxid>,
}

impl Finding {
    /// Gathers the evidence of an execution.
    pub fn of(recording: &Recording) -> Self {
        let outcome = &recording.outcome;
        let violation = outcome.verdict.violation().cloned();
        let standard = standard(recording.releases);
        let mut others: Vec<Violation> = outcome
            .violations
            .iter()
            .filter(|other| Some(other.class) != violation.as_ref().map(|v| v.class))
            .cloned()
            .collect();
        others.sort_by_key(|other| other.when);
        // What an acknowledgement promised and no disk held is where a loss begins.
        let explains =
            |other: &Violation| !standard.counts(other.class) || other.class == Class::D1;
        let (hazards, also): (Vec<_>, Vec<_>) = others.into_iter().partition(explains);
        let is_of_boot = |other: &Violation| (other.when.event as usize) < recording.boot;
        let (traits, hazards) = hazards.into_iter().partition(is_of_boot);
        let answers = answers(recording);
        let subjects = violation.as_ref().map_or_else(Vec::new, |violation| {
            Subjects::new(&recording.events, &answers).of(violation)
        });
        let instants = instants(recording, violation.as_ref(), &subjects);
        let told = told(&answers, &subjects);
        let session = violation.as_ref().map_or_else(Vec::new, |v| session(&answers, v));
        let reads = final_reads(recording, &answers);
        let conduct = Conduct::of(recording.schedule.servers, &recording.events);
        Self { violation, hazards, traits, also, subjects, instants, told, session, reads, conduct }
    }

    /// The events, counted from 1, that the verdict rests on.
    pub(super) fn events(&self) -> BTreeSet<usize> {
        let broken = self.violation.iter().chain(&self.also).chain(&self.hazards);
        let broken = broken.map(|violation| violation.when.event as usize + 1);
        broken.chain(self.instants.iter().map(|instant| instant.events)).collect()
    }

    /// How many events had been observed when it was clear what is broken, the end apart.
    pub(super) fn clear_after(&self) -> Option<usize> {
        let instants = self.instants.iter().filter(|instant| instant.why != Why::End);
        instants.map(|instant| instant.events).max()
    }

    /// The write that is lost, or was, if it is about one.
    pub fn loss(&self) -> Option<&Loss> {
        self.violation.as_ref().and_then(Violation::loss)
    }

    /// The name of a subject: its zxid, and its change where another subject has the same zxid.
    pub(super) fn name_of(&self, txn: &Txn) -> String {
        let is_twin = |other: &&Txn| other.zxid == txn.zxid;
        match self.subjects.iter().filter(is_twin).count() {
            0 | 1 => txn.zxid.to_string(),
            _ => txn.to_string(),
        }
    }

    /// The registers that it is about.
    pub(super) fn keys(&self) -> BTreeSet<Key> {
        let of_subject = |txn: &Txn| match txn.change {
            Change::Set { key, .. } => Some(key),
            _ => None,
        };
        self.subjects.iter().filter_map(of_subject).collect()
    }

    /// Whether it is about servers that do not serve rather than about what they hold.
    pub(super) fn is_about_service(&self) -> bool {
        let class = self.violation.as_ref().map(|violation| violation.class);
        matches!(class, Some(Class::O5 | Class::O9 | Class::D5))
    }
}

/// The instants that matter for this violation.
fn instants(
    recording: &Recording,
    violation: Option<&Violation>,
    subjects: &[Txn],
) -> Vec<Instant> {
    let last = recording.events.len();
    let mut wanted: Vec<(usize, Why)> = match violation {
        None => Vec::new(),
        Some(violation) => match violation.loss() {
            Some(loss) => of_loss(loss),
            None => vec![(violation.when.event as usize + 1, Why::Seen)],
        },
    };
    wanted.retain(|(events, _)| *events < last);
    wanted.push((last, Why::End));
    wanted.sort_by_key(|(events, _)| *events);
    let mut checker = Checker::new(recording.schedule.servers, standard(recording.releases));
    let mut observed = 0;
    let look = |(events, why): (usize, Why)| {
        recording.events[observed..events].iter().for_each(|event| checker.observe(event));
        observed = events;
        let at = events.checked_sub(1).map_or(recording.origin, |at| recording.events[at].at);
        Instant {
            why,
            at_us: match why {
                Why::End => recording.outcome.run.end_us,
                _ => at.0.saturating_sub(recording.origin.0),
            },
            events,
            holdings: subjects.iter().map(|txn| checker.custody(txn)).collect(),
            servers: checker.servers(),
        }
    };
    wanted.into_iter().map(look).collect()
}

fn of_loss(loss: &Loss) -> Vec<(usize, Why)> {
    let after = |when: When| when.event as usize + 1;
    let mut wanted = vec![
        (after(loss.known.when), Why::Known(loss.known.how)),
        (after(loss.lost.when), Why::Lost(loss.lost)),
    ];
    let back = loss.back.filter(|back| back.when > loss.lost.when);
    wanted.extend(back.map(|back| (after(back.when), Why::Back(back))));
    wanted
}

/// Every operation that ended, with the number of events observed until then.
fn answers(recording: &Recording) -> Vec<(usize, Asked)> {
    let mut open: BTreeMap<RequestId, Op> = BTreeMap::new();
    let mut answers = Vec::new();
    for (events, event) in (1..).zip(&recording.events) {
        let (request, outcome) = match event.fact {
            Fact::Invoked { request, op } => {
                open.insert(request, op);
                continue;
            }
            Fact::Returned { request, outcome } => (request, Some(outcome)),
            Fact::TimedOut { request } => (request, None),
            _ => continue,
        };
        if let Some(op) = open.remove(&request) {
            let at_us = event.at.0.saturating_sub(recording.origin.0);
            answers.push((events, Asked { at_us, request, server: event.node, op, outcome }));
        }
    }
    answers
}

/// What clients were told of these transactions.
fn told(answers: &[(usize, Asked)], subjects: &[Txn]) -> Vec<Told> {
    let of_answer = |(_, asked): &(usize, Asked)| {
        let Asked { at_us, request, server, .. } = *asked;
        let told = subjects.iter().filter_map(|txn| {
            let how = learned(txn, asked)?;
            Some(Told { at_us, txn: *txn, request, server, how })
        });
        told.collect::<Vec<_>>()
    };
    answers.iter().flat_map(of_answer).collect()
}

/// Whether the end of a request tells its client something of this transaction, and what: nothing if
/// the client gave up.
fn learned(txn: &Txn, asked: &Asked) -> Option<Option<Knowledge>> {
    match (asked.outcome, asked.op, txn.change) {
        (None, ..) if txn.request == asked.request => Some(None),
        (Some(Outcome::Written { zxid, .. }), ..)
            if (txn.request, txn.zxid) == (asked.request, zxid) =>
        {
            Some(Some(Knowledge::Acknowledged))
        }
        (
            Some(Outcome::Value { value, version, .. }),
            Op::Read { key },
            Change::Set { key: written, value: to, version: of },
        ) if (key, value, version) == (written, to, of) => Some(Some(Knowledge::Read)),
        _ => None,
    }
}

/// What the session that a violation is about asked and was told, up to then.
fn session(answers: &[(usize, Asked)], violation: &Violation) -> Vec<Asked> {
    let about = match &violation.detail {
        Detail::Regress { request, .. }
        | Detail::SyncBelow { request, .. }
        | Detail::SyncOvertakes { request, .. }
        | Detail::Clause { request: Some(request), .. } => request.session,
        _ => return Vec::new(),
    };
    let until = violation.when.event as usize + 1;
    let of_session =
        |(events, asked): &&(usize, Asked)| *events <= until && asked.request.session == about;
    answers.iter().filter(of_session).map(|(_, asked)| *asked).collect()
}

/// The last answer of each server for each register, once service was back.
fn final_reads(recording: &Recording, answers: &[(usize, Asked)]) -> Vec<FinalRead> {
    let settled = recording.events.iter().position(|e| matches!(e.fact, Fact::Available { .. }));
    let settled = settled.unwrap_or(recording.events.len());
    let writers: BTreeMap<u32, Zxid> = recording.events.iter().filter_map(written).collect();
    let mut reads = BTreeMap::new();
    for (_, asked) in answers.iter().filter(|(events, _)| *events > settled) {
        if let (Some(server), Op::Read { key }, Some(outcome)) =
            (asked.server, asked.op, asked.outcome)
            && let Outcome::Value { value, version, position } = outcome
        {
            let written = writers.get(&value).copied();
            let read = FinalRead { server, key, value, version, position, written };
            reads.insert((key, server), read);
        }
    }
    reads.into_values().collect()
}

/// A value, and the transaction that is to write it. No two requests write the same.
fn written(event: &Event) -> Option<(u32, Zxid)> {
    match &event.fact {
        Fact::Noted(Note::Proposed(Txn { zxid, change: Change::Set { value, .. }, .. })) => {
            Some((*value, *zxid))
        }
        _ => None,
    }
}

/// The servers' leader in the end, and its epoch.
pub(super) fn leader_of(servers: &Servers) -> Option<(NodeId, Epoch)> {
    let leaders = (0..).map(NodeId).zip(servers).filter_map(|(id, server)| {
        let epoch = server.serving.filter(|_| server.leader == Some(id))?;
        Some((id, epoch))
    });
    leaders.max_by_key(|(_, epoch)| *epoch)
}
