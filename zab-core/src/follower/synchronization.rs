//! Synchronization at the follower: from DIFF, TRUNC or SNAP to UPTODATE
//! (`Learner.syncWithLeader`).

pub(crate) mod invariants;

use super::plan::Step;
use super::{Follower, Link, Phase};
use crate::committer::Work;
use crate::event::{Breach, ExitReason, Note, SyncMode};
use crate::ids::{Epoch, Lsn, Zxid};
use crate::log_writer::AckTo;
use crate::memory::Memory;
use crate::message::Packet;
use crate::server::{Flow, GO_ON, Leave, Place, STEP_DOWN, Server};
use crate::txn::{Replica, Txn};
use crate::variant::{NewLeaderLog, Variant};
use std::collections::VecDeque;

/// What a synchronization has brought so far.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Synchronization {
    epoch: Epoch,
    /// Known from the first packet on.
    mode: Option<SyncMode>,
    /// Proposals neither logged nor applied (`packetsNotLogged`).
    not_logged: VecDeque<Txn>,
    /// COMMITs that wait for their proposal to be logged (`packetsCommitted`).
    committed: VecDeque<Zxid>,
    /// What NEWLEADER stands for: to be logged, and perhaps applied, before it is acknowledged.
    batch: Vec<Txn>,
    /// What is acknowledged one by one after UPTODATE (`requestsToAck`).
    to_ack: Vec<Zxid>,
    /// NEWLEADER has arrived.
    new_leader: bool,
    /// NEWLEADER has been acknowledged.
    acknowledged: bool,
    /// A proposal has arrived.
    started: bool,
}

impl Synchronization {
    pub(super) const fn new(epoch: Epoch) -> Self {
        Self {
            epoch,
            mode: None,
            not_logged: VecDeque::new(),
            committed: VecDeque::new(),
            batch: Vec::new(),
            to_ack: Vec::new(),
            new_leader: false,
            acknowledged: false,
            started: false,
        }
    }

    pub(crate) const fn mode(&self) -> Option<SyncMode> {
        self.mode
    }

    /// The mode, as long as NEWLEADER is not acknowledged (`QuorumPeer.syncMode`).
    pub(crate) fn unfinished_mode(&self) -> Option<SyncMode> {
        self.mode.filter(|_| !self.acknowledged)
    }

    pub(crate) const fn is_acknowledged(&self) -> bool {
        self.acknowledged
    }

    /// Whether COMMITs are applied as they come: the snapshot at NEWLEADER will cover them.
    fn applies_directly(&self, variant: &Variant) -> bool {
        takes_snapshot(self.mode, variant) && !self.new_leader
    }

    /// Whether a transaction of the batch is already committed.
    fn is_committed(&self, txn: &Txn) -> bool {
        self.committed.contains(&txn.zxid)
    }
}

/// SNAP: the leader's state replaces memory.
pub(super) fn take_state(server: &mut Server, replica: Replica) {
    server.memory = Memory::new(replica, server.config.committed_log_max);
    server.needs_snapshot = false;
    server.note_memory_replaced();
}

impl Follower {
    fn sync(&mut self) -> &mut Synchronization {
        match &mut self.phase {
            Phase::Synchronization(sync) => sync,
            Phase::Discovery | Phase::Broadcast => unreachable!("handlers of another phase"),
        }
    }

    pub(super) fn on_synchronization_packet(
        &mut self,
        server: &mut Server,
        packet: Packet,
    ) -> Flow {
        let begun = self.sync().mode.is_some();
        match packet {
            Packet::Diff { zxid } if !begun => self.on_diff(server, zxid),
            Packet::Trunc { zxid } if !begun => self.on_trunc(server, zxid),
            Packet::Snap { replica } if !begun => self.on_snap(server, replica),
            Packet::Proposal(txn) if begun => self.on_synchronized_proposal(server, txn),
            Packet::Commit(zxid) if begun => self.on_synchronized_commit(server, zxid),
            Packet::NewLeader { epoch } if begun && epoch == self.sync().epoch => {
                self.on_new_leader(server)
            }
            Packet::UpToDate if self.sync().acknowledged => self.on_up_to_date(server),
            other => self.unexpected(server, &other),
        }
    }

    fn on_diff(&mut self, server: &mut Server, zxid: Zxid) -> Flow {
        self.sync().mode = Some(SyncMode::Diff);
        if server.variant.diff_sets_last_processed {
            server.memory.replica.last_processed = zxid;
        }
        GO_ON
    }

    fn on_trunc(&mut self, server: &mut Server, zxid: Zxid) -> Flow {
        if server.variant.trunc_unchecked {
            if server.durable.log().last().is_none_or(|last| last.zxid < zxid) {
                return Flow::Break(Leave::Exit(ExitReason::TruncFailed));
            }
        } else if !server.durable.can_truncate_to(zxid) {
            server.needs_snapshot = true;
            self.start_over(server);
            return GO_ON;
        }
        self.sync().mode = Some(SyncMode::Trunc);
        self.last_queued = zxid;
        self.plan.then(Step::Truncate(zxid));
        if is_flushed(&server.variant, SyncMode::Trunc) {
            self.plan.then(Step::FlushLog);
        }
        self.plan.then(Step::DropSnapshotsAfter(zxid));
        self.plan.then(Step::Load);
        self.plan.then(Step::LoadMemory(zxid));
        self.work(server)
    }

    fn on_snap(&mut self, server: &mut Server, replica: Box<Replica>) -> Flow {
        self.sync().mode = Some(SyncMode::Snap);
        self.last_queued = replica.last_processed;
        self.plan.then(Step::Load);
        self.plan.then(Step::TakeState(replica));
        self.work(server)
    }

    fn on_synchronized_proposal(&mut self, server: &mut Server, txn: Txn) -> Flow {
        let place = match self.sync().started {
            true => Place::InSynchronization,
            false => Place::FirstOfSynchronization,
        };
        server.check_follows(self.last_queued, txn.zxid, place)?;
        self.last_queued = txn.zxid;
        let sync = self.sync();
        sync.started = true;
        sync.not_logged.push_back(txn);
        GO_ON
    }

    fn on_synchronized_commit(&mut self, server: &mut Server, zxid: Zxid) -> Flow {
        let sync = self.sync();
        let Some(first) = sync.not_logged.front().copied() else {
            // A NullPointerException in ZooKeeper (ZOOKEEPER-4394).
            server.breach(Breach::BadCommit, zxid);
            return STEP_DOWN;
        };
        if !sync.applies_directly(&server.variant) {
            sync.committed.push_back(zxid);
        } else if first.zxid == zxid {
            sync.not_logged.pop_front();
            return server.deliver_synchronized(&first);
        } else {
            server.breach(Breach::BadCommit, zxid);
        }
        GO_ON
    }

    /// NEWLEADER: whatever the acknowledgement promises, and the acknowledgement.
    fn on_new_leader(&mut self, server: &mut Server) -> Flow {
        let variant = server.variant;
        let sync = self.sync();
        sync.new_leader = true;
        let (epoch, mode) = (sync.epoch, sync.mode);
        if !matches!(variant.new_leader_log, NewLeaderLog::Nothing | NewLeaderLog::Snapshotted) {
            let committed = sync.not_logged.iter().take_while(|txn| sync.is_committed(txn)).count();
            let all = sync.not_logged.len();
            let take = if variant.clears_outstanding { all } else { committed };
            sync.batch = sync.not_logged.drain(..take).collect();
            if variant.clears_outstanding && variant.new_leader_log == NewLeaderLog::Flushed {
                sync.to_ack = sync.batch.iter().map(|txn| txn.zxid).collect();
            }
        }
        if takes_snapshot(mode, &variant) {
            let flushed = mode.is_some_and(|mode| is_flushed(&variant, mode));
            self.plan.then(Step::WriteSnapshot(variant.saving(flushed)));
            // In this order a crash leaves either the old history, perhaps without its end, or the
            // new one.
            let last = server.memory.last_zxid();
            self.plan.then(Step::CutLogBehind(last));
            self.plan.then(Step::DropSnapshotsAfter(last));
            self.plan.then(Step::ClearDetachedLog);
        }
        for step in new_leader_steps(&variant, epoch) {
            self.plan.then(step);
        }
        self.work(server)
    }

    /// Appends the batch and asks for one flush; nothing to wait for if it is empty.
    pub(super) fn append_batch(&mut self, server: &mut Server) -> Option<Lsn> {
        let batch = &self.sync().batch;
        batch.iter().for_each(|txn| server.append(*txn));
        (!batch.is_empty()).then(|| server.flush())
    }

    pub(super) fn queue_batch(&mut self, server: &mut Server) {
        let Link::Up(conn) = self.link else { return };
        for txn in &self.sync().batch {
            server.log(*txn, AckTo::Leader(conn));
        }
    }

    /// The committed part of the batch reaches memory now, or after UPTODATE like the rest.
    pub(super) fn deliver_batch(&mut self, server: &mut Server) -> Flow {
        let late = server.variant.late_apply;
        let batch = std::mem::take(&mut self.sync().batch);
        for txn in batch {
            let sync = self.sync();
            if !late && sync.is_committed(&txn) {
                sync.committed.retain(|zxid| *zxid != txn.zxid);
                server.deliver_synchronized(&txn)?;
            } else {
                self.pending.push_back(txn);
            }
        }
        GO_ON
    }

    /// What the batch was to make durable is not, and its transactions are in memory all the same: each is
    /// applied as soon as it is in the buffer of the log, and the flush is the last that is done
    /// (`Learner.syncWithLeader`, 3.9.3: `appendRequest` and `processTxn`, then `commit`).
    pub(crate) fn on_own_flush_failed(&mut self, server: &mut Server) -> Flow {
        match &self.phase {
            Phase::Synchronization(_) if !server.variant.apply_after_epoch => {
                self.deliver_batch(server)
            }
            _ => GO_ON,
        }
    }

    pub(super) fn ack_new_leader(&mut self, server: &mut Server, epoch: Epoch) {
        self.sync().acknowledged = true;
        server.is_blank = false;
        if let Link::Up(conn) = self.link {
            server.send(conn, Packet::Ack(Zxid::of_epoch(epoch)));
        }
    }

    /// UPTODATE: serve clients, and treat what came meanwhile like any broadcast.
    fn on_up_to_date(&mut self, server: &mut Server) -> Flow {
        let Link::Up(conn) = self.link else {
            return GO_ON;
        };
        let Phase::Synchronization(sync) = std::mem::replace(&mut self.phase, Phase::Broadcast)
        else {
            unreachable!("handlers of another phase")
        };
        server.send(conn, Packet::Ack(Zxid::of_epoch(sync.epoch)));
        server.serving = true;
        server.vote.peer_epoch = sync.epoch;
        server.note(Note::Serving { epoch: sync.epoch });
        for zxid in sync.to_ack {
            server.send(conn, Packet::Ack(zxid));
        }
        for txn in sync.not_logged {
            self.pending.push_back(txn);
            server.log(txn, AckTo::Leader(conn));
        }
        for zxid in sync.committed {
            self.on_commit(server, zxid)?;
        }
        GO_ON
    }

    /// COMMIT after UPTODATE: it must be for the oldest pending proposal
    /// (`FollowerZooKeeperServer.commit`).
    pub(super) fn on_commit(&mut self, server: &mut Server, zxid: Zxid) -> Flow {
        match self.pending.front().copied() {
            Some(txn) if txn.zxid == zxid => {
                self.pending.pop_front();
                server.commit(Work::Apply(txn));
                GO_ON
            }
            Some(_) => {
                server.breach(Breach::BadCommit, zxid);
                Flow::Break(Leave::Exit(ExitReason::UnmatchedCommit))
            }
            None => {
                server.breach(Breach::BadCommit, zxid);
                GO_ON
            }
        }
    }
}

/// Whether memory is written to a snapshot at NEWLEADER.
fn takes_snapshot(mode: Option<SyncMode>, variant: &Variant) -> bool {
    mode != Some(SyncMode::Diff) || variant.new_leader_log == NewLeaderLog::Snapshotted
}

/// Whether what a synchronization did to the files, other than to append, is durable before
/// NEWLEADER is acknowledged (`ZooKeeperServer.takeSnapshot(syncSnap)`).
const fn is_flushed(variant: &Variant, mode: SyncMode) -> bool {
    match mode {
        SyncMode::Trunc => !variant.trunc_unflushed,
        SyncMode::Diff | SyncMode::Snap => !variant.snapshot_unflushed,
    }
}

/// The order of log, epoch, memory and acknowledgement, which is the order that releases differ in.
fn new_leader_steps(variant: &Variant, epoch: Epoch) -> Vec<Step> {
    let (write_epoch, ack) = (Step::WriteCurrentEpoch(epoch), Step::AckNewLeader(epoch));
    let log = match variant.new_leader_log {
        NewLeaderLog::Nothing | NewLeaderLog::Snapshotted => None,
        NewLeaderLog::Queued => Some(Step::QueueBatch),
        NewLeaderLog::Flushed => Some(Step::AppendBatch),
    };
    let is_queued = variant.new_leader_log == NewLeaderLog::Queued;
    // The log writer runs meanwhile.
    let ack = is_queued.then_some(Step::Yield).into_iter().chain([ack]);
    let deliver = Step::DeliverBatch;
    let log = log.into_iter();
    if variant.epoch_after_ack {
        log.chain([deliver]).chain(ack).chain([write_epoch]).collect()
    } else if variant.epoch_before_log || log.len() == 0 {
        [write_epoch].into_iter().chain(log).chain([deliver]).chain(ack).collect()
    } else if is_queued {
        // The defect by itself: the acknowledgement runs ahead of the log, the epoch does not.
        let epoch = [Step::AwaitLogWriter, write_epoch];
        log.chain([deliver]).chain(ack).chain(epoch).collect()
    } else if variant.apply_after_epoch {
        log.chain([write_epoch, deliver]).chain(ack).collect()
    } else {
        log.chain([deliver, write_epoch]).chain(ack).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_at_newleader_are_those_of_the_releases() {
        use Step::{AppendBatch, AwaitLogWriter, DeliverBatch, QueueBatch, Yield};
        let epoch = Epoch(2);
        let (write, ack) = (|| Step::WriteCurrentEpoch(epoch), || Step::AckNewLeader(epoch));
        let queued = Variant { new_leader_log: NewLeaderLog::Queued, ..Variant::REFERENCE };
        let nothing = Variant { new_leader_log: NewLeaderLog::Nothing, ..Variant::REFERENCE };
        let snapshotted =
            Variant { new_leader_log: NewLeaderLog::Snapshotted, ..Variant::REFERENCE };
        let flushed = Variant::REFERENCE;
        let first = |variant| Variant { epoch_before_log: true, ..variant };
        let last = Variant { epoch_after_ack: true, ..flushed };
        let between = Variant { apply_after_epoch: true, ..flushed };
        for (variant, steps) in [
            (nothing, vec![write(), DeliverBatch, ack()]),
            // After the snapshot.
            (snapshotted, vec![write(), DeliverBatch, ack()]),
            (flushed, vec![AppendBatch, DeliverBatch, write(), ack()]),
            (between, vec![AppendBatch, write(), DeliverBatch, ack()]),
            (last, vec![AppendBatch, DeliverBatch, ack(), write()]),
            (first(flushed), vec![write(), AppendBatch, DeliverBatch, ack()]),
            (first(queued), vec![write(), QueueBatch, DeliverBatch, Yield, ack()]),
            (queued, vec![QueueBatch, DeliverBatch, Yield, ack(), AwaitLogWriter, write()]),
        ] {
            assert_eq!(new_leader_steps(&variant, epoch), steps, "{variant:?}");
        }
    }

    #[test]
    fn a_synchronization_is_unfinished_until_newleader_is_acknowledged() {
        let mut sync = Synchronization::new(Epoch(1));
        assert_eq!(sync.unfinished_mode(), None, "it has not begun");
        sync.mode = Some(SyncMode::Snap);
        assert_eq!(sync.unfinished_mode(), Some(SyncMode::Snap));
        sync.acknowledged = true;
        assert_eq!(sync.unfinished_mode(), None);
    }
}
