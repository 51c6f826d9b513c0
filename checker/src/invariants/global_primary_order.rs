//! I-6 global primary order (TLA GlobalPrimaryOrder): a server delivers the transactions of an
//! earlier epoch before those of a later one.
//!
//! Checked at every server, serving or not, for the reason given at I-5.

use crate::detail::{Detail, Protocol};
use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::{Txn, Zxid};

/// A transaction is applied to a memory that ended with `last`.
pub(crate) fn at_delivery(txn: &Txn, last: Zxid, findings: &mut Findings) {
    if txn.zxid.epoch < last.epoch {
        let applied = Protocol::AppliedAfter { txn: *txn, last };
        findings.report(Class::I6, || Detail::Protocol(applied));
    }
}
