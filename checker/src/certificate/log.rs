//! The log's side of the certificate: values (V) and exactly-once (X1).

use super::{Anomaly, Clause};
use crate::history::{History, Kind, Operation};
use rustc_hash::{FxBuildHasher, FxHashMap};
use zab_core::txn::{KEYS, Register};
use zab_core::{Change, Key, Op, Outcome, RequestId, Txn, Zxid};

/// The log, found by request, by zxid and by register.
#[derive(Debug)]
pub(super) struct Index {
    by_request: FxHashMap<RequestId, Zxid>,
    /// In order.
    zxids: Vec<Zxid>,
    /// What each register held from which zxid on.
    registers: [Vec<(Zxid, Register)>; KEYS],
}

impl Index {
    /// Reads the log, and reports what is wrong with it by itself: its zxids have to ascend (L1),
    /// no request may be in it twice (X1), and every change has to be what its request leads to
    /// (V).
    pub(super) fn new(history: &History, log: &[Txn], anomalies: &mut Vec<Anomaly>) -> Self {
        let operations: FxHashMap<_, _> =
            history.operations().iter().enumerate().map(|(at, o)| (o.request, at)).collect();
        let mut index = Self {
            by_request: FxHashMap::with_capacity_and_hasher(log.len(), FxBuildHasher),
            zxids: log.iter().map(|txn| txn.zxid).collect(),
            registers: Default::default(),
        };
        for pair in log.windows(2).filter(|pair| pair[0].zxid >= pair[1].zxid) {
            let what = format!("the log holds {} after {}", pair[1], pair[0]);
            anomalies.push(Anomaly { clause: Clause::L1, operation: None, what });
        }
        for txn in log {
            let at = operations.get(&txn.request).copied();
            if let Some(first) = index.by_request.insert(txn.request, txn.zxid) {
                let what = format!("{} is in the log at {first} and {}", txn.request, txn.zxid);
                anomalies.push(Anomaly { clause: Clause::X1, operation: at, what });
            }
            if let Some(at) = at
                && !index.is_effect_of(&history.operations()[at], txn)
            {
                let what = format!("{txn} is not what {} leads to", history.operations()[at]);
                anomalies.push(Anomaly { clause: Clause::V, operation: Some(at), what });
            }
            if let Change::Set { key, value, version } = txn.change {
                index.registers[key.index()].push((txn.zxid, Register { value, version }));
            }
        }
        index
    }

    /// Where the request's transaction is.
    pub(super) fn zxid_of(&self, request: RequestId) -> Option<Zxid> {
        self.by_request.get(&request).copied()
    }

    /// Whether the log has a transaction of that zxid.
    fn contains(&self, zxid: Zxid) -> bool {
        self.zxids.binary_search(&zxid).is_ok()
    }

    /// What a register holds once everything up to `position` is applied.
    fn register_at(&self, key: Key, position: Zxid) -> Register {
        let states = &self.registers[key.index()];
        let count = states.partition_point(|(zxid, _)| *zxid <= position);
        count.checked_sub(1).map_or_else(Register::default, |at| states[at].1)
    }

    /// Whether the change is what the operation leads to after everything read so far.
    fn is_effect_of(&self, operation: &Operation, txn: &Txn) -> bool {
        // Which sessions may write is what E-1 and E-7 are about.
        if let (true, Change::Refused(_)) = (operation.process().is_tracked(), txn.change) {
            return true;
        }
        let before = |key: Key| self.registers[key.index()].last().map_or(0, |(_, r)| r.version);
        let expected = match operation.op {
            Op::Write { key, value } => {
                Change::Set { key, value, version: before(key).wrapping_add(1) }
            }
            Op::WriteIf { key, value, version } if version == before(key) => {
                Change::Set { key, value, version: version.wrapping_add(1) }
            }
            Op::WriteIf { .. } => Change::Rejected,
            _ => return false,
        };
        expected == txn.change
    }
}

/// Checks each answer against the log: V, and X1 for updates.
pub(super) fn check_answers(
    history: &History,
    log: &[Txn],
    index: &Index,
    anomalies: &mut Vec<Anomaly>,
) {
    for (at, operation) in history.operations().iter().enumerate() {
        let found = match operation.completion {
            Some(Kind::Ok(outcome)) => check_answer(operation, outcome, log, index),
            Some(Kind::Fail) if index.zxid_of(operation.request).is_some() => {
                Some((Clause::X1, format!("{operation} was refused and took effect")))
            }
            _ => None,
        };
        if let Some((clause, what)) = found {
            anomalies.push(Anomaly { clause, operation: Some(at), what });
        }
    }
}

fn check_answer(
    operation: &Operation,
    outcome: Outcome,
    log: &[Txn],
    index: &Index,
) -> Option<(Clause, String)> {
    let (zxid, version) = match outcome {
        Outcome::Written { zxid, version } => (zxid, Some(version)),
        Outcome::BadVersion { zxid } => (zxid, None),
        Outcome::Value { value, version, position } => {
            let shown = Register { value, version };
            return check_read(operation, shown, position, index);
        }
        _ => return None,
    };
    if index.zxid_of(operation.request) != Some(zxid) {
        let what = format!("{operation} was answered with {zxid} and is not in the log there");
        return Some((Clause::X1, what));
    }
    let at = index.zxids.binary_search(&zxid).ok()?;
    let logged = match log[at].change {
        Change::Set { version, .. } => Some(version),
        _ => None,
    };
    (logged != version).then(|| {
        let what = format!("{operation} was answered with another version than the log has");
        (Clause::V, what)
    })
}

/// A read shows what the log gives at its position. If the log has nothing there, what was read was
/// never committed, or is lost.
fn check_read(
    operation: &Operation,
    shown: Register,
    position: Zxid,
    index: &Index,
) -> Option<(Clause, String)> {
    let Op::Read { key } = operation.op else {
        return None;
    };
    if !position.is_epoch_mark() && !index.contains(position) {
        let what = format!("{operation} was answered at {position}, which is not in the log");
        return Some((Clause::V, what));
    }
    let expected = index.register_at(key, position);
    (expected != shown).then(|| {
        let (shown, expected) = (in_words(shown), in_words(expected));
        let what = format!("{operation} at {position} gave {shown}, committed there is {expected}");
        (Clause::V, what)
    })
}

fn in_words(register: Register) -> String {
    match register {
        Register { version: 0, .. } => "nothing".to_owned(),
        Register { value, version } => format!("{value} (version {version})"),
    }
}
