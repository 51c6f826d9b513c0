//! A search that can be resumed: laps of executions, one seed each, and one line of a file for each.
//!
//! The first line says which build searches for what: figures of two builds are never added up. A lap
//! that found something, or did not end, has no line; whoever resumes runs it again.

use super::Report;
use crate::files::build;
use crate::situations::Census;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;
use zab_checker::Class;

/// Which build searches for what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The program: a sum over its executable.
    pub build: String,
    /// The search, without its seed.
    pub search: String,
    /// Executions of a lap.
    pub lap: u64,
}

impl Head {
    /// A search by the program that runs.
    pub fn new(search: String, lap: u64) -> io::Result<Self> {
        Ok(Self { build: build()?, search, lap })
    }
}

/// What came of one lap that found nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Lap {
    seed: u64,
    executions: u64,
    undecided: u64,
    excused: u64,
    states: usize,
    seconds: f64,
    sizes: BTreeMap<u8, u64>,
    unwanted: BTreeMap<String, u64>,
    situations: BTreeMap<String, u64>,
}

/// The laps that were run, and the file that keeps them.
#[derive(Debug)]
pub struct Ledger {
    file: File,
    laps: Vec<Lap>,
}

impl Ledger {
    /// Opens a file, or begins it. A last line that was not written to its end does not count.
    pub fn open(path: &Path, head: &Head) -> io::Result<Self> {
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).truncate(false).open(path)?;
        let text = io::read_to_string(&file)?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        file.set_len(whole as u64)?;
        let mut lines = text[..whole].lines();
        match lines.next() {
            None => append(&mut file, head)?,
            Some(line) => check(&read::<Head>(line, 1)?, head)?,
        }
        let laps = lines.zip(2..).map(|(line, number)| read(line, number));
        Ok(Self { laps: laps.collect::<io::Result<_>>()?, file })
    }

    /// The seed of the next lap, if the first one has this.
    pub fn next_seed(&self, first: u64) -> u64 {
        self.laps.iter().map(|lap| lap.seed + 1).max().unwrap_or(first).max(first)
    }

    /// How many laps there are.
    pub const fn laps(&self) -> usize {
        self.laps.len()
    }

    /// Keeps a lap that found nothing.
    pub fn note(&mut self, seed: u64, report: &Report) -> io::Result<()> {
        let lap = Lap::of(seed, report);
        append(&mut self.file, &lap)?;
        self.laps.push(lap);
        Ok(())
    }

    /// All laps together.
    pub fn total(&self) -> Report {
        let mut total = Report::default();
        self.laps.iter().for_each(|lap| total.add(lap.report()));
        total
    }
}

impl Lap {
    fn of(seed: u64, report: &Report) -> Self {
        let unwanted = report.unwanted.iter();
        Self {
            seed,
            executions: report.executions,
            undecided: report.unknown,
            excused: report.excused,
            states: report.states,
            seconds: report.elapsed.as_secs_f64(),
            sizes: report.sizes.clone(),
            unwanted: unwanted.map(|(class, count)| (class.name().to_owned(), *count)).collect(),
            situations: report.census.by_name(),
        }
    }

    fn report(&self) -> Report {
        let unwanted =
            self.unwanted.iter().filter_map(|(name, count)| Some((Class::parse(name)?, *count)));
        Report {
            executions: self.executions,
            unknown: self.undecided,
            excused: self.excused,
            states: self.states,
            elapsed: Duration::from_secs_f64(self.seconds),
            sizes: self.sizes.clone(),
            unwanted: unwanted.collect(),
            census: Census::named(&self.situations),
            ..Report::default()
        }
    }
}

fn append(file: &mut File, line: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    file.write_all(&text)?;
    file.sync_data()
}

fn read<T: for<'de> Deserialize<'de>>(line: &str, number: usize) -> io::Result<T> {
    serde_json::from_str(line).map_err(|error| {
        io::Error::new(io::ErrorKind::InvalidData, format!("line {number} is no lap: {error}"))
    })
}

/// Whether the file is of this build and search.
fn check(found: &Head, head: &Head) -> io::Result<()> {
    let differs = match found {
        _ if found.build != head.build => "another build of zab",
        _ if found.search != head.search || found.lap != head.lap => "another search",
        _ => return Ok(()),
    };
    let what = format!("it belongs to {differs} ({}): choose another file", found.search);
    Err(io::Error::new(io::ErrorKind::InvalidInput, what))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::situations::Situation;

    fn head(search: &str) -> Head {
        Head { build: "b".to_owned(), search: search.to_owned(), lap: 7 }
    }

    fn report(executions: u64) -> Report {
        Report {
            executions,
            excused: 1,
            states: 40,
            sizes: [(3, executions)].into(),
            unwanted: [(Class::O5, 2)].into(),
            census: Census::of_counts(|situation| situation as u64),
            ..Report::default()
        }
    }

    #[test]
    fn who_resumes_goes_on_with_the_next_seed_and_adds_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("laps");
        let mut ledger = Ledger::open(&path, &head("a")).expect("a new file");
        assert_eq!((ledger.next_seed(4), ledger.total().executions), (4, 0));
        ledger.note(4, &report(7)).expect("a lap");
        ledger.note(5, &report(7)).expect("a lap");
        let text = std::fs::read_to_string(&path).expect("the file");
        // The machine went down while it wrote the third.
        std::fs::write(&path, format!("{text}{{\"seed\":6,")).expect("the file");

        let mut ledger = Ledger::open(&path, &head("a")).expect("the same file");
        let total = ledger.total();
        assert_eq!((ledger.laps(), ledger.next_seed(4)), (2, 6));
        assert_eq!((total.executions, total.excused, total.states), (14, 2, 40));
        assert_eq!((total.sizes[&3], total.unwanted[&Class::O5]), (14, 4));
        assert!(Situation::ALL.iter().all(|it| total.census.of(*it) == 2 * *it as u64));
        ledger.note(6, &report(7)).expect("a lap");
        assert_eq!(Ledger::open(&path, &head("a")).expect("the same file").laps(), 3);
    }

    #[test]
    fn figures_of_two_builds_or_searches_are_not_added_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("laps");
        Ledger::open(&path, &head("a")).expect("a new file");
        let other_build = Head { build: "c".to_owned(), ..head("a") };
        for (head, differs) in [(head("b"), "another search"), (other_build, "another build")] {
            let error = Ledger::open(&path, &head).expect_err("it is of another").to_string();
            assert!(error.contains(differs), "{error}");
        }
        std::fs::write(&path, "x\n").expect("the file");
        let error = Ledger::open(&path, &head("a")).expect_err("it is none").to_string();
        assert!(error.starts_with("line 1 is no lap"), "{error}");
    }
}
