//! How much may happen, as the command line says it.

use zab_sim::explore::Bounds;

/// How much may happen.
#[derive(Copy, Clone, Debug, clap::Args)]
pub(super) struct Budget {
    /// Writes of clients [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=4))]
    writes: Option<u8>,
    /// Reads of clients
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=4))]
    reads: u8,
    /// Processes that are killed [default: 1 if no other fault is named]
    #[arg(long, value_name = "N")]
    restarts: Option<u8>,
    /// Power losses
    #[arg(long, default_value_t = 0, value_name = "N")]
    power_losses: u8,
    /// Servers that leave their role without leaving their process
    #[arg(long, default_value_t = 0, value_name = "N")]
    step_downs: u8,
    /// Connections that break
    #[arg(long, default_value_t = 0, value_name = "N")]
    cuts: u8,
    /// Writes to a file that fail
    #[arg(long, default_value_t = 0, value_name = "N")]
    write_errors: u8,
    /// Flushes of a file that fail
    #[arg(long, default_value_t = 0, value_name = "N")]
    flush_errors: u8,
    /// Processes that are killed, and their disks created again, empty: of a minority at a time
    #[arg(long, default_value_t = 0, value_name = "N")]
    blank_disks: u8,
}

impl Budget {
    pub(super) fn bounds(self) -> Bounds {
        let mut bounds = Bounds {
            writes: self.writes.unwrap_or(1),
            reads: self.reads,
            restarts: self.restarts.unwrap_or(0),
            power_losses: self.power_losses,
            step_downs: self.step_downs,
            cuts: self.cuts,
            write_errors: self.write_errors,
            flush_errors: self.flush_errors,
            blank_disks: self.blank_disks,
        };
        if self.restarts.is_none() && bounds.faults() == 0 {
            bounds.restarts = 1;
        }
        bounds
    }
}
