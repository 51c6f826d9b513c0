//! What an observer may see of a server: for coverage, tables and pictures, never for the protocol.

use crate::event::SyncMode;
use crate::ids::{Epoch, NodeId, Zxid};
use crate::message::ServerState;

/// The phases of Zab, in order.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Looking for a leader, or on the way out of a role.
    Election,
    /// Agreeing on an epoch.
    Discovery,
    /// Bringing histories together, until the epoch is established (leader) or UPTODATE arrived
    /// (follower).
    Synchronization,
    /// Serving.
    Broadcast,
}

/// The observable state of one server.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct View {
    /// Looking, following or leading.
    pub state: ServerState,
    /// The phase of its role.
    pub phase: Phase,
    /// Whom it follows; itself if it leads.
    pub leader: Option<NodeId>,
    /// Election round (`logicalclock`).
    pub round: u32,
    /// `acceptedEpoch`.
    pub accepted_epoch: Epoch,
    /// `currentEpoch`.
    pub current_epoch: Epoch,
    /// Last zxid in memory (`lastProcessedZxid`).
    pub last_processed: Zxid,
    /// Last zxid handed to the disk, durable or not.
    pub last_logged: Zxid,
    /// Transactions that wait for the log writer.
    pub queued: usize,
    /// The log writer waits for a flush.
    pub flushing: bool,
    /// Committed transactions and reads that wait for the committer.
    pub to_apply: usize,
    /// Follower: how it is being synchronized; `None` outside synchronization.
    pub sync_mode: Option<SyncMode>,
    /// The receiver is blocked, on the disk or on another thread.
    pub receiver_blocked: bool,
    /// Clients are served.
    pub serving: bool,
}
