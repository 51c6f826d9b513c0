//! The neighbors of a schedule: the same actions, each a little earlier or later.
//!
//! Whether a bug is the cause of a violation, one execution with and one without it cannot tell: the
//! repair also shifts a message by a millisecond, and the schedule misses its moment. Among neighbors
//! at several distances some hit the shifted moment too. So a bug is the cause if a fair share of the
//! neighbors shows a violation with it, and next to none does without.

use super::is_spared;
use crate::oracle::{Oracle, Outcome};
use crate::rng::Rng;
use zab_core::variant::{Bug, Releases};
use zab_sim::Schedule;
use zab_sim::schedule::GRAIN_US;

/// How many neighbors are looked at to see the bug.
const NEIGHBORS: u64 = 40;

/// How many are looked at to see that it is not there once it is repaired: more, for the moment of
/// the violation may have become a rarer one. If as many as before show nothing at all, that is enough:
/// with the most that is allowed, one in eight, that happens five times in a thousand.
const REPAIRED: u64 = 120;

/// How many of them at least have to show the bug.
const SHOWN_MIN: usize = 6;

/// How many times rarer a violation has to be once the bug is repaired. A release has other bugs, and
/// now and then a neighbor meets one of them.
const RARER: usize = 8;

/// By how much an action is shifted at most; each distance has its share of the neighbors.
const SHIFT_MAX_US: [u64; 4] = [400, 1_600, 6_400, 25_600];

/// How the neighbors of a schedule go in a variant: the same for every bug that may be to blame.
pub(super) struct Around(Vec<Outcome>);

impl Around {
    /// How they go.
    pub(super) fn of(oracle: &mut Oracle, schedule: &Schedule, releases: Releases) -> Self {
        Self((0..NEIGHBORS).map(|n| oracle.judge(&neighbor(schedule, n), releases)).collect())
    }

    /// Whether they show the bug, and hardly one does in the variant with the bug repaired.
    pub(super) fn differs(
        &self,
        oracle: &mut Oracle,
        schedule: &Schedule,
        repaired: Releases,
        bug: &Bug,
    ) -> bool {
        // Undecided is not spared.
        let shown = self.0.iter().filter(|outcome| !is_spared(bug, outcome)).count();
        let allowed = shown * (REPAIRED / NEIGHBORS) as usize / RARER;
        if shown < SHOWN_MIN {
            return false;
        }
        let mut left = 0;
        for number in 0..REPAIRED {
            if left > allowed || number == NEIGHBORS && left == 0 {
                break;
            }
            let outcome = oracle.judge(&neighbor(schedule, number), repaired);
            left += usize::from(!is_spared(bug, &outcome));
        }
        left <= allowed
    }
}

/// The neighbor of that number: in every other one each action is shifted by itself, in the rest all
/// from one action on together, as if something had taken longer.
fn neighbor(schedule: &Schedule, number: u64) -> Schedule {
    let mut rng = Rng::of(schedule.seed, number);
    let most = SHIFT_MAX_US[number as usize / 2 % SHIFT_MAX_US.len()] / GRAIN_US;
    let shift = |at_us: u64, steps: u64| (at_us + steps * GRAIN_US).saturating_sub(most * GRAIN_US);
    let mut neighbor = schedule.clone();
    let together = number % 2 == 1;
    let from = if together { rng.index(schedule.actions.len()) } else { 0 };
    let mut steps = rng.below(2 * most + 1);
    for action in &mut neighbor.actions[from..] {
        action.at_us = shift(action.at_us, steps);
        if !together {
            steps = rng.below(2 * most + 1);
        }
    }
    neighbor.repair();
    neighbor
}

#[cfg(test)]
mod tests {
    use super::*;
    use zab_sim::{Act, Action};

    #[test]
    fn a_neighbor_does_the_same_a_little_earlier_or_later() {
        let mut schedule = Schedule::empty(7, 3);
        let times = [100_000, 200_000, 300_000];
        schedule.actions =
            times.map(|at_us| Action { at_us, act: Act::StepDown { server: 1 } }).to_vec();
        let mut moved = 0;
        for number in 0..NEIGHBORS {
            let neighbor = neighbor(&schedule, number);
            assert_eq!(neighbor.actions.len(), schedule.actions.len());
            for (action, at_us) in neighbor.actions.iter().zip(times) {
                assert!(action.at_us.abs_diff(at_us) <= 25_600, "{}", action.at_us);
                moved += usize::from(action.at_us != at_us);
            }
            assert_eq!(neighbor, super::neighbor(&schedule, number), "by chance");
        }
        assert!(moved > 60, "{moved}");
    }
}
