//! What was seen when a property of Zab was broken: I-1 to I-14.

use std::fmt;
use zab_core::{Epoch, NodeId, Txn, Zxid};

/// The evidence of a violation of I-1 to I-14.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// I-1: another leader of this epoch is established.
    TwoLeaders {
        /// The epoch.
        epoch: Epoch,
        /// Who was established first.
        first: NodeId,
        /// Who was established now.
        second: NodeId,
    },
    /// I-2: no primary broadcast this.
    NeverBroadcast(Txn),
    /// I-3: each of two servers delivered what the other did not.
    Disagreement {
        /// Delivered here only.
        here: Txn,
        /// Delivered elsewhere only.
        elsewhere: Txn,
    },
    /// I-4: delivered after other transactions than elsewhere.
    OutOfOrder(Txn),
    /// I-5, I-6: applied after this zxid.
    AppliedAfter {
        /// What was applied.
        txn: Txn,
        /// The last zxid before it.
        last: Zxid,
    },
    /// I-7: what was delivered before and is not in the primary's initial history.
    BroadcastWithout {
        /// The primary.
        leader: NodeId,
        /// Its epoch.
        epoch: Epoch,
        /// What is missing or in between.
        gap: Gap,
    },
    /// I-8: an epoch is established, and its history does not extend what was committed.
    EstablishedWithout {
        /// The epoch.
        epoch: Epoch,
        /// What is missing or in between.
        gap: Gap,
    },
    /// I-8: a deposed leader commits what a later epoch began without.
    CommittedLate {
        /// The zxid.
        zxid: Zxid,
        /// Its epoch.
        epoch: Epoch,
    },
    /// I-9: a server serves without all of its epoch's initial history.
    ServesWithout {
        /// The epoch.
        epoch: Epoch,
        /// What is missing or in between.
        gap: Gap,
    },
    /// I-10: the log of a participant is no prefix of what its leader proposed.
    LogDiverges {
        /// The leader.
        leader: NodeId,
        /// The epoch.
        epoch: Epoch,
        /// What is missing or in between.
        gap: Gap,
    },
    /// I-11 to I-14: a packet at this zxid broke the protocol.
    Packet {
        /// What it should have been.
        rule: &'static str,
        /// Its zxid, as far as it has one.
        zxid: Zxid,
    },
}

/// Where a sequence departs from what it should begin with.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Gap {
    /// This transaction is missing.
    Missing(Zxid),
    /// This one is in between.
    Extra(Zxid),
    /// Neither, but this one is there once more, or out of order.
    Repeated(Zxid),
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TwoLeaders { epoch, first, second } => {
                write!(f, "{second} is established in epoch {epoch}, as {first} was before")
            }
            Self::NeverBroadcast(txn) => write!(f, "{txn} is applied, and no primary broadcast it"),
            Self::Disagreement { here, elsewhere } => {
                write!(f, "{here} is delivered here, and {elsewhere} elsewhere")
            }
            Self::OutOfOrder(txn) => {
                write!(f, "{txn} is delivered here after other transactions than elsewhere")
            }
            Self::AppliedAfter { txn, last } => write!(f, "{txn} is applied after {last}"),
            Self::BroadcastWithout { leader, epoch, gap: Gap::Missing(zxid) } => {
                write!(f, "{leader} broadcast in epoch {epoch} without {zxid}, delivered here")
            }
            Self::BroadcastWithout { leader, epoch, gap: Gap::Extra(zxid) } => write!(
                f,
                "{leader} broadcast in epoch {epoch} with {zxid}, which was passed over here"
            ),
            Self::BroadcastWithout { leader, epoch, gap: Gap::Repeated(zxid) } => {
                write!(f, "{leader} broadcast in epoch {epoch} with {zxid} twice or out of order")
            }
            Self::EstablishedWithout { epoch, gap: Gap::Missing(zxid) } => {
                write!(f, "epoch {epoch} is established without {zxid}, which was committed")
            }
            Self::EstablishedWithout { epoch, gap: Gap::Extra(zxid) } => {
                write!(f, "epoch {epoch} is established with {zxid}, which was never committed")
            }
            Self::EstablishedWithout { epoch, gap: Gap::Repeated(zxid) } => {
                write!(f, "epoch {epoch} is established with {zxid} twice or out of order")
            }
            Self::CommittedLate { zxid, epoch } => {
                write!(
                    f,
                    "{zxid} is committed in epoch {epoch}, and a later epoch began without it"
                )
            }
            Self::ServesWithout { epoch, gap: Gap::Missing(zxid) } => {
                write!(f, "serves in epoch {epoch} without {zxid} of its initial history")
            }
            Self::ServesWithout { epoch, gap: Gap::Extra(zxid) } => {
                write!(f, "serves in epoch {epoch} with {zxid}, not of its initial history")
            }
            Self::ServesWithout { epoch, gap: Gap::Repeated(zxid) } => {
                write!(f, "serves in epoch {epoch} with {zxid} twice or out of order")
            }
            // Here the log is what the leader's history should begin with.
            Self::LogDiverges { leader, epoch, gap: Gap::Missing(zxid) } => {
                write!(f, "its log has {zxid}, which {leader}, leader of epoch {epoch}, has not")
            }
            Self::LogDiverges { leader, epoch, gap: Gap::Extra(zxid) } => {
                write!(f, "its log lacks {zxid}, which {leader}, leader of epoch {epoch}, has")
            }
            Self::LogDiverges { leader, epoch, gap: Gap::Repeated(zxid) } => write!(
                f,
                "its log has {zxid} twice or out of order, unlike {leader}, leader of epoch {epoch}"
            ),
            Self::Packet { rule, zxid } => write!(f, "{rule} ({zxid})"),
        }
    }
}
