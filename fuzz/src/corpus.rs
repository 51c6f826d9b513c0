//! Schedules in files: as cases, as JSON, as the bytes of a fuzzer's corpus.

use crate::case::{self, Case, Judges};
use crate::coverage::{Coverage, Feature};
use crate::oracle::Oracle;
use crate::situations::Situation;
use clap::ValueEnum;
use rustc_hash::FxHashSet;
use std::fs;
use std::path::{Path, PathBuf};
use thiserror::Error;
use zab_checker::Class;
use zab_core::variant::Releases;
use zab_sim::Schedule;

/// Why a file gives no schedule.
#[derive(Debug, Error)]
pub enum ReadError {
    /// It could not be read.
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// It is called JSON, and is neither a case nor a schedule.
    #[error("neither a case ({case}) nor a schedule ({schedule})")]
    Json {
        /// Why it is no case.
        case: String,
        /// Why it is no schedule.
        schedule: String,
    },
}

/// The schedule in a file: of a case or of a schedule if its name ends in `.json`, else of any bytes,
/// as a fuzzer keeps them.
///
/// # Errors
///
/// If it cannot be read, or is JSON of another kind.
pub fn read(path: &Path) -> Result<Schedule, ReadError> {
    let bytes = fs::read(path)?;
    if path.extension().is_none_or(|extension| extension != "json") {
        return Ok(Schedule::from_bytes(&bytes));
    }
    let text = String::from_utf8_lossy(&bytes);
    case::parse(&text).map(|case| case.schedule).or_else(|case| {
        Schedule::from_json(&text).map_err(|schedule| ReadError::Json {
            case: case.to_string(),
            schedule: schedule.to_string(),
        })
    })
}

/// Every file among these paths and below them, in the order of their names; hidden ones are left
/// out.
///
/// # Errors
///
/// If a path is not there, or a folder cannot be listed.
pub fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, (PathBuf, std::io::Error)> {
    let mut found = Vec::new();
    for path in paths {
        let at = |error| (path.clone(), error);
        if !fs::metadata(path).map_err(at)?.is_dir() {
            found.push(path.clone());
            continue;
        }
        let mut inside = Vec::new();
        for entry in fs::read_dir(path).map_err(at)? {
            inside.push(entry.map_err(at)?.path());
        }
        inside.sort();
        inside.retain(|path| {
            path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.'))
        });
        found.extend(files(&inside)?);
    }
    Ok(found)
}

/// The name of a schedule's file, without its extension: equal schedules, equal names.
pub fn name(schedule: &Schedule) -> String {
    format!("{:08x}", crc32fast::hash(&schedule.to_bytes()))
}

/// What makes one schedule worth keeping beside others.
#[derive(Copy, Clone, Debug, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// States of the ensemble that only it reaches.
    States,
    /// Delicate situations that only it gets into.
    Situations,
}

/// Of many schedules few that reach the same, the short ones first; and how much that is.
pub fn merge(
    oracle: &mut Oracle,
    releases: Releases,
    mut schedules: Vec<Schedule>,
    by: By,
) -> (Vec<Schedule>, usize) {
    schedules.sort_by_cached_key(|schedule| (schedule.actions.len(), schedule.to_bytes()));
    let mut coverage = Coverage::default();
    let mut seen = FxHashSet::default();
    schedules.retain(|schedule| {
        oracle.cover(schedule, releases, &mut coverage);
        let before = seen.len();
        seen.extend(reached(&coverage, by));
        seen.len() > before
    });
    (schedules, seen.len())
}

fn reached(coverage: &Coverage, by: By) -> Vec<Feature> {
    match by {
        By::States => {
            let states = coverage.features().iter().copied();
            states.filter(|feature| Coverage::is_state(*feature)).collect()
        }
        By::Situations => {
            let number = |situation: Situation| situation as Feature;
            coverage.situations().iter().map(number).collect()
        }
    }
}

/// Whether a stored case is what it says: it lies in the folder of its class under the name that its
/// contents give it, breaks that class in its variant and no rule in the reference, in every driver.
///
/// # Errors
///
/// The first thing that is wrong with it.
pub fn examine(path: &Path, judges: &mut Judges) -> Result<(), String> {
    let case = case::read(path).map_err(|error| error.to_string())?;
    let folder = case.expected.class().map_or("valid", Class::name);
    let lies_in = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy());
    if lies_in.as_deref() != Some(folder) {
        return Err(format!("belongs into a folder `{folder}`: cases lie by class"));
    }
    // Those that are valid bear the name of what was once wrong with them.
    if folder != "valid" && !is_named_after(path, &case) {
        return Err(format!("is called {}.json by its contents", case.name()));
    }
    judges.check(&case).map_err(|broken| broken.to_string())
}

/// Whether the file bears the case's name, perhaps followed by a number.
fn is_named_after(path: &Path, case: &Case) -> bool {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
    let number = stem.strip_prefix(&case.name()).map(|rest| rest.strip_prefix('-').unwrap_or(rest));
    number.is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate;
    use crate::rng::Rng;
    use zab_core::Variant;

    #[test]
    fn a_merge_keeps_what_was_reached() {
        let mut rng = Rng::new(9);
        let schedules: Vec<_> = (0..60).map(|_| generate::schedule(&mut rng, 3)).collect();
        let mut oracle = Oracle::default();
        let mut all_reached = |schedules: &[Schedule], by| {
            let mut coverage = Coverage::default();
            let mut seen = FxHashSet::default();
            for schedule in schedules {
                oracle.cover(schedule, Variant::REFERENCE, &mut coverage);
                seen.extend(reached(&coverage, by));
            }
            seen
        };
        for (by, most) in [(By::Situations, 20), (By::States, 60)] {
            let (few, count) =
                merge(&mut Oracle::default(), Variant::REFERENCE.into(), schedules.clone(), by);
            assert_eq!(count, all_reached(&schedules, by).len());
            assert!(!few.is_empty() && few.len() <= most, "{}", few.len());
            assert_eq!(all_reached(&few, by), all_reached(&schedules, by));
        }
    }

    #[test]
    fn any_bytes_are_a_schedule_and_json_has_to_be_one() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str, contents: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, contents).expect("it can be written");
            path
        };
        let schedule = generate::schedule(&mut Rng::new(3), 3);
        let bytes = path("bytes", &schedule.to_bytes());
        assert_eq!(read(&bytes).expect("any bytes are one"), schedule);
        let json = path("schedule.json", schedule.to_json().as_bytes());
        assert_eq!(read(&json).expect("it is one"), schedule);
        let error = read(&path("other.json", b"{}")).expect_err("it is none").to_string();
        assert!(error.contains("neither a case"), "{error}");
        path(".hidden", b"");
        let found = files(&[folder.path().to_path_buf()]).expect("they are there");
        assert_eq!(found.len(), 3);
    }
}
