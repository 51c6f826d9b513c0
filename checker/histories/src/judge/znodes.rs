//! Judges a history of znodes against what ZooKeeper promises.
//!
//! With a zxid on every answer the order is known, and only has to be tested: the order clauses in
//! one sweep (`order`), and the answers along the axis of zxids (`axis`), where only what was never
//! answered is free. Where some answers have a zxid and others none, those that have one are
//! judged; if they keep the promise, the history as a whole is undecided.
//!
//! Without zxids the order is searched for: the same promise, decided exactly by the generic engine
//! (`sessions`). What a budget does not suffice for is undecided.
//!
//! Linearizability is more than ZooKeeper promises: each read would have to be as fresh as the
//! last update. Who wants to know asks for [`linearizable`].

mod axis;
mod explain;
mod free;
mod order;
mod sessions;

use super::any::Part;
use super::words::Words;
use super::{Clause, Contract, Finding, Report, Settings};
use crate::linearizability::{Call, NEVER};
use crate::model::znode::{Op, Request, Tree, Znodes, groups};
use crate::record::{Positioned, Recorded};
use axis::{Found, Whole, search};
use explain::Explain;
use free::silent;
use order::sweep;
use std::sync::Arc;

/// What a store promises, and what it holds at first.
#[derive(Clone, Debug)]
pub struct Promise {
    /// What `sync` promises.
    pub contract: Contract,
    /// The tree before the first operation.
    pub initial: Arc<Tree>,
}

impl From<Contract> for Promise {
    fn from(contract: Contract) -> Self {
        Self { contract, initial: Arc::default() }
    }
}

/// Judges a history against what ZooKeeper promises.
pub fn judge(
    recorded: &Recorded<Positioned>,
    promise: impl Into<Promise>,
    settings: &Settings<'_>,
) -> Report {
    let promise = promise.into();
    // Nobody has to record the zxid with which a session ended.
    let has_answer = |call: &&Call<Positioned>| {
        let op = call.op.op.as_ref();
        !call.is_crashed() && op.is_some_and(|op| !matches!(op.request, Request::Close(_)))
    };
    let answered = || recorded.calls.iter().filter(has_answer);
    let (all, lacking) =
        (answered().count(), answered().filter(|call| call.op.zxid.is_none()).count());
    let mut report = Report::new(recorded, 1);
    if lacking == all && all > 0 {
        (report.parts, report.findings) = sessions::judge(recorded, &promise, settings);
        report.searched = report.parts;
        return report;
    }
    report.findings = by_zxid(recorded, &promise, settings);
    let first = recorded.calls.iter().position(|call| has_answer(&call) && call.op.zxid.is_none());
    if let Some(first) = first.filter(|_| report.findings.is_empty()) {
        let first = Explain::new(recorded).the(first);
        let reason = format!(
            "{lacking} of {all} answers have no zxid, {first} for one: what has one keeps the \
             promise. Record all zxids, or none"
        );
        report.findings.push(Finding::Unknown { key: None, reason });
    }
    report
}

/// Judges what has a zxid.
fn by_zxid(
    recorded: &Recorded<Positioned>,
    promise: &Promise,
    settings: &Settings<'_>,
) -> Vec<Finding> {
    let calls = &recorded.calls;
    let explain = Explain::new(recorded);
    let swept = sweep(calls, promise.contract);
    let mut findings = Vec::new();
    if let Some((breach, more)) = swept.breach {
        findings.push(Finding::Violation(Box::new(explain.breach(&breach, more))));
    }
    if swept.is_ambiguous {
        return findings;
    }
    let floor = |at: usize| swept.floors[at].highest();
    let free = free::free(calls, floor, |session| swept.seen[session as usize]);
    let whole = Whole { calls, initial: promise.initial.clone(), free };
    match search(&whole.axis(None), &settings.budget) {
        Found::Right => {}
        Found::Unknown(why) => {
            findings.push(Finding::Unknown { key: None, reason: why.to_string() });
        }
        Found::Wrong(stop, plan) => {
            let core = whole.reduce(stop, &plan, settings);
            findings.push(Finding::Violation(Box::new(explain.wrong(&core, floor))));
        }
    }
    findings
}

/// Judges whether the history is linearizable, reads included. Zxids and syncs play no part.
pub fn linearizable(
    recorded: &Recorded<Positioned>,
    store: &Znodes,
    settings: &Settings<'_>,
) -> Report {
    let (requests, numbers) = requests(recorded);
    let parts = requests.by_key();
    let mut report = Report::new(recorded, parts.len());
    for (group, places) in parts {
        let places: Vec<usize> = places.into_iter().map(|at| at as usize).collect();
        let calls: Vec<_> = places.iter().map(|at| requests.calls[*at].clone()).collect();
        let words = Words::new(&requests, group);
        let part = Part { calls: &calls, places: &places, words };
        let mut finding = part.judge(store, settings);
        if let Some(Finding::Violation(example)) = &mut finding {
            example.clause = Clause::NoOrder;
            example.renumber(&numbers);
        }
        report.findings.extend(finding);
    }
    report
}

/// The requests of a history without its syncs, with what servers may have done by themselves, by
/// group; and where each is in the file.
fn requests(whole: &Recorded<Positioned>) -> (Recorded<Op>, Vec<usize>) {
    let asked = whole.calls.iter().enumerate();
    let asked = asked.filter_map(|(at, call)| Some((at, call, call.op.op.clone()?)));
    let (mut calls, mut times, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
    for (at, call, op) in asked {
        calls.push(call.with(op));
        times.push(whole.times.get(at).copied().unwrap_or_default());
        numbers.push(whole.number(at));
    }
    for (after, call) in by_themselves(&whole.calls) {
        calls.push(call);
        times.push([None, None]);
        numbers.push(whole.number(after));
    }
    let keys = groups(calls.iter().map(|call| &call.op));
    let mut recorded = Recorded::from_calls(calls, keys);
    recorded.names = whole.names.clone();
    recorded.times = times;
    (recorded, numbers)
}

/// What servers may have done by themselves, as operations that were never answered, each with the
/// one that it follows.
fn by_themselves(calls: &[Call<Positioned>]) -> Vec<(usize, Call<Op>)> {
    let call = |silent: free::Silent| {
        let Call { process, invoked, returned, .. } = calls[silent.after];
        let invoked = if silent.is_after_return { returned } else { invoked };
        let op = Op { request: silent.request, answer: None };
        (silent.after, Call { process, invoked, returned: NEVER, op })
    };
    silent(calls).into_iter().map(call).collect()
}
