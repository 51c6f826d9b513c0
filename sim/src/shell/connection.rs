//! One connection of any kind, from its first frame to its end.

use super::codec::Frame;
use super::event::Event;
use super::frames;
use super::limits::{Limits, OUTBOX};
use super::net::{self, Reader, Stream};
use std::io;
use tokio::sync::mpsc;
use tokio::time::timeout;
use zab_core::{ConnId, NodeId};

/// Reads who has connected, in time, and serves whoever it is. A learner is the owner's to accept.
pub(super) async fn introduce(
    stream: Stream,
    number: u32,
    inbox: mpsc::Sender<Event>,
    limits: Limits,
) {
    let Stream { mut reader, writer } = stream;
    let Ok(Ok(Some(first))) = timeout(limits.connect, reader.next()).await else {
        return;
    };
    let stream = Stream { reader, writer };
    match first {
        Frame::Learner(peer) => {
            // Nobody listens if the process ends.
            let _ = inbox.send(Event::Learner { peer, stream }).await;
        }
        Frame::Post(from) => {
            // The sender makes a new connection when this one breaks.
            let _ = take_post(stream, from, &inbox, limits).await;
        }
        Frame::Clients => serve_clients(stream, number, &inbox, limits).await,
        _ => {} // Not a conversation: hang up.
    }
}

/// Takes notifications in and acknowledges each.
async fn take_post(
    stream: Stream,
    from: NodeId,
    inbox: &mpsc::Sender<Event>,
    limits: Limits,
) -> io::Result<()> {
    let Stream { mut reader, mut writer } = stream;
    while let Ok(Some(Frame::Notification(notification))) = reader.next().await {
        if inbox.send(Event::Notification { from, notification }).await.is_err() {
            break;
        }
        timeout(limits.write, frames::write(&mut writer, &Frame::Received)).await??;
    }
    Ok(())
}

/// Packets in, packets out, until either way ends or the owner closes the outbox.
pub(super) async fn carry_packets(
    conn: ConnId,
    stream: Stream,
    inbox: mpsc::Sender<Event>,
    mut outbox: mpsc::Receiver<Frame>,
    limits: Limits,
) {
    let Stream { mut reader, mut writer } = stream;
    let reset = tokio::select! {
        biased;
        reset = read_packets(conn, &mut reader, &inbox) => reset,
        written = net::write_all(&mut writer, &mut outbox, limits.write) => written.is_err(),
    };
    // Nobody listens if the process ends; a connection that the owner closed is forgotten.
    let _ = inbox.send(Event::Down { conn, reset }).await;
}

/// Whether the connection ended other than by being closed.
async fn read_packets(conn: ConnId, reader: &mut Reader, inbox: &mpsc::Sender<Event>) -> bool {
    loop {
        match reader.next().await {
            Ok(Some(Frame::Packet(packet))) => {
                if inbox.send(Event::Packet { conn, packet }).await.is_err() {
                    return false;
                }
            }
            Ok(Some(_)) | Err(_) => return true,
            Ok(None) => return false,
        }
    }
}

/// Questions in, answers out.
async fn serve_clients(stream: Stream, number: u32, inbox: &mpsc::Sender<Event>, limits: Limits) {
    let Stream { mut reader, mut writer } = stream;
    let (outbox, mut answers) = mpsc::channel(OUTBOX);
    if inbox.send(Event::Clients { outbox, number }).await.is_err() {
        return;
    }
    let asking = async {
        while let Ok(Some(Frame::Ask { request, last_seen, op })) = reader.next().await {
            if inbox.send(Event::Ask { number, request, last_seen, op }).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        biased;
        () = asking => {}
        _ = net::write_all(&mut writer, &mut answers, limits.write) => {}
    }
    let _ = inbox.send(Event::ClientsGone { number }).await;
}
