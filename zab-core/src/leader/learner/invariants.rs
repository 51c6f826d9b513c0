//! What holds of one learner's handler by itself.

use super::{Learner, Sender, Stage};
use crate::invariants::{Checked, Invariant, require};

impl Learner {
    /// What does not hold, if anything.
    #[inline]
    pub(in crate::leader) fn check(&self) -> Checked {
        let is_forwarded = self.forwarding_follows_synchronization();
        require(is_forwarded, Invariant::ForwardingFollowsSynchronization)?;
        let may_have_mail = self.inbox.is_empty() || self.is_blocked();
        require(may_have_mail, Invariant::OnlyBlockedHandlersHaveMail)?;
        require(self.ready || self.outbox.is_empty(), Invariant::SenderHasATurn)
    }

    #[inline]
    fn forwarding_follows_synchronization(&self) -> bool {
        match self.stage {
            Stage::InBacklog
            | Stage::Connected
            | Stage::AwaitsEpoch
            | Stage::Promised
            | Stage::AwaitsElection { .. } => self.sender == Sender::Idle && self.outbox.is_empty(),
            Stage::Synchronizing | Stage::AwaitsEstablishment | Stage::Serving => {
                self.is_forwarding()
            }
        }
    }
}

/// Handlers that overtake their learner, or lose its packets.
#[cfg(test)]
pub(crate) fn broken() -> Vec<(Invariant, crate::Node)> {
    use crate::Packet;
    use crate::invariants::samples::{breaks, leading};

    // The first learner has only connected, the second one is in broadcast.
    let of = |invariant, learner, how: fn(&mut Learner)| {
        breaks(invariant, leading(), |node| how(&mut node.leader().learners[learner]))
    };
    vec![
        of(Invariant::ForwardingFollowsSynchronization, 0, |learner| {
            learner.sender = Sender::Running;
        }),
        of(Invariant::ForwardingFollowsSynchronization, 1, |learner| learner.sender = Sender::Idle),
        of(Invariant::OnlyBlockedHandlersHaveMail, 1, |learner| {
            learner.inbox.push_back(Packet::Ping);
        }),
        of(Invariant::SenderHasATurn, 1, |learner| learner.ready = false),
    ]
}
