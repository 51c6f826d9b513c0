//! Searches for what no stored case shows.
//!
//! Each open cell gets campaign after campaign, in rounds, so that none waits for another. A campaign
//! is the hunt of that variant for violations that go away with the bug repaired; its number is its
//! seed. What it finds is minimized such that it still exposes the variant, and kept as a case.

use super::super::minimize::case_of;
use super::super::output::Out;
use super::super::parallel::in_parallel;
use super::super::{Failure, write_case};
use crate::case::Case;
use crate::causes::Cause;
use crate::clock::Stopwatch;
use crate::oracle::Oracle;
use crate::search::{self, Campaign, Limit, Report, Wanted};
use crate::verdict::{Cell, Effort, Exposure, Row, State, exposes};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;
use zab_core::variant::{Bug, Named};
use zab_sim::schedule::Directories;

/// How much may be searched.
#[derive(Copy, Clone, Debug)]
pub(super) enum Budget {
    /// This many executions for each cell.
    Runs(u64),
    /// This long for all cells together.
    Time(Duration),
}

/// How open cells are searched.
pub(super) struct Search<'a> {
    pub(super) budget: Budget,
    pub(super) jobs: usize,
    /// What a flush of a file does for its name.
    pub(super) directories: Directories,
    /// Where what is found is kept.
    pub(super) folder: &'a Path,
}

/// The executions of one campaign.
const CAMPAIGN: u64 = 10_000;

/// An open cell.
struct Task {
    /// Its row, and its place in it.
    row: usize,
    cell: usize,
    named: Named,
    bug: &'static Bug,
    effort: Effort,
    runs: u64,
}

/// What a campaign came to.
struct Done {
    report: Report,
    case: Option<Case>,
}

/// Searches until the budget is spent or every cell is decided.
pub(super) fn deepen(
    rows: &mut [Row],
    state: &mut State,
    search: &Search<'_>,
    out: &Out,
) -> Result<(), Failure> {
    let Search { budget, jobs, directories, folder } = *search;
    let stopwatch = Stopwatch::start();
    let is_over = || matches!(budget, Budget::Time(time) if stopwatch.elapsed() >= time);
    // A campaign that finds what does not expose the variant ends early, and another one follows.
    let mut spent: BTreeMap<(usize, usize), u64> = BTreeMap::new();
    while !is_over() {
        let mut tasks = open(rows, directories);
        for task in &mut tasks {
            if let Budget::Runs(runs) = budget {
                let spent = spent.get(&(task.row, task.cell)).copied().unwrap_or(0);
                task.runs = CAMPAIGN.min(runs.saturating_sub(spent));
            }
        }
        tasks.retain(|task| task.runs > 0);
        if tasks.is_empty() {
            break;
        }
        let watch = || if is_over() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        let done = in_parallel(jobs, &tasks, |task| task.carry_out(directories, &watch));
        for (task, done) in tasks.into_iter().zip(done) {
            let done = done?;
            *spent.entry((task.row, task.cell)).or_default() += done.report.executions.max(1);
            let cell = settle(&task, done, state, folder, out)?;
            rows[task.row].cells[task.cell].1 = cell;
        }
        state.write(folder).map_err(|error| {
            Failure::usage(format!("{}: cannot write there: {error}", folder.display()))
        })?;
    }
    Ok(())
}

/// Every cell that is not decided, and can be in these directories.
fn open(rows: &[Row], directories: Directories) -> Vec<Task> {
    let mut tasks = Vec::new();
    for (row, Row { subject, cells, .. }) in rows.iter().enumerate() {
        for (cell, (bug, known)) in cells.iter().enumerate() {
            if let Cell::NotShown(effort) = known
                && !effort.is_clean()
                && !(bug.needs_strict_directories() && directories.are_lenient())
            {
                let (named, effort) = (subject.named.clone(), (**effort).clone());
                tasks.push(Task { row, cell, named, bug, effort, runs: CAMPAIGN });
            }
        }
    }
    tasks
}

/// Remembers what a campaign did, and keeps what it found.
fn settle(
    task: &Task,
    done: Done,
    state: &mut State,
    folder: &Path,
    out: &Out,
) -> Result<Cell, Failure> {
    let Task { named, bug, effort, .. } = task;
    let mut effort = effort.clone();
    effort.campaigns += 1;
    effort.executions += done.report.executions;
    effort.census.add(&done.report.census);
    state.remember(&named.name, bug, &effort);
    let found = done.case.and_then(|case| Some((case.expected.class()?, case)));
    let Some((class, case)) = found else {
        return Ok(Cell::NotShown(Box::new(effort)));
    };
    let path = write_case(&case, folder)?;
    out.remark(format!("found: {} in {}: {class}, {}", bug.name, named.name, path.display()));
    Ok(Cell::Exposed(Exposure::of(&path, &case, class)))
}

impl Task {
    fn carry_out(
        &self,
        directories: Directories,
        watch: &(dyn Fn() -> ControlFlow<()> + Sync),
    ) -> Result<Done, Failure> {
        let Self { named, bug, effort, runs, .. } = self;
        if watch().is_break() {
            let report = Report::default();
            return Ok(Done { report, case: None });
        }
        let campaign = Campaign {
            wanted: Wanted::of_bug(bug),
            cause: Some(Cause::Bug(bug)),
            directories,
            workload: search::workload_for(bug),
            ..Campaign::new(named, effort.campaigns, Limit::Runs(*runs))
        };
        let report = search::run(&campaign, &|_| watch());
        if let Some((_, message)) = &report.panic {
            let what = format!("{} for {}: {message}", named.name, bug.name);
            return Err(Failure::harness(what.replace('\n', " ")));
        }
        let case = self.case(&campaign, &report)?;
        Ok(Done { report, case })
    }

    /// The minimized case of what a campaign found, if it exposes the variant.
    fn case(&self, campaign: &Campaign, report: &Report) -> Result<Option<Case>, Failure> {
        let Self { named, bug, .. } = self;
        let mut oracle = Oracle::new(campaign.driver);
        let Some((finding, rank)) = report.first() else { return Ok(None) };
        if !exposes(&mut oracle, &finding.schedule, named.releases(), bug) {
            return Ok(None);
        }
        case_of(&mut oracle, &mut [], named, campaign, (finding, rank)).map(Some)
    }
}
