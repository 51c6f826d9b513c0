//! What shall happen in an execution: client operations and faults at absolute times.
//!
//! Every action is total and idempotent: any action may stand at any time in any schedule, and
//! removing one leaves a schedule whose other actions still mean what they meant. Durations live
//! inside the action. No action refers to another.

use serde::{Deserialize, Serialize};

/// The newest version of the JSON form that this build writes; it reads all older ones.
pub const FORMAT: u16 = 1;

/// Times in a schedule are whole multiples of this many microseconds.
pub const GRAIN_US: u64 = 100;

/// A plan for one execution.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Version of the format.
    pub version: u16,
    /// Keys all randomness that the actions leave open: latencies, flush delays.
    pub seed: u64,
    /// How many servers: 3, 5 or 7.
    pub servers: u8,
    /// What shall happen, ordered by time.
    pub actions: Vec<Action>,
}

/// One entry of a schedule.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Action {
    /// When, in microseconds after the boot phase; a multiple of [`GRAIN_US`].
    pub at_us: u64,
    /// What.
    #[serde(flatten)]
    pub act: Act,
}

/// What a client does in one action.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientOp {
    /// Write a new, unique value.
    Write,
    /// Write a new, unique value if the version is the one this client saw last.
    WriteIf,
    /// Read from the memory of the server that is asked.
    Read,
    /// `sync`, then read at the same server.
    SyncRead,
}

/// What a power loss leaves of the operations that were not reported as done.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CrashMode {
    /// Nothing.
    LoseAll,
    /// This many of the oldest ones, per file.
    KeepPrefix(u8),
    /// The oldest one of the log only in part; otherwise as [`CrashMode::LoseAll`].
    Torn,
    /// Everything: on the disk, but never reported.
    KeepAll,
}

/// An actor that can be held back.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StallTarget {
    /// The receiver: packets wait at the door.
    Receiver,
    /// The log writer (SyncRequestProcessor).
    LogWriter,
    /// The committer.
    Committer,
    /// The senders to all learners.
    Senders,
}

/// A client operation or a fault. Servers are numbers below `servers`; durations are microseconds
/// of the form that the span code allows.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum Act {
    /// A client operation at a server.
    Client { client: u8, server: u8, op: ClientOp, key: u8 },
    /// Power loss, and power again after `down_us`.
    Crash { server: u8, disk: CrashMode, down_us: u64 },
    /// The process is killed and started again after `down_us`; the page cache survives.
    Restart { server: u8, down_us: u64 },
    /// The server leaves its role in process, as after an exception in its main thread.
    StepDown { server: u8 },
    /// Packets from one server to another are lost, and connections between them with them.
    Cut { from: u8, to: u8, both_ways: bool, for_us: u64 },
    /// The server is cut off from all others.
    Isolate { server: u8, for_us: u64 },
    /// Packets from one server to another wait.
    Clog { from: u8, to: u8, for_us: u64 },
    /// The connection between two servers is reset; both ends notice at once.
    Drop { a: u8, b: u8 },
    /// The whole process pauses (garbage collection, SIGSTOP).
    StallNode { server: u8, for_us: u64 },
    /// One thread of the process makes no progress.
    StallActor { server: u8, actor: StallTarget, for_us: u64 },
    /// No disk operation completes.
    StallDisk { server: u8, for_us: u64 },
    /// The oldest disk operation that is not done fails, or the next one.
    FlushError { server: u8 },
    /// The server's clock runs faster or slower by this many per mille.
    Skew { server: u8, per_mille: i16, for_us: u64 },
    /// Each server in the mask is isolated in turn, a `for_us` each, in an order keyed by the seed.
    Swizzle { mask: u8, for_us: u64 },
    /// Every fault in force ends now, and servers that are down start.
    HealAll,
}
