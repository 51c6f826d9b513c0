//! `zab verdict --measure`: how long it takes to find what each release and each bug is known for.

use super::super::minimize::case_of;
use super::super::output::Out;
use super::super::parallel::in_parallel;
use super::super::progress::Meter;
use super::super::{Exit, Failure};
use crate::clock::Stopwatch;
use crate::files::write_whole;
use crate::oracle::Oracle;
use crate::search::{self, Campaign, Limit, Wanted};
use crate::verdict::medians::{Found, Measured, Medians};
use std::fs;
use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use zab_core::variant::{Bug, CATALOGUE, Entry, Kind, Model, Named, find, modeled};
use zab_sim::schedule::Directories;

/// Searches for each.
const SEARCHES: u64 = 20;

/// Executions of each search.
const RUNS: u64 = 40_000;

/// Measures every release and bug that the file says nothing of. It is written after each, so that nothing
/// is lost of what takes half an hour.
pub(super) fn measure(path: &Path, jobs: usize, out: &Out) -> Result<Exit, Failure> {
    let all = Mutex::new(read(path)?);
    let mut subjects = subjects();
    subjects.retain(|subject| !known(&all).contains_key(&subject.name));
    let (meter, done) = (Meter::new(out, Limit::Runs(subjects.len() as u64)), AtomicU64::new(0));
    let results = in_parallel(jobs, &subjects, |subject| {
        let measured = subject.measure()?;
        meter.aside(|| out.remark(format!("{}: {}", subject.name, told(measured.as_ref()))));
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        meter.count(done, || format!("{done} of {} measured", subjects.len()));
        let mut all = known(&all);
        all.extend(measured.map(|measured| (subject.name.clone(), measured)));
        write(path, &all)
    });
    meter.finish();
    results.into_iter().collect::<Result<(), Failure>>()?;
    out.good(format!("{} measured: {}", known(&all).len(), path.display()));
    Ok(Exit::Clean)
}

fn known(all: &Mutex<Medians>) -> MutexGuard<'_, Medians> {
    all.lock().expect("nothing panics while it holds the lock")
}

/// What the file holds; nothing if there is none.
fn read(path: &Path) -> Result<Medians, Failure> {
    let at = |what: String| Failure::usage(format!("{}: {what}", path.display()));
    match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Medians::new()),
        Err(error) => Err(at(error.to_string())),
        Ok(text) => serde_json::from_str(&text)
            .map_err(|error| at(format!("{error}: remove it, and everything is measured again"))),
    }
}

fn write(path: &Path, all: &Medians) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(all).expect("keys are strings");
    write_whole(path, text + "\n")
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

fn told(measured: Option<&Measured>) -> String {
    match measured {
        Some(Measured { found, searches, least, most, .. }) => {
            format!("{found} of {searches} searches, after {least} to {most} executions")
        }
        None => "not found".to_owned(),
    }
}

/// What is searched for.
struct Subject {
    name: String,
    named: Named,
    directories: Directories,
}

fn subjects() -> Vec<Subject> {
    let releases = CATALOGUE.iter().filter(|entry| entry.kind == Kind::Release);
    let release = |entry: &'static Entry| Subject {
        name: entry.name.to_owned(),
        named: Named::from(entry),
        directories: Directories::Lenient,
    };
    let shows_itself = |bug: &&Bug| matches!(bug.model, Model::Switches { .. });
    let bug = |bug: &Bug| {
        let needs = bug.needs_strict_directories();
        let directories = if needs { Directories::Strict } else { Directories::Lenient };
        let named = find(bug.name).expect("what shows a bug by itself goes by its name");
        Subject { name: bug.name.to_owned(), named, directories }
    };
    releases.map(release).chain(modeled().filter(shows_itself).map(bug)).collect()
}

impl Subject {
    /// Searches until all have run, or half have found nothing: then there is no median.
    fn measure(&self) -> Result<Option<Measured>, Failure> {
        let (mut found, mut searches) = (Vec::new(), 0);
        while searches < SEARCHES && searches - found.len() as u64 <= SEARCHES / 2 {
            searches += 1;
            found.extend(self.search(searches)?);
        }
        Ok(Measured::of(searches, &found))
    }

    fn search(&self, seed: u64) -> Result<Option<Found>, Failure> {
        let stopwatch = Stopwatch::start();
        let campaign = Campaign {
            wanted: Wanted::of(&self.named),
            directories: self.directories,
            ..Campaign::new(&self.named, seed, Limit::Runs(RUNS))
        };
        let report = search::run(&campaign, &|_| ControlFlow::Continue(()));
        if let Some((_, message)) = report.panic {
            return Err(Failure::harness(format!("{}: {message}", self.name)));
        }
        let Some((finding, rank)) = report.first() else { return Ok(None) };
        let mut oracle = Oracle::new(campaign.driver);
        let case = case_of(&mut oracle, &mut [], &self.named, &campaign, (finding, rank))?;
        Ok(Some(Found {
            executions: finding.execution,
            ms: stopwatch.elapsed().as_millis() as u64,
            actions: case.schedule.actions.len(),
            class: rank.class().name().to_owned(),
        }))
    }
}
