//! How long it takes to find each bug by itself, from an empty corpus: what a search that finds nothing
//! is measured by.
//!
//! The figures are in `fuzz/medians.json`; `cargo zab verdict --measure` writes them again.

use crate::explain::text::thousands;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use zab_core::variant::{Bug, Model};

/// What a number of searches came to, each with a seed of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// Searches.
    pub searches: u64,
    /// How many of them found something; the figures below are of these, but for the median.
    pub found: u64,
    /// Executions to the first finding, in the median, one that found nothing being the longest;
    /// `None` if half of them found nothing.
    pub median: Option<u64>,
    /// The fewest executions that it took.
    pub least: u64,
    /// The most.
    pub most: u64,
    /// Milliseconds of one thread until the first finding was minimized, in the median.
    pub ms: u64,
    /// The most.
    pub most_ms: u64,
    /// Actions of the minimized case, in the median.
    pub actions: usize,
    /// How many broke which class.
    pub classes: BTreeMap<String, u64>,
}

/// One search that found something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Executions to the finding.
    pub executions: u64,
    /// Milliseconds until it was minimized.
    pub ms: u64,
    /// Actions of the minimized case.
    pub actions: usize,
    /// The class that it breaks.
    pub class: String,
}

/// All that was measured, by name of the release, or of the bug that shows it by itself.
pub type Medians = BTreeMap<String, Measured>;

/// What was measured of a bug, or of the one beside which it shows.
pub fn of<'a>(all: &'a Medians, bug: &Bug) -> Option<&'a Measured> {
    all.get(match bug.model {
        Model::Beside { bug, .. } => bug,
        Model::Switches { .. } | Model::Beyond { .. } => bug.name,
    })
}

/// What is stored.
pub fn stored() -> Medians {
    let text = include_str!("../../medians.json");
    serde_json::from_str(text).expect("a test reads the same file")
}

impl Measured {
    /// How many searches found what: `O1 in 18, O2 in 2`, and how many there were if some found nothing.
    pub fn findings(&self) -> String {
        let mut classes: Vec<_> = self.classes.iter().collect();
        classes.sort_by_key(|(class, count)| (Reverse(**count), *class));
        let all: Vec<_> = classes.iter().map(|(class, n)| format!("{class} in {n}")).collect();
        let of = if self.found < self.searches {
            format!(" of {}", self.searches)
        } else {
            String::new()
        };
        all.join(", ") + &of
    }

    /// The median of the executions, and their range: `1,442 (363 to 6,749)`.
    pub fn executions(&self) -> String {
        let range = format!("({} to {})", thousands(self.least), thousands(self.most));
        self.median.map_or_else(|| format!("none {range}"), |n| format!("{} {range}", thousands(n)))
    }

    /// The median of the time, and the most: `1.0 s (at most 3.7 s)`.
    pub fn time(&self) -> String {
        format!("{} (at most {})", seconds(self.ms), seconds(self.most_ms))
    }

    /// All of that in a sentence.
    pub fn sentence(&self) -> String {
        let (found, searches) = (self.found, self.searches);
        let (executions, time) = (self.executions(), self.time());
        match self.median {
            Some(_) => format!(
                "found by {found} of {searches} hunts, after {executions} executions, {time}"
            ),
            None => format!("found by {found} of {searches} hunts, too few for a median"),
        }
    }

    /// What this number of searches came to. `None` if none of them found anything.
    pub fn of(searches: u64, found: &[Found]) -> Option<Self> {
        let by = |key: fn(&Found) -> u64| {
            let mut sorted: Vec<u64> = found.iter().map(key).collect();
            sorted.sort_unstable();
            sorted
        };
        let executions = by(|found| found.executions);
        let ms = by(|found| found.ms);
        let mut classes = BTreeMap::new();
        for found in found {
            *classes.entry(found.class.clone()).or_default() += 1;
        }
        Some(Self {
            searches,
            found: found.len() as u64,
            median: executions.get(searches as usize / 2).copied(),
            least: *executions.first()?,
            most: *executions.last()?,
            ms: ms[ms.len() / 2],
            most_ms: *ms.last()?,
            actions: by(|found| found.actions as u64)[found.len() / 2] as usize,
            classes,
        })
    }
}

fn seconds(ms: u64) -> String {
    format!("{}.{} s", ms / 1_000, ms % 1_000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use zab_core::variant::modeled;

    fn found(executions: u64) -> Found {
        let class = if executions > 10 { "O1" } else { "O2" }.to_owned();
        Found { executions, ms: executions * 100, actions: 3, class }
    }

    #[test]
    fn a_search_that_finds_nothing_counts_as_the_longest() {
        let of = |searches, all: &[u64]| {
            let all: Vec<_> = all.iter().map(|executions| found(*executions)).collect();
            Measured::of(searches, &all)
        };
        let all = of(5, &[30, 5, 10, 40, 20]).expect("something was found");
        assert_eq!((all.median, all.least, all.most), (Some(20), 5, 40));
        assert_eq!((all.ms, all.most_ms, all.actions), (2_000, 4_000, 3));
        assert_eq!(all.classes, BTreeMap::from([("O1".to_owned(), 3), ("O2".to_owned(), 2)]));
        assert_eq!(of(5, &[30, 5, 10]).expect("most found it").median, Some(30));
        assert_eq!(of(5, &[30, 5]).expect("two found it").median, None);
        assert_eq!(of(5, &[]), None);
    }

    #[test]
    fn it_is_told_as_people_read_it() {
        let all: Vec<_> = [1_442, 363, 6_749].map(found).to_vec();
        let measured = Measured::of(4, &all).expect("something was found");
        assert_eq!(measured.findings(), "O1 in 3 of 4");
        assert_eq!(measured.executions(), "6,749 (363 to 6,749)");
        assert_eq!(measured.time(), "144.2 s (at most 674.9 s)");
        let few = Measured::of(7, &all).expect("something was found");
        assert_eq!(few.sentence(), "found by 3 of 7 hunts, too few for a median");
    }

    #[test]
    fn what_is_stored_can_be_read() {
        let stored = stored();
        assert!(stored.values().all(|measured| measured.found <= measured.searches));
        let beside = modeled().filter(|bug| matches!(bug.model, Model::Beside { .. }));
        assert!(beside.map(|bug| of(&stored, bug)).all(|measured| measured.is_some()));
    }
}
