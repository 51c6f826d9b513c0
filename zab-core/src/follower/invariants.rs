//! What holds of a follower.

use super::{CONNECT_ATTEMPTS, Follower, Link, Phase};
use crate::invariants::{Checked, Invariant, require};
use crate::log_writer::AckTo;
use crate::server::Server;
use crate::variant::ProposalCheck;

impl Follower {
    /// What does not hold, if anything.
    #[inline]
    pub(crate) fn check(&self, server: &Server) -> Checked {
        require(self.link_agrees_with_phase(), Invariant::LinkAgreesWithPhase)?;
        require(self.receiver_is_blocked(server), Invariant::ReceiverIsBlocked)?;
        require(self.end_is_noticed(), Invariant::EndIsNoticed)?;
        require(self.attempts_failed < CONNECT_ATTEMPTS, Invariant::AttemptsAreBounded)?;
        // ZOOKEEPER-4925: of a proposal that came twice, the second may wait for a COMMIT in vain.
        let is_checked = server.variant.proposal_check == ProposalCheck::Always;
        let is_last = self.last_queued_is_last() || !is_checked;
        require(is_last, Invariant::LastQueuedIsLast)?;
        // ZOOKEEPER-4712: what an older role queued is logged in between.
        // ZOOKEEPER-4882: what was queued behind a failed flush is never logged.
        let is_logged = !server.variant.queue_outlives_role()
            && !server.writer.has_ended()
            && !server.durable.has_removed_open_log();
        if is_checked && !self.pending.is_empty() && is_logged {
            require(self.pending_is_the_logs_end(server), Invariant::PendingIsTheLogsEnd)?;
        }
        match &self.phase {
            Phase::Discovery => Ok(()),
            Phase::Synchronization(sync) => sync.check(self.plan.is_empty(), server),
            Phase::Broadcast => {
                let epoch = server.vote.peer_epoch;
                require(server.durable.accepted_epoch == epoch, Invariant::PromiseIsOnDisk)?;
                require(server.durable.current_epoch == epoch, Invariant::NewLeaderIsOnDisk)
            }
        }
    }

    #[inline]
    const fn link_agrees_with_phase(&self) -> bool {
        matches!(self.link, Link::Up(_)) || matches!(self.phase, Phase::Discovery)
    }

    #[inline]
    fn receiver_is_blocked(&self, server: &Server) -> bool {
        self.plan.is_empty() || self.plan.is_blocked(server)
    }

    #[inline]
    fn end_is_noticed(&self) -> bool {
        !self.closed || !self.plan.is_empty() || !self.inbox.is_empty()
    }

    #[inline]
    fn last_queued_is_last(&self) -> bool {
        let last = match &self.phase {
            Phase::Discovery => None,
            Phase::Synchronization(sync) => sync.last_not_logged(),
            Phase::Broadcast => self.pending.back().map(|txn| txn.zxid),
        };
        last.is_none_or(|zxid| zxid == self.last_queued)
    }

    #[inline]
    fn pending_is_the_logs_end(&self, server: &Server) -> bool {
        let mut known = server.writer.logged_or_queued(&server.durable);
        self.pending.iter().rev().all(|txn| known.next() == Some(txn.zxid))
    }

    /// Whom the log writer acknowledges to as long as this role lasts; nobody before the connection
    /// is there.
    pub(crate) const fn ack_to(&self) -> Option<AckTo> {
        match self.link {
            Link::Connecting { .. } => None,
            Link::Up(conn) => Some(AckTo::Leader(conn)),
        }
    }
}

/// Followers that promise too much, or wait for nothing.
#[cfg(test)]
pub(crate) fn broken() -> Vec<(Invariant, crate::Node)> {
    use super::plan::Step;
    use super::synchronization;
    use crate::Node;
    use crate::ids::{Epoch, Zxid};
    use crate::invariants::samples::{being_synchronized, breaks, connected, following, txn};

    let of = |invariant, sample: fn() -> Node, how: fn(&mut Follower)| {
        breaks(invariant, sample(), |node| how(node.follower()))
    };
    let own = vec![
        of(Invariant::LinkAgreesWithPhase, being_synchronized, |follower| {
            follower.link = Link::Connecting { asked: true };
        }),
        of(Invariant::ReceiverIsBlocked, connected, |follower| {
            follower.plan.then(Step::AckEpoch { epoch: Epoch(2), current_epoch: None });
        }),
        of(Invariant::EndIsNoticed, connected, |follower| follower.closed = true),
        of(Invariant::AttemptsAreBounded, connected, |follower| {
            follower.attempts_failed = CONNECT_ATTEMPTS;
        }),
        of(Invariant::LastQueuedIsLast, being_synchronized, |follower| {
            follower.last_queued = Zxid::new(1, 3);
        }),
        of(Invariant::LastQueuedIsLast, following, |follower| {
            follower.last_queued = Zxid::new(2, 2);
        }),
        of(Invariant::PendingIsTheLogsEnd, following, |follower| {
            follower.pending[0] = txn(1, 5);
        }),
        of(Invariant::PendingIsTheLogsEnd, being_synchronized, |follower| {
            follower.pending.push_back(txn(1, 5));
        }),
        breaks(Invariant::PromiseIsOnDisk, following(), |node| {
            node.server().durable.accepted_epoch = Epoch(3);
        }),
        breaks(Invariant::NewLeaderIsOnDisk, following(), |node| {
            node.server().durable.current_epoch = Epoch(1);
        }),
    ];
    [own, synchronization::invariants::broken()].concat()
}
