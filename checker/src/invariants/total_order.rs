//! I-4 total order (TLA TotalOrder): if f delivers a before b, then whoever delivers b delivers a
//! before b.
//!
//! Evaluated on what serving servers hold, like I-3: it is broken when two of them deliver the same
//! transaction after different ones.

use crate::detail::{Detail, Protocol};
use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::sequences::Sequence;
use crate::verdict::Class;

pub(crate) fn at_delivery(ensemble: &Ensemble, memory: Sequence, findings: &mut Findings) {
    let Ensemble { sequences, visible, .. } = ensemble;
    if sequences.are_related(memory, *visible) {
        return;
    }
    let shared = sequences.beyond(memory, *visible).find(|s| {
        let txn = sequences.last_txn(*s);
        sequences.beyond(*visible, memory).any(|other| sequences.last_txn(other) == txn)
    });
    if let Some(txn) = shared.and_then(|s| sequences.last_txn(s)) {
        findings.report(Class::I4, || Detail::Protocol(Protocol::OutOfOrder(*txn)));
    }
}
