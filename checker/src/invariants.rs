//! The rules that every execution has to keep, one file each.
//!
//! The rules I-1 to I-10 are the properties of Zab (Junqueira, Reed, Serafini: *Zab:
//! High-performance broadcast for primary-backup systems*, DSN 2011, and its report YL-2010-007),
//! I-11 to I-14 are the assertions of ZooKeeper's code as the TLA+ specifications state them, D1 to
//! D5 are about disks, P-1 to P-6 about what the epoch files promise, S-1 about `sync`, E-1 to E-8
//! about sessions and the lock, O1 to O9 about what clients can see. Where the literal property does not
//! hold in correct executions of ZooKeeper, the file says how it is restricted and why.

pub(crate) mod acknowledged_writes;
pub(crate) mod acknowledgements_allowed;
pub(crate) mod agreement;
pub(crate) mod availability;
mod bad_ack;
mod bad_commit;
mod bad_proposal;
mod bad_state;
pub(crate) mod commit_consistency;
pub(crate) mod dead_sessions;
pub(crate) mod deleted_nodes;
pub(crate) mod disk_consistency;
pub(crate) mod durable_acks;
pub(crate) mod ended_sessions;
pub(crate) mod ephemeral_nodes;
pub(crate) mod epochs_supported;
pub(crate) mod epochs_unshared;
pub(crate) mod expiry_told;
pub(crate) mod global_primary_order;
pub(crate) mod history_consistency;
pub(crate) mod initial_history;
pub(crate) mod integrity;
pub(crate) mod latent_divergence;
pub(crate) mod leaders_current;
pub(crate) mod leadership;
pub(crate) mod local_primary_order;
pub(crate) mod log_continuity;
pub(crate) mod mutual_exclusion;
pub(crate) mod order;
pub(crate) mod primary_integrity;
pub(crate) mod promises_kept;
pub(crate) mod proposals_promised;
pub(crate) mod read_values;
pub(crate) mod replica_consistency;
pub(crate) mod restartability;
pub(crate) mod resurrection;
pub(crate) mod sequential_names;
pub(crate) mod service_for_all;
pub(crate) mod session_operations;
pub(crate) mod session_order;
pub(crate) mod sync;
pub(crate) mod total_order;
pub(crate) mod vote_durability;

use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::Zxid;
use zab_core::event::Breach;

/// One row of the table of rules.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its stable id.
    pub class: Class,
    /// What it is called.
    pub name: &'static str,
    /// Where it comes from: the paper's table, the TLA+ name, or an issue.
    pub source: &'static str,
    /// The file that checks it, below `invariants/`.
    pub file: &'static str,
}

const fn rule(class: Class, name: &'static str, source: &'static str, file: &'static str) -> Rule {
    Rule { class, name, source, file }
}

/// Every rule, in the order of [`Class::ALL`].
pub const RULES: [Rule; 43] = [
    rule(Class::O1, "acknowledged writes", "ZOOKEEPER-4643", "acknowledged_writes.rs"),
    rule(Class::O2, "read values", "ZOOKEEPER-4646", "read_values.rs"),
    rule(Class::E5, "mutual exclusion", "ZooKeeper Recipes", "mutual_exclusion.rs"),
    rule(Class::O6, "resurrection", "TLA CommittedLogMonotonicity", "resurrection.rs"),
    rule(Class::O3, "replica consistency", "Programmer's Guide", "replica_consistency.rs"),
    rule(Class::E3, "ephemeral nodes", "Programmer's Guide", "ephemeral_nodes.rs"),
    rule(Class::E4, "deleted nodes", "ZOOKEEPER-1046", "deleted_nodes.rs"),
    rule(Class::E1, "ended sessions", "PrepRequestProcessor.pRequest2Txn", "ended_sessions.rs"),
    rule(Class::E6, "sequential names", "Programmer's Guide", "sequential_names.rs"),
    rule(
        Class::E7,
        "session operations",
        "SessionTrackerImpl.checkSession",
        "session_operations.rs",
    ),
    rule(Class::E8, "dead sessions", "ZOOKEEPER-2355", "dead_sessions.rs"),
    rule(Class::E2, "expiry told", "Programmer's Guide", "expiry_told.rs"),
    rule(Class::O8, "latent divergence", "ZOOKEEPER-3114", "latent_divergence.rs"),
    rule(Class::O7, "order", "Programmer's Guide", "order.rs"),
    rule(Class::O4, "session order", "Programmer's Guide", "session_order.rs"),
    rule(Class::O5, "availability", "ZOOKEEPER-4685", "availability.rs"),
    rule(Class::O9, "service for all", "ZOOKEEPER-4394", "service_for_all.rs"),
    rule(Class::S1, "sync", "Programmer's Guide", "sync.rs"),
    rule(Class::I1, "leadership", "TLA Leadership1", "leadership.rs"),
    rule(Class::I2, "integrity", "TLA Integrity", "integrity.rs"),
    rule(Class::I3, "agreement", "TLA Agreement", "agreement.rs"),
    rule(Class::I4, "total order", "TLA TotalOrder", "total_order.rs"),
    rule(Class::I5, "local primary order", "TLA LocalPrimaryOrder", "local_primary_order.rs"),
    rule(Class::I6, "global primary order", "TLA GlobalPrimaryOrder", "global_primary_order.rs"),
    rule(Class::I7, "primary integrity", "TLA PrimaryIntegrity", "primary_integrity.rs"),
    rule(Class::I8, "initial history integrity", "TLA LeaderLogCompleteness", "initial_history.rs"),
    rule(Class::I9, "commit consistency", "Zab paper, table 2", "commit_consistency.rs"),
    rule(Class::I10, "history consistency", "TLA ProcessConsistency", "history_consistency.rs"),
    rule(Class::I11, "bad state", "ZOOKEEPER-3023", "bad_state.rs"),
    rule(Class::I12, "bad acknowledgement", "ZOOKEEPER-4685", "bad_ack.rs"),
    rule(Class::I14, "bad commit", "ZOOKEEPER-4394", "bad_commit.rs"),
    rule(Class::D1, "durable acknowledgements", "ZOOKEEPER-3911", "durable_acks.rs"),
    rule(Class::D4, "disk consistency", "ZOOKEEPER-2845", "disk_consistency.rs"),
    rule(Class::D5, "restartability", "ZOOKEEPER-2354", "restartability.rs"),
    rule(Class::P1, "promises kept", "Learner.registerWithLeader", "promises_kept.rs"),
    rule(Class::P2, "proposals promised", "Leader.getEpochToPropose", "proposals_promised.rs"),
    rule(
        Class::P3,
        "acknowledgements allowed",
        "Learner.syncWithLeader",
        "acknowledgements_allowed.rs",
    ),
    rule(Class::P4, "epochs supported", "Leader.waitForEpochAck", "epochs_supported.rs"),
    rule(Class::P5, "leaders current", "Leader.lead", "leaders_current.rs"),
    rule(Class::P6, "epochs unshared", "Leader.getEpochToPropose", "epochs_unshared.rs"),
    rule(Class::I13, "bad proposal", "ZOOKEEPER-4925", "bad_proposal.rs"),
    rule(Class::D2, "vote durability", "ZOOKEEPER-4882", "vote_durability.rs"),
    rule(Class::D3, "log continuity", "ZOOKEEPER-2418", "log_continuity.rs"),
];

/// A server says that a packet broke the protocol: I-11 to I-14.
pub(crate) fn at_breach(breach: Breach, zxid: Zxid, findings: &mut Findings) {
    match breach {
        Breach::BadState => bad_state::at_breach(zxid, findings),
        Breach::BadAck => bad_ack::at_breach(zxid, findings),
        Breach::BadProposal => bad_proposal::at_breach(zxid, findings),
        Breach::BadCommit => bad_commit::at_breach(zxid, findings),
    }
}
