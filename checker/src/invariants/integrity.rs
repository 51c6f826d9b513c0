//! I-2 integrity (TLA Integrity): what a server delivers, some primary broadcast.
//!
//! Checked for every transaction applied to memory, during a synchronization too. What the first
//! process of a server finds on its disk counts as broadcast before the evidence begins.

use crate::detail::{Detail, Protocol};
use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::Txn;

pub(crate) fn at_delivery(ensemble: &Ensemble, txn: &Txn, findings: &mut Findings) {
    if !ensemble.reigns.was_broadcast(txn, &ensemble.sequences) {
        findings.report(Class::I2, || Detail::Protocol(Protocol::NeverBroadcast(*txn)));
    }
}
