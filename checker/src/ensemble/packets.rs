//! What is sent between servers: who has promised, acknowledged and told what to whom.

use super::{AnsweredSync, Ensemble, Learner, Step};
use zab_core::{Epoch, NodeId, Packet, RequestId, Zxid};

impl Ensemble {
    /// A server hands a packet to the network.
    pub(super) fn on_sent<'a>(&mut self, node: NodeId, to: NodeId, packet: &Packet) -> Step<'a> {
        let is_known = to.index() < self.servers.len();
        match packet {
            _ if !is_known => Step::Nothing,
            Packet::LeaderInfo { epoch } => {
                let server = self.server_mut(node);
                server.promised = server.promised.max(*epoch);
                let learner = &mut server.learners[to.index()];
                // What it promised on an earlier connection is promised (`Leader.electingFollowers`),
                // and this may be the earlier one: a synchronization begins with the learner's answer.
                if learner.offered != Some(*epoch) {
                    *learner = Learner { offered: Some(*epoch), ..Learner::default() };
                }
                Step::Offered { epoch: *epoch }
            }
            Packet::AckEpoch { current_epoch, last_zxid } => {
                self.on_epoch_acknowledged(node, to, *current_epoch, *last_zxid)
            }
            Packet::Ack(zxid) if zxid.is_epoch_mark() => {
                self.on_new_leader_acknowledged(node, to, zxid.epoch)
            }
            Packet::Ack(zxid) => {
                self.server_mut(node).acknowledge(*zxid);
                Step::Acknowledged { leader: to, zxid: *zxid }
            }
            Packet::Diff { zxid } | Packet::Trunc { zxid } | Packet::Commit(zxid) => {
                self.tell(node, to, *zxid);
                Step::Nothing
            }
            Packet::Snap { replica } => {
                self.tell(node, to, replica.last_processed);
                Step::Nothing
            }
            Packet::Sync { request } => self.on_sync_sent(node, to, *request),
            _ => Step::Nothing,
        }
    }

    /// A leader tells a learner that all up to here is committed.
    fn tell(&mut self, leader: NodeId, learner: NodeId, zxid: Zxid) {
        let learner = &mut self.server_mut(leader).learners[learner.index()];
        learner.told = learner.told.max(zxid);
    }

    /// A learner acknowledges an epoch to this leader: a synchronization begins.
    fn on_epoch_acknowledged(
        &mut self,
        node: NodeId,
        leader: NodeId,
        current_epoch: Option<Epoch>,
        last_zxid: Zxid,
    ) -> Step<'static> {
        let server = self.server_mut(node);
        server.participates = None;
        server.synchronizes_with = Some(leader);
        server.leader = Some(leader);
        let before = server.promised;
        let learner = &mut self.server_mut(leader).learners[node.index()];
        learner.told = Zxid::ZERO;
        let (Some(epoch), Some(current_epoch)) = (learner.offered, current_epoch) else {
            return Step::Nothing;
        };
        learner.promise = Some((epoch, (current_epoch, last_zxid)));
        let server = self.server_mut(node);
        server.promised = before.max(epoch);
        Step::Promised { epoch, before }
    }

    /// A learner acknowledges NEWLEADER.
    fn on_new_leader_acknowledged(
        &mut self,
        node: NodeId,
        leader: NodeId,
        epoch: Epoch,
    ) -> Step<'static> {
        let Self { servers, sequences, reigns, .. } = self;
        let server = &mut servers[node.index()];
        let is_first = server.synchronizes_with.take_if(|promised| *promised == leader).is_some();
        let reign = reigns.find(leader, epoch).filter(|_| is_first);
        let first = reign.map(|reign| {
            let log = server.disk.asked().sequence(sequences);
            server.participates = Some((reign, log));
            server.acknowledge(sequences.last(reigns.get(reign).initial_history));
            (reign, server.disk.durable().sequence(sequences))
        });
        Step::NewLeaderAcknowledged { epoch, first }
    }

    fn on_sync_sent<'a>(&mut self, node: NodeId, to: NodeId, request: RequestId) -> Step<'a> {
        let is_it = |a: &AnsweredSync| a.request == request && a.leader == node;
        let Some(at) = self.answered_syncs.iter().position(is_it) else { return Step::Nothing };
        let answered = self.answered_syncs.swap_remove(at);
        if self.clients.waits_for_sync(request, to) {
            Step::SyncSent { to, answered }
        } else {
            Step::Nothing
        }
    }
}
