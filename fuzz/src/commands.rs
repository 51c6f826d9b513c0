//! The `zab` command: one file for each subcommand, and what they share.

#[cfg(feature = "turmoil")]
mod agree;
mod bench;
mod check;
mod compare;
mod completions;
#[cfg(feature = "real")]
mod confirm;
mod corpus;
mod directories;
mod explain;
mod explore;
mod hunt;
mod man;
mod minimize;
mod output;
mod parallel;
mod program;
mod progress;
#[cfg(feature = "real")]
mod record;
mod refresh;
mod remint;
mod replay;
mod report;
mod switches;
mod variants;
mod verdict;

use crate::case::{self, Case};
use crate::hold::HoldIn;
use crate::verdict::state;
use clap::{CommandFactory as _, Parser, Subcommand};
use output::{Color, Format, Out};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use zab_sim::Schedule;

/// Hunts for schedules of faults under which Zab, as ZooKeeper implements it, loses a committed
/// write.
#[derive(Debug, Parser)]
#[command(name = "zab", bin_name = "cargo zab", version, max_term_width = 100)]
#[command(after_help = EXIT_CODES)]
struct Cli {
    /// How results are written to standard output
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "FORMAT",
        display_order = 90
    )]
    format: Format,
    /// Results only: no progress, no story
    #[arg(long, short, global = true, display_order = 91)]
    quiet: bool,
    /// When to use colors
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        display_order = 92
    )]
    color: Color,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Hunt(hunt::Args),
    Explore(explore::Args),
    Replay(replay::Args),
    Minimize(minimize::Args),
    Explain(explain::Args),
    Check(check::Args),
    #[cfg(feature = "real")]
    Confirm(confirm::Args),
    #[cfg(feature = "real")]
    Record(record::Args),
    Variants(variants::Args),
    Verdict(verdict::Args),
    Corpus(corpus::Args),
    #[cfg(feature = "turmoil")]
    Agree(agree::Args),
    Bench(bench::Args),
    Compare(compare::Args),
    Completions(completions::Args),
    Man(man::Args),
}

const EXIT_CODES: &str = "\
Exit codes: 0 clean, 1 violation found, 2 usage or malformed input, 3 inconclusive,
4 harness error or non-determinism, 5 a stored case no longer reproduces.

Examples:
  cargo zab hunt                       find, minimize, store and explain a lost write in zk-3.8.0
  cargo zab explore                    every order of one write and one restart, until nothing is left
  cargo zab replay findings/*.json     run what was found again
  cargo zab explain CASE --table       show it as a table of server states
  cargo zab check history.edn          judge a history of clients, from anywhere";

/// What a command came to, besides what it printed.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Exit {
    Clean,
    Violation,
    Inconclusive,
    NotReproduced,
    Usage,
    Harness,
}

impl Exit {
    /// The code of the process; the order of the enum is another one, that of gravity.
    const fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Violation => 1,
            Self::Usage => 2,
            Self::Inconclusive => 3,
            Self::Harness => 4,
            Self::NotReproduced => 5,
        }
    }
}

/// Why a command could not do what it was asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Failure {
    exit: Exit,
    /// One line: what, where, what to do.
    what: String,
}

impl Failure {
    /// The fault of the arguments or of a file.
    fn usage(what: impl ToString) -> Self {
        Self { exit: Exit::Usage, what: what.to_string() }
    }

    /// The fault of the suite.
    fn harness(what: impl ToString) -> Self {
        Self { exit: Exit::Harness, what: what.to_string() }
    }
}

/// Parses the command line, runs the command, and reports how it went.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            output::usage(&error);
            return ExitCode::from(if error.use_stderr() { Exit::Usage.code() } else { 0 });
        }
    };
    let out = Out::new(cli.format, cli.quiet, cli.color);
    if cli.format.is_table() && !matches!(cli.command, Command::Verdict(_)) {
        out.failure("only `zab verdict` writes --format md and csv: choose human or json");
        return ExitCode::from(Exit::Usage.code());
    }
    let result = match &cli.command {
        Command::Hunt(args) => hunt::run(args, &out),
        Command::Explore(args) => explore::run(args, &out),
        Command::Replay(args) => replay::run(args, &out),
        Command::Minimize(args) => minimize::run(args, &out),
        Command::Explain(args) => explain::run(args, &out),
        Command::Check(args) => check::run(args, &out),
        #[cfg(feature = "real")]
        Command::Confirm(args) => confirm::run(args, &out),
        #[cfg(feature = "real")]
        Command::Record(args) => record::run(args, &out),
        Command::Corpus(args) => corpus::run(args, &out),
        Command::Variants(args) => variants::run(args, &out),
        Command::Verdict(args) => verdict::run(args, &out),
        Command::Compare(args) => compare::run(args, &out),
        Command::Completions(args) => Ok(completions::run(args, &out)),
        Command::Man(args) => man::run(args, &out),
        #[cfg(feature = "turmoil")]
        Command::Agree(args) => agree::run(args, &out),
        Command::Bench(args) => bench::run(args, &out),
    };
    let exit = result.unwrap_or_else(|failure| {
        out.failure(&failure.what);
        failure.exit
    });
    let lost = out.lost().map(|error| out.failure(&format!("standard output: {error}")));
    // What was found is a finding, whoever could not be told.
    let exit = if lost.is_some() && exit == Exit::Clean { Exit::Harness } else { exit };
    ExitCode::from(exit.code())
}

/// Whether the command understands these words, the program's name left out.
///
/// # Errors
///
/// What it says of them.
pub fn parse(words: &[String]) -> Result<(), String> {
    let words = ["zab"].into_iter().chain(words.iter().map(String::as_str));
    match Cli::try_parse_from(words) {
        // Help and version come this way as well.
        Err(error) if error.use_stderr() => Err(error.to_string()),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// What there is to do: the subcommands, in the order of help.
pub fn names() -> Vec<String> {
    Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect()
}

/// Reads a case; what is wrong with it is the user's to repair.
fn read_case(path: &Path) -> Result<Case, Failure> {
    case::read(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

/// Every file among these paths and below them.
fn files_of(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    crate::corpus::files(paths).map_err(|(path, error)| {
        let there = if error.kind() == ErrorKind::NotFound { OUTSIDE } else { "" };
        Failure::usage(format!("{}: {error}{there}", path.display()))
    })
}

/// What is to be done where a default path leads nowhere.
const OUTSIDE: &str = ": the stored cases are in a checkout of zab, under fuzz/cases; run there, or \
                       name the folder, as in `verdict --cases DIR`";

/// Every case in a folder that promises a violation. The state of a matrix may lie beside them.
fn stored(folder: &Path) -> Result<Vec<(PathBuf, Case)>, Failure> {
    let files = files_of(&[folder.to_path_buf()])?;
    let is_state = |path: &PathBuf| path.file_name().is_some_and(|name| name == state::FILE);
    let cases = files.into_iter().filter(|path| !is_state(path));
    let cases = cases.map(|path| read_case(&path).map(|case| (path, case)));
    let cases = cases.collect::<Result<Vec<_>, _>>()?;
    Ok(cases.into_iter().filter(|(_, case)| case.expected.class().is_some()).collect())
}

/// Reads the schedule of a case, one that stands by itself, or any bytes.
fn read_schedule(path: &Path) -> Result<Schedule, Failure> {
    crate::corpus::read(path)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

/// Makes sure that files can be written to a folder, before any work is done for them.
fn ready_folder(folder: &Path, option: &str) -> Result<(), Failure> {
    let probe = folder.join(format!(".zab-{}", std::process::id()));
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&probe, ""))
        .and_then(|()| std::fs::remove_file(&probe))
        .map_err(|error| {
            let folder = folder.display();
            Failure::usage(format!(
                "{folder}: cannot write there ({error}): choose another {option}"
            ))
        })
}

/// Refuses an ensemble that could be split into halves.
fn check_servers(servers: Option<u8>) -> Result<(), Failure> {
    match servers {
        Some(even) if even.is_multiple_of(2) => {
            Err(Failure::usage(format!("--servers {even}: choose 3, 5 or 7")))
        }
        _ => Ok(()),
    }
}

/// Writes a case into a folder under its own name, and says where.
fn write_case(case: &Case, folder: &Path) -> Result<PathBuf, Failure> {
    case::write_into(case, folder)
        .map_err(|error| Failure::usage(format!("{}: cannot write: {error}", folder.display())))
}

/// Where the stored cases are, if the command runs in a checkout.
const CASES: &str = "fuzz/cases";

/// Where what is found goes by default.
const FOUND: &str = "findings";

/// `--out`, for the command that repeats a run, unless that is the default.
fn out_option(folder: &Path) -> String {
    if folder == Path::new(FOUND) { String::new() } else { format!(" --out {}", quoted(folder)) }
}

/// `--hold-in`, for the command that repeats a run.
fn hold_in_option(worlds: &[HoldIn]) -> String {
    let names: Vec<_> = worlds.iter().map(|world| world.name()).collect();
    if names.is_empty() { String::new() } else { format!(" --hold-in {}", names.join(",")) }
}

/// A time as it has to be typed in a shell.
fn typed(time: Duration) -> String {
    humantime::format_duration(time).to_string().replace(' ', "")
}

/// A path as it has to be typed in a shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./+=:@%".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
