//! Messages of leader election on the way: the newest one for each pair of servers
//! (`QuorumCnxManager` queues one message a peer).

use crate::due::{Due, Effects};
use crate::network::links::SERVERS_MAX;
use zab_core::{Micros, NodeId, Notification};

/// One mailbox.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Mailbox {
    message: Option<Notification>,
    /// A [`Due::Notify`] is under way.
    armed: bool,
}

/// The mailboxes of an ensemble, by sender and receiver.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Mailboxes([[Mailbox; SERVERS_MAX]; SERVERS_MAX]);

impl Mailboxes {
    /// Sends a message; it replaces one that is still on the way.
    pub(crate) fn send(
        &mut self,
        at: Micros,
        (from, to): (NodeId, NodeId),
        message: Notification,
        fx: &mut Effects,
    ) {
        let mailbox = &mut self.0[from.index()][to.index()];
        mailbox.message = Some(message);
        if !mailbox.armed {
            mailbox.armed = true;
            fx.schedule(at, Due::Notify { from, to });
        }
    }

    /// Takes the message that arrives.
    pub(crate) fn arrive(&mut self, from: NodeId, to: NodeId) -> Option<Notification> {
        let mailbox = &mut self.0[from.index()][to.index()];
        mailbox.armed = false;
        mailbox.message.take()
    }

    /// The sender's process is gone, and with it what it had not delivered.
    pub(crate) fn lose(&mut self, from: NodeId) {
        self.0[from.index()].iter_mut().for_each(|mailbox| mailbox.message = None);
    }
}
