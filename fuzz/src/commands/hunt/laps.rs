//! A hunt that can be resumed: lap after lap, each with the next seed, until the budget is spent.

use super::{Failure, Watcher};
use crate::clock::Stopwatch;
use crate::search::{self, Campaign, Head, Ledger, Limit, Progress, Report};
use std::path::Path;

/// Runs laps of this many executions until the limit of the campaign is reached: of time in this
/// process, of executions in all. What comes back is all laps together, and the lap that ended it.
pub(super) fn run(
    campaign: &Campaign,
    (file, lap): (&Path, u64),
    name: impl Fn(&Campaign) -> String,
    watcher: &Watcher,
) -> Result<(Report, Campaign), Failure> {
    let refused = |error: std::io::Error| Failure::usage(format!("{}: {error}", file.display()));
    let of_lap = |seed| Campaign { seed, limit: Limit::Runs(lap), ..campaign.clone() };
    let head = Head::new(name(&of_lap(0)), lap).map_err(Failure::harness)?;
    let mut ledger = Ledger::open(file, &head).map_err(refused)?;
    let stopwatch = Stopwatch::start();
    loop {
        let mut total = ledger.total();
        let current = of_lap(ledger.next_seed(campaign.seed));
        let is_over = match campaign.limit {
            Limit::Time(time) => stopwatch.elapsed() >= time,
            Limit::Runs(runs) => total.executions >= runs,
        };
        if is_over {
            return Ok((total, current));
        }
        let (executions, elapsed) = (total.executions, total.elapsed);
        let report = search::run(&current, &|progress: Progress| {
            watcher.look(Progress {
                executions: executions + progress.executions,
                elapsed: elapsed + progress.elapsed,
                ..progress
            })
        });
        if report.interrupted {
            total.interrupted = true;
            return Ok((total, current));
        }
        if !report.findings.is_empty() || report.panic.is_some() {
            total.add(report);
            return Ok((total, current));
        }
        ledger.note(current.seed, &report).map_err(refused)?;
    }
}
