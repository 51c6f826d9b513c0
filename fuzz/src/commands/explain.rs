//! `zab explain`: show a case to a person.

use super::output::Out;
use super::replay::compare;
use super::{Exit, Failure, quoted, read_case};
use crate::explain::story::{Moment, Story};
use crate::explain::table::{Table, tables};
use crate::explain::{table, text};
use crate::oracle::Oracle;
use serde_json::{Value, json};
use std::path::PathBuf;
use zab_checker::Violation;

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
    /// The steps that matter, in words (the default)
    #[arg(long, conflicts_with = "table")]
    text: bool,
    /// The states of the servers, as tables
    #[arg(long)]
    table: bool,
}

pub(super) fn run(args: &Args, out: &Out) -> Result<Exit, Failure> {
    let case = read_case(&args.case)?;
    let how = if args.table { "--table" } else { "--text" };
    let command = format!("cargo zab explain {} {how}", quoted(&args.case));
    out.command(&command);
    let entry = case.entry();
    let recording = Oracle::new(case.driver).record(&case.schedule, entry.variant);
    let story = Story::of(&recording);
    let shown = if args.table { table::render(&story) } else { text::render(&story) };
    out.line(shown.trim_end());
    out.json(&json!({
        "case": args.case.display().to_string(),
        "steps": story.moments.iter().map(moment_json).collect::<Vec<_>>(),
        "tables": tables(&story).iter().map(table_json).collect::<Vec<_>>(),
        "violations": story.violations.iter().map(violation_json).collect::<Vec<_>>(),
    }));
    if compare(&case, entry.name, &recording.outcome) == Exit::NotReproduced {
        let what = format!("this is not what the case promises: {command}");
        return Err(Failure { exit: Exit::NotReproduced, what });
    }
    Ok(Exit::Clean)
}

fn moment_json(moment: &Moment) -> Value {
    json!({ "at_us": moment.at_us, "what": moment.text })
}

fn table_json(table: &Table) -> Value {
    let servers: Vec<Value> = table
        .disks
        .iter()
        .map(|disk| {
            json!({
                "up": disk.up,
                "current_epoch": disk.current_epoch.0,
                "last_logged": disk.last_logged().to_string(),
            })
        })
        .collect();
    json!({ "at_us": table.at_us, "caption": table.caption, "servers": servers })
}

fn violation_json(violation: &Violation) -> Value {
    json!({ "class": violation.class.name(), "what": violation.detail.to_string() })
}
