//! `zab bench`: how fast executions are.

use super::output::Out;
use super::progress::Meter;
use super::switches::Switches;
use super::{Exit, Failure};
#[cfg(feature = "turmoil")]
use crate::case::Driver;
use crate::clock::Stopwatch;
#[cfg(feature = "turmoil")]
use crate::generate;
use crate::oracle::Oracle;
#[cfg(feature = "turmoil")]
use crate::rng::Rng;
use crate::search::Limit;
use serde_json::json;
use std::time::Duration;
use zab_core::variant::Releases;
use zab_sim::schedule::{ClientOp, CrashMode};
use zab_sim::{Act, Action, Schedule};

/// Measure the speed of executions on a fixed workload
///
/// 3 servers, 20 writes, 10 reads, one power loss and one partition in 10 simulated seconds.
///
/// Example: `cargo zab bench --repetitions 21`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How many measurements
    #[arg(long, default_value_t = 9, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    repetitions: u32,
    /// Executions per measurement
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    executions: u32,
    /// The variant to run
    #[arg(long, default_value = "reference", value_name = "V")]
    variant: String,
    #[command(flatten)]
    switches: Switches,
}

pub(super) fn run(args: &Args, out: &Out) -> Result<Exit, Failure> {
    let named = args.switches.of(&args.variant)?;
    let releases = named.releases();
    let Args { repetitions, executions, .. } = *args;
    let command = format!(
        "cargo zab bench --variant {} --repetitions {repetitions} --executions {executions}",
        named.name
    );
    out.command(&command);
    let schedule = workload();
    let mut oracle = Oracle::default();
    // The first execution boots the ensemble and warms the caches.
    let outcome = oracle.judge(&schedule, releases);
    if let Some(class) = outcome.class() {
        out.remark(format!("(the workload breaks {class} in this variant and may end early)"));
    }
    let events = outcome.run.steps.max(1);
    let rounds = 2 * u64::from(repetitions);
    let meter = Meter::new(out, Limit::Runs(rounds));
    let watch = |done| meter.count(done, || format!("{done} of {rounds} rounds"));
    let figures = measure(&mut oracle, &schedule, releases, args, (events as f64, &watch));
    let drivers = compare_drivers(args, releases, &|done| watch(u64::from(repetitions) + done));
    let figures = figures.into_iter().chain(drivers).collect::<Vec<_>>();
    meter.finish();
    out.line(format!("{events} events an execution, {repetitions} x {executions} executions"));
    for Figure { name, median, least, most } in &figures {
        out.line(format!("{name:22} {median:>12.1}   ({least:.1} to {most:.1})"));
    }
    let entries: serde_json::Map<_, _> = figures
        .iter()
        .map(|f| {
            let name = f.name.replace('%', "percent").replace([' ', ',', '/', ':'], "_");
            (name, json!({ "median": f.median, "least": f.least, "most": f.most }))
        })
        .collect();
    out.json(&json!({ "command": command, "events": events, "figures": entries }));
    Ok(Exit::Clean)
}

/// Times executions with and without the checker.
fn measure(
    oracle: &mut Oracle,
    schedule: &Schedule,
    releases: Releases,
    args: &Args,
    (events, watch): (f64, &dyn Fn(u64)),
) -> [Figure; 4] {
    let time = |run: &mut dyn FnMut()| {
        let stopwatch = Stopwatch::start();
        run();
        per(stopwatch.elapsed(), 1)
    };
    let mut judged = Vec::new();
    let mut shares = Vec::new();
    for round in 0..args.repetitions {
        // Turn by turn, so that whatever slows the machine slows both; of each, the median: an
        // interruption makes one execution slow and says nothing about checking.
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for _ in 0..args.executions {
            with.push(time(&mut || drop(oracle.judge(schedule, releases))));
            without.push(time(&mut || {
                oracle.unjudged(schedule, releases);
            }));
        }
        judged.push(with.iter().sum::<f64>() / with.len() as f64);
        shares.push((1.0 - median(&mut without) / median(&mut with)) * 100.0);
        watch(u64::from(round) + 1);
    }
    [
        Figure::new("events per second", judged.iter().map(|s| events / s).collect()),
        Figure::new("executions per second", judged.iter().map(|s| 1.0 / s).collect()),
        Figure::new("ns per event", judged.iter().map(|s| s * 1e9 / events).collect()),
        Figure::new("% spent in checking", shares),
    ]
}

/// Times the same generated schedules in each driver: what a hunt runs.
#[cfg(feature = "turmoil")]
fn compare_drivers(args: &Args, releases: Releases, watch: &dyn Fn(u64)) -> Vec<Figure> {
    let schedules: Vec<Schedule> = (0..u64::from(args.executions))
        .map(|seed| generate::schedule(&mut Rng::new(seed), 3))
        .collect();
    let mut oracles = [Oracle::new(Driver::Direct), Oracle::new(Driver::Turmoil)];
    let mut rates = [Vec::new(), Vec::new()];
    let mut ratios = Vec::new();
    for round in 0..=args.repetitions {
        let mut seconds = [0.0; 2];
        for (oracle, seconds) in oracles.iter_mut().zip(&mut seconds) {
            let stopwatch = Stopwatch::start();
            schedules.iter().for_each(|schedule| drop(oracle.judge(schedule, releases)));
            *seconds = per(stopwatch.elapsed(), args.executions);
        }
        if round > 0 {
            rates.iter_mut().zip(seconds).for_each(|(rates, s)| rates.push(1.0 / s));
            ratios.push(seconds[1] / seconds[0]);
        }
        watch(u64::from(round));
    }
    let [direct, turmoil] = rates;
    vec![
        Figure::new("generated, direct / s", direct),
        Figure::new("generated, turmoil / s", turmoil),
        Figure::new("direct : turmoil", ratios),
    ]
}

#[cfg(not(feature = "turmoil"))]
fn compare_drivers(_: &Args, _: Releases, _: &dyn Fn(u64)) -> Vec<Figure> {
    Vec::new()
}

/// Seconds for each of this number.
fn per(elapsed: Duration, count: u32) -> f64 {
    (elapsed.as_secs_f64() / f64::from(count)).max(1e-9)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Something measured several times.
struct Figure {
    name: &'static str,
    median: f64,
    least: f64,
    most: f64,
}

impl Figure {
    fn new(name: &'static str, mut values: Vec<f64>) -> Self {
        let median = median(&mut values);
        Self { name, median, least: values[0], most: values[values.len() - 1] }
    }
}

/// The fixed workload, spread over ten seconds.
fn workload() -> Schedule {
    let client = |at_ms: u64, number: u8, op| Action {
        at_us: at_ms * 1000,
        act: Act::Client { client: number % 4, server: number % 3, op, key: number % 4 },
    };
    let mut actions: Vec<Action> = Vec::new();
    actions.extend((0..20_u8).map(|i| client(u64::from(i) * 500, i, ClientOp::Write)));
    actions.extend((0..10_u8).map(|i| client(u64::from(i) * 1000 + 250, i, ClientOp::SyncRead)));
    let loss = Act::PowerLoss { server: 0, disk: CrashMode::LoseAll, down_us: 500_000 };
    actions.push(Action { at_us: 3_100_000, act: loss });
    let partition = Act::Isolate { server: 1, for_us: 1_000_000 };
    actions.push(Action { at_us: 6_100_000, act: partition });
    actions.sort_by_key(|action| action.at_us);
    Schedule { actions, ..Schedule::empty(0, 3) }
}
