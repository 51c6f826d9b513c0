//! `zab check`: judge a client history.

mod initial;
mod input;
mod neighbors;
mod page;
mod present;

use super::output::Out;
use super::{Exit, Failure, quoted, typed};
use crate::clock::Stopwatch;
use clap::{CommandFactory as _, ValueEnum};
use initial::Initial;
use input::Input;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::time::Duration;
use zab_checker::format::{self, Error};
use zab_checker::judge::{self, Contract, Promise, Report, Reread, Settings, Verdict};
use zab_checker::linearizability::Budget;
use zab_checker::model::mutex::Mutex;
use zab_checker::model::register::Op;
use zab_checker::model::znode::Znodes as Store;
use zab_checker::record::{
    self, Dialect, Lists, Locks, Names, Positioned, Recorded, Registers, Workload, Znodes,
};

/// Judge a client history: a file in Jepsen's EDN, JSON Lines, or the log of Jepsen's etcd test
///
/// Ends with 0 if the history is valid, 1 if it is not, 2 if the file cannot be read, and 3 if no
/// decision was reached or there was nothing to check. `--help formats` explains the formats.
///
/// Example: `cargo zab check history.edn --model cas-register --html history.html`
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(super) struct Args {
    /// The history: a file, a folder of Jepsen's `store/`, or `-` for standard input
    #[arg(value_name = "FILE", required_unless_present = "help")]
    file: Option<PathBuf>,
    /// Print help; with `formats`, the page that explains the formats of histories
    #[arg(long, short, value_enum, value_name = "TOPIC", num_args = 0..=1, default_missing_value = "options")]
    help: Option<Topic>,
    /// What the operations are done to
    #[arg(long, value_enum, default_value_t, value_name = "MODEL")]
    model: Model,
    /// What `sync` promises, for zookeeper: with `quorum`, a read right after it is linearizable
    #[arg(long, value_enum, default_value_t, value_name = "PROMISE")]
    sync: SyncPromise,
    /// What is promised, for zookeeper
    #[arg(long, value_enum, default_value_t, value_name = "PROMISE")]
    consistency: Consistency,
    /// Write a page that shows each violation as lanes of operations
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Convert a history of registers: to EDN, JSON Lines or a log for ShiViz, depending on whether
    /// the name ends in .edn, .jsonl or .shiviz
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// The initial state: a value for registers; for zookeeper a JSON object of paths and data, `{}`
    /// if not even /zookeeper exists
    #[arg(long, value_name = "VALUE")]
    initial: Option<String>,
    /// Time limit
    #[arg(long, default_value = TIME, value_name = "TIME", value_parser = humantime::parse_duration)]
    time: Duration,
    /// Approximate memory limit, as in 512M or 4G
    #[arg(long, default_value = MEMORY, value_name = "SIZE", value_parser = size)]
    memory: usize,
}

/// How long to judge, if nothing else is said.
pub(super) const TIME: &str = "60s";

/// How much memory to use, if nothing else is said.
pub(super) const MEMORY: &str = "1G";

/// What help is about.
#[derive(Copy, Clone, Debug, PartialEq, Eq, ValueEnum)]
enum Topic {
    /// The options of this command
    Options,
    /// The formats of histories
    Formats,
}

/// A number of bytes, with `K`, `M` or `G` for powers of 1024.
pub(super) fn size(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "K" | "KB" | "KIB" => 10,
        "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        _ => return Err("expected a number with K, M or G, as in 512M".to_owned()),
    };
    let number: Option<usize> = digits.parse().ok();
    let bytes = number.and_then(|number| number.checked_mul(1 << shift));
    bytes.ok_or_else(|| "expected a number with K, M or G, as in 512M".to_owned())
}

/// A text without what a terminal would take for a command.
fn plain(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' | '\t' => String::from(c),
        c if c.is_control() => c.escape_default().to_string(),
        c => String::from(c),
    };
    text.chars().map(shown).collect()
}

/// What is judged.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Model {
    /// Reads and writes of one register
    Register,
    /// The same with compare-and-set
    #[default]
    CasRegister,
    /// Many such registers, with delete: values are [key value]
    Kv,
    /// Lists that are appended to and read
    Append,
    /// A lock
    Mutex,
    /// Znodes, against what ZooKeeper promises: directly if each answer has a zxid, else by search
    Zookeeper,
}

impl Model {
    /// Whether every operation of the other model is one of this model as well.
    fn includes(self, other: Self) -> bool {
        self == other || (self, other) == (Self::CasRegister, Self::Register)
    }
}

/// What is promised of znodes.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Consistency {
    /// Updates are linearizable, and no session goes back; its reads may be stale
    #[default]
    Zookeeper,
    /// Reads are as fresh as the last update
    Linearizable,
}

/// What `sync` promises.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, ValueEnum)]
enum SyncPromise {
    /// ZooKeeper's: a deposed leader may answer it
    #[default]
    Zk,
    /// A quorum answers it
    Quorum,
}

impl Args {
    fn command(&self, file: &Path) -> String {
        let model = name_of(&self.model);
        let mut command = format!("cargo zab check {} --model {model}", quoted(file));
        if self.sync != SyncPromise::default() {
            command.push_str(" --sync quorum");
        }
        if self.consistency != Consistency::default() {
            command.push_str(" --consistency linearizable");
        }
        if let Some(initial) = &self.initial {
            command.push_str(&format!(" --initial {}", quoted(Path::new(initial))));
        }
        if Ok(self.time) != humantime::parse_duration(TIME) {
            command.push_str(&format!(" --time {}", typed(self.time)));
        }
        if Ok(self.memory) != size(MEMORY) {
            command.push_str(&format!(" --memory {}", self.memory));
        }
        for (name, path) in [("html", &self.html), ("write", &self.write)] {
            if let Some(path) = path {
                command.push_str(&format!(" --{name} {}", quoted(path)));
            }
        }
        command
    }
}

fn name_of(value: &impl ValueEnum) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

pub(super) fn run(args: &Args, out: &Out) -> Result<Exit, Failure> {
    match (args.help, &args.file) {
        (Some(Topic::Formats), _) => out.line(format::GUIDE),
        (Some(Topic::Options), _) | (None, None) => {
            let mut cli = super::Cli::command();
            cli.build();
            let command = cli.find_subcommand_mut("check");
            command.into_iter().for_each(|command| out.line(command.render_long_help()));
        }
        (None, Some(file)) => return check(args, file, out),
    }
    Ok(Exit::Clean)
}

fn check(args: &Args, file: &Path, out: &Out) -> Result<Exit, Failure> {
    let is_registers = matches!(args.model, Model::Register | Model::CasRegister | Model::Kv);
    if args.write.is_some() && !is_registers {
        return Err(Failure::usage("--write needs --model register, cas-register or kv"));
    }
    out.command(&args.command(file));
    let input = Input::new(file)?;
    let judged = Judging { args, input: &input, clock: Stopwatch::start() }.judge();
    let Judged { report, names, hint } = match judged {
        Ok(judged) => judged,
        Err(Refused::Exhausted(why)) => {
            present::undecided(&why, out);
            return Ok(Exit::Inconclusive);
        }
        Err(Refused::Failure(failure)) => return Err(failure),
    };
    if let Some(path) = &args.html {
        let page = page::render(&report, &names, hint.as_deref(), &input);
        std::fs::write(path, page).map_err(|error| {
            Failure::usage(format!("{}: cannot write: {error}", path.display()))
        })?;
    }
    present::show(&report, &names, hint.as_deref(), out);
    Ok(match report.verdict() {
        Verdict::Violation => Exit::Violation,
        Verdict::Unknown => Exit::Inconclusive,
        Verdict::Valid => Exit::Clean,
    })
}

/// Writes the history in the format that the name of the file asks for.
fn write(recorded: &Recorded<Op>, path: &Path) -> Result<(), Failure> {
    let failed = |error| Failure::usage(format!("{}: cannot write: {error}", path.display()));
    let output = || File::create(path).map(BufWriter::new).map_err(failed);
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("edn") => format::write_edn(format::event::of_registers(recorded), output()?),
        Some("jsonl") => format::write_jsonl(format::event::of_registers(recorded), output()?),
        Some("shiviz") => format::shiviz::write(recorded, output()?),
        _ => {
            let path = path.display();
            let what = format!("{path}: the name has to end in .edn, .jsonl or .shiviz");
            return Err(Failure::usage(what));
        }
    }
    .map_err(failed)
}

/// Why there is no report.
enum Refused {
    /// Something is wrong with what was asked.
    Failure(Failure),
    /// A budget did not suffice to read the file.
    Exhausted(String),
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// What came out.
struct Judged {
    report: Report,
    /// What the file calls things.
    names: Names,
    /// What another option would show.
    hint: Option<String>,
}

impl Judged {
    const fn new(report: Report, names: Names) -> Self {
        Self { report, names, hint: None }
    }
}

/// How many configurations the search for a hint may examine.
const HINT_CONFIGURATIONS: u64 = 200_000;

/// One run.
struct Judging<'a> {
    args: &'a Args,
    input: &'a Input,
    clock: Stopwatch,
}

impl Judging<'_> {
    fn judge(&self) -> Result<Judged, Refused> {
        let Self { args, .. } = *self;
        let is_time_up = || self.clock.elapsed() > args.time;
        let budget =
            Budget { configurations: u64::MAX, bytes: args.memory, is_time_up: Some(&is_time_up) };
        let mut names = Names::default();
        let initial = Initial::new(args.initial.as_deref(), args.model, &mut names)?;
        let settings = Settings { budget, is_brief: false, initial: initial.value };
        match args.model {
            Model::Register => self.registers(Dialect::Register, names, &settings),
            Model::CasRegister => self.registers(Dialect::CasRegister, names, &settings),
            Model::Kv => self.registers(Dialect::Kv, names, &settings),
            Model::Append => {
                let recorded = self.read(Lists, names, &budget)?;
                Ok(Judged::new(judge::lists(&recorded, &settings), recorded.names))
            }
            Model::Mutex => {
                let recorded = self.read(Locks, names, &budget)?;
                Ok(Judged::new(judge::model(&Mutex, &recorded, &settings), recorded.names))
            }
            Model::Zookeeper => {
                let recorded = self.read(Znodes, names, &budget)?;
                Ok(self.znodes(recorded, initial, &settings))
            }
        }
    }

    fn znodes(
        &self,
        recorded: Recorded<Positioned>,
        initial: Initial,
        settings: &Settings<'_>,
    ) -> Judged {
        let store = Store { initial: initial.tree.clone() };
        if self.args.consistency == Consistency::Linearizable {
            let report = judge::linearizable_znodes(&recorded, &store, settings);
            return Judged::new(report, recorded.names);
        }
        let contract = match self.args.sync {
            SyncPromise::Zk => Contract::ZooKeeper,
            SyncPromise::Quorum => Contract::Quorum,
        };
        let promise = Promise { contract, initial: initial.tree };
        let report = judge::zookeeper(&recorded, promise, settings);
        let hint = report.is_valid().then(|| stale(&recorded, &store, settings)).flatten();
        Judged { report, names: recorded.names, hint }
    }

    fn registers(
        &self,
        dialect: Dialect,
        names: Names,
        settings: &Settings<'_>,
    ) -> Result<Judged, Refused> {
        if let (Some(file), None) = (self.input.file(), &self.args.write) {
            let file = Reread::with_names(|| File::open(file), Registers(dialect), names);
            let report = judge::registers_of_file(&file, settings);
            let report = report.map_err(|error| self.refused(&error))?;
            return Ok(Judged::new(report, file.names()));
        }
        // What is a pipe, or to be written again, has to be kept.
        let recorded = self.read(Registers(dialect), names, &settings.budget)?;
        if let Some(path) = &self.args.write {
            write(&recorded, path)?;
        }
        Ok(Judged::new(judge::registers(&recorded, settings), recorded.names))
    }

    fn read<W: Workload>(
        &self,
        workload: W,
        names: Names,
        budget: &Budget<'_>,
    ) -> Result<Recorded<W::Op>, Refused> {
        let read = record::read_within(self.input.open()?, workload, names, budget);
        read.map_err(|error| self.refused(&error))
    }

    fn refused(&self, error: &Error) -> Refused {
        match error {
            Error::Exhausted(why) => Refused::Exhausted(why.to_string()),
            error => Refused::Failure(self.input.unreadable(error, self.args.model)),
        }
    }
}

/// What looks like a loss and is none, because ZooKeeper's reads may be stale.
fn stale(
    recorded: &Recorded<Positioned>,
    store: &Store,
    settings: &Settings<'_>,
) -> Option<String> {
    let configurations = HINT_CONFIGURATIONS;
    let budget = Budget { configurations, ..settings.budget };
    let settings = Settings { budget, ..*settings };
    let report = judge::linearizable_znodes(recorded, store, &settings);
    let example = report.violations().next()?;
    Some(format!(
        "ZooKeeper's reads may be stale, so this is no violation, though it may look like a loss; \
         --consistency linearizable shows it: {}",
        example.sentence
    ))
}
