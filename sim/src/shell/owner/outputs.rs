//! What the node asks for is carried out, in order.

use super::super::codec::Frame;
use super::super::event::{Event, Stamped, When};
use super::super::net::{self, Net};
use super::super::platform::Platform;
use super::super::post;
use super::Owner;
use crate::observe::fact_of;
use tokio::sync::mpsc::error::TrySendError;
use zab_core::{ConnId, NodeId, Notification, Output, Packet, Span};

impl<N: Net, P: Platform> Owner<N, P> {
    pub(super) fn carry_out(&mut self, output: Output) {
        let to = match &output {
            Output::Send { conn, .. } => self.connections.get(conn).map(|link| link.peer),
            _ => None,
        };
        if let Some(fact) = fact_of(&output, to) {
            self.platform.observe(self.agenda.base(), fact);
        }
        match output {
            Output::Connect(to) => self.connect(to),
            Output::Close(conn) => {
                // What is in the outbox still goes out, then the task closes the socket. If there
                // is no room to say when, it closes with its last frame.
                if let Some(link) = self.connections.remove(&conn) {
                    let _ = link.outbox.try_send(self.stamped(None));
                }
            }
            Output::Refuse(conn) => {
                if let Some(link) = self.connections.remove(&conn) {
                    let _ = link.outbox.try_send(self.stamped(Some(Frame::Refused)));
                    let _ = link.outbox.try_send(self.stamped(None));
                }
            }
            Output::Send { conn, packet } => self.send(conn, packet),
            Output::Notify { to, notification } => self.notify(to, notification),
            Output::Disk { lsn, op } => self.platform.ask(lsn, op, &mut self.agenda),
            Output::SetTimer { timer, generation, after } => {
                self.agenda.after(self.platform.span(after), Event::Timer { timer, generation });
            }
            Output::Reply { request, outcome } => {
                let client = self.routes.remove(&request).and_then(|n| self.clients.get(&n));
                if let Some(outbox) = client {
                    // A client that does not read its answers does not get them.
                    let answer = Frame::Answer { request, outcome };
                    let _ = outbox.try_send(self.stamped(Some(answer)));
                }
            }
            Output::DropClients => {
                self.routes.clear();
                for outbox in self.clients.values() {
                    let _ = outbox.try_send(self.stamped(Some(Frame::Dropped)));
                }
            }
            Output::Ready(actor) => {
                self.agenda
                    .after(self.platform.turn(self.agenda.base(), actor), Event::Turn(actor));
            }
            Output::Exit(reason) => self.exit = Some(reason),
            Output::Delivered(_) | Output::Note(_) => {}
        }
    }

    fn connect(&mut self, peer: NodeId) {
        let (net, inbox, hello) = (self.net.clone(), self.inbox.clone(), Frame::Learner(self.id));
        let (limit, sent) = (self.limits.connect, self.agenda.base());
        let when = When { at: self.platform.reach(sent, peer), sent };
        self.tasks.spawn_local(async move {
            net.ready(peer, when.at).await;
            let result = net::dial(&net, (peer, when.at), hello, limit).await;
            // Nobody listens if the process ends.
            let _ = inbox.send(Stamped { when, what: Event::Dialed { peer, result } }).await;
        });
    }

    pub(super) fn send(&mut self, conn: ConnId, packet: Packet) {
        let Some(link) = self.connections.get(&conn) else {
            return;
        };
        // A closed outbox: the connection has ended, and the owner is about to be told.
        if let Err(TrySendError::Full(_)) =
            link.outbox.try_send(self.stamped(Some(Frame::Packet(packet))))
        {
            self.agenda.after(Span(0), Event::Down { conn, reset: true });
        }
    }

    /// Something that goes out now.
    const fn stamped<T>(&self, what: T) -> Stamped<T> {
        Stamped::sent_at(self.agenda.base(), what)
    }

    fn notify(&mut self, to: NodeId, notification: Notification) {
        let at = self.platform.post(self.agenda.base(), to);
        let notification = Stamped::sent_at(at, notification);
        if let Some(slot) = self.posts.get(&to) {
            slot.put(notification);
            return;
        }
        let slot = post::Slot::default();
        slot.put(notification);
        self.posts.insert(to, slot.clone());
        let post = post::deliver(self.net.clone(), (self.id, to), slot, self.limits);
        self.tasks.spawn_local(post);
    }
}
