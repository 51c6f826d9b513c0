//! I-5 local primary order (TLA LocalPrimaryOrder): if a primary broadcasts a before b, then
//! whoever delivers b delivers a before b.
//!
//! A primary numbers its transactions without gaps, so each one has to be applied behind its
//! predecessor, or first of its epoch. Memory is always a sequence that some primary proposed,
//! however it came there, so this is checked at every server, serving or not.

use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::{NodeId, Txn};

pub(crate) fn at_delivery(ensemble: &Ensemble, node: NodeId, txn: &Txn, findings: &mut Findings) {
    let last = ensemble.sequences.last(ensemble.server(node).memory);
    let expected = if txn.zxid.epoch > last.epoch { 1 } else { last.counter.saturating_add(1) };
    if txn.zxid.epoch >= last.epoch && txn.zxid.counter != expected {
        findings.report(Class::I5, || format!("{txn} is applied behind {last}"));
    }
}
