//! leads-unpromised: the leader of an epoch that it could not write down.
//!
//! In `Leader.getEpochToPropose` the handler that makes the quorum complete sets `waitingForNewEpoch`
//! to false and then writes `acceptedEpoch`. If that fails, the exception ends this one handler: the
//! epoch is told to every later learner, and to the leader's own thread, which nobody has woken, when
//! `initLimit` is over.

use super::{Leader, Phase, Promise};
use crate::quorum::NodeSet;
use crate::server::{Flow, GO_ON, STEP_DOWN, Server};

impl Leader {
    /// `acceptedEpoch` could not be written: the reference looks for another leader.
    pub(super) fn on_promise_failed(&mut self, server: &mut Server, promise: Promise) -> Flow {
        if !server.variant.leads_unpromised {
            return STEP_DOWN;
        }
        let Promise { writer, connected, deadline, .. } = promise;
        if self.learner(writer).is_some() {
            self.dismiss(server, writer);
        }
        self.phase = Phase::Unpromised(NodeSet::default());
        self.deadline = deadline;
        self.tell_epoch(server, connected);
        GO_ON
    }

    /// ACKEPOCH of these have arrived, while the leader's own thread still waits.
    pub(super) const fn note_unpromised(&mut self, acks: NodeSet) -> bool {
        let is_unpromised = matches!(self.phase, Phase::Unpromised(_));
        if is_unpromised {
            self.phase = Phase::Unpromised(acks);
        }
        is_unpromised
    }

    /// The leader's own thread, and the handlers that waited like it, find an epoch.
    pub(super) fn lead_unpromised(&mut self, server: &mut Server, mut acks: NodeSet) {
        acks.insert(server.id);
        self.enter(server, Phase::Electing(acks));
        self.tell_epoch(server, NodeSet::default());
        if acks.is_quorum(&server.config) {
            self.finish_discovery(server);
        }
    }
}
