//! `zab check`: judge a client history.

mod page;
mod present;

use super::output::Out;
use super::{Exit, Failure, quoted};
use crate::clock::Stopwatch;
use clap::ValueEnum;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::time::Duration;
use zab_checker::format::{self, Error};
use zab_checker::judge::Contract;
use zab_checker::judge::{self, Report, Reread, Settings};
use zab_checker::linearizability::Budget;
use zab_checker::model::{append::AppendList, mutex::Mutex, register::Op};
use zab_checker::record::{self, Dialect, Lists, Locks, Recorded, Registers, Workload, Znodes};

/// Judge a client history: a file in Jepsen's EDN, JSON Lines, or the log of Jepsen's etcd test
///
/// Ends with 0 if the history is valid, 1 if it is not, 2 if the file makes no sense, and 3 if no
/// decision was reached.
///
/// Example: `cargo zab check history.edn --model cas-register --html history.html`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The history
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What the operations are done to
    #[arg(long, value_enum, default_value_t, value_name = "MODEL")]
    model: Model,
    /// What `sync` promises, for zookeeper: with `quorum`, a read behind it is linearizable
    #[arg(long, value_enum, default_value_t, value_name = "PROMISE")]
    sync: SyncPromise,
    /// What is promised, for zookeeper
    #[arg(long, value_enum, default_value_t, value_name = "PROMISE")]
    consistency: Consistency,
    /// Write a page that shows each violation as lanes of operations
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the history again, for registers: as EDN, JSON Lines or a log for ShiViz, as the
    /// name ends in .edn, .jsonl or .shiviz
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// How long to search in each part of the history
    #[arg(long, default_value = "60s", value_name = "TIME", value_parser = humantime::parse_duration)]
    time: Duration,
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
    /// Znodes, against what ZooKeeper promises: at once with a zxid on each answer, by search without
    Zookeeper,
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
    fn command(&self) -> String {
        let model = name_of(&self.model);
        let mut command = format!("cargo zab check {} --model {model}", quoted(&self.file));
        if self.sync != SyncPromise::default() {
            command.push_str(" --sync quorum");
        }
        if self.consistency != Consistency::default() {
            command.push_str(" --consistency linearizable");
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
    let is_registers = matches!(args.model, Model::Register | Model::CasRegister | Model::Kv);
    if args.write.is_some() && !is_registers {
        return Err(Failure::usage("--write needs --model register, cas-register or kv"));
    }
    out.command(&args.command());
    let report = judge(args)?;
    if let Some(path) = &args.html {
        let page = page::render(&report, &args.file.display().to_string());
        std::fs::write(path, page).map_err(|error| {
            Failure::usage(format!("{}: cannot write: {error}", path.display()))
        })?;
    }
    present::show(&report, out);
    Ok(match (report.violations().next(), report.is_valid()) {
        (Some(_), _) => Exit::Violation,
        (None, false) => Exit::Inconclusive,
        (None, true) => Exit::Clean,
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

fn judge(args: &Args) -> Result<Report, Failure> {
    let clock = Stopwatch::start();
    let is_time_up = || clock.elapsed() > args.time;
    let budget = Budget { is_time_up: Some(&is_time_up), ..Budget::default() };
    let settings = Settings { budget, is_brief: false };
    let registers = |dialect| {
        let is_file = args.file.metadata().is_ok_and(|metadata| metadata.is_file());
        if is_file && args.write.is_none() {
            let file = Reread::new(|| File::open(&args.file), Registers(dialect));
            let report = judge::registers_of_file(&file, &settings);
            return report.map_err(|error| unreadable(&args.file, error));
        }
        // What is a pipe, or to be written again, has to be kept.
        let recorded = read(&args.file, Registers(dialect))?;
        if let Some(path) = &args.write {
            write(&recorded, path)?;
        }
        Ok(judge::registers(&recorded, &settings))
    };
    match args.model {
        Model::Register => registers(Dialect::Register),
        Model::CasRegister => registers(Dialect::CasRegister),
        Model::Kv => registers(Dialect::Kv),
        Model::Append => {
            let recorded = read(&args.file, Lists)?;
            Ok(judge::model(&AppendList, &recorded, &settings))
        }
        Model::Mutex => {
            let recorded = read(&args.file, Locks)?;
            Ok(judge::model(&Mutex, &recorded, &settings))
        }
        Model::Zookeeper => {
            let recorded = read(&args.file, Znodes)?;
            if args.consistency == Consistency::Linearizable {
                return Ok(judge::linearizable_znodes(&recorded, &settings));
            }
            let contract = match args.sync {
                SyncPromise::Zk => Contract::ZooKeeper,
                SyncPromise::Quorum => Contract::Quorum,
            };
            Ok(judge::zookeeper(&recorded, contract, &settings))
        }
    }
}

fn read<W: Workload>(path: &Path, workload: W) -> Result<Recorded<W::Op>, Failure> {
    let file = File::open(path).map_err(|error| unreadable(path, Error::Io(error)))?;
    record::read(file, workload).map_err(|error| unreadable(path, error))
}

/// Each malformed line is a line of the failure.
fn unreadable(path: &Path, error: Error) -> Failure {
    let named = |what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
    match error {
        Error::Malformed(lines) => {
            let lines: Vec<String> = lines.iter().map(|line| named(line)).collect();
            Failure::usage(lines.join("\n"))
        }
        error => Failure::usage(named(&error)),
    }
}
