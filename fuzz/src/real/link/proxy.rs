//! One way of a connection: reads each message, and hands it on as soon as nothing holds it.

use super::super::board::Board;
use super::super::jute::election::{Hello, Notification};
use super::super::jute::quorum::{self, Kind, Packet};
use super::super::jute::txn::Txn;
use super::super::jute::{Input, Result};
use super::super::matter::{Message, Way};
use super::{Connection, Fate, Purpose, Sent, Unheard};
use std::io::{BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use zab_core::{NodeId, Zxid};

/// How long a learner's connection waits for a leader that does not listen yet: as long as the
/// learner itself would try (five attempts, `Learner.connectToLeader`).
const DIAL_PATIENCE: Duration = Duration::from_secs(5);

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
    // A learner calls as soon as it follows; who hears it, and when, is for a line to say.
    let _ = board
        .wait(Duration::MAX, |state| (state.over || state.packets.is_answered(call)).then_some(()));
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

/// A message that has come to the proxy.
struct Read {
    message: Message,
    zxid: Zxid,
    /// What the trace says of it.
    line: String,
    bytes: Vec<u8>,
    /// Its place among all that were sent; a ping has none.
    at: Option<usize>,
}

impl Pump {
    fn run(mut self, purpose: Purpose, dials: bool) {
        let Ok(from) = self.from.try_clone() else { return };
        let input = Input(BufReader::new(from));
        // Whatever ends it, the receiver sees the end of the stream and closes its own side.
        let _ = match purpose {
            Purpose::Election => self.votes(input, dials),
            Purpose::Quorum => self.packets(input),
        };
        let is_told = self.board.change(|state| {
            let packets = &mut state.packets;
            packets.unheard.retain(|one| (one.connection, one.way) != (self.number, self.way));
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

    fn votes(&mut self, mut input: Input<BufReader<TcpStream>>, dials: bool) -> Result<()> {
        if dials {
            let hello = Hello::read(&mut input)?;
            self.to.write_all(&hello.to_bytes())?;
        }
        loop {
            let vote = Notification::read(&mut input)?;
            if self.is_unheard(&vote)? {
                continue;
            }
            let what = format!(
                "{:?} votes S{} {} epoch {} round {}",
                vote.state,
                vote.leader - 1,
                vote.zxid,
                vote.peer_epoch,
                vote.round
            );
            let read = Read {
                message: Message::Notification,
                zxid: vote.zxid,
                line: what,
                bytes: vote.to_bytes(),
                at: None,
            };
            let read = arrive(&self.board, self.number, self.way, read);
            self.pass(&read)?;
        }
    }

    /// Whether nobody hears a vote now; it is kept until its way is open or the next one is sent.
    fn is_unheard(&self, vote: &Notification) -> Result<bool> {
        let unheard = Unheard {
            connection: self.number,
            way: self.way,
            leader: NodeId(u8::try_from(vote.leader - 1).unwrap_or(u8::MAX)),
            to: self.to.try_clone()?,
            bytes: vote.to_bytes(),
        };
        Ok(self.board.change(|state| {
            let is_mute = state.packets.is_mute(self.way);
            if is_mute {
                state.packets.on_unheard(unheard);
            }
            is_mute
        }))
    }

    /// Packets are read as soon as they come, whatever stands in front of them: what a server has sent
    /// is seen, and it is never kept from sending more.
    fn packets(&mut self, mut input: Input<BufReader<TcpStream>>) -> Result<()> {
        let (sender, read) = mpsc::channel();
        let (board, number, way) = (Arc::clone(&self.board), self.number, self.way);
        std::thread::spawn(move || {
            // An error is the end of the connection.
            while let Ok(packet) = read_packet(&mut input) {
                if sender.send(arrive(&board, number, way, packet)).is_err() {
                    return;
                }
            }
        });
        read.into_iter().try_for_each(|packet| self.pass(&packet))
    }

    /// Hands a message to the receiver, as soon as nothing holds it.
    fn pass(&mut self, read: &Read) -> Result<()> {
        let (board, way, number) = (Arc::clone(&self.board), self.way, self.number);
        let Read { message, zxid, line, bytes, at } = read;
        let mut fate = Fate::Passed;
        board.hold(|state| {
            if !state.packets.is_open(number, way) {
                fate = Fate::Lost;
                return true;
            }
            !state.packets.stands(way, *message, *zxid) && !state.packets.is_gated(*message, *at)
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
            Fate::Lost
                if *message != Message::Notification && board.look().packets.gated.is_some() =>
            {
                Ok(())
            }
            Fate::Lost => Err(std::io::Error::from(std::io::ErrorKind::BrokenPipe).into()),
            _ => Ok(()),
        }
    }
}

/// A message is at the proxy: it stands there until it is passed or lost.
fn arrive(board: &Board, number: usize, way: Way, read: Read) -> Read {
    let Read { message, zxid, line, bytes, .. } = read;
    let line = format!("{way} {message} {zxid} {line}");
    let mut at = None;
    board.change(|state| {
        if message != Message::Packet(Kind::PING) {
            at = Some(state.packets.sent.len());
            let sent = Sent { connection: number, way, message, zxid, fate: Fate::Held };
            state.packets.sent.push(sent);
            if state.packets.stands(way, message, zxid) {
                board.trace(state, &format!("{line} is held"));
            }
        }
    });
    Read { message, zxid, line, bytes, at }
}

fn read_packet(input: &mut Input<BufReader<TcpStream>>) -> Result<Read> {
    let packet = Packet::read(input)?;
    let line = match &packet.data {
        Some(data) if packet.kind == Kind::PROPOSAL => {
            Txn::parse(data).map_or_else(|_| String::new(), |txn| format!("({})", txn.summary()))
        }
        _ => String::new(),
    };
    let mut bytes = packet.to_bytes();
    // A snapshot is one with its head.
    if packet.kind == Kind::SNAP {
        quorum::copy_snap(input, |part| {
            bytes.extend(part);
            Ok(())
        })?;
    }
    Ok(Read { message: Message::Packet(packet.kind), zxid: packet.zxid, line, bytes, at: None })
}
