//! What a loss would cost, before there is one.

use crate::story::{Story, txn};
use zab_checker::Stakes;
use zab_core::{DiskOp, Epoch, File, Zxid};

/// S0 leads epoch 1, and ⟨1, 1⟩ is on the disks of S0 and S1 and committed.
fn committed() -> Story {
    let mut story = Story::of_three();
    story.leads(0, 1).promises(1, 0).acks(1, 0, Zxid::new(1, 0)).establishes(0, 1);
    story.broadcasts(0, txn(1, 1), &[0, 1]).acks(1, 0, Zxid::new(1, 1)).commits(0, Zxid::new(1, 1));
    story
}

#[test]
fn nobody_who_lacks_what_is_committed_would_be_elected() {
    let safe = Stakes { holders: 0b011, known: false, forgetful: 0, usurpers: 0 };
    assert_eq!(committed().checker.stakes(), safe);
}

#[test]
fn a_current_epoch_ahead_of_the_log_makes_a_usurper() {
    let mut story = committed();
    story.asks_disk(2, DiskOp::CurrentEpoch(Epoch(2)));
    assert_eq!(story.checker.stakes().usurpers, 0, "it may still be lost with the power");
    story.disk_done(2, File::CurrentEpoch);
    assert_eq!(story.checker.stakes().usurpers, 0b100);
    story.logs(2, txn(1, 1));
    assert_eq!(story.checker.stakes().usurpers, 0);
}

#[test]
fn fewer_disks_than_a_majority_make_a_usurper() {
    let mut story = Story::of_three();
    story.leads(0, 1).promises(1, 0).acks(1, 0, Zxid::new(1, 0)).establishes(0, 1);
    story.broadcasts(0, txn(1, 1), &[0]).commits(0, Zxid::new(1, 1));
    assert_eq!(story.checker.stakes().holders, 0b001);
    assert_eq!(story.checker.stakes().usurpers, 0b100, "S2 beats S1, and S1 would vote for it");
}
