//! I-1 to I-14: what Zab promises about leaders, transactions and their order.

use crate::story::{Story, assert_broken, set, txn};
use zab_checker::verdict::Class;
use zab_core::Zxid;
use zab_core::event::{Breach, Note};

/// Three servers with empty disks; S0 is established in epoch 1, S1 follows and serves.
fn epoch_1() -> Story {
    let mut story = Story::of_three();
    story.leads(0, 1).promises(1, 0).acks(1, 0, Zxid::new(1, 0)).establishes(0, 1).serves(1, 1);
    story
}

/// `epoch_1`, and ⟨1, 1⟩ is committed and held by S0 and S1.
fn one_committed() -> Story {
    let mut story = epoch_1();
    story.broadcasts(0, txn(1, 1), &[0, 1]).acks(1, 0, Zxid::new(1, 1));
    story.commits(0, Zxid::new(1, 1)).delivers(0, txn(1, 1)).delivers(1, txn(1, 1));
    story
}

#[test]
fn a_broadcast_that_every_rule_allows() {
    let mut story = one_committed();
    story.follows(2, 0, 1).logs(2, txn(1, 1)).delivers(2, txn(1, 1));
    assert_broken(&mut story, &[]);
}

#[test]
fn i1_two_leaders_are_established_in_one_epoch() {
    let mut story = epoch_1();
    story.leads(2, 2).establishes(2, 2);
    assert_broken(&mut story, &[]);

    let mut story = epoch_1();
    story.leads(2, 1).establishes(2, 1);
    assert_broken(&mut story, &[Class::I1]);
}

#[test]
fn i2_a_transaction_that_nobody_proposed_is_delivered() {
    let mut story = epoch_1();
    story.proposes(0, txn(1, 1)).delivers(1, txn(1, 1));
    assert_broken(&mut story, &[]);

    let mut story = epoch_1();
    story.proposes(0, txn(1, 1)).delivers(1, set(1, 1, 99, 1));
    assert_broken(&mut story, &[Class::I2]);
}

#[test]
fn i2_what_the_first_process_finds_on_its_disk_was_broadcast_before() {
    let mut story = Story::new(3);
    story.starts(0, &[txn(1, 1)]).starts(1, &[]).starts(2, &[]).delivers(1, txn(1, 1));
    assert_broken(&mut story, &[]);
}

#[test]
fn i3_two_servers_deliver_different_transactions() {
    let (a, b) = (set(1, 1, 10, 1), set(1, 1, 20, 1));
    let mut story = epoch_1();
    story.leads(2, 1).serves(2, 1).proposes(0, a).proposes(2, b);
    story.delivers(1, a);
    assert_broken(&mut story.fork().delivers(0, a).fork(), &[]);
    assert_broken(story.delivers(2, b), &[Class::I3]);
}

#[test]
fn i4_two_servers_deliver_one_transaction_after_different_ones() {
    let mut story = Story::of_three();
    story.serves(1, 1).serves(2, 1);
    story.leads(0, 1).proposes(0, txn(1, 1)).delivers(0, txn(1, 1));
    story.leads(0, 2).proposes(0, txn(2, 1)).delivers(0, txn(2, 1));
    story.leads(0, 3).proposes(0, txn(3, 1));
    story.delivers(1, txn(1, 1)).delivers(1, txn(2, 1)).delivers(1, txn(3, 1));
    story.delivers(2, txn(1, 1));
    assert_broken(&mut story.fork().delivers(2, txn(2, 1)).fork(), &[]);
    assert_broken(story.delivers(2, txn(3, 1)), &[Class::I4]);
}

#[test]
fn i5_a_transaction_is_delivered_without_the_one_before_it() {
    let mut story = epoch_1();
    story.proposes(0, txn(1, 1)).proposes(0, txn(1, 2));
    assert_broken(&mut story.fork().delivers(1, txn(1, 1)).delivers(1, txn(1, 2)).fork(), &[]);
    assert_broken(story.delivers(1, txn(1, 2)), &[Class::I5]);
}

#[test]
fn i6_an_earlier_epoch_is_delivered_after_a_later_one() {
    let mut story = Story::of_three();
    story.leads(0, 1).proposes(0, txn(1, 1)).leads(1, 2).proposes(1, txn(2, 1));
    assert_broken(&mut story.fork().delivers(2, txn(1, 1)).delivers(2, txn(2, 1)).fork(), &[]);
    assert_broken(story.delivers(2, txn(2, 1)).delivers(2, txn(1, 1)), &[Class::I6]);
}

#[test]
fn i7_a_primary_broadcasts_without_what_was_delivered_before() {
    let mut story = epoch_1();
    story.proposes(0, txn(1, 1)).delivers(1, txn(1, 1)).leads(2, 2).establishes(2, 2);
    assert_broken(&mut story.fork(), &[]);
    assert_broken(story.proposes(2, txn(2, 1)), &[Class::I7]);
}

#[test]
fn i7_what_a_learner_of_a_leader_that_never_was_established_applied_binds_nobody() {
    let mut story = Story::new(3);
    story.starts(0, &[txn(1, 1)]).starts(1, &[]).starts(2, &[]);
    story.leads(0, 2).promises(1, 0).delivers(1, txn(1, 1)).is_killed(1).starts(1, &[]);
    story.leads(2, 3).promises(1, 2).acks(1, 2, Zxid::new(3, 0)).establishes(2, 3);
    story.serves(1, 3).proposes(2, txn(3, 1));
    assert_broken(&mut story, &[]);
}

#[test]
fn i8_an_epoch_is_established_without_what_is_committed() {
    let mut story = epoch_1();
    story.broadcasts(0, txn(1, 1), &[0, 1]).commits(0, Zxid::new(1, 1));
    assert_broken(story.fork().delivers(1, txn(1, 1)).leads(1, 2).establishes(1, 2), &[]);
    assert_broken(story.leads(2, 2).establishes(2, 2), &[Class::I8]);
}

#[test]
fn i8_an_epoch_is_established_without_an_earlier_initial_history() {
    let mut story = Story::new(3);
    story.starts(0, &[txn(1, 1)]).starts(1, &[]).starts(2, &[]);
    story.leads(0, 2);
    let mut late = story.fork();
    story.establishes(0, 2).leads(2, 3);
    assert_broken(&mut story.fork(), &[]);
    assert_broken(story.establishes(2, 3), &[Class::I8]);
    assert_broken(late.leads(2, 3).establishes(2, 3), &[]);
    assert_broken(late.establishes(0, 2), &[Class::I8]);
}

#[test]
fn i8_a_deposed_leader_may_commit_what_the_next_epoch_began_with_and_nothing_else() {
    let mut story = epoch_1();
    story.broadcasts(0, txn(1, 1), &[0, 1]).proposes(0, txn(1, 2)).logs(0, txn(1, 2));
    story.logs(2, txn(1, 1)).logs(2, txn(1, 2)).is_killed(2).starts(2, &[txn(1, 1)]);
    story.leads(2, 2).establishes(2, 2);
    assert_broken(story.fork().commits(0, Zxid::new(1, 1)), &[]);
    assert_broken(story.logs(1, txn(1, 2)).commits(0, Zxid::new(1, 2)), &[Class::I8]);
}

#[test]
fn i9_a_server_serves_without_the_initial_history() {
    let mut story = Story::new(3);
    story.starts(0, &[txn(1, 1)]).starts(1, &[]).starts(2, &[]).leads(0, 2);
    story.promises(1, 0).logs(1, txn(1, 1)).acks(1, 0, Zxid::new(2, 0)).establishes(0, 2);
    assert_broken(&mut story.fork().delivers(1, txn(1, 1)).serves(1, 2).fork(), &[]);
    assert_broken(story.serves(1, 2), &[Class::I9]);
}

#[test]
fn i10_the_log_of_a_participant_holds_what_its_leader_lacks() {
    let mut story = Story::new(3);
    story.starts(0, &[]).starts(1, &[txn(1, 1)]).starts(2, &[]).leads(0, 2).promises(1, 0);
    let mut truncated = story.fork();
    truncated.asks_disk(1, zab_core::DiskOp::Truncate(Zxid::ZERO)).flushes(1);
    assert_broken(truncated.acks(1, 0, Zxid::new(2, 0)), &[]);
    assert_broken(story.acks(1, 0, Zxid::new(2, 0)), &[Class::I10]);
}

#[test]
fn i10_a_stale_log_writer_appends_after_the_synchronization() {
    let mut story = Story::of_three();
    story.leads(0, 1).proposes(0, txn(1, 1));
    story.leads(2, 2).promises(1, 2).acks(1, 2, Zxid::new(2, 0));
    assert_broken(&mut story.fork().broadcasts(2, txn(2, 1), &[1]).fork(), &[]);
    assert_broken(story.logs(1, txn(1, 1)), &[Class::I10]);
}

#[test]
fn i10_a_log_that_has_a_transaction_twice_is_told_as_that() {
    let mut story = Story::of_three();
    story.leads(0, 1).promises(1, 0).acks(1, 0, Zxid::new(1, 0)).establishes(0, 1);
    story.broadcasts(0, txn(1, 1), &[0, 1]).logs(1, txn(1, 1));
    let told = story.checker.violations().find(|violation| violation.class == Class::I10);
    let told = told.expect("the leader proposed it once").detail.to_string();
    assert_eq!(told, "its log has <1, 1> twice or out of order, unlike S0, leader of epoch 1");
}

#[test]
fn i11_to_i14_are_what_a_server_notes() {
    let table = [
        (Breach::BadState, Class::I11),
        (Breach::BadAck, Class::I12),
        (Breach::BadProposal, Class::I13),
        (Breach::BadCommit, Class::I14),
    ];
    for (breach, class) in table {
        let mut story = epoch_1();
        assert_broken(&mut story, &[]);
        story.note(1, Note::Breached { breach, zxid: Zxid::new(1, 1) });
        assert_broken(&mut story, &[class]);
    }
}

#[test]
fn i7_what_is_delivered_after_a_later_primary_has_broadcast_without_it() {
    let mut story = epoch_1();
    story.proposes(0, txn(1, 1)).leads(2, 2).establishes(2, 2).proposes(2, txn(2, 1));
    assert_broken(&mut story.fork(), &[]);
    assert_eq!(story.delivers(1, txn(1, 1)).broken()[0], Class::I7, "{:#?}", story.findings());
}

#[test]
fn i7_what_a_server_has_in_memory_when_it_begins_to_serve_counts_as_delivered() {
    let mut story = Story::of_three();
    story.establishes_with(0, 1, &[1]).proposes(0, txn(1, 1)).delivers(1, txn(1, 1));
    story.leads(2, 2).establishes(2, 2).proposes(2, txn(2, 1));
    assert_broken(&mut story.fork(), &[]);
    assert_eq!(story.serves(1, 1).broken()[0], Class::I7, "{:#?}", story.findings());
}
