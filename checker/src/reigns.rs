//! The reigns of an execution: who led which epoch, from which initial history, proposing what.

mod digest;

use crate::sequences::{Sequence, Sequences};
use crate::verdict::When;
use zab_core::{Epoch, NodeId, RequestId, Txn, Zxid};

/// Which reign: an index, in the order in which they began.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReignId(usize);

/// One leader in one epoch.
#[derive(Clone, Debug)]
pub(crate) struct Reign {
    /// Its epoch.
    pub(crate) epoch: Epoch,
    /// Its leader.
    pub(crate) leader: NodeId,
    /// The initial history.
    pub(crate) initial_history: Sequence,
    /// What this leader knows to be committed: the initial history, and what it committed itself.
    pub(crate) committed: Sequence,
    /// When a quorum had acknowledged NEWLEADER.
    pub(crate) established: Option<When>,
    /// What was proposed, each as the sequence that ends with it.
    proposals: Vec<Sequence>,
}

impl Reign {
    /// The initial history and everything proposed so far.
    pub(crate) fn proposed(&self) -> Sequence {
        self.proposals.last().copied().unwrap_or(self.initial_history)
    }

    /// Whether anything was proposed.
    pub(crate) fn has_proposed(&self) -> bool {
        !self.proposals.is_empty()
    }

    /// The sequence that ends with the proposal of this zxid.
    pub(crate) fn proposal(&self, zxid: Zxid, sequences: &Sequences) -> Option<Sequence> {
        self.proposals.iter().rev().copied().find(|s| sequences.last(*s) == zxid)
    }
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reigns {
    reigns: Vec<Reign>,
    /// Those that were established, in that order.
    established: Vec<ReignId>,
    /// Transactions that were on a disk before the evidence begins, sorted.
    given: Vec<Txn>,
}

impl Reigns {
    /// A reign begins: the leader has the promises of a quorum.
    pub(crate) fn begin(&mut self, leader: NodeId, epoch: Epoch, memory: Sequence) -> ReignId {
        self.reigns.push(Reign {
            epoch,
            leader,
            initial_history: memory,
            committed: memory,
            established: None,
            proposals: Vec::new(),
        });
        ReignId(self.reigns.len() - 1)
    }

    /// That reign.
    pub(crate) fn get(&self, id: ReignId) -> &Reign {
        &self.reigns[id.0]
    }

    /// A quorum acknowledged NEWLEADER.
    pub(crate) fn establish(&mut self, id: ReignId, when: When) {
        let reign = &mut self.reigns[id.0];
        if reign.established.is_none() {
            reign.established = Some(when);
            self.established.push(id);
        }
    }

    /// The leader proposes the last transaction of this sequence.
    pub(crate) fn propose(&mut self, id: ReignId, sequence: Sequence) {
        self.reigns[id.0].proposals.push(sequence);
    }

    /// The leader commits the last transaction of this sequence.
    pub(crate) fn commit(&mut self, id: ReignId, sequence: Sequence) {
        self.reigns[id.0].committed = sequence;
    }

    /// The last reign of that leader in that epoch.
    pub(crate) fn find(&self, leader: NodeId, epoch: Epoch) -> Option<ReignId> {
        let found = self.reigns.iter().rposition(|r| r.epoch == epoch && r.leader == leader);
        found.map(ReignId)
    }

    /// All established reigns, in the order in which they were established.
    pub(crate) fn established(&self) -> impl DoubleEndedIterator<Item = &Reign> {
        self.established.iter().map(|id| self.get(*id))
    }

    /// The established reign of the highest epoch; of several, the last one.
    pub(crate) fn newest_established(&self) -> Option<&Reign> {
        self.established().max_by_key(|r| r.epoch)
    }

    /// The reign of the highest epoch that has proposed something.
    pub(crate) fn newest_proposing(&self) -> Option<&Reign> {
        self.reigns.iter().filter(|r| r.has_proposed()).max_by_key(|r| r.epoch)
    }

    /// The transactions that an initial disk held were broadcast before the evidence begins.
    pub(crate) fn give(&mut self, log: &[Txn]) {
        self.given.extend_from_slice(log);
        self.given.sort_unstable();
        self.given.dedup();
    }

    /// Whether some primary broadcast this transaction.
    pub(crate) fn was_broadcast(&self, txn: &Txn, sequences: &Sequences) -> bool {
        self.proposer_of(txn, sequences).is_some() || self.given.binary_search(txn).is_ok()
    }

    /// The reign whose leader broadcast this transaction.
    pub(crate) fn proposer_of(&self, txn: &Txn, sequences: &Sequences) -> Option<&Reign> {
        let mut of_epoch = self.reigns.iter().rev().filter(|r| r.epoch == txn.zxid.epoch);
        of_epoch.find(|r| r.proposals.iter().rev().any(|s| sequences.last_txn(*s) == Some(txn)))
    }

    /// The sequence that ends with this zxid in some reign: with the proposal, or, for ⟨e, 0⟩,
    /// with the initial history of the epoch.
    pub(crate) fn sequence_at(&self, zxid: Zxid, sequences: &Sequences) -> Option<Sequence> {
        let mut of_epoch = self.reigns.iter().rev().filter(|r| r.epoch == zxid.epoch);
        if zxid.is_epoch_mark() {
            return of_epoch.find(|r| r.established.is_some()).map(|r| r.initial_history);
        }
        of_epoch.find_map(|r| r.proposal(zxid, sequences))
    }

    /// The sequence that ends with the proposal of this zxid for this request.
    pub(crate) fn carries_out(
        &self,
        request: RequestId,
        zxid: Zxid,
        sequences: &Sequences,
    ) -> Option<Sequence> {
        let of_epoch = self.reigns.iter().rev().filter(|r| r.epoch == zxid.epoch);
        let mut proposals = of_epoch.flat_map(|r| r.proposals.iter().rev().copied());
        proposals.find(|s| {
            sequences.last_txn(*s).is_some_and(|t| t.zxid == zxid && t.request == request)
        })
    }
}
