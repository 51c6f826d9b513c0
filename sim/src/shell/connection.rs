//! One connection of any kind, from its first frame to its end.

use super::codec::Frame;
use super::event::{Event, Inbox, Stamped};
use super::frames;
use super::limits::{Limits, OUTBOX};
use super::net::{self, Moment, Reader, Stream};
use std::io;
use tokio::sync::mpsc;
use tokio::time::timeout;
use zab_core::{ConnId, NodeId};

/// Reads who has connected, in time, and serves whoever it is. A learner is the owner's to accept.
pub(super) async fn introduce(mut stream: Stream, number: u32, inbox: Inbox, limits: Limits) {
    let Ok(Ok(Some(first))) = timeout(limits.connect, stream.reader.next()).await else {
        return;
    };
    match first {
        Frame::Learner(peer) => {
            let when = stream.arrived.get();
            let what = Event::Learner { peer, stream, opened: when.at };
            // Nobody listens if the process ends.
            let _ = inbox.send(Stamped { when, what }).await;
        }
        Frame::Post(from) => {
            // The sender makes a new connection when this one breaks.
            let _ = take_post(stream, from, &inbox, limits).await;
        }
        Frame::Clients => serve_clients(stream, number, &inbox, limits).await,
        _ => {} // Not a conversation: hang up.
    }
}

/// Takes notifications in and acknowledges each once the owner has looked at it, or at a newer
/// one.
async fn take_post(stream: Stream, from: NodeId, inbox: &Inbox, limits: Limits) -> io::Result<()> {
    let Stream { mut reader, mut writer, arrived, .. } = stream;
    let (receipt, mut receipts) = mpsc::channel(OUTBOX);
    let taking = async {
        while let Ok(Some(Frame::Notification(notification))) = reader.next().await {
            let receipt = receipt.clone();
            let what = Event::Notification { from, notification, receipt };
            if inbox.send(Stamped { when: arrived.get(), what }).await.is_err() {
                break;
            }
        }
        Ok(())
    };
    let acknowledging = async {
        while receipts.recv().await.is_some() {
            timeout(limits.write, frames::write(&mut writer, &Frame::Received)).await??;
        }
        Ok(())
    };
    tokio::select! {
        biased;
        ended = taking => ended,
        ended = acknowledging => ended,
    }
}

/// Packets in, packets out, until either way ends or the owner closes the outbox.
pub(super) async fn carry_packets(
    conn: ConnId,
    stream: Stream,
    inbox: Inbox,
    mut outbox: mpsc::Receiver<Stamped<Option<Frame>>>,
    limits: Limits,
) {
    let Stream { mut reader, mut writer, arrived, leaves } = stream;
    let (when, reset) = tokio::select! {
        biased;
        reset = read_packets(conn, &mut reader, &arrived, &inbox) => (arrived.get(), reset),
        written = net::write_all(&mut writer, &leaves, &mut outbox, limits.write) => {
            (leaves.get(), written.is_err())
        }
    };
    // Nobody listens if the process ends; a connection that the owner closed is forgotten.
    let _ = inbox.send(Stamped { when, what: Event::Down { conn, reset } }).await;
}

/// Whether the connection ended other than by being closed.
async fn read_packets(conn: ConnId, reader: &mut Reader, arrived: &Moment, inbox: &Inbox) -> bool {
    loop {
        match reader.next().await {
            Ok(Some(Frame::Packet(packet))) => {
                let what = Event::Packet { conn, packet };
                if inbox.send(Stamped { when: arrived.get(), what }).await.is_err() {
                    return false;
                }
            }
            Ok(Some(Frame::Refused)) => {
                let what = Event::Refused { conn };
                // Nobody listens if the process ends.
                let _ = inbox.send(Stamped { when: arrived.get(), what }).await;
                return false;
            }
            Ok(Some(_)) | Err(_) => return true,
            Ok(None) => return false,
        }
    }
}

/// Questions in, answers out.
async fn serve_clients(stream: Stream, number: u32, inbox: &Inbox, limits: Limits) {
    let Stream { mut reader, mut writer, arrived, leaves } = stream;
    let (outbox, mut answers) = mpsc::channel(OUTBOX);
    if inbox.send(Stamped::now(Event::Clients { outbox, number })).await.is_err() {
        return;
    }
    let asking = async {
        while let Ok(Some(Frame::Ask { request, last_seen, op })) = reader.next().await {
            let what = Event::Ask { number, request, last_seen, op };
            if inbox.send(Stamped { when: arrived.get(), what }).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        biased;
        () = asking => {}
        _ = net::write_all(&mut writer, &leaves, &mut answers, limits.write) => {}
    }
    let _ = inbox.send(Stamped::now(Event::ClientsGone { number })).await;
}
