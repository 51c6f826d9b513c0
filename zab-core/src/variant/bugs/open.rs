//! Bugs that are open at HEAD.

use super::{Bug, Model, Source};
use crate::variant::catalogue::Harm;
use crate::variant::{ProposalCheck, Shutdown, Variant};

const REFERENCE: Variant = Variant::REFERENCE;

/// See `fixed.rs`.
const KEEPS_MEMORY: Variant = Variant { shutdown: Shutdown::DrainThenFastForward, ..REFERENCE };

pub(super) const BUGS: &[Bug] = &[
    Bug {
        name: "stale-ack",
        jira: &[],
        cause: "an acknowledgement still counts after its sender was told to truncate",
        symptom: "an acknowledged write is lost without a crash: slow leader, one broken connection",
        affects: "3.4.0 to HEAD",
        fixed: "",
        source: Source::Reproduced,
        harm: Harm::Loss,
        model: Model::Switches {
            alone: Variant { keeps_stale_acks: true, ..REFERENCE },
            repair: |variant| variant.keeps_stale_acks = false,
        },
    },
    Bug {
        name: "stale-ack-in-flight",
        jira: &[],
        cause: "an acknowledgement on an old connection counts after the TRUNC on a new one",
        symptom: "an acknowledged write is lost without a crash: two connections of one follower",
        affects: "3.4.0 to HEAD",
        fixed: "",
        source: Source::Deduced,
        harm: Harm::Loss,
        model: Model::Switches {
            alone: Variant { keeps_old_handlers: true, ..REFERENCE },
            repair: |variant| variant.keeps_old_handlers = false,
        },
    },
    Bug {
        name: "lower-epoch",
        jira: &[],
        cause: "a server that promised a later epoch than the leader's can never follow it",
        symptom: "a server never joins again, though everything works",
        affects: "3.4.0 to HEAD",
        fixed: "",
        source: Source::Read,
        harm: Harm::Outage,
        model: Model::Switches {
            alone: Variant { keeps_lower_epoch: true, ..REFERENCE },
            repair: |variant| variant.keeps_lower_epoch = false,
        },
    },
    Bug {
        name: "trunc-keeps-next",
        jira: &[],
        cause: "TRUNC to a zxid that is not in the log keeps the first record after it",
        symptom: "one server has applied a write that nobody committed; two clients hold one lock",
        affects: "3.4.0 to HEAD",
        fixed: "",
        source: Source::Reproduced,
        harm: Harm::Divergence,
        model: Model::Switches {
            alone: Variant { trunc_keeps_next: true, ..REFERENCE },
            repair: |variant| variant.trunc_keeps_next = false,
        },
    },
    Bug {
        name: "unflushed-start",
        jira: &[],
        cause: "what a killed process left unflushed is voted with, acknowledged, never flushed",
        symptom: "an acknowledged write is lost: a process was killed, then the power failed",
        affects: "3.4.0 to HEAD",
        fixed: "",
        source: Source::Reproduced,
        harm: Harm::Loss,
        model: Model::Switches {
            alone: Variant { unflushed_start: true, ..REFERENCE },
            repair: |variant| variant.unflushed_start = false,
        },
    },
    Bug {
        name: "snapshot-in-place",
        jira: &[],
        cause: "a snapshot is written over one of the same zxid, and is not flushed",
        symptom: "a server is back at an old snapshot: killed, or without power, as it wrote one",
        affects: "3.3.0 to HEAD",
        fixed: "",
        source: Source::Read,
        harm: Harm::Loss,
        model: Model::Switches {
            alone: Variant { snapshot_in_place: true, elected_snapshots_tail: true, ..REFERENCE },
            repair: |variant| variant.snapshot_in_place = false,
        },
    },
    Bug {
        name: "needs-first-snapshot",
        jira: &[3056],
        cause: "a server refuses a log without a snapshot, and the snapshot of a new disk may be lost",
        symptom: "a server does not start: no snapshot found, but there are log entries",
        affects: "3.5.3 to HEAD",
        fixed: "",
        source: Source::Read,
        harm: Harm::Outage,
        model: Model::Switches {
            // Whoever comes with an empty disk gets a SNAP, which is flushed from 3.5.10 and 3.6.0 on; from
            // then on it takes `snapshot_in_place` to lose it.
            alone: Variant { needs_first_snapshot: true, snapshot_unflushed: true, ..REFERENCE },
            repair: |variant| variant.needs_first_snapshot = false,
        },
    },
    Bug {
        name: "purge-unflushed",
        jira: &[],
        cause: "a purge keeps the three newest snapshots, though nobody may have flushed one of them",
        symptom: "a power failure soon after a purge leaves a server without what its log held",
        affects: "3.4.0 to HEAD",
        fixed: "",
        source: Source::Read,
        harm: Harm::Loss,
        model: Model::Switches {
            // By itself it takes snapshots that nobody flushes.
            alone: Variant { purge_unflushed: true, snapshot_in_place: true, ..REFERENCE },
            repair: |variant| variant.purge_unflushed = false,
        },
    },
    Bug {
        name: "zeroed-log",
        jira: &[],
        cause: "a log file whose length is durable and whose header is not stops the next start",
        symptom: "a server does not start after a power failure: invalid magic number 0",
        affects: "3.3.0 to HEAD",
        fixed: "",
        source: Source::Reproduced,
        harm: Harm::Outage,
        model: Model::Switches {
            alone: Variant { refuses_zeroed_log: true, ..REFERENCE },
            repair: |variant| variant.refuses_zeroed_log = false,
        },
    },
    Bug {
        name: "rename-unflushed",
        jira: &[],
        cause: "an epoch file is renamed, and nobody flushes its folder before the epoch is promised",
        symptom: "a write that was read is lost: a power failure took an epoch file back to an older epoch",
        affects: "3.4.0 to HEAD",
        fixed: "",
        source: Source::Read,
        harm: Harm::Loss,
        model: Model::Switches {
            alone: Variant { rename_unflushed: true, ..REFERENCE },
            repair: |variant| variant.rename_unflushed = false,
        },
    },
    Bug {
        name: "directory-unsynced",
        jira: &[],
        cause: "a new log file or snapshot is flushed, and its folder is not (strict POSIX alone)",
        symptom: "a server has lost its newest log file whole after a power failure",
        affects: "3.3.0 to HEAD",
        fixed: "",
        source: Source::Read,
        harm: Harm::Loss,
        model: Model::Switches {
            alone: Variant { directory_unsynced: true, ..REFERENCE },
            repair: |variant| variant.directory_unsynced = false,
        },
    },
    Bug {
        name: "trusts-blank-disk",
        jira: &[261, 2325],
        cause: "a server whose disk was created again and is empty votes",
        symptom: "an acknowledged write is lost: the volume of one server was created again",
        affects: "3.4.0 to HEAD",
        fixed: "",
        source: Source::Read,
        harm: Harm::Loss,
        model: Model::Switches {
            alone: Variant { trusts_blank_disk: true, ..REFERENCE },
            repair: |variant| variant.trusts_blank_disk = false,
        },
    },
    Bug {
        name: "leads-unpromised",
        jira: &[],
        cause: "a leader that cannot write down the epoch it promised leads it all the same",
        symptom: "accepted epoch is less than the current epoch; two leaders of one epoch; disk full",
        affects: "3.4.6 to HEAD",
        fixed: "",
        source: Source::Reproduced,
        harm: Harm::Divergence,
        model: Model::Switches {
            alone: Variant {
                leads_unpromised: true,
                proposal_check: ProposalCheck::AfterFirst,
                ..REFERENCE
            },
            repair: |variant| variant.leads_unpromised = false,
        },
    },
    Bug {
        // Every learner of the reference refuses the first proposal after a gap; no release's does.
        name: "snap-keeps-log",
        jira: &[2846],
        cause: "a server that got SNAP keeps its old log, and may serve DIFF across the gap",
        symptom: "hundreds of acknowledged writes are gone after a rolling restart",
        affects: "3.5.0 to HEAD",
        fixed: "",
        source: Source::Reproduced,
        harm: Harm::Divergence,
        model: Model::Switches {
            alone: Variant {
                snap_keeps_log: true,
                proposal_check: ProposalCheck::AfterFirst,
                ..REFERENCE
            },
            repair: |variant| variant.snap_keeps_log = false,
        },
    },
    Bug {
        name: "sync-overlooks-unapplied",
        jira: &[],
        cause: "a learner has to truncate what is committed and not yet applied at the leader",
        symptom: "an acknowledged write is lost without a crash: a leader under read load",
        affects: "3.4.0 to HEAD",
        fixed: "",
        source: Source::Reproduced,
        harm: Harm::Loss,
        model: Model::Switches {
            alone: Variant { sync_overlooks_unapplied: true, ..REFERENCE },
            repair: |variant| variant.sync_overlooks_unapplied = false,
        },
    },
    Bug {
        name: "disk-error-keeps-memory",
        jira: &[4882],
        cause: "after a disk error the server rejoins with more in memory than in its log",
        symptom: "a committed write is missing after an fsync or write error of the log; disk full",
        affects: "3.4.10-14, 3.5.3 to HEAD",
        fixed: "",
        source: Source::Reproduced,
        harm: Harm::Loss,
        model: Model::Switches {
            alone: Variant { disk_error_keeps_memory: true, ..KEEPS_MEMORY },
            repair: |variant| variant.disk_error_keeps_memory = false,
        },
    },
    Bug {
        name: "zookeeper-5094",
        jira: &[5094],
        cause: "a synchronization by TRUNC that broke off leaves memory ahead of the log",
        symptom: "a committed write is missing in one log; from 3.9.4 on that server does not start",
        affects: "3.4.10-14, 3.5.3 to HEAD",
        fixed: "",
        source: Source::Read,
        harm: Harm::Divergence,
        model: Model::Switches {
            alone: Variant { aborted_trunc_keeps_memory: true, ..KEEPS_MEMORY },
            repair: |variant| variant.aborted_trunc_keeps_memory = false,
        },
    },
    Bug {
        name: "zookeeper-1558",
        jira: &[1558, 4837],
        cause: "a would-be leader snapshots its memory, uncommitted tail included",
        symptom: "a write that was never committed, truncated before, appears after a restart",
        affects: "3.3.0 to 3.4.5, 3.5.0 to HEAD",
        fixed: "",
        source: Source::Read,
        harm: Harm::Divergence,
        model: Model::Switches {
            alone: Variant {
                elected_snapshots_tail: true,
                keeps_later_snapshots: true,
                ..REFERENCE
            },
            repair: |variant| variant.elected_snapshots_tail = false,
        },
    },
    Bug {
        name: "zookeeper-1549",
        jira: &[1549],
        cause: "TRUNC and SNAP leave later snapshots behind, and a restart prefers them",
        symptom: "a write that was never committed, truncated before, appears after a restart",
        affects: "3.3.0 to HEAD",
        fixed: "",
        source: Source::Read,
        harm: Harm::Divergence,
        model: Model::Beside {
            bug: "zookeeper-1558",
            repair: |variant| variant.keeps_later_snapshots = false,
        },
    },
    Bug {
        name: "zookeeper-2354",
        jira: &[2354, 1653],
        cause: "a server whose last zxid is of an epoch above currentEpoch refuses to start",
        symptom: "a server does not start: the current epoch is older than the last zxid",
        affects: "3.4.0-5, 3.5.0 to HEAD",
        fixed: "",
        source: Source::Read,
        harm: Harm::Outage,
        model: Model::Switches {
            alone: Variant { refuses_epoch_gap: true, ..REFERENCE },
            repair: |variant| variant.refuses_epoch_gap = false,
        },
    },
    Bug {
        name: "hole-guard",
        jira: &[],
        cause: "a server whose log has a hole, from whatever bug, does not start any more",
        symptom: "a server does not start after an upgrade: IllegalStateException in ZKDatabase",
        affects: "3.9.4 to HEAD",
        fixed: "",
        source: Source::Reproduced,
        harm: Harm::Outage,
        model: Model::Switches {
            alone: Variant {
                refuses_holes: true,
                committed_log_skips_sync: true,
                proposal_check: ProposalCheck::Never,
                ..KEEPS_MEMORY
            },
            repair: |variant| variant.refuses_holes = false,
        },
    },
    Bug {
        name: "unchecked-proposals",
        jira: &[],
        cause: "proposals that leave a gap are taken: all until 3.9.3, the first one from then on",
        symptom: "a gap that one server's log has spreads to the servers that join it",
        affects: "3.3.0 to HEAD",
        fixed: "",
        source: Source::Read,
        harm: Harm::Divergence,
        model: Model::Beside {
            bug: "snap-keeps-log",
            repair: |variant| variant.proposal_check = ProposalCheck::Always,
        },
    },
    Bug {
        name: "trunc-unchecked",
        jira: &[],
        cause: "TRUNC cuts as far as the log goes, whether or not that is the leader's history",
        symptom: "one server's history has a gap after TRUNC, or it exits at each start",
        affects: "3.3.0 to HEAD",
        fixed: "",
        source: Source::Read,
        harm: Harm::Divergence,
        model: Model::Switches {
            alone: Variant {
                trunc_unchecked: true,
                snap_keeps_log: true,
                proposal_check: ProposalCheck::Never,
                ..REFERENCE
            },
            repair: |variant| variant.trunc_unchecked = false,
        },
    },
    Bug {
        name: "trunc-unflushed",
        jira: &[],
        cause: "neither the cut of a TRUNC nor the snapshot after it is flushed",
        symptom: "a truncated write is back after a power failure",
        affects: "3.3.0 to HEAD",
        fixed: "",
        source: Source::Read,
        harm: Harm::Divergence,
        model: Model::Switches {
            alone: Variant { trunc_unflushed: true, keeps_later_snapshots: true, ..REFERENCE },
            repair: |variant| variant.trunc_unflushed = false,
        },
    },
    Bug {
        name: "trusts-failed-flush",
        jira: &[],
        cause: "a log that could not be flushed is flushed again at shutdown, and counts from then on",
        symptom: "a committed write is lost after an fsync error, then a power failure (fsyncgate)",
        affects: "3.4.6 to HEAD",
        fixed: "",
        source: Source::Read,
        harm: Harm::Loss,
        model: Model::Switches {
            alone: Variant { trusts_failed_flush: true, unflushed_start: true, ..REFERENCE },
            repair: |variant| variant.trusts_failed_flush = false,
        },
    },
    Bug {
        // The repair of ZOOKEEPER-2332 brought it.
        name: "removes-open-log",
        jira: &[],
        cause: "a log that is empty, for its header could not be written, is removed while it is open",
        symptom: "acknowledged writes are lost: an error as a log file began, then a kill; disk full",
        affects: "3.9.3 to HEAD",
        fixed: "",
        source: Source::Reproduced,
        harm: Harm::Loss,
        model: Model::Switches {
            alone: Variant {
                removes_open_log: true,
                disk_error_keeps_memory: true,
                ..KEEPS_MEMORY
            },
            repair: |variant| variant.removes_open_log = false,
        },
    },
    Bug {
        name: "apply-after-epoch",
        jira: &[],
        cause: "memory takes what was synchronized only after currentEpoch was written",
        symptom: "an acknowledged write is lost: a patch that swaps two lines of syncWithLeader",
        affects: "none",
        fixed: "",
        source: Source::Deduced,
        harm: Harm::Loss,
        model: Model::Switches {
            alone: Variant { apply_after_epoch: true, ..KEEPS_MEMORY },
            repair: |variant| variant.apply_after_epoch = false,
        },
    },
];
