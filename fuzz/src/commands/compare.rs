//! `zab compare`: what guides a search, and what that is worth.

use super::output::Out;
use super::progress::Meter;
use super::switches::Switches;
use super::{Exit, Failure, check_servers};
use crate::edges;
use crate::guidance::Guidance;
use crate::search::{self, Campaign, Limit};
use serde_json::{Value, json};
use std::ops::ControlFlow;
use zab_core::variant::Named;

/// Compare searches that learn from nothing, the code's edges, the ensemble's states, or both
///
/// Each search starts from an empty corpus and runs in one thread. Edges of the code are counted
/// only in an instrumented build:
///
/// Example: `RUSTC_WORKSPACE_WRAPPER=$PWD/fuzz/instrument cargo zab compare --seeds 20`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The variants to search in
    #[arg(value_name = "V", default_values = ["zookeeper-4646", "zookeeper-4643", "zookeeper-3911", "zookeeper-2845"])]
    variants: Vec<String>,
    #[command(flatten)]
    switches: Switches,
    /// How many searches of each kind
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// When to give up a search
    #[arg(long, default_value_t = 100_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    runs: u64,
    /// Only ensembles of this size: 3, 5 or 7 [default: all three]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(3..=7))]
    servers: Option<u8>,
    /// What the searches learn from [default: all that this build can]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT")]
    guidance: Vec<Guidance>,
}

pub(super) fn run(args: &Args, out: &Out) -> Result<Exit, Failure> {
    let variants = args.variants.iter().map(|name| args.switches.of(name));
    let variants = variants.collect::<Result<Vec<_>, _>>()?;
    check_servers(args.servers)?;
    let guidances = guidances(&args.guidance)?;
    let names: Vec<_> = guidances.iter().map(|guidance| guidance.name()).collect();
    let size = args.servers.map_or(String::new(), |servers| format!(" --servers {servers}"));
    let command = format!(
        "cargo zab compare {} --seeds {} --runs {} --guidance {}{size}",
        variants.iter().map(|named| named.name.as_str()).collect::<Vec<_>>().join(" "),
        args.seeds,
        args.runs,
        names.join(",")
    );
    out.command(&command);
    out.line(format!(
        "{:<16} {:<7} {:>6} {:>28} {:>22}",
        "variant", "guided", "found", "executions (median, range)", "seconds"
    ));
    let mut rows = Vec::new();
    let searches = (variants.len() * guidances.len()) as u64 * args.seeds;
    let meter = Meter::new(out, Limit::Runs(searches));
    for named in &variants {
        for guidance in &guidances {
            let row = Row::measure(named, *guidance, args, |seed| {
                let done = rows.len() as u64 * args.seeds + seed;
                meter.count(done, || format!("{done} of {searches} searches"));
            })?;
            meter.finish();
            out.line(row.line(args));
            rows.push(row.json(args));
        }
    }
    out.json(&json!({ "command": command, "rows": rows }));
    Ok(Exit::Clean)
}

/// What was asked for, or all that can be had.
fn guidances(asked: &[Guidance]) -> Result<Vec<Guidance>, Failure> {
    let can = |guidance: &Guidance| edges::AVAILABLE || !guidance.has_edges();
    if asked.is_empty() {
        return Ok(Guidance::ALL.into_iter().filter(can).collect());
    }
    match asked.iter().find(|guidance| !can(guidance)) {
        Some(guidance) => Err(Failure::usage(format!(
            "--guidance {}: this build does not count edges; set \
             RUSTC_WORKSPACE_WRAPPER=$PWD/fuzz/instrument and run it again",
            guidance.name()
        ))),
        None => Ok(asked.to_vec()),
    }
}

/// Searches of one kind in one variant.
struct Row<'a> {
    named: &'a Named,
    guidance: Guidance,
    found: u64,
    /// Of each search, in order; one that found nothing counts with all it did.
    executions: Vec<u64>,
    seconds: Vec<f64>,
}

impl<'a> Row<'a> {
    fn measure(
        named: &'a Named,
        guidance: Guidance,
        args: &Args,
        watch: impl Fn(u64),
    ) -> Result<Self, Failure> {
        let mut row =
            Self { named, guidance, found: 0, executions: Vec::new(), seconds: Vec::new() };
        for seed in 1..=args.seeds {
            let sizes = args.servers.into();
            let campaign =
                Campaign { guidance, sizes, ..Campaign::new(named, seed, Limit::Runs(args.runs)) };
            let report = search::run(&campaign, &|_| ControlFlow::Continue(()));
            if let Some((_, message)) = report.panic {
                let name = &named.name;
                return Err(Failure::harness(format!("{name}, seed {seed}: panic: {message}")));
            }
            let first = report.findings.first();
            row.found += u64::from(first.is_some());
            row.executions.push(first.map_or(report.executions, |finding| finding.execution));
            row.seconds.push(report.elapsed.as_secs_f64());
            watch(seed);
        }
        row.executions.sort_unstable();
        row.seconds.sort_by(f64::total_cmp);
        Ok(row)
    }

    fn line(&self, args: &Args) -> String {
        let Self { named, guidance, found, executions, seconds } = self;
        let (least, median, most) = spread(executions);
        let (soonest, middle, latest) = spread(seconds);
        // More than half found nothing: the median is only known to be more.
        let more = if 2 * found > args.seeds { "" } else { ">" };
        format!(
            "{:<16} {:<7} {found:>3}/{:<2} {more:>1}{median:>9} ({least:>6} to {most:>6}) \
             {more:>2}{middle:>6.1} ({soonest:.1} to {latest:.1})",
            named.name,
            guidance.name(),
            args.seeds,
        )
    }

    fn json(&self, args: &Args) -> Value {
        json!({
            "variant": self.named.name,
            "guidance": self.guidance.name(),
            "searches": args.seeds,
            "found": self.found,
            "executions": self.executions,
            "seconds": self.seconds,
        })
    }
}

/// The least, the median and the greatest of sorted values.
fn spread<T: Copy>(sorted: &[T]) -> (T, T, T) {
    (sorted[0], sorted[sorted.len() / 2], sorted[sorted.len() - 1])
}
