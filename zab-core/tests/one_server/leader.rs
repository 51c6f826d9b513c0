//! What an established leader commits, and when.

use super::{
    elected, elected_of, flush_of, half_tick, notification, packet, started, step, step_and_write,
};
use zab_core::event::Note;
use zab_core::event::Timer;
use zab_core::message::{ServerState, Vote};
use zab_core::{
    Actor, Config, ConnId, DiskError, DiskOp, Epoch, File, Input, Key, Node, NodeId, Op, Output,
    Packet, Recovered, RequestId, SessionId, Time, Variant, Zxid,
};

const FIRST: Zxid = Zxid::new(1, 1);
const SECOND: Zxid = Zxid::new(1, 2);

/// S2 of three in broadcast in epoch 1 with S1; two proposals are on its own disk and nobody else's.
fn leader() -> Node {
    let mut node = leader_of(Variant::REFERENCE);
    step_and_write(&mut node, Input::Turn(Actor::LogWriter));
    node
}

/// The same, before its log writer takes the proposals.
fn leader_of(variant: Variant) -> Node {
    let mut node = elected_of(variant, 3);
    let epoch = Epoch(0);
    let discovery = [
        Packet::FollowerInfo { accepted_epoch: epoch },
        Packet::AckEpoch { current_epoch: Some(epoch), last_zxid: Zxid::ZERO },
        Packet::Ack(Zxid::of_epoch(Epoch(1))),
    ];
    for next in discovery {
        step_and_write(&mut node, packet(1, next));
    }
    for cxid in [1, 2] {
        let request = RequestId { session: SessionId(0), cxid };
        let op = Op::Write { key: Key(0), value: cxid };
        step(&mut node, Input::Client { request, last_seen: Zxid::ZERO, op });
    }
    node
}

fn committed(outputs: &[Output]) -> Vec<Zxid> {
    let commit = |output: &Output| match output {
        Output::Note(Note::Committed(zxid)) => Some(*zxid),
        _ => None,
    };
    outputs.iter().filter_map(commit).collect()
}

#[test]
fn commits_are_in_order_even_if_acknowledgements_are_not() {
    let mut node = leader();
    let outputs = step(&mut node, packet(1, Packet::Ack(SECOND)));
    assert_eq!(committed(&outputs), [], "the older one is not acknowledged by a quorum");
    let outputs = step(&mut node, packet(1, Packet::Ack(FIRST)));
    assert_eq!(committed(&outputs), [FIRST, SECOND]);
}

/// `SyncRequestProcessor.shutdown` has the log flushed once more, and `AckRequestProcessor` is still there.
#[test]
fn a_leader_counts_itself_for_what_is_flushed_as_its_log_writer_is_shut_down() {
    let variant = Variant { disk_error_keeps_memory: true, ..Variant::REFERENCE };
    let mut node = leader_of(variant);
    let lsn = flush_of(&step(&mut node, Input::Turn(Actor::LogWriter)));
    step(&mut node, packet(1, Packet::Ack(FIRST)));
    let (file, error) = (File::Log, DiskError::Write);
    let outputs = step(&mut node, Input::DiskFailed { file, lsn, error });
    let upto = flush_of(&outputs);
    assert!(!outputs.contains(&Output::Note(Note::SteppedDown)), "{outputs:?}");
    let outputs = step(&mut node, Input::DiskDone { file, upto });
    assert_eq!(committed(&outputs), [FIRST]);
    assert!(outputs.contains(&Output::Note(Note::SteppedDown)), "{outputs:?}");
}

#[test]
fn the_same_server_counts_once() {
    let mut node = elected(5);
    let joins = |accepted| Packet::FollowerInfo { accepted_epoch: Epoch(accepted) };
    assert_eq!(step(&mut node, packet(0, joins(0))), []);
    let again = step(&mut node, packet(0, joins(0)));
    assert!(!again.iter().any(|output| matches!(output, Output::Disk { .. })), "{again:?}");
}

#[test]
fn a_leader_looks_once_a_tick_whether_a_quorum_follows() {
    let mut node = leader();
    for peer in [0, 1] {
        let (peer, conn) = (NodeId(peer), ConnId(peer.into()));
        step(&mut node, Input::ConnectionDown { peer, conn });
    }
    let left = Output::Note(Note::SteppedDown);
    assert!(!half_tick(&mut node, 1, Time(20_000)).contains(&left), "half a tick has passed");
    assert!(half_tick(&mut node, 2, Time(40_000)).contains(&left), "a whole tick has");
}

#[test]
fn a_learner_that_acknowledges_too_slowly_is_dismissed_whatever_else_it_says() {
    let Config { tick, sync_limit, .. } = Config::new(3);
    let limit = tick.0 * u64::from(sync_limit);
    let is_dismissed = |acks: &[Zxid], now| {
        let mut node = leader();
        for _ in 0..8 {
            step(&mut node, Input::Turn(Actor::Sender(NodeId(1))));
        }
        for zxid in acks {
            step(&mut node, packet(1, Packet::Ack(*zxid)));
        }
        node.step(Time(now), packet(1, Packet::Ping), &mut Vec::new());
        half_tick(&mut node, 1, Time(now)).contains(&Output::Close(ConnId(1)))
    };
    assert!(is_dismissed(&[], limit) && !is_dismissed(&[], limit - 1));
    assert!(is_dismissed(&[FIRST], limit) && !is_dismissed(&[FIRST], limit - 1));
    assert!(!is_dismissed(&[FIRST, SECOND], limit), "it owes nothing");
}

/// `Learner.registerWithLeader`: who has promised a later epoch would never follow this one.
#[test]
fn a_leader_makes_room_for_a_later_promise() {
    let joins = |accepted| packet(0, Packet::FollowerInfo { accepted_epoch: Epoch(accepted) });
    let left = Output::Note(Note::SteppedDown);
    assert!(!step(&mut leader(), joins(1)).contains(&left));
    assert!(step(&mut leader(), joins(2)).contains(&left));
}

#[test]
fn a_leader_connects_to_nobody() {
    let conn = ConnId(7);
    let up = |outgoing| Input::ConnectionUp { peer: NodeId(0), conn, outgoing };
    assert_eq!(step(&mut leader(), up(true)), [Output::Close(conn)]);
    assert_eq!(step(&mut leader(), up(false)), [], "learners do");
}

#[test]
fn a_server_listens_while_it_leads() {
    let conn = ConnId(7);
    let up = || Input::ConnectionUp { peer: NodeId(0), conn, outgoing: false };
    let mut node = started(2, 3, Recovered::default());
    assert_eq!(step(&mut node, up()), [Output::Refuse(conn)], "it looks for a leader");
    let mut node = leader();
    assert_eq!(step(&mut node, up()), []);
    assert!(step(&mut node, Input::StepDown).contains(&Output::Note(Note::SteppedDown)));
    assert_eq!(step(&mut node, up()), [Output::Refuse(conn)], "it does not lead any more");
}

/// `LearnerHandler.synced`: its deadline moves only with what it says once it serves.
#[test]
fn a_learner_that_does_not_serve_counts_for_init_limit_and_sync_limit() {
    let Config { tick, init_limit, sync_limit, .. } = Config::new(3);
    let limit = init_limit + sync_limit;
    // S0 is connected all the time, and takes its time to be synchronized.
    let leads_when_s1_goes_before = |last_tick: u32| {
        let mut node = leader();
        let mut outputs = Vec::new();
        for half in 1..=2 * last_tick {
            let now = Time(tick.0 / 2 * u64::from(half));
            let mut takes = |input| node.step(now, input, &mut Vec::new());
            if half == 2 * last_tick {
                takes(Input::ConnectionDown { peer: NodeId(1), conn: ConnId(1) });
            } else {
                takes(packet(1, Packet::Ping));
            }
            if half == 16 {
                takes(packet(0, Packet::FollowerInfo { accepted_epoch: Epoch(0) }));
            }
            if half == 28 {
                let current_epoch = Some(Epoch(0));
                takes(packet(0, Packet::AckEpoch { current_epoch, last_zxid: Zxid::ZERO }));
            }
            outputs = half_tick(&mut node, half, now);
        }
        !outputs.contains(&Output::Note(Note::SteppedDown))
    };
    assert!(leads_when_s1_goes_before(limit));
    assert!(!leads_when_s1_goes_before(limit + 1));
}

#[test]
fn a_learner_that_says_nothing_for_sync_limit_is_dismissed() {
    let Config { tick, sync_limit, .. } = Config::new(3);
    let limit = tick.0 * u64::from(sync_limit);
    let is_dismissed =
        |now| half_tick(&mut leader(), 1, Time(now)).contains(&Output::Close(ConnId(1)));
    assert!(!is_dismissed(limit - 1));
    assert!(is_dismissed(limit));
}

/// `Leader.lead`: `loadData` takes a snapshot, and only then `LearnerCnxAcceptor` starts.
#[test]
fn who_begins_with_a_snapshot_hears_no_learner_before_it_is_written() {
    let variant = Variant { elected_snapshots_tail: true, ..Variant::REFERENCE };
    let mut node = Node::new(NodeId(2), Config::new(3), variant);
    step_and_write(&mut node, Input::Start(Box::default()));
    let vote = Vote { leader: NodeId(2), zxid: Zxid::ZERO, peer_epoch: Epoch(0) };
    step(&mut node, notification(0, ServerState::Looking, vote));
    let outputs = step(&mut node, Input::Timer { timer: Timer::Election, generation: 2 });
    let written = outputs.iter().find_map(|output| match output {
        Output::Disk { lsn, op: DiskOp::Snapshot(_) } => Some(*lsn),
        _ => None,
    });
    let upto = written.expect("it writes a snapshot");
    step(&mut node, Input::ConnectionUp { peer: NodeId(0), conn: ConnId(0), outgoing: false });
    let joins = Packet::FollowerInfo { accepted_epoch: Epoch(0) };
    assert_eq!(step(&mut node, packet(0, joins)), []);
    assert_eq!(step(&mut node, Input::StepDown), [], "its thread is in the disk");
    let outputs = step(&mut node, Input::DiskDone { file: File::Snapshot, upto });
    let promises = |output: &Output| {
        matches!(output, Output::Disk { op: DiskOp::AcceptedEpoch(Epoch(1)), .. })
    };
    assert!(outputs.iter().any(promises), "{outputs:?}");
}
