//! The named variants: releases, single defects, proposed repairs.

use super::{NewLeaderLog, ProposalCheck, Shutdown, Variant};

/// What kind of name a variant goes by; those with more defects come later.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The repaired protocol.
    Reference,
    /// The reference with one defect.
    Defect,
    /// What a release of ZooKeeper does.
    Release,
}

/// The worst that a variant does to those who use it, as far as is known.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Harm {
    /// Nothing.
    Nothing,
    /// What was acknowledged or read is lost.
    Loss,
    /// Servers answer differently, though everything is healed.
    Divergence,
    /// A server, or the ensemble, does not serve any more.
    Outage,
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
    /// Which releases behave like this: of a release, each of them; of a defect, perhaps a span.
    pub affects: &'static str,
    /// The issues of ZooKeeper that it stands for.
    pub jira: &'static [u16],
    /// What it does.
    pub harm: Harm,
    /// The switches.
    pub variant: Variant,
}

impl Entry {
    /// Every release that a release stands for, in lower case: `3.8.4`, `head`.
    pub fn releases(&self) -> Vec<String> {
        if self.kind != Kind::Release {
            return Vec::new();
        }
        self.affects.split(", ").flat_map(expand).collect()
    }
}

/// `3.6.3-4` as `3.6.3` and `3.6.4`.
fn expand(span: &str) -> Vec<String> {
    let parts = span.rsplit_once('.').and_then(|(line, patches)| {
        let (first, last) = patches.split_once('-')?;
        Some((line, first.parse::<u8>().ok()?, last.parse::<u8>().ok()?))
    });
    match parts {
        Some((line, first, last)) => {
            (first..=last).map(|patch| format!("{line}.{patch}")).collect()
        }
        None => vec![span.to_lowercase()],
    }
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
    trunc_keeps_next: true,
    snap_keeps_log: true,
    refuses_holes: true,
    refuses_epoch_gap: true,
    keeps_stale_acks: true,
    keeps_old_handlers: true,
    sync_overlooks_unapplied: true,
    keeps_lower_epoch: true,
    disk_error_keeps_memory: true,
    trunc_unflushed: true,
    unflushed_start: true,
    leads_unpromised: true,
    trusts_failed_flush: true,
    ..REFERENCE
};

/// PR 2152: applies before the acknowledgement, but past the committed log, and checks no proposal.
const ZK_3_9_3: Variant = Variant {
    committed_log_skips_sync: true,
    proposal_check: ProposalCheck::Never,
    refuses_holes: false,
    ..ZK_3_9_5
};

const ZK_3_9_2: Variant = Variant {
    late_apply: true,
    clears_outstanding: true,
    proposal_check: ProposalCheck::Never,
    shutdown: Shutdown::Leak,
    refuses_holes: false,
    ..ZK_3_9_5
};

const ZK_3_8_0: Variant =
    Variant { new_leader_log: NewLeaderLog::Queued, epoch_before_log: true, ..ZK_3_9_2 };

/// As 3.8.0, without the repair of ZOOKEEPER-2418, which was never brought to 3.5.
const ZK_3_5_10: Variant = Variant { disk_diff_unchecked: true, ..ZK_3_8_0 };

/// ZOOKEEPER-2418 and -2872 are repaired.
const ZK_3_6_2: Variant =
    Variant { disk_diff_unchecked: false, snapshot_unflushed: false, ..ZK_3_5_8 };

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
        jira: &[],
        harm: Harm::Nothing,
        variant: REFERENCE,
    },
    Entry {
        name: "zk-3.9.5",
        kind: Kind::Release,
        summary: "the newest release; still loses writes through stale acknowledgements",
        affects: "3.9.4, 3.9.5, HEAD",
        jira: &[],
        harm: Harm::Loss,
        variant: ZK_3_9_5,
    },
    Entry {
        name: "zk-3.9.3",
        kind: Kind::Release,
        summary: "PR 2152: what a synchronization commits is missing in the committed log",
        affects: "3.9.3",
        jira: &[],
        harm: Harm::Loss,
        variant: ZK_3_9_3,
    },
    Entry {
        name: "zk-3.9.2",
        kind: Kind::Release,
        summary: "PR 2111: flushes before the acknowledgement, but applies late",
        affects: "3.8.5, 3.8.6, 3.9.2",
        jira: &[],
        harm: Harm::Loss,
        variant: ZK_3_9_2,
    },
    Entry {
        name: "zk-3.8.0",
        kind: Kind::Release,
        summary: "PR 1445: queues for logging before the acknowledgement, epoch file first",
        affects: "3.6.3-4, 3.7.0-2, 3.8.0-4, 3.9.0-1",
        jira: &[],
        harm: Harm::Loss,
        variant: ZK_3_8_0,
    },
    Entry {
        name: "zk-3.6.2",
        kind: Kind::Release,
        summary: "logs nothing of a DIFF before the acknowledgement",
        affects: "3.6.0-2",
        jira: &[],
        harm: Harm::Loss,
        variant: ZK_3_6_2,
    },
    Entry {
        name: "zk-3.5.10",
        kind: Kind::Release,
        summary: "PR 1445 as in 3.8.0; a DIFF from the log on disk may leave a gap",
        affects: "3.5.10",
        jira: &[],
        harm: Harm::Loss,
        variant: ZK_3_5_10,
    },
    Entry {
        name: "zk-3.5.8",
        kind: Kind::Release,
        summary: "as 3.6.2; snapshots are not flushed, a DIFF from disk may leave a gap",
        affects: "3.5.4-9",
        jira: &[],
        harm: Harm::Loss,
        variant: ZK_3_5_8,
    },
    Entry {
        name: "zookeeper-2845",
        kind: Kind::Defect,
        summary: "memory is kept across elections without the tail of the log",
        affects: "3.4.10-11, 3.5.3",
        jira: &[2845],
        harm: Harm::Loss,
        variant: Variant { shutdown: Shutdown::Retain, ..REFERENCE },
    },
    Entry {
        name: "zookeeper-3911",
        kind: Kind::Defect,
        summary: "NEWLEADER acknowledged before any transaction of the DIFF is logged",
        affects: "3.4.10-14, 3.5.3-9, 3.6.0-2",
        jira: &[3911],
        harm: Harm::Loss,
        variant: Variant { new_leader_log: NewLeaderLog::Nothing, late_apply: true, ..REFERENCE },
    },
    Entry {
        name: "zookeeper-4643",
        kind: Kind::Defect,
        summary: "currentEpoch is written before the history that it stands for",
        affects: "3.4.10-14, 3.5.3-10, 3.6.0-4, 3.7.0-2, 3.8.0-4, 3.9.0-1",
        jira: &[4643],
        harm: Harm::Loss,
        variant: Variant { epoch_before_log: true, ..REFERENCE },
    },
    Entry {
        name: "zookeeper-4646",
        kind: Kind::Defect,
        summary: "NEWLEADER acknowledged while the transactions wait for the log writer",
        affects: "3.5.10, 3.6.3-4, 3.7.0-2, 3.8.0-4, 3.9.0-1",
        jira: &[4646],
        harm: Harm::Loss,
        variant: Variant { new_leader_log: NewLeaderLog::Queued, ..REFERENCE },
    },
    Entry {
        name: "stale-ack",
        kind: Kind::Defect,
        summary: "an acknowledgement still counts after its sender was told to truncate",
        affects: "3.4.0 to HEAD",
        jira: &[],
        harm: Harm::Loss,
        variant: Variant { keeps_stale_acks: true, ..REFERENCE },
    },
    Entry {
        name: "stale-ack-in-flight",
        kind: Kind::Defect,
        summary: "an acknowledgement on an old connection counts after the TRUNC on a new one",
        affects: "3.4.0 to HEAD",
        jira: &[],
        harm: Harm::Loss,
        variant: Variant { keeps_old_handlers: true, ..REFERENCE },
    },
    Entry {
        name: "lower-epoch",
        kind: Kind::Defect,
        summary: "a server that promised a later epoch than the leader's can never follow it",
        affects: "3.4.0 to HEAD",
        jira: &[],
        harm: Harm::Outage,
        variant: Variant { keeps_lower_epoch: true, ..REFERENCE },
    },
    Entry {
        name: "trunc-keeps-next",
        kind: Kind::Defect,
        summary: "TRUNC to a zxid that is not in the log keeps the first record after it",
        affects: "3.4.0 to HEAD",
        jira: &[],
        harm: Harm::Divergence,
        variant: Variant { trunc_keeps_next: true, ..REFERENCE },
    },
    Entry {
        name: "unflushed-start",
        kind: Kind::Defect,
        summary: "what a killed process left unflushed is voted with, acknowledged, never flushed",
        affects: "3.4.0 to HEAD",
        jira: &[],
        harm: Harm::Loss,
        variant: Variant { unflushed_start: true, ..REFERENCE },
    },
    Entry {
        name: "leads-unpromised",
        kind: Kind::Defect,
        summary: "a leader that cannot write down the epoch it promised leads it all the same",
        affects: "3.4.6 to HEAD",
        jira: &[],
        harm: Harm::Divergence,
        variant: Variant {
            leads_unpromised: true,
            proposal_check: ProposalCheck::AfterFirst,
            ..REFERENCE
        },
    },
    Entry {
        name: "late-apply",
        kind: Kind::Defect,
        summary: "synchronized transactions reach memory only after UPTODATE, and memory is kept",
        affects: "3.5.10, 3.6.3-4, 3.7.0-2, 3.8.0-6, 3.9.0-2",
        jira: &[3023],
        harm: Harm::Loss,
        variant: Variant {
            late_apply: true,
            shutdown: Shutdown::DrainThenFastForward,
            ..REFERENCE
        },
    },
    Entry {
        name: "zookeeper-4712",
        kind: Kind::Defect,
        summary: "the log writer outlives its role, and logs during the next synchronization",
        affects: "3.5.10, 3.6.3-4, 3.7.0-2, 3.8.0-6, 3.9.0-2",
        jira: &[4712],
        harm: Harm::Loss,
        variant: Variant { shutdown: Shutdown::Leak, ..REFERENCE },
    },
    Entry {
        // Every learner of the reference refuses the first proposal after a gap; no release's does.
        name: "snap-keeps-log",
        kind: Kind::Defect,
        summary: "a server that got SNAP keeps its old log, and may serve DIFF across the gap",
        affects: "3.5.0 to HEAD",
        jira: &[2846],
        harm: Harm::Divergence,
        variant: Variant {
            snap_keeps_log: true,
            proposal_check: ProposalCheck::AfterFirst,
            ..REFERENCE
        },
    },
    Entry {
        name: "sync-overlooks-unapplied",
        kind: Kind::Defect,
        summary: "a learner has to truncate what is committed and not yet applied at the leader",
        affects: "3.5.0 to HEAD",
        jira: &[],
        harm: Harm::Loss,
        variant: Variant { sync_overlooks_unapplied: true, ..REFERENCE },
    },
    // The reference loads its memory again at each step-down, and with it what these two lost: they
    // need a shutdown that keeps it, as the releases have.
    Entry {
        name: "disk-error-keeps-memory",
        kind: Kind::Defect,
        summary: "after a disk error the server rejoins with more in memory than in its log",
        affects: "3.5.3 to HEAD",
        jira: &[4882],
        harm: Harm::Loss,
        variant: Variant {
            disk_error_keeps_memory: true,
            shutdown: Shutdown::DrainThenFastForward,
            ..REFERENCE
        },
    },
    Entry {
        name: "committed-log-skips-sync",
        kind: Kind::Defect,
        summary: "a DIFF lacks what its leader had committed in a synchronization",
        affects: "3.9.3",
        jira: &[4925],
        harm: Harm::Loss,
        variant: Variant {
            committed_log_skips_sync: true,
            shutdown: Shutdown::DrainThenFastForward,
            ..REFERENCE
        },
    },
];
