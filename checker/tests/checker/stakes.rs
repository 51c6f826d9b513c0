//! What a loss would cost, before there is one.

use crate::story::{Story, txn};
use zab_checker::{Fact, Stakes};
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
    let safe = Stakes { holders: 0b011, known: false, forgetful: 0, usurpers: 0, blank: 0 };
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

#[test]
fn a_blank_disk_elects_nobody_until_its_server_has_acknowledged_something() {
    let mut story = committed();
    story.fact(1, Fact::Crashed { power_loss: true }).fact(1, Fact::Blanked).starts(1, &[]);
    let stakes = story.checker.stakes();
    assert_eq!((stakes.holders, stakes.blank), (0b001, 0b010));
    assert_eq!(stakes.usurpers, 0, "S2 has no other vote than its own");
    story.promises(1, 0).acks(1, 0, Zxid::new(1, 0));
    let stakes = story.checker.stakes();
    assert_eq!((stakes.blank, stakes.usurpers), (0, 0b100), "now S1 would vote for it");
}
