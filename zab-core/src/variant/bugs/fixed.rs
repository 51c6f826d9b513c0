//! Bugs that a release repaired, in the order of the issues that report them.

use super::{Bug, Model, Source};
use crate::variant::catalogue::Harm;
use crate::variant::{NewLeaderLog, ProposalCheck, Shutdown, Variant};

const REFERENCE: Variant = Variant::REFERENCE;

/// The reference loads its memory again at each step-down, and with it what some defects lost: they
/// need a shutdown that keeps it, as the releases have.
const KEEPS_MEMORY: Variant = Variant { shutdown: Shutdown::DrainThenFastForward, ..REFERENCE };

pub(super) const BUGS: &[Bug] = &[
    Bug {
        name: "zookeeper-1154",
        jira: &[1154, 1156],
        cause: "a zxid inside the committed log's range but not in it gets DIFF, not TRUNC",
        symptom: "a server keeps a write that nobody committed; servers answer differently",
        affects: "3.3.0-3",
        fixed: "3.3.4, 3.4.0",
        source: Source::Read,
        harm: Harm::Divergence,
        model: Model::Switches {
            alone: Variant { diff_for_unknown_zxid: true, ..REFERENCE },
            repair: |variant| variant.diff_for_unknown_zxid = false,
        },
    },
    Bug {
        name: "zookeeper-1282",
        jira: &[1282],
        cause: "currentEpoch is written only after NEWLEADER was acknowledged",
        symptom: "a server that crashed while it joined votes with an epoch that is over",
        affects: "none",
        fixed: "3.4.0",
        source: Source::Read,
        harm: Harm::Loss,
        model: Model::Switches {
            alone: Variant { epoch_after_ack: true, ..REFERENCE },
            repair: |variant| variant.epoch_after_ack = false,
        },
    },
    Bug {
        name: "zookeeper-1621",
        jira: &[1621, 2332],
        cause: "a log file that was made and has no header yet stops the next start",
        symptom: "a server does not start after a power failure or a full disk, until the file is removed",
        affects: "3.3.0 to 3.8.6, 3.9.0-2",
        fixed: "3.9.3",
        source: Source::Reproduced,
        harm: Harm::Outage,
        model: Model::Switches {
            alone: Variant { refuses_empty_log: true, ..REFERENCE },
            repair: |variant| variant.refuses_empty_log = false,
        },
    },
    Bug {
        name: "zookeeper-1732",
        jira: &[1732, 1805],
        cause: "who joins wants the members of a quorum to agree in zxid and round of their votes",
        symptom: "a restarted server never joins, though a leader and a quorum serve",
        affects: "3.4.0-5",
        fixed: "3.4.6, 3.5.0",
        source: Source::Read,
        harm: Harm::Outage,
        model: Model::Switches {
            alone: Variant { joins_by_whole_vote: true, ..REFERENCE },
            repair: |variant| variant.joins_by_whole_vote = false,
        },
    },
    Bug {
        name: "zookeeper-2355",
        jira: &[2355],
        cause: "the DIFF header moves the last zxid of memory before any transaction came",
        symptom: "a committed write is missing at one server, after a link broke while it joined",
        affects: "3.3.0 to 3.4.10, 3.5.0-3",
        fixed: "3.4.11, 3.5.4, 3.6.0",
        source: Source::Read,
        harm: Harm::Loss,
        model: Model::Switches {
            alone: Variant { diff_sets_last_processed: true, ..KEEPS_MEMORY },
            repair: |variant| variant.diff_sets_last_processed = false,
        },
    },
    Bug {
        name: "zookeeper-2418",
        jira: &[2418],
        cause: "a DIFF from the log on disk is not checked for a gap to the committed log",
        symptom: "committed writes are missing in the middle of one server's history",
        affects: "3.5.0-10",
        fixed: "3.6.0",
        source: Source::Read,
        harm: Harm::Divergence,
        model: Model::Switches {
            alone: Variant {
                disk_diff_unchecked: true,
                snap_keeps_log: true,
                proposal_check: ProposalCheck::AfterFirst,
                ..REFERENCE
            },
            repair: |variant| variant.disk_diff_unchecked = false,
        },
    },
    Bug {
        name: "zookeeper-2574",
        jira: &[2574, 2420],
        cause: "a purge removes the log file that continues after the oldest snapshot that it keeps",
        symptom: "acknowledged writes are gone after a purge and a restart, the open log with them",
        affects: "3.4.7-9, 3.5.0-2",
        fixed: "3.4.10, 3.5.3",
        source: Source::Read,
        harm: Harm::Loss,
        model: Model::Switches {
            // It takes snapshots after which the log is not rolled, as a learner of those releases writes.
            alone: Variant {
                purge_cuts_log: true,
                new_leader_log: NewLeaderLog::Snapshotted,
                ..REFERENCE
            },
            repair: |variant| variant.purge_cuts_log = false,
        },
    },
    Bug {
        name: "zookeeper-2845",
        jira: &[2845],
        cause: "memory is kept across elections without the tail of the log",
        symptom: "servers answer differently; a write that was never committed appears after a restart",
        affects: "3.4.10-11, 3.5.3",
        fixed: "3.4.12, 3.5.4, 3.6.0",
        source: Source::Read,
        harm: Harm::Loss,
        model: Model::Switches {
            alone: Variant { shutdown: Shutdown::Retain, ..REFERENCE },
            repair: |variant| {
                if variant.shutdown == Shutdown::Retain {
                    variant.shutdown = Shutdown::DrainThenFastForward;
                }
            },
        },
    },
    Bug {
        name: "snapshot-unflushed",
        jira: &[2872, 2310],
        cause: "the snapshot of a synchronization is not flushed before NEWLEADER is acknowledged",
        symptom: "a committed write is lost after a power failure of servers that had just joined",
        affects: "3.3.0 to 3.5.9",
        fixed: "3.5.10, 3.6.0",
        source: Source::Read,
        harm: Harm::Loss,
        model: Model::Switches {
            alone: Variant { snapshot_unflushed: true, keeps_later_snapshots: true, ..REFERENCE },
            repair: |variant| variant.snapshot_unflushed = false,
        },
    },
    Bug {
        name: "zookeeper-3023",
        jira: &[3023],
        cause: "a follower serves, and acknowledges UPTODATE, before it has applied the history",
        symptom: "right after a restart a follower answers reads without writes of earlier epochs",
        affects: "3.4.10-14, 3.5.3 to 3.9.2",
        fixed: "3.9.3",
        source: Source::Published,
        harm: Harm::Assertion("I-9"),
        model: Model::Switches {
            alone: Variant { late_apply: true, ..REFERENCE },
            repair: |variant| variant.late_apply = false,
        },
    },
    Bug {
        name: "late-apply",
        jira: &[],
        cause: "synchronized transactions reach memory only after UPTODATE, and memory is kept",
        symptom: "an acknowledged write is lost: a server that has it in its log votes without it",
        affects: "3.4.10-14, 3.5.3 to 3.9.2",
        fixed: "3.9.3",
        source: Source::Reproduced,
        harm: Harm::Loss,
        model: Model::Switches {
            alone: Variant { late_apply: true, ..KEEPS_MEMORY },
            repair: |variant| variant.late_apply = false,
        },
    },
    Bug {
        name: "zookeeper-3642",
        jira: &[3642, 4225],
        cause: "a synchronization by SNAP that broke off leaves the new state in memory only",
        symptom: "a committed write is lost, or missing at one server, after a leader died during SNAP",
        affects: "3.4.10-14, 3.5.3-9, 3.6.0-2",
        fixed: "3.5.10, 3.6.3, 3.7.0",
        source: Source::Read,
        harm: Harm::Loss,
        model: Model::Switches {
            alone: Variant { aborted_snap_keeps_memory: true, ..KEEPS_MEMORY },
            repair: |variant| variant.aborted_snap_keeps_memory = false,
        },
    },
    Bug {
        name: "zookeeper-3911",
        jira: &[3911],
        cause: "NEWLEADER acknowledged before any transaction of the DIFF is logged",
        symptom: "a committed write is missing after a restart: it was never in the follower's log",
        affects: "3.4.10-14, 3.5.3-9, 3.6.0-2",
        fixed: "3.5.10, 3.6.3, 3.7.0",
        source: Source::Read,
        harm: Harm::Loss,
        model: Model::Switches {
            alone: Variant { new_leader_log: NewLeaderLog::Nothing, late_apply: true, ..REFERENCE },
            repair: |variant| {
                if variant.new_leader_log == NewLeaderLog::Nothing {
                    variant.new_leader_log = NewLeaderLog::Flushed;
                }
            },
        },
    },
    Bug {
        name: "zookeeper-4394",
        jira: &[4394],
        cause: "proposals not yet committed are forgotten at NEWLEADER; their COMMIT finds no match",
        symptom: "NullPointerException in Learner.syncWithLeader: a follower cannot join under load",
        affects: "3.5.10, 3.6.3 to 3.9.2",
        fixed: "3.9.3",
        source: Source::Read,
        harm: Harm::Assertion("I-14"),
        model: Model::Switches {
            alone: Variant { clears_outstanding: true, ..REFERENCE },
            repair: |variant| variant.clears_outstanding = false,
        },
    },
    Bug {
        name: "zookeeper-4643",
        jira: &[4643, 4785],
        cause: "currentEpoch is written before the history that it stands for",
        symptom: "an acknowledged write is truncated: a server that lacks it wins by its epoch",
        affects: "3.4.10-14, 3.5.3-10, 3.6.0-4, 3.7.0-2, 3.8.0-4, 3.9.0-1",
        fixed: "3.8.5, 3.9.2",
        source: Source::Reproduced,
        harm: Harm::Loss,
        model: Model::Switches {
            alone: Variant { epoch_before_log: true, ..REFERENCE },
            repair: |variant| variant.epoch_before_log = false,
        },
    },
    Bug {
        name: "zookeeper-4646",
        jira: &[4646],
        cause: "NEWLEADER acknowledged while the transactions wait for the log writer",
        symptom: "a value that was read is gone after a restart of the server that gave it",
        affects: "3.5.10, 3.6.3-4, 3.7.0-2, 3.8.0-4, 3.9.0-1",
        fixed: "3.8.5, 3.9.2",
        source: Source::Reproduced,
        harm: Harm::Loss,
        model: Model::Switches {
            alone: Variant { new_leader_log: NewLeaderLog::Queued, ..REFERENCE },
            repair: log_at_once,
        },
    },
    Bug {
        name: "zookeeper-4685",
        jira: &[4685],
        cause: "the log writer's acknowledgement of a transaction overtakes that of NEWLEADER",
        symptom: "the leader takes a proposal's ACK for that of NEWLEADER, and times out at initLimit",
        affects: "3.5.10, 3.6.3-4, 3.7.0-2, 3.8.0-4, 3.9.0-1",
        fixed: "3.8.5, 3.9.2",
        source: Source::Published,
        harm: Harm::Assertion("I-12"),
        model: Model::Switches {
            alone: Variant {
                new_leader_log: NewLeaderLog::Queued,
                epoch_before_log: true,
                ..REFERENCE
            },
            repair: log_at_once,
        },
    },
    Bug {
        name: "zookeeper-4712",
        jira: &[4712, 4541, 4502],
        cause: "the log writer outlives its role, and logs during the next synchronization",
        symptom: "a write of an earlier epoch stands in one server's log in the wrong place",
        affects: "3.4.12-14, 3.5.4 to 3.9.2",
        fixed: "3.9.3",
        source: Source::Read,
        harm: Harm::Loss,
        model: Model::Switches {
            alone: Variant { shutdown: Shutdown::Leak, ..REFERENCE },
            repair: |variant| {
                let Variant { shutdown, .. } = *variant;
                if shutdown.leaks() || shutdown == Shutdown::FastForwardThenDrain {
                    variant.shutdown = Shutdown::DrainThenFastForward;
                }
            },
        },
    },
    Bug {
        name: "committed-log-skips-sync",
        jira: &[4925],
        cause: "what a synchronization commits is missing in the committed log that DIFFs come from",
        symptom: "committed writes are missing at servers that joined a leader which had just joined",
        affects: "3.9.3",
        fixed: "3.9.4",
        source: Source::Reproduced,
        harm: Harm::Loss,
        model: Model::Switches {
            alone: Variant { committed_log_skips_sync: true, ..KEEPS_MEMORY },
            repair: |variant| variant.committed_log_skips_sync = false,
        },
    },
];

/// The repair of ZOOKEEPER-4646 and -4685: appended and flushed by the thread that acknowledges.
fn log_at_once(variant: &mut Variant) {
    if variant.new_leader_log == NewLeaderLog::Queued {
        variant.new_leader_log = NewLeaderLog::Flushed;
    }
}
