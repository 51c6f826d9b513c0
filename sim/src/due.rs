//! What can happen next in a world, as small values for a driver's queue.
//!
//! A [`Due`] is enabled from the instant it was scheduled for. The direct driver takes the earliest
//! one; an exhaustive explorer may take any. One that no longer applies (its process is gone, its
//! connection is closed, its timer was set again) does nothing.

use crate::passage::Passage;
use zab_checker::Event;
use zab_core::event::Timer;
use zab_core::{Actor, ConnId, File, NodeId, Output, Time};

/// Something that falls due. `life` counts the processes of a server.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the fields are what their types say")]
pub enum Due {
    /// A timer runs out.
    Timer { server: NodeId, life: u16, timer: Timer, generation: u32 },
    /// An actor's turn.
    Turn { server: NodeId, life: u16, actor: Actor },
    /// A disk operation completes, or fails.
    Disk { server: NodeId, life: u16, file: File, lsn: u32 },
    /// The main thread gets an exception.
    StepDown { server: NodeId, life: u16 },
    /// A connection that was asked for is made or refused.
    Connect { from: NodeId, life: u16, to: NodeId },
    /// The next packet arrives that end `1 - end` of a connection sent to this end.
    Arrive { conn: ConnId, end: u8 },
    /// This end of a connection learns that it was reset.
    Reset { conn: ConnId, end: u8 },
    /// The election message on the way between two servers arrives.
    Notify { from: NodeId, life: u16, to: NodeId },
    /// A client's request arrives at its server.
    Request { client: u8, cxid: u32 },
    /// What no fault withholds.
    Later(Later),
}

/// Something that a fault or a client has left for later, in any driver.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the fields are what their types say")]
pub enum Later {
    /// The process of a server that is down starts.
    Start { server: NodeId, life: u16 },
    /// A fault may have ended: what it withheld proceeds.
    FaultEnds,
    /// A server's turn in a swizzle: isolated for this many grains, unless healed since.
    Isolate { server: NodeId, grains: u16, heals: u16 },
    /// The answer arrives at the client.
    Answer { client: u8, cxid: u32 },
    /// The client gives up.
    TimeOut { client: u8, cxid: u32 },
    /// A client that queues for the lock takes its next step.
    Queue { client: u8 },
}

/// What a step of the world brings about; the buffers are reused from step to step.
#[derive(Debug, Default)]
pub struct Effects {
    /// What falls due later, and when.
    pub due: Vec<(Time, Due)>,
    /// What was observed.
    pub evidence: Vec<Event>,
    /// Bit i: something happened to server i.
    pub touched: u8,
    /// What left and arrived, and before which of the events; empty unless somebody wants to know.
    pub(crate) passages: Vec<(usize, Passage)>,
    /// Whether somebody wants to know.
    pub(crate) wants_passages: bool,
    /// Outputs of the server at work.
    pub(crate) outputs: Vec<Output>,
}

impl Effects {
    pub(crate) fn schedule(&mut self, at: Time, due: Due) {
        self.due.push((at, due));
    }

    pub(crate) const fn touch(&mut self, server: NodeId) {
        self.touched |= 1 << server.0;
    }
}

#[cfg(test)]
mod tests {
    use super::Due;

    #[test]
    fn what_falls_due_is_small() {
        assert!(size_of::<Due>() <= 12);
    }
}
