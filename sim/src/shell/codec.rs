//! What travels in a frame, as bytes.
//!
//! A frame is `length u32 | kind u8 | fields`, all numbers little-endian; `length` counts kind and
//! fields and is at most [`FRAME_MAX`](super::frames::FRAME_MAX). Fields have fixed widths and
//! follow in the order of their declaration; an `Option` and an enum are a byte that says which
//! one, then its fields. There is one encoding of each frame, no version and no negotiation: all
//! servers of an ensemble are of one build. Bytes that are no frame end the connection.
//!
//! A connection carries one of three conversations, which its first frame chooses:
//!
//! - [`Frame::Learner`]: a learner, then packets both ways, or [`Frame::Refused`] back;
//! - [`Frame::Post`]: notifications one way, each acknowledged with [`Frame::Received`];
//! - [`Frame::Clients`]: [`Frame::Ask`] one way, [`Frame::Answer`] and [`Frame::Dropped`] back.

mod fields;
mod locks;
mod packet;

use fields::{Read, Write};
use zab_core::{NodeId, Notification, Op, Outcome, Packet, RequestId, Zxid};

/// What is sent in one piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// First frame of a learner's connection: who it is.
    Learner(NodeId),
    /// First frame of a connection for notifications: whose they are.
    Post(NodeId),
    /// First frame of a connection for clients.
    Clients,
    /// A packet between learner and leader.
    Packet(Packet),
    /// A message of leader election.
    Notification(Notification),
    /// The oldest notification that was not acknowledged has arrived.
    Received,
    /// A client asks.
    Ask {
        /// Which request.
        request: RequestId,
        /// The greatest zxid that the session has seen.
        last_seen: Zxid,
        /// What it asks.
        op: Op,
    },
    /// The answer.
    Answer {
        /// To which request.
        request: RequestId,
        /// What it is.
        outcome: Outcome,
    },
    /// The server serves no longer: what was asked and not answered is never answered.
    Dropped,
    /// To a learner: nobody leads here.
    Refused,
}

/// Bytes that are no frame.
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The length is above the limit.
    #[error("a frame of {length} bytes is too long")]
    TooLong {
        /// The length.
        length: usize,
    },
    /// The frame ends before its last field.
    #[error("the frame ends before its last field")]
    Short,
    /// Bytes follow the last field.
    #[error("{count} bytes follow the last field")]
    Trailing {
        /// How many.
        count: usize,
    },
    /// A byte that says which variant follows says one that does not exist.
    #[error("{tag} stands for no {what}")]
    Unknown {
        /// A variant of what.
        what: &'static str,
        /// The byte.
        tag: u8,
    },
}

/// A value with an encoding.
trait Wire: Sized {
    fn put(&self, out: &mut Write<'_>);
    fn get(from: &mut Read<'_>) -> Result<Self, FrameError>;
}

/// Appends the encoding of a frame, without its length.
pub fn encode(frame: &Frame, buffer: &mut Vec<u8>) {
    let out = &mut Write(buffer);
    match frame {
        Frame::Learner(id) => out.tagged(1, id),
        Frame::Post(id) => out.tagged(2, id),
        Frame::Clients => out.u8(3),
        Frame::Packet(packet) => out.tagged(4, packet),
        Frame::Notification(notification) => out.tagged(5, notification),
        Frame::Received => out.u8(6),
        Frame::Ask { request, last_seen, op } => {
            out.tagged(7, request);
            last_seen.put(out);
            op.put(out);
        }
        Frame::Answer { request, outcome } => {
            out.tagged(8, request);
            outcome.put(out);
        }
        Frame::Dropped => out.u8(9),
        Frame::Refused => out.u8(10),
    }
}

/// The frame that these bytes are.
pub fn decode(bytes: &[u8]) -> Result<Frame, FrameError> {
    let from = &mut Read(bytes);
    let frame = match from.u8()? {
        1 => Frame::Learner(Wire::get(from)?),
        2 => Frame::Post(Wire::get(from)?),
        3 => Frame::Clients,
        4 => Frame::Packet(Wire::get(from)?),
        5 => Frame::Notification(Wire::get(from)?),
        6 => Frame::Received,
        7 => Frame::Ask {
            request: Wire::get(from)?,
            last_seen: Wire::get(from)?,
            op: Wire::get(from)?,
        },
        8 => Frame::Answer { request: Wire::get(from)?, outcome: Wire::get(from)? },
        9 => Frame::Dropped,
        10 => Frame::Refused,
        tag => return Err(FrameError::Unknown { what: "frame", tag }),
    };
    match from.0.len() {
        0 => Ok(frame),
        count => Err(FrameError::Trailing { count }),
    }
}

#[cfg(test)]
mod tests;
