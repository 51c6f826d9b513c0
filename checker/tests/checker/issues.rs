//! The endings of ZOOKEEPER-4646 and ZOOKEEPER-4643, as `protocol.md` tells them.

use crate::story::{Story, request, txn};
use zab_checker::Fact;
use zab_checker::verdict::Class;
use zab_core::{Txn, Zxid};

fn first_three() -> Vec<Txn> {
    (1..=3).map(|counter| txn(1, counter)).collect()
}

/// Everyone has ⟨1, 1⟩ to ⟨1, 3⟩ of epoch 1, which S2 leads.
fn beginning() -> Story {
    let mut story = Story::new(3);
    for server in 0..3 {
        story.starts(server, &first_three());
    }
    story.leads(2, 1);
    for server in [0, 1] {
        story.promises(server, 2).acks(server, 2, Zxid::new(1, 0));
    }
    story.establishes(2, 1).serves(0, 1).serves(1, 1);
    story
}

/// S2 leads epoch 2 with S0, whom it sends w = ⟨1, 4⟩. S0 acknowledges NEWLEADER with w in the
/// queue of its log writer only, serves, dies, and comes back without w.
fn epoch_2(story: &mut Story, w: Txn) {
    story.is_killed(2).starts(2, &[first_three(), vec![w]].concat());
    story.leads(2, 2).promises(0, 2).acks(0, 2, Zxid::new(2, 0)).establishes(2, 2);
    story.delivers(0, w).serves(0, 2);
}

/// S2 is gone; S0 has lost w and leads epoch 3.
fn epoch_3(story: &mut Story) {
    story.loses_power(0).starts(0, &first_three()).is_killed(2);
    story.leads(0, 3).promises(1, 0).acks(1, 0, Zxid::new(3, 0)).establishes(0, 3).serves(1, 3);
}

/// Every fault is healed, and S0 leads.
fn end(story: &mut Story) {
    story.settles().rests(0);
}

#[test]
fn zookeeper_4646_a_write_that_timed_out_is_read_and_then_gone() {
    let w = txn(1, 4);
    let mut story = beginning();
    story.asks_for(2, w).proposes(2, w).logs(2, w);
    story.world(Fact::TimedOut { request: w.request });
    epoch_2(&mut story, w);
    assert_eq!(story.fork().broken(), [Class::D1], "acknowledged from the queue");
    story.reads(2, request(1, 1));
    epoch_3(&mut story);
    story.reads(0, request(2, 1));
    end(&mut story);
    let classes = [Class::O2, Class::I8, Class::D1];
    assert_eq!(story.broken(), classes, "{:#?}", story.findings());
}

#[test]
fn zookeeper_4643_an_acknowledged_write_is_gone() {
    let w = txn(1, 4);
    let mut story = beginning();
    story.asks_for(2, w).proposes(2, w).logs(2, w).logs(1, w).acks(1, 2, w.zxid);
    story.commits(2, w.zxid).delivers(2, w).tells_of(2, w).is_killed(1);
    epoch_2(&mut story, w);
    story.starts(1, &[first_three(), vec![w]].concat());
    story.promises(1, 0).asks_disk(1, zab_core::DiskOp::Truncate(Zxid::new(1, 3))).flushes(1);
    epoch_3(&mut story);
    end(&mut story);
    assert_eq!(story.broken()[0], Class::O1, "{:#?}", story.findings());
}

#[test]
fn the_same_schedule_with_a_log_that_is_flushed_before_the_acknowledgement() {
    let w = txn(1, 4);
    let mut story = beginning();
    story.asks_for(2, w).proposes(2, w).logs(2, w);
    story.world(Fact::TimedOut { request: w.request });
    story.is_killed(2).starts(2, &[first_three(), vec![w]].concat());
    story.leads(2, 2).promises(0, 2).logs(0, w).delivers(0, w).acks(0, 2, Zxid::new(2, 0));
    story.establishes(2, 2).serves(0, 2).reads(2, request(1, 1));
    story.loses_power(0).starts(0, &[first_three(), vec![w]].concat()).is_killed(2);
    story.leads(0, 3).promises(1, 0).logs(1, w).delivers(1, w).acks(1, 0, Zxid::new(3, 0));
    story.establishes(0, 3).serves(1, 3).reads(0, request(2, 1));
    assert_eq!(story.broken(), [], "{:#?}", story.findings());
}

#[test]
fn a_phantom_in_front_of_an_acknowledged_write_does_not_make_it_lost() {
    let (phantom, w) = (txn(1, 4), txn(2, 1));
    let mut story = beginning();
    story.proposes(2, phantom).logs(1, phantom).is_killed(2).starts(2, &first_three());
    story.leads(2, 2).promises(0, 2).acks(0, 2, Zxid::new(2, 0)).establishes(2, 2).serves(0, 2);
    story.asks_for(2, w).broadcasts(2, w, &[0, 2]).commits(2, w.zxid).delivers(2, w);
    story.tells_of(2, w).is_killed(1);
    story.starts(1, &[first_three(), vec![phantom, w]].concat()).leads(1, 3).establishes(1, 3);
    let classes = story.broken();
    assert!(classes.contains(&Class::I8), "{:#?}", story.findings());
    assert!(!classes.contains(&Class::O1), "{:#?}", story.findings());
}
