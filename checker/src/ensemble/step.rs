//! What an event did to the ensemble, with whatever a rule needs to know of the state before it.

use crate::clients::OpenSync;
use crate::ensemble::AnsweredSync;
use crate::evidence::News;
use crate::reigns::ReignId;
use crate::sequences::Sequence;
use zab_core::event::{Breach, ExitReason};
use zab_core::message::Vote;
use zab_core::{Epoch, NodeId, Outcome, Recovered, RequestId, SessionId, Txn, Zxid};

/// What an event did. Everything else stands in the ensemble as it is after the event.
#[derive(Copy, Clone, Debug)]
pub(crate) enum Step<'a> {
    /// Nothing that a rule is about.
    Nothing,
    /// A process started and found this on its disk.
    Started(&'a Recovered),
    /// A process ended of itself, for the same reason as the processes before it.
    Exited { reason: ExitReason, lives: u32 },
    /// A record was appended.
    Appended {
        txn: &'a Txn,
        /// The last record before it, and the newest snapshot.
        last: Zxid,
        snapshot: Zxid,
        /// The reign that the server takes part in, and what its log holds now.
        log: Option<(ReignId, Sequence)>,
    },
    /// A leader has `currentEpoch` on disk; `first` is who led that epoch with it before.
    Current { epoch: Epoch, first: NodeId },
    /// LEADERINFO was sent.
    Offered { epoch: Epoch },
    /// ACKEPOCH was sent, and counts as a promise; the last epoch promised before it.
    Promised { epoch: Epoch, before: Epoch },
    /// NEWLEADER was acknowledged.
    NewLeaderAcknowledged {
        epoch: Epoch,
        /// For the first time in this synchronization: the reign, and what the disk held durably.
        first: Option<(ReignId, Sequence)>,
    },
    /// A proposal was acknowledged to this leader.
    Acknowledged { leader: NodeId, zxid: Zxid },
    /// The answer to a `sync` was sent to whoever forwarded it.
    SyncSent { to: NodeId, answered: AnsweredSync },
    /// A transaction was applied to memory, which ended with this zxid.
    Delivered { txn: &'a Txn, last: Zxid },
    /// The server looks for a leader: where its disk ends, and what it holds if that is asked for.
    Looking { vote: Vote, disk: Zxid, held: Option<Sequence> },
    /// A leader's memory became the initial history of an epoch. How many others had promised it
    /// and were not ahead of the leader, and whether the leader itself had.
    InitialHistory { epoch: Epoch, others: usize, itself: bool },
    /// A leader's epoch was established; C as it was before.
    Established { id: ReignId, before: Sequence },
    /// A leader proposed; whether it was the first proposal of its reign.
    Proposed { txn: &'a Txn, is_first: bool },
    /// A leader committed the last transaction of this sequence.
    Committed { epoch: Epoch, sequence: Sequence },
    /// A follower began to serve.
    Serving { epoch: Epoch },
    /// A server says that a packet broke the protocol.
    Breached { breach: Breach, zxid: Zxid },
    /// A client was answered, and what its session had seen when it asked.
    Returned { request: RequestId, outcome: Outcome, seen: Zxid, sync: Option<OpenSync> },
    /// A client that queues for the lock learns something.
    Lock { session: SessionId, news: News },
    /// A server is at rest: what its disk leads to.
    AtRest { disk: Sequence },
}
