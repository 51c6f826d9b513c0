//! Discovery at the leader: an epoch that a quorum has never promised to anyone, and the proof
//! that no one of a quorum knows more than this leader.

use super::learner::{Learner, Stage};
use super::{Leader, Phase, Promise};
use crate::event::{File, Note};
use crate::ids::{ConnId, Epoch, Zxid};
use crate::quorum::NodeSet;
use crate::server::{Flow, GO_ON, STEP_DOWN, Server};

impl Leader {
    /// FOLLOWERINFO (`getEpochToPropose`): the epoch has to be above everything promised.
    ///
    /// Once a quorum has connected the epoch stays. A learner that promised a later one, to a leader
    /// that was never established, may not follow this leader, ever
    /// (`Learner.registerWithLeader`: "Leaders epoch, … is less than accepted epoch, …"). ZooKeeper
    /// leaves it at that; the reference makes room for an election with a greater epoch.
    pub(super) fn on_follower_info(
        &mut self,
        server: &mut Server,
        conn: ConnId,
        accepted: Epoch,
    ) -> Flow {
        let (phase, epoch) = (self.phase, self.epoch);
        let Some(learner) = self.learner(conn) else {
            return GO_ON;
        };
        let has_quorum = !matches!(phase, Phase::Connecting(_));
        if has_quorum && accepted > epoch && !server.variant.keeps_lower_epoch {
            server.heard_epoch = server.heard_epoch.max(accepted);
            return STEP_DOWN;
        }
        match phase {
            Phase::Connecting(mut connected) => {
                learner.stage = Stage::AwaitsEpoch;
                connected.insert(learner.peer);
                self.epoch = epoch.max(accepted.next());
                self.phase = Phase::Connecting(connected);
                if connected.is_quorum(&server.config) {
                    let Server { durable, out, .. } = server;
                    let file = durable.write_accepted_epoch(self.epoch, out);
                    let promise =
                        Promise { file, writer: conn, connected, deadline: self.deadline };
                    self.enter(server, Phase::Promising(promise));
                }
            }
            Phase::Promising(_) => learner.stage = Stage::AwaitsEpoch,
            Phase::Unpromised(_)
            | Phase::Electing(_)
            | Phase::Synchronization { .. }
            | Phase::Broadcast => learner.send_leader_info(server, epoch),
            Phase::Closing => {}
        }
        GO_ON
    }

    /// `acceptedEpoch` is on disk: tell everyone, and acknowledge the epoch oneself.
    pub(super) fn on_discovery_progress(&mut self, server: &mut Server) {
        let Phase::Promising(Promise { file, .. }) = self.phase else {
            return;
        };
        if server.durable.is_done(File::AcceptedEpoch, file) {
            self.enter(server, Phase::Electing(NodeSet::of(server.id)));
            self.tell_epoch(server, NodeSet::default());
        }
    }

    /// Tells the epoch to all learners that wait for it but these.
    pub(super) fn tell_epoch(&mut self, server: &mut Server, but: NodeSet) {
        let epoch = self.epoch;
        let waits = |l: &&mut Learner| l.stage == Stage::AwaitsEpoch && !but.contains(l.peer);
        for learner in self.learners.iter_mut().filter(waits) {
            learner.send_leader_info(server, epoch);
        }
    }

    /// ACKEPOCH (`waitForEpochAck`): until a quorum has sent it, a learner that knows more than the
    /// leader is sent away; a promise that was made before does not count.
    pub(super) fn on_ack_epoch(
        &mut self,
        server: &mut Server,
        conn: ConnId,
        current_epoch: Option<Epoch>,
        last_zxid: Zxid,
    ) {
        let (Phase::Electing(mut acks) | Phase::Unpromised(mut acks)) = self.phase else {
            self.synchronize(server, conn, last_zxid);
            return;
        };
        if current_epoch.is_some_and(|e| (e, last_zxid) > (self.current_epoch, self.last_zxid)) {
            self.dismiss(server, conn);
            return;
        }
        let Some(learner) = self.learner(conn) else {
            return;
        };
        learner.stage = Stage::AwaitsElection { last_zxid };
        if current_epoch.is_some() {
            acks.insert(learner.peer);
        }
        if self.note_unpromised(acks) {
            return;
        }
        self.phase = Phase::Electing(acks);
        if acks.is_quorum(&server.config) {
            self.finish_discovery(server);
        }
    }

    /// A quorum promised the epoch: what this leader holds now is its initial history.
    pub(super) fn finish_discovery(&mut self, server: &mut Server) {
        server.note(Note::InitialHistory { epoch: self.epoch });
        let epoch_file = Some(server.write_current_epoch(self.epoch));
        self.enter(server, Phase::Synchronization { epoch_file, acks: NodeSet::default() });
        let waiting = self.learners.iter().filter_map(|learner| match learner.stage {
            Stage::AwaitsElection { last_zxid } => Some((learner.conn, last_zxid)),
            _ => None,
        });
        for (conn, last_zxid) in waiting.collect::<Vec<_>>() {
            self.synchronize(server, conn, last_zxid);
        }
    }
}
