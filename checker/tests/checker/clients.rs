//! O1 to O9 and S-1: what clients can see. The issues have a file of their own.

use crate::story::{K, Story, assert_broken, request, set, txn};
use zab_checker::Fact;
use zab_checker::detail::{Absence, Detail};
use zab_checker::loss::Knowledge;
use zab_checker::verdict::{Class, Verdict};
use zab_core::{Epoch, NodeId, Op, Outcome, Packet, Span, Zxid};

const Z11: Zxid = Zxid::new(1, 1);

/// S0 is established in epoch 1; a client's ⟨1, 1⟩ is committed, and held by S0 and S1.
fn committed() -> Story {
    let mut story = Story::of_three();
    story.establishes_with(0, 1, &[1]).serves(1, 1);
    story.asks_for(0, txn(1, 1)).broadcasts(0, txn(1, 1), &[0, 1]).acks(1, 0, Z11);
    story.commits(0, Z11).delivers(0, txn(1, 1)).delivers(1, txn(1, 1));
    story
}

/// S2, which holds nothing, is established in epoch 2 with S1, which cuts its log.
fn lose(story: &mut Story) -> &mut Story {
    story.is_killed(0).cuts(1).establishes_with(2, 2, &[1]).serves(1, 2)
}

/// S0 comes back and follows; every fault is healed, service is back, all are at rest.
fn end(story: &mut Story) -> &mut Story {
    story.starts(0, &[]).follows(0, 2, 2);
    story.settles().rests(2).rests(0).rests(1)
}

#[test]
fn o1_an_acknowledged_write_is_lost() {
    let mut story = committed();
    story.tells_of(0, txn(1, 1));
    let mut kept = story.fork();
    kept.is_killed(0).begins(1, 2, &[2]).logs(2, txn(1, 1)).acks_new_leader(2, 1, 2);
    kept.establishes(1, 2).settles().rests(1);
    assert_broken(&mut kept, &[]);
    end(lose(&mut story));
    assert_broken(&mut story, &[Class::O1, Class::I8]);
}

#[test]
fn o1_says_who_knew_what_was_lost_to_and_what_a_read_shows() {
    let mut story = committed();
    story.tells_of(0, txn(1, 1));
    lose(&mut story).starts(0, &[]).follows(0, 2, 2).settles();
    story.reads(2, request(5, 1)).rests(2).rests(0).rests(1);
    let violation = story.verdict();
    assert!(violation.is_client_visible());
    let loss = violation.loss().expect("it is about a write");
    assert_eq!((loss.txn, loss.known.how), (txn(1, 1), Knowledge::Acknowledged));
    assert_eq!((loss.lost.epoch.0, loss.lost.leader, loss.judge), (2, NodeId(2), Some(NodeId(2))));
    assert!(loss.known.when < loss.lost.when && !loss.is_overwritten && !loss.is_back());
    let shown = loss.shown.expect("a read shows it");
    assert_eq!((shown.request, shown.version), (request(5, 1), 0));
}

#[test]
fn a_loss_that_a_read_shows_outranks_one_that_was_overwritten() {
    let mut story = committed();
    story.tells_of(0, txn(1, 1));
    lose(&mut story);
    let mut overwritten = story.fork();
    let other = set(2, 1, 7, 2);
    overwritten.broadcasts(2, other, &[1, 2]).commits(2, other.zxid).delivers(2, other);
    overwritten.delivers(1, other).settles().reads(2, request(5, 1)).rests(2).rests(1);
    let hidden = overwritten.verdict();
    let loss = hidden.loss().expect("it is about a write");
    assert!(loss.is_overwritten && loss.shown.is_none(), "{loss}");
    story.settles().reads(2, request(5, 1)).rests(2).rests(1);
    assert!(story.verdict().rank() < hidden.rank());
    assert_eq!(story.verdict().class, hidden.class);
}

#[test]
fn o1_the_acknowledgement_arrives_after_the_loss() {
    let mut story = committed();
    let mut unknown = story.fork();
    end(lose(&mut unknown));
    assert_broken(&mut unknown, &[Class::I8]);
    story.establishes_with(2, 2, &[]).tells_of(0, txn(1, 1));
    story.settles().rests(2);
    assert_broken(&mut story, &[Class::O1, Class::I8]);
}

#[test]
fn o1_an_epoch_that_is_established_twice_loses_the_writes_of_the_first_time() {
    let mut story = committed();
    story.tells_of(0, txn(1, 1)).is_killed(0).cuts(1).establishes_with(2, 1, &[1]);
    story.settles().rests(2);
    let classes = story.broken();
    assert_eq!(classes[..2], [Class::O1, Class::I1], "{:#?}", story.findings());
}

#[test]
fn o1_the_same_zxid_for_another_request_is_another_write() {
    let mut story = committed();
    story.tells_of(0, txn(1, 1)).is_killed(0).cuts(1).establishes_with(2, 1, &[1]);
    let other = set(1, 1, 7, 1);
    story.broadcasts(2, other, &[1, 2]).commits(2, Z11).delivers(2, other).settles().rests(2);
    assert_eq!(story.broken()[0], Class::O1, "{:#?}", story.findings());
}

#[test]
fn a_server_with_a_hole_is_no_loss_while_the_leader_serves_the_write() {
    let mut story = committed();
    story.tells_of(0, txn(1, 1)).follows(2, 0, 1).settles().rests(0).rests(1);
    assert_broken(&mut story.fork(), &[]);
    story.rests(2);
    assert_broken(&mut story, &[Class::O3]);
}

#[test]
fn a_rejection_that_is_lost_is_no_lost_write() {
    let mut story = Story::of_three();
    story.establishes_with(0, 1, &[1]);
    let rejected = zab_core::Txn { change: zab_core::Change::Rejected, ..txn(1, 1) };
    story.asks(0, rejected.request, Op::WriteIf { key: K, value: 101, version: 5 });
    story.broadcasts(0, rejected, &[0, 1]).acks(1, 0, Z11).commits(0, Z11).delivers(0, rejected);
    story.answers(0, rejected.request, Outcome::BadVersion { zxid: Z11 });
    end(lose(&mut story));
    assert!(!story.broken().contains(&Class::O1), "{:#?}", story.findings());
}

#[test]
fn o2_a_write_that_timed_out_was_read_and_is_lost() {
    let mut story = committed();
    story.world(Fact::TimedOut { request: txn(1, 1).request });
    let mut unread = story.fork();
    end(lose(&mut unread));
    assert_broken(&mut unread, &[Class::I8]);
    end(lose(story.reads(1, request(1, 1))));
    assert_broken(&mut story, &[Class::O2, Class::I8]);
}

#[test]
fn o2_is_about_the_value_read_and_not_about_what_stands_below_it() {
    let mut story = Story::of_three();
    let (hidden, read) = (set(1, 1, 7, 1), set(1, 2, 8, 2));
    story.establishes_with(0, 1, &[1]).serves(1, 1);
    for txn in [hidden, read] {
        story.asks_for(0, txn).broadcasts(0, txn, &[0, 1]).acks(1, 0, txn.zxid);
        story.commits(0, txn.zxid).delivers(0, txn).delivers(1, txn);
        story.world(Fact::TimedOut { request: txn.request });
    }
    story.reads(1, request(1, 1));
    end(lose(&mut story));
    let violation = story.verdict();
    assert_eq!((violation.class, violation.loss().map(|l| l.txn)), (Class::O2, Some(read)));
}

#[test]
fn what_only_the_reads_at_the_end_show_was_not_read() {
    let mut story = committed();
    story.world(Fact::TimedOut { request: txn(1, 1).request });
    story.is_killed(0).establishes_with(2, 2, &[]).settles().reads(1, request(1, 1)).rests(2);
    assert!(!story.broken().contains(&Class::O2), "{:#?}", story.findings());
}

#[test]
fn o6_a_write_that_was_lost_comes_back() {
    let mut story = committed();
    story.tells_of(0, txn(1, 1)).is_killed(0).establishes_with(2, 2, &[]).is_killed(2);
    story.is_killed(1).starts(1, &[txn(1, 1)]).starts(2, &[]).establishes_with(1, 3, &[2]);
    story.settles().rests(1);
    let violation = story.verdict();
    assert_eq!(violation.class, Class::O6, "{:#?}", story.findings());
    let loss = violation.loss().expect("it is about a write");
    let back = loss.back.expect("it is back");
    assert_eq!((loss.lost.epoch.0, back.epoch.0, back.leader), (2, 3, NodeId(1)));
}

#[test]
fn a_loss_whose_end_is_not_known_is_undecided() {
    let mut story = committed();
    story.tells_of(0, txn(1, 1)).is_killed(0).cuts(1);
    story.establishes_with(2, 2, &[1]);
    let verdict = story.checker.finish();
    let violations: Vec<_> = story.checker.violations().map(|v| v.class).collect();
    assert_eq!(violations, [Class::I8], "a rule is broken, and that is all that can be said");
    assert_eq!(verdict.class(), Some(Class::I8));
}

#[test]
fn an_ensemble_that_never_comes_to_rest_is_undecided() {
    let mut story = committed();
    story.settles().world(Fact::NeverQuiet { bound: Span(7) });
    let Verdict::Unknown(reason) = story.checker.finish() else {
        panic!("not decided: {:#?}", story.findings());
    };
    assert!(reason.contains("did not come to rest"), "{reason}");
}

#[test]
fn o3_servers_at_rest_answer_differently_at_one_zxid_and_at_two() {
    let mut story = committed();
    story.follows(2, 0, 1).settles().rests(0);
    assert_broken(&mut story.fork().rests(1).fork(), &[]);
    let mut other = story.replica(1);
    other.registers[K.index()].value = 99;
    let rests = |story: &mut Story, replica| {
        story.fact(1, Fact::AtRest(Box::new(replica)));
        story.broken()
    };
    assert_eq!(rests(&mut story.fork(), other)[0], Class::O3, "at the same zxid");
    other.last_processed = Zxid::new(1, 9);
    assert_eq!(rests(&mut story, other)[0], Class::O3, "at another one");
}

#[test]
fn o8_equal_registers_and_different_histories() {
    let mut story = committed();
    story.settles().rests(0);
    let mut other = story.replica(1);
    other.digest = zab_core::Digest(7);
    story.fact(1, Fact::AtRest(Box::new(other)));
    let classes = story.broken();
    assert!(classes.contains(&Class::O8) && !classes.contains(&Class::O3), "{classes:?}");
}

#[test]
fn o8_says_which_transaction_a_server_lacks() {
    let mut story = committed();
    let hidden = zab_core::Txn { change: zab_core::Change::Rejected, ..txn(1, 2) };
    story.broadcasts(0, hidden, &[0, 1]).acks(1, 0, hidden.zxid).commits(0, hidden.zxid);
    story.delivers(0, hidden).settles().rests(0).rests(1);
    let latent = story.checker.finish();
    let Some(Detail::DiffersLatently { only_one, only_other, .. }) =
        latent.violation().map(|v| &v.detail)
    else {
        panic!("{latent:?}");
    };
    assert_eq!((*only_one, *only_other), (Some(hidden), None));
}

#[test]
fn o4_a_session_sees_an_older_state() {
    let mut story = committed();
    story.reads(1, request(1, 1));
    assert_broken(&mut story.fork().reads(0, request(1, 2)).reads(2, request(2, 1)).fork(), &[]);
    assert_broken(story.reads(2, request(1, 2)), &[Class::O4]);
}

#[test]
fn o4_is_told_when_the_answer_arrives() {
    let mut story = committed();
    story.reads(1, request(1, 1)).reads(2, request(1, 2));
    let told = story.checker.violations().next().expect("the session has gone back");
    let at_zero = Detail::Regress { request: request(1, 2), position: Zxid::ZERO, seen: Z11 };
    assert_eq!((told.class, &told.detail, told.node), (Class::O4, &at_zero, Some(NodeId(2))));
}

#[test]
fn o4_an_update_comes_after_what_its_session_has_seen() {
    let mut story = committed();
    story.reads(1, request(1, 1));
    let update = Op::WriteIf { key: K, value: 7, version: 5 };
    story.asks(1, request(1, 2), update);
    story.answers(1, request(1, 2), Outcome::BadVersion { zxid: Z11 });
    let told = story.checker.violations().next().map(|violation| violation.class);
    assert_eq!(told, Some(Class::O4));
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
fn o5_no_service_after_healing_and_when_it_came_back() {
    let bound = Span::from_millis(1);
    let unavailable = |excuse| Fact::Unavailable { bound, excuse };
    assert_broken(committed().world(unavailable(Some("no quorum"))), &[]);
    assert_broken(committed().world(unavailable(None)), &[Class::O5]);
    let mut late = committed();
    late.world(unavailable(None)).world(Fact::Available { after: Span(9) });
    let Detail::NoService { after, lost, .. } = late.verdict().detail else {
        panic!("{:#?}", late.findings());
    };
    assert_eq!((after, lost), (Some(Span(9)), None));
}

#[test]
fn o5_names_the_loss_that_nobody_serves_to_show() {
    let mut story = committed();
    story.tells_of(0, txn(1, 1));
    lose(&mut story).world(Fact::Unavailable { bound: Span(1), excuse: None });
    let violation = story.verdict();
    assert_eq!(violation.class, Class::O5, "{:#?}", story.findings());
    assert_eq!(violation.loss().map(|loss| loss.txn), Some(txn(1, 1)));
}

#[test]
fn o7_an_answer_that_no_order_explains() {
    let mut story = committed();
    story.tells_of(0, txn(1, 1));
    let value = Outcome::Value { value: 7, version: 1, position: Z11 };
    story.asks(1, request(1, 1), Op::Read { key: K });
    assert_broken(&mut story.fork(), &[]);
    assert_broken(story.answers(1, request(1, 1), value), &[Class::O7]);
}

#[test]
fn o7_an_answer_to_a_write_that_nobody_committed() {
    let mut story = committed();
    let early = set(1, 2, 7, 2);
    story.asks_for(0, early).proposes(0, early);
    assert_broken(&mut story.fork(), &[]);
    assert_broken(story.tells_of(0, early), &[Class::O7]);
}

#[test]
fn o7_a_loss_explains_the_answers_that_tell_of_it_and_no_others() {
    let mut story = committed();
    story.tells_of(0, txn(1, 1));
    let mut other = story.fork();
    end(lose(&mut story));
    assert_broken(&mut story, &[Class::O1, Class::I8]);
    let value = Outcome::Value { value: 7, version: 1, position: Z11 };
    other.asks(1, request(2, 1), Op::Read { key: K }).answers(1, request(2, 1), value);
    end(lose(&mut other));
    assert_broken(&mut other, &[Class::O1, Class::O7, Class::I8]);
}

#[test]
fn o9_a_server_that_does_not_serve_serves_no_write_or_falls_out() {
    let bound = Span(5);
    let of = |story: &mut Story| match story.verdict().detail {
        Detail::NeverServes(absence) => absence,
        other => panic!("{other}"),
    };
    let mut story = committed();
    story.settles();
    assert_eq!(of(story.fork().fact(2, Fact::NotServing { bound })), Absence::NotServing(bound));
    assert_eq!(of(story.fork().fact(1, Fact::NotWriting { bound })), Absence::NotWriting(bound));
    for _ in 0..2 {
        story.note(1, zab_core::event::Note::SteppedDown).follows(1, 0, 1);
    }
    assert_broken(&mut story.fork(), &[]);
    story.note(1, zab_core::event::Note::SteppedDown);
    assert_eq!(of(&mut story), Absence::FallsOut(3));
    assert_eq!(story.verdict().node, Some(NodeId(1)), "and it is said who");
}

#[test]
fn what_a_server_falls_out_of_before_service_is_back_does_not_count() {
    let mut story = committed();
    for _ in 0..5 {
        story.note(1, zab_core::event::Note::SteppedDown).follows(1, 0, 1);
    }
    assert_broken(&mut story, &[]);
}

#[test]
fn s1_a_sync_is_not_answered_below_what_was_committed_when_it_was_asked() {
    let mut story = committed();
    let sync = request(1, 1);
    story.asks(1, sync, Op::Sync);
    let answer = |position| Outcome::Synced { position };
    assert_broken(&mut story.fork().answers(1, sync, answer(Z11)).fork(), &[]);
    assert_broken(story.fork().answers(1, sync, answer(Zxid::new(1, 0))), &[Class::S1]);
    story.is_killed(2).establishes_with(2, 2, &[]);
    let late = story.fork().answers(1, sync, answer(Zxid::new(1, 0))).broken();
    assert!(!late.contains(&Class::S1), "a later epoch is established: nothing is promised");
}

#[test]
fn s1_a_server_that_stops_serving_promises_nothing() {
    let mut story = committed();
    let sync = request(1, 1);
    story.asks(1, sync, Op::Sync).note(1, zab_core::event::Note::SteppedDown);
    story.answers(1, sync, Outcome::Synced { position: Zxid::new(1, 0) });
    assert_broken(&mut story, &[]);
}

#[test]
fn s1_the_answer_to_a_sync_follows_the_commits_before_it() {
    let mut story = committed();
    let sync = request(1, 1);
    story.asks(1, sync, Op::Sync).note(0, zab_core::event::Note::SyncAnswered { request: sync });
    let answer = Packet::Sync { request: sync };
    let commit = Packet::Commit(Z11);
    assert_broken(story.fork().sends(0, 1, answer.clone()), &[Class::S1]);
    story.sends(0, 1, commit);
    assert_broken(story.fork().sends(0, 1, answer.clone()), &[]);
    // A call on an earlier connection arrives late, and is answered there: nobody hears of that.
    let offer = Packet::LeaderInfo { epoch: Epoch(1) };
    assert_broken(story.fork().sends(0, 1, offer).sends(0, 1, answer.clone()), &[]);
    // So is what a server forwarded that has left since.
    story.note(1, zab_core::event::Note::SteppedDown).promises(1, 0);
    assert_broken(story.fork().sends(0, 1, answer), &[]);
    // When it is back it has to be told once more.
    let again = request(1, 2);
    story.serves(1, 1).asks(1, again, Op::Sync);
    story.note(0, zab_core::event::Note::SyncAnswered { request: again });
    assert_broken(story.sends(0, 1, Packet::Sync { request: again }), &[Class::S1]);
}

#[test]
fn only_the_first_violation_of_a_class_is_kept_and_the_gravest_is_named() {
    let mut story = committed();
    story.world(Fact::Unavailable { bound: Span(1), excuse: None });
    story.world(Fact::Unavailable { bound: Span(2), excuse: None });
    story.tells_of(0, txn(1, 1));
    end(lose(&mut story));
    assert_broken(&mut story, &[Class::O1, Class::O5, Class::I8]);
}
