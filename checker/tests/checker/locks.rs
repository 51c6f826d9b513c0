//! E-1 to E-8: what sessions and a lock promise.

use crate::story::{Story, assert_broken};
use zab_checker::detail::{Detail, Session};
use zab_checker::verdict::Class;
use zab_checker::{Fact, News};
use zab_core::{Change, NodeId, RequestId, SessionError, SessionId, Txn, Zxid};

const A: SessionId = SessionId::tracked(SessionId::FIRST_TRACKED, NodeId(1), 1);
const B: SessionId = SessionId::tracked(SessionId::FIRST_TRACKED + 1, NodeId(0), 1);

/// The transaction ⟨1, counter⟩ of a session, whose request has the number of its zxid.
fn txn(counter: u32, session: SessionId, change: Change) -> Txn {
    Txn { zxid: Zxid::new(1, counter), request: RequestId { session, cxid: counter }, change }
}

fn node(number: u8) -> Change {
    Change::CreateNode { number }
}

fn close(numbers: &[u8]) -> Change {
    Change::CloseSession { nodes: numbers.iter().copied().collect() }
}

/// S0 is established in epoch 1 with S1.
fn begun() -> Story {
    let mut story = Story::of_three();
    story.establishes_with(0, 1, &[1]).serves(1, 1);
    story
}

/// These are committed, and applied by both.
fn commit(story: &mut Story, txns: impl IntoIterator<Item = Txn>) -> &mut Story {
    for txn in txns {
        story.broadcasts(0, txn, &[0, 1]).acks(1, 0, txn.zxid).commits(0, txn.zxid);
        story.delivers(0, txn).delivers(1, txn);
    }
    story
}

fn tell(story: &mut Story, server: u8, session: SessionId, news: News) -> &mut Story {
    story.fact(server, Fact::Lock { session, news })
}

/// A at S1 and B at S0 have a session each and a node; A has the lock.
fn queuing() -> Story {
    let mut story = begun();
    let open = Change::CreateSession;
    let txns = [txn(1, A, open), txn(2, B, open), txn(3, A, node(0)), txn(4, B, node(1))];
    commit(&mut story, txns);
    tell(&mut story, 1, A, News::Opened);
    tell(&mut story, 0, B, News::Opened);
    tell(&mut story, 1, A, News::Named { zxid: Zxid::new(1, 3), number: 0 });
    tell(&mut story, 0, B, News::Named { zxid: Zxid::new(1, 4), number: 1 });
    tell(&mut story, 1, A, News::Holds { number: 0 });
    story
}

/// Service is back, and both are at rest.
fn end(story: &mut Story) -> &mut Story {
    story.settles().rests(0).rests(1)
}

#[test]
fn a_lock_that_changes_hands_breaks_nothing() {
    let mut story = queuing();
    commit(&mut story, [txn(5, A, close(&[0]))]);
    // A does not know yet, and believes that it has the lock.
    tell(&mut story, 0, B, News::Holds { number: 1 });
    tell(&mut story, 1, A, News::Suspended);
    tell(&mut story, 1, A, News::Expired);
    assert_broken(end(&mut story), &[]);
}

#[test]
fn e5_two_clients_have_the_lock_and_neither_session_has_ended() {
    let mut story = queuing();
    let mut suspended = story.fork();
    tell(&mut story, 0, B, News::Holds { number: 1 });
    let violation = story.verdict();
    assert_eq!(violation.class, Class::E5);
    let (first, second) = ((A, 0), (B, 1));
    let seen = Session::TwoHolders { first, at: NodeId(1), second };
    assert_eq!(violation.detail, Detail::Session(seen));
    // A does nothing with the lock, until it is connected again.
    tell(&mut suspended, 1, A, News::Suspended);
    tell(&mut suspended, 0, B, News::Holds { number: 1 });
    assert_broken(&mut suspended.fork(), &[]);
    tell(&mut suspended, 1, A, News::Resumed);
    assert_broken(&mut suspended, &[Class::E5]);
}

#[test]
fn e1_a_session_that_has_ended_does_nothing_but_what_is_refused() {
    let mut story = queuing();
    commit(&mut story, [txn(5, A, close(&[0]))]);
    let mut kept = story.fork();
    let refused = Change::Refused(SessionError::Expired);
    commit(&mut kept, [txn(6, A, refused)]);
    assert_broken(end(&mut kept), &[]);
    commit(&mut story, [txn(6, A, node(2))]);
    assert_broken(end(&mut story), &[Class::E3, Class::E1]);
}

#[test]
fn e2_a_client_is_told_that_its_session_has_expired_when_that_is_committed() {
    let mut story = queuing();
    story.broadcasts(0, txn(5, A, close(&[0])), &[0]);
    let mut early = story.fork();
    tell(&mut early, 1, A, News::Expired);
    assert_broken(&mut early, &[Class::E2]);
    story.logs(1, txn(5, A, close(&[0]))).acks(1, 0, Zxid::new(1, 5)).commits(0, Zxid::new(1, 5));
    tell(&mut story, 1, A, News::Expired);
    assert_broken(&mut story, &[]);
}

#[test]
fn e3_a_node_is_where_its_session_is_open() {
    let mut story = queuing();
    assert_broken(end(&mut story.fork()), &[]);
    // S1 applies an end that nobody proposed.
    story.delivers(1, txn(5, A, close(&[0])));
    let broken = end(&mut story).broken();
    assert!(broken.contains(&Class::E3), "{broken:?}");
    let seen = story.checker.violations().find(|violation| violation.class == Class::E3);
    let Some(Detail::Session(Session::SessionWithoutNode { server, node })) =
        seen.map(|violation| violation.detail.clone())
    else {
        panic!("{seen:?}");
    };
    assert_eq!((server, node.owner, node.number), (NodeId(1), A, 0));
}

#[test]
fn e4_what_went_with_a_session_does_not_come_back() {
    let mut story = queuing();
    commit(&mut story, [txn(5, A, close(&[0]))]);
    assert_broken(end(&mut story.fork()), &[]);
    // S1 has what it had before.
    let mut replica = story.replica(1);
    replica.locks = queuing().replica(1).locks;
    story.loads(1, replica);
    let broken = end(&mut story).broken();
    assert!(broken.contains(&Class::E4) && broken.contains(&Class::E3), "{broken:?}");
}

#[test]
fn e6_names_that_are_told_are_distinct_and_grow() {
    let mut story = queuing();
    let mut kept = story.fork();
    tell(&mut kept, 0, B, News::Named { zxid: Zxid::new(1, 5), number: 2 });
    assert_broken(&mut kept, &[]);
    for number in [0, 1] {
        let mut broken = story.fork();
        tell(&mut broken, 0, B, News::Named { zxid: Zxid::new(2, 1), number });
        assert_broken(&mut broken, &[Class::E6]);
    }
    tell(&mut story, 0, B, News::Named { zxid: Zxid::new(1, 1), number: 7 });
    assert_broken(&mut story, &[Class::E6]);
}

#[test]
fn e7_a_sessions_operations_keep_their_order() {
    let mut story = queuing();
    let late = RequestId { session: A, cxid: 2 };
    let mut kept = story.fork();
    let moved = Change::Refused(SessionError::Moved);
    commit(&mut kept, [Txn { request: late, ..txn(5, A, moved) }]);
    assert_broken(end(&mut kept), &[]);
    commit(&mut story, [Txn { request: late, ..txn(5, A, node(2)) }]);
    assert_broken(end(&mut story), &[Class::E7]);
}

#[test]
fn e8_the_node_of_a_session_that_is_told_to_have_expired_is_gone_at_rest() {
    let mut story = queuing();
    tell(&mut story, 1, A, News::Expired);
    assert_broken(end(&mut story.fork()), &[Class::E8, Class::E2]);
    commit(&mut story, [txn(5, A, close(&[0]))]);
    assert_broken(end(&mut story), &[Class::E2]);
}
