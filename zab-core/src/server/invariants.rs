//! What holds of a server whatever its role.

use super::Server;
use crate::invariants::{Checked, Invariant, require};
use crate::variant::Variant;

impl Server {
    /// What does not hold, if anything.
    #[inline]
    pub(crate) fn check(&self) -> Checked {
        let (durable, memory) = (&self.durable, &self.memory);
        require(durable.log_ascends() || self.log_may_fold(), Invariant::LogAscends)?;
        let is_its_end = memory.committed_log_is_its_end() || self.log_may_fold();
        require(is_its_end, Invariant::CommittedLogIsMemorysEnd)?;
        let may_have_holes = !self.serving || !self.variant.refuses_holes;
        require(may_have_holes || memory.has_no_hole(), Invariant::NoHoleIsServed)?;
        require(self.clients_leave_with_the_role(), Invariant::ClientsLeaveWithTheRole)?;
        require(self.committer.has_a_turn(), Invariant::CommitterHasATurn)
    }

    /// A log shows what any release did that wrote to this disk or led.
    #[inline]
    fn log_may_fold(&self) -> bool {
        self.releases.any(Variant::log_may_fold)
    }

    #[inline]
    fn clients_leave_with_the_role(&self) -> bool {
        self.serving || self.requests.is_empty() && self.committer.queued() == 0
    }
}

/// Servers with something left over.
#[cfg(test)]
pub(crate) fn broken() -> Vec<(Invariant, crate::Node)> {
    use crate::committer::{Committer, Work};
    use crate::ids::Zxid;
    use crate::invariants::samples::{breaks, established, looking, request, txn};

    vec![
        breaks(Invariant::LogAscends, looking(), |node| node.server().append(txn(1, 2))),
        breaks(Invariant::CommittedLogIsMemorysEnd, looking(), |node| {
            node.server().memory.replica.last_processed = Zxid::new(1, 1);
        }),
        breaks(Invariant::CommittedLogIsMemorysEnd, looking(), |node| {
            node.server().memory.apply(&txn(1, 1));
        }),
        breaks(Invariant::NoHoleIsServed, established(), |node| {
            node.server().variant.refuses_holes = true;
            node.server().memory.apply(&txn(2, 2));
            node.server().memory.apply(&txn(2, 4));
        }),
        breaks(Invariant::ClientsLeaveWithTheRole, looking(), |node| {
            node.server().await_answer(request(1));
        }),
        breaks(Invariant::ClientsLeaveWithTheRole, looking(), |node| {
            node.server().commit(Work::Synced(request(1)));
        }),
        breaks(Invariant::CommitterHasATurn, established(), |node| {
            node.server().committer = Committer::without_a_turn(Work::Synced(request(1)));
        }),
    ]
}
