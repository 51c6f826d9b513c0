//! How long it takes to find each release's and each bug's first violation, as a table: what was measured
//! here, what real servers showed, and what was published of a model checker.

use super::super::output::Out;
use super::seen::Stored;
use super::{affected, seen_releases, sightings};
use crate::explain::text::thousands;
use crate::verdict::medians::{self, Measured};
use serde_json::{Value, json};
use zab_core::variant::{CATALOGUE, Entry};

/// Depth and states at which TLC finds six bugs in the specifications of ZooKeeper 3.9.1 of Ouyang et al.,
/// "Multi-Grained Specifications for Distributed System Model Checking and Verification" (EuroSys 2025).
const TLC: [(&str, u64, u64); 6] = [
    ("zookeeper-3023", 13, 78_892),
    ("zookeeper-4394", 20, 14_264),
    ("zookeeper-4643", 21, 208_018),
    ("zookeeper-4646", 21, 2_880_498),
    ("zookeeper-4685", 12, 67_418),
    ("zookeeper-4712", 13, 73_293),
];

const HEAD: &str = "\
| what | in | first finding | executions (range) | time | actions | seen on | TLC: depth, states |
|---|---|---|---|---|---|---|---|";

/// Prints the table, in Markdown.
pub(super) fn show(stored: &Stored, out: &Out) {
    let measured = medians::stored();
    let known = |entry: &'static Entry| Some((entry, measured.get(entry.name)?));
    let known: Vec<_> = CATALOGUE.iter().filter_map(known).collect();
    out.line(HEAD);
    known.iter().for_each(|(entry, measured)| out.line(row(entry, measured, stored)));
    let rows = known.iter().map(|(entry, measured)| as_json(entry, measured, stored));
    out.json(&rows.collect());
}

fn row(entry: &Entry, measured: &Measured, stored: &Stored) -> String {
    let seen = seen_releases(&sightings(entry, stored)).join(", ");
    let tlc = tlc(entry).map(|(depth, states)| format!("{depth}, {}", thousands(states)));
    format!(
        "| `{}` | {} | {} | {} | {} | {} | {seen} | {} |",
        entry.name,
        affected(entry),
        measured.findings(),
        measured.executions(),
        measured.time(),
        measured.actions,
        tlc.unwrap_or_default(),
    )
}

fn tlc(entry: &Entry) -> Option<(u64, u64)> {
    let known = TLC.iter().find(|(name, ..)| *name == entry.name);
    known.map(|(_, depth, states)| (*depth, *states))
}

fn as_json(entry: &Entry, measured: &Measured, stored: &Stored) -> Value {
    json!({
        "name": entry.name,
        "measured": measured,
        "seen": seen_releases(&sightings(entry, stored)),
        "tlc": tlc(entry).map(|(depth, states)| json!({ "depth": depth, "states": states })),
    })
}
