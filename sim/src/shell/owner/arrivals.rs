//! What other tasks tell the owner is put where its turn will come.
//!
//! The packets of a connection come one after the other: one that is held back holds back all
//! behind it. Of the notifications of a peer only the newest one is kept.

use super::super::connection;
use super::super::event::{Event, Outbox, Stamped, When};
use super::super::limits::{INBOX, OUTBOX};
use super::super::net::{Net, Stream};
use super::super::platform::Platform;
use super::Owner;
use std::collections::VecDeque;
use tokio::sync::mpsc;
use zab_core::{ConnId, Input, NodeId, Notification, Packet, Time};

/// A connection between learner and leader.
pub(super) struct Link {
    pub(super) peer: NodeId,
    opened: Time,
    pub(super) outbox: Outbox,
    /// What came and was not looked at yet.
    waiting: VecDeque<Stamped<Came>>,
}

/// What comes from the other end of a connection.
pub(super) enum Came {
    Packet(Packet),
    /// It does not listen.
    Refused,
    /// It has closed the connection.
    Goodbye,
}

/// A notification that was not looked at yet.
pub(super) struct Letter {
    notification: Notification,
    receipt: mpsc::Sender<()>,
}

impl<N: Net, P: Platform> Owner<N, P> {
    /// Puts something where its turn will come.
    pub(super) fn put(&mut self, Stamped { when, what }: Stamped<Event>) {
        match what {
            Event::Accepted(stream) => {
                self.accepted += 1;
                let (number, inbox) = (self.accepted, self.inbox.clone());
                self.tasks.spawn_local(connection::introduce(stream, number, inbox, self.limits));
            }
            Event::Clients { outbox, number } => {
                self.clients.insert(number, outbox);
            }
            Event::ClientsGone { number } => {
                self.clients.remove(&number);
                self.routes.retain(|_, route| *route != number);
            }
            Event::Packet { conn, packet } => {
                self.queue(conn, Stamped { when, what: Came::Packet(packet) });
            }
            Event::Refused { conn } => self.queue(conn, Stamped { when, what: Came::Refused }),
            Event::Down { conn, reset: false } => {
                self.queue(conn, Stamped { when, what: Came::Goodbye });
            }
            Event::Down { conn, reset: true } => {
                // Of what has come and was not looked at yet a reset leaves nothing.
                let Some(link) = self.connections.get_mut(&conn) else {
                    return;
                };
                if when.at <= self.platform.since() {
                    link.waiting.clear();
                }
                let what = Event::Down { conn, reset: true };
                if self.platform.comes_after_votes(link.peer, when.at) {
                    self.agenda.put_last(when, what);
                } else {
                    self.agenda.put(when, what);
                }
            }
            Event::Notification { from, notification, receipt } => {
                match self.letters.insert(from, Letter { notification, receipt }) {
                    // The older one is of no interest any more; it passes on its turn.
                    Some(older) => older.discard(),
                    None => self.agenda.put(when, Event::Notify { from }),
                }
            }
            Event::Forget { from } => {
                if let Some(letter) = self.letters.remove(&from) {
                    letter.discard();
                    let is_its_turn =
                        |what: &Event| matches!(what, Event::Notify { from: of } if *of == from);
                    self.agenda.cancel(is_its_turn);
                    self.parked.retain(|event| !is_its_turn(&event.what));
                }
            }
            later => self.agenda.put(when, later),
        }
    }

    /// Whether more can be taken from the inbox. If not, readers have to wait once that is full.
    pub(super) fn has_room(&self) -> bool {
        self.connections.values().map(|link| link.waiting.len()).sum::<usize>() < INBOX
    }

    fn queue(&mut self, conn: ConnId, item: Stamped<Came>) {
        if let Some(link) = self.connections.get_mut(&conn) {
            if link.waiting.is_empty() {
                self.agenda.put(item.when, link.arrival(conn));
            }
            link.waiting.push_back(item);
        }
    }

    /// The oldest item of a connection; the turn of the next one comes then.
    pub(super) fn next_item(&mut self, conn: ConnId) -> Option<Input> {
        let link = self.connections.get_mut(&conn)?;
        let item = link.waiting.pop_front()?;
        if let Some(next) = link.waiting.front() {
            let When { at, sent } = next.when;
            let base = self.agenda.base();
            let when = When { at: at.max(base), sent: sent.max(base) };
            self.agenda.put(when, link.arrival(conn));
        }
        let peer = link.peer;
        if !matches!(item.what, Came::Packet(_)) {
            self.connections.remove(&conn);
        }
        Some(match item.what {
            Came::Packet(packet) => Input::Packet { from: peer, conn, packet },
            Came::Refused => Input::Refused { peer, conn },
            Came::Goodbye => Input::ConnectionDown { peer, conn },
        })
    }

    pub(super) fn open_letter(&mut self, from: NodeId) -> Option<Notification> {
        let letter = self.letters.remove(&from)?;
        self.platform.opens(from);
        let notification = letter.notification;
        letter.discard();
        Some(notification)
    }

    /// Takes a connection into service that was made then.
    pub(super) fn open(&mut self, (peer, opened): (NodeId, Time), stream: Stream) -> ConnId {
        self.opened += 1;
        let conn = ConnId(self.opened);
        let (outbox, frames) = mpsc::channel(OUTBOX);
        self.connections.insert(conn, Link { peer, opened, outbox, waiting: VecDeque::new() });
        let inbox = self.inbox.clone();
        self.tasks.spawn_local(connection::carry_packets(conn, stream, inbox, frames, self.limits));
        conn
    }
}

impl Link {
    /// The turn of what comes next.
    const fn arrival(&self, conn: ConnId) -> Event {
        Event::Arrive { conn, from: self.peer, opened: self.opened }
    }
}

impl Letter {
    fn discard(self) {
        // Nobody listens if the connection has ended, and one receipt too few only costs time.
        let _ = self.receipt.try_send(());
    }
}
