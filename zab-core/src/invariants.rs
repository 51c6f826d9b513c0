//! What holds of a server after every step, whatever it was told and whatever the others do.
//!
//! The rules of the checker judge an ensemble by what it shows. These judge one server from the
//! inside: they name the step that went wrong, long before anybody could lose a write by it.
//! [`Node::step`](crate::Node::step) ends with them, in every build; a broken one is a panic that
//! shows the server's whole state.
//!
//! A predicate stands in the module whose private state it reads (`node/invariants.rs`,
//! `leader/invariants.rs` and so on); the list of all of them is here. A historical defect may
//! break one by design: its predicate then names the defect and says why.
//!
//! They are part of the hot loop, so a predicate looks at what is in flight, never at a whole log.

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

use std::fmt;

/// Whether everything holds, or what does not.
pub(crate) type Checked = Result<(), Invariant>;

macro_rules! invariants {
    ($($name:ident: $statement:literal,)+) => {
        /// Something that holds after every step.
        #[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Invariant {
            $(#[doc = $statement] $name,)+
        }

        impl Invariant {
            /// Every one of them.
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$name),+];

            const fn statement(self) -> &'static str {
                match self {
                    $(Self::$name => $statement,)+
                }
            }
        }
    };
}

invariants! {
    // node/invariants.rs: a server and its role
    ServesInBroadcast: "clients are served in broadcast, and only there",
    ClientsLeaveWithTheRole: "requests and commits wait only where clients are served",
    WriterServesTheRole: "what waits to be logged will be acknowledged to the leader of this role",
    EpochsAreWrittenBeforeVoting: "no epoch file is being written while a server looks for a leader",
    MemoryIsRecovered: "until a server is synchronized its memory is what its disk holds",
    VoteIsOfTheRole: "a server with a role votes for its leader, and in broadcast for its epoch",
    StopIsAwaited: "a server on its way to the election waits for something",
    RoleIsAwaited: "an elected server that has not begun waits for a flush",
    // durable/invariants.rs: files as asked for
    EpochsAreOrdered: "currentEpoch is at most acceptedEpoch",
    LogAscends: "the log ascends",
    SnapshotsAscend: "snapshots ascend",
    DoneWasAskedFor: "the disk has done nothing that it was not asked for",
    AppendedIsTheLogsEnd: "what is appended and not known to be written is the end of the log",
    // memory.rs
    CommittedLogIsMemorysEnd: "the committed log is bounded, ascends, and ends at or below memory's last zxid",
    NoHoleIsServed: "a server that refuses holes serves nothing across one",
    // log_writer/invariants.rs, committer.rs: actors
    FlushHasABatch: "the log writer has a batch exactly while it waits for a flush",
    OneWriterFlushes: "two log writers do not flush the log at once",
    FlushIsAwaited: "the flush that the log writer waits for is not done yet",
    BatchIsLogged: "what a flush will acknowledge is in the log",
    LogWriterHasATurn: "a log writer that could work has asked for its turn",
    CommitterHasATurn: "a committer that has work has asked for its turn",
    // election/invariants.rs
    OwnVoteIsCounted: "a server counts its own vote as it last told it",
    VoteIsNoWorseThanOwn: "nobody votes for a server that is worse than itself",
    FinalVoteHasAQuorum: "a vote is final only while a quorum agrees",
    // follower/invariants.rs
    LinkAgreesWithPhase: "a follower that has promised its leader an epoch is connected to it",
    ReceiverIsBlocked: "a receiver that has a plan waits for something",
    EndIsNoticed: "a follower whose connection is gone has something left to read or to do",
    AttemptsAreBounded: "a follower gives up connecting after its last attempt",
    SynchronizationIsInOrder: "a synchronization goes through header, NEWLEADER and acknowledgement in order",
    PromiseIsOnDisk: "ACKEPOCH of e is sent with acceptedEpoch = e on disk",
    NewLeaderIsOnDisk: "NEWLEADER of e is acknowledged with currentEpoch = e on disk",
    PendingIsTheLogsEnd: "proposals not yet committed are the end of the log and of what waits to be logged",
    LastQueuedIsLast: "the zxid that the next proposal has to follow is that of the last one",
    // leader/invariants.rs
    NothingProposedEarly: "a leader proposes nothing before its epoch is established",
    OwnPromiseIsOnDisk: "LEADERINFO of e is sent with acceptedEpoch = e on disk",
    OwnEpochIsOnDisk: "a leader counts its own acknowledgement of e with currentEpoch = e on disk",
    LeaderCountsItself: "a leader is part of the quorum that it waits for",
    QuorumIsNoticed: "what a quorum has acknowledged is not waited for",
    StageAgreesWithPhase: "no handler waits for what has happened, or is ahead of its leader",
    ForwardingFollowsSynchronization: "a learner gets proposals exactly from its synchronization on",
    OnlyBlockedHandlersHaveMail: "packets pile up only at a handler that is blocked",
    SenderHasATurn: "a sender that has packets has asked for its turn",
    CommitsFollowProposals: "the last zxid committed is at most the last one proposed, in the leader's epoch",
    OutstandingIsContiguous: "what is proposed and not committed has no gap",
    ToBeAppliedIsContiguous: "memory and what is to be applied to it end at the last zxid committed",
    PreparedIsMemory: "with nothing in flight, the leader decides the next write by what is in memory",
    ProposalsAreLogged: "proposals not yet committed are the end of the leader's log and of what waits to be logged",
    OwnAckFollowsTheFlush: "a leader acknowledges a proposal of its own exactly when its log is flushed",
    SyncsWaitForCommits: "a sync waits only for what is not committed",
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.statement())
    }
}

/// The invariant is broken unless this is so.
#[inline]
pub(crate) const fn require(holds: bool, invariant: Invariant) -> Checked {
    if holds { Ok(()) } else { Err(invariant) }
}
