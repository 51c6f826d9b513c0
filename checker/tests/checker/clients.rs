//! O1, O2, O4, O5: what clients can see. O3 is with the disks, the issues have a file of their own.

use crate::story::{K, Story, request, txn};
use zab_checker::Fact;
use zab_checker::verdict::Class;
use zab_core::{Micros, Op, Outcome, Zxid};

const Z11: Zxid = Zxid::new(1, 1);

/// S0 is established in epoch 1; a client's ⟨1, 1⟩ is committed, and held by S0 and S1.
fn committed() -> Story {
    let mut story = Story::of_three();
    story.leads(0, 1).promises(1, 0).acks(1, 0, Zxid::new(1, 0)).establishes(0, 1).serves(1, 1);
    story.asks_for(0, txn(1, 1)).broadcasts(0, txn(1, 1), &[0, 1]).acks(1, 0, Z11);
    story.commits(0, Z11).delivers(0, txn(1, 1)).delivers(1, txn(1, 1));
    story
}

/// S2, which holds nothing, is established in epoch 2.
fn lose(story: &mut Story) -> &mut Story {
    story.leads(2, 2).establishes(2, 2)
}

fn assert_broken(story: &mut Story, classes: &[Class]) {
    assert_eq!(story.broken(), classes, "{:#?}", story.findings());
}

#[test]
fn o1_an_acknowledged_write_is_lost() {
    let mut story = committed();
    story.tells_of(0, txn(1, 1));
    assert_broken(story.fork().leads(1, 2).establishes(1, 2), &[]);
    let mut story = story.fork();
    lose(&mut story);
    assert_eq!(story.broken()[0], Class::O1, "{:#?}", story.findings());
}

#[test]
fn o1_the_acknowledgement_arrives_after_the_loss() {
    let mut story = committed();
    lose(&mut story);
    assert_broken(&mut story.fork(), &[Class::I8]);
    story.tells_of(0, txn(1, 1));
    assert_broken(&mut story, &[Class::O1, Class::I8]);
}

#[test]
fn o1_an_acknowledged_write_that_a_server_at_rest_lacks() {
    let mut story = committed();
    story.tells_of(0, txn(1, 1)).rests(0).rests(1);
    assert_broken(&mut story.fork(), &[]);
    story.promises(2, 0).logs(2, txn(1, 1)).acks(2, 0, Zxid::new(1, 0)).serves(2, 1);
    story.asks_disk(2, zab_core::DiskOp::Truncate(Zxid::ZERO)).flushes(2).rests(2);
    assert_broken(&mut story, &[Class::O1]);
}

#[test]
fn o2_a_write_that_timed_out_was_read_and_is_lost() {
    let mut story = committed();
    story.world(Fact::TimedOut { request: txn(1, 1).request });
    let mut unread = story.fork();
    lose(&mut unread);
    assert_broken(&mut unread, &[Class::I8]);
    lose(story.reads(1, request(1, 1)));
    assert_broken(&mut story, &[Class::O2, Class::I8]);
}

#[test]
fn o2_the_value_reaches_the_client_after_the_loss() {
    let mut story = committed();
    lose(&mut story).reads(1, request(1, 1));
    assert_broken(&mut story, &[Class::O2, Class::I8]);
}

#[test]
fn o4_a_session_sees_an_older_state() {
    let mut story = committed();
    story.reads(1, request(1, 1));
    assert_broken(&mut story.fork().reads(0, request(1, 2)).reads(2, request(2, 1)).fork(), &[]);
    assert_broken(story.reads(2, request(1, 2)), &[Class::O4]);
}

#[test]
fn o4_answers_to_requests_open_at_the_same_time_may_overtake_each_other() {
    let mut story = committed();
    let (first, second) = (request(1, 1), request(1, 2));
    story.asks(2, first, Op::Read { key: K }).asks(1, second, Op::Read { key: K });
    let new = Outcome::Value { value: 101, version: 1, position: Z11 };
    let old = Outcome::Value { value: 0, version: 0, position: Zxid::ZERO };
    assert_broken(story.answers(1, second, new).answers(2, first, old), &[]);
}

#[test]
fn o5_no_service_after_healing() {
    let bound = Micros::from_millis(1);
    let unavailable = |excuse| Fact::Unavailable { bound, excuse };
    assert_broken(committed().world(unavailable(Some("no quorum"))), &[]);
    assert_broken(committed().world(unavailable(None)), &[Class::O5]);
}

#[test]
fn only_the_first_violation_of_a_class_is_kept_and_the_gravest_is_named() {
    let mut story = committed();
    story.world(Fact::Unavailable { bound: Micros(1), excuse: None });
    assert_eq!(story.checker.gravest(), Some(Class::O5));
    story.world(Fact::Unavailable { bound: Micros(2), excuse: None });
    story.tells_of(0, txn(1, 1));
    lose(&mut story);
    assert_eq!(story.checker.gravest(), Some(Class::O1));
    assert_broken(&mut story, &[Class::O1, Class::O5, Class::I8]);
}
