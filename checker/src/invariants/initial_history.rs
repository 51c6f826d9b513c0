//! I-8 initial history integrity (TLA LeaderLogCompleteness): the initial history of an epoch
//! extends that of every earlier established epoch, and everything committed in it.
//!
//! Three statements of the TLA+ specifications are one here, because C, the ghost sequence of
//! everything committed, is compared with each initial history at the moment that it is
//! established: *LeaderLogCompleteness* (the leader has all of C), *CommittedLogMonotonicity* (C
//! only grows) and *CommittedLogDurability* (nothing of C goes away). The last is a statement
//! about the ensemble. A single server may be told to truncate a transaction that is committed
//! while the TRUNC is under way; then it gets it again.
//!
//! A deposed leader may still learn that a transaction of its epoch has a quorum, or that its
//! NEWLEADER has: then that is in the later epoch's initial history, or this rule is broken.

use crate::detail::{Detail, Protocol};
use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::reigns::ReignId;
use crate::sequences::Sequence;
use crate::verdict::Class;
use zab_core::Epoch;

/// An epoch is established: its initial history is committed, and C as it was before is part of it.
pub(crate) fn at_established(
    ensemble: &Ensemble,
    id: ReignId,
    before: Sequence,
    findings: &mut Findings,
) {
    let reign = ensemble.reigns.get(id);
    let (epoch, initial) = (reign.epoch, reign.initial_history);
    if ensemble.is_deposed(epoch) {
        late(ensemble, epoch, initial, findings);
    } else if !ensemble.sequences.is_prefix(before, initial) {
        findings.report(Class::I8, || {
            let gap = ensemble.gap(initial, before);
            Detail::Protocol(Protocol::EstablishedWithout { epoch, gap })
        });
    }
}

/// A leader of this epoch commits. What the leader of the newest epoch commits extends C: it
/// proposed it after all that it had committed before.
pub(crate) fn at_commit(
    ensemble: &Ensemble,
    epoch: Epoch,
    sequence: Sequence,
    findings: &mut Findings,
) {
    if ensemble.is_deposed(epoch) {
        late(ensemble, epoch, sequence, findings);
    }
}

/// A deposed leader learns that something of its epoch is committed.
fn late(ensemble: &Ensemble, epoch: Epoch, sequence: Sequence, findings: &mut Findings) {
    let (sequences, committed) = (&ensemble.sequences, ensemble.committed);
    if !sequences.is_prefix(sequence, committed) {
        let zxid = sequences.last(sequence);
        let late = Protocol::CommittedLate { zxid, epoch };
        findings.report(Class::I8, || Detail::Protocol(late));
    }
}
