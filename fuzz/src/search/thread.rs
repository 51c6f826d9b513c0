//! One thread of a campaign, and what the threads share.

use super::{Campaign, Finding, Island, Limit, Progress, Report, Watch, message_of};
use crate::clock::Stopwatch;
use crate::coverage::Feature;
use crate::oracle::Outcome;
use rustc_hash::FxHashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use zab_checker::verdict::Rank;
use zab_checker::{Class, Verdict};
use zab_sim::Schedule;

/// Executions between two looks at the clock and two reports.
const BATCH: u64 = 64;

/// After a loss that no client's read shows, the least number of further executions in which one that
/// does is looked for.
const PATIENCE: u64 = 1000;

/// What the threads share: only what stops them, and what is reported.
pub(super) struct Shared<'a> {
    watch: &'a dyn Watch,
    stopwatch: Stopwatch,
    stop: AtomicBool,
    interrupted: AtomicBool,
    executions: AtomicU64,
    findings: AtomicUsize,
    /// The execution beyond which no thread needs to go: that of the first finding that convinces.
    best: AtomicU64,
    states: Mutex<FxHashSet<Feature>>,
}

impl<'a> Shared<'a> {
    pub(super) fn new(watch: &'a dyn Watch) -> Self {
        Self {
            watch,
            stopwatch: Stopwatch::start(),
            stop: AtomicBool::new(false),
            interrupted: AtomicBool::new(false),
            executions: AtomicU64::new(0),
            findings: AtomicUsize::new(0),
            best: AtomicU64::new(u64::MAX),
            states: Mutex::default(),
        }
    }

    /// What all threads together have done.
    pub(super) fn report(&self) -> Report {
        Report {
            executions: self.executions.load(Ordering::Relaxed),
            states: self.states().len(),
            elapsed: self.stopwatch.elapsed(),
            interrupted: self.interrupted.load(Ordering::Relaxed),
            ..Report::default()
        }
    }

    /// The execution beyond which no finding counts.
    pub(super) fn best(&self) -> u64 {
        self.best.load(Ordering::Relaxed)
    }

    fn states(&self) -> MutexGuard<'_, FxHashSet<Feature>> {
        self.states.lock().expect("nothing panics while it holds the lock")
    }

    /// Ends the campaign if its time is over or whoever watches says so.
    fn look_at_the_clock(&self, limit: Limit) {
        let elapsed = self.stopwatch.elapsed();
        let progress = Progress {
            findings: self.findings.load(Ordering::Relaxed),
            executions: self.executions.load(Ordering::Relaxed),
            states: self.states().len(),
            elapsed,
        };
        if self.watch.look(progress).is_break() {
            self.interrupted.store(true, Ordering::Relaxed);
            self.stop.store(true, Ordering::Relaxed);
        }
        if matches!(limit, Limit::Time(limit) if elapsed >= limit) {
            self.stop.store(true, Ordering::Relaxed);
        }
    }
}

/// One thread of a campaign.
pub(super) struct Thread<'a> {
    campaign: &'a Campaign,
    shared: &'a Shared<'a>,
    /// Counted from 0.
    number: usize,
    island: Island,
    /// Executions so far, and of these how many the others know of.
    done: u64,
    told: u64,
    report: Report,
}

impl<'a> Thread<'a> {
    pub(super) fn new(campaign: &'a Campaign, number: usize, shared: &'a Shared<'a>) -> Self {
        let island = Island::of(campaign, number);
        Self { campaign, shared, number, island, done: 0, told: 0, report: Report::default() }
    }

    /// The thread's share of the campaign.
    pub(super) fn run(mut self) -> Report {
        let share = self.share();
        while self.done < share && self.goes_on() {
            self.done += 1;
            self.execute();
            if self.done.is_multiple_of(BATCH) {
                self.tell();
                self.shared.look_at_the_clock(self.campaign.limit);
            }
        }
        self.tell();
        self.island.leave();
        self.report
    }

    /// Whether another execution can still count.
    fn goes_on(&self) -> bool {
        let is_beaten = self.done >= self.shared.best();
        !self.shared.stop.load(Ordering::Relaxed) && (self.campaign.keep_going || !is_beaten)
    }

    /// How many executions fall to it.
    fn share(&self) -> u64 {
        let jobs = self.campaign.jobs.max(1) as u64;
        match self.campaign.limit {
            Limit::Time(_) => u64::MAX,
            Limit::Runs(runs) => runs / jobs + u64::from((self.number as u64) < runs % jobs),
        }
    }

    fn execute(&mut self) {
        let schedule = self.island.propose();
        match catch_unwind(AssertUnwindSafe(|| self.island.execute(&schedule))) {
            Ok(outcome) => self.take_note(schedule, outcome),
            Err(panic) => {
                self.report.panic = Some((schedule, message_of(panic.as_ref())));
                self.shared.stop.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Counts an execution, and keeps it if it is a finding.
    fn take_note(&mut self, schedule: Schedule, outcome: Outcome) {
        let Self { campaign, island, report, .. } = self;
        *report.sizes.entry(schedule.servers).or_default() += 1;
        report.excused += u64::from(outcome.excuse.is_some());
        report.census.count(island.coverage().situations());
        let Some(class) = outcome.class() else {
            report.unknown += u64::from(outcome.verdict != Verdict::Valid);
            return;
        };
        if !campaign.wanted.wants(class) || !island.holds(&schedule, class) {
            *report.unwanted.entry(class).or_default() += 1;
            return;
        }
        let (execution, island) = (self.done, self.number);
        let convinces = outcome.rank().is_some_and(Rank::is_convincing);
        let enough = if convinces { execution } else { 2 * execution + PATIENCE };
        self.shared.best.fetch_min(enough, Ordering::Relaxed);
        let defects = Vec::new();
        self.keep(Finding { schedule, outcome, execution, island, defects, seen: 1 }, class);
    }

    /// Keeps a finding, unless it came about in a way that is known. Only a campaign that does not
    /// stop at the first has findings to tell apart.
    fn keep(&mut self, mut found: Finding, class: Class) {
        let Self { campaign, island, report, .. } = self;
        if campaign.keep_going {
            let is_known = |known: &&mut Finding| {
                known.outcome.class() == Some(class)
                    && island.suffice(&known.defects, &found.schedule, class)
            };
            if let Some(known) = report.findings.iter_mut().find(is_known) {
                known.seen += 1;
                return;
            }
            found.defects = island.causes(&found.schedule, class);
            island.learn(&found.defects);
        }
        self.shared.findings.fetch_add(1, Ordering::Relaxed);
        self.shared.watch.found(campaign, &found);
        self.report.findings.push(found);
    }

    /// Adds what is new to what is shared.
    fn tell(&mut self) {
        self.shared.executions.fetch_add(self.done - self.told, Ordering::Relaxed);
        self.told = self.done;
        self.shared.states().extend(self.island.take_new_states());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::run;
    use crate::variants::find;
    use std::ops::ControlFlow;

    #[test]
    fn whoever_watches_may_end_it() {
        let reference = find("reference").expect("it is listed");
        let mut campaign = Campaign::new(&reference, 1, Limit::Runs(1_000_000));
        campaign.jobs = 2;
        let report = run(&campaign, &|progress| {
            if progress.executions < 2 * BATCH {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        assert!(report.interrupted);
        assert!((2 * BATCH..=4 * BATCH).contains(&report.executions), "{}", report.executions);
    }

    #[test]
    fn a_campaign_that_goes_on_tells_each_way_once() {
        let variant = find("zookeeper-2845").expect("it is listed");
        let mut campaign = Campaign::new(&variant, 2, Limit::Runs(6_000));
        campaign.keep_going = true;
        let report = run(&campaign, &|_| ControlFlow::Continue(()));
        assert_eq!(report.executions, 6_000);
        let names = |finding: &Finding| finding.defects.iter().map(|d| d.name).collect::<Vec<_>>();
        let ways: Vec<_> = report.findings.iter().map(|f| (f.outcome.class(), names(f))).collect();
        let alone = |class| (Some(class), vec!["shutdown"]);
        assert!(ways.contains(&alone(Class::O1)), "{ways:?}");
        assert!(ways.iter().all(|way| [Class::O1, Class::O2].map(alone).contains(way)), "{ways:?}");
        assert!(report.findings.iter().any(|finding| finding.seen > 1));
    }
}
