//! What clients ask and are answered, and what they come to know by it.

use super::{Ensemble, Step};
use crate::loss::{Knowledge, Known};
use crate::sequences::Sequence;
use crate::verdict::When;
use zab_core::{Change, NodeId, Outcome, RequestId, Zxid};

impl Ensemble {
    /// A server is asked for a `sync`.
    pub(super) fn on_sync_asked(&mut self, node: NodeId, request: RequestId) {
        let newest = self.reigns.newest_established().map(|reign| reign.epoch);
        if let Some(epoch) = newest.filter(|epoch| self.server(node).serving == Some(*epoch)) {
            let committed = self.sequences.last(self.committed);
            self.clients.on_sync(request, node, epoch, committed);
        }
    }

    /// A client is answered.
    pub(super) fn on_returned(
        &mut self,
        when: When,
        node: Option<NodeId>,
        request: RequestId,
        outcome: Outcome,
    ) -> Step<'static> {
        let Some((seen, sync)) = self.clients.on_returned(when, node, request, outcome) else {
            return Step::Nothing;
        };
        self.answered_syncs.retain(|answered| answered.request != request);
        self.on_learned(when, node, request, outcome);
        Step::Returned { request, outcome, seen, sync }
    }

    /// A client learns that a write is committed, or gets the value of one.
    fn on_learned(
        &mut self,
        when: When,
        node: Option<NodeId>,
        request: RequestId,
        outcome: Outcome,
    ) {
        let Self { sequences, reigns, clients, .. } = self;
        let (how, sequence) = match outcome {
            Outcome::Written { zxid, .. } => {
                (Knowledge::Acknowledged, reigns.carries_out(request, zxid, sequences))
            }
            // The reads at the end tell what became of a write; they are not how clients knew of it.
            Outcome::Value { .. } if clients.is_settled => return,
            Outcome::Value { value, version, position } => {
                let Some(key) = clients.key_read(request) else { return };
                let change = Change::Set { key, value, version };
                (Knowledge::Read, self.shown(node, position, change))
            }
            // A rejection is no write: nothing can be lost with it.
            _ => return,
        };
        if let Some(sequence) = sequence {
            self.sequences.learn(sequence, Known { how, request, server: node, when });
        }
    }

    /// The transaction whose value a read at this position gave: in the memory of the server that
    /// answered, or else among what was proposed up to there.
    fn shown(&self, node: Option<NodeId>, position: Zxid, change: Change) -> Option<Sequence> {
        let Self { sequences, reigns, .. } = self;
        let memory = node.map(|node| self.server(node).memory);
        let proposed = || reigns.sequence_at(position, sequences);
        memory
            .and_then(|memory| sequences.changed_by(memory, change))
            .or_else(|| sequences.changed_by(proposed()?, change))
    }
}
