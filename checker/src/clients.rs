//! What clients have seen so far: sessions, reads after healing, and what is asked of `sync`.

mod digest;

use crate::history::{History, Kind};
use crate::loss::Shown;
use crate::verdict::When;
use zab_core::{Change, Epoch, Key, NodeId, Op, Outcome, RequestId, SessionId, Txn, Zxid};

/// A `sync` that waits for its answer, and what that has to show.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpenSync {
    request: RequestId,
    /// Who was asked, while it serves in this epoch, the newest one.
    node: NodeId,
    epoch: Epoch,
    /// What was committed when it was asked.
    pub(crate) committed: Zxid,
}

/// What the sessions have seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clients {
    pub(crate) history: History,
    /// The greatest zxid that each session has seen.
    seen: Vec<(SessionId, Zxid)>,
    /// Open requests, with what their session had seen when it asked.
    open: Vec<(RequestId, Zxid)>,
    syncs: Vec<OpenSync>,
    /// Reads that were answered after healing, when service was back.
    last_reads: Vec<Shown>,
    /// Service is back after healing: what is read now shows what became of everything.
    pub(crate) is_settled: bool,
}

impl Clients {
    /// A session asks.
    pub(crate) fn on_invoked(&mut self, when: When, request: RequestId, op: Op) {
        self.history.invoke(when.at, request, op);
        let seen = self.seen.iter().find(|(session, _)| *session == request.session);
        let floor = seen.map_or(Zxid::ZERO, |(_, zxid)| *zxid);
        self.open.push((request, floor));
    }

    /// A server that serves in the newest epoch is asked for a `sync`.
    pub(crate) fn on_sync(
        &mut self,
        request: RequestId,
        node: NodeId,
        epoch: Epoch,
        committed: Zxid,
    ) {
        self.syncs.push(OpenSync { request, node, epoch, committed });
    }

    /// Whether something is still promised by this `sync` of a server.
    pub(crate) fn waits_for_sync(&self, request: RequestId, node: NodeId) -> bool {
        self.syncs.iter().any(|sync| sync.request == request && sync.node == node)
    }

    /// The server stops serving, or a later epoch is established: nothing is promised any more.
    pub(crate) fn drop_syncs(&mut self, is_over: impl Fn(NodeId, Epoch) -> bool) {
        self.syncs.retain(|sync| !is_over(sync.node, sync.epoch));
    }

    /// A session gives up waiting.
    pub(crate) fn on_timed_out(&mut self, when: When, request: RequestId) {
        self.history.give_up(when.at, request);
        self.take(request);
        self.syncs.retain(|sync| sync.request != request);
    }

    fn take(&mut self, request: RequestId) -> Option<Zxid> {
        let at = self.open.iter().position(|(open, _)| *open == request)?;
        Some(self.open.swap_remove(at).1)
    }

    /// A session is answered. Says what it had seen when it asked, and what a `sync` has to show;
    /// nothing if it does not wait for the answer (any more).
    pub(crate) fn on_returned(
        &mut self,
        when: When,
        node: Option<NodeId>,
        request: RequestId,
        outcome: Outcome,
    ) -> Option<(Zxid, Option<OpenSync>)> {
        if !self.history.complete(when.at, request, outcome) {
            return None;
        }
        let floor = self.take(request)?;
        let sync = self.syncs.iter().position(|sync| sync.request == request);
        let sync = sync.map(|at| self.syncs.swap_remove(at));
        if let Some(position) = position(outcome) {
            match self.seen.iter_mut().find(|(session, _)| *session == request.session) {
                Some((_, seen)) => *seen = position.max(*seen),
                None => self.seen.push((request.session, position)),
            }
        }
        if let (true, Outcome::Value { value, version, .. }, Some(key)) =
            (self.is_settled, outcome, self.key_read(request))
        {
            self.last_reads.push(Shown { request, server: node, key, value, version, when });
        }
        Some((floor, sync))
    }

    /// The register that a request reads.
    pub(crate) fn key_read(&self, request: RequestId) -> Option<Key> {
        let operations = self.history.operations().iter().rev();
        let operation = operations.clone().find(|operation| operation.request == request)?;
        match (operation.op, operation.completion) {
            (Op::Read { key }, Some(Kind::Ok(_)) | None) => Some(key),
            _ => None,
        }
    }

    /// The first of the last reads that cannot be if this write is there: its register has a lower
    /// version, or the same and another value.
    pub(crate) fn contradicts(&self, txn: &Txn) -> Option<Shown> {
        let Change::Set { key, value, version } = txn.change else {
            return None;
        };
        let is_other = |read: &&Shown| {
            read.key == key
                && (read.version < version || read.version == version && read.value != value)
        };
        self.last_reads.iter().find(is_other).copied()
    }
}

/// Where in the order of transactions an answer stands.
pub(crate) const fn position(outcome: Outcome) -> Option<Zxid> {
    match outcome {
        Outcome::Written { zxid, .. } | Outcome::BadVersion { zxid } => Some(zxid),
        Outcome::Value { position, .. } | Outcome::Synced { position } => Some(position),
        _ => None,
    }
}
