//! The option that says what clients do.

use zab_sim::schedule::Workload;

/// What clients do.
#[derive(Copy, Clone, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Clients {
    /// They read and write registers
    Registers,
    /// Some of them queue for a lock, each in a session of its own
    Locks,
    /// The same where sessions begin as local ones, as with localSessionsEnabled
    LocalLocks,
}

impl Clients {
    /// Whether some of them queue for a lock.
    pub(super) fn queue(self) -> bool {
        self != Self::Registers
    }
}

impl From<Clients> for Workload {
    fn from(clients: Clients) -> Self {
        match clients {
            Clients::Registers => Self::Registers,
            Clients::Locks => Self::Locks,
            Clients::LocalLocks => Self::LocalLocks,
        }
    }
}

/// The option that says so, for the command that repeats a run.
pub(super) const fn flag(workload: Workload) -> &'static str {
    match workload {
        Workload::Registers => "",
        Workload::Locks => " --workload locks",
        Workload::LocalLocks => " --workload local-locks",
    }
}
