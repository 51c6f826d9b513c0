//! What a leader that is not established yet lets pass, one input at a time.

use zab_core::event::Timer;
use zab_core::message::{ServerState, Vote};
use zab_core::{
    Config, ConnId, Epoch, File, Input, Lsn, Micros, Node, NodeId, Notification, Output, Packet,
    Recovered, Variant, Zxid,
};

/// Takes a step and returns what came of it.
fn step(node: &mut Node, input: Input) -> Vec<Output> {
    let mut outputs = Vec::new();
    node.step(Micros(0), input, &mut outputs);
    outputs
}

fn packet(from: u8, packet: Packet) -> Input {
    let from = NodeId(from);
    Input::Packet { from, conn: ConnId(u32::from(from.0)), packet }
}

/// S2 of three with empty disks, elected with the vote of S1; S0 and S1 are connected and have sent
/// FOLLOWERINFO; the epoch is promised on S2's disk.
fn leader() -> Node {
    let config = Config::new(3);
    let mut node = Node::new(NodeId(2), config, Variant::REFERENCE);
    step(&mut node, Input::Start(Box::<Recovered>::default()));
    let vote = Vote { leader: NodeId(2), zxid: Zxid::ZERO, peer_epoch: Epoch(0) };
    let notification = Notification { vote, round: 1, state: ServerState::Looking };
    step(&mut node, Input::Notification { from: NodeId(1), notification });
    // The timer of the start, then that of the finalize wait.
    step(&mut node, Input::Timer { timer: Timer::Election, generation: 2 });
    for peer in [0, 1] {
        let conn = ConnId(u32::from(peer));
        step(&mut node, Input::ConnectionUp { peer: NodeId(peer), conn, outgoing: false });
        step(&mut node, packet(peer, Packet::FollowerInfo { accepted_epoch: Epoch(4) }));
    }
    let outputs = step(&mut node, Input::DiskDone { file: File::AcceptedEpoch, upto: Lsn(1) });
    let epoch = Packet::LeaderInfo { epoch: Epoch(5) };
    let sent =
        outputs.iter().filter(|o| matches!(o, Output::Send { packet, .. } if *packet == epoch));
    assert_eq!(sent.count(), 2, "the epoch is above every promise: {outputs:?}");
    node
}

fn ack_epoch(current_epoch: Option<u32>, last_zxid: Zxid) -> Packet {
    Packet::AckEpoch { current_epoch: current_epoch.map(Epoch), last_zxid }
}

#[test]
fn a_follower_that_knows_more_is_sent_away() {
    for ahead in [ack_epoch(Some(1), Zxid::ZERO), ack_epoch(Some(0), Zxid::new(0, 1))] {
        let mut node = leader();
        assert_eq!(step(&mut node, packet(0, ahead)), [Output::Close(ConnId(0))]);
    }
}

#[test]
fn a_promise_made_before_does_not_count() {
    let mut node = leader();
    assert_eq!(step(&mut node, packet(0, ack_epoch(None, Zxid::ZERO))), []);
    let outputs = step(&mut node, packet(1, ack_epoch(Some(0), Zxid::ZERO)));
    assert!(!outputs.is_empty(), "with a promise of its own epoch it is a quorum");
}

#[test]
fn the_promise_is_on_disk_before_it_is_given() {
    let mut node = Node::new(NodeId(0), Config::new(3), Variant::REFERENCE);
    step(&mut node, Input::Start(Box::<Recovered>::default()));
    let vote = Vote { leader: NodeId(2), zxid: Zxid::new(1, 1), peer_epoch: Epoch(1) };
    for (from, state) in [(1, ServerState::Following), (2, ServerState::Leading)] {
        let notification = Notification { vote, round: 1, state };
        step(&mut node, Input::Notification { from: NodeId(from), notification });
    }
    let conn = ConnId(2);
    step(&mut node, Input::ConnectionUp { peer: NodeId(2), conn, outgoing: true });
    let outputs = step(&mut node, packet(2, Packet::LeaderInfo { epoch: Epoch(2) }));
    assert!(matches!(outputs[..], [Output::Disk { .. }]), "nothing is sent: {outputs:?}");
    let outputs = step(&mut node, Input::DiskDone { file: File::AcceptedEpoch, upto: Lsn(1) });
    let promise = Output::Send { conn, packet: ack_epoch(Some(0), Zxid::ZERO) };
    assert_eq!(outputs, [promise]);
}

#[test]
fn what_piled_up_at_a_handler_is_read_as_soon_as_a_quorum_has_promised() {
    let mut node = leader();
    step(&mut node, packet(0, ack_epoch(None, Zxid::ZERO)));
    assert_eq!(step(&mut node, packet(0, Packet::UpToDate)), [], "its handler waits for a quorum");
    let outputs = step(&mut node, packet(1, ack_epoch(Some(0), Zxid::ZERO)));
    assert!(outputs.contains(&Output::Close(ConnId(0))), "no learner says that: {outputs:?}");
}
