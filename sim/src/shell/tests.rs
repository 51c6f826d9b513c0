//! What is bounded: queues, frames, and the time that anything may take. Time is that of a paused
//! runtime, so a deadline that is missing ends a test by the patience of that runtime, at once.

use super::codec::{Frame, FrameError};
use super::event::{Event, Stamped};
use super::frames::{FRAME_MAX, FrameReader, ReadError};
use super::limits::{Limits, OUTBOX};
use super::net::{self, Net, Stream};
use super::{connection, post};
use std::cell::{Cell, RefCell};
use std::future::pending;
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncWriteExt, DuplexStream, duplex, split};
use tokio::sync::mpsc;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{Instant, timeout};
use zab_core::message::{ServerState, Vote};
use zab_core::{Config, ConnId, Epoch, NodeId, Notification, Packet, Time, Zxid};

/// Longer than every deadline together.
const PATIENCE: Duration = Duration::from_secs(3600);

pub(super) fn limits() -> Limits {
    Limits::new(&Config::new(3), |span| Duration::from_micros(span.0))
}

/// Runs a test on a runtime whose clock moves when nothing else does.
pub(super) fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime");
    let patient = async { timeout(PATIENCE, test).await.expect("nothing takes for ever") };
    LocalSet::new().block_on(&runtime, patient)
}

pub(super) fn stream(end: DuplexStream) -> Stream {
    let (reader, writer) = split(end);
    Stream::new(reader, writer)
}

/// How long something takes.
async fn time<T>(what: impl Future<Output = T>) -> (T, Duration) {
    let start = Instant::now();
    let result = what.await;
    (result, start.elapsed())
}

pub(super) const PACKET: Frame = Frame::Packet(Packet::Ping);

#[test]
fn a_frame_that_is_too_long_is_refused_before_it_is_read() {
    run(async {
        let (mut peer, end) = duplex(64);
        let length = FRAME_MAX + 1;
        peer.write_all(&(length as u32).to_le_bytes()).await.expect("it fits");
        let found = FrameReader::new(end).next().await;
        let expected = FrameError::TooLong { length };
        assert!(matches!(found, Err(ReadError::Frame(e)) if e == expected), "its bytes never came");
    });
}

#[test]
fn a_connection_with_a_frame_that_is_too_long_is_broken() {
    run(async {
        let (mut peer, end) = duplex(64);
        peer.write_all(&u32::MAX.to_le_bytes()).await.expect("it fits");
        let (inbox, mut events) = mpsc::channel(4);
        let (_outbox, frames) = mpsc::channel(4);
        connection::carry_packets(ConnId(1), stream(end), inbox, frames, limits()).await;
        let told = events.recv().await.map(|event| event.what);
        assert!(matches!(told, Some(Event::Down { conn: ConnId(1), reset: true })));
    });
}

#[test]
fn nobody_has_to_introduce_himself_for_longer_than_the_deadline() {
    run(async {
        let (_silent, end) = duplex(64);
        let (inbox, _events) = mpsc::channel(4);
        let ((), took) = time(connection::introduce(stream(end), 1, inbox, limits())).await;
        assert_eq!(took, limits().connect);
    });
}

#[test]
fn a_write_that_nobody_reads_ends_at_the_deadline() {
    run(async {
        let (_deaf, mut end) = duplex(16);
        let (outbox, mut queue) = mpsc::channel(OUTBOX);
        for _ in 0..8 {
            outbox.try_send(Stamped::now(Some(PACKET))).expect("there is room");
        }
        let leaves = Default::default();
        let writing = net::write_all(&mut end, &leaves, &mut queue, limits().write);
        let (result, took) = time(writing).await;
        assert_eq!(result.map_err(|error| error.kind()), Err(io::ErrorKind::TimedOut));
        assert_eq!(took, limits().write);
    });
}

/// A network on which every attempt hangs, or is one end of a pipe.
#[derive(Clone, Default)]
pub(super) struct TestNet {
    ends: Rc<RefCell<Vec<DuplexStream>>>,
    pauses: Rc<Cell<u32>>,
}

impl Net for TestNet {
    type Listener = ();

    async fn listen(&self) -> io::Result<()> {
        Ok(())
    }

    /// Whoever is there already has connected.
    async fn accept(&self, (): &mut ()) -> io::Result<Stream> {
        let end = self.ends.borrow_mut().pop();
        match end {
            Some(end) => Ok(stream(end)),
            None => pending().await,
        }
    }

    async fn dial(&self, _: NodeId, _: Time) -> io::Result<Stream> {
        self.accept(&mut ()).await
    }

    async fn pause(&self, _: NodeId, _: Duration) {
        self.pauses.set(self.pauses.get() + 1);
        pending().await
    }
}

#[test]
fn a_connect_that_hangs_ends_at_the_deadline() {
    run(async {
        let (net, to) = (TestNet::default(), (NodeId(1), Time(0)));
        let dialing = net::dial(&net, to, Frame::Clients, limits().connect);
        let (result, took) = time(dialing).await;
        assert_eq!(result.err().map(|error| error.kind()), Some(io::ErrorKind::TimedOut));
        assert_eq!(took, limits().connect);
    });
}

#[test]
fn a_notification_that_is_not_acknowledged_is_given_up_at_the_deadline() {
    run(async {
        let net = TestNet::default();
        let (peer, end) = duplex(1024);
        net.ends.borrow_mut().push(end);
        let slot = post::Slot::default();
        let vote = Vote { leader: NodeId(0), zxid: Zxid::ZERO, peer_epoch: Epoch(0) };
        let notification = Notification { vote, round: 1, state: ServerState::Looking };
        slot.put(Stamped::now(notification));
        spawn_local(post::deliver(net.clone(), (NodeId(0), NodeId(1)), slot, limits()));
        let mut heard = FrameReader::new(peer);
        let mut next = async || heard.next().await.expect("a frame");
        assert_eq!(next().await, Some(Frame::Post(NodeId(0))));
        assert!(matches!(next().await, Some(Frame::Notification(_))));
        let (end, took) = time(next()).await;
        assert_eq!((end, took), (None, limits().acknowledge), "it hangs up");
        tokio::task::yield_now().await;
        assert_eq!(net.pauses.get(), 1, "and tries again later");
    });
}
