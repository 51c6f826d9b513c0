//! TCP connections with what turmoil leaves out: a message takes the time that is drawn for it, a
//! connection can be reset, and both ends of one that a cut has killed are told once they can
//! reach each other again.
//!
//! Turmoil's own latency is one step, and a step is never longer than the fastest message of the
//! world takes. So bytes are at their receiver before their time, and each read says when that is
//! ([`Stream::timed`](crate::shell::Stream::timed)); the owner of the node waits for it.
//!
//! (In turmoil 0.7.2 a stream that lost a segment to a partition is silent forever, where TCP
//! would retransmit and be told that the connection is gone.)

mod registry;

pub(super) use registry::Wires;

use super::shared::Handle;
use crate::shell::Stream;
use crate::shell::event::When;
use crate::shell::net::Moment;
use registry::Attached;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use turmoil::net::TcpStream;
use turmoil::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use zab_core::{NodeId, Time};

/// Who is at the two ends of a connection, and which one is here; `None` stands for the clients.
#[derive(Copy, Clone, Debug)]
pub(super) struct Route {
    pub(super) dialer: Option<NodeId>,
    pub(super) acceptor: Option<NodeId>,
    /// This is the end that accepted.
    pub(super) accepted: bool,
}

/// How much is read at once.
const READ_MAX: usize = 512;

/// One end, as its two halves know it. The last half to go takes the end with it.
struct Registration {
    shared: Handle,
    attached: Attached,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.shared.borrow_mut().wires.detach(self.attached);
    }
}

/// What a peer sends.
struct WireReader {
    inner: OwnedReadHalf,
    end: Rc<Registration>,
    arrived: Moment,
}

/// What a peer gets.
struct WireWriter {
    inner: OwnedWriteHalf,
    end: Rc<Registration>,
    leaves: Moment,
}

/// Puts a connection that was made at this instant under control of the schedule. If it is one for
/// packets, and was dialed here, it has delays of its own.
pub(super) fn wire(
    stream: TcpStream,
    shared: &Handle,
    route: Route,
    (at, opened): (Time, Option<Time>),
) -> Stream {
    let ends = (stream.local_addr(), stream.peer_addr());
    let (Ok(local), Ok(peer)) = ends else {
        unreachable!("turmoil knows the addresses of every stream");
    };
    let dialer = if route.accepted { peer } else { local };
    let attached = shared.borrow_mut().wires.attach(dialer, route, opened);
    let end = Rc::new(Registration { shared: shared.clone(), attached });
    let (arrived, leaves) = (Moment::default(), Moment::default());
    leaves.set(When::sent_at(at));
    let (reader, writer) = stream.into_split();
    Stream::timed(
        WireReader { inner: reader, end: end.clone(), arrived: arrived.clone() },
        WireWriter { inner: writer, end, leaves: leaves.clone() },
        arrived,
        leaves,
    )
}

impl AsyncRead for WireReader {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { inner, end, arrived } = self.get_mut();
        let next = end.shared.borrow_mut().wires.next(end.attached, cx.waker());
        if let Some(reset) = next.reset {
            arrived.set(reset);
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        // What was sent at another instant is for the next read.
        let mut bytes = [0; READ_MAX];
        let length = next.length.unwrap_or(READ_MAX).min(buf.remaining()).min(READ_MAX);
        let mut part = ReadBuf::new(&mut bytes[..length]);
        let read = ready!(Pin::new(inner).poll_read(cx, &mut part));
        let count = part.filled().len();
        let wires = &mut end.shared.borrow_mut().wires;
        match read {
            Ok(()) if count > 0 => {
                arrived.set(wires.take(end.attached, count));
                buf.put_slice(part.filled());
                Poll::Ready(Ok(()))
            }
            // Turmoil resets a connection that was closed with bytes on the way to its closer.
            ended => match wires.goodbye(end.attached) {
                Some(when) => {
                    arrived.set(when);
                    Poll::Ready(Ok(()))
                }
                None => Poll::Ready(ended),
            },
        }
    }
}

impl AsyncWrite for WireWriter {
    /// What cannot arrive is lost silently: whoever reads learns of the end.
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Self { inner, end, leaves } = self.get_mut();
        if end.shared.borrow().wires.is_dead(end.attached) {
            return Poll::Ready(Ok(buf.len()));
        }
        match ready!(Pin::new(inner).poll_write(cx, buf)) {
            Ok(count) => {
                end.shared.borrow_mut().send(end.attached, leaves.get(), count);
                Poll::Ready(Ok(count))
            }
            Err(_) => Poll::Ready(Ok(buf.len())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { inner, end, leaves } = self.get_mut();
        end.shared.borrow_mut().say_goodbye(end.attached, leaves.get().at);
        // Whoever is gone already need not be told.
        ready!(Pin::new(inner).poll_shutdown(cx)).unwrap_or_default();
        Poll::Ready(Ok(()))
    }
}
