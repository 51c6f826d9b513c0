//! Turmoil's network as one process sees it.

use super::shared::Handle;
use super::waits::Wait;
use super::wire::{Route, wire};
use super::{TICK, address, server_at};
use crate::shell::{Net, Stream};
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::sleep;
use turmoil::net::{TcpListener, TcpStream};
use zab_core::{NodeId, Time};

/// Where every server listens.
const PORT: u16 = 2888;

/// The network of a server, or of the clients.
#[derive(Clone)]
pub(super) struct SimNet {
    pub(super) shared: Handle,
    pub(super) me: Option<NodeId>,
}

impl SimNet {
    fn refuses(&self, to: NodeId) -> bool {
        let shared = self.shared.borrow();
        let (links, now) = (&shared.cluster.links, shared.since);
        let is_cut = self.me.is_some_and(|me| links.is_cut_either_way(now, me, to));
        is_cut || !shared.cluster[to].is_up()
    }

    /// Whether a connection has to wait for the end of a fault.
    fn is_held_back(&self, to: NodeId) -> bool {
        let shared = self.shared.borrow();
        self.me.is_some_and(|me| {
            let (links, now) = (&shared.cluster.links, shared.since);
            let is_stalled = shared.cluster[me].stalls.process(now);
            is_stalled || links.is_cut_either_way(now, me, to) || shared.are_clogged(me, to)
        })
    }

    async fn thawed(&self) {
        let thawed = Rc::clone(&self.shared.borrow().thawed);
        thawed.notified().await;
    }
}

impl Net for SimNet {
    type Listener = TcpListener;

    async fn listen(&self) -> io::Result<TcpListener> {
        TcpListener::bind(("0.0.0.0", PORT)).await
    }

    async fn accept(&self, listener: &mut TcpListener) -> io::Result<Stream> {
        let (stream, peer) = listener.accept().await?;
        let route = Route { dialer: server_at(peer.ip()), acceptor: self.me, accepted: true };
        Ok(wire(stream, &self.shared, route, (Time(0), None)))
    }

    async fn ready(&self, to: NodeId, at: Time) {
        {
            let dialing = Rc::clone(&self.shared.borrow().waits.dialing);
            let _wait = Wait::dial(&self.shared, at);
            while self.shared.borrow().waits.horizon < at {
                dialing.notified().await;
            }
        }
        while self.is_held_back(to) {
            self.thawed().await;
        }
    }

    /// A SYN to a host that is down would wait for it to come back, and one into a partition would
    /// be refused at once (turmoil 0.7.2): here both are refused when the connection was to be
    /// made.
    async fn dial(&self, to: NodeId, at: Time) -> io::Result<Stream> {
        if self.refuses(to) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let _handshake = Wait::handshake(&self.shared);
        let stream = TcpStream::connect((address(to.0), PORT)).await?;
        let made = at.max(self.shared.borrow().since);
        // Messages of leader election go out whenever there is one.
        let opened = (at != Time(0)).then_some(made);
        let route = Route { dialer: self.me, acceptor: Some(to), accepted: false };
        Ok(wire(stream, &self.shared, route, (made, opened)))
    }

    /// Attempts that would be refused are left out: they cost steps and change nothing. The time
    /// of the world does not pass while others are made.
    async fn pause(&self, to: NodeId, _span: Duration) {
        if self.refuses(to) {
            while self.refuses(to) {
                self.thawed().await;
            }
        } else {
            let _handshake = Wait::handshake(&self.shared);
            sleep(TICK).await;
        }
    }
}
