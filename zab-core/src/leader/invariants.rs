//! What holds of a leader.

use super::learner::{Learner, Stage};
use super::{Leader, Phase};
use crate::invariants::{Checked, Invariant, require};
use crate::quorum::NodeSet;
use crate::server::Server;

impl Leader {
    /// What does not hold, if anything.
    #[inline]
    pub(crate) fn check(&self, server: &Server) -> Checked {
        require(self.own_promise_is_on_disk(server), Invariant::OwnPromiseIsOnDisk)?;
        require(self.own_epoch_is_on_disk(server), Invariant::OwnEpochIsOnDisk)?;
        require(self.counts_itself(server), Invariant::LeaderCountsItself)?;
        require(self.quorum_is_noticed(server), Invariant::QuorumIsNoticed)?;
        for learner in &self.learners {
            require(self.stage_agrees_with_phase(learner), Invariant::StageAgreesWithPhase)?;
            learner.check()?;
        }
        if matches!(self.phase, Phase::Broadcast | Phase::Closing) {
            self.broadcast.check(self.epoch, server)
        } else {
            require(self.broadcast.has_not_begun(), Invariant::NothingProposedEarly)
        }
    }

    #[inline]
    fn own_promise_is_on_disk(&self, server: &Server) -> bool {
        matches!(self.phase, Phase::Connecting(_) | Phase::Promising(_))
            || server.durable.accepted_epoch == self.epoch
            || server.variant.leads_unpromised
    }

    #[inline]
    fn own_epoch_is_on_disk(&self, server: &Server) -> bool {
        let counts = match self.phase {
            Phase::Connecting(_)
            | Phase::Promising(_)
            | Phase::Unpromised(_)
            | Phase::Electing(_) => false,
            Phase::Synchronization { acks, .. } => acks.contains(server.id),
            Phase::Broadcast | Phase::Closing => true,
        };
        !counts || server.durable.current_epoch == self.epoch
    }

    #[inline]
    fn counts_itself(&self, server: &Server) -> bool {
        match self.phase {
            Phase::Connecting(servers) | Phase::Electing(servers) => servers.contains(server.id),
            Phase::Synchronization { epoch_file, acks } => {
                acks.contains(server.id) == epoch_file.is_none()
            }
            Phase::Unpromised(servers) => !servers.contains(server.id),
            Phase::Promising(_) | Phase::Broadcast | Phase::Closing => true,
        }
    }

    #[inline]
    fn quorum_is_noticed(&self, server: &Server) -> bool {
        let is_quorum = |servers: NodeSet| servers.is_quorum(&server.config);
        !match self.phase {
            Phase::Connecting(servers) | Phase::Electing(servers) => is_quorum(servers),
            Phase::Synchronization { acks, .. } => acks.contains(server.id) && is_quorum(acks),
            Phase::Broadcast | Phase::Closing => {
                self.broadcast.oldest_acks().is_some_and(is_quorum)
            }
            Phase::Promising(_) | Phase::Unpromised(_) => false,
        }
    }

    #[inline]
    const fn stage_agrees_with_phase(&self, learner: &Learner) -> bool {
        match learner.stage {
            Stage::InBacklog => self.is_starting(),
            Stage::Connected => true,
            Stage::AwaitsEpoch => matches!(
                self.phase,
                Phase::Connecting(_) | Phase::Promising(_) | Phase::Unpromised(_)
            ),
            Stage::Promised => !matches!(self.phase, Phase::Connecting(_) | Phase::Promising(_)),
            Stage::AwaitsElection { .. } => {
                matches!(self.phase, Phase::Electing(_) | Phase::Unpromised(_))
            }
            Stage::Synchronizing => {
                let is_before = matches!(self.phase, Phase::Synchronization { .. });
                is_before || matches!(self.phase, Phase::Broadcast | Phase::Closing)
            }
            Stage::AwaitsEstablishment => matches!(self.phase, Phase::Synchronization { .. }),
            Stage::Serving => matches!(self.phase, Phase::Broadcast | Phase::Closing),
        }
    }
}

/// Leaders that count too much or too little.
#[cfg(test)]
pub(crate) fn broken() -> Vec<(Invariant, crate::Node)> {
    use super::{broadcast, learner};
    use crate::Node;
    use crate::ids::{Epoch, NodeId, Zxid};
    use crate::invariants::samples::{breaks, connecting, electing, leading, synchronizing};

    let set = |servers: &[u8]| {
        servers.iter().fold(NodeSet::default(), |mut set, id| {
            set.insert(NodeId(*id));
            set
        })
    };
    let others = set(&[0, 1]);
    let all = set(&[0, 1, 2]);
    let counted = |acks| Phase::Synchronization { epoch_file: None, acks };
    let in_phase = |invariant, sample: fn() -> Node, phase| {
        breaks(invariant, sample(), |node| node.leader().phase = phase)
    };
    let in_stage = |sample: fn() -> Node, stage| {
        let invariant = Invariant::StageAgreesWithPhase;
        breaks(invariant, sample(), |node| node.leader().learners[1].stage = stage)
    };
    let last_zxid = Zxid::ZERO;
    let own = vec![
        breaks(Invariant::OwnPromiseIsOnDisk, electing(), |node| node.leader().epoch = Epoch(3)),
        breaks(Invariant::OwnEpochIsOnDisk, synchronizing(), |node| {
            node.server().durable.current_epoch = Epoch(1);
        }),
        breaks(Invariant::OwnEpochIsOnDisk, leading(), |node| {
            node.server().durable.current_epoch = Epoch(1);
        }),
        in_phase(Invariant::LeaderCountsItself, connecting, Phase::Connecting(others)),
        in_phase(Invariant::LeaderCountsItself, electing, Phase::Electing(others)),
        in_phase(Invariant::LeaderCountsItself, electing, Phase::Unpromised(all)),
        in_phase(Invariant::LeaderCountsItself, synchronizing, counted(others)),
        in_phase(Invariant::QuorumIsNoticed, connecting, Phase::Connecting(all)),
        in_phase(Invariant::QuorumIsNoticed, electing, Phase::Electing(all)),
        in_phase(Invariant::QuorumIsNoticed, synchronizing, counted(all)),
        in_stage(connecting, Stage::InBacklog),
        in_stage(connecting, Stage::Promised),
        in_stage(connecting, Stage::AwaitsElection { last_zxid }),
        in_stage(electing, Stage::AwaitsEpoch),
        in_stage(electing, Stage::Synchronizing),
        in_stage(synchronizing, Stage::AwaitsElection { last_zxid }),
        in_stage(synchronizing, Stage::Serving),
        in_stage(leading, Stage::AwaitsEstablishment),
    ];
    [own, broadcast::invariants::broken(), learner::invariants::broken()].concat()
}
