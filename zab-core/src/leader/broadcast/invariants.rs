//! What holds of a leader in broadcast, and before.

use super::Broadcast;
use crate::ids::{Epoch, Zxid};
use crate::invariants::{Checked, Invariant, require};
use crate::quorum::NodeSet;
use crate::server::Server;

impl Broadcast {
    /// What does not hold in broadcast, if anything.
    #[inline]
    pub(in crate::leader) fn check(&self, epoch: Epoch, server: &Server) -> Checked {
        require(self.commits_follow_proposals(epoch), Invariant::CommitsFollowProposals)?;
        require(self.outstanding_is_contiguous(), Invariant::OutstandingIsContiguous)?;
        require(self.to_be_applied_is_contiguous(server), Invariant::ToBeAppliedIsContiguous)?;
        require(self.prepared_is_memory(server), Invariant::PreparedIsMemory)?;
        require(self.syncs_wait_for_commits(), Invariant::SyncsWaitForCommits)?;
        // ZOOKEEPER-4712: what an older role queued is logged, and acknowledged, in between.
        let is_elsewhere =
            server.variant.queue_outlives_role() || server.durable.has_removed_open_log();
        if self.outstanding.is_empty() || is_elsewhere {
            return Ok(());
        }
        // ZOOKEEPER-4882: what was queued behind a failed flush is never logged.
        if server.writer.has_ended() {
            return Ok(());
        }
        require(self.proposals_are_logged(server), Invariant::ProposalsAreLogged)?;
        require(self.own_ack_follows_the_flush(server), Invariant::OwnAckFollowsTheFlush)
    }

    /// Whether it is as a leader starts.
    pub(in crate::leader) fn has_not_begun(&self) -> bool {
        self.last_proposed == Zxid::ZERO
            && self.last_committed == Zxid::ZERO
            && self.outstanding.is_empty()
            && self.to_be_applied.is_empty()
            && self.pending_syncs.is_empty()
    }

    /// Who has acknowledged the oldest proposal.
    pub(in crate::leader) fn oldest_acks(&self) -> Option<NodeSet> {
        self.outstanding.front().map(|proposal| proposal.acks)
    }

    #[inline]
    fn commits_follow_proposals(&self, epoch: Epoch) -> bool {
        self.last_committed <= self.last_proposed
            && self.last_committed.epoch == epoch
            && self.last_proposed.epoch == epoch
    }

    /// Proposals come after the last one, and go from the front: so it is enough to look at both
    /// ends.
    #[inline]
    fn outstanding_is_contiguous(&self) -> bool {
        let (Some(oldest), Some(newest)) = (self.outstanding.front(), self.outstanding.back())
        else {
            return self.last_committed == self.last_proposed;
        };
        oldest.txn.zxid == self.last_committed.next()
            && newest.txn.zxid == self.last_proposed
            && spans(self.last_committed, self.outstanding.len(), self.last_proposed)
    }

    #[inline]
    fn to_be_applied_is_contiguous(&self, server: &Server) -> bool {
        let newest = self.to_be_applied.back();
        newest.is_none_or(|txn| txn.zxid == self.last_committed)
            && spans(server.memory.last_zxid(), self.to_be_applied.len(), self.last_committed)
    }

    #[inline]
    fn prepared_is_memory(&self, server: &Server) -> bool {
        let is_in_flight = !self.outstanding.is_empty() || !self.to_be_applied.is_empty();
        let replica = &server.memory.replica;
        is_in_flight || self.prepared == replica.registers && self.prepared_locks == replica.locks
    }

    #[inline]
    fn proposals_are_logged(&self, server: &Server) -> bool {
        let mut known = server.writer.logged_or_queued(&server.durable);
        self.outstanding.iter().rev().all(|p| known.next() == Some(p.txn.zxid))
    }

    #[inline]
    fn own_ack_follows_the_flush(&self, server: &Server) -> bool {
        let has_acked = |acks: &NodeSet| acks.contains(server.id);
        let mut acks = self.outstanding.iter().rev().map(|proposal| &proposal.acks);
        !acks.by_ref().take(server.writer.unacknowledged()).any(has_acked) && acks.all(has_acked)
    }

    #[inline]
    fn syncs_wait_for_commits(&self) -> bool {
        self.pending_syncs.first().is_none_or(|(wait_for, ..)| *wait_for > self.last_committed)
    }
}

/// Whether this number of zxids leads from one to the other, in one epoch.
fn spans(after: Zxid, count: usize, last: Zxid) -> bool {
    after.epoch == last.epoch
        && last.counter.checked_sub(after.counter) == u32::try_from(count).ok()
}

/// Leaders that lose count of their proposals.
#[cfg(test)]
pub(crate) fn broken() -> Vec<(Invariant, crate::Node)> {
    use crate::Node;
    use crate::ids::NodeId;
    use crate::invariants::samples::{breaks, established, leading, synchronizing, txn};
    use crate::log_writer::AckTo;

    let of = |invariant, sample: fn() -> Node, how: fn(&mut Broadcast)| {
        breaks(invariant, sample(), |node| how(&mut node.leader().broadcast))
    };
    vec![
        of(Invariant::NothingProposedEarly, synchronizing, |b| b.last_proposed = Zxid::new(2, 0)),
        of(Invariant::NothingProposedEarly, synchronizing, |b| {
            b.to_be_applied.push_back(txn(2, 1))
        }),
        of(Invariant::CommitsFollowProposals, leading, |b| b.last_committed = Zxid::new(2, 5)),
        of(Invariant::CommitsFollowProposals, established, |b| {
            b.last_committed = Zxid::new(1, 2);
            b.last_proposed = Zxid::new(1, 2);
        }),
        of(Invariant::OutstandingIsContiguous, leading, |b| b.outstanding.swap(0, 1)),
        of(Invariant::OutstandingIsContiguous, leading, |b| {
            b.outstanding.remove(1);
        }),
        of(Invariant::OutstandingIsContiguous, established, |b| b.last_proposed.counter += 1),
        of(Invariant::OutstandingIsContiguous, leading, |b| b.last_proposed = Zxid::new(2, 9)),
        of(Invariant::ToBeAppliedIsContiguous, leading, |b| b.to_be_applied.clear()),
        breaks(Invariant::ToBeAppliedIsContiguous, leading(), |node| {
            node.server().memory.apply(&txn(2, 1));
        }),
        of(Invariant::PreparedIsMemory, established, |b| b.prepared[1].version += 1),
        breaks(Invariant::ProposalsAreLogged, leading(), |node| {
            node.server().log(txn(2, 5), AckTo::Myself);
        }),
        of(Invariant::OwnAckFollowsTheFlush, leading, |b| b.outstanding[0].acks.remove(NodeId(2))),
        of(Invariant::OwnAckFollowsTheFlush, leading, |b| b.outstanding[1].acks.insert(NodeId(2))),
        of(Invariant::QuorumIsNoticed, leading, |b| b.outstanding[0].acks.insert(NodeId(1))),
        of(Invariant::SyncsWaitForCommits, leading, |b| b.pending_syncs[0].0 = Zxid::new(2, 1)),
    ]
}
