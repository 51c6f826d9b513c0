//! E-4 deleted nodes (ZOOKEEPER-1046): what a committed closeSession deleted does not return.
//!
//! Whether or not that closeSession is still part of the history at the end: a client may have acted on it.

use crate::detail::{Detail, Session};
use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::verdict::Class;

/// The execution is over.
pub(crate) fn at_end(ensemble: &Ensemble, findings: &mut Findings) {
    for rest in &ensemble.ending.at_rest {
        let back = rest.replica.locks.nodes().find(|node| ensemble.locks.is_deleted(node));
        if let Some(node) = back {
            let seen = Session::NodeIsBack { server: rest.node, node };
            findings.report(Class::E4, || Detail::Session(seen));
        }
    }
}
