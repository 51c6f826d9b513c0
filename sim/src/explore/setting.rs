//! What is explored, and where that begins.

use super::bounds::{Bounds, Free};
use super::choice::Choice;
use super::rest;
use super::start::Start;
use super::state::{State, Step};
use crate::passage::Passage;
use crate::run::Booted;
use crate::schedule::Schedule;
use zab_checker::{Checker, Class, Event, Standard, Verdict, Violation};
use zab_core::variant::Releases;
use zab_core::{Config, Span, Time};

/// How far apart the steps of a replay are, for a story: nothing takes time in an exploration.
const STEP: Span = Span::from_millis(1);

/// An ensemble, the bounds, and what counts.
#[derive(Clone, Debug)]
pub struct Setting {
    /// How many servers there are.
    pub servers: u8,
    /// What they run; nobody is upgraded.
    pub releases: Releases,
    /// What is held against them.
    pub standard: Standard,
    /// How much may happen.
    pub bounds: Bounds,
    /// Whose turns are chosen.
    pub free: Free,
    /// Look for this class alone, and go on after others.
    pub class: Option<Class>,
    /// What has happened before the exploration begins; the bounds count from there.
    pub before: Vec<Choice>,
    /// The time that stands still.
    pub(super) now: Time,
    booted: Booted,
    start: Start,
    first: Option<Schedule>,
}

/// What came of a list of choices.
#[derive(Clone, Debug)]
pub struct Replay {
    /// What was observed, the boot and what came before included.
    pub events: Vec<Event>,
    /// What was on its way after the boot, each with the number of events before it.
    pub passages: Vec<(usize, Passage)>,
    /// How many of the events are of the boot.
    pub boot: usize,
    /// When the boot was over.
    pub origin: Time,
    /// How many of the choices could be taken.
    pub taken: usize,
    /// What it came to, all violations, gravest first, and the verdict.
    pub violations: Vec<Violation>,
    /// The verdict, after everything was healed.
    pub verdict: Verdict,
}

impl Setting {
    /// Boots an ensemble of 3, 5 or 7 servers with the usual settings, and lets time stand still.
    pub fn new(servers: u8, releases: impl Into<Releases>, standard: Standard) -> Self {
        Self::with(Config::new(servers), releases, standard)
    }

    /// The same with these settings.
    pub fn with(config: Config, releases: impl Into<Releases>, standard: Standard) -> Self {
        let releases = releases.into();
        let booted = Booted::with(config, releases);
        Self {
            servers: config.servers,
            releases,
            standard,
            bounds: Bounds::default(),
            free: Free::default(),
            class: None,
            before: Vec::new(),
            now: booted.driver().now(),
            start: Start::at(&booted),
            first: None,
            booted,
        }
    }

    /// Lets this schedule happen first, by the driver's clock, up to the instant of its last action.
    /// Then its faults end, servers that are down stay so, and time stands still.
    ///
    /// # Panics
    /// If the schedule is for another number of servers.
    pub fn after(&mut self, schedule: &Schedule) {
        assert_eq!(schedule.servers, self.servers, "the schedule is for another ensemble");
        self.start = Start::after(&self.booted, schedule);
        self.now = self.start.now();
        self.first = Some(schedule.clone());
    }

    /// The schedule that happens first, if there is one.
    pub const fn first(&self) -> Option<&Schedule> {
        self.first.as_ref()
    }

    /// Where the exploration begins. `None` if something that has to happen before cannot.
    pub(super) fn root(&self) -> Option<State> {
        let mut step = Step::default();
        let mut state = self.state(&mut step);
        for choice in &self.before {
            if !state.take(self, *choice, &mut step) {
                return None;
            }
        }
        state.spent = Bounds::default();
        Some(state)
    }

    fn state(&self, step: &mut Step) -> State {
        let mut checker = Checker::new(self.servers, self.standard);
        self.start.events().iter().for_each(|event| checker.observe(event));
        State::new(self, self.start.driver(), checker, step)
    }

    /// Takes these choices one after the other, then heals and judges.
    pub fn replay(&self, choices: &[Choice]) -> Replay {
        let origin = self.now;
        let mut step = Step::with_notes(self.start.notes());
        let mut state = self.state(&mut step);
        let mut taken = 0;
        for choice in choices {
            step.shown_at = Some(origin.after(Span(STEP.0 * (taken as u64 + 1))));
            if !state.take(self, *choice, &mut step) {
                break;
            }
            taken += 1;
        }
        let mut notes = step.notes.take().unwrap_or_default();
        let later = Span(STEP.0 * (taken as u64 + 1));
        let judged = rest::judge(&state, self.now, later, Some(&mut notes));
        Replay {
            events: notes.events,
            passages: notes.passages,
            boot: self.booted.evidence().len(),
            origin: self.booted.driver().now(),
            taken,
            violations: judged.violations,
            verdict: judged.verdict,
        }
    }
}
