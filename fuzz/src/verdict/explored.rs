//! What every order of every event comes to, within bounds small enough for a table.
//!
//! A search says "not shown in N executions"; this says that nothing is left, of a write and one
//! fault. It is about the variant as a whole, since an exploration ends with the first rule broken.

use crate::oracle::standard;
use std::ops::ControlFlow;
use zab_checker::Class;
use zab_core::variant::Releases;
use zab_sim::explore::{Bounds, End, Limits, Setting, search};

/// States after which an exploration is given up.
const STATES_MAX: u64 = 500_000;

/// Worlds in memory at a time: some 400 MiB.
const WORLDS_MAX: usize = 20_000;

/// An exploration.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Explored {
    /// The fault that happens once, at any time: as `zab explore` calls it.
    pub fault: &'static str,
    /// How it ended.
    pub ended: Ended,
    /// How many states it met.
    pub states: u64,
}

/// How an exploration ended.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every order was taken, and none breaks a rule.
    Complete,
    /// A rule of this class is broken after this many steps, and after no fewer.
    Broken(Class, u32),
    /// It was given up, or a state was left without a decision.
    Incomplete,
}

/// One write and one fault, for each kind of fault.
pub fn explored(releases: Releases) -> Vec<Explored> {
    let one = Bounds { writes: 1, ..Bounds::default() };
    let each = [
        ("restart", Bounds { restarts: 1, ..one }),
        ("power loss", Bounds { power_losses: 1, ..one }),
        ("step-down", Bounds { step_downs: 1, ..one }),
        ("cut", Bounds { cuts: 1, ..one }),
    ];
    each.into_iter().map(|(fault, bounds)| explore(releases, fault, bounds)).collect()
}

fn explore(releases: Releases, fault: &'static str, bounds: Bounds) -> Explored {
    let mut setting = Setting::new(3, releases, standard(releases));
    setting.bounds = bounds;
    let limits = Limits { states: STATES_MAX, worlds: WORLDS_MAX };
    let report = search(&setting, limits, 1, &mut |_| ControlFlow::Continue(()))
        .expect("nothing has to happen before it");
    let ended = match report.end {
        End::Found(found) => Ended::Broken(found.violation.class, found.choices.len() as u32),
        End::Complete if report.progress.undecided == 0 => Ended::Complete,
        End::Complete | End::Enough(_) => Ended::Incomplete,
    };
    Explored { fault, ended, states: report.progress.states }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variants::find;

    #[test]
    fn an_acknowledgment_in_flight_needs_one_cut_and_its_repair_leaves_nothing() {
        let cut = |name: &str| {
            let releases = find(name).expect("it is listed").releases();
            explore(releases, "cut", Bounds { writes: 1, cuts: 1, ..Bounds::default() }).ended
        };
        assert!(matches!(cut("stale-ack-in-flight"), Ended::Broken(Class::D1, _)));
        assert_eq!(cut("reference"), Ended::Complete);
    }
}
