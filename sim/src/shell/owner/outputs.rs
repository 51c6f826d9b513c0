//! What the node asks for is carried out, in order.

use super::super::codec::Frame;
use super::super::event::Event;
use super::super::machine::Machine;
use super::super::net::{self, Net};
use super::super::post;
use super::Owner;
use crate::observe::fact_of;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::watch;
use zab_core::{ConnId, Micros, NodeId, Notification, Output, Packet};

impl<N: Net, M: Machine> Owner<N, M> {
    pub(super) fn carry_out(&mut self, output: Output) {
        let to = match &output {
            Output::Send { conn, .. } => self.connections.get(conn).map(|link| link.peer),
            _ => None,
        };
        if let Some(fact) = fact_of(&output, to) {
            self.machine.observe(fact);
        }
        match output {
            Output::Connect(to) => self.connect(to),
            Output::Close(conn) => {
                // What is in the outbox still goes out, then the task closes the socket.
                self.connections.remove(&conn);
            }
            Output::Send { conn, packet } => self.send(conn, packet),
            Output::Notify { to, notification } => self.notify(to, notification),
            Output::Disk { lsn, op } => self.machine.ask(lsn, op, &mut self.agenda),
            Output::SetTimer { timer, generation, after } => {
                self.agenda.after(self.machine.span(after), Event::Timer { timer, generation });
            }
            Output::Reply { request, outcome } => {
                let client = self.routes.remove(&request).and_then(|n| self.clients.get(&n));
                if let Some(outbox) = client {
                    // A client that does not read its answers does not get them.
                    let _ = outbox.try_send(Frame::Answer { request, outcome });
                }
            }
            Output::DropClients => {
                self.routes.clear();
                for outbox in self.clients.values() {
                    let _ = outbox.try_send(Frame::Dropped);
                }
            }
            Output::Ready(actor) => {
                self.agenda.after(self.machine.turn(actor), Event::Turn(actor));
            }
            Output::Exit(reason) => self.exit = Some(reason),
            Output::Delivered(_) | Output::Note(_) => {}
        }
    }

    fn connect(&mut self, peer: NodeId) {
        let (net, inbox, hello) = (self.net.clone(), self.inbox.clone(), Frame::Learner(self.id));
        let limit = self.limits.connect;
        self.tasks.spawn_local(async move {
            let result = net::dial(&net, peer, hello, limit).await;
            // Nobody listens if the process ends.
            let _ = inbox.send(Event::Dialed { peer, result }).await;
        });
    }

    fn send(&mut self, conn: ConnId, packet: Packet) {
        let Some(link) = self.connections.get(&conn) else {
            return;
        };
        // A closed outbox: the connection has ended, and the owner is about to be told.
        if let Err(TrySendError::Full(_)) = link.outbox.try_send(Frame::Packet(packet)) {
            self.agenda.after(Micros(0), Event::Down { conn, reset: true });
        }
    }

    fn notify(&mut self, to: NodeId, notification: Notification) {
        if let Some(slot) = self.posts.get(&to) {
            slot.send_replace(Some(notification));
            return;
        }
        let (slot, newest) = watch::channel(Some(notification));
        self.posts.insert(to, slot);
        let post = post::deliver(self.net.clone(), (self.id, to), newest, self.limits);
        self.tasks.spawn_local(post);
    }
}
