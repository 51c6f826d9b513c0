//! The search for a schedule that two drivers judge differently.
//!
//! Coverage of the direct driver guides it: what is common there is common in turmoil as well, and
//! an execution costs a fraction.

use super::{Agreement, Disagreement, Drivers};
use crate::clock::Stopwatch;
use crate::minimize::{self, minimize};
use crate::search::{Campaign, Island, Limit};
use std::fmt;
use zab_sim::Schedule;

/// How often drivers agreed.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Schedules that ran in both.
    pub schedules: u64,
    /// Of these: no rule was broken in either.
    pub valid: u64,
    /// The same class was broken in both.
    pub broken: u64,
    /// The executions were the same event by event.
    pub identical: u64,
    /// Different classes, as schedules close by explain.
    pub timing: u64,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { schedules, valid, broken, identical, timing } = self;
        write!(f, "{schedules} schedules: {valid} valid, {broken} of the same class; ")?;
        write!(f, "{identical} identical; {timing} differ, as schedules close by explain")
    }
}

/// What came of a search.
#[derive(Clone, Debug, Default)]
pub struct Hunt {
    /// How often drivers agreed.
    pub tally: Tally,
    /// The first schedule on which they did not, minimized, and how.
    pub disagreement: Option<(Schedule, Disagreement)>,
}

/// Compares the drivers on one schedule after the other until they disagree, or until the limit of
/// the campaign, of which one thread is used.
///
/// # Errors
/// If a disagreement does not show again: then something is not deterministic.
pub fn hunt(campaign: &Campaign, watch: &mut dyn FnMut(Tally)) -> Result<Hunt, minimize::Error> {
    let stopwatch = Stopwatch::start();
    let mut island = Island::of(campaign, 0);
    let mut drivers = Drivers::default();
    let mut tally = Tally::default();
    let is_over = |tally: &Tally| match campaign.limit {
        Limit::Time(time) => stopwatch.elapsed() >= time,
        Limit::Runs(runs) => tally.schedules >= runs,
    };
    while !is_over(&tally) {
        let schedule = island.propose();
        island.execute(&schedule);
        drop(island.take_new_states());
        let agreement = match drivers.check(&schedule, campaign.variant) {
            Ok(agreement) => agreement,
            Err(disagreement) => {
                let disagreement = shrink(&mut drivers, campaign, &schedule, disagreement)?;
                return Ok(Hunt { tally, disagreement: Some(disagreement) });
            }
        };
        tally.schedules += 1;
        tally.identical += u64::from(agreement.is_identical());
        match agreement {
            Agreement::Same { class: None, .. } => tally.valid += 1,
            Agreement::Same { class: Some(_), .. } => tally.broken += 1,
            Agreement::Timing(_) => tally.timing += 1,
        }
        watch(tally);
    }
    Ok(Hunt { tally, disagreement: None })
}

/// The simplest schedule with a disagreement of the same kind.
fn shrink(
    drivers: &mut Drivers,
    campaign: &Campaign,
    schedule: &Schedule,
    disagreement: Disagreement,
) -> Result<(Schedule, Disagreement), minimize::Error> {
    let kind = std::mem::discriminant(&disagreement);
    let mut last = disagreement;
    let minimized =
        minimize(schedule, |candidate| match drivers.check(candidate, campaign.variant) {
            Err(found) if std::mem::discriminant(&found) == kind => {
                last = found;
                true
            }
            _ => false,
        })?;
    Ok((minimized.schedule, last))
}
