//! O5 availability (ZOOKEEPER-4685): after every fault is healed, the ensemble serves again.
//!
//! The simulator says within which bound, and whether there is an excuse: where no quorum can
//! exist, nothing is promised.

use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::Micros;

pub(crate) fn at_unavailable(bound: Micros, findings: &mut Findings) {
    findings.report(Class::O5, || format!("no write was acknowledged within {bound} of healing"));
}
