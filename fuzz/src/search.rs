//! The campaign: schedule after schedule, until one breaks a rule or the budget is spent.
//!
//! Each thread is an island with a stream of chance, a corpus and an atlas of its own, so that what
//! a thread finds depends on the seed and its number only, never on timing. Of all findings the one
//! with the fewest executions counts: the same seed and the same number of threads find the same.

mod corpus;
mod island;
mod ways;

pub use island::Island;
pub use ways::{Way, distinct};

use crate::clock::Stopwatch;
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use zab_checker::{Class, Verdict};
use zab_core::Variant;
use zab_core::variant::{self, Entry, Switch};
use zab_sim::Schedule;

use crate::anatomy::Kind;
use crate::case::Driver;
use crate::coverage::Feature;
use crate::guidance::Guidance;
use crate::oracle::Outcome;
use crate::situations::Census;

/// What to look for, where, and for how long.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// The variant to break.
    pub variant: Variant,
    /// What runs the simulation.
    pub driver: Driver,
    /// Another driver in which a finding has to show the same class.
    pub hold_in: Option<Driver>,
    /// The size of the ensemble.
    pub servers: u8,
    /// What chance depends on.
    pub seed: u64,
    /// How many threads.
    pub jobs: usize,
    /// When to give up.
    pub limit: Limit,
    /// Kinds of fault that do not happen.
    pub without: Vec<Kind>,
    /// What it learns from.
    pub guidance: Guidance,
    /// Which classes count.
    pub wanted: Wanted,
    /// Only violations that need this defect count.
    pub cause: Option<&'static Switch>,
    /// Whether to go on after the first finding.
    pub keep_going: bool,
}

/// When a campaign ends without having found anything.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Limit {
    /// After this much time on the wall clock.
    Time(Duration),
    /// After this many executions, all threads together.
    Runs(u64),
}

/// Which violations are findings.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Those in which something is lost that a client could rely on.
    Losses,
    /// Every one.
    Any,
    /// Those of this class.
    Only(Class),
}

impl Campaign {
    /// A campaign of one thread from an empty corpus, with every fault, for what counts in this
    /// variant.
    pub fn new(entry: &Entry, seed: u64, limit: Limit) -> Self {
        Self {
            variant: entry.variant,
            driver: Driver::default(),
            hold_in: None,
            servers: 3,
            seed,
            jobs: 1,
            limit,
            without: Vec::new(),
            guidance: Guidance::default(),
            wanted: Wanted::of(entry),
            cause: None,
            keep_going: false,
        }
    }
}

impl Wanted {
    /// What to look for in this variant: everything in the reference, which breaks no rule; losses
    /// in those that have defects.
    pub fn of(entry: &Entry) -> Self {
        if entry.kind == variant::Kind::Reference { Self::Any } else { Self::Losses }
    }

    /// Whether an execution with this class is a finding.
    pub fn wants(self, class: Class) -> bool {
        match self {
            Self::Losses => class.is_loss(),
            Self::Any => true,
            Self::Only(wanted) => wanted == class,
        }
    }
}

/// A schedule that broke a wanted rule.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The schedule.
    pub schedule: Schedule,
    /// How it was judged.
    pub outcome: Outcome,
    /// Which execution of its thread it was, counted from 1.
    pub execution: u64,
    /// Which thread, counted from 0.
    pub island: usize,
    /// The defects it needs, if the campaign tells findings apart.
    pub defects: Vec<&'static Switch>,
    /// How many executions came about in this way.
    pub seen: u64,
}

/// What came of a campaign.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// One finding for each way: a class that was broken, and the defects that suffice for it.
    pub findings: Vec<Finding>,
    /// Executions of all threads.
    pub executions: u64,
    /// Executions without a decision.
    pub unknown: u64,
    /// Executions after which the ensemble did not have to serve again.
    pub excused: u64,
    /// Executions that broke a rule which is not wanted, by class.
    pub unwanted: BTreeMap<Class, u64>,
    /// Distinct abstract states.
    pub states: usize,
    /// Executions that got into each delicate situation.
    pub census: Census,
    /// Wall-clock time.
    pub elapsed: Duration,
    /// A schedule that made the simulator or a server panic, and its message.
    pub panic: Option<(Schedule, String)>,
}

/// How a campaign is doing, for whoever watches.
#[derive(Copy, Clone, Debug)]
pub struct Progress {
    /// Executions so far.
    pub executions: u64,
    /// Distinct abstract states so far.
    pub states: usize,
    /// Wall-clock time so far.
    pub elapsed: Duration,
}

/// What the threads share: only what stops them, and what is reported.
struct Shared {
    stopwatch: Stopwatch,
    stop: AtomicBool,
    executions: AtomicU64,
    /// The least execution number of a finding: no thread needs to go beyond it.
    best: AtomicU64,
    states: Mutex<FxHashSet<Feature>>,
}

/// Executions between two looks at the clock and two reports.
const BATCH: u64 = 64;

/// Runs the campaign. `watch` is told of its progress every now and then.
pub fn run(campaign: &Campaign, watch: &(dyn Fn(Progress) + Sync)) -> Report {
    let shared = Shared {
        stopwatch: Stopwatch::start(),
        stop: AtomicBool::new(false),
        executions: AtomicU64::new(0),
        best: AtomicU64::new(u64::MAX),
        states: Mutex::default(),
    };
    let parts: Vec<Report> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..campaign.jobs.max(1))
            .map(|number| {
                let shared = &shared;
                scope.spawn(move || one_island(campaign, number, shared, watch))
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("an island catches the panics of its executions"))
            .collect()
    });
    let mut report = Report {
        executions: shared.executions.load(Ordering::Relaxed),
        states: lock(&shared.states).len(),
        elapsed: shared.stopwatch.elapsed(),
        ..Report::default()
    };
    for part in parts {
        report.unknown += part.unknown;
        report.excused += part.excused;
        report.census.add(&part.census);
        for (class, count) in part.unwanted {
            *report.unwanted.entry(class).or_default() += count;
        }
        report.panic = report.panic.or(part.panic);
        report.findings.extend(part.findings);
    }
    report.findings.sort_by_key(|finding| (finding.execution, finding.island));
    report.findings =
        distinct(std::mem::take(&mut report.findings), Finding::way, |finding| &mut finding.seen);
    if !campaign.keep_going {
        report.findings.truncate(1);
    }
    report
}

/// One thread's share of the campaign.
fn one_island(
    campaign: &Campaign,
    number: usize,
    shared: &Shared,
    watch: &(dyn Fn(Progress) + Sync),
) -> Report {
    let mut island = Island::of(campaign, number);
    let mut report = Report::default();
    let share = share_of(campaign, number);
    let mut done = 0;
    while done < share && !shared.stop.load(Ordering::Relaxed) {
        done += 1;
        if !campaign.keep_going && done > shared.best.load(Ordering::Relaxed) {
            break;
        }
        let schedule = island.propose();
        let judged = catch_unwind(AssertUnwindSafe(|| island.execute(&schedule)));
        match judged {
            Err(panic) => {
                report.panic = Some((schedule, message_of(panic.as_ref())));
                shared.stop.store(true, Ordering::Relaxed);
            }
            Ok(outcome) => {
                report.excused += u64::from(outcome.excuse.is_some());
                report.census.count(island.coverage().situations());
                match outcome.class() {
                    Some(class)
                        if !campaign.wanted.wants(class) || !island.holds(&schedule, class) =>
                    {
                        *report.unwanted.entry(class).or_default() += 1;
                    }
                    Some(class) => {
                        shared.best.fetch_min(done, Ordering::Relaxed);
                        let found = Finding {
                            schedule,
                            outcome,
                            execution: done,
                            island: number,
                            defects: Vec::new(),
                            seen: 1,
                        };
                        tell_apart(campaign, &mut island, class, found, &mut report.findings);
                    }
                    None => report.unknown += u64::from(outcome.verdict != Verdict::Valid),
                }
            }
        }
        if done.is_multiple_of(BATCH) || done == share {
            let batch = if done.is_multiple_of(BATCH) { BATCH } else { done % BATCH };
            shared.executions.fetch_add(batch, Ordering::Relaxed);
            tell(campaign, &mut island, shared, watch);
        }
    }
    if done < share {
        shared.executions.fetch_add(done % BATCH, Ordering::Relaxed);
        lock(&shared.states).extend(island.take_new_states());
    }
    report
}

/// Adds a finding to those of the same thread, unless it came about in a way that is among them.
/// Only a campaign that goes on has findings to tell apart.
fn tell_apart(
    campaign: &Campaign,
    island: &mut Island,
    class: Class,
    mut found: Finding,
    findings: &mut Vec<Finding>,
) {
    if campaign.keep_going {
        let is_known = |known: &&mut Finding| {
            known.outcome.class() == Some(class)
                && island.suffice(&known.defects, &found.schedule, class)
        };
        if let Some(known) = findings.iter_mut().find(is_known) {
            known.seen += 1;
            return;
        }
        found.defects = island.causes(&found.schedule, class);
    }
    findings.push(found);
}

/// Adds what is new to what is shared, reports it, and looks at the clock.
fn tell(
    campaign: &Campaign,
    island: &mut Island,
    shared: &Shared,
    watch: &(dyn Fn(Progress) + Sync),
) {
    let states = {
        let mut states = lock(&shared.states);
        states.extend(island.take_new_states());
        states.len()
    };
    let elapsed = shared.stopwatch.elapsed();
    watch(Progress { executions: shared.executions.load(Ordering::Relaxed), states, elapsed });
    if matches!(campaign.limit, Limit::Time(limit) if elapsed >= limit) {
        shared.stop.store(true, Ordering::Relaxed);
    }
}

/// How many executions fall to a thread.
fn share_of(campaign: &Campaign, number: usize) -> u64 {
    let jobs = campaign.jobs.max(1) as u64;
    match campaign.limit {
        Limit::Time(_) => u64::MAX,
        Limit::Runs(runs) => runs / jobs + u64::from((number as u64) < runs % jobs),
    }
}

fn lock(states: &Mutex<FxHashSet<Feature>>) -> std::sync::MutexGuard<'_, FxHashSet<Feature>> {
    states.lock().expect("nothing panics while it holds the lock")
}

/// What a panic said.
pub fn message_of(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "no message".to_owned())
}
