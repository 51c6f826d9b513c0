//! I-1 leadership (TLA Leadership1): no epoch has two established leaders.
//!
//! A server that establishes one epoch twice breaks it too: an epoch is proposed once.

use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::reigns::ReignId;
use crate::verdict::Class;

pub(crate) fn at_established(ensemble: &Ensemble, id: ReignId, findings: &mut Findings) {
    let reign = ensemble.reigns.get(id);
    let of_epoch = ensemble.reigns.established().filter(|r| r.epoch == reign.epoch);
    if of_epoch.count() > 1 {
        findings.report(Class::I1, || {
            format!("{} is established in epoch {} like another", reign.leader, reign.epoch)
        });
    }
}
