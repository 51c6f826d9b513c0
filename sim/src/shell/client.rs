//! The client's end: one connection to a server, for any number of sessions.
//!
//! What is asked while there is no connection makes one; if that fails, or the connection breaks,
//! what was asked is never answered. A session's own time-out tells it so.

use super::codec::Frame;
use super::event::Stamped;
use super::frames;
use super::limits::Limits;
use super::net::{self, Net, Stream};
use std::io;
use tokio::sync::mpsc;
use tokio::time::timeout;
use zab_core::{NodeId, Time};

/// Carries questions to a server, and answers back, until nobody asks any more.
pub async fn converse<N: Net>(
    net: N,
    server: NodeId,
    mut questions: mpsc::Receiver<Stamped<Frame>>,
    answers: mpsc::Sender<(NodeId, Stamped<Frame>)>,
    limits: Limits,
) {
    // Connected from the start, as a session is.
    let mut question = None;
    loop {
        if let Ok(stream) = net::dial(&net, (server, Time(0)), Frame::Clients, limits.connect).await
        {
            // However it ends, the next question makes a new one.
            let _ = talk(stream, server, question.take(), &mut questions, &answers, limits).await;
        }
        question = questions.recv().await;
        if question.is_none() {
            return;
        }
    }
}

/// Uses one connection for as long as it lasts.
async fn talk(
    stream: Stream,
    server: NodeId,
    first: Option<Stamped<Frame>>,
    questions: &mut mpsc::Receiver<Stamped<Frame>>,
    answers: &mpsc::Sender<(NodeId, Stamped<Frame>)>,
    limits: Limits,
) -> io::Result<()> {
    let Stream { mut reader, mut writer, arrived, leaves } = stream;
    let asking = async {
        let mut next = match first {
            Some(question) => Some(question),
            None => questions.recv().await,
        };
        while let Some(Stamped { when, what: question }) = next {
            leaves.set(when);
            timeout(limits.write, frames::write(&mut writer, &question)).await??;
            next = questions.recv().await;
        }
        Ok(())
    };
    let hearing = async {
        while let Ok(Some(answer)) = reader.next().await {
            let answer = Stamped { when: arrived.get(), what: answer };
            if answers.send((server, answer)).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        biased;
        () = hearing => Ok(()),
        asked = asking => asked,
    }
}
