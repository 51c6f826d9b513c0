//! Situations in which Zab is known to be delicate, and whether an execution got into them.
//!
//! A search that finds nothing says something only if it has been where something could be found.
//! So each campaign counts the executions that reached each of these, `tests/vacuity.rs` holds
//! floors for them, and a hunt that comes back empty shows the counts.

mod census;
mod watch;

pub use census::Census;
pub use watch::Watch;

/// Makes [`Situation`] out of the situations and what they are called in tables.
macro_rules! situations {
    ($($(#[$doc:meta])* $situation:ident $name:literal)*) => {
        /// One of the situations.
        #[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Situation {
            $($(#[$doc])* $situation,)*
        }

        impl Situation {
            /// Every situation.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$situation),*];

            /// What it is called in tables.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$situation => $name,)*
                }
            }
        }
    };
}

situations! {
    /// A learner is brought up to date with DIFF.
    Diff "synchronized by DIFF"
    /// A learner has more than its leader: TRUNC.
    Trunc "synchronized by TRUNC"
    /// A learner gets the whole state: SNAP.
    Snap "synchronized by SNAP"
    /// A learner's process ends between SNAP and UPTODATE.
    InterruptedSnap "learner ends after SNAP, before UPTODATE"
    /// A learner's process ends between TRUNC and UPTODATE.
    InterruptedTrunc "learner ends after TRUNC, before UPTODATE"
    /// A learner's process ends between NEWLEADER and UPTODATE: the window of ZOOKEEPER-4646.
    CrashAtNewLeader "learner ends after NEWLEADER, before UPTODATE"
    /// A learner acknowledges while later proposals are on their way to its disk.
    AckWhileProposing "ACK while later proposals are on their way"
    /// A server leaves its role in process, with a log that is not on its disk yet.
    StepDownWhileLogging "step-down in process while logging"
    /// A server with a smaller id wins the election by its longer log.
    LongerLogWins "election won by the longer log"
    /// A leader's process ends with proposals that are not committed.
    LeaderDiesProposing "leader ends with uncommitted proposals"
    /// A leader is established while an older one still takes itself for the leader.
    TwoLeaders "two servers lead at once"
    /// A quorum promised an epoch that was never established before the next one was promised.
    EpochWasted "epoch promised, never established"
    /// A power loss takes records that were on their way to the disk.
    RecordsLost "power loss takes unflushed records"
    /// A process ends, and the machine lives on, with records in the page cache that nobody flushed.
    KilledWhileLogging "process ends, its last records unflushed"
    /// A power loss tears a record.
    TornRecord "power loss tears a record"
    /// The kernel writes back what an earlier process has left.
    WrittenBack "kernel writes back what a dead process left"
    /// An operator purges a disk, and files of the log with it.
    PurgedLog "purge removes a file of the log"
    /// A server is purged of files that its next process does without.
    PurgedStart "server starts from what a purge has left"
    /// A process finds that the newest snapshot is incomplete, and takes an older one.
    SnapshotIncomplete "newest snapshot incomplete at a start"
    /// A process finds a file of the log that is empty.
    EmptyLogFile "empty file of the log at a start"
    /// A process finds a file of the log that begins with zeros.
    ZeroedLogFile "log file of zeros at a start"
    /// A power loss takes an epoch file back to an older epoch.
    EpochFileUndone "power loss takes an epoch file back"
    /// A disk is created again, empty.
    BlankDisk "disk created again, empty"
    /// A server whose disk was created again comes to serve while there are faults.
    BlankRejoined "server with a blank disk serves again"
    /// A server exits because of its disk.
    DiskFailure "exit after a disk error"
    /// A flush of the log fails.
    LogFlushFails "flush of the log fails"
    /// A write to the log fails.
    LogWriteFails "write to the log fails"
    /// A new file of the log stays empty, for its header cannot be written.
    LogHeaderFails "header of a new log file fails"
    /// A new file of the log cannot be made.
    LogOpenFails "new log file cannot be made"
    /// A full disk refuses a write.
    DiskFull "full disk refuses a write"
    /// A read-only disk refuses a change.
    ReadOnlyDisk "read-only disk refuses a change"
    /// The disk refuses to cut the log, and the process ends.
    TruncFails "disk refuses a TRUNC"
    /// A server serves that removed a file of its log while it was open.
    RemovedOpenLog "server serves with a log file it removed"
    /// The log fails while a proposal waits for its turn after what is being flushed.
    QueuedBehindFailure "log fails while a proposal waits for it"
    /// An epoch that a quorum is about to promise cannot be written down by its leader.
    LeaderCannotPromise "a leader's acceptedEpoch fails"
    /// A follower cannot write down an epoch.
    FollowerCannotPromise "a follower's epoch file fails"
    /// A snapshot is written while serving.
    SnapshotWhileServing "snapshot while serving"
    /// A log is cut below a snapshot that stands beside an older one.
    TruncBelowSnapshot "log cut below a snapshot that has an older one"
    /// A leader carries out a client's write.
    WriteAtLeader "write answered by a leader"
    /// A follower has a client's write carried out.
    WriteAtFollower "write answered by a follower"
    /// A leader decides a conditional write.
    WriteIfAtLeader "conditional write answered by a leader"
    /// A follower has a conditional write decided.
    WriteIfAtFollower "conditional write answered by a follower"
    /// A leader answers a read.
    ReadAtLeader "read answered by a leader"
    /// A follower answers a read.
    ReadAtFollower "read answered by a follower"
    /// A leader answers a `sync`.
    SyncAtLeader "sync answered by a leader"
    /// A follower answers a `sync`.
    SyncAtFollower "sync answered by a follower"
    /// A conditional write is refused by its version.
    BadVersion "conditional write refused"
    /// A write is never answered.
    Unanswered "operation never answered"
}

/// A set of situations.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Situations(u64);

impl Situations {
    /// Adds one.
    pub const fn insert(&mut self, situation: Situation) {
        self.0 |= 1 << situation as u32;
    }

    /// Whether it is among them.
    pub const fn contains(self, situation: Situation) -> bool {
        self.0 >> situation as u32 & 1 == 1
    }

    /// Those that are in there.
    pub fn iter(self) -> impl Iterator<Item = Situation> {
        Situation::ALL.into_iter().filter(move |situation| self.contains(*situation))
    }
}
