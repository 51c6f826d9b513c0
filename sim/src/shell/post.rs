//! Notifications of leader election to one peer (`QuorumCnxManager.SendWorker`).
//!
//! Only the newest one matters: one that could not be sent is replaced. Each is acknowledged, so
//! that one that was lost with its connection is sent again, and one that arrived is not.
//! (ZooKeeper has no acknowledgements: it sends the last one again on every new connection.)

use super::codec::Frame;
use super::frames;
use super::limits::Limits;
use super::net::{self, Net, Reader, Stream};
use std::cell::Cell;
use tokio::io::AsyncWrite;
use tokio::sync::watch;
use tokio::time::timeout;
use zab_core::{NodeId, Notification};

/// The newest notification for a peer.
pub(super) type Slot = watch::Receiver<Option<Notification>>;

/// Sends what appears in the slot, until the process ends.
pub(super) async fn deliver<N: Net>(
    net: N,
    (from, to): (NodeId, NodeId),
    mut slot: Slot,
    limits: Limits,
) {
    let mut pause = limits.retry_first;
    loop {
        if let Ok(stream) = net::dial(&net, to, Frame::Post(from), limits.connect).await {
            let Talk { arrived, all_arrived } = talk(stream, &mut slot, limits).await;
            if arrived {
                pause = limits.retry_first;
            }
            if all_arrived && slot.changed().await.is_err() {
                return;
            }
            if all_arrived {
                slot.mark_changed();
                continue;
            }
        }
        net.pause(to, pause).await;
        pause = (pause * 2).min(limits.retry_max);
    }
}

/// How a connection went.
struct Talk {
    /// Something was acknowledged.
    arrived: bool,
    /// Everything that was sent was.
    all_arrived: bool,
}

/// Uses one connection for as long as it lasts.
async fn talk(stream: Stream, slot: &mut Slot, limits: Limits) -> Talk {
    let Stream { mut reader, mut writer } = stream;
    let (sent, acknowledged) = (Cell::new(0_u32), Cell::new(0_u32));
    tokio::select! {
        biased;
        () = hear(&mut reader, &sent, &acknowledged, limits) => {}
        () = send(&mut writer, slot, &sent, limits) => {}
    }
    Talk { arrived: acknowledged.get() > 0, all_arrived: sent == acknowledged }
}

async fn send(
    writer: &mut (impl AsyncWrite + Unpin),
    slot: &mut Slot,
    sent: &Cell<u32>,
    limits: Limits,
) {
    loop {
        let newest = *slot.borrow_and_update();
        if let Some(notification) = newest {
            sent.set(sent.get() + 1);
            let frame = Frame::Notification(notification);
            match timeout(limits.write, frames::write(writer, &frame)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return,
            }
        }
        if slot.changed().await.is_err() {
            return;
        }
    }
}

/// Ends when the connection does, or when an acknowledgement is overdue.
async fn hear(reader: &mut Reader, sent: &Cell<u32>, acknowledged: &Cell<u32>, limits: Limits) {
    loop {
        match timeout(limits.acknowledge, reader.next()).await {
            Ok(Ok(Some(Frame::Received))) => acknowledged.set(acknowledged.get() + 1),
            Err(_) if sent == acknowledged => {}
            Ok(_) | Err(_) => return,
        }
    }
}
