//! P-1 promises kept (Learner.registerWithLeader): an ACKEPOCH that counts is a promise that is on
//! disk, and above every epoch that this server promised before, in any of its lives.
//!
//! The promise is `acceptedEpoch`; an ACKEPOCH with epoch −1 counts for nothing and promises nothing.

use crate::detail::{Detail, Promise};
use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::{Epoch, NodeId};

/// A learner acknowledges this epoch, after a promise of `before`.
pub(crate) fn at_promise(
    ensemble: &Ensemble,
    node: NodeId,
    epoch: Epoch,
    before: Epoch,
    findings: &mut Findings,
) {
    let durable = ensemble.server(node).disk.durable().accepted_epoch;
    if durable != epoch || before >= epoch {
        let missing = Promise::PromiseMissing { epoch, durable, promised: before };
        findings.report(Class::P1, || Detail::Promise(missing));
    }
}
