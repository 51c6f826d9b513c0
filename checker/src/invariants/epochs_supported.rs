//! P-4 epochs supported (Leader.waitForEpochAck): the initial history of an epoch needs the
//! promises of a majority, for this epoch, to this leader, itself among them, and none of them
//! ahead of it.
//!
//! Ahead is who has a later `currentEpoch`, or the same and a later zxid
//! (`StateSummary.isMoreRecentThan`). Counted is what was sent: more than what was received.

use crate::detail::{Detail, Promise};
use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::Epoch;

/// A leader's memory becomes the initial history. How many others had promised it the epoch, and
/// whether it had itself.
pub(crate) fn at_initial_history(
    ensemble: &Ensemble,
    epoch: Epoch,
    (others, itself): (usize, bool),
    findings: &mut Findings,
) {
    if !itself || others + 1 < ensemble.majority() {
        let servers = ensemble.servers.len();
        let few = Promise::TooFewPromises { epoch, others, itself, servers };
        findings.report(Class::P4, || Detail::Promise(few));
    }
}
