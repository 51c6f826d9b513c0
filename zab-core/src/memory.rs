//! The state in memory: it outlives a change of role and dies with the process.
//!
//! A restart loads it from disk, an in-process step-down keeps it. A whole family of ZooKeeper's
//! bugs (2355, 2845, 3642, 4712, 4882, 5094 and the late apply) lives in that difference, hence a
//! type of its own (`ZKDatabase`: `DataTree` and `committedLog`).

use crate::ids::Zxid;
use crate::txn::{Replica, Txn};
use std::collections::VecDeque;

/// A transaction is missing between two others of an epoch.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Hole;

/// The replica and the last transactions that led to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Memory {
    /// The state.
    pub(crate) replica: Replica,
    /// The last transactions applied, oldest first; a leader answers DIFF from them.
    committed_log: VecDeque<Txn>,
    /// How many of them are kept.
    committed_log_max: usize,
}

impl Memory {
    /// Memory that holds this state and no recent transactions.
    pub(crate) fn new(replica: Replica, committed_log_max: usize) -> Self {
        let committed_log = VecDeque::with_capacity(committed_log_max + 1);
        Self { replica, committed_log, committed_log_max }
    }

    /// `lastProcessedZxid`, from which votes are made.
    pub(crate) const fn last_zxid(&self) -> Zxid {
        self.replica.last_processed
    }

    /// Applies a transaction and keeps it in the committed log, unless that has come as far before
    /// (`ZKDatabase.addCommittedProposal`).
    pub(crate) fn apply(&mut self, txn: &Txn) {
        self.replica.apply(txn);
        if self.committed_log.back().is_some_and(|newest| txn.zxid <= newest.zxid) {
            return;
        }
        self.committed_log.push_back(*txn);
        if self.committed_log.len() > self.committed_log_max {
            self.committed_log.pop_front();
        }
    }

    /// Applies what a log holds; if holes are refused, up to the first transaction after one.
    pub(crate) fn replay<'a>(
        &mut self,
        log: impl Iterator<Item = &'a Txn>,
        refuses_holes: bool,
    ) -> Result<(), Hole> {
        for txn in log {
            self.deliver(txn, refuses_holes)?;
        }
        Ok(())
    }

    /// Applies a transaction, which may have to follow the one before. If it does not, the replica has
    /// it all the same, and the committed log does not (`ZooKeeperServer.processTxn`).
    pub(crate) fn deliver(&mut self, txn: &Txn, refuses_holes: bool) -> Result<(), Hole> {
        if refuses_holes && !self.leaves_no_hole(txn.zxid) {
            self.replica.apply(txn);
            return Err(Hole);
        }
        self.apply(txn);
        Ok(())
    }

    /// Whether this transaction leaves no hole after the newest one of the committed log: it is the
    /// next one of its epoch, or of a later epoch, or known already.
    fn leaves_no_hole(&self, zxid: Zxid) -> bool {
        self.committed_log
            .back()
            .is_none_or(|newest| zxid <= newest.zxid || follows(newest.zxid, zxid))
    }

    /// Whether nothing is missing in the committed log, as far as its zxids tell.
    pub(crate) fn has_no_hole(&self) -> bool {
        let mut pairs = self.committed_log.iter().zip(self.committed_log.iter().skip(1));
        pairs.all(|(one, other)| follows(one.zxid, other.zxid))
    }

    /// Whether the committed log is the end of what led here.
    #[inline]
    pub(crate) fn committed_log_is_its_end(&self) -> bool {
        let is_its_end = |newest: &Txn| newest.zxid <= self.last_zxid();
        self.committed_log.len() <= self.committed_log_max
            && self.committed_log.back().is_none_or(is_its_end)
    }

    /// The committed log, oldest first.
    pub(crate) fn committed_log(&self) -> impl DoubleEndedIterator<Item = &Txn> + Clone {
        self.committed_log.iter()
    }
}

/// Whether nothing can be missing between two transactions: that epochs end is not in the log.
const fn follows(one: Zxid, other: Zxid) -> bool {
    other.epoch.0 > one.epoch.0
        || other.epoch.0 == one.epoch.0 && other.counter == one.next().counter
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invariants::samples::txn;

    #[test]
    fn the_committed_log_does_not_take_twice_what_it_has() {
        let mut memory = Memory::new(Replica::default(), 2);
        for counter in [1, 2, 1] {
            memory.apply(&txn(1, counter));
        }
        assert!(memory.committed_log().eq(&[txn(1, 1), txn(1, 2)]));
    }

    #[test]
    fn the_committed_log_keeps_the_last_ones_and_no_more() {
        let mut memory = Memory::new(Replica::default(), 2);
        for counter in 1..=3 {
            memory.apply(&txn(1, counter));
            assert!(memory.committed_log_is_its_end());
        }
        assert!(memory.committed_log().eq(&[txn(1, 2), txn(1, 3)]));
        memory.committed_log_max = 1;
        assert!(!memory.committed_log_is_its_end(), "one too many");
    }
}
