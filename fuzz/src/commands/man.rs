//! `zab man`: the manual pages.

use super::output::Out;
use super::program::installed;
use super::{Cli, Exit, Failure, ready_folder};
use clap::CommandFactory as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Write the manual pages into a folder: zab.1, and one for each subcommand
///
/// Example: `zab man ~/.local/share/man/man1`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder, which is made if it does not exist
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(super) fn run(args: &Args, out: &Out) -> Result<Exit, Failure> {
    let folder = &args.folder;
    ready_folder(folder, "folder")?;
    let command = Cli::command().bin_name("zab").disable_help_subcommand(true);
    let failed = |error: io::Error| {
        Failure::usage(format!("{}: cannot write there ({error})", folder.display()))
    };
    clap_mangen::generate_to(command, folder).map_err(failed)?;
    pages(folder).and_then(|pages| pages.iter().try_for_each(call_installed)).map_err(failed)?;
    out.remark(format!("written to {}", folder.display()));
    Ok(Exit::Clean)
}

/// The pages of this command in a folder.
fn pages(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let is_ours = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("zab") && name.ends_with(".1")
    };
    let paths = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    Ok(paths.collect::<io::Result<Vec<_>>>()?.into_iter().filter(is_ours).collect())
}

/// Who reads a page has installed the command.
fn call_installed(page: &PathBuf) -> io::Result<()> {
    let text = fs::read_to_string(page)?;
    fs::write(page, &*installed(&text))
}
