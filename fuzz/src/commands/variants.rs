//! `zab variants`: what can be hunted.

use super::output::Out;
use super::{Exit, Failure};
use serde_json::json;
use zab_core::variant::{CATALOGUE, Entry, Kind};

/// List variants: releases, single defects, and which releases have them
///
/// Example: `cargo zab variants --format json`
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(out: &Out) -> Result<Exit, Failure> {
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

fn as_json(entry: &Entry) -> serde_json::Value {
    json!({
        "name": entry.name,
        "kind": name_of(entry.kind),
        "summary": entry.summary,
        "affects": entry.affects,
    })
}

fn name_of(kind: Kind) -> String {
    format!("{kind:?}").to_lowercase()
}
