//! How much may happen, and what is let happen in every order.

use serde::{Deserialize, Serialize};
use zab_core::Actor;

/// How often what an ensemble does not do by itself may happen.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Bounds {
    /// Writes of clients.
    pub writes: u8,
    /// Reads of clients.
    pub reads: u8,
    /// Processes killed.
    pub restarts: u8,
    /// Power losses.
    pub power_losses: u8,
    /// Exceptions in a main thread, and time-outs of a server with a leader that is there.
    pub step_downs: u8,
    /// Connections that break between two servers that run.
    pub cuts: u8,
    /// Writes to a file that fail.
    pub write_errors: u8,
    /// Flushes of a file that fail.
    pub flush_errors: u8,
    /// Processes killed whose disks are created again, empty.
    pub blank_disks: u8,
}

impl Bounds {
    /// Nothing happens.
    pub const NONE: Self = Self {
        writes: 0,
        reads: 0,
        restarts: 0,
        power_losses: 0,
        step_downs: 0,
        cuts: 0,
        write_errors: 0,
        flush_errors: 0,
        blank_disks: 0,
    };

    /// How many faults there may be.
    pub fn faults(self) -> u32 {
        let [_, _, faults @ ..] = self.named();
        faults.into_iter().map(|(_, count)| u32::from(count)).sum()
    }

    /// Each bound by its name on the command line.
    pub const fn named(self) -> [(&'static str, u8); 9] {
        let Self {
            writes,
            reads,
            restarts,
            power_losses,
            step_downs,
            cuts,
            write_errors,
            flush_errors,
            blank_disks,
        } = self;
        [
            ("writes", writes),
            ("reads", reads),
            ("restarts", restarts),
            ("power-losses", power_losses),
            ("step-downs", step_downs),
            ("cuts", cuts),
            ("write-errors", write_errors),
            ("flush-errors", flush_errors),
            ("blank-disks", blank_disks),
        ]
    }
}

/// Threads that have their turns in every order; the others run as soon as they have work.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Free {
    /// The receiver of a follower, and the loading of its database.
    pub receiver: bool,
    /// The committers.
    pub committer: bool,
    /// The senders of a leader.
    pub sender: bool,
    /// Clients ask any server that serves for a write, not the leader alone.
    pub client: bool,
    /// Messages of leader election, and the patience of servers that look for a leader.
    pub election: bool,
    /// Both orders of two steps that commute.
    pub order: bool,
    /// The server that is connected to: it accepts when it likes.
    pub accept: bool,
    /// A follower that got no connection: it tries again when it likes.
    pub retry: bool,
    /// What clients ask and are answered: it is on the way.
    pub answer: bool,
}

impl Free {
    /// What can be freed, by name.
    pub const NAMES: [&'static str; 9] = [
        "receiver",
        "committer",
        "sender",
        "client",
        "election",
        "order",
        "accept",
        "retry",
        "answer",
    ];

    /// Frees something. False if nothing has that name.
    pub fn set(&mut self, name: &str) -> bool {
        let entry = match name {
            "receiver" => &mut self.receiver,
            "committer" => &mut self.committer,
            "sender" => &mut self.sender,
            "client" => &mut self.client,
            "election" => &mut self.election,
            "order" => &mut self.order,
            "accept" => &mut self.accept,
            "retry" => &mut self.retry,
            "answer" => &mut self.answer,
            _ => return false,
        };
        *entry = true;
        true
    }

    /// Whether that is free.
    pub fn has(self, name: &str) -> bool {
        let mut with = self;
        with.set(name) && with == self
    }

    /// Whether turns of this actor are chosen.
    pub(super) const fn is_free(self, actor: Actor) -> bool {
        match actor {
            Actor::Receiver | Actor::Loader => self.receiver,
            Actor::LogWriter | Actor::LeakedLogWriter => true,
            Actor::Committer => self.committer,
            Actor::Sender(_) => self.sender,
        }
    }
}
