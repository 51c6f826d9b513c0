//! The option that changes what a flush of a file does for its name.

use zab_sim::schedule::Directories;

/// `--strict-posix`.
#[derive(Copy, Clone, Debug, clap::Args)]
pub(super) struct StrictPosix {
    /// Assume only what POSIX guarantees: an fsync of a new file does not make its name durable, as it
    /// does on ext4, xfs and btrfs
    #[arg(long)]
    strict_posix: bool,
}

impl StrictPosix {
    /// What was asked for, or else this.
    pub(super) const fn or(self, otherwise: Directories) -> Directories {
        if self.strict_posix { Directories::Strict } else { otherwise }
    }
}

/// The option that says so, for the command that repeats a run.
pub(super) const fn flag(directories: Directories) -> &'static str {
    if directories.are_lenient() { "" } else { " --strict-posix" }
}
