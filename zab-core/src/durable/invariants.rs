//! What holds of the files as asked for.

use super::{Durable, Undo};
use crate::invariants::{Checked, Invariant, require};

impl Durable {
    /// What does not hold, if anything.
    #[inline]
    pub(crate) fn check(&self) -> Checked {
        require(self.current_epoch <= self.accepted_epoch, Invariant::EpochsAreOrdered)?;
        require(self.snapshots_ascend(), Invariant::SnapshotsAscend)?;
        require(self.done_was_asked_for(), Invariant::DoneWasAskedFor)?;
        require(self.only_unfinished_is_undone(), Invariant::OnlyUnfinishedIsUndone)
    }

    /// The records not known to be durable, and the one that they follow. Earlier ones were checked
    /// when they were new.
    #[inline]
    pub(crate) fn log_ascends(&self) -> bool {
        let new = self.undo.iter().filter(|(_, undo)| matches!(undo, Undo::Append)).count();
        let from = self.log.len().saturating_sub(new + 1);
        self.log[from..].windows(2).all(|pair| pair[0].zxid < pair[1].zxid)
    }

    /// The newest two: older ones were the newest once.
    #[inline]
    fn snapshots_ascend(&self) -> bool {
        match &self.snapshots[..] {
            [.., before, last] => before.last_processed < last.last_processed,
            _ => true,
        }
    }

    #[inline]
    fn done_was_asked_for(&self) -> bool {
        self.done.iter().all(|lsn| *lsn <= self.last_lsn)
    }

    #[inline]
    fn only_unfinished_is_undone(&self) -> bool {
        let is_unfinished = |(lsn, undo): &(_, Undo)| !self.is_done(undo.file(), *lsn);
        self.undo.iter().all(is_unfinished)
            && self.undo.windows(2).all(|pair| pair[0].0 < pair[1].0)
    }
}

/// Files as nobody asks for them.
#[cfg(test)]
pub(crate) fn broken() -> Vec<(Invariant, crate::Node)> {
    use crate::event::File;
    use crate::ids::{Epoch, Lsn};
    use crate::invariants::samples::{breaks, looking};
    use crate::txn::Replica;

    let of = |invariant, how: fn(&mut Durable)| {
        breaks(invariant, looking(), |node| how(&mut node.server().durable))
    };
    vec![
        of(Invariant::EpochsAreOrdered, |durable| durable.current_epoch = Epoch(2)),
        of(Invariant::SnapshotsAscend, |durable| durable.snapshots = vec![Replica::default(); 2]),
        of(Invariant::DoneWasAskedFor, |durable| durable.on_done(File::Log, Lsn(9))),
        of(Invariant::OnlyUnfinishedIsUndone, |durable| {
            durable.undo = vec![(Lsn(0), Undo::Append)];
        }),
        of(Invariant::OnlyUnfinishedIsUndone, |durable| {
            durable.undo = vec![(Lsn(2), Undo::Append), (Lsn(1), Undo::Append)];
        }),
    ]
}
