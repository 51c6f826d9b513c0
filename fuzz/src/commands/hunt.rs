//! `zab hunt`: search, and make the best of what is found.

mod found;
mod kept;
mod laps;
mod settle;

use super::directories::{StrictPosix, flag};
use super::output::Out;
use super::parallel::Jobs;
use super::progress::{Meter, describe};
use super::report::{Problem, Reports, Suite, Test};
use super::switches::Switches;
use super::workload::{self, Clients};
use super::{
    Exit, FOUND, Failure, check_servers, hold_in_option, out_option, quoted, ready_folder, typed,
};
use crate::case::{Driver, Expected};
use crate::causes;
use crate::corpus::ReadError;
use crate::hold::HoldIn;
use crate::search::{self, Campaign, Finding, Folder, Limit, Progress, Report, Wanted, Watch};
use crate::situations::{Census, Situation};
use found::{case_json, ways};
use kept::Kept;
use serde_json::{Value, json};
use settle::{Settled, Settling, panicked};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use zab_checker::Class;
use zab_core::variant::Named;
use zab_sim::run::LIVENESS_BOUND;
use zab_sim::schedule::Kind;

/// Search for a violation; minimize it, store it and explain it
///
/// Without arguments it looks for a lost write in ZooKeeper 3.8.0, drawing the same schedules each
/// time; another --seed looks elsewhere. The same --seed and -j find the same. Ctrl-C, SIGTERM and
/// SIGHUP end the search early; what has been found by then is reported.
///
/// Example: `cargo zab hunt --variant zookeeper-4646 --time 2m --seed 7`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What to hunt in, as in zk-3.8.4, 4646, reference+late-apply, or, for a rolling upgrade,
    /// zk-3.9.3:zk-3.9.5: see `zab variants --help`
    #[arg(long, default_value = "zk-3.8.0", value_name = "V")]
    variant: String,
    #[command(flatten)]
    switches: Switches,
    /// Seed of the random choices
    #[arg(long, default_value_t = 0, value_name = "S")]
    seed: u64,
    /// Give up after this time, as in 90s or 2m [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    time: Option<Duration>,
    /// Give up after this many executions
    #[arg(long, value_name = "N", conflicts_with = "time")]
    runs: Option<u64>,
    #[command(flatten)]
    jobs: Jobs,
    /// What runs the simulation
    #[arg(long, value_enum, default_value_t, value_name = "D")]
    driver: Driver,
    /// Only findings that break the same class here as well; minimizing preserves that
    #[arg(long, value_enum, value_name = "D", value_delimiter = ',')]
    hold_in: Vec<HoldIn>,
    /// Look for this class alone [default: O1 and O2; for a single defect, what it is known for; for
    /// the reference, any class; where clients queue for a lock, E-1 to E-8]
    #[arg(long, value_name = "C")]
    class: Option<String>,
    /// Kinds of fault to exclude, as in power-loss,kill,flush-error
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = parse_fault)]
    without: Vec<Kind>,
    #[command(flatten)]
    strict_posix: StrictPosix,
    /// What clients do: read and write registers, or queue for a lock as well [default: registers; for a
    /// single defect, what it is known from]
    #[arg(long, value_enum, value_name = "W", hide_default_value = true)]
    workload: Option<Clients>,
    /// Only findings that go away when this defect is repaired: see `zab variants V`; `upgrade` for
    /// those that neither release of OLD:NEW shows without the other
    #[arg(long, value_name = "DEFECT")]
    cause: Option<String>,
    /// Where to write cases
    #[arg(long, default_value = FOUND, value_name = "DIR")]
    out: PathBuf,
    /// Keep searching until --time or --runs is used up, and report each distinct way to lose a write
    #[arg(long)]
    keep_going: bool,
    /// Hunt in laps, each with the next seed after --seed, and keep count of them in this file: the
    /// same command resumes there, until --time is over or the file has --runs executions
    #[arg(long, value_name = "FILE", conflicts_with = "keep_going")]
    resume: Option<PathBuf>,
    /// Executions per lap
    #[arg(long, default_value_t = 100_000, value_name = "N", requires = "resume")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    lap: u64,
    /// Begin with what other hunts have left in this folder, and add what this one learns: results
    /// then depend on what the folder holds. It may be the corpus of a fuzz target
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
    /// Only ensembles of this size: 3, 5 or 7 [default: all three]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(3..=7))]
    servers: Option<u8>,
    #[command(flatten)]
    reports: Reports,
}

pub(super) fn run(args: &Args, out: &Out) -> Result<Exit, Failure> {
    let named = args.switches.of(&args.variant)?;
    let campaign = campaign(args, &named)?;
    ready_folder(&args.out, "--out")?;
    args.reports.ready()?;
    let resume = args.resume.as_deref();
    let resumed = resume
        .map_or_else(String::new, |file| format!(" --resume {} --lap {}", quoted(file), args.lap));
    let interrupted = catch_interrupt();
    out.command(&(command(args, &named, &campaign) + &resumed));
    let kept = Kept::new(&named, &args.out, out);
    let watcher = Watcher { meter: Meter::new(out, campaign.limit), interrupted, kept };
    let (report, campaign) = match resume {
        None => (search::run_watched(&campaign, &watcher), campaign),
        Some(file) => {
            let name = |lap: &Campaign| command(args, &named, lap);
            laps::run(&campaign, (file, args.lap), name, &watcher)?
        }
    };
    watcher.meter.finish();
    if let Some(failure) = campaign.folder.as_ref().and_then(|folder| folder.failure()) {
        out.bad(format!("what this hunt learned is not all in the corpus: {failure}"));
    }
    let command = command(args, &named, &campaign);
    if let Some((schedule, message)) = &report.panic {
        return Err(panicked(&args.out, schedule, message, &command));
    }
    let settling = Settling { named: &named, campaign: &campaign, command: &command, out };
    let cases = settling.settle(&report.findings, &args.out, &watcher.kept)?;
    let cases = search::distinct(cases, |(_, one)| one.way(), |(_, one)| &mut one.seen);
    summarize(out, &report, &command, &cases);
    args.reports.write(&suite(&named, &report, &command, &cases))?;
    Ok(match (cases.is_empty(), report.unknown) {
        (false, _) => Exit::Violation,
        (true, 0) if !report.interrupted && report.executions > 0 => Exit::Clean,
        (true, _) => Exit::Inconclusive,
    })
}

/// What was found, for CI.
fn suite(named: &Named, report: &Report, command: &str, cases: &[(PathBuf, Settled<'_>)]) -> Suite {
    let tests = cases.iter().map(|(path, Settled { case, .. })| {
        let what = match &case.expected {
            Expected::Violation { class, what, .. } => format!("{class}: {what}"),
            Expected::Valid => String::new(),
        };
        let problem = Problem { is_open: false, what, details: case.story.join("\n") };
        Test { name: path.display().to_string(), result: Err(problem) }
    });
    let mut tests: Vec<Test> = tests.collect();
    if tests.is_empty() {
        let name = format!("{}: nothing in {} executions", named.name, report.executions);
        let is_open = report.interrupted || report.unknown > 0 || report.executions == 0;
        let what = format!("{} executions were not decided", report.unknown);
        let problem = Problem { is_open, what, details: String::new() };
        tests.push(Test { name, result: if is_open { Err(problem) } else { Ok(()) } });
    }
    Suite { name: "zab hunt".to_owned(), command: command.to_owned(), tests }
}

/// Shows how the search is doing, and ends it when the user says so.
struct Watcher<'a> {
    meter: Meter,
    interrupted: Arc<AtomicBool>,
    kept: Kept<'a>,
}

impl Watch for Watcher<'_> {
    fn look(&self, progress: Progress) -> ControlFlow<()> {
        self.meter.show(progress);
        match self.interrupted.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn found(&self, campaign: &Campaign, finding: &Finding) {
        self.kept.keep(&self.meter, campaign, finding);
    }
}

/// The first interrupt from the terminal, or the first SIGTERM or SIGHUP, ends the search, and what was
/// found is told; the second one ends the process.
fn catch_interrupt() -> Arc<AtomicBool> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    let handler = move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    };
    // Where no handler can be set, an interrupt ends the process as it always does.
    let _ = ctrlc::set_handler(handler);
    interrupted
}

fn parse_fault(name: &str) -> Result<Kind, String> {
    let names = Kind::FAULTS.map(Kind::name).join(", ");
    let fault = Kind::named(name).filter(|kind| *kind != Kind::Client);
    fault.ok_or_else(|| format!("choose from {names}"))
}

fn campaign(args: &Args, named: &Named) -> Result<Campaign, Failure> {
    let wanted = match &args.class {
        Some(name) => Wanted::Only(Class::parse(name).ok_or_else(|| {
            Failure::usage(format!("there is no class `{name}`: {}", Class::NAMES))
        })?),
        None if args.workload.is_some_and(Clients::queue) => Wanted::of_locks(named),
        None => Wanted::of(named),
    };
    check_servers(args.servers)?;
    let time = args.time.unwrap_or(Duration::from_secs(60));
    let cause = args.cause.as_deref().map(|name| causes::find(named, name)).transpose();
    let blank = Campaign::new(named, args.seed, Limit::Runs(0));
    Ok(Campaign {
        releases: named.releases(),
        driver: args.driver,
        hold_in: args.hold_in.iter().copied().filter(|other| !other.is(args.driver)).collect(),
        cause: cause.map_err(Failure::usage)?,
        sizes: args.servers.into(),
        seed: args.seed,
        jobs: args.jobs.count(),
        limit: args.runs.map_or(Limit::Time(time), Limit::Runs),
        without: args.without.clone(),
        directories: args.strict_posix.or(blank.directories),
        workload: args.workload.map_or(blank.workload, Into::into),
        wanted,
        keep_going: args.keep_going,
        folder: args.corpus.as_deref().map(shared).transpose()?,
        ..blank
    })
}

/// What other hunts have left in a folder.
fn shared(path: &Path) -> Result<Arc<Folder>, Failure> {
    ready_folder(path, "--corpus")?;
    Folder::read(path).map(Arc::new).map_err(unreadable)
}

/// A file in the corpus is no schedule.
fn unreadable((path, error): (PathBuf, ReadError)) -> Failure {
    Failure::usage(format!("{}: {error}: move it out of the corpus", path.display()))
}

/// The command that repeats this hunt, with everything that decides what it finds.
fn command(args: &Args, named: &Named, campaign: &Campaign) -> String {
    let limit = match campaign.limit {
        Limit::Time(time) => format!("--time {}", typed(time)),
        Limit::Runs(runs) => format!("--runs {runs}"),
    };
    let mut command = format!(
        "cargo zab hunt --variant {} --seed {} {} -j {}",
        named.name, campaign.seed, limit, campaign.jobs
    );
    if args.driver != Driver::default() {
        command += &format!(" --driver {}", args.driver.name());
    }
    command += &hold_in_option(&campaign.hold_in);
    if let Some(servers) = args.servers {
        command += &format!(" --servers {servers}");
    }
    if let Wanted::Only(class) = campaign.wanted {
        command += &format!(" --class {class}");
    }
    if !campaign.without.is_empty() {
        let names: Vec<_> = campaign.without.iter().map(|kind| kind.name()).collect();
        command += &format!(" --without {}", names.join(","));
    }
    command += flag(campaign.directories);
    command += workload::flag(campaign.workload);
    if let Some(cause) = campaign.cause {
        command += &format!(" --cause {}", cause.spelling());
    }
    if args.keep_going {
        command += " --keep-going";
    }
    if let Some(folder) = &args.corpus {
        command += &format!(" --corpus {}", quoted(folder));
    }
    command + &out_option(&args.out)
}

/// Says how the hunt ended.
fn summarize(out: &Out, report: &Report, command: &str, cases: &[(PathBuf, Settled<'_>)]) {
    let Report { executions, states, elapsed, .. } = *report;
    let effort = describe(Progress { findings: 0, executions, states, elapsed });
    if cases.is_empty() {
        found_nothing(out, report, &effort, command);
    } else if cases.len() > 1 {
        out.line(format!("{} ways: {effort}\n{}", cases.len(), ways(cases)));
    }
    if !report.unwanted.is_empty() && (cases.is_empty() || cases.len() > 1) {
        let classes: Vec<String> =
            report.unwanted.iter().map(|(class, count)| format!("{class} in {count}")).collect();
        out.remark(format!("also broken (--class C looks for one): {}", classes.join(", ")));
    }
    let found: Vec<Value> = cases.iter().map(|(path, one)| case_json(path, one)).collect();
    let unwanted: serde_json::Map<String, Value> = report
        .unwanted
        .iter()
        .map(|(class, count)| (class.name().to_owned(), json!(count)))
        .collect();
    out.json(&json!({
        "command": command,
        "executions": executions,
        "undecided": report.unknown,
        "excused": report.excused,
        "states": states,
        "sizes": report.sizes,
        "seconds": elapsed.as_secs_f64(),
        "interrupted": report.interrupted,
        "findings": found,
        "unwanted": unwanted,
        "situations": report.census.by_name(),
    }));
}

/// Says what it is worth that nothing was found.
fn found_nothing(out: &Out, report: &Report, effort: &str, command: &str) {
    let executions = report.executions;
    if executions == 0 {
        out.bad("nothing was checked: no schedule was run");
        return;
    }
    let so_far = if report.interrupted { " before it was interrupted" } else { "" };
    out.good(format!("nothing found{so_far}: {effort}"));
    if !report.unwanted.contains_key(&Class::O5) {
        let share = 100.0 * report.excused as f64 / report.executions.max(1) as f64;
        let bound_ms = LIVENESS_BOUND.0 / 1000;
        out.remark(format!(
            "once healed, a new write was committed within {bound_ms} ms each time; excused, \
             because no quorum could start: {share:.3} %"
        ));
    }
    let sizes = report.sizes.iter().map(|(servers, count)| format!("{count} of {servers} servers"));
    out.remark(format!("ensembles: {}", sizes.collect::<Vec<_>>().join(", ")));
    out.remark(format!("\n{}", situations(&report.census, executions)));
    if report.unknown > 0 {
        out.bad(format!("{} executions were not decided; repeat: {command}", report.unknown));
    }
}

/// How often each delicate situation was reached: what it is worth that nothing was found.
fn situations(census: &Census, executions: u64) -> String {
    let mut table = format!("{:>12}  of {executions} executions came to this:", "");
    for situation in Situation::ALL {
        let count = match census.of(situation) {
            0 => "never".to_owned(),
            count => count.to_string(),
        };
        table += &format!("\n{count:>12}  {}", situation.name());
    }
    table
}
