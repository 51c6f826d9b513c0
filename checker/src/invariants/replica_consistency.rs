//! O3 replica consistency (ZOOKEEPER-3114): servers at the same zxid hold the same registers.
//!
//! Of servers that serve. The digest of the history has to be the same too: a difference that
//! shows in no register yet is one transaction away from showing.

use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::{NodeId, Replica};

/// What serving servers had in memory when they were at rest.
#[derive(Clone, Debug, Default)]
pub(crate) struct AtRest {
    replicas: Vec<(NodeId, Replica)>,
}

impl AtRest {
    /// A server is at rest.
    pub(crate) fn at_rest(
        &mut self,
        ensemble: &Ensemble,
        node: NodeId,
        replica: &Replica,
        findings: &mut Findings,
    ) {
        if ensemble.server(node).serving.is_none() {
            return;
        }
        let at_same_zxid = |other: &Replica| other.last_processed == replica.last_processed;
        let differs = |(_, other): &&(_, Replica)| at_same_zxid(other) && other != replica;
        if let Some((other, _)) = self.replicas.iter().find(differs) {
            let zxid = replica.last_processed;
            findings.report(Class::O3, || format!("{node} and {other} differ at {zxid}"));
        }
        self.replicas.push((node, *replica));
    }
}
