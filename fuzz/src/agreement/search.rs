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
    /// The drivers disagreed.
    pub disagreements: u64,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { schedules, valid, broken, identical, timing, disagreements } = self;
        write!(f, "{schedules} schedules: {valid} valid, {broken} of the same class; ")?;
        write!(f, "{identical} identical; {timing} differ, as schedules close by explain; ")?;
        write!(f, "{disagreements} disagreements")
    }
}

/// What came of a search.
#[derive(Clone, Debug, Default)]
pub struct Hunt {
    /// How often drivers agreed.
    pub tally: Tally,
    /// Schedules on which they did not, minimized, and how: the first one of each sort.
    pub disagreements: Vec<(Schedule, Disagreement)>,
}

/// Compares the drivers on one schedule after the other until they disagree, or until the limit of
/// the campaign, of which one thread is used. With `keep_going` disagreements do not end it.
///
/// # Errors
/// If a disagreement does not show again: then something is not deterministic.
pub fn hunt(
    campaign: &Campaign,
    keep_going: bool,
    watch: &mut dyn FnMut(Tally),
) -> Result<Hunt, minimize::Error> {
    let stopwatch = Stopwatch::start();
    let mut island = Island::of(campaign, 0);
    let mut drivers = Drivers::default();
    let Hunt { mut tally, mut disagreements } = Hunt::default();
    let is_over = |tally: &Tally| match campaign.limit {
        Limit::Time(time) => stopwatch.elapsed() >= time,
        Limit::Runs(runs) => tally.schedules >= runs,
    };
    while !is_over(&tally) && (keep_going || disagreements.is_empty()) {
        let schedule = island.propose();
        island.execute(&schedule);
        drop(island.take_new_states());
        let result = drivers.check(&schedule, campaign.releases);
        tally.count(&result);
        if let Err(disagreement) = result
            && !disagreements.iter().any(|(_, known)| disagreement.is_like(known))
        {
            disagreements.push(shrink(&mut drivers, campaign, &schedule, disagreement)?);
        }
        watch(tally);
    }
    Ok(Hunt { tally, disagreements })
}

impl Tally {
    fn count(&mut self, result: &Result<Agreement, Disagreement>) {
        self.schedules += 1;
        match result {
            Ok(Agreement::Same { class, identical }) => {
                self.identical += u64::from(*identical);
                *(if class.is_none() { &mut self.valid } else { &mut self.broken }) += 1;
            }
            Ok(Agreement::Timing(_)) => self.timing += 1,
            Err(_) => self.disagreements += 1,
        }
    }
}

/// The simplest schedule with a disagreement of the same sort.
fn shrink(
    drivers: &mut Drivers,
    campaign: &Campaign,
    schedule: &Schedule,
    disagreement: Disagreement,
) -> Result<(Schedule, Disagreement), minimize::Error> {
    let mut last = disagreement;
    let minimized =
        minimize(schedule, |candidate| match drivers.check(candidate, campaign.releases) {
            Err(found) if found.is_like(&last) => {
                last = found;
                true
            }
            _ => false,
        })?;
    Ok((minimized.schedule, last))
}
