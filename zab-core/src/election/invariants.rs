//! What holds of an election.

use super::{Election, is_better, supporters};
use crate::invariants::{Checked, Invariant, require};
use crate::server::Server;

impl Election {
    /// What does not hold, if anything.
    #[inline]
    pub(crate) fn check(&self, server: &Server) -> Checked {
        require(self.own_vote_is_counted(server), Invariant::OwnVoteIsCounted)?;
        require(self.vote_is_no_worse_than_own(server), Invariant::VoteIsNoWorseThanOwn)?;
        require(self.final_vote_has_a_quorum(server), Invariant::FinalVoteHasAQuorum)
    }

    #[inline]
    fn own_vote_is_counted(&self, server: &Server) -> bool {
        self.received[server.id.index()] == Some(self.as_notification(server))
    }

    #[inline]
    fn vote_is_no_worse_than_own(&self, server: &Server) -> bool {
        // Without an order there is no best vote (ZOOKEEPER-1419).
        server.variant.votes_out_of_order
            || !is_better(Self::own_vote(server), self.proposal, &server.variant)
    }

    #[inline]
    fn final_vote_has_a_quorum(&self, server: &Server) -> bool {
        let agree = || supporters(&self.received, &self.as_notification(server), &server.variant);
        !self.finalizing || agree().is_quorum(&server.config)
    }
}

/// Elections that count wrongly.
#[cfg(test)]
pub(crate) fn broken() -> Vec<(Invariant, crate::Node)> {
    use crate::ids::{Epoch, NodeId};
    use crate::invariants::samples::{breaks, looking};

    let of = |invariant, how: fn(&mut Election)| {
        breaks(invariant, looking(), |node| how(node.election()))
    };
    vec![
        of(Invariant::OwnVoteIsCounted, |election| election.received[2] = None),
        of(Invariant::OwnVoteIsCounted, |election| election.proposal.leader = NodeId(1)),
        of(Invariant::VoteIsNoWorseThanOwn, |election| {
            election.proposal.peer_epoch = Epoch(0);
            let own = election.received[2].as_mut().expect("it has voted");
            own.vote.peer_epoch = Epoch(0);
        }),
        of(Invariant::FinalVoteHasAQuorum, |election| election.received[1] = None),
    ]
}
