//! Which sessions end, and who may speak for them.

use super::{Owner, Tracker, Tracking};
use crate::event::{Actor, Input, Note, Output, Timer};
use crate::ids::{ConnId, NodeId, RequestId, SessionId, Zxid};
use crate::invariants::samples::{established, following};
use crate::locks::SessionError;
use crate::message::Packet;
use crate::node::Node;
use crate::time::Time;
use crate::txn::{Change, Op, Outcome, Txn};

const LEADER: NodeId = NodeId(2);
const A: SessionId = SessionId::tracked(SessionId::FIRST_TRACKED, LEADER, 1);
const AT_S0: Owner = Owner::Learner(ConnId(0));
const AT_S1: Owner = Owner::Learner(ConnId(1));

fn tracker() -> Tracker {
    let mut tracker = Tracker::default();
    tracker.open(A, Time(100), AT_S0);
    tracker
}

#[test]
fn a_session_that_nothing_is_heard_of_ends_once() {
    let mut tracker = tracker();
    assert!(tracker.touch(A, Time(200)));
    assert_eq!(tracker.expire(Time(199)), []);
    assert_eq!(tracker.expire(Time(200)), [A]);
    assert_eq!(tracker.expire(Time(900)), [], "closeSession is proposed");
    assert!(!tracker.touch(A, Time(900)), "it is too late for a sign of life");
    assert_eq!(tracker.check(A, AT_S0), Err(SessionError::Expired));
}

#[test]
fn a_session_goes_on_where_its_client_has_connected_last_and_nowhere_else() {
    let mut tracker = tracker();
    assert_eq!(tracker.check(A, AT_S0), Ok(()));
    assert_eq!(tracker.revalidate(A, Time(300), AT_S1), Some(true));
    assert_eq!(tracker.check(A, AT_S0), Err(SessionError::Moved));
    assert_eq!(tracker.check(A, AT_S1), Ok(()));
}

#[test]
fn a_new_leader_gives_every_session_its_full_time_and_takes_it_where_it_hears_of_it_first() {
    let mut tracker = Tracker::default();
    tracker.start([A].into_iter(), Tracking { deadline: Time(500), lenient: None });
    assert_eq!(tracker.expire(Time(499)), []);
    assert_eq!(tracker.check(A, AT_S1), Ok(()));
    assert_eq!(tracker.check(A, AT_S0), Err(SessionError::Moved));
}

/// `LeaderSessionTracker.checkSession`, and `checkGlobalSession` beside it.
#[test]
fn what_is_not_known_passes_if_it_may_be_a_local_session_of_another_server() {
    let expired = Err(SessionError::Expired);
    let global = SessionId::tracked(SessionId::FIRST_TRACKED, NodeId(0), 1);
    let own = A.begun_as_local();
    for (lenient, session, may) in [
        (Some(LEADER), global.begun_as_local(), Ok(())),
        (Some(LEADER), own, expired),
        (Some(LEADER), global, expired),
        (None, global.begun_as_local(), expired),
    ] {
        let mut tracker = Tracker::default();
        tracker.start([session].into_iter(), Tracking { deadline: Time(500), lenient });
        tracker.expire(Time(500));
        assert_eq!(tracker.check(session, AT_S0), expired, "it is known to be closing");
        tracker.remove(session);
        assert_eq!(tracker.check(session, AT_S0), may, "{session} with {lenient:?}");
        assert_eq!(tracker.check_global(session, AT_S0), expired, "no ephemeral node");
    }
}

#[test]
fn nobody_is_told_that_a_session_has_expired_before_that_is_committed() {
    let mut tracker = tracker();
    tracker.expire(Time(100));
    assert_eq!(tracker.revalidate(A, Time(900), AT_S0), None, "closeSession may come to nothing");
    tracker.remove(A);
    assert_eq!(tracker.revalidate(A, Time(900), AT_S0), Some(false));
}

fn step(node: &mut Node, at: u64, input: Input) -> Vec<Output> {
    let mut outputs = Vec::new();
    node.step(Time(at), input, &mut outputs);
    outputs
}

/// What a step proposes.
fn proposed(outputs: &[Output]) -> Vec<Change> {
    let change = |output: &Output| match output {
        Output::Note(Note::Proposed(txn)) => Some(txn.change),
        _ => None,
    };
    outputs.iter().filter_map(change).collect()
}

fn ask(cxid: u32, op: Op) -> Input {
    let request = RequestId { session: A, cxid };
    Input::Client { request, last_seen: Zxid::ZERO, op }
}

/// A leader's turn to log, its learner's acknowledgement, and its turn to apply.
fn commit(node: &mut Node, counter: u32) -> Vec<Output> {
    let conn = ConnId(1);
    for output in step(node, 1, Input::Turn(Actor::LogWriter)) {
        if let Output::Disk { lsn, op } = output
            && op.is_reported()
        {
            step(node, 1, Input::DiskDone { file: op.file(), upto: lsn });
        }
    }
    let packet = Packet::Ack(Zxid::new(2, counter));
    step(node, 1, Input::Packet { from: NodeId(1), conn, packet });
    step(node, 1, Input::Turn(Actor::Committer))
}

#[test]
fn a_leader_ends_a_silent_session_with_the_nodes_that_are_there_or_proposed() {
    let mut node = established();
    step(&mut node, 1, ask(1, Op::OpenSession));
    let outputs = commit(&mut node, 1);
    let told = outputs.iter().any(|output| {
        matches!(output, Output::Reply { outcome: Outcome::Connected { opened: Some(_) }, .. })
    });
    assert!(told, "{outputs:?}");
    let created = proposed(&step(&mut node, 2, ask(2, Op::CreateNode)));
    assert_eq!(created, [Change::CreateNode { number: 0 }]);
    let late = 10_000_000;
    let tick = |generation| Input::Timer { timer: Timer::Tick, generation };
    // Which generation is in force is the server's business.
    let ended: Vec<Change> =
        (1..20).flat_map(|generation| proposed(&step(&mut node, late, tick(generation)))).collect();
    let nodes = [0].into_iter().collect();
    assert_eq!(ended, [Change::CloseSession { nodes }], "the node is proposed, not committed");
    let refused = proposed(&step(&mut node, late, ask(3, Op::CreateNode)));
    assert_eq!(refused, [], "the leader's own client is not even listened to");
}

#[test]
fn a_learner_tells_its_leader_of_whom_it_has_heard_and_hangs_up_when_a_session_ends() {
    let mut node = following();
    let conn = ConnId(LEADER.0.into());
    let get = |node: &mut Node, packet| step(node, 1, Input::Packet { from: LEADER, conn, packet });
    let resumed = step(&mut node, 1, ask(1, Op::ResumeSession));
    let request = RequestId { session: A, cxid: 1 };
    let asks = Output::Send { conn, packet: Packet::Revalidate { request } };
    assert_eq!(resumed, [asks]);
    let outputs = get(&mut node, Packet::Revalidated { request, is_valid: true });
    let outcome = Outcome::Connected { opened: None };
    assert_eq!(outputs, [Output::Reply { request, outcome }]);
    step(&mut node, 1, ask(2, Op::Ping));
    let pong = |touched| Output::Send { conn, packet: touched };
    assert_eq!(get(&mut node, Packet::Ping), [pong(Packet::Touched([A].into_iter().collect()))]);
    assert_eq!(get(&mut node, Packet::Ping), [pong(Packet::Ping)]);

    let change = Change::CloseSession { nodes: Default::default() };
    let end = Txn { zxid: Zxid::new(2, 2), request: RequestId { session: A, cxid: 0 }, change };
    let server = node.server();
    server.memory = crate::memory::Memory::new(crate::Replica::default(), 4);
    assert!(server.apply_committed(&end).is_continue());
    server.out.clear();
    let request = RequestId { session: A, cxid: 3 };
    let outcome = Outcome::Disconnected;
    assert_eq!(step(&mut node, 1, ask(3, Op::Ping)), [Output::Reply { request, outcome }]);
}
