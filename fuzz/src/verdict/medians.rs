//! How many executions it takes to find each bug by itself, from an empty corpus: what a search that
//! finds nothing is measured by.
//!
//! The figures are in `fuzz/medians.json`; `cargo zab verdict --measure` writes them again.

use crate::search::{self, Campaign, Limit, Wanted};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use zab_core::variant::{Bug, find};

/// What was measured of one bug.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// Searches, each with another seed.
    pub searches: u64,
    /// How many of them found it.
    pub found: u64,
    /// Executions to the first finding, in the median.
    pub median: u64,
    /// The most that it took.
    pub most: u64,
}

/// All that was measured, by name of the bug.
pub type Medians = BTreeMap<String, Measured>;

/// What is stored.
pub fn stored() -> Medians {
    let text = include_str!("../../medians.json");
    serde_json::from_str(text).expect("a test reads the same file")
}

/// Looks for the bug by itself in this number of searches, each of this number of executions; nothing if
/// less than half of them find it.
pub fn measure(bug: &Bug, searches: u64, runs: u64) -> Option<Measured> {
    let named = find(bug.name).ok()?;
    let campaign = |seed| Campaign {
        wanted: Wanted::of(&named),
        ..Campaign::new(&named, seed, Limit::Runs(runs))
    };
    let first = |seed| {
        let report = search::run(&campaign(seed), &|_| ControlFlow::Continue(()));
        report.findings.first().map(|finding| finding.execution)
    };
    let mut took: Vec<u64> = (0..searches).filter_map(first).collect();
    took.sort_unstable();
    // Those that found nothing took longest.
    let median = *took.get(searches as usize / 2)?;
    Some(Measured { searches, found: took.len() as u64, median, most: *took.last()? })
}
