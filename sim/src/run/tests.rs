//! Whole executions.

use super::*;
use crate::schedule::samples::{noisy, schedule};
use crate::schedule::{Act, ClientOp, CrashMode};
use crate::trace::{TextTrace, TraceHash};
use zab_checker::Fact;
use zab_core::variant::Release;
use zab_core::{NodeId, Variant, Zxid};

fn hash(booted: &Booted, schedule: &Schedule) -> u64 {
    let mut hash = TraceHash::default();
    booted.run(schedule, &mut hash);
    hash.value()
}

fn trace(booted: &Booted, schedule: &Schedule) -> String {
    let mut trace = TextTrace::default();
    booted.run(schedule, &mut trace);
    trace.0
}

fn write(client: u8, server: u8) -> Act {
    Act::Client { client, server, op: ClientOp::Write, key: 0 }
}

#[test]
fn boot_establishes_epoch_1_with_three_writes_everywhere() {
    for servers in [3, 5, 7] {
        let booted = Booted::new(servers, Variant::REFERENCE);
        let world = booted.driver().world();
        for id in world.config().members() {
            let view = world.view(id).expect("all servers are up");
            assert_eq!(view.leader, Some(NodeId(servers - 1)), "the highest id leads");
            assert_eq!(view.last_logged, Zxid::new(1, 3));
            assert_eq!(view.last_processed, Zxid::new(1, 3));
            assert_eq!(view.current_epoch.0, 1);
            assert!(view.serving);
        }
    }
}

#[test]
fn every_variant_boots() {
    for entry in zab_core::variant::CATALOGUE {
        let booted = Booted::new(3, entry.variant);
        assert!(!booted.evidence().is_empty(), "{}", entry.name);
    }
}

#[test]
fn an_empty_schedule_ends_available_and_at_rest() {
    let booted = Booted::new(3, Variant::REFERENCE);
    let text = trace(&booted, &schedule(1, []));
    assert!(text.contains("the ensemble is available"));
    assert_eq!(text.matches("rests at <1, 7>").count(), 3);
}

/// The reason is what their last processes ended with: a log file whose first record the disk has lost.
#[test]
fn that_there_is_no_service_is_excused_by_a_majority_that_refuses_to_start() {
    let variant = Variant { refuses_zeroed_log: true, ..Variant::REFERENCE };
    let booted = Booted::new(3, variant);
    let told = |servers: &[u8]| {
        let disk = CrashMode::ZeroedLog;
        let lost = servers.iter().flat_map(|&server| {
            [
                (10_000, Act::Kill { server, down_us: 0 }),
                (300_000, Act::StallDisk { server, for_us: 50_000 }),
                (310_000, Act::PowerLoss { server, disk, down_us: 1_000 }),
            ]
        });
        let mut actions: Vec<_> = lost.chain([(301_000, write(0, 2))]).collect();
        actions.sort_by_key(|(at, _)| *at);
        trace(&booted, &schedule(1, actions))
    };
    let excuse = "no quorum starts: log files without a header";
    assert!(told(&[0, 1]).contains(excuse), "{}", told(&[0, 1]));
    let one = told(&[0]);
    assert!(one.contains("the ensemble is available") && !one.contains(excuse), "{one}");
}

#[test]
fn the_same_schedule_yields_the_same_evidence() {
    let booted = Booted::new(3, Variant::REFERENCE);
    let first: Vec<u64> = (0..60).map(|seed| hash(&booted, &noisy(seed))).collect();
    let again = Booted::new(3, Variant::REFERENCE);
    for seed in (0..60).rev() {
        assert_eq!(hash(&again, &noisy(seed)), first[seed as usize], "seed {seed}");
    }
}

#[test]
fn every_execution_ends_within_its_budget() {
    for variant in
        [Variant::REFERENCE.into(), zab_core::variant::find("zk-3.8.0").expect("known").releases()]
    {
        let booted = Booted::new(3, variant);
        for seed in 0..300 {
            let run = booted.run(&noisy(seed), &mut TraceHash::default());
            assert!(!run.out_of_budget, "seed {seed}");
        }
    }
}

#[test]
fn an_action_changes_nothing_before_its_time() {
    let booted = Booted::new(3, Variant::REFERENCE);
    let loss = Act::PowerLoss { server: 2, disk: CrashMode::Torn, down_us: 100_000 };
    let one = trace(&booted, &schedule(4, [(2_000, write(0, 0)), (9_000, write(1, 1))]));
    let two = trace(&booted, &schedule(4, [(2_000, write(0, 0)), (9_000, loss)]));
    let same = one.lines().zip(two.lines()).take_while(|(a, b)| a == b).count();
    let boot =
        trace(&booted, &schedule(4, [])).lines().take_while(|l| !l.contains("healed")).count();
    assert!(same > boot + 10, "{same} lines agree, {boot} of them from the boot");
    assert!(two.lines().nth(same).expect("they differ").contains("loses power"));
}

#[test]
fn an_observer_can_end_an_execution() {
    struct Two(u32);
    impl Observer for Two {
        fn on_event(&mut self, event: &Event) -> ControlFlow<()> {
            self.0 += u32::from(matches!(event.fact, Fact::Healed | Fact::Available { .. }));
            if self.0 == 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }
    let booted = Booted::new(3, Variant::REFERENCE);
    let mut observer = Two(0);
    let run = booted.run(&schedule(1, [(4_000, write(0, 0))]), &mut observer);
    assert_eq!((observer.0, run.end_us), (1, 4_000));
}

#[test]
fn views_follow_the_servers() {
    struct Downs(Vec<usize>);
    impl Observer for Downs {
        fn on_event(&mut self, _: &Event) -> ControlFlow<()> {
            ControlFlow::Continue(())
        }
        fn wants_views(&self) -> bool {
            true
        }
        fn on_views(&mut self, views: &[Option<View>]) {
            let down = views.iter().filter(|view| view.is_none()).count();
            if self.0.last() != Some(&down) {
                self.0.push(down);
            }
        }
    }
    let booted = Booted::new(3, Variant::REFERENCE);
    let kill = |server| Act::Kill { server, down_us: 10_000 };
    let mut downs = Downs(Vec::new());
    booted.run(&schedule(1, [(4_000, kill(0)), (5_000, kill(1))]), &mut downs);
    assert_eq!(downs.0, [0, 1, 2, 1, 0]);
}

#[test]
fn an_ensemble_without_a_quorum_of_working_disks_is_unavailable_only_until_it_is_healed() {
    let booted = Booted::new(3, Variant::REFERENCE);
    let loss = |server| Act::PowerLoss { server, disk: CrashMode::LoseAll, down_us: 900_000 };
    let text = trace(&booted, &schedule(1, [(0, loss(0)), (0, loss(1)), (0, loss(2))]));
    assert!(text.contains("the ensemble is available"));
    assert_eq!(text.matches("rests at").count(), 3);
}

#[test]
fn fresh_sessions_read_every_register_everywhere_in_the_end() {
    let booted = Booted::new(3, Variant::REFERENCE);
    let text = trace(&booted, &schedule(1, [(1_000, write(0, 0))]));
    let after = text.split("the ensemble is available").nth(1).expect("it is");
    assert_eq!(after.matches("is told: value 1, version 2").count(), 3, "k0 at each server");
    assert_eq!(after.matches("is told: value").count(), 3 * zab_core::txn::KEYS);
}

#[test]
fn a_leader_that_has_not_noticed_its_fall_is_not_at_rest() {
    let booted = Booted::new(3, Variant::REFERENCE);
    let slow = Act::Skew { server: 2, per_mille: -900, for_us: 900_000 };
    let isolate = Act::Isolate { server: 2, for_us: 500_000 };
    let text = trace(&booted, &schedule(1, [(0, slow), (1_000, isolate)]));
    assert!(text.contains("epoch 2 established"));
    assert_eq!(text.matches("rests at <2, 4>").count(), 3);
}

#[test]
fn an_upgrade_to_the_same_release_is_a_restart() {
    let plain = Booted::new(3, Variant::REFERENCE);
    let same = Booted::new(3, Releases::upgrade(Variant::REFERENCE, Variant::REFERENCE));
    let rolling = |act: fn(u8) -> Act| {
        let at_us = |server: u8| 20_000 + 200_000 * u64::from(server);
        let turns = (0..3).flat_map(|id| [(at_us(id), act(id)), (at_us(id) + 10_000, write(0, 1))]);
        schedule(7, turns)
    };
    let kills = rolling(|server| Act::Kill { server, down_us: 5_000 });
    for to in Release::ALL {
        let upgrades = match to {
            Release::Old => {
                rolling(|server| Act::Upgrade { server, to: Release::Old, down_us: 5_000 })
            }
            Release::New => {
                rolling(|server| Act::Upgrade { server, to: Release::New, down_us: 5_000 })
            }
        };
        assert_eq!(trace(&same, &upgrades), trace(&plain, &kills), "{to}");
        assert_eq!(hash(&plain, &upgrades), hash(&plain, &kills), "{to}");
    }
    for seed in 0..60 {
        assert_eq!(hash(&same, &noisy(seed)), hash(&plain, &noisy(seed)), "seed {seed}");
    }
}
