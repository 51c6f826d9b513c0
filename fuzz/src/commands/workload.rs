//! The option that says what clients do.

use zab_sim::schedule::Workload;

/// What clients do.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Clients {
    /// They read and write registers
    #[default]
    Registers,
    /// Some of them queue for a lock, each in a session of its own
    Locks,
}

impl From<Clients> for Workload {
    fn from(clients: Clients) -> Self {
        match clients {
            Clients::Registers => Self::Registers,
            Clients::Locks => Self::Locks,
        }
    }
}

/// The option that says so, for the command that repeats a run.
pub(super) const fn flag(workload: Workload) -> &'static str {
    if workload.is_registers() { "" } else { " --workload locks" }
}
