//! `zab replay`: run stored cases, and compare with what they promise.

use super::output::Out;
use super::report::{Problem, Reports, Suite, Test};
use super::switches::Switches;
use super::{Exit, Failure, explore, quoted, read_case};
use crate::case::{Case, Driver, Expected};
use crate::explain::trace::{self, history, itf, perfetto, shiviz};
use crate::oracle::{Oracle, Outcome};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use zab_checker::{Class, Event, Verdict};
use zab_core::variant::{Named, Releases};
use zab_sim::trace::Line;

/// Run stored cases
///
/// Ends with 1 if all of them show their violation, and with 5 if one no longer does.
/// With --variant it ends with 0 if that variant breaks no rule, and with 1 if it does.
/// Ends with 3 if nothing was checked: no case was given, or nothing happens in one.
///
/// Example: `cargo zab replay findings/*.json --variant reference`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Files that `zab hunt` wrote
    #[arg(value_name = "CASE")]
    cases: Vec<PathBuf>,
    /// Run them in this variant instead of the one they were found in
    #[arg(long, value_name = "V")]
    variant: Option<String>,
    #[command(flatten)]
    switches: Switches,
    /// What runs the simulation [default: what ran it when it was found]
    #[arg(long, value_enum, value_name = "D")]
    driver: Option<Driver>,
    /// Run each this many times, and compare the executions event by event
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    times: u32,
    /// Print only the execution of one case: every event, or a format that another program reads
    #[arg(long, value_enum, value_name = "FORM")]
    trace: Option<Form>,
    #[command(flatten)]
    reports: Reports,
}

/// How events are printed.
#[derive(Copy, Clone, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// Lines for people
    Text,
    /// One JSON object per line
    Json,
    /// What the clients saw, for `zab check - --model zookeeper`
    History,
    /// A state after each event, in the Informal Trace Format of TLA+ tools (Apalache)
    Itf,
    /// A log with vector clocks, for ShiViz
    Shiviz,
    /// Slices and arrows in the Trace Event Format, for Perfetto and Chrome
    Perfetto,
}

pub(super) fn run(args: &Args, out: &Out) -> Result<Exit, Failure> {
    args.reports.ready()?;
    let mut exit = Exit::Clean;
    let mut reports = Vec::new();
    let mut paths = Vec::new();
    for path in &args.cases {
        let Some(trail) = explore::read(path)? else {
            paths.push(path);
            continue;
        };
        let asked = args.switches.of_or(args.variant.as_deref(), || trail.named())?;
        let (comes_to, report) = explore::replay(path, &trail, asked, out);
        exit = exit.max(comes_to);
        reports.push(report);
    }
    let cases = paths
        .into_iter()
        .map(|path| {
            let case = read_case(path)?;
            let asked = args.switches.of_or(args.variant.as_deref(), || case.named())?;
            Ok((path, case, asked))
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    if args.cases.is_empty() {
        out.bad("nothing was checked: no case was given");
        out.json(&json!([]));
        return Ok(Exit::Inconclusive);
    }
    if let Some(form) = args.trace {
        let [(path, case, asked)] = cases.as_slice() else {
            return Err(Failure::usage("--trace shows one case: give one"));
        };
        let command = command(path, asked.as_ref(), args);
        return print_trace(case, asked.clone(), (args.driver, form, &command), out);
    }
    let mut oracle = Oracle::default();
    let mut tests = Vec::new();
    for (path, case, asked) in &cases {
        let command = command(path, asked.as_ref(), args);
        let named = asked.clone().unwrap_or_else(|| case.named());
        out.command(&command);
        let (outcome, hash) = run_once(args, case, &named, &command, &mut oracle)?;
        let comes_to = compare(case, &named, &outcome);
        tell(out, &named.name, case, &outcome, hash, comes_to);
        if comes_to == Exit::NotReproduced {
            out.bad(format!("not what the case promises; repeat with: {command}"));
        }
        exit = exit.max(comes_to);
        reports.push(report(path, &named.name, &outcome, hash, comes_to));
        tests.push(test(path, case, &named, &outcome, comes_to));
    }
    let (name, command) = ("zab replay".to_owned(), command_of_all(args));
    out.json(&json!(reports));
    args.reports.write(&Suite { name, command, tests })?;
    Ok(exit)
}

/// Runs a case, as often as is asked for; each time the same has to happen.
fn run_once(
    args: &Args,
    case: &Case,
    named: &Named,
    command: &str,
    oracle: &mut Oracle,
) -> Result<(Outcome, u64), Failure> {
    let driver = args.driver.unwrap_or(case.driver);
    if oracle.driver() != driver {
        *oracle = Oracle::new(driver);
    }
    let (mut outcome, hash) = oracle.trace_hash(&case.schedule, named.releases());
    if outcome.verdict == Verdict::Valid && case.schedule.actions.is_empty() {
        let what = "nothing was checked: the schedule has no action";
        outcome.verdict = Verdict::Unknown(what.to_owned());
    }
    for _ in 1..args.times {
        let (_, again) = oracle.trace_hash(&case.schedule, named.releases());
        if again != hash {
            let parting = first_difference(oracle, case, named.releases());
            let what = format!("two executions differ ({hash:016x}, {again:016x}): {parting}");
            return Err(Failure::harness(format!("{what}; repeat with: {command}")));
        }
    }
    Ok((outcome, hash))
}

/// A case as CI sees it: it is as it should be if it shows what it promises, or, in another variant,
/// nothing.
fn test(path: &Path, case: &Case, named: &Named, outcome: &Outcome, comes_to: Exit) -> Test {
    let is_promised = named.releases() == case.named().releases();
    let what = match &outcome.verdict {
        Verdict::Valid => "no rule is broken".to_owned(),
        Verdict::Violation(violation) => format!("{}: {}", violation.class, violation.detail),
        Verdict::Unknown(reason) => reason.clone(),
    };
    let is_good = match comes_to {
        Exit::Clean => true,
        Exit::Violation => is_promised,
        _ => false,
    };
    let is_open = comes_to == Exit::Inconclusive;
    let problem = Problem { is_open, what, details: String::new() };
    let name = format!("{} in {}", path.display(), named.name);
    Test { name, result: if is_good { Ok(()) } else { Err(problem) } }
}

/// The command that runs all of them.
fn command_of_all(args: &Args) -> String {
    let cases: Vec<String> = args.cases.iter().map(|path| quoted(path)).collect();
    let asked = args.variant.iter().map(|name| format!(" --variant {name}"));
    let options: String = asked.chain(args.switches.options()).collect();
    format!("cargo zab replay {}{options}{}", cases.join(" "), how(args))
}

/// Prints every event of an execution, and nothing else: a program may read it.
fn print_trace(
    case: &Case,
    asked: Option<Named>,
    (driver, form, command): (Option<Driver>, Form, &str),
    out: &Out,
) -> Result<Exit, Failure> {
    let named = asked.unwrap_or_else(|| case.named());
    let mut oracle = Oracle::new(driver.unwrap_or(case.driver));
    let recording = oracle.record(&case.schedule, named.releases());
    match form {
        Form::Text => trace::text(&recording).for_each(|line| out.raw(line)),
        Form::Json => trace::json(&recording).for_each(|event| out.raw(event)),
        Form::History => history::lines(&recording).iter().for_each(|event| out.raw(event)),
        Form::Itf => out.raw(itf::document(&recording, command)),
        Form::Shiviz => shiviz::lines(&recording).iter().for_each(|line| out.raw(line)),
        Form::Perfetto => out.raw(perfetto::document(&recording)),
    }
    Ok(compare(case, &named, &recording.outcome))
}

/// Where two executions of the same schedule part, if they do once more.
fn first_difference(oracle: &mut Oracle, case: &Case, releases: Releases) -> String {
    let mut record = || oracle.record(&case.schedule, releases).events;
    let (one, other) = (record(), record());
    let line = |events: &[Event], at: usize| {
        events.get(at).map_or_else(|| "nothing".to_owned(), |event| Line(event).to_string())
    };
    let longest = one.len().max(other.len());
    match (0..longest).find(|at| one.get(*at) != other.get(*at)) {
        Some(at) => format!("event {at} is `{}` or `{}`", line(&one, at), line(&other, at)),
        None => "two more do not".to_owned(),
    }
}

/// The command that runs one case alone.
fn command(path: &Path, asked: Option<&Named>, args: &Args) -> String {
    let mut command = format!("cargo zab replay {}", quoted(path));
    if let Some(named) = asked {
        command += &format!(" --variant {}", named.name);
    }
    command + &how(args)
}

/// How cases are run.
fn how(args: &Args) -> String {
    let driver = args.driver.map(|driver| format!(" --driver {}", driver.name()));
    let times = (args.times > 1).then(|| format!(" --times {}", args.times));
    driver.into_iter().chain(times).collect()
}

/// What an outcome means for a case run in this variant.
pub(super) fn compare(case: &Case, named: &Named, outcome: &Outcome) -> Exit {
    if matches!(outcome.verdict, Verdict::Unknown(_)) {
        Exit::Inconclusive
    } else if named.releases() == case.named().releases()
        && outcome.class() != case.expected.class()
    {
        Exit::NotReproduced
    } else if outcome.class().is_some() {
        Exit::Violation
    } else {
        Exit::Clean
    }
}

fn tell(out: &Out, variant: &str, case: &Case, outcome: &Outcome, hash: u64, exit: Exit) {
    let trace = format!("({variant}, {} steps, trace {hash:016x})", outcome.run.steps);
    match &outcome.verdict {
        Verdict::Valid => out.good(format!("valid {trace}")),
        Verdict::Violation(violation) => {
            out.bad(format!(
                "violation {}: {} {trace}",
                violation.class,
                violation.class.meaning()
            ));
            out.remark(violation.detail.to_string());
        }
        Verdict::Unknown(reason) => out.bad(format!("unknown: {reason} {trace}")),
    }
    if let Some(needed) = case.schedule.needed() {
        out.line(format!("needs {needed}"));
    }
    if exit == Exit::NotReproduced {
        let promised = match &case.expected {
            Expected::Valid => "valid".to_owned(),
            Expected::Violation { class, .. } => format!("violation {class}"),
        };
        out.bad(format!("the case promises: {promised}"));
    }
}

fn report(path: &Path, variant: &str, outcome: &Outcome, hash: u64, exit: Exit) -> Value {
    let (verdict, what) = match &outcome.verdict {
        Verdict::Valid => ("valid", None),
        Verdict::Violation(violation) => ("violation", Some(violation.detail.to_string())),
        Verdict::Unknown(reason) => ("unknown", Some(reason.clone())),
    };
    json!({
        "case": path.display().to_string(),
        "variant": variant,
        "verdict": verdict,
        "class": outcome.class().map(Class::name),
        "what": what,
        "steps": outcome.run.steps,
        "trace": format!("{hash:016x}"),
        "reproduced": exit != Exit::NotReproduced,
    })
}
