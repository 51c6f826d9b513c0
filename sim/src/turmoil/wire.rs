//! TCP connections between servers, with what turmoil leaves out: a clog holds one direction back
//! and loses nothing, a connection can be reset, and both ends of one that a cut has killed are
//! told once they can reach each other again.
//!
//! (In turmoil 0.7.2 a stream that lost a segment to a partition is silent for ever, where TCP
//! would retransmit and be told that the connection is gone; and holding a link holds both ways.)

use super::shared::Handle;
use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use turmoil::net::TcpStream;
use turmoil::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use zab_core::NodeId;

/// The ends of all connections between servers.
#[derive(Default)]
pub(super) struct Ends {
    ends: BTreeMap<u64, End>,
    opened: u64,
}

/// One end of a connection.
struct End {
    me: NodeId,
    peer: NodeId,
    /// Something that was sent is lost.
    dead: bool,
    /// Every further use fails.
    reset: bool,
    /// Who reads.
    reader: Option<Waker>,
}

impl End {
    fn is_between(&self, a: NodeId, b: NodeId) -> bool {
        (self.me, self.peer) == (a, b) || (self.me, self.peer) == (b, a)
    }

    fn wake(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

impl Ends {
    /// The connections between two servers lose what is sent from now on.
    pub(super) fn kill(&mut self, a: NodeId, b: NodeId) {
        self.ends.values_mut().filter(|end| end.is_between(a, b)).for_each(|end| end.dead = true);
    }

    /// The connections between two servers are reset.
    pub(super) fn reset(&mut self, a: NodeId, b: NodeId) {
        self.reset_those(|end| end.is_between(a, b));
    }

    /// The dead connections whose ends can reach each other are reset.
    pub(super) fn reset_dead(&mut self, in_touch: impl Fn(NodeId, NodeId) -> bool) {
        self.reset_those(|end| end.dead && in_touch(end.me, end.peer));
    }

    fn reset_those(&mut self, chosen: impl Fn(&End) -> bool) {
        for end in self.ends.values_mut().filter(|end| chosen(end)) {
            end.reset = true;
            end.wake();
        }
    }

    /// Whoever is held back tries again.
    pub(super) fn wake_all(&mut self) {
        self.ends.values_mut().for_each(End::wake);
    }
}

/// One end, as its two halves know it. The last half to go takes the end with it.
struct Registration {
    shared: Handle,
    number: u64,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.shared.borrow_mut().ends.ends.remove(&self.number);
    }
}

impl Registration {
    fn check(&self) -> io::Result<()> {
        let shared = self.shared.borrow();
        match shared.ends.ends.get(&self.number) {
            Some(end) if !end.reset => Ok(()),
            _ => Err(io::ErrorKind::ConnectionReset.into()),
        }
    }

    /// Whether bytes may be read now; if not, whoever reads is woken when that may have changed.
    fn poll_gate(&self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        let shared = &mut *self.shared.borrow_mut();
        let end = shared.ends.ends.get_mut(&self.number).expect("it was there for the check");
        if end.reader.as_ref().is_none_or(|reader| !reader.will_wake(cx.waker())) {
            end.reader = Some(cx.waker().clone());
        }
        match shared.links.is_clogged(shared.now, end.peer, end.me) {
            true => Poll::Pending,
            false => Poll::Ready(Ok(())),
        }
    }
}

/// What a peer sends.
pub(super) struct WireReader {
    inner: OwnedReadHalf,
    end: std::rc::Rc<Registration>,
}

/// What a peer gets.
pub(super) struct WireWriter {
    inner: OwnedWriteHalf,
    end: std::rc::Rc<Registration>,
}

/// Puts a connection between two servers under control of the schedule.
pub(super) fn wire(
    stream: TcpStream,
    shared: &Handle,
    (me, peer): (NodeId, NodeId),
) -> (WireReader, WireWriter) {
    let number = {
        let shared = &mut *shared.borrow_mut();
        let dead = !shared.are_in_touch(me, peer);
        shared.ends.opened += 1;
        let end = End { me, peer, dead, reset: false, reader: None };
        shared.ends.ends.insert(shared.ends.opened, end);
        shared.ends.opened
    };
    let end = std::rc::Rc::new(Registration { shared: shared.clone(), number });
    let (reader, writer) = stream.into_split();
    (WireReader { inner: reader, end: end.clone() }, WireWriter { inner: writer, end })
}

impl AsyncRead for WireReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        std::task::ready!(self.end.poll_gate(cx))?;
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl AsyncWrite for WireWriter {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.end.check()?;
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
