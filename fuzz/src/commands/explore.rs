//! `zab explore`: every order of every event, within bounds.

mod budget;
mod convert;
mod origin;
mod summary;
mod trails;

pub(super) use convert::convert;
pub(super) use trails::{compare, read, replay};

use budget::Budget;
use origin::Origin;
use summary::{as_json, describe, summarize};

use super::output::Out;
use super::parallel::Jobs;
use super::progress::Meter;
use super::switches::Switches;
use super::{Exit, FOUND, Failure, check_servers, out_option, quoted, ready_folder, typed};
use crate::case::{Expected, Provenance};
use crate::clock::Stopwatch;
use crate::explain::{Story, boxed};
use crate::oracle::standard;
use crate::search::Limit;
use crate::trail::{FORMAT, Trail, walk};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;
use zab_checker::Class;
use zab_core::variant::Named;
use zab_sim::explore::{
    Choice, End, Found, Free, Limits, Progress, Report, STATE_BYTES, Setting, WORLD_BYTES, search,
};

/// How many servers, states at most, and MiB of memory at most.
const SERVERS: u8 = 3;
const STATES: u64 = 100_000_000;
const MEMORY: usize = 4096;

/// Take every order of every event, within bounds, and say when nothing is left
///
/// Without bounds there is one write and one restart. Ends with 0 if no order breaks a rule, with 1
/// if one does, and with 3 if states, memory or time run out first. What is found is the shortest
/// way to break a rule; it does not depend on -j.
///
/// Example: `cargo zab explore --variant stale-ack-in-flight --writes 1 --restarts 1`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What to explore, as in zk-3.8.4, 4646 or reference+late-apply: see `zab variants --help`
    #[arg(long, default_value = "reference", value_name = "V")]
    variant: String,
    #[command(flatten)]
    switches: Switches,
    #[command(flatten)]
    bounds: Budget,
    /// Look for this class alone [default: any that counts]
    #[arg(long, value_name = "C")]
    class: Option<String>,
    /// Actors whose turns are chosen as well: receiver, committer, sender, client, election
    #[arg(long, value_name = "ACTOR", value_delimiter = ',')]
    free: Vec<String>,
    /// Start from the end of this file, which `zab explore` wrote, or from the last action of a case
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Start from this action of the case instead, counted from 1
    #[arg(long, value_name = "N", requires = "from")]
    first: Option<usize>,
    /// How many servers: 3, 5 or 7
    #[arg(long, default_value_t = SERVERS, value_name = "N", value_parser = clap::value_parser!(u8).range(3..=7))]
    servers: u8,
    #[command(flatten)]
    jobs: Jobs,
    /// Give up after this many states
    #[arg(long, default_value_t = STATES, value_name = "N")]
    states: u64,
    /// How much memory to use, in MiB; worlds that do not fit are made again when they are needed
    #[arg(long, default_value_t = MEMORY, value_name = "MIB")]
    memory: usize,
    /// Give up after this time, as in 90s or 2m
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    time: Option<Duration>,
    /// Where to write what is found
    #[arg(long, default_value = FOUND, value_name = "DIR")]
    out: PathBuf,
}

pub(super) fn run(args: &Args, out: &Out) -> Result<Exit, Failure> {
    let named = args.switches.of(&args.variant)?;
    check_servers(Some(args.servers))?;
    let setting = setting(args, &named)?;
    ready_folder(&args.out, "--out")?;
    let command = command(args, &named, &setting);
    out.command(&command);
    let clock = Stopwatch::start();
    let report = explore(args, &setting, out, clock)?;
    let seconds = clock.elapsed().as_secs_f64();
    let exit = match &report.end {
        End::Complete if report.progress.undecided == 0 => Exit::Clean,
        End::Complete | End::Enough(_) => Exit::Inconclusive,
        End::Found(_) => Exit::Violation,
    };
    let path = match &report.end {
        End::Found(found) => Some(tell(args, out, &named, &setting, found)?),
        End::Complete | End::Enough(_) => None,
    };
    summarize(out, &setting, &report, seconds);
    out.json(&as_json(&command, &setting, &report, seconds, path.as_ref()));
    Ok(exit)
}

fn setting(args: &Args, named: &Named) -> Result<Setting, Failure> {
    let mut setting = Setting::new(args.servers, named.releases(), standard(named.releases()));
    setting.bounds = args.bounds.bounds();
    if setting.bounds.writes + setting.bounds.reads > 4 {
        return Err(Failure::usage("--writes and --reads: choose 4 or fewer together"));
    }
    for name in &args.free {
        if !setting.free.set(name) {
            let names = Free::NAMES.join(", ");
            return Err(Failure::usage(format!("--free {name}: choose from {names}")));
        }
    }
    if let Some(name) = &args.class {
        let class = Class::parse(name).ok_or_else(|| {
            Failure::usage(format!("there is no class `{name}`: {}", Class::NAMES))
        })?;
        setting.class = Some(class);
    }
    if let Some(path) = &args.from {
        Origin::read(path, args.first)?.begin(path, &mut setting)?;
    }
    Ok(setting)
}

/// The command that repeats this exploration.
fn command(args: &Args, named: &Named, setting: &Setting) -> String {
    let mut command = format!("cargo zab explore --variant {}", named.name);
    let is_faultless = setting.bounds.faults() == 0;
    for (name, count) in setting.bounds.named() {
        if count > 0 || name == "writes" || name == "restarts" && is_faultless {
            command += &format!(" --{name} {count}");
        }
    }
    let mut option = |name: &str, value: Option<String>| {
        command.extend(value.map(|value| format!(" --{name} {value}")));
    };
    option("class", setting.class.map(|class| class.to_string()));
    option("free", (!args.free.is_empty()).then(|| args.free.join(",")));
    option("from", args.from.as_ref().map(|path| quoted(path)));
    option("first", args.first.map(|first| first.to_string()));
    option("servers", (args.servers != SERVERS).then(|| args.servers.to_string()));
    option("states", (args.states != STATES).then(|| args.states.to_string()));
    option("memory", (args.memory != MEMORY).then(|| args.memory.to_string()));
    option("time", args.time.map(typed));
    command + &out_option(&args.out)
}

/// Explores, and shows how far it is.
fn explore(args: &Args, setting: &Setting, out: &Out, clock: Stopwatch) -> Result<Report, Failure> {
    let jobs = args.jobs.count();
    let bytes = args.memory << 20;
    // A world that is not kept is made again, a state that is not known is met again without end.
    let limits = Limits {
        states: args.states.min((bytes / 4 * 3 / STATE_BYTES) as u64),
        worlds: bytes / 4 / WORLD_BYTES,
    };
    // How many states there are is not known before the end.
    let meter = Meter::new(out, args.time.map(Limit::Time));
    let mut watch = |progress: Progress| {
        let elapsed = clock.elapsed();
        meter.count(progress.states, || describe(progress, elapsed.as_secs_f64()));
        match args.time {
            Some(time) if elapsed >= time => ControlFlow::Break("time"),
            _ => ControlFlow::Continue(()),
        }
    };
    let found = search(setting, limits, jobs, &mut watch);
    meter.finish();
    let report = found.map_err(|taken| {
        let step = setting.before.get(taken).map_or_else(String::new, Choice::to_string);
        Failure::usage(format!("--from: step {} cannot be taken here: {step}", taken + 1))
    })?;
    let is_short_of_memory = limits.states < args.states;
    let end = match report.end {
        End::Enough("states") if is_short_of_memory => End::Enough("memory"),
        end => end,
    };
    Ok(Report { end, ..report })
}

/// Keeps what was found, and tells it.
fn tell(
    args: &Args,
    out: &Out,
    named: &Named,
    setting: &Setting,
    found: &Found,
) -> Result<PathBuf, Failure> {
    let walked = walk(setting, &found.choices);
    let expected = Expected::of(&walked.recording.outcome.verdict)
        .ok_or_else(|| Failure::harness("what was found is not decided once it is healed"))?;
    let trail = Trail {
        format: FORMAT,
        tool: Provenance::tool(),
        variant: named.name.clone(),
        servers: setting.servers,
        bounds: setting.bounds,
        free: setting.free,
        expected,
        first: setting.first().cloned(),
        steps: found.choices.clone(),
        story: found.choices.iter().map(Choice::to_string).collect(),
    };
    let path = trail.write_into(&args.out).map_err(|error| {
        Failure::usage(format!("{}: cannot write: {error}", args.out.display()))
    })?;
    let Found { violation, at_rest, .. } = found;
    let when = if *at_rest { " once everything is healed" } else { "" };
    out.bad(format!(
        "found {} in {}{when}: {}",
        violation.class,
        named.name,
        violation.class.meaning()
    ));
    for (at, line) in (1..).zip(&trail.story) {
        out.remark(format!("{at:>4}  {line}"));
    }
    out.line(format!("      => {}", violation.detail));
    let story = Story::of(&walked.recording);
    out.line(format!("\n{}", boxed::render(&story)));
    out.line(format!("file:    {}", path.display()));
    out.line(format!("explain: cargo zab explain {}", quoted(&path)));
    out.line(format!("replay:  cargo zab replay {}", quoted(&path)));
    out.line(format!("convert: cargo zab minimize {}", quoted(&path)));
    Ok(path)
}
