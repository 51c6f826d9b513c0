//! What may happen next, as somebody who replays it has to be told: by servers and places, never by
//! numbers that depend on what else happened.

use crate::due::{Due, Later};
use crate::schedule::Files;
use serde::{Deserialize, Serialize};
use std::fmt;
use zab_core::{Actor, File, NodeId};

/// One step of an exploration. Servers are counted from 0.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Choice {
    /// A client asks the leader for a write.
    Write(u8),
    /// A client reads what this server has.
    Read(u8),
    /// The process of a server is killed.
    Kill(u8),
    /// A server loses its power; of each file it keeps this many operations that were not durable.
    PowerLoss(u8, u8),
    /// The main thread of a server gets an exception.
    StepDown(u8),
    /// The connections between two servers break.
    Cut(u8, u8),
    /// The disk of a server fails at the oldest operation on this file, which is a write.
    FailWrite(u8, OnDisk),
    /// The disk of a server fails to flush this file at the oldest operation on it.
    FailFlush(u8, OnDisk),
    /// The process of a server is killed, and its disk created again, empty.
    Blank(u8),
    /// The process of a server starts.
    Start(u8),
    /// These servers, one bit each, hold an election among themselves.
    Elect(u8),
    /// A server without a leader learns who leads.
    Join(u8),
    /// A message of leader election arrives from one server at another.
    Hear(u8, u8),
    /// A server that looks for a leader loses patience: with a vote that a majority has it is elected
    /// or follows, otherwise it tells its vote once more.
    LosePatience(u8),
    /// A leader that no majority follows gives up.
    GiveUp(u8),
    /// A follower connects to its leader.
    Connect(u8, u8),
    /// A follower without a connection asks for one.
    Retry(u8),
    /// What a client asks arrives, or what it is answered.
    Client(u8),
    /// The next packet arrives from one server at another, on that one of their connections, the
    /// oldest being 0.
    Deliver(u8, u8, u8),
    /// A server learns that its connection to another is gone; what was on the way is lost.
    Break(u8, u8, u8),
    /// The disk of a server completes the oldest operation on this file.
    Disk(u8, OnDisk),
    /// A thread of a server has its turn.
    Turn(u8, Thread),
}

/// A file.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the same as the files of the core")]
pub enum OnDisk {
    Log,
    Snapshot,
    AcceptedEpoch,
    CurrentEpoch,
}

impl From<File> for OnDisk {
    fn from(file: File) -> Self {
        match file {
            File::Log => Self::Log,
            File::Snapshot => Self::Snapshot,
            File::AcceptedEpoch => Self::AcceptedEpoch,
            File::CurrentEpoch => Self::CurrentEpoch,
        }
    }
}

/// A thread that has turns.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the same as the actors of the core")]
pub enum Thread {
    Receiver,
    Loader,
    LogWriter,
    LeakedLogWriter,
    Committer,
    Sender(u8),
}

impl From<OnDisk> for Files {
    fn from(file: OnDisk) -> Self {
        match file {
            OnDisk::Log => Self::Log,
            OnDisk::Snapshot => Self::Snapshot,
            OnDisk::AcceptedEpoch => Self::AcceptedEpoch,
            OnDisk::CurrentEpoch => Self::CurrentEpoch,
        }
    }
}

impl From<Actor> for Thread {
    fn from(actor: Actor) -> Self {
        match actor {
            Actor::Receiver => Self::Receiver,
            Actor::Loader => Self::Loader,
            Actor::LogWriter => Self::LogWriter,
            Actor::LeakedLogWriter => Self::LeakedLogWriter,
            Actor::Committer => Self::Committer,
            Actor::Sender(NodeId(learner)) => Self::Sender(learner),
        }
    }
}

impl Choice {
    /// What somebody waits for, as a choice. What is on the way stands in the world, time does not
    /// pass, and starts are chosen without being asked for.
    pub(super) fn of(due: Due) -> Option<Self> {
        match due {
            Due::Disk { server, file, .. } => Some(Self::Disk(server.0, OnDisk::from(file))),
            Due::Turn { server, actor, .. } => Some(Self::Turn(server.0, Thread::from(actor))),
            Due::Connect { from, to, .. } => Some(Self::Connect(from.0, to.0)),
            Due::Request { client, .. } | Due::Later(Later::Answer { client, .. }) => {
                Some(Self::Client(client))
            }
            Due::Arrive { .. }
            | Due::Reset { .. }
            | Due::Notify { .. }
            | Due::Timer { .. }
            | Due::StepDown { .. }
            | Due::Later(_) => None,
        }
    }

    /// Whether it is a fault, a client or the start of a process: what an ensemble does not do by
    /// itself.
    pub const fn is_action(self) -> bool {
        matches!(
            self,
            Self::Write(_)
                | Self::Read(_)
                | Self::Kill(_)
                | Self::PowerLoss(..)
                | Self::StepDown(_)
                | Self::Cut(..)
                | Self::FailWrite(..)
                | Self::FailFlush(..)
                | Self::Blank(_)
                | Self::Start(_)
        )
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nth = |age: u8| if age == 0 { String::new() } else { format!(" (connection {age})") };
        match *self {
            Self::Write(at) => write!(f, "a client writes at S{at}"),
            Self::Read(at) => write!(f, "a client reads at S{at}"),
            Self::Kill(at) => write!(f, "S{at} is killed"),
            Self::PowerLoss(at, 0) => write!(f, "S{at} loses its power, and all not yet durable"),
            Self::PowerLoss(at, kept) => {
                write!(f, "S{at} loses its power; {kept} operations of each file had got through")
            }
            Self::StepDown(at) => write!(f, "S{at} steps down"),
            Self::Cut(a, b) => write!(f, "the connections of S{a} and S{b} break"),
            Self::FailWrite(at, file) => write!(f, "the disk of S{at} fails to write {file:?}"),
            Self::FailFlush(at, file) => write!(f, "the disk of S{at} fails to flush {file:?}"),
            Self::Blank(at) => write!(f, "S{at} is killed, and its disk is created again, empty"),
            Self::Start(at) => write!(f, "S{at} starts"),
            Self::Elect(mask) => {
                let members = (0..8).filter(|bit| mask >> bit & 1 == 1);
                let names: Vec<String> = members.map(|bit| format!("S{bit}")).collect();
                write!(f, "{} elect a leader", names.join(" and "))
            }
            Self::Join(at) => write!(f, "S{at} learns who leads"),
            Self::Hear(from, to) => write!(f, "S{to} hears the vote of S{from}"),
            Self::LosePatience(at) => write!(f, "S{at} waits no longer for a better vote"),
            Self::GiveUp(at) => write!(f, "S{at}, followed by no majority, gives up leading"),
            Self::Connect(from, to) => write!(f, "S{from} connects to S{to}"),
            Self::Retry(at) => write!(f, "S{at} tries again to connect"),
            Self::Client(who) => write!(f, "what client {who} asks, or is answered, arrives"),
            Self::Deliver(from, to, age) => write!(f, "S{to} gets a packet of S{from}{}", nth(age)),
            Self::Break(to, from, age) => {
                write!(f, "S{to} learns that S{from} is gone{}", nth(age))
            }
            Self::Disk(at, file) => write!(f, "the disk of S{at} has written {file:?}"),
            Self::Turn(at, Thread::Sender(to)) => write!(f, "S{at} sends the next packet to S{to}"),
            Self::Turn(at, thread) => write!(f, "the {thread:?} of S{at} has its turn"),
        }
    }
}
