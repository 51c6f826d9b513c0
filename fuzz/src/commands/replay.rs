//! `zab replay`: run stored cases, and compare with what they promise.

use super::output::Out;
use super::switches::Switches;
use super::{Exit, Failure, explore, quoted, read_case};
use crate::case::{Case, Driver, Expected};
use crate::explain::trace;
use crate::oracle::{Oracle, Outcome};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use zab_checker::{Class, Event, Verdict};
use zab_core::variant::{Named, Releases};
use zab_sim::trace::Line;

/// Run stored cases
///
/// Ends with 1 if they show their violation, with 5 if one of them no longer does.
/// With --variant it ends with 0 if that variant keeps every rule, and with 1 if not.
/// Ends with 3 if nothing was checked: without a case, or where nothing happens in one.
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
    /// Run each as often as this, and compare the executions event by event
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    times: u32,
    /// Print every event of the execution of one case: a line each, or a JSON object each
    #[arg(long, value_enum, value_name = "FORM")]
    trace: Option<Form>,
}

/// How events are printed.
#[derive(Copy, Clone, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// Lines for people
    Text,
    /// An object a line, and nothing else on standard output
    Json,
}

pub(super) fn run(args: &Args, out: &Out) -> Result<Exit, Failure> {
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
        let [(_, case, asked)] = cases.as_slice() else {
            return Err(Failure::usage("--trace shows one case: give one"));
        };
        return print_trace(case, asked.clone(), args.driver, form, out);
    }
    let mut oracle = Oracle::default();
    for (path, case, asked) in cases {
        let command = command(path, asked.as_ref(), args);
        let named = asked.unwrap_or_else(|| case.named());
        out.command(&command);
        let driver = args.driver.unwrap_or(case.driver);
        if oracle.driver() != driver {
            oracle = Oracle::new(driver);
        }
        let (mut outcome, hash) = oracle.trace_hash(&case.schedule, named.releases());
        if outcome.verdict == Verdict::Valid && case.schedule.actions.is_empty() {
            let what = "nothing was checked: the schedule has no action";
            outcome.verdict = Verdict::Unknown(what.to_owned());
        }
        for _ in 1..args.times {
            let (_, again) = oracle.trace_hash(&case.schedule, named.releases());
            if again != hash {
                let parting = first_difference(&mut oracle, &case, named.releases());
                let what = format!("two executions differ ({hash:016x}, {again:016x}): {parting}");
                return Err(Failure::harness(format!("{what}; repeat with: {command}")));
            }
        }
        let comes_to = compare(&case, &named, &outcome);
        tell(out, &named.name, &case, &outcome, hash, comes_to);
        if comes_to == Exit::NotReproduced {
            out.bad(format!("not what the case promises; repeat with: {command}"));
        }
        exit = exit.max(comes_to);
        reports.push(report(path, &named.name, &outcome, hash, comes_to));
    }
    out.json(&json!(reports));
    Ok(exit)
}

/// Prints every event of an execution, and nothing else: a program may read it.
fn print_trace(
    case: &Case,
    asked: Option<Named>,
    driver: Option<Driver>,
    form: Form,
    out: &Out,
) -> Result<Exit, Failure> {
    let named = asked.unwrap_or_else(|| case.named());
    let mut oracle = Oracle::new(driver.unwrap_or(case.driver));
    let recording = oracle.record(&case.schedule, named.releases());
    match form {
        Form::Text => trace::text(&recording).for_each(|line| out.raw(line)),
        Form::Json => trace::json(&recording).for_each(|event| out.raw(event)),
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
    if let Some(driver) = args.driver {
        command += &format!(" --driver {}", driver.name());
    }
    if args.times > 1 {
        command += &format!(" --times {}", args.times);
    }
    command
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
