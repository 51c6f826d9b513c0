//! E-8 dead sessions (ZOOKEEPER-2355): once everything is healed, the nodes of a session whose client was told that
//! it has expired are gone everywhere, within a bound.
//!
//! A node that stays is a lock that nobody has and nobody can take. The bound is three times the time after
//! which a silent session ends: the drivers wait so long before the servers are at rest.

use crate::detail::{Detail, Session};
use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::verdict::Class;

/// The execution is over.
pub(crate) fn at_end(ensemble: &Ensemble, findings: &mut Findings) {
    let expired = &ensemble.locks.expired;
    for rest in &ensemble.ending.at_rest {
        let stays = rest.replica.locks.nodes().find(|node| expired.contains(&node.owner));
        if let Some(node) = stays {
            let seen = Session::NodeStays { server: rest.node, node };
            findings.report(Class::E8, || Detail::Session(seen));
        }
    }
}
