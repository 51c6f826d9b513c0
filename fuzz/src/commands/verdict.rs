//! `zab verdict`: variants against known bugs.

mod deepen;
mod measure;
pub(super) mod render;

use super::directories::{StrictPosix, flag};
use super::output::Out;
use super::parallel::{Jobs, in_parallel};
use super::progress::Meter;
use super::report::{Problem, Reports, Suite, Test};
use super::{CASES, Exit, Failure, quoted, ready_folder, stored, typed};
use crate::case::Case;
use crate::search::Limit;
use crate::variants;
use crate::verdict::explored::explored;
use crate::verdict::state::Memory;
use crate::verdict::{Cell, Change, Changes, Row, State, Subject, changes};
use deepen::{Budget, Search, deepen};
use measure::measure;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use zab_core::variant::{Bug, CATALOGUE, Kind, Named, modeled};
use zab_sim::schedule::Directories;

/// Where searches keep what they found, unless another folder is named.
const STATE: &str = "findings/verdict";

/// Say which known bugs a variant is exposed to
///
/// Every stored case is run in each variant. A variant is exposed to a bug if a case breaks a rule in
/// it, and breaks none once that bug alone is repaired. What no case decides is searched for, within
/// --runs or --time; the next run continues the search and begins with what this one found. Without
/// V it compares all releases. V is a name, as `zab variants --help` explains, or the path of a file
/// with a patch of your own (docs/judge-your-patch.md).
///
/// With --against BASE it says which bugs V closes and which it opens, and ends with 1 if it opens one.
///
/// Example: `cargo zab verdict my-patch.json --against HEAD --time 5m`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What to judge, as in 3.8.4, pr-2111, zk-3.9.5-stale-ack, my-patch.json [default: every release]
    #[arg(value_name = "V")]
    variants: Vec<String>,
    /// What to compare it with: the release or branch that a patch is for
    #[arg(long, value_name = "BASE")]
    against: Option<String>,
    /// Search for what no case shows, with at most this many executions for each cell
    #[arg(long, value_name = "N", conflicts_with = "time")]
    runs: Option<u64>,
    /// Search for what no case shows, for at most this long in all, as in 90s or 10m
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    time: Option<Duration>,
    #[command(flatten)]
    strict_posix: StrictPosix,
    /// Explore each variant as well: every order of every event of a write and one fault
    #[arg(long)]
    explore: bool,
    /// Where the stored cases are
    #[arg(long, default_value = CASES, value_name = "DIR")]
    cases: PathBuf,
    /// Where to keep what searches found and how far they got, for the next run
    #[arg(long, default_value = STATE, value_name = "DIR")]
    state: PathBuf,
    #[command(flatten)]
    jobs: Jobs,
    /// Measure how long it takes to find what each release and each bug is known for, in 20 searches
    /// each, and write that to this file; what it has already is kept
    #[arg(long, value_name = "FILE", conflicts_with_all = ["variants", "against", "runs", "time", "explore"])]
    measure: Option<PathBuf>,
    #[command(flatten)]
    reports: Reports,
}

pub(super) fn run(args: &Args, out: &Out) -> Result<Exit, Failure> {
    let jobs = args.jobs.count();
    if let Some(path) = &args.measure {
        return measure(path, jobs, out);
    }
    args.reports.ready()?;
    let subjects = subjects(args)?;
    let (mut state, memory) = State::read(&args.state).map_err(Failure::usage)?;
    let mut cases = stored(&args.cases)?;
    if args.state.is_dir() {
        cases.extend(stored(&args.state)?);
    }
    if directories(args).are_lenient() {
        cases.retain(|(_, case)| case.schedule.directories.are_lenient());
    }
    if cases.is_empty() && budget(args).is_none() {
        let folder = args.cases.display();
        return Err(Failure::usage(format!(
            "{folder}: there is no case: choose another --cases, or search with --runs"
        )));
    }
    out.command(&command(args, &subjects));
    if memory == Memory::Forgotten {
        out.remark(
            "another build searched before: its cases are replayed, its searches begin again",
        );
    }
    let mut rows = replayed(args, &subjects, (&cases, &state), out);
    if let Some(budget) = budget(args) {
        ready_folder(&args.state, "--state")?;
        let search = Search { budget, jobs, directories: directories(args), folder: &args.state };
        deepen(&mut rows, &mut state, &search, out)?;
    }
    let base = args.against.is_some().then(|| rows.remove(0));
    let compared: Vec<Changes> = rows
        .iter()
        .map(|row| base.as_ref().map_or(Vec::new(), |base| changes(base, row)))
        .collect();
    if let Some(needed) = directories(args).needed() {
        out.line(format!("on {needed}\n"));
    }
    render::matrix(base.as_ref(), &rows, &compared, cases.len(), out);
    args.reports.write(&suite(args, &subjects, &rows, &compared))?;
    let opens = compared.iter().flatten().any(|(_, change)| *change == Change::Opened);
    Ok(if opens { Exit::Violation } else { Exit::Clean })
}

/// What the stored cases say of each subject, and explorations if they are asked for.
fn replayed(
    args: &Args,
    subjects: &[Subject],
    (cases, state): (&[(PathBuf, Case)], &State),
    out: &Out,
) -> Vec<Row> {
    let (cells, done) = (subjects.len() * modeled().count(), AtomicU64::new(0));
    let meter = Meter::new(out, Limit::Runs(cells as u64));
    let rows = in_parallel(args.jobs.count(), subjects, |subject| {
        let decided = |bug: &Bug| {
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            meter.count(done, || format!("{done} of {cells} cells, {}: {bug}", subject.asked));
        };
        let row = Row::of(subject, cases, state, &decided);
        let releases = subject.named.releases();
        let explored = if args.explore { explored(releases) } else { Vec::new() };
        Row { explored, ..row }
    });
    meter.finish();
    rows
}

/// Which bugs a variant closes and opens, for CI; without a base, which it is exposed to.
fn suite(args: &Args, subjects: &[Subject], rows: &[Row], compared: &[Changes]) -> Suite {
    let exposed = |row: &Row| -> Vec<(&'static str, bool, &'static str)> {
        let known = row.cells.iter();
        known
            .map(|(bug, cell)| (bug.name, !matches!(cell, Cell::Exposed(_)), "exposed to it"))
            .collect()
    };
    let changed = |changes: &Changes| -> Vec<(&'static str, bool, &'static str)> {
        let good = |change: Change| matches!(change, Change::Closed | Change::ClosedPerhaps);
        changes.iter().map(|(bug, change)| (bug.name, good(*change), "opens it")).collect()
    };
    let tests = rows.iter().zip(compared).flat_map(|(row, changes)| {
        let bugs = if args.against.is_some() { changed(changes) } else { exposed(row) };
        bugs.into_iter().map(|(bug, is_good, what)| {
            let problem = Problem { is_open: false, what: what.to_owned(), details: String::new() };
            let name = format!("{}: {bug}", row.subject.asked);
            Test { name, result: if is_good { Ok(()) } else { Err(problem) } }
        })
    });
    let tests = tests.collect();
    Suite { name: "zab verdict".to_owned(), command: command(args, subjects), tests }
}

const fn directories(args: &Args) -> Directories {
    args.strict_posix.or(Directories::Lenient)
}

const fn budget(args: &Args) -> Option<Budget> {
    match (args.runs, args.time) {
        (Some(runs), _) => Some(Budget::Runs(runs)),
        (None, Some(time)) => Some(Budget::Time(time)),
        (None, None) => None,
    }
}

/// What is judged, and first of all what it is compared with.
fn subjects(args: &Args) -> Result<Vec<Subject>, Failure> {
    let subject = |asked: &String| {
        let named = variants::find(asked).map_err(Failure::usage)?;
        Ok(Subject { asked: asked.clone(), named })
    };
    let asked: Vec<_> = args.against.iter().chain(&args.variants).collect();
    let mut subjects = asked.into_iter().map(subject).collect::<Result<Vec<_>, Failure>>()?;
    if args.variants.is_empty() {
        let releases = CATALOGUE.iter().filter(|entry| entry.kind == Kind::Release).rev();
        subjects
            .extend(releases.map(|e| Subject { asked: e.name.to_owned(), named: Named::from(e) }));
    }
    Ok(subjects)
}

fn command(args: &Args, subjects: &[Subject]) -> String {
    let mut command = "cargo zab verdict".to_owned();
    for subject in &subjects[usize::from(args.against.is_some())..] {
        command += &format!(" {}", quoted(Path::new(&subject.asked)));
    }
    if let Some(base) = &args.against {
        command += &format!(" --against {}", quoted(Path::new(base)));
    }
    command += flag(directories(args));
    if args.explore {
        command += " --explore";
    }
    match budget(args) {
        Some(Budget::Runs(runs)) => command += &format!(" --runs {runs}"),
        Some(Budget::Time(time)) => command += &format!(" --time {}", typed(time)),
        None => {}
    }
    for (option, folder, default) in [("cases", &args.cases, CASES), ("state", &args.state, STATE)]
    {
        if folder != Path::new(default) {
            command += &format!(" --{option} {}", quoted(folder));
        }
    }
    command
}
