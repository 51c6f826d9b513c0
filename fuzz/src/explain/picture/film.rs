//! Follows an execution with a checker, and keeps what it says of every server and record after each
//! event that is shown.

use super::scene::{Column, Exit, Frame, Point, Stage, Strip};
use crate::explain::Story;
use crate::explain::story::Weight;
use crate::oracle::{Recording, standard};
use std::collections::{BTreeMap, BTreeSet};
use zab_checker::custody::{Holding, OnDisk, Servers};
use zab_checker::{Checker, Event, Fact};
use zab_core::event::Note;
use zab_core::{Change, DiskOp, File, NodeId, Packet, Time, Txn, Zxid};
use zab_sim::passage::{Leg, Passage};
use zab_sim::trace::Line;

/// What is shown of an execution, and when.
pub(super) struct Film<'a> {
    pub(super) recording: &'a Recording,
    /// Every event up to this one, and of those after it the ones that are told.
    pub(super) detailed_until: usize,
    told: BTreeSet<usize>,
}

impl<'a> Film<'a> {
    /// At most this number of events is shown from boot on.
    pub(super) fn new(recording: &'a Recording, story: &Story, most: usize) -> Self {
        let Recording { events, boot, .. } = recording;
        let is_over = |event: &Event| matches!(event.fact, Fact::Available { .. });
        let over = events.iter().position(is_over);
        let clear = story.finding.clear_after().map(|events| events - 1);
        let last = events.len().saturating_sub(1);
        let detailed_until = over.max(clear.filter(|_| over.is_some())).unwrap_or(last).max(*boot);
        let told = story.moments.iter().filter(|moment| moment.weight > Weight::Detail);
        Self {
            recording,
            detailed_until: detailed_until.min(boot + most),
            told: told.map(|moment| moment.events.saturating_sub(1)).collect(),
        }
    }

    /// Whether this event is shown.
    pub(super) fn shows(&self, event: usize) -> bool {
        event >= self.recording.boot && (event <= self.detailed_until || self.told.contains(&event))
    }

    /// The events that are shown, with their numbers.
    pub(super) fn events(&self) -> impl Iterator<Item = (usize, &'a Event)> {
        self.recording.events.iter().enumerate().filter(|(index, _)| self.shows(*index))
    }

    /// Where an event stands on the axis.
    pub(super) fn point(&self, event: usize) -> Point {
        Point { at_us: self.us(self.recording.events[event].at), place: 2 * event + 1 }
    }

    /// Where something stands that happened after this many events.
    pub(super) fn before(&self, at: Time, events: usize) -> Point {
        Point { at_us: self.us(at), place: 2 * events }
    }

    /// The beginning: boot is over.
    pub(super) fn start(&self) -> Point {
        Point { at_us: 0, place: 2 * self.recording.boot }
    }

    /// The end of the run.
    pub(super) fn end(&self) -> Point {
        let at_us = self.recording.outcome.run.end_us;
        Point { at_us, place: 2 * self.recording.events.len() + 1 }
    }

    fn us(&self, at: Time) -> u64 {
        at.since(self.recording.origin).0
    }

    fn words(&self, event: &Event) -> String {
        let event = Event { at: Time(self.us(event.at)), ..event.clone() };
        Line(&event).to_string().trim_start().to_owned()
    }

    /// What the disks have a column for: what the boot left, and every transaction that a server was
    /// to log in the part that is shown in detail.
    pub(super) fn columns(&self, subjects: &[Txn]) -> Vec<Column> {
        let Recording { events, boot, .. } = self.recording;
        let (early, late) = events[..=self.detailed_until].split_at(*boot);
        let mut txns: Vec<Txn> = late.iter().filter_map(met).collect();
        let base = early.iter().filter_map(met).max_by_key(|txn| txn.zxid);
        txns.retain(|txn| base.is_none_or(|base| txn.zxid > base.zxid));
        txns.extend(subjects);
        txns.sort_unstable();
        txns.dedup();
        let later = txns.iter().copied().filter(|txn| Some(*txn) != base);
        let all: Vec<Txn> = base.into_iter().chain(later).collect();
        let column = |(index, txn): (usize, &Txn)| {
            let is_base = index == 0 && base.is_some();
            let is_only = all.iter().filter(|other| other.zxid == txn.zxid).count() == 1;
            let Zxid { epoch, counter } = txn.zxid;
            let value = match txn.change {
                Change::Set { value, .. } if !is_only => format!(" ={value}"),
                _ => String::new(),
            };
            let name = format!("{}{epoch},{counter}{value}", if is_base { "≤" } else { "" });
            Column { txn: *txn, name, is_base, is_subject: subjects.contains(txn) }
        };
        all.iter().enumerate().map(column).collect()
    }

    /// Runs the execution past a checker. Returns a frame for each event that is shown, and what each
    /// record went through at each server.
    pub(super) fn run(&self, start: &Servers, columns: &[Column]) -> (Vec<Frame>, Vec<Strip>) {
        let Recording { schedule, releases, events, passages, boot, .. } = self.recording;
        let mut checker = Checker::new(schedule.servers, standard(*releases));
        let mut hands = Hands::new(self.recording);
        let mut strips = Strips::default();
        let mut passages = passages.iter().peekable();
        let mut frames = vec![Frame {
            at: self.start(),
            words: "boot is over: epoch 1 has three writes everywhere".to_owned(),
            server: None,
            servers: start.clone(),
        }];
        for (index, event) in events.iter().enumerate() {
            while let Some((_, passage)) = passages.next_if(|(before, _)| *before <= index) {
                hands.pass(passage);
            }
            if index == *boot {
                strips.see(self.start(), &hands.stages(&checker, columns), Exit::None);
            }
            checker.observe(event);
            hands.take(index, event);
            if self.shows(index) {
                let at = self.point(index);
                strips.see(at, &hands.stages(&checker, columns), exit_by(&event.fact));
                let (words, server) = (self.words(event), event.node);
                let servers = checker.servers();
                frames.push(Frame { at, words, server, servers });
            }
        }
        (frames, strips.finish(self.end()))
    }
}

/// The transaction that a server is to log.
fn met(event: &Event) -> Option<Txn> {
    match &event.fact {
        Fact::Noted(Note::Proposed(txn))
        | Fact::Sent { packet: Packet::Proposal(txn), .. }
        | Fact::DiskAsked { op: DiskOp::Append(txn), .. } => Some(*txn),
        _ => None,
    }
}

/// Why a record that is gone after this event is gone.
const fn exit_by(fact: &Fact) -> Exit {
    match fact {
        Fact::Crashed { .. } | Fact::Exited(_) | Fact::Noted(Note::SteppedDown) => Exit::Lost,
        _ => Exit::Cut,
    }
}

/// What the processes hold that no disk was asked to keep, and which flushes are under way: what a
/// checker has no need to know.
struct Hands<'a> {
    recording: &'a Recording,
    servers: Vec<Hand>,
}

#[derive(Clone, Default)]
struct Hand {
    /// Transactions that wait to be logged.
    queued: BTreeSet<Txn>,
    /// Records that the running process has asked for, and whether a flush has been asked for since.
    asked: BTreeMap<Txn, bool>,
    /// What earlier processes left is being flushed.
    is_recovering: bool,
    /// A snapshot up to here is being written.
    snapshot: Option<Zxid>,
}

impl<'a> Hands<'a> {
    fn new(recording: &'a Recording) -> Self {
        let servers = vec![Hand::default(); usize::from(recording.schedule.servers)];
        Self { recording, servers }
    }

    fn pass(&mut self, passage: &Passage) {
        if let Leg::Arrived(way, Packet::Proposal(txn)) = &passage.what {
            self.servers[way.to.index()].queued.insert(*txn);
        }
    }

    fn take(&mut self, index: usize, event: &Event) {
        let Some(node) = event.node else {
            return;
        };
        let recording = self.recording;
        let hand = &mut self.servers[node.index()];
        match &event.fact {
            Fact::Noted(Note::Proposed(txn)) => {
                hand.queued.insert(*txn);
            }
            Fact::Noted(Note::SteppedDown) => {
                hand.queued.retain(|txn| is_logged_later(recording, node, index, txn));
            }
            Fact::DiskAsked { op, .. } => hand.ask(op),
            Fact::DiskDone { file: File::Log, .. } => {
                hand.asked.retain(|_, is_flushing| !*is_flushing);
                hand.is_recovering = false;
            }
            Fact::DiskDone { file: File::Snapshot, .. } => hand.snapshot = None,
            Fact::DiskFailed { file: File::Log, .. } => {
                hand.asked.values_mut().for_each(|is_flushing| *is_flushing = false);
            }
            Fact::Crashed { .. } | Fact::Exited(_) => *hand = Hand::default(),
            _ => {}
        }
    }

    /// How far each record has come, by server and column.
    fn stages(&self, checker: &Checker, columns: &[Column]) -> Vec<Vec<Option<Stage>>> {
        let mut stages = vec![Vec::with_capacity(columns.len()); self.servers.len()];
        for column in columns {
            let custody = checker.custody(&column.txn);
            for ((stages, hand), holding) in stages.iter_mut().zip(&self.servers).zip(&custody) {
                stages.push(hand.stage(&column.txn, holding));
            }
        }
        stages
    }
}

impl Hand {
    fn ask(&mut self, op: &DiskOp) {
        match op {
            DiskOp::Append(txn) => {
                self.queued.remove(txn);
                self.asked.insert(*txn, false);
            }
            DiskOp::Flush | DiskOp::FlushFile => {
                self.asked.values_mut().for_each(|is_flushing| *is_flushing = true)
            }
            DiskOp::FlushRecovered(File::Log) => {
                self.asked.values_mut().for_each(|is_flushing| *is_flushing = true);
                self.is_recovering = true;
            }
            DiskOp::Snapshot(replica)
            | DiskOp::SnapshotFile(replica)
            | DiskOp::WriteSnapshot(replica) => self.snapshot = Some(replica.last_processed),
            _ => {}
        }
    }

    fn stage(&self, txn: &Txn, holding: &Holding) -> Option<Stage> {
        let in_memory = holding.memory == Some(true);
        let in_snapshot = self.snapshot.is_some_and(|last| txn.zxid <= last);
        match holding.disk {
            // Where nothing runs, there is no memory to differ.
            OnDisk::Durable if holding.memory == Some(false) => Some(Stage::Durable),
            OnDisk::Durable => Some(Stage::Applied),
            OnDisk::Unflushed => {
                let is_flushing = self.asked.get(txn).copied().unwrap_or(self.is_recovering);
                Some(if is_flushing || in_snapshot { Stage::Flushing } else { Stage::Written })
            }
            OnDisk::No if in_memory && in_snapshot => Some(Stage::Flushing),
            OnDisk::No if self.queued.contains(txn) || self.asked.contains_key(txn) => {
                Some(Stage::Queued)
            }
            OnDisk::No => in_memory.then_some(Stage::Memory),
        }
    }
}

/// Whether what waits to be logged at a server that leaves its role is logged all the same.
fn is_logged_later(recording: &Recording, node: NodeId, index: usize, txn: &Txn) -> bool {
    let later = recording.events[index..].iter().filter(|event| event.node == Some(node));
    let decides = later.map(|event| &event.fact).find(|fact| match fact {
        Fact::DiskAsked { op: DiskOp::Append(appended), .. } => appended == txn,
        Fact::Crashed { .. } | Fact::Exited(_) | Fact::Noted(Note::Elected { .. }) => true,
        _ => false,
    });
    matches!(decides, Some(Fact::DiskAsked { .. }))
}

/// Strips under way, and those that are over.
#[derive(Default)]
struct Strips {
    open: BTreeMap<(u8, usize), (Stage, Point)>,
    done: Vec<Strip>,
}

impl Strips {
    /// The stages are these now; `exit` is how a record went that is not there any more.
    fn see(&mut self, at: Point, stages: &[Vec<Option<Stage>>], exit: Exit) {
        for (server, stages) in (0..).zip(stages) {
            for (column, stage) in stages.iter().enumerate() {
                self.turn((server, column), *stage, at, exit);
            }
        }
    }

    fn turn(&mut self, key: (u8, usize), stage: Option<Stage>, at: Point, exit: Exit) {
        let before = self.open.get(&key).copied();
        if before.map(|(before, _)| before) == stage {
            return;
        }
        if let Some((before, from)) = before {
            let is_gone = stage.is_none_or(|stage| stage == Stage::Memory);
            let exit = match before {
                Stage::Memory => Exit::None,
                Stage::Durable | Stage::Applied if is_gone => Exit::Cut,
                _ if is_gone => exit,
                _ => Exit::None,
            };
            self.close(key, (before, from), at, exit);
        }
        match stage {
            Some(stage) => self.open.insert(key, (stage, at)),
            None => self.open.remove(&key),
        };
    }

    fn close(&mut self, key: (u8, usize), (stage, from): (Stage, Point), to: Point, exit: Exit) {
        let (server, column) = (NodeId(key.0), key.1);
        self.done.push(Strip { server, column, stage, from, to, exit });
    }

    fn finish(mut self, end: Point) -> Vec<Strip> {
        for (key, open) in std::mem::take(&mut self.open) {
            self.close(key, open, end, Exit::None);
        }
        self.done.sort_by_key(|strip| (strip.server, strip.column, strip.from));
        self.done
    }
}
