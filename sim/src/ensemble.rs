//! An ensemble that has booted, whichever driver runs it.

use crate::run::{Booted, Observer, Run};
use crate::schedule::Schedule;
#[cfg(feature = "turmoil")]
use crate::turmoil;
use zab_checker::Event;
use zab_core::Time;
use zab_core::variant::Releases;

/// What runs a simulation.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum DriverKind {
    /// The queue over virtual time.
    #[default]
    Direct,
    /// Turmoil's hosts, sockets and ticks.
    #[cfg(feature = "turmoil")]
    Turmoil,
}

/// An ensemble under one driver.
#[derive(Clone, Debug)]
pub enum Ensemble {
    /// In the direct driver.
    Direct(Box<Booted>),
    /// In turmoil.
    #[cfg(feature = "turmoil")]
    Turmoil(turmoil::Booted),
}

impl Ensemble {
    /// Boots an ensemble of 3, 5 or 7 servers.
    pub fn new(driver: DriverKind, servers: u8, releases: Releases) -> Self {
        match driver {
            DriverKind::Direct => Self::Direct(Box::new(Booted::new(servers, releases))),
            #[cfg(feature = "turmoil")]
            DriverKind::Turmoil => Self::Turmoil(turmoil::Booted::new(servers, releases)),
        }
    }

    /// When the boot was over, on the clock of the world: the origin of the times of a schedule.
    pub fn origin(&self) -> Time {
        match self {
            Self::Direct(booted) => booted.driver().now(),
            #[cfg(feature = "turmoil")]
            Self::Turmoil(booted) => booted.origin(),
        }
    }

    /// What was observed during boot.
    pub fn evidence(&self) -> &[Event] {
        match self {
            Self::Direct(booted) => booted.evidence(),
            #[cfg(feature = "turmoil")]
            Self::Turmoil(booted) => booted.evidence(),
        }
    }

    /// Runs a schedule on this ensemble, as it was after its boot. The observer sees what happens
    /// from then on.
    ///
    /// # Panics
    /// If the schedule is for another number of servers.
    pub fn resume(&self, schedule: &Schedule, observer: &mut impl Observer) -> Run {
        match self {
            Self::Direct(booted) => booted.resume(schedule, observer),
            #[cfg(feature = "turmoil")]
            Self::Turmoil(booted) => booted.resume(schedule, observer),
        }
    }
}
