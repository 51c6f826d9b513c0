//! The fields of [`Variant`] as a list, to name them and to repair them one by one.

use super::Variant;

/// One field of [`Variant`].
#[derive(Copy, Clone, Debug)]
pub struct Switch {
    /// The name of the field.
    pub name: &'static str,
    /// Where the defect is known from.
    pub source: &'static str,
    is_on: fn(&Variant) -> bool,
    repair: fn(&mut Variant),
}

impl Switch {
    /// Whether the variant has this defect.
    pub fn is_on(&self, variant: &Variant) -> bool {
        (self.is_on)(variant)
    }

    /// The variant without this defect.
    #[must_use]
    pub fn repaired(&self, mut variant: Variant) -> Variant {
        (self.repair)(&mut variant);
        variant
    }
}

macro_rules! switch {
    ($field:ident, $source:literal) => {
        Switch {
            name: stringify!($field),
            source: $source,
            is_on: |variant| variant.$field != Variant::REFERENCE.$field,
            repair: |variant| variant.$field = Variant::REFERENCE.$field,
        }
    };
}

/// Every field of [`Variant`], in its order.
pub const SWITCHES: &[Switch] = &[
    switch!(new_leader_log, "ZOOKEEPER-3911, ZOOKEEPER-4646"),
    switch!(epoch_before_log, "ZOOKEEPER-4643"),
    switch!(late_apply, "ZOOKEEPER-3023"),
    switch!(clears_outstanding, "ZOOKEEPER-4394"),
    switch!(proposal_check, "ZOOKEEPER-4925"),
    switch!(shutdown, "ZOOKEEPER-2845, ZOOKEEPER-4712"),
    switch!(aborted_snap_keeps_memory, "ZOOKEEPER-3642"),
    switch!(aborted_trunc_keeps_memory, "ZOOKEEPER-5094"),
    switch!(diff_sets_last_processed, "ZOOKEEPER-2355"),
    switch!(committed_log_skips_sync, "ZOOKEEPER-4925"),
    switch!(diff_for_unknown_zxid, "ZOOKEEPER-1154"),
    switch!(elected_snapshots_tail, "ZOOKEEPER-1558, ZOOKEEPER-4837"),
    switch!(keeps_later_snapshots, "ZOOKEEPER-1549"),
    switch!(trunc_unchecked, "FileTxnLog.truncate"),
    switch!(snap_keeps_log, "ZOOKEEPER-2846"),
    switch!(disk_diff_unchecked, "ZOOKEEPER-2418"),
    switch!(refuses_epoch_gap, "ZOOKEEPER-1653, ZOOKEEPER-2354"),
    switch!(keeps_stale_acks, "Leader.processAck, Leader.removeLearnerHandler"),
    switch!(sync_overlooks_unapplied, "LearnerHandler.syncFollower"),
    switch!(keeps_lower_epoch, "Learner.registerWithLeader"),
    switch!(disk_error_keeps_memory, "ZOOKEEPER-4882"),
    switch!(trunc_unflushed, "FileTxnLog.truncate"),
    switch!(snapshot_unflushed, "Learner.syncWithLeader"),
    switch!(unflushed_start, "FileTxnSnapLog.restore"),
    switch!(leads_unpromised, "Leader.getEpochToPropose"),
    switch!(trusts_failed_flush, "SyncRequestProcessor.shutdown"),
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
}
