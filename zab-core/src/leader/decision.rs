//! How to bring a learner up to date: DIFF, TRUNC or SNAP (`LearnerHandler.syncFollower`).
//!
//! A pure function of what the leader has committed, in memory and on disk, and of the last zxid
//! of the learner.

use crate::event::SyncMode;
use crate::ids::Zxid;
use crate::txn::Txn;
use crate::variant::Variant;

/// What the leader knows when it decides.
pub(super) struct Known<'a> {
    /// The last zxid of the leader's memory, perhaps ⟨e, 0⟩.
    pub(super) last_processed: Zxid,
    /// The committed transactions kept in memory, oldest first.
    pub(super) committed: Vec<Txn>,
    /// The log on disk.
    pub(super) log: &'a [Txn],
    /// How many bytes of it would be read for the learner, as ZooKeeper counts them.
    pub(super) log_bytes: u64,
    /// The most that are read for one DIFF; 0 is no limit (`ZKDatabase.getProposalsFromTxnLog`).
    pub(super) log_bytes_max: u64,
}

/// The decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) mode: SyncMode,
    /// DIFF: the leader's last committed zxid. TRUNC: the last zxid to keep. SNAP: of the state.
    pub(super) zxid: Zxid,
    /// The learner holds the leader's history up to here, whatever it held before.
    pub(super) kept: Zxid,
    /// Committed transactions to send after the header.
    pub(super) committed: Vec<Txn>,
}

impl Decision {
    /// The last zxid that the learner will have been sent.
    pub(super) fn sent_upto(&self) -> Zxid {
        self.committed.last().map_or(self.kept, |txn| txn.zxid)
    }

    const fn snap(zxid: Zxid) -> Self {
        Self { mode: SyncMode::Snap, zxid, kept: zxid, committed: Vec::new() }
    }
}

/// Decides for a learner whose last zxid is `last`.
pub(super) fn decide(variant: &Variant, known: &Known<'_>, last: Zxid) -> Decision {
    let snap = Decision::snap(known.last_processed);
    let (min, max) = match (known.committed.first(), known.committed.last()) {
        (Some(first), Some(last)) => (first.zxid, last.zxid),
        _ => (known.last_processed, known.last_processed),
    };
    if last == known.last_processed {
        Decision { mode: SyncMode::Diff, zxid: last, kept: last, committed: Vec::new() }
    } else if last > max && !last.is_epoch_mark() {
        Decision { mode: SyncMode::Trunc, zxid: max, kept: max, committed: Vec::new() }
    } else if min <= last && last <= max {
        from_entries(variant, known.committed.iter(), last, max).unwrap_or(snap)
    } else if last < min {
        from_disk(variant, known, last, min, max).unwrap_or(snap)
    } else {
        snap
    }
}

/// The learner has fallen out of the committed log: take the log on disk first. It must reach back
/// to the learner's last zxid, and without a gap to the committed log.
fn from_disk(v: &Variant, known: &Known<'_>, last: Zxid, min: Zxid, max: Zxid) -> Option<Decision> {
    let reaches_back = known.log.first().is_some_and(|first| first.zxid <= last);
    let on_disk = known.log.iter().take_while(|txn| txn.zxid <= min);
    let is_too_much = known.log_bytes_max > 0 && known.log_bytes > known.log_bytes_max;
    if !reaches_back || is_too_much {
        return None;
    }
    let mut decision = from_entries(v, on_disk, last, max)?;
    if decision.sent_upto() < min && !v.disk_diff_unchecked {
        return None;
    }
    let sent = decision.sent_upto();
    decision.committed.extend(known.committed.iter().filter(|txn| txn.zxid > sent));
    Some(decision)
}

/// Walks entries to the learner's last zxid (`queueCommittedProposals`): found, the rest is a
/// DIFF. Not found, the learner has what the leader never had: TRUNC to the entry before, unless
/// that is of another epoch.
fn from_entries<'a>(
    variant: &Variant,
    entries: impl Iterator<Item = &'a Txn> + Clone,
    last: Zxid,
    max: Zxid,
) -> Option<Decision> {
    let previous = entries.clone().take_while(|txn| txn.zxid <= last).last();
    let committed: Vec<Txn> = entries.filter(|txn| txn.zxid > last).copied().collect();
    let holds_last = previous.is_some_and(|txn| txn.zxid == last);
    if holds_last || last.is_epoch_mark() || variant.diff_for_unknown_zxid {
        return Some(Decision { mode: SyncMode::Diff, zxid: max, kept: last, committed });
    }
    let keep = previous?.zxid;
    let same_epoch = committed.first()?.zxid.epoch == last.epoch;
    same_epoch.then_some(Decision { mode: SyncMode::Trunc, zxid: keep, kept: keep, committed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{RequestId, SessionId};
    use crate::txn::Change;

    fn txns(zxids: &[(u32, u32)]) -> Vec<Txn> {
        let request = RequestId { session: SessionId(0), cxid: 0 };
        let txn = |(epoch, counter): &(u32, u32)| Txn {
            zxid: Zxid::new(*epoch, *counter),
            request,
            change: Change::Rejected,
        };
        zxids.iter().map(txn).collect()
    }

    /// The log on disk is ⟨1,1⟩…⟨1,4⟩, ⟨3,1⟩, ⟨3,2⟩; memory keeps the committed ones from ⟨1,4⟩ on.
    fn decision(variant: &Variant, last: (u32, u32)) -> String {
        let log = txns(&[(1, 1), (1, 2), (1, 3), (1, 4), (3, 1), (3, 2)]);
        let known = Known {
            last_processed: Zxid::new(3, 2),
            committed: txns(&[(1, 4), (3, 1), (3, 2)]),
            log: &log,
            log_bytes: if last == (1, 1) { 3 } else { 2 },
            log_bytes_max: 2,
        };
        let decision = decide(variant, &known, Zxid::new(last.0, last.1));
        let sent: Vec<_> = decision.committed.iter().map(|txn| txn.zxid.to_string()).collect();
        format!("{} {} then {}", decision.mode, decision.zxid, sent.join(" "))
    }

    #[test]
    fn the_learner_gets_what_it_misses_behind_what_it_has_to_give_up() {
        let table = [
            ((3, 2), "DIFF <3, 2> then ", "nothing is missing"),
            ((3, 1), "DIFF <3, 2> then <3, 2>", "in the committed log"),
            ((1, 4), "DIFF <3, 2> then <3, 1> <3, 2>", "its oldest entry"),
            ((3, 3), "TRUNC <3, 2> then ", "more than the leader has"),
            ((4, 1), "TRUNC <3, 2> then ", "an epoch that the leader does not know"),
            ((4, 0), "SNAP <3, 2> then ", "an epoch mark has no log record to cut behind"),
            ((1, 5), "SNAP <3, 2> then ", "TRUNC never crosses an epoch"),
            ((2, 0), "DIFF <3, 2> then <3, 1> <3, 2>", "a mark follows what came before it"),
            ((1, 2), "DIFF <3, 2> then <1, 3> <1, 4> <3, 1> <3, 2>", "on disk, then in memory"),
            ((1, 1), "SNAP <3, 2> then ", "too much to read from disk"),
            ((0, 0), "SNAP <3, 2> then ", "the log does not say what came before it"),
        ];
        for (last, expected, why) in table {
            assert_eq!(decision(&Variant::REFERENCE, last), expected, "{last:?}: {why}");
        }
    }

    #[test]
    fn zookeeper_1154_sends_diff_where_trunc_or_snap_is_due() {
        let variant = Variant { diff_for_unknown_zxid: true, ..Variant::REFERENCE };
        assert_eq!(decision(&variant, (1, 5)), "DIFF <3, 2> then <3, 1> <3, 2>");
    }

    #[test]
    fn zookeeper_2418_overlooks_a_gap_between_disk_and_memory() {
        let log = txns(&[(1, 1), (1, 2)]);
        let committed = txns(&[(1, 4)]);
        let last_processed = Zxid::new(1, 4);
        let known = Known { last_processed, committed, log: &log, log_bytes: 9, log_bytes_max: 0 };
        let unchecked = Variant { disk_diff_unchecked: true, ..Variant::REFERENCE };
        let last = Zxid::new(1, 1);
        assert_eq!(decide(&Variant::REFERENCE, &known, last).mode, SyncMode::Snap);
        assert_eq!(decide(&unchecked, &known, last).mode, SyncMode::Diff);
    }
}
