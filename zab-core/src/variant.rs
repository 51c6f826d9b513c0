//! Which historical defects a server has: run-time data, one field per defect.
//!
//! Each field is read at one place of the core. [`Variant::REFERENCE`] has none of them and is
//! stricter than any ZooKeeper release; a release is the set of defects that it shipped with.

mod bugs;
mod catalogue;
mod names;
mod releases;
mod switches;
pub mod versions;

pub use bugs::{Bug, Model, Source, bugs, modeled};
pub use catalogue::{CATALOGUE, Entry, Harm, Kind};
pub use names::{Mistake, Named, Sign, Unknown, find};
pub use releases::{Release, Releases};
pub use switches::{SWITCHES, Setting, Switch, issues};

use crate::durable::{Folders, Naming, Saving};

/// What a follower has done to the transactions of the synchronization when it acknowledges
/// NEWLEADER (`Learner.syncWithLeader`).
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NewLeaderLog {
    /// Until 3.4.9 and 3.5.2: they are applied as they are committed, and memory is written to a
    /// snapshot. That took minutes (ZOOKEEPER-2678), and lost nothing to a crash.
    Snapshotted,
    /// ZOOKEEPER-3911: nothing; they are queued for logging after UPTODATE.
    Nothing,
    /// ZOOKEEPER-4646: all are queued for the log writer, none need be on disk.
    Queued,
    /// PR 2111 (3.8.5, 3.9.2) and PR 2152 (3.9.3): they are appended and flushed.
    Flushed,
}

/// Which proposals a follower refuses because they do not follow the one before.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProposalCheck {
    /// Until 3.9.3: none, a gap is only logged as a warning.
    Never,
    /// ZOOKEEPER-4925, from 3.9.4: those within an epoch, but for the first one of a
    /// synchronization (`Learner.enforceContinuousProposal`).
    AfterFirst,
    /// The reference: all.
    Always,
}

/// What happens to memory and log writer when a server leaves its role without leaving its process
/// (`ZooKeeperServer.shutdown`).
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shutdown {
    /// ZOOKEEPER-2845: memory is kept as it is; what was logged but not committed is in the log only.
    Retain,
    /// ZOOKEEPER-4712 until 3.6.2: the log's tail is replayed into memory before the log writer has
    /// drained its queue.
    FastForwardThenDrain,
    /// ZOOKEEPER-4712 from 3.5.10 on: the log writer of a follower is never stopped and keeps
    /// writing its queue beside that of the next role (`Learner.shutdown` calls
    /// `ZooKeeperServer.shutdown(boolean)`, `LearnerZooKeeperServer` overrides the other one).
    Leak,
    /// ZOOKEEPER-4712 from 3.7.0 to 3.9.2: as `Leak`, but the thread ends with its next flush. It
    /// acknowledges on the connection of its role, and that has no socket any more
    /// (`SendAckRequestProcessor.flush`: `learner.sock` is null since `Learner.closeSockSync`). What
    /// is still queued is never logged.
    LeakUntilFlush,
    /// 3.9.3: the log writer drains, then the tail is replayed; a server that had not got as far
    /// as UPTODATE does neither (`canShutdown()` is false in state INITIAL) and keeps its memory.
    DrainThenFastForward,
    /// The reference: the log writer drains, then memory is loaded again from snapshot and log.
    DrainThenReload,
}

impl Shutdown {
    /// Whether the log writer of a follower goes on when its role ends.
    pub(crate) const fn leaks(self) -> bool {
        matches!(self, Self::Leak | Self::LeakUntilFlush)
    }
}

/// The defects of a server.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Variant {
    /// ZOOKEEPER-3911, -4646 and their repairs.
    pub new_leader_log: NewLeaderLog,
    /// ZOOKEEPER-4643: `currentEpoch` is written before the transactions of the synchronization.
    pub epoch_before_log: bool,
    /// ZOOKEEPER-3023: transactions of the synchronization reach memory only after UPTODATE.
    pub late_apply: bool,
    /// ZOOKEEPER-4394: proposals not yet committed are treated at NEWLEADER like committed ones and
    /// forgotten, so that a COMMIT before UPTODATE finds no match.
    pub clears_outstanding: bool,
    /// ZOOKEEPER-4925: which gaps between proposals a follower refuses.
    pub proposal_check: ProposalCheck,
    /// ZOOKEEPER-2845, -4712: what an in-process step-down does to memory and log writer.
    pub shutdown: Shutdown,
    /// ZOOKEEPER-3642: a synchronization by SNAP that broke off leaves the new state in memory.
    pub aborted_snap_keeps_memory: bool,
    /// ZOOKEEPER-5094: a synchronization by TRUNC that broke off leaves memory ahead of the log.
    pub aborted_trunc_keeps_memory: bool,
    /// ZOOKEEPER-2355: the DIFF header moves the last zxid of memory before any transaction came.
    pub diff_sets_last_processed: bool,
    /// ZOOKEEPER-4925: commits of the synchronization phase are left out of the committed log.
    pub committed_log_skips_sync: bool,
    /// ZOOKEEPER-1154: a zxid inside the committed log's range but not in it gets DIFF, not TRUNC.
    pub diff_for_unknown_zxid: bool,
    /// ZOOKEEPER-1558, -4837: a would-be leader snapshots its memory, uncommitted tail included.
    pub elected_snapshots_tail: bool,
    /// ZOOKEEPER-1549: TRUNC and SNAP leave snapshots behind that are later than the zxid they lead
    /// to, and a restart prefers them.
    pub keeps_later_snapshots: bool,
    /// TRUNC is carried out as far as the log goes back, whether or not that leads to the history
    /// that the leader means (`FileTxnLog.truncate`).
    pub trunc_unchecked: bool,
    /// TRUNC to a zxid that is not in the log keeps the first record after it, which nobody may have
    /// committed, in log and memory (`FileTxnLog.truncate`: `FileTxnIterator` has read it to find the
    /// place; every release).
    pub trunc_keeps_next: bool,
    /// ZOOKEEPER-2846: a server that got SNAP keeps its old log, and may serve DIFF across the gap.
    pub snap_keeps_log: bool,
    /// ZOOKEEPER-2418: DIFF from the log on disk is not checked for a gap to the committed log.
    pub disk_diff_unchecked: bool,
    /// From 3.9.4 on: memory takes no transaction that does not follow the one before in its epoch. A
    /// server whose log has a hole does not start, one that is to deliver across a hole steps down
    /// (`ZKDatabase.addCommittedProposal`). No defect by itself: it trades a loss for an outage.
    pub refuses_holes: bool,
    /// ZOOKEEPER-2354, -1653: a server whose last zxid is of an epoch above `currentEpoch` refuses to start.
    pub refuses_epoch_gap: bool,
    /// stale-ack: the acknowledgement of a proposal outlives the connection of the follower that
    /// sent it, even if that follower is then told to truncate the proposal.
    pub keeps_stale_acks: bool,
    /// stale-ack-in-flight: the handler of a learner's older connection stays when a newer one
    /// synchronizes the learner, and an acknowledgement that is still on the way there counts, even
    /// after a TRUNC of what it acknowledges (`Leader.addLearnerHandler`, `LearnerHandler.run`: a
    /// handler ends with its socket, every release).
    pub keeps_old_handlers: bool,
    /// The synchronization decision overlooks transactions that are committed but not yet applied at
    /// the leader, and tells a learner that has them to truncate.
    pub sync_overlooks_unapplied: bool,
    /// A leader keeps its epoch when a learner turns up that has promised a later one, and that
    /// learner can never follow it (`Learner.registerWithLeader`, every release).
    pub keeps_lower_epoch: bool,
    /// ZOOKEEPER-4882: an error of the log stops the log writer, what is queued after it is never
    /// logged, and the server rejoins with its memory, which may hold it.
    pub disk_error_keeps_memory: bool,
    /// Neither the cut of a TRUNC (`FileTxnLog.truncate` uses `setLength`) nor the snapshot after it
    /// is flushed before NEWLEADER is acknowledged.
    pub trunc_unflushed: bool,
    /// The snapshot of a synchronization is not flushed before NEWLEADER is acknowledged.
    pub snapshot_unflushed: bool,
    /// snapshot-in-place: a snapshot that is not flushed (each that is not that of a SNAP) is written over
    /// one of the same zxid, which may be all that its server has up to there
    /// (`SnapStream.getOutputStream`, every release): a process that is killed meanwhile, or a power
    /// loss later, leaves one that is incomplete, and the server goes back to an older one.
    pub snapshot_in_place: bool,
    /// needs-first-snapshot: a server that finds log records and no snapshot does not start
    /// (`FileTxnSnapLog.restore`, from 3.5.3 on: ZOOKEEPER-2325, -3056; `zookeeper.snapshot.trust.empty`
    /// is for upgrades). The one that an empty disk gets is not flushed, and where `db.autocreate` is false
    /// it gets none. The reference knows that it never removes a log that no snapshot covers.
    pub needs_first_snapshot: bool,
    /// purge-unflushed: a purge keeps the three newest snapshots that look whole, and removes what stands
    /// before them, though nobody may have flushed one of the three (`PurgeTxnLog.purgeOlderSnapshots`,
    /// every release). The reference's flushes them, and their folder, before it removes anything.
    pub purge_unflushed: bool,
    /// ZOOKEEPER-2574, -2420: a purge removes every log file that begins before the oldest snapshot that it
    /// keeps, the one included that continues after it (`PurgeTxnLog.retainNRecentSnapshots`).
    pub purge_cuts_log: bool,
    /// ZOOKEEPER-1621, -2332: a server does not start if the newest file of its log is empty
    /// (`FileTxnLog.FileTxnIterator.goToNextLog`, up to 3.9.2), as a power loss leaves one whose name is
    /// durable and whose header is not. The reference knows that nobody was told of a record in there.
    pub refuses_empty_log: bool,
    /// zeroed-log: a server does not start if a file of its log begins with zeros, where the length that
    /// was preallocated is durable and the header is not ("invalid magic number 0":
    /// `FileTxnLog.FileTxnIterator.inStreamCreated`, every release); nor if an empty one is not the newest.
    pub refuses_zeroed_log: bool,
    /// rename-unflushed: an epoch file takes the place of the one before and nobody flushes the folder
    /// (`AtomicFileOutputStream.close`): a power loss may undo it, and with it a promise, until the
    /// log is flushed, which on ext4 and xfs flushes the journal of the file system (every release).
    pub rename_unflushed: bool,
    /// directory-unsynced: a new file of the log, and a new snapshot, is flushed, and its folder is not
    /// (`FileTxnLog.append`, `AtomicFileOutputStream.close`; every release). It matters on a file system
    /// that does no more than POSIX asks for, where a power loss may take such a file, whatever was
    /// flushed of it; with ext4, xfs and btrfs its name is durable with the file.
    pub directory_unsynced: bool,
    /// ZOOKEEPER-261, -2325: a server whose disk was created again and is empty votes as if it had never
    /// promised or acknowledged anything, and counts in the quorums that elect a leader and promise an
    /// epoch (`zookeeper.db.autocreate`, true unless it is set). The reference has such a server look on until
    /// it has acknowledged a leader that others elected.
    pub trusts_blank_disk: bool,
    /// unflushed-start: a process votes with what it finds on its disk, and acknowledges it, whether
    /// or not the process that wrote it had flushed it. Nobody flushes it later: a process flushes its
    /// own log file only (`FileTxnSnapLog.restore`, `FileTxnLog.commit`).
    pub unflushed_start: bool,
    /// leads-unpromised: a leader whose `acceptedEpoch` could not be written tells its learners the
    /// epoch all the same, and leads it (`Leader.getEpochToPropose`).
    pub leads_unpromised: bool,
    /// Whoever reads the log removes its newest file if that is empty (ZOOKEEPER-2332, from 3.9.3 on), also
    /// one that this process has open because its header could not be written
    /// (`FileTxnLog.FileTxnIterator.goToNextLog`).
    pub removes_open_log: bool,
    /// A log that could not be flushed is flushed again as the log writer is shut down, and counts from
    /// then on: a leader acknowledges its own proposals. That flush succeeds, although the pages that
    /// the first one failed on may be gone (`SyncRequestProcessor.shutdown`). The repair writes them again.
    pub trusts_failed_flush: bool,
    /// local-session-write: where sessions begin as local ones (`localSessionsEnabled`), a leader lets pass a
    /// write of a session that it does not know and that was opened at another server, also if it knew that
    /// session and has ended it (`LeaderSessionTracker.checkSession`, from 3.5.0 on).
    pub passes_unknown_sessions: bool,
    /// ZOOKEEPER-1282: `currentEpoch` is written only after NEWLEADER was acknowledged.
    pub epoch_after_ack: bool,
    /// Transactions of the synchronization reach memory only after `currentEpoch` was written. No
    /// release does that; a patch may.
    pub apply_after_epoch: bool,
    /// ZOOKEEPER-1732, -1805: who joins wants the members of a quorum to agree in zxid and round.
    pub joins_by_whole_vote: bool,
}

impl Variant {
    /// No defect: what ZooKeeper's HEAD does, plus the repair of everything still open there.
    pub const REFERENCE: Self = Self {
        new_leader_log: NewLeaderLog::Flushed,
        epoch_before_log: false,
        late_apply: false,
        clears_outstanding: false,
        proposal_check: ProposalCheck::Always,
        shutdown: Shutdown::DrainThenReload,
        aborted_snap_keeps_memory: false,
        aborted_trunc_keeps_memory: false,
        diff_sets_last_processed: false,
        committed_log_skips_sync: false,
        diff_for_unknown_zxid: false,
        elected_snapshots_tail: false,
        keeps_later_snapshots: false,
        trunc_unchecked: false,
        trunc_keeps_next: false,
        snap_keeps_log: false,
        disk_diff_unchecked: false,
        refuses_holes: false,
        refuses_epoch_gap: false,
        keeps_stale_acks: false,
        keeps_old_handlers: false,
        sync_overlooks_unapplied: false,
        keeps_lower_epoch: false,
        disk_error_keeps_memory: false,
        trunc_unflushed: false,
        snapshot_unflushed: false,
        snapshot_in_place: false,
        needs_first_snapshot: false,
        purge_unflushed: false,
        purge_cuts_log: false,
        refuses_empty_log: false,
        refuses_zeroed_log: false,
        rename_unflushed: false,
        directory_unsynced: false,
        trusts_blank_disk: false,
        unflushed_start: false,
        leads_unpromised: false,
        removes_open_log: false,
        trusts_failed_flush: false,
        passes_unknown_sessions: false,
        epoch_after_ack: false,
        apply_after_epoch: false,
        joins_by_whole_vote: false,
    };
}

impl Variant {
    /// Whether transactions that wait for the log writer when a role ends may still wait when the
    /// next one begins (ZOOKEEPER-4712).
    pub(crate) fn queue_outlives_role(&self) -> bool {
        match self.shutdown {
            Shutdown::Leak | Shutdown::LeakUntilFlush => true,
            // Nobody drains the queue of a follower that has not got as far as UPTODATE.
            Shutdown::DrainThenFastForward => self.new_leader_log == NewLeaderLog::Queued,
            Shutdown::Retain | Shutdown::FastForwardThenDrain | Shutdown::DrainThenReload => false,
        }
    }

    /// What becomes of the folders when a file has been given its name.
    pub(crate) const fn folders(&self) -> Folders {
        const fn naming(is_left: bool) -> Naming {
            if is_left { Naming::Unflushed } else { Naming::Flushed }
        }
        Folders { replaced: naming(self.rename_unflushed), made: naming(self.directory_unsynced) }
    }

    /// How a snapshot comes to the disk that is to be flushed, or is not.
    pub(crate) const fn saving(&self, flushed: bool) -> Saving {
        match (flushed, self.snapshot_in_place) {
            (true, _) => Saving::Flushed,
            (false, true) => Saving::InPlace,
            (false, false) => Saving::Unflushed,
        }
    }

    /// Whether what is in the log may be logged again: proposals are not held against what is known
    /// (ZOOKEEPER-4925), a server is synchronized while its memory lacks the end of its log
    /// (ZOOKEEPER-2845, -2846, -4712, -4882, late apply), an epoch is led twice (leads-unpromised),
    /// or a cut fails after it was built on.
    pub(crate) fn log_may_fold(&self) -> bool {
        let memory_may_lag = match self.shutdown {
            Shutdown::Retain
            | Shutdown::FastForwardThenDrain
            | Shutdown::Leak
            | Shutdown::LeakUntilFlush => true,
            // Nothing is replayed at a follower that has not got as far as UPTODATE.
            Shutdown::DrainThenFastForward => {
                self.late_apply || self.clears_outstanding || self.apply_after_epoch
            }
            Shutdown::DrainThenReload => false,
        };
        memory_may_lag
            || self.queue_outlives_role()
            || self.snap_keeps_log
            || self.trunc_unflushed
            || self.trunc_keeps_next
            || self.disk_error_keeps_memory
            || self.leads_unpromised
            || self.proposal_check != ProposalCheck::Always
    }
}

impl Default for Variant {
    fn default() -> Self {
        Self::REFERENCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reference with each of these alone.
    const QUEUE_OUTLIVES_ROLE: [Variant; 3] = [
        Variant { shutdown: Shutdown::Leak, ..Variant::REFERENCE },
        Variant { shutdown: Shutdown::LeakUntilFlush, ..Variant::REFERENCE },
        Variant {
            shutdown: Shutdown::DrainThenFastForward,
            new_leader_log: NewLeaderLog::Queued,
            ..Variant::REFERENCE
        },
    ];
    const LOG_MAY_FOLD: [Variant; 12] = [
        Variant {
            shutdown: Shutdown::DrainThenFastForward,
            apply_after_epoch: true,
            ..Variant::REFERENCE
        },
        Variant { shutdown: Shutdown::Retain, ..Variant::REFERENCE },
        Variant { shutdown: Shutdown::FastForwardThenDrain, ..Variant::REFERENCE },
        Variant {
            shutdown: Shutdown::DrainThenFastForward,
            late_apply: true,
            ..Variant::REFERENCE
        },
        Variant {
            shutdown: Shutdown::DrainThenFastForward,
            clears_outstanding: true,
            ..Variant::REFERENCE
        },
        Variant { snap_keeps_log: true, ..Variant::REFERENCE },
        Variant { trunc_unflushed: true, ..Variant::REFERENCE },
        Variant { trunc_keeps_next: true, ..Variant::REFERENCE },
        Variant { disk_error_keeps_memory: true, ..Variant::REFERENCE },
        Variant { leads_unpromised: true, ..Variant::REFERENCE },
        Variant { proposal_check: ProposalCheck::AfterFirst, ..Variant::REFERENCE },
        Variant { proposal_check: ProposalCheck::Never, ..Variant::REFERENCE },
    ];

    #[test]
    fn only_these_defects_excuse_a_queue_or_a_log_out_of_order() {
        for variant in QUEUE_OUTLIVES_ROLE {
            assert!(variant.queue_outlives_role() && variant.log_may_fold(), "{variant:?}");
        }
        for variant in LOG_MAY_FOLD {
            assert!(!variant.queue_outlives_role() && variant.log_may_fold(), "{variant:?}");
        }
        let release = Variant { shutdown: Shutdown::DrainThenFastForward, ..Variant::REFERENCE };
        let late = Variant { late_apply: true, clears_outstanding: true, ..Variant::REFERENCE };
        for variant in [Variant::REFERENCE, release, late] {
            assert!(!variant.queue_outlives_role() && !variant.log_may_fold(), "{variant:?}");
        }
    }
}
