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
}

impl Free {
    /// What can be freed, by name.
    pub const NAMES: [&'static str; 5] = ["receiver", "committer", "sender", "client", "election"];

    /// Frees something. False if nothing has that name.
    pub fn set(&mut self, name: &str) -> bool {
        let entry = match name {
            "receiver" => &mut self.receiver,
            "committer" => &mut self.committer,
            "sender" => &mut self.sender,
            "client" => &mut self.client,
            "election" => &mut self.election,
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
