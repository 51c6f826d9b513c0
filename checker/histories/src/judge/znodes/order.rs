//! The order clauses: one sweep over the events, comparing zxids.

use super::super::{Clause, Contract};
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
    /// Among answered reads and syncs.
    reads: Mark,
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
        self.updates.zxid.max(self.reads.zxid)
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
            Clause::SyncOrder => "comes after a sync of its session, yet misses",
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
    /// The highest zxid that each session has seen.
    pub(super) seen: Vec<u64>,
    /// The breach that is complete first, and how many others there are.
    pub(super) breach: Option<(Breach, usize)>,
    /// Two updates have one zxid: there is no order.
    pub(super) is_ambiguous: bool,
}

/// What the last sync of a session has promised.
#[derive(Copy, Clone, Debug, Default)]
struct Session {
    synced: Mark,
    /// The next operation directly follows a sync.
    pair: Option<Mark>,
}

/// Sweeps over the history.
pub(super) fn sweep(calls: &[Call<Positioned>], contract: Contract) -> Swept {
    let same = same_zxid(calls);
    let count = calls.iter().map(|call| call.op.session as usize + 1).max().unwrap_or(0);
    let mut seen = vec![Mark::default(); count];
    let mut breaches: Vec<Breach> = same.into_iter().collect();
    session_order(calls, &mut seen, &mut breaches);
    let mut events: Vec<(u64, bool, usize)> = Vec::with_capacity(2 * calls.len());
    for (at, call) in calls.iter().enumerate() {
        events.push((call.invoked, false, at));
        if call.returned != NEVER {
            events.push((call.returned, true, at));
        }
    }
    events.sort_unstable();
    let mut swept = Swept {
        floors: vec![Floor::default(); calls.len()],
        seen: seen.iter().map(|mark| mark.zxid).collect(),
        breach: None,
        is_ambiguous: same.is_some(),
    };
    let mut all = Floor::default();
    let mut sessions: Vec<Session> = vec![Session::default(); count];
    for (_, is_return, at) in events {
        let call = &calls[at];
        let session = &mut sessions[call.op.session as usize];
        let is_sync = call.op.op.is_none();
        if !is_return {
            let pair = session.pair.take().filter(|_| call.op.is_read() && !is_sync);
            swept.floors[at] = Floor { synced: session.synced, pair, ..all };
            continue;
        }
        let floor = swept.floors[at];
        if is_sync {
            // What had been acknowledged when it was invoked.
            session.synced.raise(floor.updates.zxid, floor.updates.by);
            let mut pair = floor.updates;
            pair.raise(floor.linearizable.zxid, floor.linearizable.by);
            session.pair = Some(pair);
        }
        let Some(zxid) = call.op.zxid else { continue };
        let breach = broken(zxid, &call.op, &floor, contract);
        breaches.extend(breach.map(|(clause, earlier)| Breach { clause, earlier, later: at }));
        if floor.pair.is_some() {
            all.linearizable.raise(zxid, at);
        }
        let kind = if call.op.is_read() { &mut all.reads } else { &mut all.updates };
        kind.raise(zxid, at);
    }
    let first = breaches.iter().min_by_key(|breach| (calls[breach.later].returned, breach.clause));
    swept.breach = first.map(|first| (*first, breaches.len() - 1));
    swept
}

/// The clause that an operation breaks, and the operation it should have minded.
fn broken(
    zxid: u64,
    op: &Positioned,
    floor: &Floor,
    contract: Contract,
) -> Option<(Clause, usize)> {
    let is_read = op.is_read();
    let is_bound = is_read && op.op.is_some() && contract == Contract::Quorum;
    let pair = floor.pair.unwrap_or_default();
    let checks = [
        (Clause::UpdateOrder, floor.updates, !is_read && zxid <= floor.updates.zxid),
        (Clause::FutureRead, floor.reads, !is_read && zxid <= floor.reads.zxid),
        (Clause::SyncOrder, floor.synced, is_bound && zxid < floor.synced.zxid),
        (Clause::SyncOrder, pair, is_bound && zxid < pair.zxid),
    ];
    let first = checks.into_iter().find(|(_, mark, is_broken)| *is_broken && mark.zxid > 0);
    first.map(|(clause, mark, _)| (clause, mark.by))
}

/// Operations of a session are executed in the order in which they were sent: none has seen less
/// than one before it, and an update comes after all of them.
fn session_order(calls: &[Call<Positioned>], seen: &mut [Mark], breaches: &mut Vec<Breach>) {
    let mut order: Vec<usize> = (0..calls.len()).filter(|at| !calls[*at].is_crashed()).collect();
    order.sort_by_key(|at| calls[*at].invoked);
    for at in order {
        let op = &calls[at].op;
        let Some(zxid) = op.zxid else { continue };
        let seen = &mut seen[op.session as usize];
        let goes_back = zxid < seen.zxid || zxid == seen.zxid && !op.is_read() && zxid > 0;
        if goes_back {
            breaches.push(Breach { clause: Clause::SessionOrder, earlier: seen.by, later: at });
        }
        seen.raise(zxid, at);
    }
}

/// Two updates with one zxid.
fn same_zxid(calls: &[Call<Positioned>]) -> Option<Breach> {
    let mut zxids: Vec<(u64, usize)> = calls
        .iter()
        .enumerate()
        .filter(|(_, call)| !call.is_crashed() && !call.op.is_read())
        .filter_map(|(at, call)| call.op.zxid.map(|zxid| (zxid, at)))
        .collect();
    zxids.sort_unstable();
    let pair = zxids.windows(2).find(|pair| pair[0].0 == pair[1].0)?;
    Some(Breach { clause: Clause::ExactlyOnce, earlier: pair[0].1, later: pair[1].1 })
}
