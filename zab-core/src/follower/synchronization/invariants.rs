//! What holds of a synchronization at its follower.

use super::Synchronization;
use crate::ids::Zxid;
use crate::invariants::{Checked, Invariant, require};
use crate::server::Server;
use crate::variant::NewLeaderLog;

impl Synchronization {
    /// What does not hold, if anything; `is_free`: the receiver has nothing left to do.
    #[inline]
    pub(in crate::follower) fn check(&self, is_free: bool, server: &Server) -> Checked {
        require(self.is_in_order(is_free), Invariant::SynchronizationIsInOrder)?;
        let is_promised = server.durable.accepted_epoch == self.epoch;
        require(is_promised, Invariant::PromiseIsOnDisk)?;
        require(self.new_leader_is_on_disk(server), Invariant::NewLeaderIsOnDisk)
    }

    /// The last proposal that is only in memory.
    pub(in crate::follower) fn last_not_logged(&self) -> Option<Zxid> {
        self.not_logged.back().map(|txn| txn.zxid)
    }

    #[inline]
    const fn is_in_order(&self, is_free: bool) -> bool {
        let is_begun = self.mode.is_some();
        let is_due = self.new_leader && !self.acknowledged;
        (is_begun || !self.started && !self.new_leader)
            && (self.new_leader || !self.acknowledged)
            && (is_due || self.batch.is_empty())
            && !(is_due && is_free)
    }

    #[inline]
    fn new_leader_is_on_disk(&self, server: &Server) -> bool {
        let Server { variant, durable, .. } = server;
        // ZOOKEEPER-1282; and -4646 by itself: the acknowledgement runs ahead, the epoch follows it.
        let is_queued = variant.new_leader_log == NewLeaderLog::Queued && !variant.epoch_before_log;
        let follows = is_queued || variant.epoch_after_ack;
        !self.acknowledged || follows || durable.current_epoch == self.epoch
    }
}

/// Synchronizations that skip something.
#[cfg(test)]
pub(crate) fn broken() -> Vec<(Invariant, crate::Node)> {
    use crate::follower::plan::Plan;
    use crate::ids::Epoch;
    use crate::invariants::samples::{being_synchronized, breaks};

    let of = |invariant, how: fn(&mut Synchronization)| {
        breaks(invariant, being_synchronized(), |node| how(node.follower().sync()))
    };
    vec![
        of(Invariant::SynchronizationIsInOrder, |sync| sync.mode = None),
        of(Invariant::SynchronizationIsInOrder, |sync| sync.new_leader = false),
        of(Invariant::SynchronizationIsInOrder, |sync| sync.acknowledged = true),
        breaks(Invariant::SynchronizationIsInOrder, being_synchronized(), |node| {
            node.follower().sync().batch.clear();
            node.follower().plan = Plan::default();
        }),
        of(Invariant::PromiseIsOnDisk, |sync| sync.epoch = Epoch(3)),
        of(Invariant::NewLeaderIsOnDisk, |sync| {
            sync.batch.clear();
            sync.acknowledged = true;
        }),
    ]
}
