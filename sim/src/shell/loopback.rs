//! Real sockets, for servers of one host.

use super::net::{Net, Stream};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use tokio::net::{TcpListener, TcpStream};
use zab_core::{NodeId, Time};

/// The network of a process: the address of every server, and which one is its own.
#[derive(Clone, Debug)]
pub struct Loopback {
    servers: Rc<[SocketAddr]>,
    me: Option<NodeId>,
}

impl Loopback {
    /// The network of a server.
    pub fn server(servers: &[SocketAddr], me: NodeId) -> Self {
        Self { servers: servers.into(), me: Some(me) }
    }

    /// The network of a client.
    pub fn client(servers: &[SocketAddr]) -> Self {
        Self { servers: servers.into(), me: None }
    }
}

fn split(stream: TcpStream) -> io::Result<Stream> {
    stream.set_nodelay(true)?;
    let (reader, writer) = stream.into_split();
    Ok(Stream::new(reader, writer))
}

impl Net for Loopback {
    type Listener = TcpListener;

    async fn listen(&self) -> io::Result<TcpListener> {
        let me = self.me.ok_or(io::ErrorKind::AddrNotAvailable)?;
        TcpListener::bind(self.servers[me.index()]).await
    }

    async fn accept(&self, listener: &mut TcpListener) -> io::Result<Stream> {
        split(listener.accept().await?.0)
    }

    async fn dial(&self, to: NodeId, _at: Time) -> io::Result<Stream> {
        split(TcpStream::connect(self.servers[to.index()]).await?)
    }
}
