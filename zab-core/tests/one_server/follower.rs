//! What a follower lets pass after discovery.

use super::{connected_follower, packet, step, step_and_write, txn};
use zab_core::event::{Breach, ExitReason, Note};
use zab_core::{Epoch, Node, Output, Packet, Recovered, Zxid};

const FIRST: Zxid = Zxid::new(1, 1);
const SECOND: Zxid = Zxid::new(1, 2);

/// S0 in broadcast in epoch 1, with two proposals that are not committed.
fn follower() -> Node {
    let mut node = connected_follower(Recovered::default());
    let epoch = Epoch(1);
    let synchronization = [
        Packet::LeaderInfo { epoch },
        Packet::Diff { zxid: Zxid::ZERO },
        Packet::NewLeader { epoch },
        Packet::UpToDate,
        Packet::Proposal(txn(FIRST)),
        Packet::Proposal(txn(SECOND)),
    ];
    for next in synchronization {
        step_and_write(&mut node, packet(2, next));
    }
    assert!(node.view().serving);
    node
}

#[test]
fn a_commit_out_of_order_ends_the_process() {
    let mut node = follower();
    let breach = Output::Note(Note::Breached { breach: Breach::BadCommit, zxid: SECOND });
    let outputs = step(&mut node, packet(2, Packet::Commit(SECOND)));
    assert_eq!(outputs, [breach, Output::Exit(ExitReason::UnmatchedCommit)]);
}

#[test]
fn a_commit_of_nothing_is_only_noted() {
    let mut node = follower();
    for zxid in [FIRST, SECOND] {
        step(&mut node, packet(2, Packet::Commit(zxid)));
    }
    let third = Zxid::new(1, 3);
    let breach = Output::Note(Note::Breached { breach: Breach::BadCommit, zxid: third });
    assert_eq!(step(&mut node, packet(2, Packet::Commit(third))), [breach]);
}
