//! `zab variants`: what can be hunted.

use super::output::Out;
use super::{Exit, Failure};
use crate::variants;
use serde_json::json;
use zab_core::variant::{CATALOGUE, Entry, Kind, SWITCHES, Switch};

/// List variants: releases, single defects, and which releases have them
///
/// With a name it lists the defects of that variant, by the names that `hunt --cause` takes.
///
/// Example: `cargo zab variants zk-3.9.5`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// List the defects of this one
    #[arg(value_name = "V")]
    variant: Option<String>,
}

pub(super) fn run(args: &Args, out: &Out) -> Result<Exit, Failure> {
    if let Some(name) = &args.variant {
        let entry = variants::find(name).map_err(Failure::usage)?;
        show(entry, out);
        out.json(&as_json(entry));
        return Ok(Exit::Clean);
    }
    let widest = CATALOGUE.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    for entry in CATALOGUE {
        let kind = name_of(entry.kind);
        out.line(format!("{:widest$}  {kind:9}  {}", entry.name, entry.summary));
        out.remark(format!("{:widest$}  {:9}  in {}", "", "", entry.affects));
    }
    let entries: Vec<_> = CATALOGUE.iter().map(as_json).collect();
    out.json(&json!(entries));
    Ok(Exit::Clean)
}

fn defects(entry: &Entry) -> impl Iterator<Item = &'static Switch> {
    SWITCHES.iter().filter(|switch| switch.is_on(&entry.variant))
}

fn show(entry: &Entry, out: &Out) {
    out.line(format!("{}: {}", entry.name, entry.summary));
    out.line(format!("in {}", entry.affects));
    let widest = defects(entry).map(|switch| switch.name.len()).max().unwrap_or(0);
    for switch in defects(entry) {
        out.line(format!("  {:widest$}  {}", switch.name, switch.source));
    }
}

fn as_json(entry: &Entry) -> serde_json::Value {
    json!({
        "name": entry.name,
        "kind": name_of(entry.kind),
        "summary": entry.summary,
        "affects": entry.affects,
        "defects": defects(entry).map(|switch| switch.name).collect::<Vec<_>>(),
    })
}

fn name_of(kind: Kind) -> String {
    format!("{kind:?}").to_lowercase()
}
