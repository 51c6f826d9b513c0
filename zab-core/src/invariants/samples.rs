//! Servers in every state that has something to break: S0, S1 and S2 begin with ⟨1, 1⟩ and ⟨1, 2⟩
//! on disk, S2 leads.

use crate::event::{Actor, File, Input, Output, Recovered, Timer};
use crate::ids::{ConnId, Epoch, NodeId, RequestId, SessionId, Zxid};
use crate::invariants::Invariant;
use crate::message::{Notification, Packet, ServerState, Vote};
use crate::time::Time;
use crate::txn::{Change, Key, Op, Txn};
use crate::{Config, Node, Variant};

const LEADER: NodeId = NodeId(2);

/// A sample after something was done to it, and what that breaks.
pub(crate) fn breaks(
    invariant: Invariant,
    mut sample: Node,
    how: impl FnOnce(&mut Node),
) -> (Invariant, Node) {
    how(&mut sample);
    (invariant, sample)
}

pub(crate) fn request(cxid: u32) -> RequestId {
    RequestId { session: SessionId(0), cxid }
}

pub(crate) fn txn(epoch: u32, counter: u32) -> Txn {
    let change = Change::Set { key: Key(0), value: counter, version: counter };
    Txn { zxid: Zxid::new(epoch, counter), request: request(counter), change }
}

fn step(node: &mut Node, input: Input) -> Vec<Output> {
    let mut outputs = Vec::new();
    node.step(Time(0), input, &mut outputs);
    outputs
}

/// Takes a step, and the disk does at once what that asks of it.
fn step_and_write(node: &mut Node, input: Input) {
    let mut inputs = vec![input];
    while let Some(input) = inputs.pop() {
        for output in step(node, input) {
            if let Output::Disk { lsn, op } = output
                && op.is_reported()
            {
                inputs.push(Input::DiskDone { file: op.file(), upto: lsn });
            }
        }
    }
}

fn receive(node: &mut Node, from: NodeId, packet: Packet) {
    let conn = ConnId(from.0.into());
    step_and_write(node, Input::Packet { from, conn, packet });
}

fn notify(node: &mut Node, from: u8, state: ServerState) {
    let vote = Vote { leader: LEADER, zxid: Zxid::new(1, 2), peer_epoch: Epoch(1) };
    let notification = Notification { vote, round: 1, state };
    step(node, Input::Notification { from: NodeId(from), notification });
}

fn start(id: NodeId) -> Node {
    let mut node = Node::new(id, Config::new(3), Variant::REFERENCE);
    let log = vec![txn(1, 1), txn(1, 2)];
    let epochs = Epoch(1);
    let recovered =
        Recovered { log, accepted_epoch: epochs, current_epoch: epochs, ..Recovered::default() };
    step_and_write(&mut node, Input::Start(Box::new(recovered)));
    node
}

/// S2 with the votes of a quorum, which it waits to see outdone.
pub(crate) fn looking() -> Node {
    let mut node = start(LEADER);
    notify(&mut node, 1, ServerState::Looking);
    node
}

/// S2, elected, and S1 has connected.
pub(crate) fn connecting() -> Node {
    let mut node = looking();
    step(&mut node, Input::Timer { timer: Timer::Election, generation: 2 });
    for peer in [0, 1] {
        let (peer, conn) = (NodeId(peer), ConnId(peer.into()));
        step(&mut node, Input::ConnectionUp { peer, conn, outgoing: false });
    }
    node
}

/// S2 after LEADERINFO to S1.
pub(crate) fn electing() -> Node {
    let mut node = connecting();
    receive(&mut node, NodeId(1), Packet::FollowerInfo { accepted_epoch: Epoch(1) });
    node
}

/// S2 after NEWLEADER to S1, with its own `currentEpoch` on disk.
pub(crate) fn synchronizing() -> Node {
    let mut node = electing();
    let last_zxid = Zxid::new(1, 2);
    let current_epoch = Some(Epoch(1));
    receive(&mut node, NodeId(1), Packet::AckEpoch { current_epoch, last_zxid });
    node
}

/// S2 at rest in broadcast.
pub(crate) fn established() -> Node {
    let mut node = synchronizing();
    receive(&mut node, NodeId(1), Packet::Ack(Zxid::new(2, 0)));
    node
}

/// S2 with ⟨2, 1⟩ committed but not applied, ⟨2, 2⟩ in its log alone, ⟨2, 3⟩ being flushed, ⟨2, 4⟩
/// queued, and a `sync` of S1 that waits for all of it.
pub(crate) fn leading() -> Node {
    let mut node = established();
    let write = |node: &mut Node, value| {
        let op = Op::Write { key: Key(0), value };
        step(node, Input::Client { request: request(value), last_seen: Zxid::ZERO, op });
    };
    for value in [1, 2] {
        write(&mut node, value);
    }
    step_and_write(&mut node, Input::Turn(Actor::LogWriter));
    receive(&mut node, NodeId(1), Packet::Ack(Zxid::new(2, 1)));
    write(&mut node, 3);
    step(&mut node, Input::Turn(Actor::LogWriter));
    write(&mut node, 4);
    receive(&mut node, NodeId(1), Packet::Sync { request: request(9) });
    node
}

/// S2 stepping down, while its log is being flushed: it still counts acknowledgements.
pub(crate) fn closing() -> Node {
    let mut node = leading();
    step(&mut node, Input::StepDown);
    node
}

/// S0 on its way to the election, while its log is being flushed.
pub(crate) fn stopping() -> Node {
    let mut node = following();
    step(&mut node, Input::StepDown);
    node
}

/// S0, elected to follow S2, connected.
pub(crate) fn connected() -> Node {
    let mut node = start(NodeId(0));
    notify(&mut node, 1, ServerState::Following);
    notify(&mut node, 2, ServerState::Leading);
    let conn = ConnId(LEADER.0.into());
    step(&mut node, Input::ConnectionUp { peer: LEADER, conn, outgoing: true });
    node
}

/// S0 waits for its log before it acknowledges NEWLEADER; ⟨1, 4⟩ is not committed yet.
pub(crate) fn being_synchronized() -> Node {
    let mut node = connected();
    receive(&mut node, LEADER, Packet::LeaderInfo { epoch: Epoch(2) });
    receive(&mut node, LEADER, Packet::Diff { zxid: Zxid::new(1, 3) });
    receive(&mut node, LEADER, Packet::Proposal(txn(1, 3)));
    receive(&mut node, LEADER, Packet::Commit(Zxid::new(1, 3)));
    receive(&mut node, LEADER, Packet::Proposal(txn(1, 4)));
    let packet = Packet::NewLeader { epoch: Epoch(2) };
    step(&mut node, Input::Packet { from: LEADER, conn: ConnId(2), packet });
    node
}

/// S0 in broadcast: ⟨1, 4⟩ is being flushed, ⟨2, 1⟩ waits to be.
pub(crate) fn following() -> Node {
    let mut node = being_synchronized();
    let upto = crate::Lsn(7);
    step_and_write(&mut node, Input::DiskDone { file: File::Log, upto });
    receive(&mut node, LEADER, Packet::UpToDate);
    step(&mut node, Input::Turn(Actor::LogWriter));
    receive(&mut node, LEADER, Packet::Proposal(txn(2, 1)));
    node
}
