//! The clients' side of the certificate: real time (L1, L2, L3, X2) and sessions (S1, S3).
//!
//! One sweep in time order. The greatest position among the *answered* operations of each kind is
//! kept; what an operation has to be above is fixed when it is invoked.

use super::log::Index;
use super::{Anomaly, Clause, Contract};
use crate::history::{Entry, History, Kind};
use zab_core::{Op, Outcome, SessionId, Zxid};

/// Greatest positions answered so far.
#[derive(Copy, Clone, Debug, Default)]
struct Answered {
    updates: Zxid,
    linearizable_reads: Zxid,
    reads: Zxid,
}

/// What a session has seen, and what its last `sync` promised it.
#[derive(Copy, Clone, Debug)]
struct Session {
    id: SessionId,
    seen: Zxid,
    /// S3: every later operation has to be at this position at least.
    synced: Zxid,
    /// L2: so has a read that follows the `sync` at once.
    linearizable_from: Option<Zxid>,
}

/// What an operation has to be above, fixed at its invocation.
#[derive(Copy, Clone, Debug, Default)]
struct Floor {
    answered: Answered,
    seen: Zxid,
    synced: Zxid,
    linearizable_from: Option<Zxid>,
}

#[derive(Debug)]
struct Sweep<'a> {
    history: &'a History,
    index: &'a Index,
    contract: Contract,
    answered: Answered,
    sessions: Vec<Session>,
    /// By operation.
    floors: Vec<Floor>,
    anomalies: &'a mut Vec<Anomaly>,
}

/// Sweeps over the history.
pub(super) fn check(
    history: &History,
    index: &Index,
    contract: Contract,
    anomalies: &mut Vec<Anomaly>,
) {
    let floors = vec![Floor::default(); history.operations().len()];
    let answered = Answered::default();
    let sessions = Vec::new();
    let mut sweep = Sweep { history, index, contract, answered, sessions, floors, anomalies };
    for entry in history.entries() {
        match *entry {
            Entry { kind: Kind::Invoke, operation, .. } => sweep.on_invoke(operation),
            Entry { kind: Kind::Ok(outcome), operation, .. } => sweep.on_ok(operation, outcome),
            Entry { kind: Kind::Fail | Kind::Info, .. } => {}
        }
    }
}

impl Sweep<'_> {
    fn session(&mut self, id: SessionId) -> &mut Session {
        let at = self.sessions.iter().position(|s| s.id == id).unwrap_or_else(|| {
            let seen = Zxid::ZERO;
            self.sessions.push(Session { id, seen, synced: seen, linearizable_from: None });
            self.sessions.len() - 1
        });
        &mut self.sessions[at]
    }

    fn report(&mut self, clause: Clause, operation: usize, what: &str) {
        let what = format!("{} {what}", self.history.operations()[operation]);
        self.anomalies.push(Anomaly { clause, operation: Some(operation), what });
    }

    /// Fixes the floor. Where the update is in the log is known whether it is answered or not, so
    /// L1, L3 and X2 are decided here.
    fn on_invoke(&mut self, at: usize) {
        let operation = self.history.operations()[at];
        let answered = self.answered;
        let session = self.session(operation.process());
        let is_read = matches!(operation.op, Op::Read { .. });
        let linearizable_from = session.linearizable_from.take().filter(|_| is_read);
        let Session { seen, synced, .. } = *session;
        self.floors[at] = Floor { answered, seen, synced, linearizable_from };
        let Some(zxid) = self.index.zxid_of(operation.request) else {
            return;
        };
        if zxid <= answered.updates {
            self.report(Clause::L1, at, "comes before an update answered earlier");
        }
        if self.contract == Contract::Quorum && zxid <= answered.linearizable_reads {
            self.report(Clause::L3, at, "comes before a read answered earlier");
        } else if zxid <= answered.reads {
            self.report(Clause::X2, at, "was shown by a read before it was invoked");
        }
    }

    fn on_ok(&mut self, at: usize, outcome: Outcome) {
        let (position, is_update) = match outcome {
            Outcome::Written { zxid, .. } | Outcome::BadVersion { zxid } => (zxid, true),
            Outcome::Value { position, .. } | Outcome::Synced { position } => (position, false),
            _ => return,
        };
        let floor = self.floors[at];
        self.check_session(at, position, is_update, &floor);
        if self.contract == Contract::Quorum {
            self.check_read(at, position, &floor);
        }
        let session = self.session(self.history.operations()[at].process());
        session.seen = session.seen.max(position);
        match outcome {
            Outcome::Value { .. } => self.answered.reads = self.answered.reads.max(position),
            Outcome::Synced { .. } => {
                let Answered { updates, linearizable_reads, .. } = floor.answered;
                session.synced = session.synced.max(updates);
                session.linearizable_from = Some(updates.max(linearizable_reads));
            }
            _ => self.answered.updates = self.answered.updates.max(position),
        }
    }

    fn check_session(&mut self, at: usize, position: Zxid, is_update: bool, floor: &Floor) {
        if position < floor.seen || is_update && position == floor.seen {
            self.report(Clause::S1, at, "is behind what its session has seen");
        }
    }

    /// L2 for a read that makes a pair with a `sync`, S3 for everything after one.
    fn check_read(&mut self, at: usize, position: Zxid, floor: &Floor) {
        match floor.linearizable_from {
            Some(from) if position < from => {
                self.report(Clause::L2, at, "misses what was answered before its sync");
            }
            Some(_) => {
                let reads = &mut self.answered.linearizable_reads;
                *reads = position.max(*reads);
            }
            None if position < floor.synced => {
                self.report(Clause::S3, at, "misses what was answered before a sync");
            }
            None => {}
        }
    }
}
