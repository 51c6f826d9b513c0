//! P-1 to P-6: what a server promises with its two epoch files.

use crate::story::{Story, txn};
use zab_checker::Fact;
use zab_checker::verdict::Class;
use zab_core::event::Note;
use zab_core::{DiskOp, Epoch, File, Packet, Zxid};

fn assert_promises(story: &mut Story, classes: &[Class]) {
    assert_eq!(story.broken_promises(), classes, "{:#?}", story.findings());
}

/// S0 has promised epoch 1 to itself and proposed it to S1.
fn proposed() -> Story {
    let mut story = Story::of_three();
    story.writes_epoch(0, DiskOp::AcceptedEpoch(Epoch(1)));
    story.sends(0, 1, Packet::LeaderInfo { epoch: Epoch(1) });
    story
}

#[test]
fn an_epoch_from_its_proposal_to_its_first_write() {
    let mut story = Story::of_three();
    story.establishes_with(0, 1, &[1]).serves(1, 1).broadcasts(0, txn(1, 1), &[0, 1]);
    story.acks(1, 0, Zxid::new(1, 1)).commits(0, Zxid::new(1, 1));
    assert_promises(&mut story, &[]);
}

#[test]
fn p1_an_epoch_is_acknowledged_only_once_it_is_accepted_on_disk() {
    let mut story = proposed();
    story.asks_disk(1, DiskOp::AcceptedEpoch(Epoch(1)));
    let mut flushed = story.fork();
    flushed.disk_done(1, File::AcceptedEpoch).promises(1, 0);
    assert_promises(&mut flushed, &[]);
    assert_promises(story.promises(1, 0), &[Class::P1]);
}

#[test]
fn p1_a_file_whose_folder_is_not_flushed_is_accepted_with_the_next_flush_of_any_file() {
    let mut story = proposed();
    story.writes_epoch(1, DiskOp::Rename(File::AcceptedEpoch, Epoch(1)));
    assert_promises(&mut story.fork().logs(1, txn(0, 1)).promises(1, 0).fork(), &[]);
    let mut killed = story.fork();
    killed.is_killed(1).starts(1, &[]);
    assert_promises(&mut killed.fork().promises(1, 0).fork(), &[Class::P1]);
    killed.asks_disk(1, DiskOp::FlushRecovered(File::AcceptedEpoch));
    assert_promises(killed.disk_done(1, File::AcceptedEpoch).promises(1, 0), &[]);
    assert_promises(story.promises(1, 0), &[Class::P1]);
}

#[test]
fn p1_a_disk_that_was_created_again_has_promised_nothing() {
    let mut story = proposed();
    story.writes_epoch(1, DiskOp::AcceptedEpoch(Epoch(1))).promises(1, 0).is_killed(1);
    story.writes_epoch(2, DiskOp::AcceptedEpoch(Epoch(1)));
    story.sends(2, 1, Packet::LeaderInfo { epoch: Epoch(1) });
    let again = |story: &mut Story| {
        story.starts(1, &[]).writes_epoch(1, DiskOp::AcceptedEpoch(Epoch(1))).promises(1, 2);
    };
    let mut blank = story.fork();
    blank.fact(1, Fact::Blanked);
    again(&mut blank);
    assert_promises(&mut blank, &[]);
    again(&mut story);
    assert_promises(&mut story, &[Class::P1]);
}

#[test]
fn p1_an_answer_that_does_not_count_promises_nothing() {
    let mut story = proposed();
    let packet = Packet::AckEpoch { current_epoch: None, last_zxid: Zxid::ZERO };
    assert_promises(story.sends(1, 0, packet), &[]);
}

#[test]
fn p1_a_promise_is_above_every_earlier_one_in_any_life() {
    let mut story = proposed();
    story.writes_epoch(1, DiskOp::AcceptedEpoch(Epoch(1))).promises(1, 0).is_killed(1);
    story.starts(1, &[]).writes_epoch(2, DiskOp::AcceptedEpoch(Epoch(1)));
    story.sends(2, 1, Packet::LeaderInfo { epoch: Epoch(1) });
    story.writes_epoch(1, DiskOp::AcceptedEpoch(Epoch(1)));
    assert_promises(&mut story.fork(), &[]);
    assert_promises(story.promises(1, 2), &[Class::P1]);
}

#[test]
fn p2_a_leader_proposes_what_it_has_accepted_itself() {
    let mut story = Story::of_three();
    story.asks_disk(0, DiskOp::AcceptedEpoch(Epoch(1)));
    let leader_info = Packet::LeaderInfo { epoch: Epoch(1) };
    let mut flushed = story.fork();
    flushed.disk_done(0, File::AcceptedEpoch).sends(0, 1, leader_info.clone());
    assert_promises(&mut flushed, &[]);
    assert_promises(story.sends(0, 1, leader_info), &[Class::P2]);
}

#[test]
fn p3_nothing_is_acknowledged_to_a_leader_below_a_promise() {
    let mut story = Story::of_three();
    story.establishes_with(0, 1, &[1]).serves(1, 1).broadcasts(0, txn(1, 1), &[0, 1]);
    assert_promises(story.fork().acks(1, 0, Zxid::new(1, 1)), &[]);
    story.note(1, Note::SteppedDown).begins(2, 2, &[1]);
    assert_promises(story.acks(1, 0, Zxid::new(1, 1)), &[Class::P3]);
}

#[test]
fn p3_newleader_is_not_acknowledged_below_a_promise_to_itself() {
    let mut story = Story::of_three();
    story.begins(0, 1, &[1]);
    assert_promises(story.fork().acks_new_leader(1, 0, 1), &[]);
    story.writes_epoch(1, DiskOp::AcceptedEpoch(Epoch(2)));
    story.sends(1, 2, Packet::LeaderInfo { epoch: Epoch(2) });
    assert_promises(story.acks_new_leader(1, 0, 1), &[Class::P3]);
}

#[test]
fn p3_newleader_is_acknowledged_with_its_current_epoch_on_disk() {
    let mut story = Story::of_three();
    story.begins(0, 1, &[1]).asks_disk(1, DiskOp::CurrentEpoch(Epoch(1)));
    let newleader = Zxid::new(1, 0);
    let mut flushed = story.fork();
    assert_promises(flushed.disk_done(1, File::CurrentEpoch).acks(1, 0, newleader), &[]);
    assert_promises(story.acks(1, 0, newleader), &[Class::P3]);
}

#[test]
fn p4_an_epoch_begins_with_the_promises_of_a_majority_and_the_leader_among_them() {
    let mut story = Story::new(5);
    for server in 0..5 {
        story.starts(server, &[]);
    }
    assert_promises(story.fork().begins(0, 1, &[1, 2]), &[]);
    assert_promises(story.fork().begins(0, 1, &[1]), &[Class::P4]);
    // A majority without the leader itself.
    for learner in [1, 2, 3] {
        story.sends(0, learner, Packet::LeaderInfo { epoch: Epoch(1) });
        story.writes_epoch(learner, DiskOp::AcceptedEpoch(Epoch(1))).promises(learner, 0);
    }
    assert_promises(story.leads(0, 1), &[Class::P2, Class::P4]);
}

#[test]
fn p4_a_promise_outlives_the_connection_that_it_was_made_on() {
    let mut story = Story::new(5);
    for server in 0..5 {
        story.starts(server, &[]);
    }
    for server in [0, 1, 2] {
        story.writes_epoch(server, DiskOp::AcceptedEpoch(Epoch(1)));
    }
    let leader_info = Packet::LeaderInfo { epoch: Epoch(1) };
    for learner in [1, 2] {
        story.sends(0, learner, leader_info.clone()).promises(learner, 0);
    }
    // It connects again, and its second answer counts for nothing.
    let again = Packet::AckEpoch { current_epoch: None, last_zxid: Zxid::ZERO };
    story.note(1, Note::SteppedDown).sends(0, 1, leader_info).sends(1, 0, again);
    assert_promises(story.leads(0, 1), &[]);
}

#[test]
fn p4_who_is_ahead_of_the_leader_supports_nobody() {
    let mut story = Story::of_three();
    story.starts(1, &[txn(1, 1)]);
    assert_promises(story.fork().begins(1, 2, &[0]), &[]);
    assert_promises(story.begins(0, 2, &[1]), &[Class::P4]);
}

#[test]
fn p5_a_leader_serves_with_its_own_current_epoch_on_disk() {
    let mut story = Story::of_three();
    story.begins(0, 1, &[1]).acks_new_leader(1, 0, 1);
    assert_promises(story.fork().establishes(0, 1), &[]);
    let mut early = Story::of_three();
    early.writes_epoch(0, DiskOp::AcceptedEpoch(Epoch(1)));
    early.sends(0, 1, Packet::LeaderInfo { epoch: Epoch(1) });
    early.writes_epoch(1, DiskOp::AcceptedEpoch(Epoch(1))).promises(1, 0).leads(0, 1);
    early.asks_disk(0, DiskOp::CurrentEpoch(Epoch(1))).acks_new_leader(1, 0, 1);
    assert_promises(early.establishes(0, 1), &[Class::P5]);
}

#[test]
fn p6_two_leaders_write_the_same_current_epoch() {
    let mut story = Story::of_three();
    story.begins(0, 1, &[1]).is_killed(0).starts(0, &[]);
    let mut same = story.fork();
    same.leads(0, 1).writes_epoch(0, DiskOp::CurrentEpoch(Epoch(1)));
    assert!(!same.broken_promises().contains(&Class::P6), "it is the same leader");
    story.leads(2, 1).writes_epoch(2, DiskOp::CurrentEpoch(Epoch(1)));
    assert!(story.broken_promises().contains(&Class::P6), "{:#?}", story.findings());
}
