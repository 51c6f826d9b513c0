//! I-9 commit consistency (Zab paper, table 2): what a server delivers in an epoch begins with the
//! initial history of that epoch.
//!
//! The server has to hold it when it starts to serve; before UPTODATE nothing is promised.

use crate::detail::{Detail, Protocol};
use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::{Epoch, NodeId};

pub(crate) fn at_serving(ensemble: &Ensemble, node: NodeId, epoch: Epoch, findings: &mut Findings) {
    let Ensemble { sequences, reigns, .. } = ensemble;
    let server = ensemble.server(node);
    let followed = server.leader.and_then(|leader| reigns.find(leader, epoch));
    let Some(reign) = followed.map(|id| reigns.get(id)) else {
        return;
    };
    if !sequences.is_prefix(reign.initial_history, server.memory) {
        findings.report(Class::I9, || {
            let gap = ensemble.gap(server.memory, reign.initial_history);
            Detail::Protocol(Protocol::ServesWithout { epoch, gap })
        });
    }
}
