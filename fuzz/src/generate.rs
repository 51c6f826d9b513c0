//! Schedules from nothing but chance.
//!
//! Uniform chance finds nothing here: the known losses need three elections, a write that only a
//! minority holds, and a power loss within the milliseconds in which a log is not yet on disk. So
//! chance is shaped: times and durations are spread over orders of magnitude, faults come in
//! bursts ([`motif`]), and each schedule is drawn from a swarm configuration of its own
//! ([`Swarm`]), in which some kinds of fault are missing altogether.

mod locks;
pub mod motif;
mod sizes;
mod swarm;

pub use sizes::Sizes;
pub use swarm::Swarm;

use crate::rng::Rng;
use zab_sim::schedule::{CLIENTS, ClientOp, Workload};
use zab_sim::{Act, Action, Schedule};

/// A schedule for this many servers, whose clients do this.
pub fn for_workload(rng: &mut Rng, servers: u8, workload: Workload) -> Schedule {
    match workload {
        Workload::Registers => schedule(rng, servers),
        Workload::Locks | Workload::LocalLocks => locks::schedule(rng, servers),
    }
}

/// A schedule for this many servers.
pub fn schedule(rng: &mut Rng, servers: u8) -> Schedule {
    let swarm = Swarm::draw(rng, servers);
    let horizon_us = rng.spread(250_000, 2_000_000);
    let mut actions = Vec::new();
    for _ in 0..rng.spread(1, 8) {
        let at_us = rng.below(horizon_us);
        motif::burst(rng, &swarm, at_us, &mut actions);
    }
    for _ in 0..rng.below(4) {
        let at_us = rng.below(horizon_us);
        let act = swarm.fault(rng);
        actions.push(Action { at_us, act });
    }
    workload(rng, &swarm, horizon_us, &mut actions);
    if rng.one_in(2) {
        watch(rng, &swarm, horizon_us, &mut actions);
    }
    let mut schedule = Schedule { actions, ..Schedule::empty(rng.draw(), servers) };
    schedule.repair();
    schedule
}

/// Client operations: some anywhere, some within milliseconds of what is planned already.
fn workload(rng: &mut Rng, swarm: &Swarm, horizon_us: u64, actions: &mut Vec<Action>) {
    let faults = actions.len();
    for _ in 0..rng.spread(3, 24) {
        let at_us = if rng.one_in(2) {
            rng.below(horizon_us)
        } else {
            let near = actions[rng.index(faults)].at_us;
            let distance = rng.spread(200, 40_000);
            if rng.one_in(2) { near + distance } else { near.saturating_sub(distance) }
        };
        actions.push(Action { at_us, act: swarm.client(rng) });
    }
}

/// Reads now and then at any server: nobody can miss what nobody has read.
fn watch(rng: &mut Rng, swarm: &Swarm, horizon_us: u64, actions: &mut Vec<Action>) {
    let every_us = horizon_us / rng.between(8, 24);
    let client = CLIENTS - 1;
    let key = 0;
    let mut at_us = rng.below(every_us);
    while at_us < horizon_us {
        let server = rng.below(u64::from(swarm.ensemble())) as u8;
        let op = if rng.one_in(4) { ClientOp::SyncRead } else { ClientOp::Read };
        actions.push(Action { at_us, act: Act::Client { client, server, op, key } });
        at_us += every_us;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use zab_sim::schedule::{CrashMode, Kind};

    #[test]
    fn every_kind_of_action_is_reached() {
        let mut rng = Rng::new(0);
        let mut missing: BTreeSet<String> = Kind::ALL.iter().map(Kind::to_string).collect();
        for op in [ClientOp::Write, ClientOp::WriteIf, ClientOp::Read, ClientOp::SyncRead] {
            missing.insert(format!("{op:?}"));
        }
        for disk in [
            CrashMode::LoseAll,
            CrashMode::Torn,
            CrashMode::KeepAll,
            CrashMode::EmptyLog,
            CrashMode::ZeroedLog,
        ] {
            missing.insert(format!("{disk:?}"));
        }
        for _ in 0..300 {
            for action in schedule(&mut rng, 3).actions {
                missing.remove(&Kind::of(&action.act).to_string());
                match action.act {
                    Act::Client { op, .. } => missing.remove(&format!("{op:?}")),
                    Act::PowerLoss { disk, .. } => missing.remove(&format!("{disk:?}")),
                    _ => false,
                };
            }
        }
        assert_eq!(missing, BTreeSet::new(), "never generated");
    }

    #[test]
    fn every_schedule_is_valid_at_every_size() {
        let mut rng = Rng::new(1);
        for servers in [3, 5, 7] {
            for _ in 0..300 {
                assert_eq!(schedule(&mut rng, servers).validate(), Ok(()));
            }
        }
    }

    #[test]
    fn swarms_switch_kinds_off_and_weigh_the_others_differently() {
        let mut rng = Rng::new(2);
        let kinds_of = |schedule: &Schedule| {
            schedule.actions.iter().map(|action| Kind::of(&action.act)).collect::<BTreeSet<_>>()
        };
        let variety: BTreeSet<_> = (0..100).map(|_| kinds_of(&schedule(&mut rng, 3))).collect();
        assert!(variety.len() > 60, "only {} combinations of kinds", variety.len());
    }
}
