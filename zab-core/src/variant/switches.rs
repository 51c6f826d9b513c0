//! The fields of [`Variant`] as a list: to name them, to set and to repair them one by one.

use super::{NewLeaderLog, ProposalCheck, Shutdown, Variant};
use std::fmt;

/// One field of [`Variant`].
#[derive(Copy, Clone, Debug)]
pub struct Switch {
    /// The name of the field.
    pub name: &'static str,
    /// Where ZooKeeper has the defect: class and method.
    pub java: &'static str,
    /// The ways to have the defect: one, or one for each value of the field but the repaired one.
    pub settings: &'static [Setting],
    repair: fn(&mut Variant),
}

/// One way to have a defect.
#[derive(Copy, Clone, Debug)]
pub struct Setting {
    /// The value of the field, if there is more than one defective value.
    pub value: Option<&'static str>,
    /// The issues of ZooKeeper that report it.
    pub jira: &'static [u16],
    is_set: fn(&Variant) -> bool,
    set: fn(&mut Variant),
}

impl Switch {
    /// Whether the variant has this defect.
    pub fn is_on(&self, variant: &Variant) -> bool {
        self.setting(variant).is_some()
    }

    /// In which way the variant has this defect, if it has.
    pub fn setting(&self, variant: &Variant) -> Option<&'static Setting> {
        self.settings.iter().find(|setting| (setting.is_set)(variant))
    }

    /// The variant without this defect.
    #[must_use]
    pub fn repaired(&self, mut variant: Variant) -> Variant {
        (self.repair)(&mut variant);
        variant
    }

    /// The name as it stands in names of variants: `late-apply`.
    pub fn spelling(&self) -> String {
        kebab(self.name)
    }

    /// The name together with this way to have the defect: `shutdown=leak`, or `late-apply`.
    pub fn spelling_of(&self, setting: &Setting) -> String {
        let name = self.spelling();
        setting.value.map_or(name.clone(), |value| format!("{name}={}", kebab(value)))
    }

    /// The issues of ZooKeeper that report the defect, in whatever way.
    pub fn jira(&self) -> Vec<u16> {
        let mut jira: Vec<_> = self.settings.iter().flat_map(|s| s.jira).copied().collect();
        jira.sort_unstable();
        jira.dedup();
        jira
    }
}

/// The name, and where the defect is known from.
impl fmt::Display for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.spelling())?;
        match &self.jira()[..] {
            [] => Ok(()),
            jira => write!(f, " ({})", issues(jira)),
        }
    }
}

impl Setting {
    /// The variant with the defect in this way.
    #[must_use]
    pub fn applied(&self, mut variant: Variant) -> Variant {
        (self.set)(&mut variant);
        variant
    }
}

/// Issues as they are cited: `ZOOKEEPER-1558, ZOOKEEPER-4837`.
pub fn issues(jira: &[u16]) -> String {
    let issues: Vec<_> = jira.iter().map(|number| format!("ZOOKEEPER-{number}")).collect();
    issues.join(", ")
}

/// A Rust name as it stands in names of variants: in lower case, a dash between words.
fn kebab(name: &str) -> String {
    let mut spelling = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !spelling.is_empty() {
            spelling.push('-');
        }
        spelling.push(if letter == '_' { '-' } else { letter.to_ascii_lowercase() });
    }
    spelling
}

macro_rules! setting {
    ($field:ident, $name:expr, $value:expr, [$($jira:literal),*]) => {
        Setting {
            value: $name,
            jira: &[$($jira),*],
            is_set: |variant| variant.$field == $value,
            set: |variant| variant.$field = $value,
        }
    };
}

macro_rules! switch {
    // A field that is true or false.
    ($field:ident, $jira:tt, $java:literal) => {
        switch!(@ $field, $java, &[setting!($field, None, true, $jira)])
    };
    // A field with a value for each way to have the defect.
    ($field:ident, $type:ident { $($value:ident $jira:tt),+ $(,)? }, $java:literal) => {
        switch!(@ $field, $java, &[
            $(setting!($field, Some(stringify!($value)), $type::$value, $jira)),+
        ])
    };
    (@ $field:ident, $java:literal, $settings:expr) => {
        Switch {
            name: stringify!($field),
            java: $java,
            settings: $settings,
            repair: |variant| variant.$field = Variant::REFERENCE.$field,
        }
    };
}

/// Every field of [`Variant`], in its order.
pub const SWITCHES: &[Switch] = &[
    switch!(
        new_leader_log,
        NewLeaderLog { Snapshotted[], Nothing[3911], Queued[4646] },
        "Learner.syncWithLeader"
    ),
    switch!(epoch_before_log, [4643], "Learner.syncWithLeader"),
    switch!(late_apply, [3023], "Learner.syncWithLeader"),
    switch!(clears_outstanding, [4394], "Learner.syncWithLeader"),
    switch!(
        proposal_check,
        ProposalCheck { Never[], AfterFirst[] },
        "Learner.enforceContinuousProposal"
    ),
    switch!(
        shutdown,
        Shutdown {
            Retain[2845],
            FastForwardThenDrain[4712],
            Leak[4712],
            LeakUntilFlush[4712],
            DrainThenFastForward[],
        },
        "ZooKeeperServer.shutdown"
    ),
    switch!(aborted_snap_keeps_memory, [3642], "Learner.syncWithLeader"),
    switch!(aborted_trunc_keeps_memory, [5094], "Learner.syncWithLeader"),
    switch!(diff_sets_last_processed, [2355], "Learner.syncWithLeader"),
    switch!(committed_log_skips_sync, [4925], "ZooKeeperServer.processTxn"),
    switch!(diff_for_unknown_zxid, [1154], "LearnerHandler.queueCommittedProposals"),
    switch!(elected_snapshots_tail, [1558, 4837], "ZooKeeperServer.loadData"),
    switch!(keeps_later_snapshots, [1549], "FileTxnSnapLog.truncateLog"),
    switch!(trunc_unchecked, [], "FileTxnLog.truncate"),
    switch!(trunc_keeps_next, [], "FileTxnLog.truncate"),
    switch!(snap_keeps_log, [2846], "Learner.syncWithLeader"),
    switch!(disk_diff_unchecked, [2418], "LearnerHandler.syncFollower"),
    switch!(refuses_holes, [], "ZKDatabase.addCommittedProposal"),
    switch!(refuses_epoch_gap, [1653, 2354], "QuorumPeer.loadDataBase"),
    switch!(keeps_stale_acks, [], "Leader.removeLearnerHandler"),
    switch!(keeps_old_handlers, [], "Leader.addLearnerHandler"),
    switch!(sync_overlooks_unapplied, [], "LearnerHandler.syncFollower"),
    switch!(keeps_lower_epoch, [], "Learner.registerWithLeader"),
    switch!(disk_error_keeps_memory, [4882], "SyncRequestProcessor.run"),
    switch!(trunc_unflushed, [], "FileTxnLog.truncate"),
    switch!(snapshot_unflushed, [], "Learner.syncWithLeader"),
    switch!(snapshot_in_place, [], "SnapStream.getOutputStream"),
    switch!(needs_first_snapshot, [3056], "FileTxnSnapLog.restore"),
    switch!(purge_unflushed, [], "PurgeTxnLog.purgeOlderSnapshots"),
    switch!(purge_cuts_log, [2574, 2420], "PurgeTxnLog.retainNRecentSnapshots"),
    switch!(refuses_empty_log, [1621, 2332], "FileTxnLog.FileTxnIterator.goToNextLog"),
    switch!(refuses_zeroed_log, [], "FileTxnLog.FileTxnIterator.inStreamCreated"),
    switch!(rename_unflushed, [], "AtomicFileOutputStream.close"),
    switch!(directory_unsynced, [], "FileTxnLog.append"),
    switch!(trusts_blank_disk, [261, 2325], "FileTxnSnapLog.restore"),
    switch!(unflushed_start, [], "FileTxnSnapLog.restore"),
    switch!(leads_unpromised, [], "Leader.getEpochToPropose"),
    switch!(removes_open_log, [], "FileTxnLog.FileTxnIterator.goToNextLog"),
    switch!(trusts_failed_flush, [], "SyncRequestProcessor.shutdown"),
    switch!(passes_unknown_sessions, [], "LeaderSessionTracker.checkSession"),
    switch!(epoch_after_ack, [1282], "Learner.syncWithLeader"),
    switch!(apply_after_epoch, [], "Learner.syncWithLeader"),
    switch!(joins_by_whole_vote, [1732, 1805], "Vote.equals"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variant::CATALOGUE;

    #[test]
    fn a_variant_is_its_switches() {
        for entry in CATALOGUE {
            let on: Vec<_> = SWITCHES.iter().filter(|s| s.is_on(&entry.variant)).collect();
            let repaired = on.iter().fold(entry.variant, |variant, s| s.repaired(variant));
            assert_eq!(repaired, Variant::REFERENCE, "{}: a field is not listed", entry.name);
            assert_eq!(on.is_empty(), entry.variant == Variant::REFERENCE, "{}", entry.name);
        }
    }

    #[test]
    fn a_setting_is_one_defect_that_its_switch_repairs() {
        for switch in SWITCHES {
            for setting in switch.settings {
                let defective = setting.applied(Variant::REFERENCE);
                let on: Vec<_> = SWITCHES.iter().filter(|s| s.is_on(&defective)).collect();
                assert_eq!(on.len(), 1, "{}", switch.spelling_of(setting));
                assert_eq!(on[0].name, switch.name);
                assert_eq!(switch.repaired(defective), Variant::REFERENCE);
            }
            assert_eq!(switch.settings.len() > 1, switch.settings[0].value.is_some());
        }
    }

    #[test]
    fn names_are_spelled_with_dashes() {
        assert_eq!(kebab("late_apply"), "late-apply");
        assert_eq!(kebab("FastForwardThenDrain"), "fast-forward-then-drain");
    }

    #[test]
    fn a_repair_leaves_the_other_defects() {
        for entry in CATALOGUE {
            let on = |variant| SWITCHES.iter().filter(move |s| s.is_on(&variant)).map(|s| s.name);
            for switch in SWITCHES.iter().filter(|s| s.is_on(&entry.variant)) {
                let left: Vec<_> = on(entry.variant).filter(|name| *name != switch.name).collect();
                let repaired: Vec<_> = on(switch.repaired(entry.variant)).collect();
                assert_eq!(repaired, left, "{} without {}", entry.name, switch.name);
            }
        }
    }
}
