//! `zab agree`: search for a schedule that the two drivers judge differently.

use super::output::Out;
use super::progress::Meter;
use super::switches::Switches;
use super::workload::{self, Clients};
use super::{Exit, FOUND, Failure, check_servers, out_option, ready_folder, typed, write_case};
use crate::agreement::{self, Disagreement, Hunt, Tally};
use crate::case::{Case, Driver, FORMAT, Provenance, Told};
use crate::oracle::Oracle;
use crate::search::{Campaign, Limit, Wanted};
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;
use zab_core::variant::Named;
use zab_sim::Schedule;

/// Search for a schedule that the two drivers judge differently
///
/// Ends with 4 if there is one that timing does not explain: then one of the drivers is wrong. It
/// is minimized and stored. With --keep-going, one of each kind is; a kind is the pair of classes that
/// the drivers show. Ends with 3 if nothing was checked.
///
/// Example: `cargo zab agree --variant zk-3.8.0 --runs 20000 --keep-going`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What to run: see `zab variants --help`
    #[arg(long, default_value = "zk-3.8.0", value_name = "V")]
    variant: String,
    #[command(flatten)]
    switches: Switches,
    /// Seed of the random choices
    #[arg(long, default_value_t = 0, value_name = "S")]
    seed: u64,
    /// End after this time, as in 90s or 2m [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    time: Option<Duration>,
    /// End after this many schedules
    #[arg(long, value_name = "N", conflicts_with = "time")]
    runs: Option<u64>,
    /// What clients do: read and write registers, or queue for a lock as well [default: registers; for a
    /// single defect, what it is known from]
    #[arg(long, value_enum, value_name = "W", hide_default_value = true)]
    workload: Option<Clients>,
    /// Where to write a case
    #[arg(long, default_value = FOUND, value_name = "DIR")]
    out: PathBuf,
    /// Keep searching after a disagreement, until --time or --runs is used up
    #[arg(long)]
    keep_going: bool,
    /// Only ensembles of this size: 3, 5 or 7 [default: all three]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(3..=7))]
    servers: Option<u8>,
}

pub(super) fn run(args: &Args, out: &Out) -> Result<Exit, Failure> {
    let named = args.switches.of(&args.variant)?;
    check_servers(args.servers)?;
    ready_folder(&args.out, "--out")?;
    let time = args.time.unwrap_or(Duration::from_secs(60));
    let (limit, shown) = match args.runs {
        Some(runs) => (Limit::Runs(runs), format!("--runs {runs}")),
        None => (Limit::Time(time), format!("--time {}", typed(time))),
    };
    let Args { seed, servers, .. } = args;
    let variant = &named.name;
    let goes_on = if args.keep_going { " --keep-going" } else { "" };
    let size = servers.map_or(String::new(), |servers| format!(" --servers {servers}"));
    let blank = Campaign::new(&named, *seed, limit);
    let workload = args.workload.map_or(blank.workload, Into::into);
    let (clients, folder) = (workload::flag(workload), out_option(&args.out));
    let command = format!(
        "cargo zab agree --variant {variant} --seed {seed} {shown}{size}{clients}{goes_on}{folder}"
    );
    out.command(&command);
    let campaign = Campaign {
        sizes: (*servers).into(),
        wanted: Wanted::Any,
        keep_going: true,
        workload,
        ..blank
    };
    let meter = Meter::new(out, limit);
    let watch = &mut |tally: Tally| meter.count(tally.schedules, || tally.to_string());
    let hunt = agreement::hunt(&campaign, args.keep_going, watch)
        .map_err(|error| Failure::harness(format!("{error}: {command}")))?;
    meter.finish();
    report(args, &named, out, &hunt, &command)
}

/// Stores what was found and says what it is.
fn report(
    args: &Args,
    named: &Named,
    out: &Out,
    hunt: &Hunt,
    command: &str,
) -> Result<Exit, Failure> {
    let mut found = Vec::new();
    for (schedule, why) in &hunt.disagreements {
        let path = write_case(&case_of(args, named, schedule, why)?, &args.out)?;
        out.bad(format!("the drivers disagree: {why}"));
        out.line(format!("case: {}", path.display()));
        found.push(json!({ "case": path, "why": why.to_string() }));
    }
    out.json(&json!({
        "command": command,
        "schedules": hunt.tally.schedules,
        "valid": hunt.tally.valid,
        "same_class": hunt.tally.broken,
        "identical": hunt.tally.identical,
        "timing": hunt.tally.timing,
        "disagreements": hunt.tally.disagreements,
        "found": found,
    }));
    match &hunt.disagreements[..] {
        [] if hunt.tally.schedules == 0 => {
            out.bad("nothing was checked: no schedule was run");
            Ok(Exit::Inconclusive)
        }
        [] => {
            out.good(format!("the drivers agree: {}", hunt.tally));
            Ok(Exit::Clean)
        }
        [(_, why), ..] => {
            out.remark(hunt.tally);
            Err(Failure::harness(format!("the drivers disagree: {why}; repeat with: {command}")))
        }
    }
}

/// A case in the driver that shows more.
fn case_of(
    args: &Args,
    named: &Named,
    schedule: &Schedule,
    why: &Disagreement,
) -> Result<Case, Failure> {
    let driver = match why {
        Disagreement::Unexplained(pair) | Disagreement::WithoutFault(pair)
            if pair.turmoil.is_none() =>
        {
            Driver::Direct
        }
        Disagreement::Impossible { driver, .. } => *driver,
        _ => Driver::Turmoil,
    };
    let Told { expected, shown_in, story } =
        Told::of(&mut Oracle::new(driver), schedule, named.releases())
            .ok_or_else(|| Failure::harness(format!("an execution is not decided: {why}")))?;
    Ok(Case {
        format: FORMAT,
        variant: named.name.clone(),
        driver,
        expected,
        defects: Vec::new(),
        shown_in,
        confirmed: Vec::new(),
        provenance: Provenance {
            tool: Provenance::tool(),
            seed: args.seed,
            ..Provenance::default()
        },
        schedule: schedule.clone(),
        story,
    })
}
