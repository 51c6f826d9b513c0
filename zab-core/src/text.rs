//! How events read in traces, golden files and reports.

use crate::event::{Actor, Breach, DiskError, DiskOp, ExitReason, File, NoHeader, Note, SyncMode};
use crate::ids::Zxid;
use crate::locks::LockNode;
use crate::txn::{Op, Outcome};
use std::fmt;

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write { key, value } => write!(f, "write {key}={value}"),
            Self::WriteIf { key, value, version } => {
                write!(f, "write {key}={value} if version {version}")
            }
            Self::Read { key } => write!(f, "read {key}"),
            Self::Sync => f.write_str("sync"),
            Self::OpenSession => f.write_str("open a session"),
            Self::ResumeSession => f.write_str("go on with the session"),
            Self::Ping => f.write_str("ping"),
            Self::CreateNode => f.write_str("create a node"),
            Self::Children => f.write_str("list the nodes"),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Written { zxid, version } => write!(f, "written at {zxid}, version {version}"),
            Self::BadVersion { zxid } => write!(f, "bad version at {zxid}"),
            Self::Value { value, version, position } => {
                write!(f, "value {value}, version {version}, as of {position}")
            }
            Self::Synced { position } => write!(f, "synced as of {position}"),
            Self::Refused => f.write_str("refused"),
            Self::Connected { opened: Some(zxid) } => write!(f, "session opened at {zxid}"),
            Self::Connected { opened: None } => f.write_str("session goes on"),
            Self::Expired => f.write_str("session expired"),
            Self::Disconnected => f.write_str("not connected"),
            Self::Pong { position } => write!(f, "alive as of {position}"),
            Self::Named { zxid, number } => write!(f, "n-{number} created at {zxid}"),
            Self::Failed { zxid, error } => write!(f, "failed at {zxid}: {error}"),
            Self::Queue { own, first, position } => {
                let name =
                    |node: &Option<LockNode>| node.map_or("none".to_owned(), |n| n.to_string());
                write!(f, "first {}, own {}, as of {position}", name(first), name(own))
            }
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Receiver => f.write_str("receiver"),
            Self::Loader => f.write_str("loader"),
            Self::LogWriter => f.write_str("log writer"),
            Self::Committer => f.write_str("committer"),
            Self::LeakedLogWriter => f.write_str("leaked log writer"),
            Self::Sender(peer) => write!(f, "sender to {peer}"),
        }
    }
}

impl fmt::Display for DiskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Write => "write error",
            Self::Flush => "flush error",
            Self::Header => "header error",
            Self::Open => "open error",
        })
    }
}

impl fmt::Display for DiskOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Append(txn) => write!(f, "append {txn}"),
            Self::RollLog => f.write_str("begin a new file of the log"),
            Self::Truncate(Zxid::ZERO) => f.write_str("empty the log"),
            Self::Truncate(zxid) => write!(f, "truncate behind {zxid}"),
            // No trace tells whether a folder is flushed where that makes no difference.
            Self::Flush | Self::FlushFile => f.write_str("flush"),
            Self::FlushRecovered(File::Log) => f.write_str("flush the log that was found"),
            Self::FlushRecovered(File::Snapshot) => {
                f.write_str("flush the snapshot that was found")
            }
            Self::FlushRecovered(_) => f.write_str("flush the epoch that was found"),
            Self::Snapshot(replica) | Self::SnapshotFile(replica) => {
                write!(f, "snapshot {}", replica.last_processed)
            }
            Self::WriteSnapshot(replica) => {
                write!(f, "write snapshot {}", replica.last_processed)
            }
            Self::EmptySnapshot(zxid) => write!(f, "empty snapshot {zxid}"),
            Self::DropSnapshotsAfter(zxid) => write!(f, "drop snapshots behind {zxid}"),
            Self::PurgeSnapshots(zxid) => write!(f, "purge snapshots before {zxid}"),
            Self::PurgeLog(zxid) => write!(f, "purge log files before {zxid}"),
            Self::AcceptedEpoch(epoch) => write!(f, "acceptedEpoch := {epoch}"),
            Self::CurrentEpoch(epoch) => write!(f, "currentEpoch := {epoch}"),
            Self::Rename(File::AcceptedEpoch, epoch) => {
                write!(f, "acceptedEpoch := {epoch}, its name not flushed")
            }
            Self::Rename(_, epoch) => write!(f, "currentEpoch := {epoch}, its name not flushed"),
        }
    }
}

impl fmt::Display for SyncMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Diff => "DIFF",
            Self::Trunc => "TRUNC",
            Self::Snap => "SNAP",
        })
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadState => "bad state",
            Self::BadAck => "bad acknowledgement",
            Self::BadProposal => "bad proposal",
            Self::BadCommit => "bad commit",
        })
    }
}

impl fmt::Display for ExitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSnapshot => "a log and no snapshot",
            Self::NoHeader(NoHeader::Nothing) => "an empty file of the log",
            Self::NoHeader(NoHeader::Zeros) => "a file of the log that begins with zeros",
            Self::EpochBehindLog => "currentEpoch is behind the log",
            Self::AcceptedBelowCurrent => "acceptedEpoch is below currentEpoch",
            Self::HoleInLog => "the log has a hole",
            Self::UnmatchedCommit => "a COMMIT without its proposal",
            Self::TruncFailed => "TRUNC could not be carried out",
            Self::DiskError => "disk error",
        })
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Looking { vote, round } => write!(
                f,
                "looking, round {round}: votes {} epoch {} for itself",
                vote.zxid, vote.peer_epoch
            ),
            Self::Elected { leader, round } => write!(f, "elected {leader} in round {round}"),
            Self::InitialHistory { epoch } => write!(f, "epoch {epoch} promised by a quorum"),
            Self::SyncWith { learner, mode } => write!(f, "syncs {learner} by {mode}"),
            Self::Established { epoch } => write!(f, "epoch {epoch} established"),
            Self::Proposed(txn) => write!(f, "proposes {txn}"),
            Self::Committed(zxid) => write!(f, "commits {zxid}"),
            Self::Serving { epoch } => write!(f, "serves in epoch {epoch}"),
            Self::SyncAnswered { request } => write!(f, "sync of {request} answered"),
            Self::SteppedDown => f.write_str("steps down"),
            Self::LeakedLogWriter { queued } => {
                write!(f, "leaves a log writer behind that has {queued} to append")
            }
            Self::MemoryReplaced { last_zxid, .. } => write!(f, "memory is now {last_zxid}"),
            Self::Breached { breach, zxid } => write!(f, "breach: {breach} {zxid}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::NodeId;

    #[test]
    fn threads_and_ends_have_names_of_their_own() {
        let actors = [
            Actor::Receiver,
            Actor::Loader,
            Actor::LogWriter,
            Actor::LeakedLogWriter,
            Actor::Committer,
            Actor::Sender(NodeId(0)),
            Actor::Sender(NodeId(1)),
        ];
        let reasons = [
            ExitReason::NoSnapshot,
            ExitReason::NoHeader(NoHeader::Nothing),
            ExitReason::NoHeader(NoHeader::Zeros),
            ExitReason::EpochBehindLog,
            ExitReason::AcceptedBelowCurrent,
            ExitReason::HoleInLog,
            ExitReason::UnmatchedCommit,
            ExitReason::TruncFailed,
            ExitReason::DiskError,
        ];
        let mut names: Vec<_> = actors.iter().map(ToString::to_string).collect();
        names.extend(reasons.iter().map(ToString::to_string));
        names.sort();
        names.dedup();
        assert_eq!(names.len(), actors.len() + reasons.len(), "{names:?}");
        assert!(names.iter().all(|name| !name.is_empty()));
    }
}
