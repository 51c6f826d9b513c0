//! One execution, from boot to the final checks.
//!
//! 1. Boot: the ensemble elects a leader and commits three writes. Done once per ensemble.
//! 2. Chaos: the actions of the schedule, until the last of them is over.
//! 3. Heal: all faults end.
//! 4. Liveness: a write has to be acknowledged within [`LIVENESS_BOUND`].
//! 5. Final: once the ensemble is quiet, every register is read at every server that serves, after
//!    a `sync` and by fresh sessions, and the servers' memories are shown.

pub(crate) mod boot;
pub(crate) mod execution;
pub(crate) mod phases;
#[cfg(test)]
mod tests;

pub use phases::{LIVENESS_BOUND, STEPS_MAX};

use crate::direct::Direct;
use crate::passage::Passage;
use crate::schedule::Schedule;
use execution::Execution;
use std::ops::ControlFlow;
use zab_checker::Event;
use zab_core::variant::Releases;
use zab_core::{Config, View};

/// Somebody who watches an execution.
pub trait Observer {
    /// Something happened. `Break` ends the execution.
    fn on_event(&mut self, event: &Event) -> ControlFlow<()>;

    /// A step of the world that concerned a server is complete: what the servers look like now;
    /// `None` is a server that is down. Called only if [`Observer::wants_views`].
    fn on_views(&mut self, views: &[Option<View>]) {
        let _ = views;
    }

    /// Whether views shall be made.
    fn wants_views(&self) -> bool {
        false
    }

    /// Something left or arrived; told in order with the events. Called only if
    /// [`Observer::wants_passages`], and by the direct driver.
    fn on_passage(&mut self, passage: &Passage) {
        let _ = passage;
    }

    /// Whether passages shall be told.
    fn wants_passages(&self) -> bool {
        false
    }
}

/// How an execution went, apart from what was observed.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Events of the world that were carried out after boot (inputs of servers and clients).
    pub steps: u64,
    /// Virtual time at the end, in microseconds after boot.
    pub end_us: u64,
    /// The budget of steps ran out: a livelock, or a schedule that is too long.
    pub out_of_budget: bool,
}

/// An ensemble that has booted, each server with the old of its releases: leader elected, epoch 1 established, three writes
/// committed and applied everywhere. Made once, cloned for each execution.
#[derive(Clone, Debug)]
pub struct Booted {
    driver: Direct,
    evidence: Vec<Event>,
}

impl Booted {
    /// Boots an ensemble of 3, 5 or 7 servers.
    pub fn new(servers: u8, releases: impl Into<Releases>) -> Self {
        Self::with(Config::new(servers), releases)
    }

    /// Boots an ensemble with settings of its own.
    pub fn with(config: Config, releases: impl Into<Releases>) -> Self {
        let (driver, evidence) = boot::boot(config, releases.into());
        Self { driver, evidence }
    }

    /// The ensemble.
    pub const fn driver(&self) -> &Direct {
        &self.driver
    }

    /// What was observed during boot.
    pub fn evidence(&self) -> &[Event] {
        &self.evidence
    }

    /// Runs a schedule on a copy of this ensemble. The observer sees the evidence of the boot
    /// first.
    ///
    /// # Panics
    /// If the schedule is for another number of servers.
    pub fn run(&self, schedule: &Schedule, observer: &mut impl Observer) -> Run {
        from_boot(&self.evidence, observer, |observer| self.resume(schedule, observer))
    }

    /// The same for an observer who knows the evidence of the boot.
    ///
    /// # Panics
    /// If the schedule is for another number of servers.
    pub fn resume(&self, schedule: &Schedule, observer: &mut impl Observer) -> Run {
        let servers = self.driver.world().config().servers;
        assert_eq!(schedule.servers, servers, "the schedule is for another ensemble");
        Execution::new(self.driver.clone(), observer, STEPS_MAX).run(schedule)
    }
}

/// Shows the evidence of a boot, and continues from there unless the observer has seen enough.
pub(crate) fn from_boot<O: Observer>(
    evidence: &[Event],
    observer: &mut O,
    resume: impl FnOnce(&mut O) -> Run,
) -> Run {
    if evidence.iter().try_for_each(|event| observer.on_event(event)).is_break() {
        return Run { steps: 0, end_us: 0, out_of_budget: false };
    }
    resume(observer)
}
