//! I-1 leadership (TLA Leadership1): no epoch has two established leaders.
//!
//! A server that establishes one epoch twice breaks it too: an epoch is proposed once.

use crate::detail::{Detail, Protocol};
use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::reigns::ReignId;
use crate::verdict::Class;

/// This reign is established.
pub(crate) fn at_established(ensemble: &Ensemble, id: ReignId, findings: &mut Findings) {
    let reign = ensemble.reigns.get(id);
    let mut of_epoch = ensemble.reigns.established().filter(|r| r.epoch == reign.epoch);
    if let (Some(first), Some(_)) = (of_epoch.next(), of_epoch.next()) {
        findings.report(Class::I1, || {
            let (epoch, first, second) = (reign.epoch, first.leader, reign.leader);
            Detail::Protocol(Protocol::TwoLeaders { epoch, first, second })
        });
    }
}
