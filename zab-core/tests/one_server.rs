//! One server and one input at a time: what the protocol lets it do, and what not.

#[path = "one_server/discovery.rs"]
mod discovery;
#[path = "one_server/election.rs"]
mod election;
#[path = "one_server/follower.rs"]
mod follower;
#[path = "one_server/headless.rs"]
mod headless;
#[path = "one_server/leader.rs"]
mod leader;
#[path = "one_server/roles.rs"]
mod roles;

use zab_core::event::Timer;
use zab_core::message::{ServerState, Vote};
use zab_core::{
    Actor, Change, Config, ConnId, DiskOp, Epoch, File, Input, Key, Lsn, Node, NodeId,
    Notification, Output, Packet, Recovered, RequestId, SessionId, Time, Txn, Variant, Zxid,
};

/// Takes a step and returns what came of it.
fn step(node: &mut Node, input: Input) -> Vec<Output> {
    let mut outputs = Vec::new();
    node.step(Time(0), input, &mut outputs);
    outputs
}

/// Half a tick has passed; its timer has been set this often. Returns what came of it.
fn half_tick(node: &mut Node, generation: u32, now: Time) -> Vec<Output> {
    let mut outputs = Vec::new();
    node.step(now, Input::Timer { timer: Timer::Tick, generation }, &mut outputs);
    outputs
}

/// Takes a step; the disk does at once what that asks of it, and the receiver gets the turns that it
/// asks for. Returns what came of it all.
fn step_and_write(node: &mut Node, input: Input) -> Vec<Output> {
    let mut outputs = step(node, input);
    let mut at = 0;
    while let Some(output) = outputs.get(at) {
        let answer = match output {
            Output::Disk { lsn, op } if op.is_reported() => {
                Some(Input::DiskDone { file: op.file(), upto: *lsn })
            }
            Output::Ready(actor @ (Actor::Receiver | Actor::Loader)) => Some(Input::Turn(*actor)),
            _ => None,
        };
        outputs.extend(answer.into_iter().flat_map(|input| step(node, input)));
        at += 1;
    }
    outputs
}

/// A packet on the only connection that there ever is to this server.
fn packet(from: u8, packet: Packet) -> Input {
    let from = NodeId(from);
    Input::Packet { from, conn: ConnId(u32::from(from.0)), packet }
}

/// A server that has just started with this on its disk.
fn started(id: u8, servers: u8, recovered: Recovered) -> Node {
    begun(Node::new(NodeId(id), Config::new(servers), Variant::REFERENCE), recovered)
}

fn begun(mut node: Node, recovered: Recovered) -> Node {
    step_and_write(&mut node, Input::Start(Box::new(recovered)));
    node
}

/// A server says what it is doing, in the first round.
fn notification(from: u8, state: ServerState, vote: Vote) -> Input {
    Input::Notification { from: NodeId(from), notification: Notification { vote, round: 1, state } }
}

/// S0 of three, elected to follow S2 and connected to it.
fn connected_follower(recovered: Recovered) -> Node {
    connected_follower_of(Variant::REFERENCE, recovered)
}

fn connected_follower_of(variant: Variant, recovered: Recovered) -> Node {
    let mut node = begun(Node::new(NodeId(0), Config::new(3), variant), recovered);
    elects_s2(&mut node, Epoch(1));
    step(&mut node, Input::ConnectionUp { peer: NodeId(2), conn: ConnId(2), outgoing: true });
    node
}

/// The two others of three tell S0 that they have made S2 their leader, with this epoch. Returns what came of the
/// second message.
fn elects_s2(node: &mut Node, peer_epoch: Epoch) -> Vec<Output> {
    let vote = Vote { leader: NodeId(2), zxid: Zxid::new(1, 1), peer_epoch };
    step(node, notification(1, ServerState::Following, vote));
    step(node, notification(2, ServerState::Leading, vote))
}

/// The last server of an ensemble with empty disks, elected with the votes of a quorum; all others have
/// connected.
fn elected(servers: u8) -> Node {
    elected_of(Variant::REFERENCE, servers)
}

fn elected_of(variant: Variant, servers: u8) -> Node {
    let me = servers - 1;
    let node = Node::new(NodeId(me), Config::new(servers), variant);
    let mut node = begun(node, Recovered::default());
    let vote = Vote { leader: NodeId(me), zxid: Zxid::ZERO, peer_epoch: Epoch(0) };
    for from in 0..servers / 2 {
        step(&mut node, notification(from, ServerState::Looking, vote));
    }
    // The timer of the start, then that of the finalize wait.
    step(&mut node, Input::Timer { timer: Timer::Election, generation: 2 });
    for peer in 0..me {
        let conn = ConnId(u32::from(peer));
        step(&mut node, Input::ConnectionUp { peer: NodeId(peer), conn, outgoing: false });
    }
    node
}

/// The flush of the log that these outputs ask for.
fn flush_of(outputs: &[Output]) -> Lsn {
    let flush = outputs.iter().find_map(|output| match output {
        Output::Disk {
            lsn,
            op: DiskOp::Flush | DiskOp::FlushFile | DiskOp::FlushRecovered(File::Log),
        } => Some(*lsn),
        _ => None,
    });
    flush.expect("something is logged")
}

/// A write of that zxid.
fn txn(zxid: Zxid) -> Txn {
    let request = RequestId { session: SessionId(0), cxid: zxid.counter };
    let change = Change::Set { key: Key(0), value: zxid.counter, version: zxid.counter };
    Txn { zxid, request, change }
}
