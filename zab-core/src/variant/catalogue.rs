//! The named variants: releases, single defects, proposed repairs.

use super::{NewLeaderLog, ProposalCheck, Shutdown, Variant};
use super::{bugs, versions};

/// What kind of name a variant goes by; those with more defects come later.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The repaired protocol.
    Reference,
    /// The reference with one defect.
    Defect,
    /// A pull request, on the release that it is for.
    Proposal,
    /// What a release of ZooKeeper does.
    Release,
}

/// What a defect is known to do to those who use the servers.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Harm {
    /// What was acknowledged or read is lost.
    Loss,
    /// Servers answer differently, though everything is healed.
    Divergence,
    /// A server, or the ensemble, does not serve any more.
    Outage,
    /// Something happens that ZooKeeper's code asserts does not, of this class of the checker's: the
    /// follower falls out and synchronizes again.
    Assertion(&'static str),
    /// A promise about sessions and their nodes is broken, of this class of the checker's, where clients queue
    /// for a lock.
    Session(&'static str),
}

/// A named variant.
#[derive(Copy, Clone, Debug)]
pub struct Entry {
    /// The name on the command line and in stored cases.
    pub name: &'static str,
    /// Other names for it.
    pub aliases: &'static [&'static str],
    /// What kind of name it is.
    pub kind: Kind,
    /// One line for `zab variants`.
    pub summary: &'static str,
    /// Which releases behave like this: of a release, each of them; of a defect, perhaps a span.
    pub affects: &'static str,
    /// The issues of ZooKeeper that it stands for.
    pub jira: &'static [u16],
    /// What it is known for; the reference is known for nothing.
    pub harm: Option<Harm>,
    /// The switches.
    pub variant: Variant,
}

impl Entry {
    /// Every release that a release stands for, in lower case: `3.8.4`, `head`.
    pub fn releases(&self) -> Vec<String> {
        if self.kind != Kind::Release {
            return Vec::new();
        }
        versions::listed(self.affects)
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
    snapshot_in_place: true,
    needs_first_snapshot: true,
    purge_unflushed: true,
    refuses_zeroed_log: true,
    rename_unflushed: true,
    directory_unsynced: true,
    trusts_blank_disk: true,
    unflushed_start: true,
    leads_unpromised: true,
    removes_open_log: true,
    trusts_failed_flush: true,
    passes_unknown_sessions: true,
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
    shutdown: Shutdown::LeakUntilFlush,
    refuses_holes: false,
    removes_open_log: false,
    refuses_empty_log: true,
    ..ZK_3_9_5
};

const ZK_3_8_0: Variant =
    Variant { new_leader_log: NewLeaderLog::Queued, epoch_before_log: true, ..ZK_3_9_2 };

/// The repair of ZOOKEEPER-3023, -4394 and -4646 that leaves -4643: `currentEpoch` stays where it was.
const PR_1848: Variant = Variant {
    new_leader_log: NewLeaderLog::Flushed,
    late_apply: false,
    clears_outstanding: false,
    ..ZK_3_8_0
};

/// Sockets are closed and not forgotten (`Learner.closeSocket`, 3.6.3; `sock = null` came with 3.7.0): a
/// log writer that outlives its role goes on.
const ZK_3_6_4: Variant = Variant { shutdown: Shutdown::Leak, ..ZK_3_8_0 };

/// As 3.6.4, without the repair of ZOOKEEPER-2418, which was never brought to 3.5.
const ZK_3_5_10: Variant = Variant { disk_diff_unchecked: true, ..ZK_3_6_4 };

/// ZOOKEEPER-2418 and -2872 are repaired.
const ZK_3_6_2: Variant =
    Variant { disk_diff_unchecked: false, snapshot_unflushed: false, ..ZK_3_5_8 };

/// As 3.5.8, with ZOOKEEPER-2845 instead of its repair, and ZOOKEEPER-2355.
const ZK_3_5_3: Variant =
    Variant { shutdown: Shutdown::Retain, diff_sets_last_processed: true, ..ZK_3_5_8 };

/// ZOOKEEPER-2678 is not there yet: a synchronization ends with a snapshot, and memory is loaded
/// again after each role. Nor is ZOOKEEPER-2574.
const BEFORE_2678: Variant = Variant {
    new_leader_log: NewLeaderLog::Snapshotted,
    epoch_before_log: false,
    late_apply: false,
    shutdown: Shutdown::DrainThenReload,
    aborted_snap_keeps_memory: false,
    aborted_trunc_keeps_memory: false,
    disk_error_keeps_memory: false,
    needs_first_snapshot: false,
    purge_cuts_log: true,
    ..ZK_3_5_3
};

const ZK_3_5_2: Variant = BEFORE_2678;

/// What 3.4 does not have: DIFF from the log on disk, and from 3.4.6 on the refusal to start with an
/// epoch file that is too old (`updatingEpoch`) and the snapshot of a would-be leader. Nor local sessions.
const ZK_3_4_14: Variant = Variant {
    needs_first_snapshot: false,
    disk_diff_unchecked: false,
    snap_keeps_log: false,
    refuses_epoch_gap: false,
    elected_snapshots_tail: false,
    passes_unknown_sessions: false,
    ..ZK_3_5_8
};

const ZK_3_4_11: Variant = Variant { shutdown: Shutdown::Retain, ..ZK_3_4_14 };

const ZK_3_4_10: Variant = Variant { diff_sets_last_processed: true, ..ZK_3_4_11 };

const ZK_3_4_9: Variant = Variant {
    disk_diff_unchecked: false,
    snap_keeps_log: false,
    refuses_epoch_gap: false,
    elected_snapshots_tail: false,
    passes_unknown_sessions: false,
    ..BEFORE_2678
};

/// Before ZOOKEEPER-1797, which brought -2574.
const ZK_3_4_6: Variant = Variant { purge_cuts_log: false, ..ZK_3_4_9 };

const ZK_3_4_5: Variant = Variant {
    refuses_epoch_gap: true,
    elected_snapshots_tail: true,
    leads_unpromised: false,
    trusts_failed_flush: false,
    joins_by_whole_vote: true,
    ..ZK_3_4_6
};

const ZK_3_5_8: Variant = Variant {
    new_leader_log: NewLeaderLog::Nothing,
    clears_outstanding: false,
    shutdown: Shutdown::FastForwardThenDrain,
    aborted_snap_keeps_memory: true,
    disk_diff_unchecked: true,
    snapshot_unflushed: true,
    ..ZK_3_8_0
};

/// The reference, releases from new to old, pull requests from old to new.
const PROTOCOLS: &[Entry] = &[
    Entry {
        name: "reference",
        aliases: &[],
        kind: Kind::Reference,
        summary: "no known defect; stricter than ZooKeeper's HEAD",
        affects: "none",
        jira: &[],
        harm: None,
        variant: REFERENCE,
    },
    Entry {
        name: "zk-3.9.5",
        aliases: &["pr-2254"],
        kind: Kind::Release,
        summary: "the newest release; still loses writes through stale acknowledgements",
        affects: "3.9.4, 3.9.5, HEAD",
        jira: &[],
        harm: Some(Harm::Loss),
        variant: ZK_3_9_5,
    },
    Entry {
        name: "zk-3.9.3",
        aliases: &[],
        kind: Kind::Release,
        summary: "PR 2152: what a synchronization commits is missing in the committed log",
        affects: "3.9.3",
        jira: &[],
        harm: Some(Harm::Loss),
        variant: ZK_3_9_3,
    },
    Entry {
        name: "zk-3.9.2",
        aliases: &["pr-2111", "pr-2028"],
        kind: Kind::Release,
        summary: "PR 2111: flushes before the acknowledgement, but applies late",
        affects: "3.8.5, 3.8.6, 3.9.2",
        jira: &[],
        harm: Some(Harm::Loss),
        variant: ZK_3_9_2,
    },
    Entry {
        name: "zk-3.8.0",
        aliases: &[],
        kind: Kind::Release,
        summary: "PR 1445: queues for logging before the acknowledgement, epoch file first",
        affects: "3.7.0-2, 3.8.0-4, 3.9.0-1",
        jira: &[],
        harm: Some(Harm::Loss),
        variant: ZK_3_8_0,
    },
    Entry {
        name: "zk-3.6.4",
        aliases: &[],
        kind: Kind::Release,
        summary: "as 3.8.0; a log writer that outlives its role goes on",
        affects: "3.6.3-4",
        jira: &[],
        harm: Some(Harm::Loss),
        variant: ZK_3_6_4,
    },
    Entry {
        name: "zk-3.6.2",
        aliases: &[],
        kind: Kind::Release,
        summary: "logs nothing of a DIFF before the acknowledgement",
        affects: "3.6.0-2",
        jira: &[],
        harm: Some(Harm::Loss),
        variant: ZK_3_6_2,
    },
    Entry {
        name: "zk-3.5.10",
        aliases: &[],
        kind: Kind::Release,
        summary: "as 3.6.4; a DIFF from the log on disk may leave a gap",
        affects: "3.5.10",
        jira: &[],
        harm: Some(Harm::Loss),
        variant: ZK_3_5_10,
    },
    Entry {
        name: "zk-3.5.8",
        aliases: &[],
        kind: Kind::Release,
        summary: "as 3.6.2; snapshots are not flushed, a DIFF from disk may leave a gap",
        affects: "3.5.4-9",
        jira: &[],
        harm: Some(Harm::Loss),
        variant: ZK_3_5_8,
    },
    Entry {
        name: "zk-3.5.3",
        aliases: &[],
        kind: Kind::Release,
        summary: "as 3.5.8; after a step-down the tail of the log is missing in memory",
        affects: "3.5.3",
        jira: &[],
        harm: Some(Harm::Loss),
        variant: ZK_3_5_3,
    },
    Entry {
        name: "zk-3.5.2",
        aliases: &[],
        kind: Kind::Release,
        summary: "a synchronization ends with a snapshot; DIFF from disk may leave a gap",
        affects: "3.5.0-2",
        jira: &[],
        harm: Some(Harm::Loss),
        variant: ZK_3_5_2,
    },
    Entry {
        name: "zk-3.4.14",
        aliases: &[],
        kind: Kind::Release,
        summary: "as 3.5.8, without DIFF from disk",
        affects: "3.4.12-14",
        jira: &[],
        harm: Some(Harm::Loss),
        variant: ZK_3_4_14,
    },
    Entry {
        name: "zk-3.4.11",
        aliases: &[],
        kind: Kind::Release,
        summary: "as 3.4.14; after a step-down the tail of the log is missing in memory",
        affects: "3.4.11",
        jira: &[],
        harm: Some(Harm::Loss),
        variant: ZK_3_4_11,
    },
    Entry {
        name: "zk-3.4.10",
        aliases: &[],
        kind: Kind::Release,
        summary: "as 3.4.11; a DIFF moves the last zxid before its transactions came",
        affects: "3.4.10",
        jira: &[],
        harm: Some(Harm::Loss),
        variant: ZK_3_4_10,
    },
    Entry {
        name: "zk-3.4.9",
        aliases: &[],
        kind: Kind::Release,
        summary: "a synchronization ends with a snapshot; memory is loaded after each role",
        affects: "3.4.7-9",
        jira: &[],
        harm: Some(Harm::Loss),
        variant: ZK_3_4_9,
    },
    Entry {
        name: "zk-3.4.6",
        aliases: &[],
        kind: Kind::Release,
        summary: "as 3.4.9; a purge keeps the log that is needed",
        affects: "3.4.6",
        jira: &[],
        harm: Some(Harm::Loss),
        variant: ZK_3_4_6,
    },
    Entry {
        name: "zk-3.4.5",
        aliases: &[],
        kind: Kind::Release,
        summary: "as 3.4.6; may refuse to start, and does not join votes that differ",
        affects: "3.4.0-5",
        jira: &[],
        harm: Some(Harm::Loss),
        variant: ZK_3_4_5,
    },
    Entry {
        name: "pr-1848",
        aliases: &[],
        kind: Kind::Proposal,
        summary: "for 3023: logs, flushes and applies before the acknowledgement, epoch first [described]",
        affects: "none",
        jira: &[],
        harm: Some(Harm::Loss),
        variant: PR_1848,
    },
    Entry {
        name: "pr-1930",
        aliases: &[],
        kind: Kind::Proposal,
        summary: "for 4394: what is to be committed is kept apart from what is to be logged [described]",
        affects: "none",
        jira: &[],
        harm: Some(Harm::Loss),
        variant: Variant { clears_outstanding: false, ..ZK_3_8_0 },
    },
    Entry {
        name: "pr-1993",
        aliases: &[],
        kind: Kind::Proposal,
        summary: "for 4646 and 4685: flushes before the acknowledgement, epoch first [described]",
        affects: "none",
        jira: &[],
        harm: Some(Harm::Loss),
        variant: Variant { epoch_before_log: true, ..ZK_3_9_2 },
    },
    Entry {
        name: "pr-2152",
        aliases: &[],
        kind: Kind::Proposal,
        summary: "for 4394 and 3023: only what is committed is logged and applied; without PR 2154 [read]",
        affects: "none",
        jira: &[],
        harm: Some(Harm::Loss),
        variant: Variant { shutdown: Shutdown::LeakUntilFlush, ..ZK_3_9_3 },
    },
    Entry {
        name: "pr-2172",
        aliases: &[],
        kind: Kind::Proposal,
        summary: "for 4837: a would-be leader takes no snapshot of its uncommitted tail [deduced]",
        affects: "none",
        jira: &[],
        harm: Some(Harm::Loss),
        variant: Variant { elected_snapshots_tail: false, ..ZK_3_9_5 },
    },
    Entry {
        name: "pr-2268",
        aliases: &[],
        kind: Kind::Proposal,
        summary: "for 4882: a server whose log lags behind its memory loads it again [described]",
        affects: "none",
        jira: &[],
        harm: Some(Harm::Loss),
        variant: Variant { disk_error_keeps_memory: false, ..ZK_3_9_5 },
    },
    Entry {
        name: "pr-2459",
        aliases: &[],
        kind: Kind::Proposal,
        summary: "for 5094: what a TRUNC that broke off left in memory is discarded [described]",
        affects: "none",
        jira: &[],
        harm: Some(Harm::Loss),
        variant: Variant { aborted_trunc_keeps_memory: false, ..ZK_3_9_5 },
    },
];

/// How many entries there are.
const COUNT: usize = PROTOCOLS.len() + bugs::ENTRIES;

/// Every named variant, the reference first, then releases from new to old, then single defects.
pub const CATALOGUE: &[Entry] = &catalogue();

const fn catalogue() -> [Entry; COUNT] {
    let mut all = [PROTOCOLS[0]; COUNT];
    let defects = bugs::entries();
    let mut at = 0;
    while at < COUNT {
        let is_defect = at >= PROTOCOLS.len();
        all[at] = if is_defect { defects[at - PROTOCOLS.len()] } else { PROTOCOLS[at] };
        at += 1;
    }
    all
}
