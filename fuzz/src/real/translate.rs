//! From a case to a scenario: what happened in the model, event by event, as lines that bring the same
//! about on real servers.
//!
//! The translation knows the causal order of the model's events and nothing of their times. The
//! ensemble is *gated*: no packet passes, no vote is heard, no log is written and no end of a
//! connection is seen but where a line says so, and lines come in the order of the model's events.
//!
//! | in the model | in the scenario |
//! |---|---|
//! | a packet reaches its receiver | `pass` |
//! | a server is elected | `vote` among those whose votes it counted, until it follows or leads |
//! | a server leaves its role | `mute`, and `end`: it alone sees its connections end |
//! | records are appended; a flush is done | `wait … held log`; `flush` |
//! | a process dies with records that can be read and are not durable | `write` before it |
//! | a disk is created again | `blank` |
//! | a server is upgraded, or goes back | `install` |
//! | a disk error | `fail`, `wait … failed`, `mend` |
//! | a new log without a header, as good as the end | `wait … says`, `kill`, `sweep` |
//! | a client's request reaches its server; the answer reaches the client | `ask`; `answer` |
//! | the thread that applies stands still | `hold … thread CommitProcessor` |
//!
//! Resets, cuts, clogs and stalls of a receiver have no line of their own: what they brought about has.
//! The scenario ends where the claim is decided, with `recover`.

mod client;
pub mod control;
mod disk;
mod end;
mod memory;
mod packet;
mod role;
mod text;

use crate::oracle::Recording;
use client::Clients;
use disk::Disks;
use end::{End, Fate};
use memory::Memories;
use role::Roles;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use text::Text;
pub use text::checksum;
use zab_checker::{Event, Fact};
use zab_core::event::Note;
use zab_core::variant::Release;
use zab_core::{ConnId, File, NodeId, Op, RequestId, Time};
use zab_sim::passage::{Leg, Way};

/// What is to be said if these settings make a difference.
pub const REAL_LIMITS: &str =
    ", with as long a committed log as real servers have (500) and as few snapshots";

/// Why there is no scenario for an execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inexpressible {
    /// At which step of the story, if at one.
    pub at_us: Option<u64>,
    /// Why.
    pub what: String,
}

impl fmt::Display for Inexpressible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(at_us) = self.at_us {
            write!(f, " at {}", Time(at_us))?;
        }
        write!(f, ": {}", self.what)
    }
}

/// A part of what happened: on the way between servers and clients, or as it was observed.
#[derive(Copy, Clone, Debug)]
enum Moment<'a> {
    Leg(&'a Leg),
    Event(&'a Event),
    /// A thread stops, or goes on.
    Stall(NodeId, Thread, bool),
}

/// A thread that the model can stop by itself.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Thread {
    /// `SyncRequestProcessor`.
    Log,
    /// `CommitProcessor`.
    Commit,
}

/// What is told of an execution, line by line.
struct Teller<'a> {
    recording: &'a Recording,
    /// Events that were observed before the present moment.
    at: usize,
    text: Text,
    roles: Roles,
    disks: Disks,
    memories: Memories,
    clients: Clients,
    /// What servers run that do not run what they booted with, or have done so.
    installed: BTreeMap<NodeId, Release>,
    /// Which leader has been asked last for what, and by which follower of it, if not by a client.
    asked: Option<(NodeId, Option<NodeId>, RequestId)>,
    /// Connections of which nothing is read any more.
    unread: BTreeSet<ConnId>,
    /// Threads that stand still in the model.
    stalled: BTreeSet<(NodeId, Thread)>,
    /// Threads that are held.
    held: BTreeSet<(NodeId, Thread)>,
}

/// The scenario in which real servers do what happened in an execution, and lose what it lost.
///
/// # Errors
///
/// A step that no line can bring about, or a claim that no read can show.
pub fn translate(recording: &Recording, title: &str) -> Result<String, Inexpressible> {
    if !recording.schedule.workload.is_registers() {
        let what = "clients queue for a lock, of which a translation has no lines yet: see \
                    fuzz/scenarios/lock-held-twice.txt"
            .to_owned();
        return Err(Inexpressible { at_us: None, what });
    }
    tell(recording, title, &End::of(recording)?)
}

/// The scenario of an execution up to this end.
fn tell(recording: &Recording, title: &str, end: &End) -> Result<String, Inexpressible> {
    let mut teller = Teller {
        recording,
        at: 0,
        text: Text::new(title, recording),
        roles: Roles::new(recording),
        disks: Disks::new(&recording.schedule),
        memories: Memories::new(recording),
        clients: Clients::new(recording, end.event),
        installed: BTreeMap::new(),
        asked: None,
        unread: BTreeSet::new(),
        stalled: BTreeSet::new(),
        held: BTreeSet::new(),
    };
    for server in (0..recording.schedule.servers).map(NodeId) {
        for line in teller.clients.connect(recording.boot - 1, server, recording) {
            teller.text.line(line);
        }
    }
    for (at, moment) in moments(recording, end.event) {
        teller.at = at;
        teller.tell(moment)?;
    }
    Ok(teller.text.finish(&end.claim))
}

/// Everything that happened after the boot and before this event, in order.
fn moments(recording: &Recording, end: usize) -> Vec<(usize, Moment<'_>)> {
    let Recording { schedule, events, passages, boot, origin, .. } = recording;
    let mut stalls = role::stalls(schedule, *origin);
    stalls.reverse();
    let mut passages = passages.iter().peekable();
    let mut all = Vec::new();
    for (at, event) in events.iter().enumerate().take(end).skip(*boot) {
        while let Some((_, passage)) = passages.next_if(|(before, _)| *before <= at) {
            all.push((at, Moment::Leg(&passage.what)));
        }
        while stalls.last().is_some_and(|(when, ..)| *when <= event.at) {
            let (_, server, thread, stands) = stalls.pop().expect("there is a last one");
            all.push((at, Moment::Stall(server, thread, stands)));
        }
        all.push((at, Moment::Event(event)));
    }
    all
}

impl Teller<'_> {
    fn tell(&mut self, moment: Moment<'_>) -> Result<(), Inexpressible> {
        match moment {
            Moment::Leg(leg) => self.on_leg(leg),
            Moment::Event(event) => {
                let at_us = event.at.since(self.recording.origin).0;
                self.text.now(self.at + 1, at_us);
                match event.node {
                    Some(server) => self.on_fact(server, &event.fact)?,
                    None => self.on_ensemble(&event.fact),
                }
            }
            Moment::Stall(server, thread, stands) => self.on_stall(server, thread, stands),
        }
        Ok(())
    }

    fn on_leg(&mut self, leg: &Leg) {
        match leg {
            Leg::Arrived(Way { conn, from, to }, packet) => {
                self.on_packet(*from, *to, *conn, packet);
            }
            Leg::Asked(request) => {
                let asked = self.clients.asked_of(*request);
                if let Some((server, op)) = asked.filter(|(server, _)| self.roles.serves(*server)) {
                    let leads = self.roles.leads(server);
                    if leads && !matches!(op, Op::Read { .. }) {
                        self.in_turn(server, None, *request);
                    }
                    let line = self.clients.on_asked(*request, op, server, leads);
                    line.into_iter().for_each(|line| self.text.line(line));
                }
            }
            Leg::Connected(Way { conn, from, to }) => self.roles.on_connected([*from, *to], *conn),
            Leg::Ended(Way { from, to, .. }) => self.roles.on_lost(*to, *from),
            Leg::Voted { from, to, leader } => self.roles.on_vote(*from, *to, *leader),
            // An answer that has left arrives, whatever becomes of its server.
            Leg::Answered(request) => {
                let outcome = end::outcome(self.recording, self.at, *request);
                let line = outcome.and_then(|outcome| self.clients.answer(*request, outcome));
                line.into_iter().for_each(|line| self.text.line(line));
            }
            Leg::Left(_) => {}
        }
    }

    fn on_fact(&mut self, server: NodeId, fact: &Fact) -> Result<(), Inexpressible> {
        match fact {
            Fact::Noted(note) => self.on_note(server, note),
            Fact::DiskAsked { lsn, op } => {
                let fate = end::fate(self.recording, self.at, server, (op.file(), *lsn));
                if op.file() == File::AcceptedEpoch && fate != Fate::Done {
                    self.before_promise(server, matches!(fate, Fate::Failed(_)));
                }
                self.disks.on_asked(server, (*lsn, op), fate, &mut self.text);
            }
            Fact::DiskDone { file, upto } => {
                self.disks.mark(server, self.text.place());
                self.disks.on_done(server, (*file, *upto), &mut self.text);
            }
            Fact::DiskFailed { file, lsn, error } => {
                // It ends the role at once, and the threads that send have sent by then.
                if *file == File::CurrentEpoch && self.roles.leads(server) {
                    self.await_sent(server);
                }
                self.disks.on_failed(server, (*file, *lsn), *error, &mut self.text);
            }
            Fact::Installed(release) => {
                self.installed.insert(server, *release);
                self.text.line(format!("install {server} {}", text::release(*release)));
            }
            Fact::Blanked => {
                self.disks.on_blanked(server);
                self.text.line(format!("blank {server}"));
            }
            Fact::Purged(_) => {
                let what = format!("{server} is purged, and no operator is at hand");
                return Err(self.inexpressible(what));
            }
            Fact::WrittenBack => {
                self.disks.on_settled(server);
                self.text.line(format!("settle {server}"));
            }
            Fact::Crashed { power_loss } => {
                self.disks.before_end(server, &mut self.text);
                self.elect_with_its_vote(server, *power_loss);
                self.await_sent(server);
                self.text.line(format!("mute {server}"));
                self.leave(server);
                self.held.retain(|(id, _)| *id != server);
                let found = end::found(self.recording, self.at, server);
                let lines = self.disks.on_crash(server, *power_loss, found);
                lines.map_err(|what| self.inexpressible(what))?.into_iter().for_each(|line| {
                    self.text.line(line);
                });
            }
            Fact::Exited(_) => self.on_exited(server),
            Fact::Started(found) => {
                if let Some(last) = found.log.last() {
                    self.text.line(format!("wait {server} log {}", text::zxid(last.zxid)));
                }
                self.text.line(format!("start {server}"));
                self.disks.mark(server, self.text.place());
            }
            Fact::Delivered(txn) => self.on_delivered(server, txn.zxid),
            Fact::Sent { .. } | Fact::Fault(_) => {}
            // What a client asked reaches its server as an input; it is told as an event of none.
            _ => self.on_ensemble(fact),
        }
        Ok(())
    }

    fn on_exited(&mut self, server: NodeId) {
        self.await_sent(server);
        self.disks.before_end(server, &mut self.text);
        self.text.line(format!("mute {server}"));
        let peers = self.roles.peers(server);
        self.leave(server);
        self.held.retain(|(id, _)| *id != server);
        let release = self.installed.get(&server).copied().unwrap_or_default();
        let reads_on = self.recording.releases.of(release).removes_open_log;
        let lines = self.disks.on_exit(server, reads_on, &peers);
        lines.into_iter().for_each(|line| self.text.line(line));
    }

    fn on_ensemble(&mut self, fact: &Fact) {
        if let Fact::Returned { request, outcome } = fact
            && let Some(line) = self.clients.answer(*request, *outcome)
        {
            self.text.line(line);
        }
    }

    fn on_note(&mut self, server: NodeId, note: &Note) {
        match note {
            // A process that has just started says nothing of what it is.
            Note::Looking { .. } if self.roles.on_looking(server) => {
                self.disks.on_looking(server);
                self.text.line(format!("wait {server} looking"));
                self.release(server, Thread::Commit);
            }
            Note::Elected { leader, .. } if self.roles.leader(server) != Some(*leader) => {
                self.elect(server, *leader);
            }
            Note::Established { .. } | Note::Serving { .. } => {
                self.roles.on_serving(server);
                self.text.line(format!("wait {server} serves"));
                for line in self.clients.connect(self.at, server, self.recording) {
                    self.text.line(line);
                }
                for thread in [Thread::Log, Thread::Commit] {
                    if self.stalled.contains(&(server, thread)) {
                        self.hold(server, thread);
                    }
                }
            }
            Note::Committed(zxid) => self.on_committed(server, *zxid),
            Note::MemoryReplaced { last_zxid, .. } => self.memories.on_replaced(server, *last_zxid),
            Note::SyncWith { learner, .. } => self.await_packet(server, *learner),
            Note::SteppedDown => {
                self.await_applied(server);
                self.disks.before_end(server, &mut self.text);
                self.elect_with_its_vote(server, false);
                self.text.line(format!("mute {server}"));
                let peers = self.roles.peers(server);
                self.await_sent(server);
                self.await_lost(server);
                self.leave(server);
                self.roles.on_stepped_down(server);
                for peer in peers {
                    self.text.line(format!("end {server} > {peer}"));
                }
                self.disks.on_stepped_down(server, &mut self.text);
            }
            _ => {}
        }
    }

    /// A server is in no role any more. The thread that applies ends with it, once that is over, and
    /// applies nothing more (`CommitProcessor.halt`); the one that logs may outlive it.
    fn leave(&mut self, server: NodeId) {
        self.memories.on_left(server);
        self.roles.on_left(server);
    }

    fn on_stall(&mut self, server: NodeId, thread: Thread, stands: bool) {
        if stands {
            self.stalled.insert((server, thread));
            if self.roles.serves(server) {
                self.hold(server, thread);
            }
        } else {
            self.stalled.remove(&(server, thread));
            self.release(server, thread);
        }
    }

    fn hold(&mut self, server: NodeId, thread: Thread) {
        if self.held.insert((server, thread)) {
            let name = thread.name(server);
            self.text.line(format!("hold {server} thread {name}"));
            self.text.line(format!("wait {server} held thread {name}"));
        }
    }

    fn release(&mut self, server: NodeId, thread: Thread) {
        if self.held.remove(&(server, thread)) {
            self.text.line(format!("release {server} thread {}", thread.name(server)));
        }
    }

    fn inexpressible(&self, what: String) -> Inexpressible {
        Inexpressible { at_us: Some(self.text.at_us()), what }
    }
}

impl Thread {
    /// Its native name, of which 15 characters are kept.
    fn name(self, server: NodeId) -> String {
        let name = match self {
            Self::Log => "SyncThread",
            Self::Commit => "CommitProcessor",
        };
        format!("{name}:{}", server.0 + 1).chars().take(15).collect()
    }
}
