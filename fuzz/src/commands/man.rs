//! `zab man`: the manual pages.

use super::output::Out;
use super::{Cli, Exit, Failure, ready_folder};
use clap::CommandFactory as _;
use std::path::PathBuf;

/// Write the manual pages into a folder: zab.1, and one for each subcommand
///
/// Example: `zab man ~/.local/share/man/man1`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to; it is made if it is not there
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(super) fn run(args: &Args, out: &Out) -> Result<Exit, Failure> {
    let folder = &args.folder;
    ready_folder(folder)?;
    let command = Cli::command().bin_name("zab").disable_help_subcommand(true);
    clap_mangen::generate_to(command, folder).map_err(|error| {
        Failure::usage(format!("{}: cannot write there ({error})", folder.display()))
    })?;
    out.remark(format!("written to {}", folder.display()));
    Ok(Exit::Clean)
}
