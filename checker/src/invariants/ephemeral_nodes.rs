//! E-3 ephemeral nodes (Programmer's Guide): at rest, at every server, a session's nodes are there if and only if
//! it is open.
//!
//! Which sessions are open, and which nodes they have made, is what the committed history leads to.

use crate::detail::{Detail, Session};
use crate::ensemble::{Ensemble, Rest};
use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::{LockNode, Locks, Replica, Txn};

/// The execution is over, and this is its history.
pub(crate) fn at_end(ensemble: &Ensemble, committed: &[Txn], findings: &mut Findings) {
    let mut replica = Replica::default();
    committed.iter().for_each(|txn| replica.apply(txn));
    for rest in &ensemble.ending.at_rest {
        if let Some(seen) = differs(rest, &replica.locks) {
            findings.report(Class::E3, || Detail::Session(seen));
        }
    }
}

fn differs(rest: &Rest, expected: &Locks) -> Option<Session> {
    let (server, here) = (rest.node, &rest.replica.locks);
    let is_in = |locks: &Locks, node: &LockNode| {
        locks.nodes().any(|other| (other.number, other.owner) == (node.number, node.owner))
    };
    let orphan = here.nodes().find(|node| !expected.is_open(node.owner));
    let missing = expected.nodes().filter(|node| expected.is_open(node.owner));
    let orphan = orphan.map(|node| Session::NodeWithoutSession { server, node });
    let missing = missing.into_iter().find(|node| !is_in(here, node));
    orphan.or_else(|| missing.map(|node| Session::SessionWithoutNode { server, node }))
}
