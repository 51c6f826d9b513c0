//! Where connections come from.

use super::codec::Frame;
use super::frames::{self, FrameReader};
use std::future::Future;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use zab_core::NodeId;

/// What the other end of a connection sends.
pub type Reader = FrameReader<Box<dyn AsyncRead + Unpin>>;

/// One connection, whatever carries it.
pub struct Stream {
    pub(super) reader: Reader,
    pub(super) writer: Box<dyn AsyncWrite + Unpin>,
}

impl Stream {
    /// A connection made of its two directions.
    pub fn new(
        reader: impl AsyncRead + Unpin + 'static,
        writer: impl AsyncWrite + Unpin + 'static,
    ) -> Self {
        Self { reader: FrameReader::new(Box::new(reader)), writer: Box::new(writer) }
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

    /// Connects to a server. May hang: the caller has a deadline.
    fn dial(&self, to: NodeId) -> impl Future<Output = io::Result<Stream>>;

    /// Waits before a server is dialed again.
    fn pause(&self, to: NodeId, span: Duration) -> impl Future<Output = ()> {
        let _ = to;
        sleep(span)
    }
}

/// Connects to a server in time, and says what the connection is for.
pub(super) async fn dial<N: Net>(
    net: &N,
    to: NodeId,
    hello: Frame,
    limit: Duration,
) -> io::Result<Stream> {
    let dialed = timeout(limit, async {
        let mut stream = net.dial(to).await?;
        frames::write(&mut stream.writer, &hello).await?;
        Ok(stream)
    });
    dialed.await?
}

/// Writes what comes out of a queue until it is closed and empty. What has piled up goes out in
/// one piece.
pub(super) async fn write_all(
    writer: &mut (impl AsyncWrite + Unpin),
    queue: &mut mpsc::Receiver<Frame>,
    limit: Duration,
) -> io::Result<()> {
    use tokio::io::AsyncWriteExt;
    let mut bytes = Vec::new();
    while let Some(frame) = queue.recv().await {
        bytes.clear();
        frames::put(&frame, &mut bytes);
        while let Ok(frame) = queue.try_recv() {
            frames::put(&frame, &mut bytes);
        }
        timeout(limit, writer.write_all(&bytes)).await??;
    }
    writer.shutdown().await
}
