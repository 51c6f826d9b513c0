//! I-6 global primary order (TLA GlobalPrimaryOrder): a server delivers the transactions of an
//! earlier epoch before those of a later one.
//!
//! Checked at every server, serving or not, for the reason given at I-5.

use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::{NodeId, Txn};

pub(crate) fn at_delivery(ensemble: &Ensemble, node: NodeId, txn: &Txn, findings: &mut Findings) {
    let last = ensemble.sequences.last(ensemble.server(node).memory);
    if txn.zxid.epoch < last.epoch {
        findings.report(Class::I6, || format!("{txn} is applied behind {last}"));
    }
}
