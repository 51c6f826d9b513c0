//! What servers send each other: the packets of `Leader.java` under their own names, and the
//! notifications of leader election.

use crate::ids::{Epoch, NodeId, RequestId, SessionId, Zxid};
use crate::locks::{Few, SESSIONS};
use crate::txn::{Op, Replica, Txn};
use std::fmt;

/// A packet on a learner's TCP connection: first in, first out; a broken connection loses a suffix.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Packet {
    /// Learner → leader, first packet: the last epoch this learner promised (CEPOCH in the paper).
    FollowerInfo {
        /// Its `acceptedEpoch`.
        accepted_epoch: Epoch,
    },
    /// Leader → learner: the new epoch (NEWEPOCH).
    LeaderInfo {
        /// One more than any epoch promised by a quorum.
        epoch: Epoch,
    },
    /// Learner → leader: the promise, with the learner's history (ACKEPOCH).
    AckEpoch {
        /// Its `currentEpoch`; `None` (−1 in ZooKeeper) if it had already promised this epoch,
        /// and the promise does not count towards the quorum.
        current_epoch: Option<Epoch>,
        /// The last zxid in its memory.
        last_zxid: Zxid,
    },
    /// Leader → learner: what follows continues your log.
    Diff {
        /// The leader's last committed zxid.
        zxid: Zxid,
    },
    /// Leader → learner: cut your log after this zxid, then apply what follows.
    Trunc {
        /// The last zxid to keep.
        zxid: Zxid,
    },
    /// Leader → learner: replace your state by this one, then apply what follows.
    Snap {
        /// The leader's state.
        replica: Box<Replica>,
    },
    /// Leader → learner: a transaction to log.
    Proposal(Txn),
    /// Leader → learner: deliver this transaction.
    Commit(Zxid),
    /// Leader → learner: you now hold all of the initial history of this epoch.
    NewLeader {
        /// The epoch that the leader wants to establish.
        epoch: Epoch,
    },
    /// Learner → leader: logged. With zxid ⟨e, 0⟩ it acknowledges NEWLEADER (ACK-LD).
    Ack(Zxid),
    /// Leader → learner: the epoch is established, serve clients.
    UpToDate,
    /// Both ways: are you there?
    Ping,
    /// Learner → leader: a client's write.
    Request {
        /// Which request.
        request: RequestId,
        /// What it asks.
        op: Op,
    },
    /// Learner → leader and back, after every COMMIT sent before: a client's `sync`.
    Sync {
        /// Which request.
        request: RequestId,
    },
    /// Learner → leader: PING's answer, with the sessions whose clients were heard since the last one.
    Touched(Few<SessionId, SESSIONS>),
    /// Learner → leader: REVALIDATE, a client has connected with a session that it has.
    Revalidate {
        /// The client's request to connect.
        request: RequestId,
    },
    /// Leader → learner: the answer.
    Revalidated {
        /// The client's request to connect.
        request: RequestId,
        /// Whether the session is open.
        is_valid: bool,
    },
}

impl Packet {
    /// ZooKeeper's name of the packet type.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::FollowerInfo { .. } => "FOLLOWERINFO",
            Self::LeaderInfo { .. } => "LEADERINFO",
            Self::AckEpoch { .. } => "ACKEPOCH",
            Self::Diff { .. } => "DIFF",
            Self::Trunc { .. } => "TRUNC",
            Self::Snap { .. } => "SNAP",
            Self::Proposal(_) => "PROPOSAL",
            Self::Commit(_) => "COMMIT",
            Self::NewLeader { .. } => "NEWLEADER",
            Self::Ack(_) => "ACK",
            Self::UpToDate => "UPTODATE",
            Self::Ping | Self::Touched(_) => "PING",
            Self::Revalidate { .. } | Self::Revalidated { .. } => "REVALIDATE",
            Self::Request { .. } => "REQUEST",
            Self::Sync { .. } => "SYNC",
        }
    }
}

impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::FollowerInfo { accepted_epoch } => write!(f, "(accepted {accepted_epoch})"),
            Self::LeaderInfo { epoch } | Self::NewLeader { epoch } => write!(f, "({epoch})"),
            Self::AckEpoch { current_epoch: Some(epoch), last_zxid } => {
                write!(f, "(current {epoch}, last {last_zxid})")
            }
            Self::AckEpoch { current_epoch: None, last_zxid } => write!(f, "(-1, {last_zxid})"),
            Self::Diff { zxid } | Self::Trunc { zxid } | Self::Commit(zxid) | Self::Ack(zxid) => {
                write!(f, "({zxid})")
            }
            Self::Snap { replica } => write!(f, "({})", replica.last_processed),
            Self::Proposal(txn) => write!(f, "({txn})"),
            Self::UpToDate | Self::Ping | Self::Touched(_) => Ok(()),
            Self::Revalidate { request } => write!(f, "({})", request.session),
            Self::Revalidated { request, is_valid } => {
                write!(
                    f,
                    "({}, {})",
                    request.session,
                    if *is_valid { "valid" } else { "not valid" }
                )
            }
            Self::Request { request, .. } | Self::Sync { request } => write!(f, "({request})"),
        }
    }
}

/// What a server is doing, as it tells others during an election (`QuorumPeer.ServerState`).
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServerState {
    /// Looking for a leader.
    Looking,
    /// Looking for a leader, without a vote.
    Watching,
    /// Following one.
    Following,
    /// Leading, established or not.
    Leading,
}

/// Whom a server wants as leader, and why (`Vote`).
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vote {
    /// The candidate.
    pub leader: NodeId,
    /// The candidate's last zxid.
    pub zxid: Zxid,
    /// The candidate's `currentEpoch`.
    pub peer_epoch: Epoch,
}

/// A message of fast leader election (`FastLeaderElection.Notification`).
///
/// They travel beside the learners' connections, and a sender keeps only the latest one for each
/// peer that it cannot reach.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Notification {
    /// The sender's vote.
    pub vote: Vote,
    /// The sender's round (`electionEpoch`, `logicalclock`).
    pub round: u32,
    /// What the sender is doing.
    pub state: ServerState,
}
