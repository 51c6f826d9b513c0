//! `zab explain`: show a case to a person.

use super::output::Out;
use super::replay::compare;
use super::switches::Switches;
use super::{Exit, Failure, explore, quoted, read_case};
use crate::explain::{Story, json, table, text};
use crate::oracle::Oracle;
use std::path::PathBuf;

/// Show a case to a person: what happened, or what state the servers were in
///
/// Ends with 5 if the case no longer shows its violation.
///
/// Example: `cargo zab explain findings/zk-3.8.0-O1-0123abcd.json --table`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A file that `zab hunt` wrote
    #[arg(value_name = "CASE")]
    case: PathBuf,
    /// What happens in this variant instead of the one it was found in
    #[arg(long, value_name = "V")]
    variant: Option<String>,
    #[command(flatten)]
    switches: Switches,
    /// The steps that matter, in words (the default)
    #[arg(long, conflicts_with = "table")]
    text: bool,
    /// The states of the servers, as tables
    #[arg(long)]
    table: bool,
}

pub(super) fn run(args: &Args, out: &Out) -> Result<Exit, Failure> {
    let how = if args.table { "--table" } else { "--text" };
    let mut command = format!("cargo zab explain {} {how}", quoted(&args.case));
    if let Some(trail) = explore::read(&args.case)? {
        let asked = args.switches.of_or(args.variant.as_deref(), || trail.named())?;
        let named = asked.unwrap_or_else(|| trail.named());
        out.command(&command);
        return explore::explain((&args.case, &command), &trail, &named, args.table, out);
    }
    let case = read_case(&args.case)?;
    let asked = args.switches.of_or(args.variant.as_deref(), || case.named())?;
    if let Some(named) = &asked {
        command += &format!(" --variant {}", named.name);
    }
    out.command(&command);
    let named = asked.unwrap_or_else(|| case.named());
    let recording = Oracle::new(case.driver).record(&case.schedule, named.releases());
    let story = Story::of(&recording);
    let shown = if args.table { table::render(&story) } else { text::render(&story) };
    out.line(shown.trim_end());
    let mut report = json::story(&story, recording.origin);
    report["case"] = args.case.display().to_string().into();
    out.json(&report);
    if compare(&case, &named, &recording.outcome) == Exit::NotReproduced {
        let what = format!("this is not what the case promises: {command}");
        return Err(Failure { exit: Exit::NotReproduced, what });
    }
    Ok(Exit::Clean)
}
