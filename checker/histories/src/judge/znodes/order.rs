//! The order clauses: one sweep over the events, comparing zxids.

use super::super::Clause;
use crate::judge::Contract;
use crate::linearizability::{Call, NEVER};
use crate::record::Positioned;

/// A zxid, and the operation that showed it first.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
struct Mark {
    zxid: u64,
    by: usize,
}

impl Mark {
    fn raise(&mut self, zxid: u64, by: usize) {
        if zxid > self.zxid {
            *self = Self { zxid, by };
        }
    }
}

/// What an operation has to be above: what was known when it was invoked.
#[derive(Copy, Clone, Debug, Default)]
pub(super) struct Floor {
    /// Among answered updates.
    updates: Mark,
    /// Among answered reads.
    reads: Mark,
    /// In the session.
    seen: Mark,
    /// What a sync of the session has promised.
    synced: Mark,
    /// Among answered reads that directly follow a sync.
    linearizable: Mark,
    /// If it directly follows a sync: all that was known when that was invoked.
    pair: Option<Mark>,
}

impl Floor {
    /// The highest zxid that anyone can have known.
    pub(super) fn highest(&self) -> u64 {
        self.updates.zxid.max(self.reads.zxid).max(self.seen.zxid)
    }
}

/// Two operations that break a clause.
#[derive(Copy, Clone, Debug)]
pub(super) struct Breach {
    pub(super) clause: Clause,
    pub(super) earlier: usize,
    pub(super) later: usize,
}

impl Breach {
    /// What the later operation does to the earlier one.
    pub(super) const fn how(&self) -> &'static str {
        match self.clause {
            Clause::UpdateOrder => "was invoked after the return of, yet comes before,",
            Clause::SessionOrder => "follows in its session, yet has seen less than,",
            Clause::SyncOrder => "comes behind a sync of its session, yet misses",
            Clause::FutureRead => "was invoked after what it did had been shown to",
            _ => "has the zxid of",
        }
    }
}

/// What the sweep found.
#[derive(Debug)]
pub(super) struct Swept {
    /// By operation.
    pub(super) floors: Vec<Floor>,
    /// The first breach.
    pub(super) breach: Option<Breach>,
}

/// What a session has seen, and what its last sync has promised.
#[derive(Copy, Clone, Debug, Default)]
struct Session {
    seen: Mark,
    synced: Mark,
    /// The next operation directly follows a sync.
    pair: Option<Mark>,
}

/// Sweeps over the history.
pub(super) fn sweep(calls: &[Call<Positioned>], contract: Contract) -> Swept {
    let mut events: Vec<(u64, bool, usize)> = Vec::with_capacity(2 * calls.len());
    for (at, call) in calls.iter().enumerate() {
        events.push((call.invoked, false, at));
        if call.returned != NEVER {
            events.push((call.returned, true, at));
        }
    }
    events.sort_unstable();
    let mut swept = Swept { floors: vec![Floor::default(); calls.len()], breach: same_zxid(calls) };
    let mut all = Floor::default();
    let mut sessions: Vec<Session> = Vec::new();
    for (_, is_return, at) in events {
        let call = &calls[at];
        let process = call.process as usize;
        if sessions.len() <= process {
            sessions.resize(process + 1, Session::default());
        }
        let session = &mut sessions[process];
        if !is_return {
            let is_read = call.op.op.as_ref().is_some_and(|op| op.request.is_read());
            let pair = session.pair.take().filter(|_| is_read);
            swept.floors[at] = Floor { seen: session.seen, synced: session.synced, pair, ..all };
            continue;
        }
        let floor = swept.floors[at];
        let Some(op) = &call.op.op else {
            // A sync: what had been acknowledged when it was invoked.
            session.synced.raise(floor.updates.zxid, floor.updates.by);
            let mut pair = floor.updates;
            pair.raise(floor.linearizable.zxid, floor.linearizable.by);
            session.pair = Some(pair);
            continue;
        };
        let Some(zxid) = call.op.zxid else { continue };
        let breach = broken(zxid, op.request.is_read(), &floor, contract);
        let breach = breach.map(|(clause, earlier)| Breach { clause, earlier, later: at });
        swept.breach = swept.breach.or(breach);
        session.seen.raise(zxid, at);
        if floor.pair.is_some() {
            all.linearizable.raise(zxid, at);
        }
        let kind = if op.request.is_read() { &mut all.reads } else { &mut all.updates };
        kind.raise(zxid, at);
    }
    swept
}

/// The clause that an operation breaks, and the operation it should have minded.
fn broken(zxid: u64, is_read: bool, floor: &Floor, contract: Contract) -> Option<(Clause, usize)> {
    let is_bound = is_read && contract == Contract::Quorum;
    let pair = floor.pair.unwrap_or_default();
    let checks = [
        (Clause::UpdateOrder, floor.updates, !is_read && zxid <= floor.updates.zxid),
        (Clause::FutureRead, floor.reads, !is_read && zxid <= floor.reads.zxid),
        (Clause::SessionOrder, floor.seen, zxid < floor.seen.zxid),
        (Clause::SyncOrder, floor.synced, is_bound && zxid < floor.synced.zxid),
        (Clause::SyncOrder, pair, is_bound && zxid < pair.zxid),
    ];
    let first = checks.into_iter().find(|(.., is_broken)| *is_broken);
    first.map(|(clause, mark, _)| (clause, mark.by))
}

/// Two updates with one zxid.
fn same_zxid(calls: &[Call<Positioned>]) -> Option<Breach> {
    let is_update =
        |call: &Call<Positioned>| call.op.op.as_ref().is_some_and(|op| !op.request.is_read());
    let mut zxids: Vec<(u64, usize)> = calls
        .iter()
        .enumerate()
        .filter(|(_, call)| is_update(call))
        .filter_map(|(at, call)| call.op.zxid.map(|zxid| (zxid, at)))
        .collect();
    zxids.sort_unstable();
    let pair = zxids.windows(2).find(|pair| pair[0].0 == pair[1].0)?;
    Some(Breach { clause: Clause::ExactlyOnce, earlier: pair[0].1, later: pair[1].1 })
}
