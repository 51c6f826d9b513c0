//! A hunt that can be resumed: lap after lap, each with the next seed, until the budget is spent.

use super::{Failure, Watcher, unreadable};
use crate::clock::Stopwatch;
use crate::search::{self, Campaign, Finding, Head, Ledger, Limit, Progress, Report, Watch};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Watches one lap, and knows what the laps before it came to.
struct Lap<'a> {
    watcher: &'a Watcher<'a>,
    executions: u64,
    elapsed: Duration,
}

impl Watch for Lap<'_> {
    fn look(&self, progress: Progress) -> ControlFlow<()> {
        self.watcher.look(Progress {
            executions: self.executions + progress.executions,
            elapsed: self.elapsed + progress.elapsed,
            ..progress
        })
    }

    fn found(&self, campaign: &Campaign, finding: &Finding) {
        self.watcher.found(campaign, finding);
    }
}

/// Runs laps of this many executions until the limit of the campaign is reached: of time in this
/// process, of executions in all. What comes back is all laps together, and the lap that ended it.
pub(super) fn run(
    campaign: &Campaign,
    (file, lap): (&Path, u64),
    name: impl Fn(&Campaign) -> String,
    watcher: &Watcher<'_>,
) -> Result<(Report, Campaign), Failure> {
    let refused = |error: std::io::Error| Failure::usage(format!("{}: {error}", file.display()));
    let of_lap = |seed| Campaign { seed, limit: Limit::Runs(lap), ..campaign.clone() };
    let head = Head::new(name(&of_lap(0)), lap).map_err(Failure::harness)?;
    let mut ledger = Ledger::open(file, &head).map_err(refused)?;
    let stopwatch = Stopwatch::start();
    let mut folder = campaign.folder.clone();
    loop {
        let mut total = ledger.total();
        let seed = ledger.next_seed(campaign.seed);
        let current = Campaign { folder: folder.clone(), ..of_lap(seed) };
        let is_over = match campaign.limit {
            Limit::Time(time) => stopwatch.elapsed() >= time,
            Limit::Runs(runs) => total.executions >= runs,
        };
        if is_over {
            return Ok((total, current));
        }
        let (executions, elapsed) = (total.executions, total.elapsed);
        let lap = Lap { watcher, executions, elapsed };
        let report = search::run_watched(&current, &lap);
        if report.interrupted {
            total.interrupted = true;
            return Ok((total, current));
        }
        if !report.findings.is_empty() || report.panic.is_some() {
            total.add(report);
            return Ok((total, current));
        }
        ledger.note(current.seed, &report).map_err(refused)?;
        // What others have left since.
        folder =
            folder.map(|folder| folder.again().map(Arc::new).map_err(unreadable)).transpose()?;
    }
}
