//! O8 latent divergence (ZOOKEEPER-3114): servers at rest hold the same history.
//!
//! The registers are equal, so no read shows the difference yet; it is one election or one
//! conditional write away from showing. Of servers that serve, at rest as for O3: at the same zxid
//! with different histories, or at different ones.

use crate::detail::Detail;
use crate::ensemble::{Ensemble, Rest};
use crate::findings::Findings;
use crate::sequences::Sequence;
use crate::verdict::Class;
use zab_core::Txn;

/// The execution is over.
pub(crate) fn at_end(ensemble: &Ensemble, findings: &mut Findings) {
    let Some((first, others)) = ensemble.at_rest() else {
        return;
    };
    let is_other = |other: &&Rest| {
        other.replica.registers == first.replica.registers
            && other.replica.digest != first.replica.digest
    };
    if let Some(other) = others.into_iter().find(is_other) {
        let only = |of: Sequence, beside: Sequence| -> Option<Txn> {
            let first = ensemble.sequences.missing(of, beside).last()?;
            ensemble.sequences.last_txn(first).copied()
        };
        findings.report(Class::O8, || Detail::DiffersLatently {
            one: first.position(),
            other: other.position(),
            only_one: only(first.memory, other.memory),
            only_other: only(other.memory, first.memory),
        });
    }
}
