//! What a leader that is not established yet lets pass, and what a follower promises it.

use super::{connected_follower, elected, packet, step, step_and_write};
use zab_core::event::{Breach, Note};
use zab_core::{ConnId, DiskOp, Epoch, File, Input, Lsn, Node, Output, Packet, Recovered, Zxid};

/// S2 of three, to which S0 and S1 have sent FOLLOWERINFO; the epoch is promised on its disk.
fn leader() -> Node {
    let mut node = elected(3);
    for peer in [0, 1] {
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
fn an_epoch_is_above_the_promises_of_a_quorum() {
    let mut node = elected(5);
    let joins = |accepted| Packet::FollowerInfo { accepted_epoch: Epoch(accepted) };
    assert_eq!(step(&mut node, packet(0, joins(7))), [], "two of five are no quorum");
    let outputs = step(&mut node, packet(1, joins(2)));
    let promise = Output::Disk { lsn: Lsn(1), op: DiskOp::AcceptedEpoch(Epoch(8)) };
    assert_eq!(outputs, [promise], "nothing is sent before it is on disk");
    assert_eq!(step(&mut node, packet(2, joins(0))), [], "nor to whoever comes meanwhile");
}

#[test]
fn the_promise_is_on_disk_before_it_is_given() {
    let mut node = connected_follower(Recovered::default());
    let outputs = step(&mut node, packet(2, Packet::LeaderInfo { epoch: Epoch(2) }));
    assert!(matches!(outputs[..], [Output::Disk { .. }]), "nothing is sent: {outputs:?}");
    let outputs = step(&mut node, Input::DiskDone { file: File::AcceptedEpoch, upto: Lsn(1) });
    let promise = Output::Send { conn: ConnId(2), packet: ack_epoch(Some(0), Zxid::ZERO) };
    assert_eq!(outputs, [promise]);
}

#[test]
fn a_promise_is_given_again_only_as_one_that_does_not_count() {
    let promised = Recovered { accepted_epoch: Epoch(2), ..Recovered::default() };
    let mut node = connected_follower(promised);
    let outputs = step(&mut node, packet(2, Packet::LeaderInfo { epoch: Epoch(2) }));
    let packet = ack_epoch(None, Zxid::ZERO);
    assert_eq!(outputs, [Output::Send { conn: ConnId(2), packet }]);
}

#[test]
fn a_leader_below_the_promise_is_not_followed() {
    let promised = Recovered { accepted_epoch: Epoch(3), ..Recovered::default() };
    let mut node = connected_follower(promised);
    let outputs = step_and_write(&mut node, packet(2, Packet::LeaderInfo { epoch: Epoch(2) }));
    let leaves = [Output::Close(ConnId(2)), Output::Note(Note::SteppedDown)];
    assert_eq!(outputs[..2], leaves);
    let promises = |output: &Output| matches!(output, Output::Send { .. } | Output::Disk { .. });
    assert!(!outputs.iter().any(promises), "{outputs:?}");
}

#[test]
fn what_piled_up_at_a_handler_is_read_as_soon_as_a_quorum_has_promised() {
    let mut node = leader();
    step(&mut node, packet(0, ack_epoch(None, Zxid::ZERO)));
    assert_eq!(step(&mut node, packet(0, Packet::UpToDate)), [], "its handler waits for a quorum");
    let outputs = step(&mut node, packet(1, ack_epoch(Some(0), Zxid::ZERO)));
    assert!(outputs.contains(&Output::Close(ConnId(0))), "no learner says that: {outputs:?}");
}

#[test]
fn every_handler_reads_what_piled_up_once_the_epoch_is_promised() {
    let mut node = elected(3);
    for peer in [0, 1] {
        step(&mut node, packet(peer, Packet::FollowerInfo { accepted_epoch: Epoch(0) }));
    }
    assert_eq!(step(&mut node, packet(1, Packet::UpToDate)), [], "its handler waits");
    let outputs = step(&mut node, Input::DiskDone { file: File::AcceptedEpoch, upto: Lsn(1) });
    assert!(outputs.contains(&Output::Close(ConnId(1))), "no learner says that: {outputs:?}");
}

#[test]
fn a_packet_that_the_handler_does_not_expect_ends_it() {
    let zxid = Zxid::new(1, 1);
    for (unexpected, zxid) in [(Packet::Ack(zxid), zxid), (Packet::UpToDate, Zxid::ZERO)] {
        let breach = Output::Note(Note::Breached { breach: Breach::BadState, zxid });
        let outputs = step(&mut leader(), packet(0, unexpected));
        assert_eq!(outputs, [breach, Output::Close(ConnId(0))]);
    }
}
