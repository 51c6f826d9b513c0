//! Two drivers watch each other: the same schedule has to come to the same verdict in both.
//!
//! Turmoil's hosts act at the same instants as the direct driver's servers, so most executions are
//! the same event by event ([`Agreement::is_identical`]). Where two events of one microsecond at two
//! servers change places, or a notification of leader election finds another one on its way, they
//! part, and what hangs on less than that may be judged differently: both are right. That it does
//! is not taken on trust. Each violation that one driver shows and the other does not has to appear
//! in the other one as well when actions of the same schedule happen a little earlier or later
//! ([`NEARBY_GRAINS`]). Everything else is a [`Disagreement`]:
//!
//! - a difference that no such schedule explains;
//! - a difference without a fault: then no two orders may matter;
//! - a violation in the reference, or an execution that is not decided, in either driver.
//!
//! [`hunt`] looks for one, guided by what the direct driver reaches. Each one found so far was mended.
//! Most were turmoil's. In these the direct driver was the one further from a real network, or from its
//! own rules:
//!
//! - it reset connections that one end had closed (a server that stalls had not heard of it yet);
//! - it carried notifications under a one-way cut without a connection, and did not repeat those
//!   that could not be acknowledged;
//! - it kept a disk error for a server that was down until one was up;
//! - it had a server drop what was asked before its process started, and answer what was asked while
//!   it was down;
//! - a vote took the place, and the time of arrival, of one that the sender's last process had not
//!   delivered.

mod search;

pub use search::{Hunt, Tally, hunt};

use crate::case::Driver;
use crate::oracle::{Oracle, Outcome, is_reference};
use crate::rng::Rng;
use std::fmt;
use thiserror::Error;
use zab_checker::{Class, Verdict};
use zab_core::variant::Releases;
use zab_sim::schedule::{GRAIN_US, SPAN_MAX_US};
use zab_sim::{Act, Schedule};

/// What two drivers make of one schedule, if that is in order.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// The same class, or none.
    Same {
        /// The class.
        class: Option<Class>,
        /// Every event is the same, up to the order within a microsecond.
        identical: bool,
    },
    /// Different ones, and each appears in the other driver close by.
    Timing(Pair),
}

/// What each driver makes of a schedule.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// In the direct driver.
    pub direct: Option<Class>,
    /// In turmoil.
    pub turmoil: Option<Class>,
}

/// Why two drivers cannot both be right.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Disagreement {
    /// They differ, and nothing close by explains it.
    #[error("{0}, and no schedule close by explains it")]
    Unexplained(Pair),
    /// They differ although nothing goes wrong.
    #[error("{0}, without a fault")]
    WithoutFault(Pair),
    /// One of them cannot be right, whatever the other one says.
    #[error("{} driver: {what}", driver.name())]
    Impossible {
        /// Which.
        driver: Driver,
        /// What is wrong with it.
        what: String,
    },
}

impl Disagreement {
    /// Whether another one is of the same kind, between the same classes.
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Impossible { driver, .. }, Self::Impossible { driver: other, .. }) => {
                driver == other
            }
            _ => self == other,
        }
    }
}

impl Agreement {
    /// Whether the executions were the same.
    pub const fn is_identical(self) -> bool {
        matches!(self, Self::Same { identical: true, .. })
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in the direct driver, {} in turmoil", name(self.direct), name(self.turmoil))
    }
}

fn name(class: Option<Class>) -> &'static str {
    class.map_or("valid", Class::name)
}

/// Both drivers. One for each thread: it keeps ensembles that have booted.
#[derive(Clone, Debug)]
pub struct Drivers {
    direct: Oracle,
    turmoil: Oracle,
}

impl Default for Drivers {
    fn default() -> Self {
        Self { direct: Oracle::new(Driver::Direct), turmoil: Oracle::new(Driver::Turmoil) }
    }
}

/// Runs a schedule in both drivers, once. To compare many, keep [`Drivers`].
pub fn check(
    schedule: &Schedule,
    releases: impl Into<Releases>,
) -> Result<Agreement, Disagreement> {
    Drivers::default().check(schedule, releases)
}

impl Drivers {
    /// Runs a schedule in both drivers and compares.
    pub fn check(
        &mut self,
        schedule: &Schedule,
        releases: impl Into<Releases>,
    ) -> Result<Agreement, Disagreement> {
        let releases = releases.into();
        let (first, evidence) = self.direct.fingerprint(schedule, releases);
        let (second, other) = self.turmoil.fingerprint(schedule, releases);
        for (driver, outcome) in [(Driver::Direct, &first), (Driver::Turmoil, &second)] {
            if let Some(what) = problem(outcome, releases) {
                return Err(Disagreement::Impossible { driver, what });
            }
        }
        let pair = Pair { direct: first.class(), turmoil: second.class() };
        if pair.direct == pair.turmoil {
            let (class, identical) = (pair.direct, evidence == other);
            Ok(Agreement::Same { class, identical })
        } else if is_fault_free(schedule) {
            Err(Disagreement::WithoutFault(pair))
        } else if self.is_close(schedule, releases, pair) {
            Ok(Agreement::Timing(pair))
        } else {
            Err(Disagreement::Unexplained(pair))
        }
    }

    /// Whether the violation of each driver appears in the other one close by.
    fn is_close(&mut self, schedule: &Schedule, releases: Releases, pair: Pair) -> bool {
        let Self { direct, turmoil } = self;
        let shows = |oracle: &mut Oracle, class: Option<Class>| {
            class.is_none()
                || (0..NEARBY)
                    .any(|n| oracle.judge(&nearby(schedule, n), releases).class() == class)
        };
        shows(direct, pair.turmoil) && shows(turmoil, pair.direct)
    }
}

/// How many schedules close by are tried.
const NEARBY: u64 = 200;

/// By how many grains of time an action may be earlier or later in a schedule close by: half a
/// millisecond and a bit, less than a message takes on average.
pub const NEARBY_GRAINS: u64 = 3;

/// The same delays and the same actions, each a little earlier or later.
fn nearby(schedule: &Schedule, number: u64) -> Schedule {
    let mut rng = Rng::of(schedule.seed, number);
    let mut other = schedule.clone();
    for action in &mut other.actions {
        let later = action.at_us + rng.below(2 * NEARBY_GRAINS + 1) * GRAIN_US;
        action.at_us = later.saturating_sub(NEARBY_GRAINS * GRAIN_US).min(SPAN_MAX_US);
    }
    other.repair();
    other
}

fn is_fault_free(schedule: &Schedule) -> bool {
    schedule.actions.iter().all(|action| matches!(action.act, Act::Client { .. }))
}

/// What must not come out, whatever the timing.
fn problem(outcome: &Outcome, releases: Releases) -> Option<String> {
    match &outcome.verdict {
        Verdict::Unknown(reason) => Some(reason.clone()),
        Verdict::Violation(violation) if is_reference(&releases) => {
            Some(format!("{} in the reference: {}", violation.class, violation.detail))
        }
        Verdict::Violation(_) | Verdict::Valid => None,
    }
}
