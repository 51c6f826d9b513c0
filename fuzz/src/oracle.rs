//! Runs a schedule against a variant and says whether a rule was broken.
//!
//! The only place where the simulator meets the checker's judgement. An execution ends early only
//! at a violation of the gravest class, which nothing that follows could outdo: so the class of a
//! schedule does not depend on who runs it, or why.

use crate::case::Driver;
use crate::coverage::Coverage;
use std::ops::ControlFlow;
use zab_checker::{Checker, Class, Event, Fact, Stakes, Verdict, Violation};
use zab_core::{Micros, Packet, Variant, View};
use zab_sim::{Ensemble, Observer, Run, Schedule, TraceHash};

/// How an execution went.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The judgement.
    pub verdict: Verdict,
    /// The first violation of each class that was broken, gravest first.
    pub violations: Vec<Violation>,
    /// How far it got.
    pub run: Run,
    /// Why nobody could expect it to serve again once every fault was healed, if so.
    pub excuse: Option<&'static str>,
}

impl Outcome {
    /// The class of the gravest violation.
    pub const fn class(&self) -> Option<Class> {
        self.verdict.class()
    }

    /// The classes that were broken: what distinguishes one finding from another.
    pub fn classes(&self) -> Vec<Class> {
        self.violations.iter().map(|violation| violation.class).collect()
    }
}

/// An execution with all that was observed.
#[derive(Clone, Debug)]
pub struct Recording {
    /// How it went.
    pub outcome: Outcome,
    /// What was observed, the boot included.
    pub events: Vec<Event>,
    /// How many of the events are of the boot.
    pub boot: usize,
    /// When the boot was over, on the clock of the world.
    pub origin: Micros,
}

/// Runs schedules. One for each thread: it keeps ensembles that have booted.
#[derive(Clone, Debug, Default)]
pub struct Oracle {
    driver: Driver,
    booted: Vec<(Variant, u8, Ensemble)>,
}

impl Oracle {
    /// An oracle that has this driver run its schedules.
    pub fn new(driver: Driver) -> Self {
        Self { driver, booted: Vec::new() }
    }

    /// What runs its schedules.
    pub const fn driver(&self) -> Driver {
        self.driver
    }

    /// Runs the schedule.
    pub fn judge(&mut self, schedule: &Schedule, variant: Variant) -> Outcome {
        self.run(schedule, variant, &mut Judge::new(schedule))
    }

    /// Runs the schedule, and says which states the ensemble went through.
    pub fn cover(
        &mut self,
        schedule: &Schedule,
        variant: Variant,
        coverage: &mut Coverage,
    ) -> Outcome {
        coverage.clear();
        let mut judge = Judge::new(schedule);
        judge.coverage = Some(coverage);
        self.run(schedule, variant, &mut judge)
    }

    /// Runs the schedule, and returns the hash of all that was observed: equal hashes, equal
    /// executions.
    pub fn trace_hash(&mut self, schedule: &Schedule, variant: Variant) -> (Outcome, u64) {
        let mut judge = Judge::new(schedule);
        judge.trace = Some(TraceHash::default());
        let outcome = self.run(schedule, variant, &mut judge);
        (outcome, judge.trace.map_or(0, |trace| trace.value()))
    }

    /// Runs the schedule, and returns a number that is the same if every event was, in whatever
    /// order within one microsecond.
    pub fn fingerprint(&mut self, schedule: &Schedule, variant: Variant) -> (Outcome, u64) {
        let mut judge = Judge::new(schedule);
        judge.fingerprint = Some(0);
        let outcome = self.run(schedule, variant, &mut judge);
        (outcome, judge.fingerprint.unwrap_or(0))
    }

    /// Runs the schedule, and keeps all that was observed.
    pub fn record(&mut self, schedule: &Schedule, variant: Variant) -> Recording {
        let mut judge = Judge::new(schedule);
        judge.events = Some(Vec::new());
        let outcome = self.run(schedule, variant, &mut judge);
        let events = judge.events.unwrap_or_default();
        let boot = self.ensemble(schedule.servers, variant).evidence().len();
        let origin = self.origin(schedule.servers, variant);
        Recording { outcome, events, boot, origin }
    }

    /// When the boot of such an ensemble is over, on the clock of the world: the origin of the times
    /// of a schedule.
    pub fn origin(&mut self, servers: u8, variant: Variant) -> Micros {
        self.ensemble(servers, variant).origin()
    }

    /// Runs the schedule without judging it, to see what judging costs.
    pub fn unjudged(&mut self, schedule: &Schedule, variant: Variant) -> Run {
        self.ensemble(schedule.servers, variant).run(schedule, &mut Nobody)
    }

    fn run(&mut self, schedule: &Schedule, variant: Variant, judge: &mut Judge<'_>) -> Outcome {
        let run = self.ensemble(schedule.servers, variant).run(schedule, judge);
        let verdict = match judge.checker.finish() {
            Verdict::Valid if run.out_of_budget => Verdict::Unknown(format!(
                "the execution was cut short after {} steps: too long, or a livelock",
                run.steps
            )),
            verdict => verdict,
        };
        let violations = judge.checker.violations().cloned().collect();
        Outcome { verdict, violations, run, excuse: judge.excuse }
    }

    fn ensemble(&mut self, servers: u8, variant: Variant) -> &Ensemble {
        let driver = self.driver.kind();
        let known = self.booted.iter().position(|(v, n, _)| (*v, *n) == (variant, servers));
        let index = known.unwrap_or_else(|| {
            self.booted.push((variant, servers, Ensemble::new(driver, servers, variant)));
            self.booted.len() - 1
        });
        &self.booted[index].2
    }
}

/// The observer of a judged execution.
struct Judge<'a> {
    checker: Checker,
    coverage: Option<&'a mut Coverage>,
    /// What is at stake, and whether that may have changed since it was asked.
    stakes: Stakes,
    stale: bool,
    now: Micros,
    excuse: Option<&'static str>,
    trace: Option<TraceHash>,
    /// The sum of the hashes of all events.
    fingerprint: Option<u64>,
    events: Option<Vec<Event>>,
}

impl Judge<'_> {
    fn new(schedule: &Schedule) -> Self {
        Self {
            checker: Checker::new(schedule.servers),
            coverage: None,
            stakes: Stakes::default(),
            stale: true,
            now: Micros(0),
            excuse: None,
            trace: None,
            fingerprint: None,
            events: None,
        }
    }
}

impl Observer for Judge<'_> {
    fn on_event(&mut self, event: &Event) -> ControlFlow<()> {
        if let Some(trace) = &mut self.trace {
            trace.on_event(event)?;
        }
        if let Some(sum) = &mut self.fingerprint {
            let mut one = TraceHash::default();
            one.on_event(event)?;
            *sum = sum.wrapping_add(one.value());
        }
        if let Some(events) = &mut self.events {
            events.push(event.clone());
        }
        if let Fact::Unavailable { excuse, .. } = event.fact {
            self.excuse = excuse;
        }
        if let Some(coverage) = &mut self.coverage {
            coverage.on_event(event);
            self.stale |= changes_stakes(&event.fact);
        }
        self.checker.observe(event);
        self.now = event.at;
        if self.checker.gravest() == Some(Class::ALL[0]) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn on_views(&mut self, views: &[Option<View>]) {
        if let Some(coverage) = &mut self.coverage {
            if std::mem::take(&mut self.stale) {
                self.stakes = self.checker.stakes();
            }
            coverage.record(self.now, views, self.stakes);
        }
    }

    fn wants_views(&self) -> bool {
        self.coverage.is_some()
    }
}

const fn changes_stakes(fact: &Fact) -> bool {
    use zab_core::event::Note;
    matches!(
        fact,
        Fact::DiskDone { .. }
            | Fact::Started(_)
            | Fact::Crashed { .. }
            | Fact::Returned { .. }
            | Fact::Sent { packet: Packet::Ack(_), .. }
            | Fact::Noted(Note::Committed(_) | Note::Established { .. })
    )
}

/// An observer who looks away.
struct Nobody;

impl Observer for Nobody {
    fn on_event(&mut self, _: &Event) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
