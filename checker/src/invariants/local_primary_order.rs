//! I-5 local primary order (TLA LocalPrimaryOrder): if a primary broadcasts a before b, then
//! whoever delivers b delivers a before b.
//!
//! A primary numbers its transactions without gaps, so each one has to be applied after its
//! predecessor, or first of its epoch. Memory is always a sequence that some primary proposed,
//! however it came there, so this is checked at every server, serving or not.

use crate::detail::{Detail, Protocol};
use crate::disk::follows;
use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::{Txn, Zxid};

/// A transaction is applied to a memory that ended with `last`.
pub(crate) fn at_delivery(txn: &Txn, last: Zxid, findings: &mut Findings) {
    if txn.zxid.epoch >= last.epoch && !follows(last, txn.zxid) {
        let applied = Protocol::AppliedAfter { txn: *txn, last };
        findings.report(Class::I5, || Detail::Protocol(applied));
    }
}
