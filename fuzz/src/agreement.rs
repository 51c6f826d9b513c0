//! Two drivers watch each other: the same schedule has to come to the same verdict in both.
//!
//! They do not share their orders of events: turmoil's time goes in ticks, its messages take whole
//! ones. A schedule whose violation hangs on less than that may be judged differently, and both
//! are right. What no difference in timing explains is called [`Agreement::Contradiction`]: the
//! reference breaks a rule in one driver, an execution is not decided, or the drivers differ where
//! there is no fault to be early or late for.

use crate::oracle::{Oracle, Outcome};
use zab_checker::{Class, Verdict};
use zab_core::Variant;
use zab_sim::{Act, Schedule};

/// What two drivers make of one schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// The same class, or none.
    Same(Option<Class>),
    /// Different ones, as a difference in timing can bring about.
    Timing {
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
    } else {
        Agreement::Timing { direct: a, other: b }
    }
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
