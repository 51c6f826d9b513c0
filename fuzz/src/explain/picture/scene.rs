//! What there is to be drawn, without a place on the paper: who did what from when to when.

use crate::explain::story::Weight;
use zab_checker::custody::Servers;
use zab_core::variant::Release;
use zab_core::{Epoch, NodeId, SessionId, Txn};

/// A point on the axis of time: later events of one instant come after earlier ones.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Point {
    /// In microseconds after boot.
    pub(crate) at_us: u64,
    /// Among what happens at the same time: twice the number of events before it, and one more for
    /// the event itself.
    pub(crate) place: usize,
}

/// An execution as a picture shows it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scene {
    /// The servers' disks have a column for each.
    pub(crate) columns: Vec<Column>,
    /// The states that can be looked at, in order of time; the first is that after boot.
    pub(crate) frames: Vec<Frame>,
    pub(crate) bands: Vec<Band>,
    pub(crate) strips: Vec<Strip>,
    pub(crate) epochs: Vec<EpochFile>,
    pub(crate) messages: Vec<Message>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) faults: Vec<FaultBar>,
    pub(crate) turns: Vec<Turn>,
    pub(crate) promises: Vec<Promise>,
    pub(crate) sentences: Vec<Sentence>,
    /// Some of it is not involved in what the verdict is about.
    pub(crate) is_selective: bool,
    /// The names of the clients' lanes.
    pub(crate) clients: Vec<String>,
    /// By lane, in order of time.
    pub(crate) held: Vec<Held>,
    /// From here on, only what matters is drawn.
    pub(crate) detailed_until: Point,
    pub(crate) end: Point,
    /// Events between there and the end that are not drawn.
    pub(crate) left_out: usize,
}

/// A transaction, or all that the boot wrote.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) txn: Txn,
    pub(crate) name: String,
    /// It stands for this transaction and all before it.
    pub(crate) is_base: bool,
    /// The verdict is about it.
    pub(crate) is_subject: bool,
}

/// An event, and the state of the ensemble after it.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) at: Point,
    /// What happened, in the words of the trace.
    pub(crate) words: String,
    pub(crate) server: Option<NodeId>,
    pub(crate) servers: Servers,
}

/// What a server is, for some time.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Down,
    Looking,
    /// With the epoch in which it serves, if it does.
    Following(NodeId, Option<Epoch>),
    /// Likewise.
    Leading(Option<Epoch>),
}

#[derive(Copy, Clone, Debug)]
pub(crate) struct Band {
    pub(crate) server: NodeId,
    pub(crate) role: Role,
    pub(crate) from: Point,
    pub(crate) to: Point,
}

/// How far a record has come at a server.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// Applied, and not on the way to the disk.
    Memory,
    /// In a queue or a buffer of the process, which takes it along when it ends.
    Queued,
    /// In the page cache: a power failure takes it.
    Written,
    /// The same, and a flush is under way.
    Flushing,
    /// Whatever happens, it is there; not in memory.
    Durable,
    /// It is there and in memory.
    Applied,
}

impl Stage {
    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Memory => "in memory only",
            Self::Queued => "queued",
            Self::Written => "written",
            Self::Flushing => "flushing",
            Self::Durable => "durable",
            Self::Applied => "durable and applied",
        }
    }
}

/// How a record leaves a disk.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It stays, or goes from one stage to the next.
    None,
    /// It was not durable when the process or the power went.
    Lost,
    /// It was removed: the log was cut, or a snapshot took its place.
    Cut,
}

#[derive(Copy, Clone, Debug)]
pub(crate) struct Strip {
    pub(crate) server: NodeId,
    pub(crate) column: usize,
    pub(crate) stage: Stage,
    pub(crate) from: Point,
    pub(crate) to: Point,
    pub(crate) exit: Exit,
}

/// A value of an epoch file, from when it was asked for.
#[derive(Copy, Clone, Debug)]
pub(crate) struct EpochFile {
    pub(crate) server: NodeId,
    /// `currentEpoch`, or else `acceptedEpoch`.
    pub(crate) is_current: bool,
    pub(crate) epoch: Epoch,
    pub(crate) from: Point,
    pub(crate) durable: Option<Point>,
    pub(crate) to: Point,
}

/// What became of a packet.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Arrives(Point),
    Lost,
    /// The driver does not tell.
    Unknown,
}

#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) from: NodeId,
    pub(crate) to: NodeId,
    pub(crate) sent: Point,
    pub(crate) fate: Fate,
    pub(crate) name: String,
    pub(crate) is_involved: bool,
}

/// What a client asked and was told.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    /// Its lane, from the left.
    pub(crate) client: usize,
    /// Its place in the lane beside others that are open at the same time.
    pub(crate) track: usize,
    pub(crate) server: NodeId,
    pub(crate) asked: Point,
    /// When the server got it, and when it answered.
    pub(crate) at_server: [Option<Point>; 2],
    pub(crate) ended: Option<Point>,
    pub(crate) question: String,
    /// Nothing if the client gave up.
    pub(crate) answer: Option<String>,
    pub(crate) is_involved: bool,
}

/// A client believes that it has the lock.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Held {
    /// Its lane, from the left.
    pub(crate) client: usize,
    pub(crate) session: SessionId,
    /// The number of its node.
    pub(crate) number: u8,
    /// As far as it knows.
    pub(crate) is_connected: bool,
    pub(crate) from: Point,
    pub(crate) to: Point,
}

#[derive(Clone, Debug)]
pub(crate) struct FaultBar {
    pub(crate) from: Point,
    pub(crate) to: Point,
    pub(crate) words: String,
}

/// What deserves a sign in the lane of a server.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    PowerLoss,
    Killed,
    Exited,
    Started,
    Established(Epoch),
    DiskError,
    /// An operator removed files.
    Purged,
    /// A release was put in the place of the one before.
    Installed(Release),
}

#[derive(Copy, Clone, Debug)]
pub(crate) struct Turn {
    pub(crate) at: Point,
    pub(crate) server: NodeId,
    pub(crate) sign: Sign,
}

/// An acknowledgement of what was not durable.
#[derive(Clone, Debug)]
pub(crate) struct Promise {
    pub(crate) server: NodeId,
    pub(crate) at: Point,
    /// The column of what was missing.
    pub(crate) column: usize,
    /// When it came to be durable or was lost; neither, if the end came before.
    pub(crate) until: Point,
    pub(crate) outcome: Kept,
    pub(crate) is_involved: bool,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    Late,
    Never,
    Open,
}

/// A sentence of the story.
#[derive(Clone, Debug)]
pub(crate) struct Sentence {
    pub(crate) at: Point,
    pub(crate) text: String,
    pub(crate) weight: Weight,
    /// The instant of the finding that it tells, counted from 0.
    pub(crate) instant: Option<usize>,
    pub(crate) is_involved: bool,
}
