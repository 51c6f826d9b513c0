//! The named variants: releases, single defects, proposed repairs.

use super::{NewLeaderLog, ProposalCheck, Shutdown, Variant};

/// What kind of name a variant goes by.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The repaired protocol.
    Reference,
    /// What a release of ZooKeeper does.
    Release,
    /// The reference with one defect.
    Defect,
}

/// A named variant.
#[derive(Copy, Clone, Debug)]
pub struct Entry {
    /// The name on the command line and in stored cases.
    pub name: &'static str,
    /// What kind of name it is.
    pub kind: Kind,
    /// One line for `zab variants`.
    pub summary: &'static str,
    /// Which releases behave like this.
    pub affects: &'static str,
    /// The switches.
    pub variant: Variant,
}

/// The variant of that name.
pub fn find(name: &str) -> Option<&'static Entry> {
    CATALOGUE.iter().find(|entry| entry.name == name)
}

const REFERENCE: Variant = Variant::REFERENCE;

/// HEAD: everything that is still open, nothing that is repaired.
const ZK_3_9_5: Variant = Variant {
    proposal_check: ProposalCheck::AfterFirst,
    shutdown: Shutdown::DrainThenFastForward,
    aborted_trunc_keeps_memory: true,
    elected_snapshots_tail: true,
    keeps_later_snapshots: true,
    trunc_unchecked: true,
    snap_keeps_log: true,
    refuses_epoch_gap: true,
    keeps_stale_acks: true,
    sync_overlooks_unapplied: true,
    keeps_lower_epoch: true,
    disk_error_keeps_memory: true,
    trunc_unflushed: true,
    unflushed_start: true,
    leads_unpromised: true,
    trusts_failed_flush: true,
    ..REFERENCE
};

const ZK_3_9_2: Variant = Variant {
    late_apply: true,
    clears_outstanding: true,
    proposal_check: ProposalCheck::Never,
    shutdown: Shutdown::Leak,
    ..ZK_3_9_5
};

const ZK_3_8_0: Variant =
    Variant { new_leader_log: NewLeaderLog::Queued, epoch_before_log: true, ..ZK_3_9_2 };

const ZK_3_5_8: Variant = Variant {
    new_leader_log: NewLeaderLog::Nothing,
    clears_outstanding: false,
    shutdown: Shutdown::FastForwardThenDrain,
    aborted_snap_keeps_memory: true,
    disk_diff_unchecked: true,
    snapshot_unflushed: true,
    ..ZK_3_8_0
};

/// Every named variant, the reference first, then releases from new to old, then single defects.
pub const CATALOGUE: &[Entry] = &[
    Entry {
        name: "reference",
        kind: Kind::Reference,
        summary: "no known defect; stricter than ZooKeeper's HEAD",
        affects: "none",
        variant: REFERENCE,
    },
    Entry {
        name: "zk-3.9.5",
        kind: Kind::Release,
        summary: "the newest release; still loses writes through stale acknowledgements",
        affects: "3.9.4, 3.9.5, HEAD",
        variant: ZK_3_9_5,
    },
    Entry {
        name: "zk-3.9.2",
        kind: Kind::Release,
        summary: "PR 2111: flushes before the acknowledgement, but applies late",
        affects: "3.8.5, 3.8.6, 3.9.2",
        variant: ZK_3_9_2,
    },
    Entry {
        name: "zk-3.8.0",
        kind: Kind::Release,
        summary: "PR 1445: queues for logging before the acknowledgement, epoch file first",
        affects: "3.5.10, 3.6.3-4, 3.7.0-2, 3.8.0-4, 3.9.0-1",
        variant: ZK_3_8_0,
    },
    Entry {
        name: "zk-3.5.8",
        kind: Kind::Release,
        summary: "logs nothing of a DIFF before the acknowledgement",
        affects: "3.4.12-14, 3.5.4-9, 3.6.0-2",
        variant: ZK_3_5_8,
    },
    Entry {
        name: "zookeeper-2845",
        kind: Kind::Defect,
        summary: "memory is kept across elections without the tail of the log",
        affects: "3.4.10-11, 3.5.3",
        variant: Variant { shutdown: Shutdown::Retain, ..REFERENCE },
    },
    Entry {
        name: "zookeeper-3911",
        kind: Kind::Defect,
        summary: "NEWLEADER acknowledged before any transaction of the DIFF is logged",
        affects: "3.4.10-14, 3.5.3-9, 3.6.0-2",
        variant: Variant { new_leader_log: NewLeaderLog::Nothing, late_apply: true, ..REFERENCE },
    },
    Entry {
        name: "zookeeper-4643",
        kind: Kind::Defect,
        summary: "currentEpoch is written before the history that it stands for",
        affects: "3.4.10-14, 3.5.3-10, 3.6.0-4, 3.7.0-2, 3.8.0-4, 3.9.0-1",
        variant: Variant { epoch_before_log: true, ..REFERENCE },
    },
    Entry {
        name: "zookeeper-4646",
        kind: Kind::Defect,
        summary: "NEWLEADER acknowledged while the transactions wait for the log writer",
        affects: "3.5.10, 3.6.3-4, 3.7.0-2, 3.8.0-4, 3.9.0-1",
        variant: Variant { new_leader_log: NewLeaderLog::Queued, ..REFERENCE },
    },
    Entry {
        name: "stale-ack",
        kind: Kind::Defect,
        summary: "an acknowledgement still counts after its sender was told to truncate",
        affects: "3.4.0 to HEAD",
        variant: Variant { keeps_stale_acks: true, ..REFERENCE },
    },
    Entry {
        name: "lower-epoch",
        kind: Kind::Defect,
        summary: "a server that promised a later epoch than the leader's can never follow it",
        affects: "3.4.0 to HEAD",
        variant: Variant { keeps_lower_epoch: true, ..REFERENCE },
    },
    Entry {
        name: "unflushed-start",
        kind: Kind::Defect,
        summary: "what a killed process left unflushed is voted with, acknowledged, never flushed",
        affects: "3.4.0 to HEAD",
        variant: Variant { unflushed_start: true, ..REFERENCE },
    },
    Entry {
        name: "leads-unpromised",
        kind: Kind::Defect,
        summary: "a leader that cannot write down the epoch it promised leads it all the same",
        affects: "3.4.6 to HEAD",
        variant: Variant { leads_unpromised: true, ..REFERENCE },
    },
    Entry {
        name: "zookeeper-4882",
        kind: Kind::Defect,
        summary: "what waited behind a log record that could not be flushed stays in memory alone",
        affects: "3.4.0 to HEAD",
        variant: Variant {
            disk_error_keeps_memory: true,
            shutdown: Shutdown::DrainThenFastForward,
            ..REFERENCE
        },
    },
    Entry {
        name: "trusts-failed-flush",
        kind: Kind::Defect,
        summary: "a leader counts what it could flush at the second attempt only",
        affects: "3.4.0 to HEAD",
        variant: Variant { trusts_failed_flush: true, ..REFERENCE },
    },
    Entry {
        name: "late-apply",
        kind: Kind::Defect,
        summary: "synchronised transactions reach memory only after UPTODATE, and memory is kept",
        affects: "3.5.10, 3.6.3-4, 3.7.0-2, 3.8.0-6, 3.9.0-2",
        variant: Variant {
            late_apply: true,
            shutdown: Shutdown::DrainThenFastForward,
            ..REFERENCE
        },
    },
];
