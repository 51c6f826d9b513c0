//! Runs a schedule against a variant and says whether a rule was broken.
//!
//! The only place where the simulator meets the checker's judgment. An execution always runs to its
//! end, whatever is broken on the way: only the end tells what is lost, and who has it.

use crate::case::Driver;
use crate::coverage::Coverage;
use std::ops::ControlFlow;
use zab_checker::verdict::Rank;
use zab_checker::{Checker, Class, Event, Fact, Stakes, Standard, Verdict, Violation};
use zab_core::variant::Releases;
use zab_core::{Config, Packet, Time, Variant, View};
use zab_sim::passage::Passage;
use zab_sim::{Booted as Direct, Ensemble, Observer, Run, Schedule, TraceHash};

/// How an execution went.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The judgment.
    pub verdict: Verdict,
    /// The first violation of each class that was broken, gravest first; hazards are among them.
    pub violations: Vec<Violation>,
    /// How far it got.
    pub run: Run,
    /// Why nobody could expect it to serve again once every fault was healed, if so.
    pub excuse: Option<&'static str>,
}

impl Outcome {
    /// The class of the gravest violation.
    pub fn class(&self) -> Option<Class> {
        self.verdict.class()
    }

    /// How convincing and how grave the violation is; less is more.
    pub fn rank(&self) -> Option<Rank> {
        self.verdict.violation().map(Violation::rank)
    }

    /// The classes that were broken: what distinguishes one finding from another.
    pub fn classes(&self) -> Vec<Class> {
        self.violations.iter().map(|violation| violation.class).collect()
    }
}

/// An execution with all that was observed.
#[derive(Clone, Debug)]
pub struct Recording {
    /// What should happen.
    pub schedule: Schedule,
    /// What the servers run.
    pub releases: Releases,
    /// How it went.
    pub outcome: Outcome,
    /// What was observed, the boot included.
    pub events: Vec<Event>,
    /// What left and arrived, each with the number of events before it; the direct driver alone tells
    /// that.
    pub passages: Vec<(usize, Passage)>,
    /// How many of the events are of the boot.
    pub boot: usize,
    /// When the boot was over, on the clock of the world.
    pub origin: Time,
}

/// Runs schedules. One for each thread: it keeps ensembles that have booted.
#[derive(Clone, Debug, Default)]
pub struct Oracle {
    driver: Driver,
    /// The settings of an ensemble in the direct driver, if they are not the usual ones.
    config: Option<fn(u8) -> Config>,
    booted: Vec<Booted>,
}

/// An ensemble that has booted, and the judge who watched it.
#[derive(Clone, Debug)]
struct Booted {
    releases: Releases,
    servers: u8,
    ensemble: Ensemble,
    checker: Checker,
}

impl Booted {
    fn new(oracle: &Oracle, servers: u8, releases: Releases) -> Self {
        let ensemble = match oracle.config {
            Some(config) => Ensemble::Direct(Box::new(Direct::with(config(servers), releases))),
            None => Ensemble::new(oracle.driver.kind(), servers, releases),
        };
        let mut checker = Checker::new(servers, standard(releases));
        ensemble.evidence().iter().for_each(|event| checker.observe(event));
        Self { releases, servers, ensemble, checker }
    }
}

/// What is held against an ensemble: only the reference claims to keep every rule.
pub fn standard(releases: Releases) -> Standard {
    if is_reference(&releases) { Standard::Strict } else { Standard::Release }
}

/// Whether every server is repaired, whatever it is upgraded to.
pub fn is_reference(releases: &Releases) -> bool {
    releases.all(|variant| *variant == Variant::REFERENCE)
}

impl Oracle {
    /// An oracle that has this driver run its schedules.
    pub fn new(driver: Driver) -> Self {
        Self { driver, config: None, booted: Vec::new() }
    }

    /// An oracle whose ensembles have other settings than the usual ones, in the direct driver.
    pub fn with(config: fn(u8) -> Config) -> Self {
        Self { config: Some(config), ..Self::new(Driver::Direct) }
    }

    /// What runs its schedules.
    pub const fn driver(&self) -> Driver {
        self.driver
    }

    /// Runs the schedule.
    pub fn judge(&mut self, schedule: &Schedule, releases: impl Into<Releases>) -> Outcome {
        self.run(schedule, releases.into(), None)
    }

    /// Runs the schedule, and says which states the ensemble went through.
    pub fn cover(
        &mut self,
        schedule: &Schedule,
        releases: impl Into<Releases>,
        coverage: &mut Coverage,
    ) -> Outcome {
        coverage.clear();
        let mut notes = Notes { coverage: Some(coverage), ..Notes::default() };
        self.run(schedule, releases.into(), Some(&mut notes))
    }

    /// Runs the schedule, and returns the hash of all that was observed: equal hashes, equal
    /// executions.
    pub fn trace_hash(
        &mut self,
        schedule: &Schedule,
        releases: impl Into<Releases>,
    ) -> (Outcome, u64) {
        let mut notes = Notes { trace: Some(TraceHash::default()), ..Notes::default() };
        let outcome = self.run(schedule, releases.into(), Some(&mut notes));
        (outcome, notes.trace.map_or(0, |trace| trace.value()))
    }

    /// Runs the schedule, and returns a number that is the same if every event was, in whatever
    /// order within one microsecond.
    pub fn fingerprint(
        &mut self,
        schedule: &Schedule,
        releases: impl Into<Releases>,
    ) -> (Outcome, u64) {
        let mut notes = Notes { fingerprint: Some(0), ..Notes::default() };
        let outcome = self.run(schedule, releases.into(), Some(&mut notes));
        (outcome, notes.fingerprint.unwrap_or(0))
    }

    /// Runs the schedule, and keeps all that was observed.
    pub fn record(&mut self, schedule: &Schedule, releases: impl Into<Releases>) -> Recording {
        let releases = releases.into();
        let mut notes = Notes { events: Some(Vec::new()), ..Notes::default() };
        let outcome = self.run(schedule, releases, Some(&mut notes));
        let (events, passages) = (notes.events.unwrap_or_default(), notes.passages);
        let ensemble = &self.booted(schedule.servers, releases).ensemble;
        Recording {
            schedule: schedule.clone(),
            releases,
            outcome,
            events,
            passages,
            boot: ensemble.evidence().len(),
            origin: ensemble.origin(),
        }
    }

    /// When the boot of such an ensemble is over, on the clock of the world: the origin of the times
    /// of a schedule.
    pub fn origin(&mut self, servers: u8, releases: Releases) -> Time {
        self.booted(servers, releases).ensemble.origin()
    }

    /// Runs the schedule without judging it, to see what judging costs.
    pub fn unjudged(&mut self, schedule: &Schedule, releases: impl Into<Releases>) -> Run {
        self.booted(schedule.servers, releases.into()).ensemble.resume(schedule, &mut Nobody)
    }

    fn run(
        &mut self,
        schedule: &Schedule,
        releases: Releases,
        mut notes: Option<&mut Notes<'_>>,
    ) -> Outcome {
        let Booted { ensemble, checker, .. } = self.booted(schedule.servers, releases);
        if let Some(notes) = &mut notes {
            ensemble.evidence().iter().for_each(|event| notes.on_event(event));
        }
        let mut judge = Judge { checker: checker.clone(), excuse: None, notes };
        let run = ensemble.resume(schedule, &mut judge);
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

    fn booted(&mut self, servers: u8, releases: Releases) -> &Booted {
        let known = self.booted.iter().position(|b| (b.releases, b.servers) == (releases, servers));
        let index = known.unwrap_or_else(|| {
            let booted = Booted::new(self, servers, releases);
            self.booted.push(booted);
            self.booted.len() - 1
        });
        &self.booted[index]
    }
}

/// The observer of a judged execution.
struct Judge<'a, 'b> {
    checker: Checker,
    excuse: Option<&'static str>,
    notes: Option<&'a mut Notes<'b>>,
}

impl Observer for Judge<'_, '_> {
    fn on_event(&mut self, event: &Event) -> ControlFlow<()> {
        if let Some(notes) = &mut self.notes {
            notes.on_event(event);
        }
        if let Fact::Unavailable { excuse, .. } = event.fact {
            self.excuse = excuse;
        }
        self.checker.observe(event);
        ControlFlow::Continue(())
    }

    fn on_views(&mut self, views: &[Option<View>]) {
        if let Some(notes) = &mut self.notes {
            notes.on_views(views, &self.checker);
        }
    }

    fn wants_views(&self) -> bool {
        self.notes.as_ref().is_some_and(|notes| notes.coverage.is_some())
    }

    fn on_passage(&mut self, passage: &Passage) {
        if let Some(Notes { events: Some(events), passages, .. }) = self.notes.as_deref_mut() {
            passages.push((events.len(), passage.clone()));
        }
    }

    fn wants_passages(&self) -> bool {
        self.notes.as_ref().is_some_and(|notes| notes.events.is_some())
    }
}

/// What is kept of an execution besides the judgment.
#[derive(Default)]
struct Notes<'a> {
    coverage: Option<&'a mut Coverage>,
    /// What is at stake, unless that may have changed since it was asked.
    stakes: Option<Stakes>,
    now: Time,
    trace: Option<TraceHash>,
    /// The sum of the hashes of all events.
    fingerprint: Option<u64>,
    events: Option<Vec<Event>>,
    /// With the number of events before each; kept together with the events.
    passages: Vec<(usize, Passage)>,
}

impl Notes<'_> {
    fn on_event(&mut self, event: &Event) {
        if let Some(trace) = &mut self.trace {
            trace.add(event);
        }
        if let Some(sum) = &mut self.fingerprint {
            let mut one = TraceHash::default();
            one.add(event);
            *sum = sum.wrapping_add(one.value());
        }
        if let Some(events) = &mut self.events {
            events.push(event.clone());
        }
        if let Some(coverage) = &mut self.coverage {
            coverage.on_event(event);
        }
        self.now = event.at;
        if changes_stakes(&event.fact) {
            self.stakes = None;
        }
    }

    fn on_views(&mut self, views: &[Option<View>], checker: &Checker) {
        if let Some(coverage) = &mut self.coverage {
            let stakes = *self.stakes.get_or_insert_with(|| checker.stakes());
            coverage.record(self.now, views, stakes);
        }
    }
}

const fn changes_stakes(fact: &Fact) -> bool {
    use zab_core::event::Note;
    matches!(
        fact,
        Fact::DiskDone { .. }
            | Fact::WrittenBack
            | Fact::Purged(_)
            | Fact::Blanked
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
