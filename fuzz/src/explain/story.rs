//! The steps of an execution that matter, in words.

mod words;

pub(super) use words::exit;

use super::faults::Faults;
use super::finding::Finding;
use super::{fold, text};
use crate::oracle::{Recording, standard};
use std::collections::BTreeMap;
use words::Words;
use zab_checker::custody::Servers;
use zab_checker::{Checker, Event, Fact, Verdict};
use zab_core::event::Note;
use zab_core::variant::{Named, Release};
use zab_core::{Key, NodeId, Op, Outcome, RequestId, SessionId, Zxid};
use zab_sim::schedule::CLIENTS;

/// How much a step says about the whole.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// A detail of a larger step.
    Detail,
    /// A step that a summary has to mention.
    Step,
    /// A step after which the ensemble is worth a picture.
    Turn,
}

/// One step, in words, and what every server had then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When, in microseconds after boot.
    pub at_us: u64,
    /// How many events had been observed, this one included.
    pub events: usize,
    /// At which server, if at one.
    pub node: Option<NodeId>,
    /// What happened.
    pub text: String,
    /// How much it matters.
    pub weight: Weight,
    /// What each server has now, as the checker knows it.
    pub servers: Servers,
}

/// An execution as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// What every server had when the boot was over.
    pub start: Servers,
    /// What happened then.
    pub moments: Vec<Moment>,
    /// What every server has in the end.
    pub end: Servers,
    /// When that was, in microseconds after boot.
    pub end_us: u64,
    /// How it was judged.
    pub verdict: Verdict,
    /// What the verdict rests on.
    pub finding: Finding,
    /// What it needs of the world that is not so by default.
    pub needed: Option<&'static str>,
}

impl Story {
    /// Tells an execution from boot to its end.
    pub fn of(recording: &Recording) -> Self {
        let mut teller = Teller::new(recording);
        let mut start = Servers::new();
        for (index, event) in recording.events.iter().enumerate() {
            if index < recording.boot {
                teller.follow(event);
                start.clone_from(&teller.servers);
            } else {
                teller.tell(event, event.at.since(recording.origin).0);
            }
        }
        teller.tell_last_answers();
        let finding = Finding::of(recording);
        let mut moments = fold::fold(teller.moments, teller.healed, &finding.events());
        if let Some(over) = teller.settled.max(teller.healed.and(finding.clear_after())) {
            moments.retain(|moment| moment.weight > Weight::Detail || moment.events <= over);
        }
        let end_us = recording.outcome.run.end_us;
        let verdict = recording.outcome.verdict.clone();
        let needed = recording.schedule.needed();
        Self { start, moments, end: teller.servers, end_us, verdict, finding, needed }
    }

    /// Each step as a line with its time.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.moments.iter().map(|moment| format!("{:>8} {}", text::ms(moment.at_us), moment.text))
    }
}

/// Follows the events and collects what is worth telling.
struct Teller {
    checker: Checker,
    faults: Faults,
    /// How the releases are called, if there are two.
    names: Option<[String; 2]>,
    /// What each server runs.
    installed: BTreeMap<NodeId, Release>,
    /// How many events were observed.
    events: usize,
    /// What the servers have, as the checker knows it.
    servers: Servers,
    /// What clients asked and have no answer to.
    open: BTreeMap<RequestId, Op>,
    /// What each server had handed to its disk when it lost its power.
    had: BTreeMap<NodeId, Vec<Zxid>>,
    /// When chaos was over, in events: what is asked now is asked by the simulator.
    healed: Option<usize>,
    /// When service was back, in events: only the end is still of interest.
    settled: Option<usize>,
    last: LastAnswers,
    moments: Vec<Moment>,
}

/// What the simulator asked when all was over, and was told.
#[derive(Default)]
struct LastAnswers {
    writes: BTreeMap<Key, BTreeMap<NodeId, Zxid>>,
    reads: BTreeMap<Key, BTreeMap<u32, Vec<NodeId>>>,
    writes_us: u64,
    reads_us: u64,
}

impl Teller {
    fn new(recording: &Recording) -> Self {
        let Recording { schedule, releases, .. } = recording;
        Self {
            checker: Checker::new(schedule.servers, standard(*releases)),
            faults: Faults::new(schedule),
            names: releases
                .has_upgrade()
                .then(|| Release::ALL.map(|release| Named::from(releases.of(release)).name)),
            installed: BTreeMap::new(),
            events: 0,
            servers: Servers::new(),
            open: BTreeMap::new(),
            had: BTreeMap::new(),
            healed: None,
            settled: None,
            last: LastAnswers::default(),
            moments: Vec::new(),
        }
    }

    /// What the processes of this server run, in an ensemble with two releases.
    fn release_of(&self, node: NodeId) -> Option<&str> {
        let release = self.installed.get(&node).copied().unwrap_or_default();
        self.names.as_ref().map(|names| names[release as usize].as_str())
    }

    /// Takes note of an event, and of its words if it is worth any.
    fn tell(&mut self, event: &Event, at_us: u64) {
        for end in self.faults.ended(at_us) {
            self.push(end.at_us, None, Weight::Detail, end.text);
        }
        let before = self.follow(event);
        if self.is_routine(event) || self.keep_for_last(event, at_us) {
            return;
        }
        let told = Words { teller: self, before: &before, at_us }.of(event);
        if let Some((weight, text)) = told
            && self.moments.last().is_none_or(|last| (last.at_us, &last.text) != (at_us, &text))
        {
            self.push(at_us, event.node, weight, text);
        }
    }

    fn push(&mut self, at_us: u64, node: Option<NodeId>, weight: Weight, text: String) {
        let (events, servers) = (self.events, self.servers.clone());
        self.moments.push(Moment { at_us, events, node, text, weight, servers });
    }

    /// Takes note of what happened, before it is told. Returns what the servers had before.
    fn follow(&mut self, event: &Event) -> Servers {
        self.checker.observe(event);
        self.events += 1;
        let before = self.servers.clone();
        if !matches!(
            event.fact,
            Fact::Invoked { .. } | Fact::Returned { .. } | Fact::TimedOut { .. }
        ) {
            self.servers = self.checker.servers();
        }
        match (&event.fact, event.node) {
            (Fact::Invoked { request, op }, _) => {
                self.open.insert(*request, *op);
            }
            (Fact::Installed(release), Some(node)) => {
                self.installed.insert(node, *release);
            }
            (Fact::Crashed { power_loss }, Some(node)) => {
                self.faults.forget_process(node);
                let lost = before.get(node.index()).filter(|_| *power_loss);
                self.had.insert(node, lost.map(|s| s.unflushed.clone()).unwrap_or_default());
            }
            (Fact::Exited(_), Some(node)) => {
                self.faults.forget_process(node);
                self.had.remove(&node);
            }
            (Fact::Healed, _) => {
                self.faults.heal();
                self.healed = Some(self.events);
            }
            (Fact::Available { .. }, _) => self.settled = Some(self.events),
            _ => {}
        }
        before
    }

    /// Whether it is one of the simulator's own writes and reads after healing, or what a server
    /// does for one.
    fn is_routine(&self, event: &Event) -> bool {
        self.healed.is_some()
            && match &event.fact {
                Fact::Invoked { .. } | Fact::Returned { outcome: Outcome::Refused, .. } => true,
                Fact::TimedOut { request } => is_simulators(request.session),
                Fact::Noted(Note::Proposed(txn)) => is_simulators(txn.request.session),
                Fact::Noted(Note::Committed(zxid)) => self.is_own_write(*zxid),
                _ => false,
            }
    }

    /// Whether the last proposal of this zxid carries out a write of the simulator.
    fn is_own_write(&self, zxid: Zxid) -> bool {
        let committed = self.checker.committed().unwrap_or_default();
        committed
            .iter()
            .rev()
            .find(|txn| txn.zxid == zxid)
            .is_some_and(|txn| is_simulators(txn.request.session))
    }

    /// The answers with which an execution ends are told together.
    fn keep_for_last(&mut self, event: &Event, at_us: u64) -> bool {
        let (Fact::Returned { request, outcome }, Some(node), Some(_)) =
            (&event.fact, event.node, self.healed)
        else {
            return false;
        };
        if !is_simulators(request.session) {
            return false;
        }
        match (outcome, self.open.get(request)) {
            (Outcome::Written { zxid, .. }, Some(Op::Write { key, .. }))
                if self.settled.is_some() =>
            {
                self.last.writes.entry(*key).or_default().insert(node, *zxid);
                self.last.writes_us = at_us;
            }
            (Outcome::Value { value, .. }, Some(Op::Read { key })) => {
                let values = self.last.reads.entry(*key).or_default();
                values.entry(*value).or_default().push(node);
                self.last.reads_us = at_us;
            }
            _ => {}
        }
        true
    }

    fn tell_last_answers(&mut self) {
        let LastAnswers { writes, reads, writes_us, reads_us } = std::mem::take(&mut self.last);
        for (key, writes) in writes {
            let carried: Vec<String> =
                writes.iter().map(|(node, zxid)| format!("{node} (as {zxid})")).collect();
            let text = format!("a last write of {key} is carried out at {}", carried.join(", "));
            self.push(writes_us, None, Weight::Detail, text);
        }
        let mut agreed = Vec::new();
        for (key, values) in reads {
            if values.len() == 1 {
                agreed.extend(values.into_keys().map(|value| format!("{key} is {}", given(value))));
            } else {
                let answers: Vec<String> = values.into_iter().map(answer).collect();
                let text = format!("in the end {key} is {}", answers.join("; "));
                self.push(reads_us, None, Weight::Step, text);
            }
        }
        if !agreed.is_empty() {
            let text = format!("in the end, wherever it is read, {}", agreed.join(", "));
            self.push(reads_us, None, Weight::Step, text);
        }
    }
}

/// Whether it is a session of the simulator's own, not of a schedule's client.
fn is_simulators(session: SessionId) -> bool {
    !session.is_tracked() && session.0 > u16::from(CLIENTS)
}

fn given(value: u32) -> String {
    if value == 0 { "not there".to_owned() } else { value.to_string() }
}

fn answer((value, mut nodes): (u32, Vec<NodeId>)) -> String {
    nodes.sort_unstable();
    nodes.dedup();
    let nodes: Vec<String> = nodes.iter().map(NodeId::to_string).collect();
    format!("{} at {}", given(value), nodes.join(", "))
}
