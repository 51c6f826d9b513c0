//! Synthetic predicates: what the minimizer promises, without a simulator.

use super::*;
use crate::generate;
use crate::rng::Rng;
use zab_sim::schedule::{ClientOp, CrashMode, Directories, Workload};
use zab_sim::{Act, Action};

fn noise(seed: u64, servers: u8, actions: usize) -> Schedule {
    let mut rng = Rng::new(seed);
    let mut all = Schedule::empty(99, servers);
    while all.actions.len() < actions {
        all.actions.extend(generate::schedule(&mut rng, servers).actions);
    }
    all.actions.truncate(actions);
    all.repair();
    all
}

/// A write at S2, then a power loss of S0, then S2 cut off: each within half a second of the last.
fn core_of_three(schedule: &Schedule) -> bool {
    let follows = |earlier: u64, is: fn(&Act) -> bool| {
        move |action: &&Action| {
            action.at_us > earlier && action.at_us < earlier + 500_000 && is(&action.act)
        }
    };
    let is_write = |act: &Act| {
        matches!(act, Act::Client { server: 2, op: ClientOp::Write | ClientOp::WriteIf, .. })
    };
    let is_crash = |act: &Act| matches!(act, Act::PowerLoss { server: 0, .. });
    let is_loss = |act: &Act| matches!(act, Act::Isolate { server: 2, for_us: 150_001.. });
    let actions = &schedule.actions;
    actions.iter().filter(|action| is_write(&action.act)).any(|write| {
        actions
            .iter()
            .filter(follows(write.at_us, is_crash))
            .any(|crash| actions.iter().any(|action| follows(crash.at_us, is_loss)(&action)))
    })
}

fn with_core(mut schedule: Schedule) -> Schedule {
    let core = [
        (301_400, Act::Client { client: 3, server: 2, op: ClientOp::WriteIf, key: 2 }),
        (512_600, Act::PowerLoss { server: 0, disk: CrashMode::Torn, down_us: 77_400 }),
        (733_000, Act::Isolate { server: 2, for_us: 333_200 }),
    ];
    schedule.actions.extend(core.map(|(at_us, act)| Action { at_us, act }));
    schedule.repair();
    schedule
}

#[test]
fn the_core_of_three_is_found_among_sixty_actions() {
    let core = [
        Act::Client { client: 0, server: 2, op: ClientOp::Write, key: 0 },
        Act::PowerLoss { server: 0, disk: CrashMode::LoseAll, down_us: 0 },
        Act::Isolate { server: 2, for_us: 200_000 },
    ];
    for seed in 0..20 {
        let found = minimize(&with_core(noise(seed, 3, 57)), core_of_three).expect("it fails");
        let actions = &found.schedule.actions;
        let acts: Vec<Act> = actions.iter().map(|action| action.act).collect();
        assert_eq!(acts, core, "seed {seed}");
        assert!(actions.iter().all(|action| action.at_us.is_multiple_of(10_000)), "{actions:?}");
        assert_eq!(found.schedule.seed, 0);
        assert!(found.executions < 1500, "{} executions", found.executions);
    }
}

#[test]
fn the_result_is_valid_fails_and_cannot_lose_an_action() {
    let enough = |schedule: &Schedule| {
        schedule.actions.iter().filter(|a| matches!(a.act, Act::Client { .. })).count() >= 3
            && schedule.actions.iter().any(|a| a.at_us > 123_456)
    };
    let found = minimize(&noise(3, 5, 60), enough).expect("it fails");
    assert_eq!(found.schedule.validate(), Ok(()));
    assert!(enough(&found.schedule));
    assert_eq!(found.schedule.servers, 3, "the ensemble gets smaller");
    for gone in 0..found.schedule.actions.len() {
        let mut fewer = found.schedule.clone();
        fewer.actions.remove(gone);
        assert!(!enough(&fewer), "action {gone} was not needed");
    }
}

#[test]
fn two_actions_that_are_needed_together_or_not_at_all_go_together() {
    let even = |schedule: &Schedule| {
        schedule.actions.len().is_multiple_of(2) && schedule.actions.len() >= 4
    };
    let found = minimize(&noise(5, 3, 40), even).expect("it fails");
    assert_eq!(found.schedule.actions.len(), 4);
}

#[test]
fn minimizing_twice_changes_nothing() {
    let once = minimize(&with_core(noise(8, 7, 57)), core_of_three).expect("it fails");
    let twice = minimize(&once.schedule, core_of_three).expect("it still fails");
    assert_eq!(once.schedule, twice.schedule);
}

#[test]
fn what_does_not_fail_is_refused() {
    let refused = minimize(&noise(1, 3, 10), |_| false);
    assert_eq!(refused, Err(Error::NotFailing));
}

#[test]
fn a_predicate_that_changes_its_mind_is_noticed() {
    let mut asked = 0;
    let fickle = |_: &Schedule| {
        asked += 1;
        asked == 1
    };
    assert_eq!(minimize(&noise(1, 3, 10), fickle), Err(Error::Lost));
}

#[test]
fn a_world_that_is_stricter_than_needed_is_as_it_is_by_default() {
    for (is_needed, expected) in [(true, Directories::Strict), (false, Directories::Lenient)] {
        let noise = Schedule { directories: Directories::Strict, ..noise(3, 3, 40) };
        let fails = |schedule: &Schedule| {
            let is_kill = |action: &Action| matches!(action.act, Act::Kill { .. });
            let is_strict = !schedule.directories.are_lenient();
            (is_strict || !is_needed) && schedule.actions.iter().any(is_kill)
        };
        let small = minimize(&noise, fails).expect("it fails").schedule;
        assert_eq!((small.directories, small.actions.len()), (expected, 1));
    }
}

#[test]
fn clients_do_no_more_than_is_needed() {
    use Workload::{LocalLocks, Locks, Registers};
    for enough in [vec![Registers, Locks, LocalLocks], vec![Locks, LocalLocks], vec![LocalLocks]] {
        let noise = Schedule { workload: LocalLocks, ..noise(3, 3, 40) };
        let fails = |schedule: &Schedule| enough.contains(&schedule.workload);
        let small = minimize(&noise, fails).expect("it fails").schedule;
        assert_eq!((small.workload, small.actions.len()), (enough[0], 0));
    }
}
