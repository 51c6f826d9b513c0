//! What clients ask and are told. Each request has a connection of its own, which is opened as soon as
//! its server serves: later, a server whose log or commits are held would take nobody.

use super::text;
use crate::oracle::Recording;
use std::collections::{BTreeMap, BTreeSet};
use zab_checker::Fact;
use zab_core::event::Note;
use zab_core::{Change, Key, NodeId, Op, Outcome, RequestId};
use zab_sim::passage::Leg;

/// Requests, and the nodes that there are.
#[derive(Debug)]
pub(super) struct Clients {
    /// Which server was asked for what in the model.
    servers: BTreeMap<RequestId, (NodeId, Op)>,
    /// What was asked on real servers.
    asked: BTreeMap<RequestId, Op>,
    /// What was asked a follower, and its leader has not heard of.
    waiting: BTreeMap<RequestId, (Op, NodeId)>,
    /// Registers that were written once: their nodes are there.
    keys: BTreeSet<Key>,
    /// What a leader made of each request: the version that it gives the register.
    versions: BTreeMap<RequestId, u32>,
    /// The first event that is not told.
    end: usize,
}

impl Clients {
    pub(super) fn new(recording: &Recording, end: usize) -> Self {
        let keys = boot_writes(recording).into_iter().map(|(key, _)| key);
        let servers = recording.events.iter().filter_map(|event| match &event.fact {
            Fact::Invoked { request, op } => Some((*request, (event.node?, *op))),
            _ => None,
        });
        let servers = servers.collect();
        let versions = recording.events.iter().filter_map(|event| match &event.fact {
            Fact::Noted(Note::Proposed(txn)) => match txn.change {
                Change::Set { version, .. } => Some((txn.request, version)),
                _ => None,
            },
            _ => None,
        });
        let versions = versions.collect();
        Self {
            servers,
            asked: BTreeMap::new(),
            waiting: BTreeMap::new(),
            keys: keys.collect(),
            versions,
            end,
        }
    }

    /// The lines that connect whoever asks a server between this event and the end of its role.
    pub(super) fn connect(&self, at: usize, server: NodeId, recording: &Recording) -> Vec<String> {
        let ends = |fact: &Fact| {
            matches!(fact, Fact::Noted(Note::SteppedDown) | Fact::Crashed { .. } | Fact::Exited(_))
        };
        let mut later = recording.events.iter().enumerate().skip(at + 1);
        let end = later.find(|(_, event)| event.node == Some(server) && ends(&event.fact));
        let end = end.map_or(self.end, |(at, _)| at.min(self.end));
        let in_time = |before: &usize| *before > at && *before <= end;
        let passages = recording.passages.iter().filter(move |(before, _)| in_time(before));
        let asked = passages.filter_map(|(_, passage)| match &passage.what {
            Leg::Asked(request) => Some(*request),
            _ => None,
        });
        let here =
            asked.filter(|request| self.servers.get(request).is_some_and(|(id, _)| *id == server));
        here.map(|request| format!("connect {} {server}", name(request))).collect()
    }

    /// Which server a client asked for what.
    pub(super) fn asked_of(&self, request: RequestId) -> Option<(NodeId, Op)> {
        self.servers.get(&request).copied()
    }

    /// A client asks a server: the line for it. A follower only hands an update on, and real ones may
    /// swap two that come at the same time: the line waits until the model's leader hears of it.
    pub(super) fn on_asked(
        &mut self,
        request: RequestId,
        op: Op,
        server: NodeId,
        leads: bool,
    ) -> Option<String> {
        if leads || matches!(op, Op::Read { .. }) {
            return Some(self.ask(request, op, server));
        }
        self.waiting.insert(request, (op, server));
        None
    }

    /// A leader hears of what a client asked one of its followers: the line with which it asked.
    pub(super) fn on_forwarded(&mut self, request: RequestId) -> Option<String> {
        let (op, server) = self.waiting.remove(&request)?;
        Some(self.ask(request, op, server))
    }

    fn ask(&mut self, request: RequestId, op: Op, server: NodeId) -> String {
        self.asked.insert(request, op);
        let what = match op {
            Op::Write { key, value } => self.write(request, key, value, None),
            Op::WriteIf { key, value, version } => self.write(request, key, value, Some(version)),
            Op::Read { key } => format!("get {}", text::path(key)),
            _ => format!("sync {}", text::path(Key(0))),
        };
        format!("ask {} {server} {what}", name(request))
    }

    /// Registers are there from the start, nodes are created, once more if that was lost. A node's first
    /// version is 0, a register's 1.
    fn write(&mut self, request: RequestId, key: Key, value: u32, version: Option<u32>) -> String {
        let path = text::path(key);
        let is_new = self.keys.insert(key);
        let creates = self.versions.get(&request).map_or(is_new, |version| *version == 1);
        match version {
            _ if creates => format!("create {path} {value}"),
            Some(version) => format!("set {path} {value} if {}", version.saturating_sub(1)),
            None => format!("set {path} {value}"),
        }
    }

    /// The line with which a client gets its answer, if that is a good one.
    pub(super) fn answer(&mut self, request: RequestId, outcome: Outcome) -> Option<String> {
        self.asked.remove(&request)?;
        let name = name(request);
        match outcome {
            Outcome::Written { .. } | Outcome::Synced { .. } => Some(format!("answer {name}")),
            Outcome::Value { version: 0, .. } => Some(format!("answer {name} -")),
            Outcome::Value { value, .. } => Some(format!("answer {name} {value}")),
            _ => None,
        }
    }
}

/// What the boot of the model writes, in order.
pub(super) fn boot_writes(recording: &Recording) -> Vec<(Key, u32)> {
    let boot = recording.events[..recording.boot].iter();
    let writes = boot.filter_map(|event| match &event.fact {
        Fact::Invoked { op: Op::Write { key, value }, .. } => Some((*key, *value)),
        _ => None,
    });
    writes.collect()
}

fn name(request: RequestId) -> String {
    format!("c{}.{}", request.session.0, request.cxid)
}
