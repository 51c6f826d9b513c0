//! What shall happen in an execution: client operations and faults at absolute times.
//!
//! Every action is total and idempotent: any action may stand at any time in any schedule, and
//! removing one leaves a schedule whose other actions still mean what they meant. Durations live
//! inside the action. No action refers to another. `faults.rs` carries actions out.
//!
//! Two forms, lossless to each other: JSON for people and stored cases ([`json`]), and
//! fixed-width records for fuzzers, of which any byte string decodes ([`bytes`]).

mod arbitrary;
pub mod bytes;
mod fields;
pub mod json;
mod kind;
#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

pub use fields::ScheduleError;
pub use kind::Kind;

use serde::{Deserialize, Serialize};
use zab_core::variant::Release;

/// The version of the JSON form that this build writes; it reads all older ones. Version 1 has other
/// names for three kinds of action; until version 2 a flush error has neither file nor duration; version 4 has
/// upgrades and blank disks, version 5 full and read-only ones, version 6 file systems that do no more than
/// POSIX asks for, version 7 purges and log files without a header, version 8 clients that queue for a lock,
/// version 9 those whose sessions begin as local ones.
pub const FORMAT: u16 = 9;

/// Times in a schedule are whole multiples of this many microseconds.
pub const GRAIN_US: u64 = 200;

/// The latest time, and the longest duration, that an action can have.
pub const SPAN_MAX_US: u64 = u16::MAX as u64 * GRAIN_US;

/// How many actions a schedule can have.
pub const ACTIONS_MAX: usize = 256;

/// How many registers the operations of a schedule are about. One more, the last one, is for the
/// writes with which an execution ends: what the schedule wrote stays as it is.
pub const KEYS: usize = zab_core::txn::KEYS - 1;

/// How many clients carry out the operations of a schedule.
pub const CLIENTS: u8 = 4;

/// The greatest deviation of a clock, in per mille.
pub const SKEW_MAX: i16 = 900;

/// A plan for one execution.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "json::Unchecked")]
pub struct Schedule {
    /// Version of the format.
    pub version: u16,
    /// Keys all randomness that the actions leave open: latencies, flush delays.
    pub seed: u64,
    /// How many servers: 3, 5 or 7.
    pub servers: u8,
    /// What a flush of a file does for its name.
    #[serde(default, skip_serializing_if = "Directories::are_lenient")]
    pub directories: Directories,
    /// What clients do beside what the actions say.
    #[serde(default, skip_serializing_if = "Workload::is_registers")]
    pub workload: Workload,
    /// What shall happen, ordered by time; actions of the same time happen in this order.
    pub actions: Vec<Action>,
}

/// What a file system does for the name of a file that is flushed: of a new file, and of one that took
/// the place of another. Cuts and removals are the same.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Directories {
    /// It is durable with the file, as with ext4, xfs and btrfs.
    #[default]
    Lenient,
    /// Nothing, as POSIX allows: until somebody flushes the folder, a power loss may undo it.
    Strict,
}

/// What clients do beside what the actions of a schedule say.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Workload {
    /// Nothing: they read and write registers when an action says so.
    #[default]
    Registers,
    /// From the beginning to the end, some more of them queue for a lock, each in a session of its own.
    Locks,
    /// The same where sessions begin as local ones (`localSessionsEnabled`, `localSessionsUpgradingEnabled`).
    LocalLocks,
}

impl Workload {
    /// What a finding needs that is not so by default, for whoever reads of it.
    pub const fn needed(self) -> Option<&'static str> {
        match self {
            Self::Registers | Self::Locks => None,
            Self::LocalLocks => Some("local sessions (localSessionsEnabled=true)"),
        }
    }

    /// Whether clients do only what actions say.
    pub const fn is_registers(&self) -> bool {
        matches!(self, Self::Registers)
    }
}

impl Directories {
    /// Whether a flush of a file makes its name durable.
    pub const fn are_lenient(&self) -> bool {
        matches!(self, Self::Lenient)
    }

    /// What a finding needs that is not so by default, for whoever reads of it.
    pub const fn needed(self) -> Option<&'static str> {
        match self {
            Self::Lenient => None,
            Self::Strict => Some(
                "a file system on which a new file's name is not durable with its fsync; ext4, xfs, \
                 btrfs make it so",
            ),
        }
    }
}

/// One entry of a schedule.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Action {
    /// When, in microseconds after the boot phase; a multiple of [`GRAIN_US`].
    pub at_us: u64,
    /// What.
    #[serde(flatten)]
    pub act: Act,
}

/// What a client does in one action.
#[derive(
    Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum ClientOp {
    /// Write a new, unique value.
    #[default]
    Write,
    /// Write a new, unique value if the version is the one this client saw last.
    WriteIf,
    /// Read from the memory of the server that is asked.
    Read,
    /// `sync`, then read at the same server.
    SyncRead,
}

/// What a power loss leaves of the operations that were not reported as done.
#[derive(
    Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum CrashMode {
    /// Nothing.
    #[default]
    LoseAll,
    /// This many of the oldest ones, per file. A flush is none: it has no contents.
    KeepPrefix(u8),
    /// The oldest one of the log only in part, if it appends a record; otherwise as
    /// [`CrashMode::LoseAll`].
    Torn,
    /// Everything: on the disk, but never reported.
    KeepAll,
    /// As [`CrashMode::LoseAll`], but the name of a new file of the log, if its first record is lost: the
    /// file is empty.
    EmptyLog,
    /// The same, and the length that was preallocated: the file is full of zeros.
    ZeroedLog,
}

/// The files that a disk error strikes.
#[derive(
    Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Files {
    /// Every file.
    #[default]
    All,
    /// The transaction log.
    Log,
    /// The snapshots.
    Snapshot,
    /// `acceptedEpoch`.
    AcceptedEpoch,
    /// `currentEpoch`.
    CurrentEpoch,
}

/// How schedules call a [`Release`].
#[derive(Serialize, Deserialize)]
#[serde(remote = "Release", rename_all = "kebab-case")]
enum ReleaseName {
    Old,
    New,
}

/// An actor that can be held back.
#[derive(
    Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum StallTarget {
    /// The receiver: packets wait at the door.
    #[default]
    Receiver,
    /// The log writer (SyncRequestProcessor) of this role, and for as long as this lasts: a thread that
    /// outlives its role stays held back, the next role's is free.
    LogWriter,
    /// The committer.
    Committer,
    /// The senders to all learners.
    Senders,
}

/// A client operation or a fault. Servers are numbers below `servers`; durations are whole
/// multiples of [`GRAIN_US`], at most [`SPAN_MAX_US`].
///
/// A fault that is already in force is extended: it ends when the later of the two would end.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(
    tag = "do",
    rename_all = "kebab-case",
    rename_all_fields = "snake_case",
    deny_unknown_fields
)]
pub enum Act {
    /// A client operation at a server. Nothing happens if this client's last one is still open.
    Client {
        /// The client, below [`CLIENTS`].
        client: u8,
        /// The server that it asks.
        server: u8,
        /// What it does.
        op: ClientOp,
        /// The register, below [`KEYS`].
        key: u8,
    },
    /// Power loss, and power again after `down_us`; peers learn nothing of the loss. Nothing
    /// happens to a server that is down.
    PowerLoss {
        /// Which server.
        server: u8,
        /// What its disk keeps.
        disk: CrashMode,
        /// How long it is down.
        down_us: u64,
    },
    /// The process is killed and started again after `down_us`; the page cache survives and is
    /// not flushed, and peers see their connections close. Nothing happens to a server that is down.
    Kill {
        /// Which server.
        server: u8,
        /// How long it is down.
        down_us: u64,
    },
    /// The server leaves its role in process, as after an exception in its main thread.
    StepDown {
        /// Which server.
        server: u8,
    },
    /// What one server sends to another from now on is lost, and no connection can be made.
    /// Connections stay silent in that direction from then on; they are reset when the cut ends.
    Cut {
        /// The sender.
        from: u8,
        /// The receiver, another server.
        to: u8,
        /// Whether the way back is cut as well.
        both_ways: bool,
        /// How long.
        for_us: u64,
    },
    /// The server is cut off from all others, both ways.
    Isolate {
        /// Which server.
        server: u8,
        /// How long.
        for_us: u64,
    },
    /// What is on the way from one server to another waits; nothing is lost.
    Clog {
        /// The sender.
        from: u8,
        /// The receiver, another server.
        to: u8,
        /// Only on the connections that are open now, as after a lost segment: those made later, and
        /// messages of leader election, do not wait.
        #[serde(default, skip_serializing_if = "is_false")]
        open_only: bool,
        /// How long.
        for_us: u64,
    },
    /// The connections between two servers are reset; both ends notice at once, and what was on
    /// the way is lost.
    Reset {
        /// One server.
        a: u8,
        /// Another server.
        b: u8,
    },
    /// The whole process pauses (garbage collection, SIGSTOP): everything that would reach it
    /// waits.
    StallNode {
        /// Which server.
        server: u8,
        /// How long.
        for_us: u64,
    },
    /// One thread of the process makes no progress.
    StallActor {
        /// Which server.
        server: u8,
        /// Which thread.
        actor: StallTarget,
        /// How long.
        for_us: u64,
    },
    /// No disk operation completes.
    StallDisk {
        /// Which server.
        server: u8,
        /// How long.
        for_us: u64,
    },
    /// Flushes fail (EIO): what was written can be read, and may never be durable. The oldest flush
    /// that is not done, or the next one; every one of them as long as this lasts.
    FlushError {
        /// Which server.
        server: u8,
        /// Of which file.
        #[serde(default)]
        file: Files,
        /// How long; once if 0.
        #[serde(default)]
        for_us: u64,
    },
    /// The server's clock runs faster or slower by this many per mille. The newest rate counts.
    Skew {
        /// Which server.
        server: u8,
        /// From −[`SKEW_MAX`] to [`SKEW_MAX`].
        per_mille: i16,
        /// How long.
        for_us: u64,
    },
    /// Each server in the mask is isolated in turn, a `for_us` each, in an order keyed by the seed.
    Swizzle {
        /// Bit i stands for server i.
        mask: u8,
        /// How long each.
        for_us: u64,
    },
    /// Every fault in force ends now, and servers that are down start.
    HealAll,
    /// The kernel writes back what processes that died have left in the page cache. By itself it takes
    /// up to 30 seconds for that, longer than a schedule lasts.
    WriteBack {
        /// Which server.
        server: u8,
    },
    /// An operator installs a release and restarts the process as it, on the same disk: the process is
    /// killed (`zkServer.sh stop` sends SIGTERM, for which a server has no shutdown hook) and starts
    /// after `down_us`. A server that is down starts as that release when it starts.
    Upgrade {
        /// Which server.
        server: u8,
        /// The new release, or back to the old one.
        #[serde(with = "ReleaseName")]
        to: Release,
        /// How long it is down.
        down_us: u64,
    },
    /// Writes fail (EIO). Otherwise as [`Act::FlushError`].
    WriteError {
        /// Which server.
        server: u8,
        /// To which file.
        file: Files,
        /// How long; once if 0.
        for_us: u64,
    },
    /// An operator creates the volume of a server again: its process is killed, and starts again after
    /// `down_us` with an empty disk. Nothing happens to a server that is down, or if as many other disks
    /// are blank as can be missed: a majority has to hold what it wrote.
    BlankDisk {
        /// Which server.
        server: u8,
        /// How long it is down.
        down_us: u64,
    },
    /// The disk is full (ENOSPC): what needs another block of it fails. Files can be renamed, cut and
    /// removed, and the log grows until the block that it has begun is full.
    DiskFull {
        /// Which server.
        server: u8,
        /// The files on that disk.
        file: Files,
        /// How long; once if 0.
        for_us: u64,
    },
    /// The disk is mounted read-only (EROFS), as after an error of the file system: nothing changes.
    ReadOnly {
        /// Which server.
        server: u8,
        /// The files on that disk.
        file: Files,
        /// How long; once if 0.
        for_us: u64,
    },
    /// An operator, or the server's own clock work, removes snapshots but for the newest three, and the log
    /// that nobody needs beside these (`PurgeTxnLog`, `DatadirCleanupManager`), whether the server is up or
    /// down. Nothing happens if there is no such file, or to a machine without power.
    Purge {
        /// Which server.
        server: u8,
    },
}

const fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Act {
    /// What it is where all servers run the same release, whatever happens: an upgrade is a restart.
    #[must_use]
    pub const fn within_one_release(self) -> Self {
        match self {
            Self::Upgrade { server, down_us, to: _ } => Self::Kill { server, down_us },
            other => other,
        }
    }
}

impl Action {
    /// When the action and all that it brings about is over, client operations apart.
    pub fn end_us(&self) -> u64 {
        let spans = match self.act {
            Act::Swizzle { mask, .. } => u64::from(mask.count_ones()),
            _ => 1,
        };
        self.at_us + self.act.span_us() * spans
    }
}

impl Schedule {
    /// A schedule in which nothing happens.
    pub const fn empty(seed: u64, servers: u8) -> Self {
        let (directories, workload) = (Directories::Lenient, Workload::Registers);
        Self { version: FORMAT, seed, servers, directories, workload, actions: Vec::new() }
    }

    /// What it needs that is not so by default, for whoever reads of a finding.
    pub fn needed(&self) -> Option<&'static str> {
        self.directories.needed().or_else(|| self.workload.needed())
    }

    /// When the last action is over, in microseconds after boot.
    pub fn end_us(&self) -> u64 {
        self.actions.iter().map(Action::end_us).max().unwrap_or(0)
    }
}
