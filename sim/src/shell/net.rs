//! Where connections come from.

use super::codec::Frame;
use super::event::{Stamped, When};
use super::frames::{self, FrameReader};
use std::cell::Cell;
use std::future::Future;
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use zab_core::{NodeId, Time};

/// What the other end of a connection sends.
pub type Reader = FrameReader<Box<dyn AsyncRead + Unpin>>;

/// An instant that one side sets and the other one reads.
pub type Moment = Rc<Cell<When>>;

/// One connection, whatever carries it.
pub struct Stream {
    pub(super) reader: Reader,
    pub(super) writer: Box<dyn AsyncWrite + Unpin>,
    /// When what was read last counts as having arrived.
    pub(super) arrived: Moment,
    /// When what is written next counts as sent.
    pub(super) leaves: Moment,
}

impl Stream {
    /// A connection made of its two directions.
    pub fn new(
        reader: impl AsyncRead + Unpin + 'static,
        writer: impl AsyncWrite + Unpin + 'static,
    ) -> Self {
        Self::timed(reader, writer, Moment::default(), Moment::default())
    }

    /// A connection that decides when what is sent arrives: it reads `leaves` with each write, and
    /// sets `arrived` with each read.
    pub fn timed(
        reader: impl AsyncRead + Unpin + 'static,
        writer: impl AsyncWrite + Unpin + 'static,
        arrived: Moment,
        leaves: Moment,
    ) -> Self {
        let reader = FrameReader::new(Box::new(reader) as Box<dyn AsyncRead + Unpin>);
        Self { reader, writer: Box::new(writer), arrived, leaves }
    }
}

/// The network as one process sees it.
pub trait Net: Clone + 'static {
    /// What accepts connections.
    type Listener: 'static;

    /// Listens at this server's own address.
    fn listen(&self) -> impl Future<Output = io::Result<Self::Listener>>;

    /// The next connection that somebody made.
    fn accept(&self, listener: &mut Self::Listener) -> impl Future<Output = io::Result<Stream>>;

    /// Waits until a connection that shall be made at this instant can be tried.
    fn ready(&self, to: NodeId, at: Time) -> impl Future<Output = ()> {
        let _ = (to, at);
        std::future::ready(())
    }

    /// Connects to a server. May hang: the caller has a deadline. The connection counts as made
    /// at `at`.
    fn dial(&self, to: NodeId, at: Time) -> impl Future<Output = io::Result<Stream>>;

    /// Waits before a server is dialed again.
    fn pause(&self, to: NodeId, span: Duration) -> impl Future<Output = ()> {
        let _ = to;
        sleep(span)
    }
}

/// Connects to a server in time, and says what the connection is for.
pub(super) async fn dial<N: Net>(
    net: &N,
    (to, at): (NodeId, Time),
    hello: Frame,
    limit: Duration,
) -> io::Result<Stream> {
    let dialed = timeout(limit, async {
        let mut stream = net.dial(to, at).await?;
        frames::write(&mut stream.writer, &hello).await?;
        Ok(stream)
    });
    dialed.await?
}

/// Writes what comes out of a queue until it is closed. What has piled up, and was sent at the same
/// instant, goes out in one piece.
pub(super) async fn write_all(
    writer: &mut (impl AsyncWrite + Unpin),
    leaves: &Moment,
    queue: &mut mpsc::Receiver<Stamped<Option<Frame>>>,
    limit: Duration,
) -> io::Result<()> {
    use tokio::io::AsyncWriteExt;
    let mut bytes = Vec::new();
    let mut next = queue.recv().await;
    while let Some(Stamped { when, what: Some(frame) }) = next {
        bytes.clear();
        frames::put(&frame, &mut bytes);
        next = loop {
            match queue.try_recv() {
                Ok(Stamped { when: same, what: Some(frame) }) if same == when => {
                    frames::put(&frame, &mut bytes);
                }
                Ok(other) => break Some(other),
                Err(_) => break None,
            }
        };
        leaves.set(when);
        timeout(limit, writer.write_all(&bytes)).await??;
        if next.is_none() {
            next = queue.recv().await;
        }
    }
    if let Some(Stamped { when, .. }) = next {
        leaves.set(when);
    }
    writer.shutdown().await
}
