//! Messages of leader election on the way: the newest one for each pair of servers
//! (`QuorumCnxManager` queues one message a peer).
//!
//! They travel on a connection of their own for each pair. To make it takes both ways, to use it
//! takes one. It ends with the process at either end, with a reset, and with a cut of the way that
//! it is used in: what is lost on it is not told, so it is made again once both ways are open. A
//! message that arrived while the way back was cut counts as lost, and is sent again. What a process
//! had not delivered is gone with it; what its next one sends travels by itself.

mod exhaustive;

use crate::due::{Due, Effects};
use crate::network::links::SERVERS_MAX;
use zab_core::{NodeId, Notification, Time};

/// One mailbox.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Mailbox {
    message: Option<Notification>,
    /// Which process of the sender sent it.
    life: u16,
    /// A [`Due::Notify`] is under way.
    armed: bool,
    /// There is a connection.
    linked: bool,
    /// The message has arrived, and its sender could not be told.
    unacknowledged: bool,
}

/// The mailboxes of an ensemble, by sender and receiver.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Mailboxes([[Mailbox; SERVERS_MAX]; SERVERS_MAX]);

impl Mailboxes {
    /// Sends a message; it replaces one that is still on the way.
    pub(crate) fn send(
        &mut self,
        at: Time,
        (from, life, to): (NodeId, u16, NodeId),
        message: Notification,
        fx: &mut Effects,
    ) {
        let mailbox = &mut self.0[from.index()][to.index()];
        (mailbox.message, mailbox.life, mailbox.unacknowledged) = (Some(message), life, false);
        if !mailbox.armed {
            mailbox.armed = true;
            fx.schedule(at, Due::Notify { from, life, to });
        }
    }

    /// Takes the message that arrives; its sender is told of that, or not.
    pub(crate) fn arrive(
        &mut self,
        from: NodeId,
        to: NodeId,
        is_acknowledged: bool,
    ) -> Option<Notification> {
        let mailbox = &mut self.0[from.index()][to.index()];
        mailbox.armed = false;
        let message = mailbox.message?;
        mailbox.unacknowledged = !is_acknowledged;
        if is_acknowledged {
            mailbox.message = None;
        }
        Some(message)
    }

    /// Both ways are open: a message that waits for that goes out, one that counts as lost once
    /// more.
    pub(crate) fn connect(&mut self, now: Time, from: NodeId, to: NodeId, fx: &mut Effects) {
        let mailbox = &mut self.0[from.index()][to.index()];
        mailbox.linked |= mailbox.message.is_some();
        if std::mem::take(&mut mailbox.unacknowledged) && !mailbox.armed {
            mailbox.armed = true;
            fx.schedule(now, Due::Notify { from, life: mailbox.life, to });
        }
    }

    /// The newest message of a pair waits for a connection.
    pub(crate) const fn is_waiting(&self, from: NodeId, to: NodeId) -> bool {
        let Mailbox { message, linked, .. } = &self.0[from.index()][to.index()];
        message.is_some() && !*linked
    }

    /// The connection is gone.
    pub(crate) const fn unlink(&mut self, from: NodeId, to: NodeId) {
        self.0[from.index()][to.index()].linked = false;
    }

    /// The process of a server is gone, and with it its connections and what it had not delivered.
    pub(crate) fn lose(&mut self, server: NodeId) {
        self.0[server.index()] = Default::default();
        self.0.iter_mut().for_each(|row| row[server.index()].linked = false);
    }
}
