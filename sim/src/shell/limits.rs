//! Deadlines, back-off and the lengths of queues.

use std::time::Duration;
use zab_core::{Config, Span};

/// How many events wait for the owner before readers have to.
pub const INBOX: usize = 1024;

/// How many frames wait for a connection. A peer that lets this number pile up counts as gone.
pub const OUTBOX: usize = 1024;

/// How long things may take, in the time of the runtime.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From asking for a connection to having it, and to its first frame.
    pub connect: Duration,
    /// Until a frame is handed to the network.
    pub write: Duration,
    /// Until a notification is acknowledged; forever in a simulation, where a connection that is
    /// gone says so.
    pub acknowledge: Duration,
    /// The first pause after a connection could not be made; doubled with each further one.
    pub retry_first: Duration,
    /// The longest such pause.
    pub retry_max: Duration,
}

impl Limits {
    /// Limits for these settings. `duration` turns the time of the protocol into that of the
    /// runtime.
    pub fn new(config: &Config, duration: impl Fn(Span) -> Duration) -> Self {
        let part = |numerator: u64, denominator: u64| {
            duration(Span(config.tick.0 * numerator / denominator))
        };
        Self {
            connect: part(1, 2),
            write: part(u64::from(config.sync_limit), 1),
            acknowledge: part(u64::from(config.sync_limit), 1),
            retry_first: part(1, 40),
            retry_max: part(1, 10),
        }
    }
}
