//! Whole executions. A simulation of turmoil cannot be copied, so every execution boots for itself.

use super::Turmoil;
use crate::driver::Driver;
use crate::run::boot::{Recorder, bring_up};
use crate::run::execution::Execution;
use crate::run::phases::clients;
use crate::run::{Observer, Run, STEPS_MAX, from_boot};
use crate::schedule::Schedule;
use zab_checker::Event;
use zab_core::variant::Releases;
use zab_core::{Config, Time};

/// An ensemble, and what its boot shows.
#[derive(Clone, Debug)]
pub struct Booted {
    servers: u8,
    releases: Releases,
    evidence: Vec<Event>,
    origin: Time,
}

impl Booted {
    /// Boots an ensemble of 3, 5 or 7 servers.
    pub fn new(servers: u8, releases: impl Into<Releases>) -> Self {
        let releases = releases.into();
        let (driver, evidence) = boot(servers, releases);
        let origin = driver.now();
        Self { servers, releases, evidence, origin }
    }

    /// When the boot is over.
    pub const fn origin(&self) -> Time {
        self.origin
    }

    /// What was observed during boot.
    pub fn evidence(&self) -> &[Event] {
        &self.evidence
    }

    /// Runs a schedule on an ensemble that boots for it. The observer sees the evidence of the
    /// boot first.
    ///
    /// # Panics
    /// If the schedule is for another number of servers, or a task of the shell panics.
    pub fn run(&self, schedule: &Schedule, observer: &mut impl Observer) -> Run {
        from_boot(&self.evidence, observer, |observer| self.resume(schedule, observer))
    }

    /// The same for an observer who knows the evidence of the boot.
    ///
    /// # Panics
    /// If the schedule is for another number of servers, or a task of the shell panics.
    pub fn resume(&self, schedule: &Schedule, observer: &mut impl Observer) -> Run {
        assert_eq!(schedule.servers, self.servers, "the schedule is for another ensemble");
        let (driver, evidence) = boot(self.servers, self.releases);
        let same = driver.now() == self.origin && evidence.len() == self.evidence.len();
        assert!(same, "a boot depends on nothing but the release");
        Execution::new(driver, observer, STEPS_MAX).run(schedule)
    }
}

fn boot(servers: u8, releases: Releases) -> (Turmoil, Vec<Event>) {
    let mut recorder = Recorder(Vec::new());
    let driver = Turmoil::new(Config::new(servers), releases, clients(servers));
    let mut execution = Execution::new(driver, &mut recorder, u64::MAX);
    bring_up(&mut execution);
    (execution.driver, recorder.0)
}
