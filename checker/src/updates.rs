//! A second opinion on the updates of a simulated history.
//!
//! The certificate judges by the zxids that servers claim. ZooKeeper promises that updates are
//! linearizable whatever the zxids, and each answer says which version of its register the update
//! made. From that alone the general engines can tell whether an order exists. Where the
//! certificate holds, one does: if they find none, one of the two judges is wrong.

use crate::history::{History, Kind};
use crate::linearizability::zones::{Finding, Zones};
use crate::linearizability::{Budget, Call, NEVER, check};
use crate::model::register::Value;
use crate::model::versioned::{Op, Versioned};
use rustc_hash::FxHashSet;
use zab_core::txn::KEYS;
use zab_core::{Op as StoreOp, Outcome, Txn};

/// How many configurations the engine may examine for each register.
const CONFIGURATIONS: u64 = 2_000;

/// Confirms what the certificate found to hold.
///
/// # Panics
///
/// If no order of the updates explains the versions that they were answered with.
pub(crate) fn confirm(history: &History, log: &[Txn]) {
    let mut foreign: FxHashSet<_> =
        log.iter().map(|txn| txn.request).filter(|request| !request.session.is_tracked()).collect();
    for operation in history.operations() {
        foreign.remove(&operation.request);
    }
    if !foreign.is_empty() {
        // Someone else has written as well: versions are not all accounted for.
        return;
    }
    let registers = by_register(history);
    let by_zones = zones(&registers);
    for (key, calls) in registers.iter().enumerate() {
        let contradicts = if calls.iter().all(has_version) {
            by_zones.contains(&key)
        } else {
            let budget = Budget { configurations: CONFIGURATIONS, ..Budget::default() };
            let model = Versioned { initial: Value(0) };
            check(&model, calls, &budget).is_violation()
        };
        assert!(!contradicts, "certificate and search contradict each other on k{key}: {calls:?}");
    }
}

fn has_version(call: &Call<Op>) -> bool {
    matches!(call.op, Op::Write { version: Some(_), .. })
}

/// The registers that the zones find no order for, of those whose updates were all answered and
/// took effect: each update then replaced the version before its own.
fn zones(registers: &[Vec<Call<Op>>; KEYS]) -> Vec<usize> {
    let mut zones = Zones::new(Value(0));
    let complete = (0..).zip(registers).filter(|(_, calls)| calls.iter().all(has_version));
    for (key, calls) in complete {
        for call in calls {
            let Op::Write { version: Some(version), .. } = call.op else { continue };
            let [from, to] = [i64::from(version) - 1, i64::from(version)].map(Value);
            let op = crate::model::register::Op::Cas { from, to, done: Some(true) };
            zones.add(key, &op, call.invoked, call.returned);
        }
    }
    let findings = zones.finish().into_iter();
    let conflicts = findings.filter(|(_, finding)| matches!(finding, Finding::Conflict(_)));
    conflicts.map(|(key, _)| key as usize).collect()
}

/// The updates of each register; times are places in the history.
fn by_register(history: &History) -> [Vec<Call<Op>>; KEYS] {
    let mut spans = vec![(0, NEVER); history.operations().len()];
    for (at, entry) in history.entries().iter().enumerate() {
        match entry.kind {
            Kind::Invoke => spans[entry.operation].0 = at as u64,
            Kind::Ok(_) => spans[entry.operation].1 = at as u64,
            Kind::Fail | Kind::Info => {}
        }
    }
    let mut registers: [Vec<Call<Op>>; KEYS] = Default::default();
    for (operation, (invoked, returned)) in history.operations().iter().zip(spans) {
        let version = match operation.completion {
            Some(Kind::Fail | Kind::Ok(Outcome::Failed { .. })) => continue,
            Some(Kind::Ok(Outcome::Written { version, .. })) => Some(version),
            _ => None,
        };
        let is_refused = matches!(operation.outcome(), Some(Outcome::BadVersion { .. }));
        let (key, op) = match operation.op {
            StoreOp::Write { key, value } => {
                (key, Op::Write { value: Value(i64::from(value)), version })
            }
            // One that was answered made the version after the one that it asked for, or nothing.
            StoreOp::WriteIf { key, value, .. } if version.is_some() => {
                (key, Op::Write { value: Value(i64::from(value)), version })
            }
            StoreOp::WriteIf { key, value, version: expected } => {
                let done = is_refused.then_some(false);
                (key, Op::WriteIf { expected, value: Value(i64::from(value)), done })
            }
            _ => continue,
        };
        registers[key.index()].push(Call {
            process: operation.process().0.into(),
            invoked,
            returned,
            op,
        });
    }
    registers
}

#[cfg(test)]
mod tests {
    use super::*;
    use zab_core::{Key, RequestId, SessionId, Time, Zxid};

    /// Two writes one after the other that were answered with these versions.
    fn history(versions: [u32; 2]) -> History {
        let mut history = History::new();
        for (at, version) in versions.into_iter().enumerate() {
            let cxid = u32::try_from(at).expect("a small number");
            let request = RequestId { session: SessionId(1), cxid };
            history.invoke(Time(1), request, StoreOp::Write { key: Key(0), value: cxid + 1 });
            let written = Outcome::Written { zxid: Zxid::new(1, cxid + 1), version };
            history.complete(Time(2), request, written);
        }
        history
    }

    #[test]
    fn versions_in_order_are_confirmed() {
        confirm(&history([1, 2]), &[]);
    }

    #[test]
    #[should_panic(expected = "contradict each other on k0")]
    fn versions_against_real_time_are_not() {
        confirm(&history([2, 1]), &[]);
    }
}
