//! What was seen when a rule about disks or promises was broken: D1 to D5, P-1 to P-6.

use super::Gap;
use std::fmt;
use zab_core::event::ExitReason;
use zab_core::{Epoch, NodeId, Zxid};

/// The evidence of a violation of D1 to D5.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum OnDisk {
    /// D1: acknowledged before it was durable.
    AcknowledgedEarly(Zxid),
    /// D1: NEWLEADER acknowledged before the initial history was durable.
    NewLeaderEarly {
        /// The epoch.
        epoch: Epoch,
        /// What is missing or in between.
        gap: Gap,
    },
    /// D1: committed while fewer disks than a majority hold it.
    CommittedThin {
        /// The zxid.
        zxid: Zxid,
        /// How many disks hold it.
        holders: usize,
        /// How many servers there are.
        servers: usize,
    },
    /// D2: a vote for a zxid that the disk does not end with.
    VoteBeside {
        /// The zxid of the vote.
        vote: Zxid,
        /// Where the disk ends.
        disk: Zxid,
    },
    /// D3: a record after another that it does not follow.
    Hole {
        /// The last zxid before it.
        last: Zxid,
        /// The record.
        next: Zxid,
    },
    /// D4: memory and disk lead to different states.
    MemoryBesideDisk {
        /// Where memory ends.
        memory: Zxid,
        /// Where the disk ends.
        disk: Zxid,
    },
    /// D5: the process refuses what it finds.
    RefusesToStart(ExitReason),
    /// D5: the process ends in the same way each time that it starts.
    EndsAtEachStart {
        /// How.
        reason: ExitReason,
        /// How many processes in a row ended so.
        lives: u32,
    },
}

/// The evidence of a violation of P-1 to P-6.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Promise {
    /// P-1: an ACKEPOCH that counts without the promise.
    PromiseMissing {
        /// The epoch acknowledged.
        epoch: Epoch,
        /// The `acceptedEpoch` that is durable.
        durable: Epoch,
        /// The last epoch that this server had promised before.
        promised: Epoch,
    },
    /// P-2: LEADERINFO without the leader's own promise.
    ProposesUnpromised {
        /// The epoch proposed.
        epoch: Epoch,
        /// The leader's `acceptedEpoch` that is durable.
        durable: Epoch,
    },
    /// P-3: an acknowledgement to a leader whose epoch is below a promise.
    AcknowledgesBelow {
        /// What was acknowledged.
        zxid: Zxid,
        /// The leader's epoch.
        epoch: Epoch,
        /// The epoch that this server had promised.
        promised: Epoch,
    },
    /// P-3: NEWLEADER acknowledged without `currentEpoch`.
    AcknowledgesWithoutEpoch {
        /// The epoch.
        epoch: Epoch,
        /// The `currentEpoch` that is durable.
        durable: Epoch,
    },
    /// P-4: an initial history without the promises of a majority.
    TooFewPromises {
        /// The epoch.
        epoch: Epoch,
        /// How many others promised it and were not ahead of the leader.
        others: usize,
        /// Whether the leader had promised it to itself.
        itself: bool,
        /// How many servers there are.
        servers: usize,
    },
    /// P-5: a leader serves without `currentEpoch`.
    ServesWithoutEpoch {
        /// The epoch.
        epoch: Epoch,
        /// The `currentEpoch` that is durable.
        durable: Epoch,
    },
    /// P-6: two leaders wrote the same `currentEpoch`.
    TwoCurrent {
        /// The epoch.
        epoch: Epoch,
        /// Who wrote it first.
        first: NodeId,
        /// Who wrote it now.
        second: NodeId,
    },
}

impl fmt::Display for OnDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AcknowledgedEarly(zxid) => write!(f, "acknowledged {zxid} before it was durable"),
            Self::NewLeaderEarly { epoch, gap: Gap::Missing(zxid) } => {
                write!(f, "acknowledged NEWLEADER {epoch} without {zxid} on disk")
            }
            Self::NewLeaderEarly { epoch, gap: Gap::Extra(zxid) } => write!(
                f,
                "acknowledged NEWLEADER {epoch} with {zxid} on disk, which the leader lacks"
            ),
            Self::NewLeaderEarly { epoch, gap: Gap::Repeated(zxid) } => write!(
                f,
                "acknowledged NEWLEADER {epoch} with {zxid} on disk twice or out of order"
            ),
            Self::CommittedThin { zxid, holders, servers } => {
                write!(f, "committed {zxid}, durable at {holders} of {servers} servers")
            }
            Self::VoteBeside { vote, disk } => {
                write!(f, "votes with {vote}, its disk ends at {disk}")
            }
            Self::Hole { last, next } => write!(f, "the log continues with {next} after {last}"),
            Self::MemoryBesideDisk { memory, disk } => {
                write!(f, "memory ends at {memory}, the disk at {disk}, and they are not the same")
            }
            Self::RefusesToStart(reason) => write!(f, "refuses to start: {reason}"),
            Self::EndsAtEachStart { reason, lives } => {
                write!(f, "{lives} processes in a row end in the same way: {reason}")
            }
        }
    }
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PromiseMissing { epoch, durable, promised } => write!(
                f,
                "acknowledged epoch {epoch} with accepted epoch {durable} on disk, after a promise \
                 of {promised}"
            ),
            Self::ProposesUnpromised { epoch, durable } => {
                write!(f, "proposes epoch {epoch} with accepted epoch {durable} on its own disk")
            }
            Self::AcknowledgesBelow { zxid, epoch, promised } => write!(
                f,
                "acknowledged {zxid} to the leader of epoch {epoch} after a promise of {promised}"
            ),
            Self::AcknowledgesWithoutEpoch { epoch, durable } => {
                write!(f, "acknowledged NEWLEADER {epoch} with current epoch {durable} on disk")
            }
            Self::TooFewPromises { epoch, others, itself, servers } => {
                let leader = if *itself { "the leader" } else { "no leader" };
                write!(
                    f,
                    "epoch {epoch} begins with the promises of {leader} and {others} others of \
                           {servers} servers"
                )
            }
            Self::ServesWithoutEpoch { epoch, durable } => {
                write!(f, "serves in epoch {epoch} with current epoch {durable} on disk")
            }
            Self::TwoCurrent { epoch, first, second } => {
                write!(
                    f,
                    "{second} leads with current epoch {epoch} on disk, as {first} did before"
                )
            }
        }
    }
}
