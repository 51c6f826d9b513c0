//! Judges a history of znodes against what ZooKeeper promises.
//!
//! With a zxid on every answer the order is known, and only has to be tested: the order clauses of
//! the certificate in one sweep (`order`), and the answers by the generic
//! engine on the axis of zxids, where answered operations have their place and only those that
//! never returned are free. Nothing is searched there unless something crashed.
//!
//! Without zxids the order is searched for: the same promise, decided exactly by the generic engine
//! (`sessions`). What a budget does not suffice for is undecided.
//!
//! Linearizability is more than ZooKeeper promises: each read would have to be as fresh as the
//! last update. Who wants to know asks for [`linearizable`].

mod order;
mod sessions;

use super::any::Part;
use super::words::Words;
use super::{Clause, Counterexample, Finding, Report, Settings, Shown};
use crate::judge::Contract;
use crate::linearizability::{Call, NEVER};
use crate::model::Model;
use crate::model::znode::{Op, Znodes, groups};
use crate::record::{Positioned, Recorded};
use order::{Breach, Floor, sweep};

/// Judges a history against what ZooKeeper promises.
pub fn judge(
    recorded: &Recorded<Positioned>,
    contract: Contract,
    settings: &Settings<'_>,
) -> Report {
    let store = Store::new(recorded);
    let mut report = Report {
        operations: recorded.calls.len(),
        crashed: recorded.calls.iter().filter(|call| call.is_crashed()).count(),
        parts: store.recorded.keys.iter().max().map_or(0, |group| *group as usize + 1),
        searched: 0,
        findings: Vec::new(),
    };
    report.searched = report.parts;
    let lacks_zxid = |call: &&Call<Positioned>| !call.is_crashed() && call.op.zxid.is_none();
    if !recorded.calls.iter().filter(lacks_zxid).any(|call| call.op.op.is_some()) {
        let swept = sweep(&recorded.calls, contract);
        if let Some(breach) = swept.breach {
            let example = Box::new(store.explain_breach(&breach, &recorded.calls));
            report.findings.push(Finding::Violation(example));
        }
        let positioned = |at: usize| position(&recorded.calls[at], swept.floors[at]);
        report.findings.extend(store.search(&positioned, Clause::Values, settings));
        return report;
    }
    (report.parts, report.findings) = sessions::judge(recorded, contract, settings);
    report.searched = report.parts;
    report
}

/// Judges whether the history is linearizable, reads included. Zxids and syncs play no part.
pub fn linearizable(recorded: &Recorded<Positioned>, settings: &Settings<'_>) -> Report {
    let store = Store::new(recorded);
    let parts = store.recorded.keys.iter().max().map_or(0, |group| *group as usize + 1);
    let interval = |at: usize| Some((recorded.calls[at].invoked, recorded.calls[at].returned));
    Report {
        operations: recorded.calls.len(),
        crashed: recorded.calls.iter().filter(|call| call.is_crashed()).count(),
        parts,
        searched: parts,
        findings: store.search(&interval, Clause::NoOrder, settings),
    }
}

/// The interval of an operation on the axis of zxids: an update is at its zxid, a read right
/// behind the last one that it had seen. One that never returned comes behind all that its client
/// can have known of when it was invoked.
fn position(call: &Call<Positioned>, floor: Floor) -> Option<(u64, u64)> {
    let op = call.op.op.as_ref()?;
    let behind = |zxid: u64| zxid.saturating_mul(2).saturating_add(1);
    match call.op.zxid.filter(|_| !call.is_crashed()) {
        None => Some((behind(floor.highest()), NEVER)),
        Some(zxid) if op.request.is_read() => Some((behind(zxid), behind(zxid))),
        Some(zxid) => Some((zxid.saturating_mul(2), zxid.saturating_mul(2))),
    }
}

/// The requests of a history without its syncs.
struct Store {
    recorded: Recorded<Op>,
    /// Where each is in the whole history.
    places: Vec<usize>,
    /// Where each is in the file.
    numbers: Vec<usize>,
}

impl Store {
    fn new(whole: &Recorded<Positioned>) -> Self {
        let requests = || {
            let ops = whole.calls.iter().enumerate();
            ops.filter_map(|(at, call)| call.op.op.as_ref().map(|op| (at, call, op)))
        };
        let calls = requests().map(|(_, call, op)| Call {
            process: call.process,
            invoked: call.invoked,
            returned: call.returned,
            op: op.clone(),
        });
        let keys = groups(requests().map(|(_, _, op)| op));
        let mut recorded = Recorded::from_calls(calls.collect(), keys);
        recorded.names = whole.names.clone();
        let times = requests().map(|(at, ..)| whole.times.get(at).copied().unwrap_or_default());
        recorded.times = times.collect();
        let places: Vec<usize> = requests().map(|(at, ..)| at).collect();
        let numbers = places.iter().map(|at| whole.number(*at)).collect();
        Self { recorded, places, numbers }
    }

    /// Searches each group for an order, with the intervals that `interval` gives; operations
    /// without one are left out.
    fn search(
        &self,
        interval: &dyn Fn(usize) -> Option<(u64, u64)>,
        clause: Clause,
        settings: &Settings<'_>,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (group, places) in self.recorded.by_key() {
            let (mut calls, mut kept) = (Vec::new(), Vec::new());
            for at in places.into_iter().map(|at| at as usize) {
                if let Some((invoked, returned)) = interval(self.places[at]) {
                    let call = &self.recorded.calls[at];
                    calls.push(Call { invoked, returned, ..call.clone() });
                    kept.push(at);
                }
            }
            let words = Words::new(&self.recorded, group);
            let part = Part { calls: &calls, places: &kept, words };
            let mut finding = part.judge(&Znodes, settings);
            if let Some(Finding::Violation(example)) = &mut finding {
                example.clause = clause;
                example.key = None;
                example.operations.iter_mut().for_each(|shown| {
                    shown.operation = self.numbers[shown.operation];
                });
            }
            findings.extend(finding);
        }
        findings
    }

    fn explain_breach(&self, breach: &Breach, calls: &[Call<Positioned>]) -> Counterexample {
        let words = Words::new(&self.recorded, 0);
        let shown = |operation: usize| -> Shown {
            let what = match self.places.binary_search(&operation) {
                Ok(at) => {
                    let what = Znodes.describe(&self.recorded.calls[at].op);
                    let mut shown = words.shown(at, what);
                    shown.operation = self.numbers[at];
                    shown
                }
                Err(_) => words.shown_call(operation, &calls[operation], "sync"),
            };
            let zxid = calls[operation].op.zxid.map(|zxid| format!(" at zxid {zxid:#x}"));
            Shown { what: what.what.clone() + &zxid.unwrap_or_default(), ..what }
        };
        let (one, other) = (shown(breach.earlier), shown(breach.later));
        let sentence = format!(
            "the {} by {} {} the {} by {}",
            other.what,
            other.process,
            breach.how(),
            one.what,
            one.process
        );
        Counterexample {
            key: None,
            clause: breach.clause,
            sentence,
            staleness: None,
            operations: vec![one, other],
            longest: vec![0],
            is_minimal: true,
        }
    }
}
