//! What connections deliver and lose.

use super::*;
use zab_core::{Epoch, Notification, Zxid};

const A: NodeId = NodeId(0);
const B: NodeId = NodeId(1);
const DELAYS: Delays = Delays { seed: 3 };
const LATER: Time = Time(50_000);

/// A network with one connection that both ends know of.
fn connected(fx: &mut Effects) -> (Network, ConnId) {
    let mut network = Network::default();
    let conn = network.open(Time(0), [A, B], fx);
    assert_eq!(drain(&mut network, conn, 1, fx), ["UP"]);
    (network, conn)
}

fn packet(counter: u32) -> Packet {
    Packet::Commit(Zxid::new(1, counter))
}

fn send(network: &mut Network, conn: ConnId, from: NodeId, counter: u32, fx: &mut Effects) {
    // A later packet is given a time at which it could overtake.
    let now = Time(u64::from(10 - counter) * 1000);
    network.send(now, (conn, from), packet(counter), DELAYS, fx);
}

/// Everything that arrives at an end, in order.
fn drain(network: &mut Network, conn: ConnId, end: u8, fx: &mut Effects) -> Vec<String> {
    let arrivals = std::iter::from_fn(|| network.arrive(LATER, conn, end, fx));
    arrivals
        .map(|(_, _, item)| match item {
            Item::Up => "UP".to_string(),
            Item::Packet(packet) => packet.to_string(),
            Item::Down => "DOWN".to_string(),
            Item::Refused => "REFUSED".to_string(),
        })
        .collect()
}

#[test]
fn packets_never_overtake() {
    let fx = &mut Effects::default();
    let (mut network, conn) = connected(fx);
    (1..=3).for_each(|counter| send(&mut network, conn, A, counter, fx));
    let arrived = drain(&mut network, conn, 1, fx);
    assert_eq!(arrived, ["COMMIT(<1, 1>)", "COMMIT(<1, 2>)", "COMMIT(<1, 3>)"]);
}

#[test]
fn nothing_arrives_before_its_time() {
    let fx = &mut Effects::default();
    let (mut network, conn) = connected(fx);
    send(&mut network, conn, A, 1, fx);
    assert_eq!(network.arrive(Time(9000), conn, 1, fx), None);
    assert!(network.arrive(Time(10_001), conn, 1, fx).is_some());
}

#[test]
fn a_close_arrives_behind_what_was_sent_before() {
    let fx = &mut Effects::default();
    let (mut network, conn) = connected(fx);
    send(&mut network, conn, A, 1, fx);
    network.close(Time(9000), (conn, A, Item::Down), DELAYS, fx);
    send(&mut network, conn, B, 2, fx);
    assert_eq!(drain(&mut network, conn, 0, fx), [""; 0], "the closed end hears nothing");
    assert_eq!(drain(&mut network, conn, 1, fx), ["COMMIT(<1, 1>)", "DOWN"]);
    assert_eq!(network.peer(conn, B), None);
}

#[test]
fn a_cut_loses_what_is_sent_from_then_on_and_tells_nobody() {
    let fx = &mut Effects::default();
    let (mut network, conn) = connected(fx);
    send(&mut network, conn, A, 1, fx);
    network.cut(A, B);
    send(&mut network, conn, A, 2, fx);
    send(&mut network, conn, B, 3, fx);
    network.close(Time(9000), (conn, A, Item::Down), DELAYS, fx);
    assert_eq!(drain(&mut network, conn, 1, fx), ["COMMIT(<1, 1>)"]);
    assert_eq!(network.peer(conn, B), Some(A), "this end does not know");
}

#[test]
fn a_one_way_cut_leaves_the_way_back() {
    let fx = &mut Effects::default();
    let (mut network, conn) = connected(fx);
    network.cut(A, B);
    send(&mut network, conn, B, 3, fx);
    assert_eq!(drain(&mut network, conn, 0, fx), ["COMMIT(<1, 3>)"]);
}

#[test]
fn dead_connections_are_reset_once_the_ends_are_in_touch_again() {
    let fx = &mut Effects::default();
    let (mut network, conn) = connected(fx);
    network.cut(A, B);
    fx.due.clear();
    network.reset_dead(LATER, |_, _| false, DELAYS, fx);
    assert_eq!(fx.due, []);
    network.reset_dead(LATER, |_, _| true, DELAYS, fx);
    let resets: Vec<Due> = fx.due.drain(..).map(|(_, due)| due).collect();
    assert_eq!(resets, [Due::Reset { conn, end: 0 }, Due::Reset { conn, end: 1 }]);
    assert_eq!(network.reset(conn, 0), Some((A, B)));
    assert_eq!(network.reset(conn, 1), Some((B, A)));
    assert_eq!(network.reset(conn, 1), None, "told once");
}

#[test]
fn a_reset_loses_what_was_on_the_way() {
    let fx = &mut Effects::default();
    let (mut network, conn) = connected(fx);
    send(&mut network, conn, A, 1, fx);
    network.reset_between(LATER, B, A, fx);
    assert_eq!(drain(&mut network, conn, 1, fx), [""; 0]);
    assert_eq!(network.reset(conn, 1), Some((B, A)));
    send(&mut network, conn, A, 2, fx);
    assert_eq!(network.reset(conn, 0), Some((A, B)));
}

#[test]
fn a_connection_that_one_end_has_closed_is_not_reset() {
    let fx = &mut Effects::default();
    let (mut network, conn) = connected(fx);
    send(&mut network, conn, A, 1, fx);
    network.close(Time(9000), (conn, A, Item::Down), DELAYS, fx);
    fx.due.clear();
    network.cut(A, B);
    network.reset_dead(LATER, |_, _| true, DELAYS, fx);
    network.reset_between(LATER, A, B, fx);
    assert_eq!(fx.due, [], "neither end has anything left to lose");
    assert_eq!(drain(&mut network, conn, 1, fx), ["COMMIT(<1, 1>)", "DOWN"]);
}

#[test]
fn a_killed_process_says_goodbye_and_a_power_loss_does_not() {
    for (power_loss, expected) in [(false, &["DOWN"][..]), (true, &[])] {
        let fx = &mut Effects::default();
        let (mut network, conn) = connected(fx);
        network.lose(Time(0), A, power_loss, DELAYS, fx);
        assert_eq!(drain(&mut network, conn, 1, fx), expected);
    }
}

#[test]
fn a_slot_used_again_has_another_identity() {
    let fx = &mut Effects::default();
    let (mut network, old) = connected(fx);
    network.close(Time(0), (old, A, Item::Down), DELAYS, fx);
    drain(&mut network, old, 1, fx);
    let new = network.open(LATER, [A, B], fx);
    assert_ne!(old, new);
    assert_eq!(network.slots.len(), 1);
    send(&mut network, old, A, 1, fx);
    assert_eq!(drain(&mut network, new, 1, fx), ["UP"], "packets of the old one go nowhere");
}

fn notification(round: u32) -> Notification {
    let vote = zab_core::message::Vote { leader: A, zxid: Zxid::ZERO, peer_epoch: Epoch(0) };
    Notification { vote, round, state: zab_core::message::ServerState::Looking }
}

#[test]
fn a_mailbox_keeps_the_newest_message_only() {
    let fx = &mut Effects::default();
    let mut mailboxes = Mailboxes::default();
    (1..=2).for_each(|round| mailboxes.send(LATER, (A, 0, B), notification(round), fx));
    assert_eq!(fx.due, [(LATER, Due::Notify { from: A, life: 0, to: B })]);
    assert_eq!(mailboxes.arrive(A, B, true).map(|message| message.round), Some(2));
    assert_eq!(mailboxes.arrive(A, B, true), None);
}

#[test]
fn a_connection_of_a_mailbox_lasts_until_its_way_is_cut_or_an_end_of_it_is_gone() {
    let fx = &mut Effects::default();
    let mut mailboxes = Mailboxes::default();
    let mut waits_after = |what: &dyn Fn(&mut Mailboxes)| {
        mailboxes.send(LATER, (A, 0, B), notification(1), fx);
        mailboxes.connect(LATER, A, B, fx);
        assert!(!mailboxes.is_waiting(A, B));
        what(&mut mailboxes);
        mailboxes.send(LATER, (A, 0, B), notification(2), fx);
        mailboxes.is_waiting(A, B)
    };
    assert!(waits_after(&|mailboxes| mailboxes.unlink(A, B)));
    assert!(!waits_after(&|mailboxes| mailboxes.unlink(B, A)), "that is another connection");
    assert!(waits_after(&|mailboxes| mailboxes.lose(A)));
    assert!(waits_after(&|mailboxes| mailboxes.lose(B)));
}

#[test]
fn a_message_does_not_take_the_turn_of_one_of_an_earlier_process() {
    let fx = &mut Effects::default();
    let mut mailboxes = Mailboxes::default();
    mailboxes.send(Time(1), (A, 0, B), notification(1), fx);
    mailboxes.lose(A);
    mailboxes.send(LATER, (A, 1, B), notification(2), fx);
    let of = |life| Due::Notify { from: A, life, to: B };
    assert_eq!(fx.due, [(Time(1), of(0)), (LATER, of(1))]);
}

#[test]
fn a_message_that_could_not_be_acknowledged_is_sent_once_more() {
    let fx = &mut Effects::default();
    let mut mailboxes = Mailboxes::default();
    mailboxes.send(Time(1), (A, 0, B), notification(1), fx);
    mailboxes.connect(Time(1), A, B, fx);
    assert_eq!(mailboxes.arrive(A, B, false).map(|message| message.round), Some(1));
    fx.due.clear();
    mailboxes.connect(LATER, A, B, fx);
    mailboxes.connect(LATER, A, B, fx);
    assert_eq!(fx.due, [(LATER, Due::Notify { from: A, life: 0, to: B })]);
    assert_eq!(mailboxes.arrive(A, B, true).map(|message| message.round), Some(1));
    fx.due.clear();
    mailboxes.connect(LATER, A, B, fx);
    assert_eq!(fx.due, []);
}
