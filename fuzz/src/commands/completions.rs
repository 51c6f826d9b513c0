//! `zab completions`: what a shell needs to complete the command.

use super::output::Out;
use super::{Cli, Exit};
use clap::CommandFactory as _;
use clap_complete::Shell;

/// Print the script with which a shell completes `zab`, once it is installed
///
/// Example: `zab completions bash > ~/.local/share/bash-completion/completions/zab`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Which shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

pub(super) fn run(args: &Args, out: &Out) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "zab", &mut script);
    out.raw(String::from_utf8_lossy(&script).trim_end());
    Exit::Clean
}
