//! What an explorer does with election messages: it chooses who is elected, and lets the messages of
//! that election arrive, and no others.

use super::{Mailbox, Mailboxes};
use crate::due::Due;
use zab_core::canonical::Sink;
use zab_core::{NodeId, Notification};

impl Mailboxes {
    /// Takes a message off its way.
    pub(crate) fn take(&mut self, from: NodeId, to: NodeId) -> Option<Notification> {
        let mailbox = &mut self.0[from.index()][to.index()];
        mailbox.unacknowledged = false;
        mailbox.message.take()
    }

    /// The messages on the way: sender and receiver.
    pub(crate) fn on_the_way(&self) -> impl Iterator<Item = (NodeId, NodeId)> {
        (0..).zip(&self.0).flat_map(|(from, row)| {
            let full = (0..).zip(row).filter(|(_, mailbox)| mailbox.message.is_some());
            full.map(move |(to, _)| (NodeId(from), NodeId(to)))
        })
    }

    /// Hands over what is on the way.
    pub(crate) fn canonical<S: Sink>(&self, sink: &mut S) {
        for mailbox in self.0.iter().flatten() {
            sink.plain(&mailbox.message);
        }
    }

    /// The arrivals that a driver with a queue has to know of.
    pub(crate) fn under_way(&self) -> impl Iterator<Item = Due> {
        (0..).zip(&self.0).flat_map(|(from, row)| {
            let armed = (0..).zip(row).filter(|(_, mailbox)| mailbox.armed);
            armed.map(move |(to, Mailbox { life, .. })| Due::Notify {
                from: NodeId(from),
                life: *life,
                to: NodeId(to),
            })
        })
    }
}
