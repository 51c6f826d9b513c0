//! `zab corpus`: stored cases and corpora of fuzzers.

use super::minimize::{Shown, shrink};
use super::output::Out;
use super::progress::Meter;
use super::{
    CASES, Exit, FOUND, Failure, files_of, quoted, read_schedule, ready_folder, write_case,
};
use super::{refresh, remint};
use crate::case::{Driver, Judges, Provenance};
use crate::corpus::{self, By};
use crate::oracle::Oracle;
use crate::search::{Limit, Wanted};
use crate::situations::Situation;
use crate::variants;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use zab_checker::verdict::Rank;
use zab_core::variant::{Named, Releases};

/// Check stored cases; convert, thin out and judge the corpora of fuzzers
///
/// Files whose names end in `.json` are cases or schedules; all others are a fuzzer's bytes.
///
/// Example: `cargo zab corpus import --variant zk-3.8.0 fuzz/artifacts/direct`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Check that every case breaks its class in its variant, and nothing in the reference
    Check {
        /// Cases, or folders of them
        #[arg(default_value = CASES, value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    Remint(remint::Args),
    /// Write again what cases tell of themselves: the verdict, the releases that show it, the story
    Refresh {
        /// Cases, or folders of them
        #[arg(default_value = CASES, value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// Keep a few of many schedules that reach the same, as JSON
    Merge {
        /// Cases, schedules, fuzzers' bytes, or folders of them
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// Where to write the schedules
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// What makes a schedule worth keeping
        #[arg(long, value_enum, default_value = "states", value_name = "WHAT")]
        by: By,
        /// The variant to run them in
        #[arg(long, default_value = "reference", value_name = "V")]
        variant: String,
    },
    /// Turn each input that breaks a rule into a minimized case, and each other one into JSON
    Import {
        /// Fuzzers' bytes, or folders of them
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// The variant to judge them in
        #[arg(long, default_value = "reference", value_name = "V")]
        variant: String,
        /// What runs the simulation
        #[arg(long, value_enum, default_value_t, value_name = "D")]
        driver: Driver,
        /// Where to write the files
        #[arg(long, default_value = FOUND, value_name = "DIR")]
        out: PathBuf,
    },
    /// Write cases and schedules as bytes for a fuzzer
    Export {
        /// Cases, schedules, or folders of them
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// Where to write the bytes
        #[arg(long, value_name = "DIR", default_value = "fuzz/corpus/direct")]
        out: PathBuf,
    },
}

pub(super) fn run(args: &Args, out: &Out) -> Result<Exit, Failure> {
    match &args.command {
        Command::Check { paths } => check(paths, out),
        Command::Refresh { paths } => refresh::run(&list(paths)?, out),
        Command::Remint(args) => remint::run(args, out),
        Command::Merge { paths, out: folder, by, variant } => {
            let named = variants::find(variant).map_err(Failure::usage)?;
            merge(paths, folder, *by, named.releases(), out)
        }
        Command::Import { paths, variant, driver, out: folder } => {
            let named = variants::find(variant).map_err(Failure::usage)?;
            import(paths, folder, &named, *driver, out)
        }
        Command::Export { paths, out: folder } => export(paths, folder, out),
    }
}

/// Every file among the paths; none at all is a mistake.
fn list(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let files = files_of(paths)?;
    if files.is_empty() {
        let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        return Err(Failure::usage(format!("{}: no file there", paths.join(", "))));
    }
    Ok(files)
}

fn write(path: &Path, contents: &[u8]) -> Result<(), Failure> {
    fs::write(path, contents)
        .map_err(|error| Failure::usage(format!("{}: cannot write: {error}", path.display())))
}

fn check(paths: &[PathBuf], out: &Out) -> Result<Exit, Failure> {
    let mut judges = Judges::default();
    let files = list(paths)?;
    let mut wrong: Vec<Value> = Vec::new();
    let meter = Meter::new(out, Limit::Runs(files.len() as u64));
    for (done, path) in files.iter().enumerate() {
        meter.count(done as u64, || path.display().to_string());
        if let Err(what) = corpus::examine(path, &mut judges) {
            meter.aside(|| out.bad(format!("{}: {what}", path.display())));
            wrong.push(json!({ "case": path.display().to_string(), "what": what }));
        }
    }
    meter.finish();
    if wrong.is_empty() {
        out.good(format!("{} cases, each of them is what it says", files.len()));
    } else {
        out.bad(format!("{} of {} cases are not what they say", wrong.len(), files.len()));
    }
    out.json(&json!({ "cases": files.len(), "wrong": wrong }));
    Ok(if wrong.is_empty() { Exit::Clean } else { Exit::NotReproduced })
}

fn merge(
    paths: &[PathBuf],
    folder: &Path,
    by: By,
    releases: Releases,
    out: &Out,
) -> Result<Exit, Failure> {
    let schedules =
        list(paths)?.iter().map(|path| read_schedule(path)).collect::<Result<Vec<_>, _>>()?;
    ready_folder(folder, "--out")?;
    let before = schedules.len();
    let (kept, reached) = corpus::merge(&mut Oracle::default(), releases, schedules, by);
    for schedule in &kept {
        let path = folder.join(format!("{}.json", corpus::name(schedule)));
        write(&path, schedule.to_json().as_bytes())?;
    }
    let what = match by {
        By::States => "states".to_owned(),
        By::Situations => format!("of {} situations", Situation::ALL.len()),
    };
    out.line(format!("{} of {before} schedules reach the same: {reached} {what}", kept.len()));
    out.json(&json!({ "schedules": before, "kept": kept.len(), "reached": reached }));
    Ok(Exit::Clean)
}

fn import(
    paths: &[PathBuf],
    folder: &Path,
    named: &Named,
    driver: Driver,
    out: &Out,
) -> Result<Exit, Failure> {
    let files = list(paths)?;
    ready_folder(folder, "--out")?;
    let wanted = Wanted::of(named);
    let mut oracle = Oracle::new(driver);
    let mut exit = Exit::Clean;
    let mut written = Vec::new();
    for path in &files {
        let schedule = read_schedule(path)?;
        let rank = oracle.judge(&schedule, named.releases()).rank();
        let class = rank.map(Rank::class);
        let to = if let Some(rank) = rank.filter(|rank| wanted.wants(rank.class())) {
            let class = rank.class();
            exit = Exit::Violation;
            let provenance =
                Provenance { actions_before: schedule.actions.len(), ..Provenance::default() };
            let shown = Shown { named, rank, cause: None };
            let case = shrink(&mut oracle, &mut [], shown, &schedule, provenance)?;
            let to = write_case(&case, folder)?;
            out.bad(format!("{}: {class} in {}", path.display(), named.name));
            out.line(format!("replay: cargo zab replay {}", quoted(&to)));
            to
        } else {
            let to = folder.join(format!("{}.json", corpus::name(&schedule)));
            write(&to, schedule.to_json().as_bytes())?;
            out.remark(format!("{}: nothing wrong, kept as {}", path.display(), to.display()));
            to
        };
        written.push(json!({
            "input": path.display().to_string(),
            "class": class.map(zab_checker::Class::name),
            "file": to.display().to_string(),
        }));
    }
    out.json(&json!(written));
    Ok(exit)
}

fn export(paths: &[PathBuf], folder: &Path, out: &Out) -> Result<Exit, Failure> {
    let files = list(paths)?;
    ready_folder(folder, "--out")?;
    for path in &files {
        let schedule = read_schedule(path)?;
        write(&folder.join(corpus::name(&schedule)), &schedule.to_bytes())?;
    }
    out.line(format!("{} schedules as bytes in {}", files.len(), folder.display()));
    out.json(&json!({ "schedules": files.len(), "folder": folder.display().to_string() }));
    Ok(Exit::Clean)
}
