//! A learner and a leader, both played by a test, and the proxy between them.

use super::super::board::Board;
use super::super::jute::Input;
use super::super::jute::election::{Hello, Notification, State};
use super::super::jute::quorum::{Kind, Packet};
use super::proxy::{Proxy, listen};
use super::*;
use std::io::Read;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

const WAY: Way = Way { from: NodeId(0), to: NodeId(2) };
const PATIENCE: Duration = Duration::from_secs(30);

/// A learner and a leader, both played by the test, and the proxy between them.
struct Pair {
    board: Arc<Board>,
    learner: TcpStream,
    leader: TcpStream,
    _folder: tempfile::TempDir,
}

fn pair() -> Pair {
    pair_for(Purpose::Quorum)
}

fn pair_for(purpose: Purpose) -> Pair {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let board = Arc::new(Board::new(3, false, &folder.path().join("trace")).expect("a file"));
    let listener = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let (backend, front) = (listener(), listener());
    let port = |of: &TcpListener| of.local_addr().expect("it is bound").port();
    let (there, here) = (port(&backend), port(&front));
    listen(&board, Proxy { way: WAY, purpose, port: there }, front);
    let learner = TcpStream::connect((Ipv4Addr::LOCALHOST, here)).expect("it listens");
    let (leader, _) = backend.accept().expect("it is called");
    leader.set_read_timeout(Some(PATIENCE)).expect("a time");
    Pair { board, learner, leader, _folder: folder }
}

fn ack(counter: u32) -> Packet {
    Packet { kind: Kind::ACK, zxid: Zxid::new(1, counter), data: None, auth: None }
}

fn acks(counter: u32) -> Messages {
    let zxid = Some(Zxid::new(1, counter));
    Messages { message: Message::Packet(Kind::ACK), zxid, way: WAY }
}

impl Pair {
    fn send(&mut self, counter: u32) {
        self.learner.write_all(&ack(counter).to_bytes()).expect("it is open");
    }

    fn wait(&self, counter: u32, fate: Fate) {
        let seen = self
            .board
            .wait(PATIENCE, |state| state.packets.any(&acks(counter), Some(fate)).then_some(()));
        seen.expect("the proxy sees it");
    }

    fn received(&mut self) -> Packet {
        Packet::read(&mut Input(&mut self.leader)).expect("a packet")
    }
}

#[test]
fn a_held_packet_and_what_follows_it_arrive_in_order_once_it_is_released() {
    let mut pair = pair();
    pair.board.change(|state| state.packets.holds.push(acks(2)));
    (1..=3).for_each(|counter| pair.send(counter));
    pair.wait(1, Fate::Passed);
    pair.wait(2, Fate::Held);
    pair.wait(3, Fate::Held);
    let has_passed = |pair: &Pair| pair.board.look().packets.any(&acks(3), Some(Fate::Passed));
    assert!(!has_passed(&pair), "it is seen, and waits for the one on hold");
    pair.board.change(|state| state.packets.holds.clear());
    assert_eq!([pair.received(), pair.received(), pair.received()], [ack(1), ack(2), ack(3)]);
}

#[test]
fn what_is_held_is_lost_with_its_connection_and_survives_its_sender() {
    let mut cut = pair();
    cut.board.change(|state| state.packets.holds.push(acks(1)));
    cut.send(1);
    cut.wait(1, Fate::Held);
    cut.board.change(|state| state.packets.reset(WAY.back()));
    cut.wait(1, Fate::Lost);
    assert_eq!(cut.leader.read(&mut [0]).expect("the end"), 0);

    let mut dead = pair();
    dead.board.change(|state| state.packets.silent.push(WAY));
    dead.send(1);
    dead.wait(1, Fate::Held);
    dead.learner.shutdown(Shutdown::Both).expect("it is open");
    dead.board.change(|state| state.packets.silent.clear());
    assert_eq!(dead.received(), ack(1));
    assert_eq!(dead.leader.read(&mut [0]).expect("the end"), 0);
}

fn gated() -> Pair {
    let pair = pair();
    pair.board.change(|state| state.packets.gated = Some(Gated::default()));
    pair
}

/// Waits until the way has something to offer to this line.
fn offer(pair: &Pair, counter: u32) -> Offer {
    let offer = pair.board.wait(PATIENCE, |state| {
        let offer = state.packets.offer(&acks(counter));
        (offer != Offer::Nothing).then_some(offer)
    });
    offer.expect("the proxy sees it")
}

#[test]
fn in_a_gated_ensemble_a_packet_passes_when_it_is_its_turn_and_another_one_is_named() {
    let mut pair = gated();
    (1..=2).for_each(|counter| pair.send(counter));
    assert_eq!(offer(&pair, 2), Offer::Another(acks(1)));
    let Offer::Stands(at) = offer(&pair, 1) else { panic!("it stands in front") };
    pair.board.change(|state| state.packets.permit(at));
    assert_eq!(pair.received(), ack(1));
    pair.wait(1, Fate::Passed);
    assert!(matches!(offer(&pair, 2), Offer::Stands(_)), "the next one waits for its own line");
}

#[test]
fn in_a_gated_ensemble_the_newest_call_reaches_its_leader_once_a_line_asks_for_its_first_packet() {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let board = Arc::new(Board::new(3, false, &folder.path().join("trace")).expect("a file"));
    board.change(|state| state.packets.gated = Some(Gated::default()));
    let listener = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let (leader, front) = (listener(), listener());
    let port = |of: &TcpListener| of.local_addr().expect("it is bound").port();
    let (there, here) = (port(&leader), port(&front));
    listen(&board, Proxy { way: WAY, purpose: Purpose::Quorum, port: there }, front);
    let call = |calls: usize| {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, here)).expect("it listens");
        let dials =
            board.wait(PATIENCE, |state| (state.packets.dialing.len() == calls).then_some(()));
        dials.expect("the proxy hears it");
        stream
    };
    let (mut first, mut second) = (call(1), call(2));
    leader.set_nonblocking(true).expect("it can be asked");
    assert!(leader.accept().is_err(), "nobody has called yet");
    board.change(|state| state.packets.admit(WAY));
    assert_eq!(first.read(&mut [0]).expect("the end"), 0, "this call is over");
    leader.set_nonblocking(false).expect("it can be asked");
    let (mut called, _) = leader.accept().expect("it is called");
    board.change(|state| state.packets.gated = None);
    second.write_all(&ack(1).to_bytes()).expect("it is open");
    assert_eq!(Packet::read(&mut Input(&mut called)).expect("a packet"), ack(1));
}

#[test]
fn in_a_gated_ensemble_one_end_of_a_connection_is_over_before_the_other_one_knows() {
    let mut pair = gated();
    pair.send(1);
    let Offer::Stands(at) = offer(&pair, 1) else { panic!("it stands in front") };
    pair.board.change(|state| state.packets.end_at(WAY));
    assert_eq!(pair.learner.read(&mut [0]).expect("the end"), 0);
    // What the leader sends is lost, and the leader does not notice.
    pair.leader.write_all(&ack(7).to_bytes()).expect("it is open");
    let lost = Messages { way: WAY.back(), ..acks(7) };
    let lost =
        pair.board.wait(PATIENCE, |state| state.packets.any(&lost, Some(Fate::Lost)).then_some(()));
    lost.expect("nobody reads it");
    // What the learner had sent still arrives; then the leader is told.
    pair.board.change(|state| state.packets.permit(at));
    assert_eq!(pair.received(), ack(1));
    pair.board.change(|state| state.packets.end_at(WAY.back()));
    assert_eq!(pair.leader.read(&mut [0]).expect("the end"), 0);
}

/// A vote of an election.
fn vote(round: i64) -> Notification {
    Notification {
        state: State::Looking,
        leader: 3,
        zxid: Zxid::new(1, 4),
        round,
        peer_epoch: 1,
        rest: Vec::new(),
    }
}

/// A server that has cast votes of these rounds, which nobody hears, and its first words.
fn unheard(rounds: &[i64]) -> (Pair, Hello) {
    let mut pair = pair_for(Purpose::Election);
    pair.board.change(|state| state.packets.gated = Some(Gated::default()));
    let hello = Hello { version: -65536, server: 3, address: "127.0.0.1:1".to_owned() };
    pair.learner.write_all(&hello.to_bytes()).expect("it is open");
    for round in rounds {
        pair.cast(*round);
    }
    (pair, hello)
}

impl Pair {
    fn cast(&mut self, round: i64) {
        self.learner.write_all(&vote(round).to_bytes()).expect("it is open");
    }

    /// Waits until this vote waits for its way to open, and no other one.
    fn keeps(&self, round: i64) {
        let bytes = vote(round).to_bytes();
        let kept = self.board.wait(PATIENCE, |state| {
            let all = &state.packets.unheard;
            (all.len() == 1 && all[0].bytes == bytes).then_some(())
        });
        kept.expect("it waits, and the one before does not");
    }

    fn open(&self, servers: &[NodeId], follows: bool) {
        self.board.change(|state| state.packets.open_votes(servers, |_| follows));
    }

    fn hears(&mut self, rounds: &[i64]) {
        for round in rounds {
            let input = &mut Input(&mut self.leader);
            assert_eq!(Notification::read(input).expect("a vote"), vote(*round));
        }
    }
}

/// The servers of the way, and the votes of S0 are for S2.
const BOTH: [NodeId; 2] = [NodeId(0), NodeId(2)];

#[test]
fn in_a_gated_ensemble_the_last_vote_of_who_stands_by_it_is_heard_when_its_way_opens() {
    for follows in [true, false] {
        let (mut pair, hello) = unheard(&[1, 2]);
        pair.keeps(2);
        pair.open(&BOTH, follows);
        pair.cast(3);
        assert_eq!(Hello::read(&mut Input(&mut pair.leader)).expect("the first words"), hello);
        pair.hears(&[2, 3]);
    }
}

#[test]
fn in_a_gated_ensemble_the_vote_of_a_follower_that_was_for_itself_is_not_heard_any_more() {
    for follows in [true, false] {
        let (mut pair, hello) = unheard(&[]);
        let own = Notification { leader: 1, ..vote(1) };
        pair.learner.write_all(&own.to_bytes()).expect("it is open");
        let kept =
            pair.board.wait(PATIENCE, |state| (state.packets.unheard.len() == 1).then_some(()));
        kept.expect("it waits");
        pair.open(&BOTH, follows);
        pair.cast(2);
        let input = &mut Input(&mut pair.leader);
        assert_eq!(Hello::read(input).expect("the first words"), hello);
        if !follows {
            assert_eq!(Notification::read(input).expect("a vote"), own);
        }
        pair.hears(&[2]);
    }
}

#[test]
fn in_a_gated_ensemble_a_vote_is_not_heard_any_more_when_who_cast_it_has_left_its_role() {
    for mute in [NodeId(0), NodeId(2)] {
        let (mut pair, hello) = unheard(&[1]);
        pair.keeps(1);
        pair.board.change(|state| state.packets.mute(mute));
        pair.open(&BOTH, false);
        pair.cast(2);
        assert_eq!(Hello::read(&mut Input(&mut pair.leader)).expect("the first words"), hello);
        pair.hears(if mute == WAY.from { &[2] } else { &[1, 2] });
    }
}
