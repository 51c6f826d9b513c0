//! The connections between servers, each through a proxy that reads what travels: packets of the
//! quorum protocol and votes, held, passed, or lost with their connection.
//!
//! A packet on hold blocks what follows it on its way, as TCP would. What was sent before its sender
//! died still arrives once it is let go.
//!
//! While everything is *gated* ([`Gated`]), a packet passes when a line says so and not before, a vote
//! is lost unless its way is open, and no end of a connection learns that the other one is gone until
//! it is told.

use super::board::Board;
use super::jute::election::{Hello, Notification};
use super::jute::quorum::{self, Kind, Packet};
use super::jute::txn::Txn;
use super::jute::{Input, Result};
use super::matter::{Message, Messages, Way};
use std::io::{BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;
use zab_core::{NodeId, Zxid};

/// How long a learner's connection waits for a leader that does not listen yet: as long as the
/// learner itself would try (five attempts, `Learner.connectToLeader`).
const DIAL_PATIENCE: Duration = Duration::from_secs(5);

/// What a connection is for.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Votes.
    Election,
    /// A learner and its leader.
    Quorum,
}

/// What became of a message.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stands at the proxy.
    Held,
    /// It was handed to the receiver.
    Passed,
    /// Its connection ended first.
    Lost,
}

/// A message that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    /// On which connection.
    connection: usize,
    pub(crate) way: Way,
    pub(crate) message: Message,
    pub(crate) zxid: Zxid,
    pub(crate) fate: Fate,
}

/// A connection: both of its sockets.
#[derive(Debug)]
struct Connection {
    number: usize,
    purpose: Purpose,
    way: Way,
    ends: [TcpStream; 2],
    /// Which of the two servers still have it.
    open: [bool; 2],
}

/// What passes while everything else between servers stands.
#[derive(Debug, Default)]
pub(crate) struct Gated {
    /// Packets that may pass, by their place among all that were sent.
    permits: Vec<usize>,
    /// Ways on which votes pass.
    votes: Vec<Way>,
}

/// What a way has to offer to a line that lets a packet pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    /// The packet stands in front; its place among all that were sent.
    Stands(usize),
    /// Nothing stands in front yet.
    Nothing,
    /// Another packet does.
    Another(String),
}

/// What is known of all connections.
#[derive(Debug, Default)]
pub(crate) struct Packets {
    /// What stands at the proxy for now.
    pub(crate) holds: Vec<Messages>,
    /// Ways on which nothing arrives.
    pub(crate) silent: Vec<Way>,
    /// Pairs that cannot be connected, in both orders.
    pub(crate) cut: Vec<Way>,
    /// What was sent, pings apart.
    pub(crate) sent: Vec<Sent>,
    /// Whether nothing passes but what a line lets pass.
    pub(crate) gated: Option<Gated>,
    connections: Vec<Connection>,
    /// Calls that wait for the server they are for to listen.
    dialing: Vec<(usize, Way)>,
    next: usize,
}

impl Packets {
    fn stands(&self, way: Way, message: Message, zxid: Zxid) -> bool {
        self.silent.contains(&way) || self.holds.iter().any(|one| one.covers(way, message, zxid))
    }

    /// Whether a packet waits for a line that lets it pass.
    fn is_gated(&self, message: Message, at: Option<usize>) -> bool {
        let free = [Message::Notification, Message::Packet(Kind::REVALIDATE)];
        match (&self.gated, at) {
            (Some(gated), Some(at)) => !free.contains(&message) && !gated.permits.contains(&at),
            _ => false,
        }
    }

    /// Whether a vote is lost on its way.
    fn is_mute(&self, way: Way) -> bool {
        self.gated.as_ref().is_some_and(|gated| !gated.votes.contains(&way))
    }

    /// Whether a connection has the end that `way` leads to.
    fn is_open(&self, number: usize, way: Way) -> bool {
        self.connections.iter().any(|one| one.number == number && one.has_end(way.to))
    }

    /// Which packet stands in front on a way, if it is one of these.
    pub(crate) fn offer(&self, messages: &Messages) -> Offer {
        let mut other = Offer::Nothing;
        let on_way = self.connections.iter().rev().filter(|one| {
            let is_pair = one.way == messages.way || one.way == messages.way.back();
            one.purpose == Purpose::Quorum && is_pair && one.has_end(messages.way.to)
        });
        for (at, connection) in on_way.enumerate() {
            let stands = |sent: &&Sent| {
                sent.connection == connection.number
                    && sent.way == messages.way
                    && sent.fate == Fate::Held
            };
            let places = self.sent.iter().position(|sent| stands(&sent));
            let Some(place) = places else { continue };
            let front = &self.sent[place];
            if messages.covers(front.way, front.message, front.zxid) {
                return Offer::Stands(place);
            }
            // What stands in front of a connection that both have will stand there for ever.
            if at == 0 && connection.open == [true; 2] {
                other = Offer::Another(format!("{} {}", front.message, front.zxid));
            }
        }
        other
    }

    /// Lets a packet pass.
    pub(crate) fn permit(&mut self, at: usize) {
        if let Some(gated) = &mut self.gated {
            gated.permits.push(at);
        }
    }

    /// Lets the votes of servers reach each other.
    pub(crate) fn open_votes(&mut self, servers: &[NodeId]) {
        if let Some(gated) = &mut self.gated {
            for from in servers {
                let others = servers.iter().filter(|to| *to != from);
                gated.votes.extend(others.map(|to| Way { from: *from, to: *to }));
            }
        }
    }

    /// Lets no vote of a server through, nor one to it.
    pub(crate) fn mute(&mut self, server: NodeId) {
        if let Some(gated) = &mut self.gated {
            gated.votes.retain(|way| way.from != server && way.to != server);
        }
    }

    /// Whether the first server of a way has a connection with the second, or is about to.
    pub(crate) fn has_end(&self, way: Way) -> bool {
        self.dialing.iter().any(|(_, dialed)| *dialed == way)
            || self.connections.iter().any(|one| one.has_near_end(way))
    }

    /// One server sees its connections with another one end, and the other one does not see it yet. If
    /// the other one has lost some of them already, it is about these.
    pub(crate) fn end_at(&mut self, way: Way) {
        self.dialing.retain(|(_, dialed)| *dialed != way);
        let meant = || self.connections.iter().filter(|one| one.has_near_end(way));
        let is_half = meant().any(|one| !one.has_end(way.to));
        for one in self.connections.iter_mut().filter(|one| one.has_near_end(way)) {
            if !is_half || !one.has_end(way.to) {
                one.end_of(way.from);
            }
        }
        self.connections.retain(|one| one.open != [false; 2]);
    }

    /// From now on everything passes again, and who lost a connection only by half loses it whole.
    pub(crate) fn ungate(&mut self) {
        self.gated = None;
        self.connections.retain(|one| {
            let is_whole = one.open == [true; 2];
            if !is_whole {
                one.end();
            }
            is_whole
        });
    }

    /// Ends every connection between two servers, and what is on its way there.
    pub(crate) fn reset(&mut self, way: Way) {
        self.connections.retain(|one| {
            let ends = one.way == way || one.way == way.back();
            if ends {
                one.end();
            }
            !ends
        });
    }

    fn number(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }

    /// Ends every connection.
    pub(crate) fn reset_all(&mut self) {
        self.connections.drain(..).for_each(|one| one.end());
    }

    /// Whether such a message was sent and has come to this.
    pub(crate) fn any(&self, messages: &Messages, fate: Option<Fate>) -> bool {
        self.sent.iter().any(|one| {
            messages.covers(one.way, one.message, one.zxid)
                && fate.is_none_or(|wanted| wanted == one.fate)
        })
    }
}

impl Connection {
    /// Which end a server has; 0 dialed.
    fn side(&self, server: NodeId) -> usize {
        usize::from(self.way.from != server)
    }

    /// Whether it is one of packets between the two servers of a way, and the first still has it.
    fn has_near_end(&self, way: Way) -> bool {
        let is_pair = self.way == way || self.way == way.back();
        self.purpose == Purpose::Quorum && is_pair && self.has_end(way.from)
    }

    fn has_end(&self, server: NodeId) -> bool {
        self.open[self.side(server)]
    }

    fn end_of(&mut self, server: NodeId) {
        let side = self.side(server);
        self.open[side] = false;
        let _ = self.ends[side].shutdown(Shutdown::Both);
    }

    fn end(&self) {
        for end in &self.ends {
            let _ = end.shutdown(Shutdown::Both);
        }
    }
}

/// The proxy of one way to dial.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Proxy {
    pub(crate) way: Way,
    pub(crate) purpose: Purpose,
    /// Where the dialed server listens itself.
    pub(crate) port: u16,
}

/// Has a proxy take calls.
pub(crate) fn listen(board: &Arc<Board>, proxy: Proxy, listener: TcpListener) {
    let board = Arc::clone(board);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(caller) = stream else { return };
            if board.look().over {
                return;
            }
            let board = Arc::clone(&board);
            std::thread::spawn(move || connect(&board, proxy, caller));
        }
    });
}

/// Connects a call, unless the servers are cut off from each other.
fn connect(board: &Arc<Board>, proxy: Proxy, caller: TcpStream) {
    let Some(callee) = dial(board, proxy) else { return };
    let clones = [caller.try_clone(), callee.try_clone()];
    let [Ok(one), Ok(other)] = clones else { return };
    let _ = caller.set_nodelay(true);
    let _ = callee.set_nodelay(true);
    let number = board.change(|state| {
        let packets = &mut state.packets;
        let number = packets.number();
        packets.connections.push(Connection {
            number,
            purpose: proxy.purpose,
            way: proxy.way,
            ends: [one, other],
            open: [true; 2],
        });
        number
    });
    let (Ok(back_from), Ok(back_to)) = (callee.try_clone(), caller.try_clone()) else { return };
    let there = Pump { number, way: proxy.way, from: caller, to: callee, board: Arc::clone(board) };
    let back = Pump {
        number,
        way: proxy.way.back(),
        from: back_from,
        to: back_to,
        board: Arc::clone(board),
    };
    std::thread::spawn(move || there.run(proxy.purpose, true));
    std::thread::spawn(move || back.run(proxy.purpose, false));
}

/// Calls the server that is meant. One that does not listen refuses a vote at once, and lets a
/// learner wait.
fn dial(board: &Board, proxy: Proxy) -> Option<TcpStream> {
    let patience = match proxy.purpose {
        Purpose::Election => Duration::ZERO,
        Purpose::Quorum => DIAL_PATIENCE,
    };
    let call = board.change(|state| {
        let number = state.packets.number();
        if proxy.purpose == Purpose::Quorum {
            state.packets.dialing.push((number, proxy.way));
        }
        (number, proxy.way)
    });
    let called = board.wait(patience, |state| {
        let dials = state.packets.dialing.contains(&call);
        let given_up = proxy.purpose == Purpose::Quorum && !dials;
        if state.over || given_up || state.packets.cut.contains(&proxy.way) {
            return Some(None);
        }
        TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port)).ok().map(Some)
    });
    board.change(|state| state.packets.dialing.retain(|one| *one != call));
    called.flatten()
}

/// One direction of a connection.
struct Pump {
    number: usize,
    way: Way,
    from: TcpStream,
    to: TcpStream,
    board: Arc<Board>,
}

impl Pump {
    fn run(mut self, purpose: Purpose, dials: bool) {
        let Ok(from) = self.from.try_clone() else { return };
        let mut input = Input(BufReader::new(from));
        // Whatever ends it, the receiver sees the end of the stream and closes its own side.
        let _ = match purpose {
            Purpose::Election => self.votes(&mut input, dials),
            Purpose::Quorum => self.packets(&mut input),
        };
        let is_told = self.board.change(|state| {
            let packets = &mut state.packets;
            let gated = purpose == Purpose::Quorum && packets.gated.is_some();
            let mine = packets.connections.iter_mut().find(|one| one.number == self.number);
            if let Some(connection) = mine.filter(|_| gated) {
                connection.end_of(self.way.from);
            }
            packets.connections.retain(|one| one.open != [false; 2]);
            !gated
        });
        if is_told {
            let _ = self.to.shutdown(Shutdown::Write);
            let _ = self.from.shutdown(Shutdown::Read);
        }
    }

    fn votes(&mut self, input: &mut Input<BufReader<TcpStream>>, dials: bool) -> Result<()> {
        if dials {
            let hello = Hello::read(input)?;
            self.to.write_all(&hello.to_bytes())?;
        }
        loop {
            let vote = Notification::read(input)?;
            let what = format!(
                "{:?} votes S{} {} epoch {} round {}",
                vote.state,
                vote.leader - 1,
                vote.zxid,
                vote.peer_epoch,
                vote.round
            );
            self.pass(Message::Notification, vote.zxid, &what, &vote.to_bytes())?;
        }
    }

    fn packets(&mut self, input: &mut Input<BufReader<TcpStream>>) -> Result<()> {
        loop {
            let packet = Packet::read(input)?;
            let what = match &packet.data {
                Some(data) if packet.kind == Kind::PROPOSAL => Txn::parse(data)
                    .map_or_else(|_| String::new(), |txn| format!("({})", txn.summary())),
                _ => String::new(),
            };
            let message = Message::Packet(packet.kind);
            self.pass(message, packet.zxid, &what, &packet.to_bytes())?;
            if packet.kind == Kind::SNAP {
                quorum::copy_snap(input, |part| self.to.write_all(part))?;
            }
        }
    }

    /// Hands a message to the receiver, as soon as nothing holds it.
    fn pass(&mut self, message: Message, zxid: Zxid, what: &str, bytes: &[u8]) -> Result<()> {
        let (board, way, number) = (Arc::clone(&self.board), self.way, self.number);
        let counts = message != Message::Packet(Kind::PING);
        let line = format!("{way} {message} {zxid} {what}");
        let mut at = None;
        let mut fate = Fate::Passed;
        let is_mute = message == Message::Notification && board.look().packets.is_mute(way);
        if is_mute {
            return Ok(());
        }
        board.change(|state| {
            if counts {
                at = Some(state.packets.sent.len());
                let sent = Sent { connection: number, way, message, zxid, fate: Fate::Held };
                state.packets.sent.push(sent);
            }
            if counts && state.packets.stands(way, message, zxid) {
                board.trace(state, &format!("{line} is held"));
            }
        });
        board.hold(|state| {
            if !state.packets.is_open(number, way) {
                fate = Fate::Lost;
                return true;
            }
            !state.packets.stands(way, message, zxid) && !state.packets.is_gated(message, at)
        });
        if fate == Fate::Passed && self.to.write_all(bytes).is_err() {
            fate = Fate::Lost;
        }
        board.change(|state| {
            if let Some(sent) = at.and_then(|at| state.packets.sent.get_mut(at)) {
                sent.fate = fate;
                let lost = if fate == Fate::Lost { " is lost" } else { "" };
                board.trace(state, &format!("{line}{lost}"));
            }
        });
        match fate {
            // Nobody learns that the other end is gone before a line says so.
            Fate::Lost if message != Message::Notification && board.look().packets.gated.is_some() => {
                Ok(())
            }
            Fate::Lost => Err(std::io::Error::from(std::io::ErrorKind::BrokenPipe).into()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

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
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        let board = Arc::new(Board::new(3, &folder.path().join("trace")).expect("a file"));
        let listener = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let (backend, front) = (listener(), listener());
        let port = |of: &TcpListener| of.local_addr().expect("it is bound").port();
        let (there, here) = (port(&backend), port(&front));
        listen(&board, Proxy { way: WAY, purpose: Purpose::Quorum, port: there }, front);
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
            let seen = self.board.wait(PATIENCE, |state| {
                state.packets.any(&acks(counter), Some(fate)).then_some(())
            });
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
        assert!(!pair.board.look().packets.any(&acks(3), None), "it is behind the one on hold");
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
        assert_eq!(offer(&pair, 2), Offer::Another("ACK <1, 1>".to_owned()));
        let Offer::Stands(at) = offer(&pair, 1) else { panic!("it stands in front") };
        pair.board.change(|state| state.packets.permit(at));
        assert_eq!(pair.received(), ack(1));
        pair.wait(1, Fate::Passed);
        assert!(matches!(offer(&pair, 2), Offer::Stands(_)), "the next one waits for its own line");
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
        let lost = pair.board.wait(PATIENCE, |state| {
            state.packets.any(&lost, Some(Fate::Lost)).then_some(())
        });
        lost.expect("nobody reads it");
        // What the learner had sent still arrives; then the leader is told.
        pair.board.change(|state| state.packets.permit(at));
        assert_eq!(pair.received(), ack(1));
        pair.board.change(|state| state.packets.end_at(WAY.back()));
        assert_eq!(pair.leader.read(&mut [0]).expect("the end"), 0);
    }
}
