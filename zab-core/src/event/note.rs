//! What a server says of itself, for whoever watches: the checker, and the story of an execution.

use crate::ids::{Epoch, NodeId, RequestId, Zxid};
use crate::message::Vote;
use crate::txn::{Digest, Txn};

/// How a leader brings a learner up to date.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SyncMode {
    /// Nothing is missing or the missing part is sent.
    Diff,
    /// The learner has more than the leader: cut first.
    Trunc,
    /// The whole state.
    Snap,
}

/// A packet that the protocol does not allow where it arrived: invariants I-11 to I-14.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Breach {
    /// I-11 bad state: a packet that the phase of the receiver does not expect.
    BadState,
    /// I-12 bad ack: the learner's first answer to NEWLEADER is not its acknowledgement.
    BadAck,
    /// I-13 bad proposal: not the successor of the last one queued in its epoch.
    BadProposal,
    /// I-14 bad commit: it does not match the oldest proposal that is not committed.
    BadCommit,
}

/// A step of the protocol that no packet shows. Statements of fact for whoever watches; the
/// protocol itself never reads them.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Note {
    /// Entered leader election with this vote for itself, in this round.
    Looking {
        /// The vote for itself.
        vote: Vote,
        /// The round.
        round: u32,
    },
    /// The election is over: follows or leads.
    Elected {
        /// The leader it decided for, possibly itself.
        leader: NodeId,
        /// The round.
        round: u32,
    },
    /// Leader: a quorum promised this epoch and acknowledged it; what the leader's memory holds
    /// now is the initial history of the epoch.
    InitialHistory {
        /// The epoch.
        epoch: Epoch,
    },
    /// Leader: decided how to bring a learner up to date.
    SyncWith {
        /// The learner.
        learner: NodeId,
        /// How.
        mode: SyncMode,
    },
    /// Leader: a quorum acknowledged NEWLEADER, the epoch is established; clients are served.
    Established {
        /// The epoch.
        epoch: Epoch,
    },
    /// Leader: assigned a zxid and broadcasts.
    Proposed(Txn),
    /// Leader: a quorum acknowledged; every server may deliver it.
    Committed(Zxid),
    /// Follower: processed UPTODATE; clients are served from what is in memory.
    Serving {
        /// The epoch.
        epoch: Epoch,
    },
    /// Leader: every earlier change of this `sync` is committed, the answer is on its way.
    SyncAnswered {
        /// The request.
        request: RequestId,
    },
    /// Stops following or leading, in process; clients are disconnected.
    SteppedDown,
    /// The memory was loaded from the disk, or replaced by a snapshot or a truncation.
    MemoryReplaced {
        /// Its last zxid now.
        last_zxid: Zxid,
        /// Which sequence of transactions it now holds.
        digest: Digest,
    },
    /// A packet broke the protocol.
    Breached {
        /// Which rule.
        breach: Breach,
        /// The zxid of the packet, as far as it has one.
        zxid: Zxid,
    },
    /// The role ended, and its log writer still writes what was queued.
    LeakedLogWriter {
        /// How many transactions it has not appended yet.
        queued: usize,
    },
}
