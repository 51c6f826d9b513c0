//! Looks for a schedule that says the same as a trail: the same class, through the same defects.
//!
//! A trail chooses what arrives next; a schedule has faults and delays, and leaves the rest to a
//! driver. So nothing guarantees that there is one: plans of the trail at several paces are run, then
//! schedules near to those that came near. What is found is judged by executions alone.

use super::Trail;
use super::plan::{Pace, plan};
use crate::causes::{causes, smallest};
use crate::mutate::mutate;
use crate::oracle::{Oracle, standard};
use crate::rng::Rng;
use zab_checker::Class;
use zab_core::variant::{Releases, Switch};
use zab_sim::Schedule;
use zab_sim::explore::Setting;

/// A schedule that says the same, or none.
#[derive(Clone, Debug)]
pub struct Conversion {
    /// The schedule.
    pub schedule: Option<Schedule>,
    /// The defects that the trail needs.
    pub defects: Vec<&'static Switch>,
    /// How many executions it took.
    pub executions: u64,
}

/// How long a step takes, in microseconds.
const STEPS_US: [u64; 4] = [400, 1_000, 3_000, 8_000];

/// For how many steps somebody has to wait to be held up.
const PATIENCE: [u64; 4] = [2, 4, 8, u64::MAX];

/// How long an election may take, in microseconds.
const ELECTION_US: [u64; 2] = [30_000, 100_000];

/// Seeds of each plan.
const SEEDS: u64 = 4;

/// How many schedules that came near are gone on from.
const NEAR_MAX: usize = 64;

impl Trail {
    /// Looks for a schedule with the class of the trail and its defects, in the variant that it was
    /// found in.
    pub fn convert(&self, oracle: &mut Oracle, limit: u64) -> Conversion {
        let releases = self.named().releases();
        let Some(class) = self.expected.class() else {
            return Conversion { schedule: None, defects: Vec::new(), executions: 0 };
        };
        let defects = smallest(releases, |releases| self.shows(releases, class));
        let mut search =
            Search { oracle, releases, class, defects, executions: 0, near: Vec::new() };
        let schedule = search.run(self, limit);
        Conversion { schedule, executions: search.executions, defects: search.defects }
    }

    /// Whether all its steps can be taken there, and come to this class.
    fn shows(&self, releases: Releases, class: Class) -> bool {
        let mut setting = Setting::new(self.servers, releases, standard(releases));
        setting.free = self.free;
        self.first.iter().for_each(|first| setting.after(first));
        let replay = setting.replay(&self.steps);
        replay.taken == self.steps.len() && replay.verdict.class() == Some(class)
    }
}

struct Search<'a> {
    oracle: &'a mut Oracle,
    releases: Releases,
    class: Class,
    defects: Vec<&'static Switch>,
    executions: u64,
    /// Schedules to go on from, the best first: how far they are, and themselves.
    near: Vec<(usize, Schedule)>,
}

impl Search<'_> {
    fn run(&mut self, trail: &Trail, limit: u64) -> Option<Schedule> {
        let first = super::schedule(trail.first.as_ref(), trail.servers);
        for pace in paces() {
            let schedule = plan(&first, &trail.steps, pace);
            if self.executions < limit && self.is_it(&schedule) {
                return Some(schedule);
            }
        }
        let mut rng = Rng::new(0);
        while self.executions < limit {
            let (_, parent) = &self.near[rng.index(self.near.len())];
            let (_, donor) = &self.near[rng.index(self.near.len())];
            let moment = parent.actions.get(rng.index(parent.actions.len().max(1)));
            let moment_us = moment.map_or(0, |action| action.at_us);
            let schedule = mutate(&mut rng, parent, moment_us, donor);
            if self.is_it(&schedule) {
                return Some(schedule);
            }
        }
        None
    }

    /// Whether a schedule says the same; if it comes near it is kept.
    fn is_it(&mut self, schedule: &Schedule) -> bool {
        let Self { oracle, releases, class, .. } = self;
        self.executions += 1;
        let outcome = oracle.judge(schedule, *releases);
        if outcome.class() == Some(*class) {
            let found = causes(oracle, schedule, *releases, *class, None);
            let names = |switches: &[&'static Switch]| -> Vec<&'static str> {
                switches.iter().map(|switch| switch.name).collect()
            };
            if names(&found) == names(&self.defects) {
                return true;
            }
        }
        let distance = match outcome.classes() {
            classes if classes.contains(class) => 0,
            classes if !classes.is_empty() => 1,
            _ => 2,
        };
        let place = self.near.partition_point(|(other, _)| *other <= distance);
        if place < NEAR_MAX {
            self.near.insert(place, (distance, schedule.clone()));
            self.near.truncate(NEAR_MAX);
        }
        false
    }
}

/// Every way to lay out a trail, one for each seed.
fn paces() -> impl Iterator<Item = Pace> {
    (0..SEEDS).flat_map(|seed| {
        STEPS_US.into_iter().flat_map(move |step_us| {
            PATIENCE.into_iter().flat_map(move |patience| {
                let pace = move |us: u64| Pace { step_us, election: us / step_us, patience, seed };
                ELECTION_US.into_iter().map(pace)
            })
        })
    })
}
