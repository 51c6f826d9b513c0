//! Turmoil's network as one process sees it.

use super::leap::Wait;
use super::shared::Handle;
use super::wire::wire;
use super::{RTT, address, duration, server_at};
use crate::shell::{Net, Stream};
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::sleep;
use turmoil::net::{TcpListener, TcpStream};
use zab_core::NodeId;

/// Where every server listens.
const PORT: u16 = 2888;

/// The network of a server, or of the clients.
#[derive(Clone)]
pub(super) struct SimNet {
    pub(super) shared: Handle,
    pub(super) me: Option<NodeId>,
}

impl SimNet {
    fn stream(&self, stream: TcpStream, peer: Option<NodeId>) -> Stream {
        if let (Some(me), Some(peer)) = (self.me, peer) {
            let (reader, writer) = wire(stream, &self.shared, (me, peer));
            Stream::new(reader, writer)
        } else {
            let (reader, writer) = stream.into_split();
            Stream::new(reader, writer)
        }
    }

    /// Waits until no clog stands in the way.
    async fn thawed(&self, to: NodeId) {
        loop {
            let thawed = {
                let shared = self.shared.borrow();
                match self.me {
                    Some(me) if shared.are_clogged(me, to) => Rc::clone(&shared.thawed),
                    _ => return,
                }
            };
            thawed.notified().await;
        }
    }

    async fn wait(&self, span: Duration) {
        let _wait = Wait::pause(&self.shared, span);
        sleep(span).await;
    }

    fn refuses(&self, to: NodeId) -> bool {
        let shared = self.shared.borrow();
        let is_cut = self.me.is_some_and(|me| shared.links.is_cut_either_way(shared.now, me, to));
        is_cut || !shared.servers[to.index()].up
    }
}

impl Net for SimNet {
    type Listener = TcpListener;

    async fn listen(&self) -> io::Result<TcpListener> {
        TcpListener::bind(("0.0.0.0", PORT)).await
    }

    async fn accept(&self, listener: &mut TcpListener) -> io::Result<Stream> {
        let (stream, peer) = listener.accept().await?;
        Ok(self.stream(stream, server_at(peer.ip())))
    }

    /// A SYN to a host that is down would wait for it to come back, and one into a partition would
    /// be refused at once (turmoil 0.7.2): both are refused after a round trip here.
    async fn dial(&self, to: NodeId) -> io::Result<Stream> {
        self.thawed(to).await;
        if self.refuses(to) {
            self.wait(duration(RTT)).await;
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let _handshake = Wait::handshake(&self.shared);
        let stream = TcpStream::connect((address(to.0), PORT)).await?;
        Ok(self.stream(stream, Some(to)))
    }

    /// Attempts that would be refused are left out: they cost ticks and change nothing.
    async fn pause(&self, to: NodeId, span: Duration) {
        while self.refuses(to) {
            let thawed = Rc::clone(&self.shared.borrow().thawed);
            thawed.notified().await;
        }
        self.wait(span).await;
    }
}
