//! What real servers made of the stored cases: which show a bug, and on which release.

use super::super::{CASES, Failure, stored};
use crate::case::{Case, Confirmed};
use crate::oracle::Oracle;
use crate::verdict::exposes;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use zab_core::variant::{Bug, Kind};

/// A stored case that a real server did as told, at least once.
#[derive(Copy, Clone, Debug)]
pub(super) struct Sighting<'a> {
    path: &'a Path,
    case: &'a Case,
    seen: &'a Confirmed,
}

/// The stored cases, if the command runs in a checkout.
#[derive(Debug, Default)]
pub(super) struct Stored(Vec<(PathBuf, Case)>);

impl Stored {
    /// Reads them.
    pub(super) fn read() -> Result<Self, Failure> {
        let folder = Path::new(CASES);
        if folder.is_dir() { stored(folder).map(Self) } else { Ok(Self::default()) }
    }

    /// On which releases a bug was seen, with the case that shows it best on each: the one that needs the
    /// fewest other defects, then the one that was confirmed most often.
    pub(super) fn of_bug(&self, bug: &Bug) -> Vec<Sighting<'_>> {
        let releases = bug.releases();
        let shows =
            |one: &Sighting<'_>| releases.contains(&one.seen.release) && one.is_because_of(bug);
        let mut best: BTreeMap<&str, Sighting<'_>> = BTreeMap::new();
        for one in self.sightings().filter(shows) {
            let place = best.entry(&one.seen.release).or_insert(one);
            if one.worth() > place.worth() {
                *place = one;
            }
        }
        best.into_values().collect()
    }

    /// What was seen on one of these releases.
    pub(super) fn of_releases(&self, releases: &[String]) -> Vec<Sighting<'_>> {
        self.sightings().filter(|one| releases.contains(&one.seen.release)).collect()
    }

    fn sightings(&self) -> impl Iterator<Item = Sighting<'_>> {
        self.0.iter().flat_map(|(path, case)| {
            let seen = case.confirmed.iter().filter(|seen| seen.runs > 0);
            seen.map(move |seen| Sighting { path, case, seen })
        })
    }
}

impl<'a> Sighting<'a> {
    /// Whether its case shows this bug: that of a single defect its own, any other what goes away when it is
    /// repaired. One switch may stand for two bugs.
    fn is_because_of(&self, bug: &Bug) -> bool {
        let named = self.case.named();
        match named.kind {
            Kind::Defect => named.name == bug.name,
            Kind::Reference | Kind::Proposal | Kind::Release => {
                exposes(&mut Oracle::default(), &self.case.schedule, named.releases(), bug)
            }
        }
    }

    fn worth(&self) -> (std::cmp::Reverse<usize>, u32) {
        (std::cmp::Reverse(self.case.defects.len()), self.seen.runs)
    }

    /// The release on which it was seen.
    pub(super) fn release(&self) -> &'a str {
        &self.seen.release
    }

    /// Where, how often, when.
    pub(super) fn sentence(&self) -> String {
        let Confirmed { release, runs, of, date, .. } = self.seen;
        let path = self.path.display();
        format!("seen on ZooKeeper {release}, {runs} of {of} runs ({date}): {path}")
    }

    pub(super) fn as_json(&self) -> Value {
        let mut seen = json!(self.seen);
        seen["case"] = self.path.display().to_string().into();
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zab_core::variant::bugs;

    fn stored(confirmed: &[(&str, &str, u32)]) -> Stored {
        let text = include_str!("../../../cases/O2/unflushed-start.json");
        let case = crate::case::parse(text).expect("a stored case");
        let with = |(name, release, runs): &(&str, &str, u32)| {
            let seen = Confirmed {
                release: (*release).to_owned(),
                runs: *runs,
                of: 10,
                date: "2026-11-30".to_owned(),
                build: "zab 0.0.0".to_owned(),
            };
            (PathBuf::from(name), Case { confirmed: vec![seen], ..case.clone() })
        };
        Stored(confirmed.iter().map(with).collect())
    }

    fn seen(stored: &Stored, bug: &str) -> Vec<String> {
        let bug = bugs().find(|one| one.name == bug).expect("a known bug");
        stored.of_bug(bug).iter().map(Sighting::sentence).collect()
    }

    #[test]
    fn a_bug_was_seen_where_its_case_was_confirmed_most_often() {
        let all = stored(&[
            ("often.json", "3.8.0", 10),
            ("seldom.json", "3.8.0", 9),
            ("refuted.json", "3.9.5", 0),
            ("elsewhere.json", "3.9.3", 1),
        ]);
        let wanted = ["3.8.0, 10 of 10 runs", "3.9.3, 1 of 10 runs"];
        let told = seen(&all, "unflushed-start");
        assert_eq!(told.len(), 2, "{told:?}");
        for (sentence, what) in told.iter().zip(wanted) {
            assert!(sentence.starts_with(&format!("seen on ZooKeeper {what}")), "{sentence}");
        }
        assert!(told[0].ends_with(": often.json"), "{told:?}");
        assert!(seen(&all, "stale-ack").is_empty(), "that is another bug");
        assert_eq!(all.of_releases(&["3.8.0".to_owned()]).len(), 2);
        assert!(all.of_releases(&["3.9.5".to_owned()]).is_empty(), "it was refuted there");
    }

    #[test]
    fn a_release_that_never_had_a_bug_does_not_show_it() {
        let told = |release| seen(&stored(&[("a.json", release, 1)]), "unflushed-start").len();
        assert_eq!((told("3.8.0"), told("2.0.0")), (1, 0));
    }
}
