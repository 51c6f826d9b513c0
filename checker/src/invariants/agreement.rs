//! I-3 agreement (TLA Agreement): if f delivers a and g delivers b, then f delivers b or g
//! delivers a.
//!
//! Evaluated on what serving servers hold (see `ensemble.rs`), against the longest sequence that
//! any of them has held. It holds at every instant in ZooKeeper, because they hold committed
//! transactions only and those form one sequence.

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
    let only = |of: Sequence, other: Sequence| {
        let mut missing = sequences.missing(of, other);
        missing.find_map(|s| sequences.last_txn(s))
    };
    if let (Some(a), Some(b)) = (only(memory, *visible), only(*visible, memory)) {
        findings.report(Class::I3, || {
            Detail::Protocol(Protocol::Disagreement { here: *a, elsewhere: *b })
        });
    }
}
