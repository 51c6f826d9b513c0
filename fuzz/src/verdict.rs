//! The verdict on a variant: which of the known bugs it is exposed to.
//!
//! A cell, one variant and one bug, is decided by executions and never by reading a switch. A variant
//! is exposed to a bug by a schedule that breaks a rule in it and breaks none with that one bug
//! repaired. To change a defect changes the course of an execution as well, and a schedule that
//! needs luck may miss for that alone: so its neighbors, in which everything happens a little earlier
//! or later, have to show the difference too (`neighbors`).
//!
//! Where no stored case decides a cell, a search may. What it comes to is remembered for the next run
//! ([`state`]).

mod against;
pub mod explored;
pub mod medians;
mod neighbors;
pub mod state;

pub use against::{Change, Changes, changes};
pub use state::State;

use crate::case::{Case, Confirmed};
use crate::oracle::{Oracle, Outcome};
use crate::situations::Census;
use explored::Explored;
use neighbors::Around;
use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use zab_checker::{Class, Verdict};
use zab_core::variant::{Bug, Harm, Named, Releases, modeled};
use zab_sim::Schedule;

/// After how many times the executions that it takes to find a bug by itself, in the median, a search
/// that does not find it says that it is not there.
const CLEAN_AFTER: u64 = 20;

/// How many stored cases are held against their neighbors before a cell is left open.
const TRIED_MAX: usize = 12;

/// A variant in the matrix.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What it was called by whoever asked.
    pub asked: String,
    /// The variant.
    pub named: Named,
}

/// Everything that is known of a variant.
#[derive(Clone, Debug)]
pub struct Row {
    /// Which.
    pub subject: Subject,
    /// A cell for each bug that the model has, in the order of the catalogue.
    pub cells: Vec<(&'static Bug, Cell)>,
    /// What explorations came to, if they were asked for.
    pub explored: Vec<Explored>,
}

/// What is known of one bug in one variant.
#[derive(Clone, Debug)]
pub enum Cell {
    /// The variant has nothing of the bug: to repair it changes nothing.
    Absent,
    /// A case shows it.
    Exposed(Exposure),
    /// Nothing has shown it.
    NotShown(Box<Effort>),
}

/// A case that shows a bug.
#[derive(Clone, Debug)]
pub struct Exposure {
    /// Where the case lies.
    pub case: PathBuf,
    /// Which rule it breaks.
    pub class: Class,
    /// How many actions it takes.
    pub actions: usize,
    /// The real servers on which it was confirmed.
    pub confirmed: Vec<Confirmed>,
}

/// What was done to show a bug that did not show.
#[derive(Clone, Debug, Default)]
pub struct Effort {
    /// Campaigns so far, the number of which is the seed of the next one.
    pub campaigns: u64,
    /// Executions so far.
    pub executions: u64,
    /// How many of them came to each delicate situation.
    pub census: Census,
    /// How many it takes to find the bug by itself, in the median, if that is known.
    pub median: Option<u64>,
}

impl Effort {
    /// Whether the search was long enough to say that the variant is clean of the bug.
    pub fn is_clean(&self) -> bool {
        self.median.is_some_and(|median| self.executions >= CLEAN_AFTER * median)
    }
}

impl Row {
    /// The variant with what the stored cases say of it. Tells each bug when it is decided.
    pub fn of(
        subject: &Subject,
        cases: &[(PathBuf, Case)],
        state: &State,
        decided: &dyn Fn(&Bug),
    ) -> Self {
        let mut judge = Judge::new(subject.named.releases(), cases);
        let cell = |bug| {
            let cell = judge.cell(bug, state.effort(&subject.named.name, bug));
            decided(bug);
            (bug, cell)
        };
        Self {
            subject: subject.clone(),
            cells: modeled().map(cell).collect(),
            explored: Vec::new(),
        }
    }

    /// The cell of this bug.
    pub fn cell(&self, bug: &Bug) -> Option<&Cell> {
        self.cells.iter().find(|(known, _)| known.name == bug.name).map(|(_, cell)| cell)
    }
}

/// The class by which an execution shows a bug, if it may show it.
fn shown_by(bug: &Bug, outcome: &Outcome) -> Option<Class> {
    match bug.harm {
        Harm::Assertion(name) | Harm::Session(name) => {
            outcome.classes().into_iter().find(|c| c.name() == name)
        }
        _ => outcome.class().filter(|class| is_visible(*class)),
    }
}

/// Whether a client can see it, or who runs the servers.
fn is_visible(class: Class) -> bool {
    class.name().starts_with('O')
        || class.is_about_locks()
        || matches!(class, Class::I1 | Class::D5)
}

/// Whether nothing of the bug is in the execution.
fn is_spared(bug: &Bug, outcome: &Outcome) -> bool {
    !matches!(outcome.verdict, Verdict::Unknown(_)) && shown_by(bug, outcome).is_none()
}

/// Whether the schedule exposes the variant to the bug.
pub fn exposes(oracle: &mut Oracle, schedule: &Schedule, releases: Releases, bug: &Bug) -> bool {
    let repaired = releases.without(bug);
    shown_by(bug, &oracle.judge(schedule, releases)).is_some()
        && is_spared(bug, &oracle.judge(schedule, repaired))
        && Around::of(oracle, schedule, releases).differs(oracle, schedule, repaired, bug)
}

/// One variant, and how each stored case goes in it.
struct Judge<'a> {
    releases: Releases,
    oracle: Oracle,
    cases: Vec<Tried<'a>>,
}

/// A stored case, and how it goes in the variant.
struct Tried<'a> {
    path: &'a Path,
    case: &'a Case,
    /// It was found in the variant that is judged.
    is_of_variant: bool,
    outcome: Outcome,
    /// How its neighbors go, once that was asked for.
    around: OnceCell<Around>,
}

impl<'a> Judge<'a> {
    fn new(releases: Releases, cases: &'a [(PathBuf, Case)]) -> Self {
        let mut oracle = Oracle::default();
        let tried = |(path, case): &'a (PathBuf, Case)| {
            let is_of_variant = case.named().releases() == releases;
            let outcome = oracle.judge(&case.schedule, releases);
            Tried { path, case, is_of_variant, outcome, around: OnceCell::new() }
        };
        let cases = cases.iter().map(tried).collect();
        Self { releases, oracle, cases }
    }

    fn cell(&mut self, bug: &Bug, effort: Effort) -> Cell {
        let Self { releases, oracle, cases } = self;
        let repaired = releases.without(bug);
        if repaired == *releases {
            return Cell::Absent;
        }
        let mut candidates: Vec<(Class, &Tried<'_>)> = cases
            .iter()
            .filter_map(|tried| Some((shown_by(bug, &tried.outcome)?, tried)))
            .collect();
        // The clearest one is to decide: the one that was made for it, else the gravest, the shortest.
        candidates.sort_by_key(|(class, Tried { path, case, is_of_variant, .. })| {
            let is_its_own = *is_of_variant || case.variant == bug.name;
            (!is_its_own, *class, case.schedule.actions.len(), *path)
        });
        let mut tried = 0;
        for (class, Tried { path, case, around, .. }) in candidates {
            let schedule = &case.schedule;
            if !is_spared(bug, &oracle.judge(schedule, repaired)) {
                continue;
            }
            let around = around.get_or_init(|| Around::of(oracle, schedule, *releases));
            if around.differs(oracle, schedule, repaired, bug) {
                return Cell::Exposed(Exposure::of(path, case, class));
            }
            tried += 1;
            if tried == TRIED_MAX {
                break;
            }
        }
        Cell::NotShown(Box::new(effort))
    }
}

impl Exposure {
    /// By this case, which breaks this class.
    pub fn of(path: &Path, case: &Case, class: Class) -> Self {
        Self {
            case: path.to_path_buf(),
            class,
            actions: case.schedule.actions.len(),
            confirmed: case.confirmed.iter().filter(|seen| seen.runs > 0).cloned().collect(),
        }
    }
}
