//! What holds of the files as asked for.

use super::Durable;
use crate::event::File;
use crate::invariants::{Checked, Invariant, require};
use crate::variant::Variant;

impl Durable {
    /// What does not hold, if anything.
    #[inline]
    pub(crate) fn check(&self, variant: &Variant) -> Checked {
        // leads-unpromised: a leader establishes an epoch that it could not write down.
        let are_ordered = self.current_epoch <= self.accepted_epoch || variant.leads_unpromised;
        require(are_ordered, Invariant::EpochsAreOrdered)?;
        require(self.snapshots_ascend(), Invariant::SnapshotsAscend)?;
        require(self.done_was_asked_for(), Invariant::DoneWasAskedFor)?;
        require(self.appended_is_the_logs_end(), Invariant::AppendedIsTheLogsEnd)
    }

    /// The records not known to be durable, and the one that they follow. Earlier ones were checked
    /// when they were new.
    #[inline]
    pub(crate) fn log_ascends(&self) -> bool {
        let from = self.log.len().saturating_sub(self.appended.len() + 1);
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
    fn appended_is_the_logs_end(&self) -> bool {
        self.buffered <= self.appended.len()
            && self.appended.len() <= self.log.len()
            && self.appended.iter().all(|lsn| !self.is_done(File::Log, *lsn))
            && self.appended.windows(2).all(|pair| pair[0] < pair[1])
    }
}

/// Files as nobody asks for them.
#[cfg(test)]
pub(crate) fn broken() -> Vec<(Invariant, crate::Node)> {
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
        of(Invariant::AppendedIsTheLogsEnd, |durable| durable.appended = vec![Lsn(0)]),
        of(Invariant::AppendedIsTheLogsEnd, |durable| durable.appended = vec![Lsn(7), Lsn(6)]),
        of(Invariant::AppendedIsTheLogsEnd, |durable| durable.buffered = 1),
        of(Invariant::AppendedIsTheLogsEnd, |durable| {
            durable.log.clear();
            durable.appended = vec![Lsn(7)];
        }),
    ]
}
