//! I-8 initial history integrity (TLA LeaderLogCompleteness): the initial history of an epoch
//! extends that of every earlier established epoch, and everything committed in it.
//!
//! Three statements of the TLA+ specifications are one here, because C, the ghost sequence of
//! everything committed, is compared with each initial history at the moment that it is
//! established: *LeaderLogCompleteness* (the leader has all of C), *CommittedLogMonotonicity* (C
//! only grows) and *CommittedLogDurability* (nothing of C goes away). The last is a statement
//! about the ensemble. A single server may be told to truncate a transaction that is committed
//! while the TRUNC is under way; it then gets it again.
//!
//! A deposed leader may still learn that a transaction of its epoch has a quorum, or that its
//! NEWLEADER has: then that is in the later epoch's initial history, or this rule is broken.

use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::reigns::ReignId;
use crate::sequences::Sequence;
use crate::verdict::Class;
use zab_core::{Epoch, NodeId};

/// An epoch is established: its initial history is committed, and what was committed before is
/// part of it.
pub(crate) fn at_established(ensemble: &mut Ensemble, id: ReignId, findings: &mut Findings) {
    let reign = ensemble.reigns.get(id);
    let (epoch, initial) = (reign.epoch, reign.initial_history);
    if is_deposed(ensemble, epoch) {
        late(ensemble, epoch, initial, findings);
        return;
    }
    let (sequences, committed) = (&ensemble.sequences, ensemble.committed);
    if !sequences.is_prefix(committed, initial) {
        findings.report(Class::I8, || {
            let difference = sequences.difference(initial, committed);
            format!("epoch {epoch} is established, and of what was committed {difference}")
        });
    }
    let lost: Vec<_> = sequences.missing(committed, initial).collect();
    let kept: Vec<_> = sequences.beyond(initial, committed).collect();
    mark(ensemble, &lost, true);
    mark(ensemble, &kept, false);
    ensemble.committed = initial;
}

/// A leader commits: that extends C, or is part of it.
pub(crate) fn at_commit(
    ensemble: &mut Ensemble,
    node: NodeId,
    sequence: Sequence,
    findings: &mut Findings,
) {
    let Some(epoch) = ensemble.led_by(node).map(|reign| reign.epoch) else {
        return;
    };
    if is_deposed(ensemble, epoch) {
        late(ensemble, epoch, sequence, findings);
    } else if ensemble.sequences.is_prefix(ensemble.committed, sequence) {
        ensemble.committed = sequence;
    }
}

fn is_deposed(ensemble: &Ensemble, epoch: Epoch) -> bool {
    ensemble.reigns.newest_established().is_some_and(|newest| newest.epoch > epoch)
}

/// A deposed leader learns that something of its epoch is committed.
fn late(ensemble: &mut Ensemble, epoch: Epoch, sequence: Sequence, findings: &mut Findings) {
    let (sequences, committed) = (&ensemble.sequences, ensemble.committed);
    if !sequences.is_prefix(sequence, committed) {
        findings.report(Class::I8, || {
            let last = sequences.last(sequence);
            format!("{last} is committed in epoch {epoch}, and a later epoch began without it")
        });
        let lost: Vec<_> = sequences.missing(sequence, committed).collect();
        mark(ensemble, &lost, true);
    }
}

fn mark(ensemble: &mut Ensemble, transactions: &[Sequence], lost: bool) {
    transactions.iter().for_each(|s| ensemble.sequences.set_lost(*s, lost));
}
