//! Notifications of leader election to one peer (`QuorumCnxManager.SendWorker`).
//!
//! Only the newest one matters: one that could not be sent is replaced. Each is acknowledged, so
//! that one that was lost with its connection is sent again, and one that arrived is not.
//! (ZooKeeper has no acknowledgements: it sends the last one again on every new connection.)

use super::codec::Frame;
use super::event::Stamped;
use super::frames;
use super::limits::Limits;
use super::net::{self, Moment, Net, Reader, Stream};
use std::cell::Cell;
use std::rc::Rc;
use tokio::io::AsyncWrite;
use tokio::sync::Notify;
use tokio::time::timeout;
use zab_core::{NodeId, Notification, Time};

/// The newest notification for a peer, and whether it waits to be sent.
#[derive(Clone, Default)]
pub(super) struct Slot(Rc<Contents>);

#[derive(Default)]
struct Contents {
    newest: Cell<Option<Stamped<Notification>>>,
    waits: Cell<bool>,
    filled: Notify,
}

impl Slot {
    /// Puts a notification in the place of the one before.
    pub(super) fn put(&self, notification: Stamped<Notification>) {
        self.0.newest.set(Some(notification));
        self.refill();
    }

    /// The newest notification waits to be sent, for the first time or once more.
    fn refill(&self) {
        self.0.waits.set(true);
        self.0.filled.notify_one();
    }

    async fn filled(&self) {
        while !self.0.waits.get() {
            self.0.filled.notified().await;
        }
    }

    fn take(&self) -> Option<Stamped<Notification>> {
        self.0.newest.get().filter(|_| self.0.waits.take())
    }
}

/// How many were sent on one connection and not acknowledged yet.
type Unacknowledged = Cell<usize>;

/// Sends what appears in the slot, until the process ends.
pub(super) async fn deliver<N: Net>(
    net: N,
    (from, to): (NodeId, NodeId),
    slot: Slot,
    limits: Limits,
) {
    let mut pause = limits.retry_first;
    loop {
        slot.filled().await;
        let dialed = net::dial(&net, (to, Time(0)), Frame::Post(from), limits.connect).await;
        if let Ok(stream) = dialed {
            pause = limits.retry_first;
            if talk(stream, &slot, limits).await == 0 {
                continue;
            }
            slot.refill();
        }
        net.pause(to, pause).await;
        pause = (pause * 2).min(limits.retry_max);
    }
}

/// Uses one connection for as long as it lasts, and says how many that were sent may be lost.
async fn talk(stream: Stream, slot: &Slot, limits: Limits) -> usize {
    let Stream { mut reader, mut writer, leaves, .. } = stream;
    let unacknowledged = Unacknowledged::default();
    tokio::select! {
        biased;
        () = hear(&mut reader, &unacknowledged, limits) => {}
        () = send(&mut writer, &leaves, slot, &unacknowledged, limits) => {}
    }
    unacknowledged.get()
}

async fn send(
    writer: &mut (impl AsyncWrite + Unpin),
    leaves: &Moment,
    slot: &Slot,
    unacknowledged: &Unacknowledged,
    limits: Limits,
) {
    loop {
        slot.filled().await;
        if let Some(Stamped { when, what: notification }) = slot.take() {
            leaves.set(when);
            unacknowledged.update(|count| count + 1);
            let frame = Frame::Notification(notification);
            match timeout(limits.write, frames::write(writer, &frame)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return,
            }
        }
    }
}

/// Ends when the connection does, or when an acknowledgement is overdue.
async fn hear(reader: &mut Reader, unacknowledged: &Unacknowledged, limits: Limits) {
    loop {
        match timeout(limits.acknowledge, reader.next()).await {
            Ok(Ok(Some(Frame::Received))) => {
                unacknowledged.update(|count| count.saturating_sub(1));
            }
            Err(_) if unacknowledged.get() == 0 => {}
            Ok(_) | Err(_) => return,
        }
    }
}
