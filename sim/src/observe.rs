//! What somebody outside can observe: the only place where evidence is made.

use crate::due::Effects;
use zab_checker::{Event, Fact};
use zab_core::{DiskError, File, Input, Lsn, NodeId, Output, Packet, Time};

impl Effects {
    /// Something can be observed, at a server or of the ensemble as a whole.
    pub(crate) fn observe(&mut self, at: Time, node: impl Into<Option<NodeId>>, fact: Fact) {
        self.evidence.push(Event { at, node: node.into(), fact });
    }
}

/// How a disk operation went: what can be observed of it, and what the server is told.
pub(crate) fn reported(file: File, lsn: Lsn, result: Result<(), DiskError>) -> (Fact, Input) {
    match result {
        Ok(()) => (Fact::DiskDone { file, upto: lsn }, Input::DiskDone { file, upto: lsn }),
        Err(error) => {
            (Fact::DiskFailed { file, lsn, error }, Input::DiskFailed { file, lsn, error })
        }
    }
}

/// The evidence in an output; `to` is the receiver of a packet, if it is handed to the network.
pub(crate) fn fact_of(output: &Output, to: Option<NodeId>) -> Option<Fact> {
    match output {
        // Pings say nothing but "I am alive", and most packets of an idle ensemble are pings.
        Output::Send { packet: Packet::Ping | Packet::Touched(_), .. } => None,
        Output::Send { packet, .. } => Some(Fact::Sent { to: to?, packet: packet.clone() }),
        Output::Disk { lsn, op } => Some(Fact::DiskAsked { lsn: *lsn, op: op.clone() }),
        Output::Delivered(txn) => Some(Fact::Delivered(*txn)),
        Output::Note(note) => Some(Fact::Noted(*note)),
        Output::Exit(reason) => Some(Fact::Exited(*reason)),
        // Clients see answers and broken connections when they arrive, not when they leave.
        Output::Reply { .. } | Output::DropClients => None,
        // Means of the trade.
        Output::Connect(_)
        | Output::Close(_)
        | Output::Refuse(_)
        | Output::Notify { .. }
        | Output::SetTimer { .. }
        | Output::Ready(_) => None,
    }
}
