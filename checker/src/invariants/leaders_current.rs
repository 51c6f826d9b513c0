//! P-5 leaders current (Leader.lead): a leader serves an epoch only with its own `currentEpoch` on
//! disk.
//!
//! `Leader.waitForEpochAck` is followed by `setCurrentEpoch`, and only then does the leader wait for
//! a quorum of NEWLEADER's acknowledgements.

use crate::detail::{Detail, Promise};
use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::reigns::ReignId;
use crate::verdict::Class;

/// This reign is established.
pub(crate) fn at_established(ensemble: &Ensemble, id: ReignId, findings: &mut Findings) {
    let reign = ensemble.reigns.get(id);
    let (epoch, server) = (reign.epoch, ensemble.server(reign.leader));
    let durable = server.disk.durable().current_epoch;
    if durable != epoch {
        let without = Promise::ServesWithoutEpoch { epoch, durable };
        findings.report(Class::P5, || Detail::Promise(without));
    }
}
