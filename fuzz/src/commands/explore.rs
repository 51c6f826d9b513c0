//! `zab explore`: every order of every event, within bounds.

mod trails;

pub(super) use trails::{compare, read, replay};

use super::output::Out;
use super::parallel::Jobs;
use super::switches::Switches;
use super::{Exit, Failure, check_servers, quoted, ready_folder};
use crate::case::{Expected, Provenance};
use crate::clock::Stopwatch;
use crate::explain::text::thousands;
use crate::explain::{Story, boxed};
use crate::oracle::standard;
use crate::trail::{FORMAT, Trail, walk};
use serde_json::{Value, json};
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;
use zab_checker::Class;
use zab_core::variant::Named;
use zab_sim::explore::{
    Bounds, Choice, End, Found, Free, Limits, Progress, Report, STATE_BYTES, Setting, WORLD_BYTES,
    reductions, search,
};

/// Between two lines of progress.
const PAUSE: Duration = Duration::from_secs(5);

/// Take every order of every event, within bounds, and say when nothing is left
///
/// Without bounds there is one write and one restart. Ends with 0 if every order keeps every rule,
/// with 1 if one of them breaks one, with 3 if states, memory or time run out before. What is found is
/// the shortest way; it does not depend on -j.
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
    /// Whose turns are chosen as well: receiver, committer, sender, client, election
    #[arg(long, value_name = "ACTOR", value_delimiter = ',')]
    free: Vec<String>,
    /// Go on from the end of this file, which `zab explore` wrote
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// How many servers: 3, 5 or 7
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u8).range(3..=7))]
    servers: u8,
    #[command(flatten)]
    jobs: Jobs,
    /// Give up after this many states
    #[arg(long, default_value_t = 100_000_000, value_name = "N")]
    states: u64,
    /// How much memory to use, in MiB; worlds that find no room are made again when they are needed
    #[arg(long, default_value_t = 4096, value_name = "MIB")]
    memory: usize,
    /// Give up after this time, as in 90s or 2m
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    time: Option<Duration>,
    /// Where to write what is found
    #[arg(long, default_value = "findings", value_name = "DIR")]
    out: PathBuf,
}

/// How much may happen.
#[derive(Copy, Clone, Debug, clap::Args)]
struct Budget {
    /// Writes of clients [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=4))]
    writes: Option<u8>,
    /// Reads of clients
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=4))]
    reads: u8,
    /// Processes that are killed [default: 1 if no other fault is named]
    #[arg(long, value_name = "N")]
    restarts: Option<u8>,
    /// Power losses
    #[arg(long, default_value_t = 0, value_name = "N")]
    power_losses: u8,
    /// Servers that leave their role without leaving their process
    #[arg(long, default_value_t = 0, value_name = "N")]
    step_downs: u8,
    /// Connections that break
    #[arg(long, default_value_t = 0, value_name = "N")]
    cuts: u8,
}

impl Budget {
    fn bounds(self) -> Bounds {
        let Self { writes, reads, restarts, power_losses, step_downs, cuts } = self;
        let is_faultless = power_losses == 0 && step_downs == 0 && cuts == 0;
        let restarts = restarts.unwrap_or(u8::from(is_faultless));
        Bounds { writes: writes.unwrap_or(1), reads, restarts, power_losses, step_downs, cuts }
    }
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
        let trail = read(path)?.ok_or_else(|| {
            let path = path.display();
            Failure::usage(format!("{path}: not written by `zab explore`: give one that was"))
        })?;
        if trail.servers != args.servers {
            let (path, servers) = (path.display(), trail.servers);
            return Err(Failure::usage(format!("{path}: for --servers {servers}")));
        }
        setting.before = trail.steps;
    }
    Ok(setting)
}

/// The command that repeats this exploration.
fn command(args: &Args, named: &Named, setting: &Setting) -> String {
    let Bounds { writes, reads, restarts, power_losses, step_downs, cuts } = setting.bounds;
    let mut command = format!("cargo zab explore --variant {} --writes {writes}", named.name);
    let counts = [
        ("reads", reads),
        ("restarts", restarts),
        ("power-losses", power_losses),
        ("step-downs", step_downs),
        ("cuts", cuts),
    ];
    for (name, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        command += &format!(" --{name} {count}");
    }
    if restarts + power_losses + step_downs + cuts == 0 {
        command += " --restarts 0";
    }
    if let Some(class) = setting.class {
        command += &format!(" --class {class}");
    }
    if !args.free.is_empty() {
        command += &format!(" --free {}", args.free.join(","));
    }
    if let Some(path) = &args.from {
        command += &format!(" --from {}", quoted(path));
    }
    if args.servers != 3 {
        command += &format!(" --servers {}", args.servers);
    }
    command
}

/// Explores, and shows how far it is.
fn explore(args: &Args, setting: &Setting, out: &Out, clock: Stopwatch) -> Result<Report, Failure> {
    let jobs = args.jobs.count();
    let bytes = args.memory << 20;
    // Worlds are most of it; what was met needs the rest.
    let limits = Limits {
        states: args.states.min((bytes / 3 / STATE_BYTES) as u64),
        worlds: bytes / 3 * 2 / WORLD_BYTES,
    };
    let mut due = PAUSE;
    let mut watch = |progress: Progress| {
        let elapsed = clock.elapsed();
        if elapsed >= due && out.is_chatty() {
            due = elapsed + PAUSE;
            let _ = writeln!(std::io::stderr(), "{}", describe(progress, elapsed.as_secs_f64()));
        }
        match args.time {
            Some(time) if elapsed >= time => ControlFlow::Break("time"),
            _ => ControlFlow::Continue(()),
        }
    };
    let report = search(setting, limits, jobs, &mut watch).map_err(|taken| {
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

fn describe(progress: Progress, seconds: f64) -> String {
    let Progress { depth, states, frontier, next, .. } = progress;
    format!(
        "depth {depth}: {} states, {} a second, frontier {} and {}",
        thousands(states),
        thousands((states as f64 / seconds.max(1e-3)) as u64),
        thousands(frontier),
        thousands(next)
    )
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
    Ok(path)
}

fn summarize(out: &Out, setting: &Setting, report: &Report, seconds: f64) {
    let Report { end, progress, widest } = report;
    let effort = format!(
        "{} states, {} steps, depth {}, {} judged at rest, {:.1} s, at most {} waiting",
        thousands(progress.states),
        thousands(progress.steps),
        progress.depth,
        thousands(progress.judged),
        seconds,
        thousands(*widest)
    );
    match end {
        End::Complete => out.good(format!("complete, nothing is left: {effort}")),
        End::Enough(what) => out.bad(format!("not complete, out of {what}: {effort}")),
        End::Found(_) => out.line(format!("after {effort}")),
    }
    if progress.undecided > 0 {
        out.bad(format!("{} states at rest were not decided", progress.undecided));
    }
    out.remark(format!(
        "two states were taken for one by chance with a probability of {:.0e}",
        (progress.states as f64).powi(2) / 2_f64.powi(65)
    ));
    out.remark("\nNot every order is tried:");
    for rule in reductions(setting.free) {
        let freed = rule.freed_by.map_or_else(String::new, |name| format!(" (--free {name})"));
        out.remark(format!("- {}{freed}:\n  {}", rule.what, rule.because));
    }
}

fn as_json(
    command: &str,
    setting: &Setting,
    report: &Report,
    seconds: f64,
    path: Option<&PathBuf>,
) -> Value {
    let Report { end, progress, widest } = report;
    let (ended, found) = match end {
        End::Complete => ("complete", None),
        End::Enough(what) => (*what, None),
        End::Found(found) => ("violation", Some(found)),
    };
    let rules =
        reductions(setting.free).map(|rule| json!({"what": rule.what, "because": rule.because}));
    json!({
        "command": command,
        "end": ended,
        "bounds": setting.bounds,
        "states": progress.states,
        "steps": progress.steps,
        "depth": progress.depth,
        "judged": progress.judged,
        "undecided": progress.undecided,
        "widest": widest,
        "seconds": seconds,
        "class": found.map(|found| found.violation.class.name()),
        "what": found.map(|found| found.violation.detail.to_string()),
        "trail": path.map(|path| path.display().to_string()),
        "reductions": rules.collect::<Vec<_>>(),
    })
}
