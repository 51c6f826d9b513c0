//! O5 availability (ZOOKEEPER-4685): after every fault is healed, the ensemble serves again.
//!
//! The simulator says within which bound, and whether there is an excuse: where no quorum can
//! exist, nothing is promised. A write that was lost to an epoch is told as the cause: nobody serves
//! who could show that it is gone.

use crate::detail::Detail;
use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::loss::{Losses, clearest};
use crate::verdict::Class;

/// The execution is over.
pub(crate) fn at_end(ensemble: &Ensemble, losses: &Losses, findings: &mut Findings) {
    let Some((bound, None)) = ensemble.ending.unavailable else {
        return;
    };
    let after = ensemble.ending.available_after;
    let lost = clearest(losses.undecided.iter()).filter(|_| after.is_none());
    findings.report(Class::O5, || Detail::NoService {
        bound,
        after,
        lost: lost.map(|loss| Box::new(loss.clone())),
    });
}
