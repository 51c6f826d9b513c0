//! The two drivers come to the same verdicts.
#![cfg(feature = "turmoil")]

use zab_checker::Class;
use zab_core::variant::Releases;
use zab_core::variant::find;
use zab_fuzz::agreement::{Agreement, Disagreement, Drivers, Pair, check};
use zab_fuzz::case::Driver;
use zab_fuzz::generate;
use zab_fuzz::oracle::Oracle;
use zab_fuzz::rng::Rng;
use zab_sim::schedule::{Action, ClientOp, CrashMode, Files};
use zab_sim::{Act, Schedule};

fn oracles() -> (Oracle, Oracle) {
    (Oracle::new(Driver::Direct), Oracle::new(Driver::Turmoil))
}

fn variant(name: &str) -> Releases {
    find(name).expect("a variant of that name").releases()
}

fn generated(seed: u64) -> Schedule {
    generate::schedule(&mut Rng::of(seed, 7), 3)
}

#[test]
fn zookeeper_4646_is_lost_and_kept_in_turmoil_as_in_the_direct_driver() {
    let schedule = Schedule::from_json(include_str!("../../sim/tests/zookeeper_4646.json"));
    let schedule = schedule.expect("the schedule is valid");
    let (mut direct, mut turmoil) = oracles();
    for name in ["zookeeper-4646", "zk-3.8.0", "reference", "zk-3.9.5"] {
        let expected = direct.judge(&schedule, variant(name)).class();
        let found = turmoil.judge(&schedule, variant(name)).class();
        assert_eq!(found, expected, "{name}");
        let is_affected = matches!(name, "zookeeper-4646" | "zk-3.8.0");
        assert_eq!(found, is_affected.then_some(Class::parse("O2").expect("a class")), "{name}");
    }
}

/// More of them: `cargo zab agree --variant V --runs N`.
#[test]
fn drivers_agree_on_generated_schedules() {
    for name in ["reference", "zk-3.8.0"] {
        let mut drivers = Drivers::default();
        let (mut identical, mut timing) = (0, 0);
        for seed in 0..150 {
            match drivers.check(&generated(seed), variant(name)) {
                Ok(Agreement::Timing(_)) => timing += 1,
                Ok(agreement) => identical += u32::from(agreement.is_identical()),
                Err(disagreement) => panic!("{name}, seed {seed}: {disagreement}"),
            }
        }
        assert!(identical >= 140 && timing <= 2, "{name}: {identical} identical, {timing} timing");
    }
}

/// Both drivers make the same of these actions, event by event.
fn are_identical(drivers: &mut Drivers, name: &str, empty: Schedule, actions: Vec<(u64, Act)>) {
    let shown = format!("{actions:?}");
    let actions = actions.into_iter().map(|(at_us, act)| Action { at_us, act });
    let schedule = Schedule { actions: actions.collect(), ..empty };
    let agreement = drivers.check(&schedule, variant(name));
    assert!(agreement.is_ok_and(Agreement::is_identical), "{shown}");
}

/// Each of these parted the drivers once.
#[test]
fn executions_are_the_same_event_by_event_where_the_drivers_once_parted() {
    let write = Act::Client { client: 0, server: 2, op: ClientOp::Write, key: 0 };
    let cut = |from, to, for_us| Act::Cut { from, to, both_ways: false, for_us };
    let closed = |since| {
        let stall = Act::StallNode { server: 0, for_us: 100_000 };
        let kill = Act::Kill { server: 2, down_us: 500_000 };
        vec![(0, stall), (1_000, write), (10_000, kill), (20_000, since)]
    };
    let kill = Act::Kill { server: 0, down_us: 0 };
    let no_connection = vec![(0, cut(2, 0, 700_000)), (10_000, kill)];
    let no_receipt = vec![(0, Act::StepDown { server: 2 }), (0, cut(2, 1, 5_000))];
    let nobody_asks = vec![
        (0, Act::StallDisk { server: 1, for_us: 300_000 }),
        (0, Act::Kill { server: 1, down_us: 200_000 }),
        (10_000, Act::FlushError { server: 1, file: Files::Log, for_us: 0 }),
    ];
    let full = vec![
        (0, Act::WriteError { server: 2, file: Files::All, for_us: 90_000 }),
        (1_000, write),
        (1_000, Act::FlushError { server: 0, file: Files::Log, for_us: 0 }),
    ];
    let mut drivers = Drivers::default();
    for actions in [
        closed(Act::Isolate { server: 0, for_us: 10_000 }),
        closed(Act::Reset { a: 0, b: 2 }),
        closed(cut(0, 2, 10_000)),
        no_connection,
        no_receipt,
        nobody_asks,
        full,
    ] {
        are_identical(&mut drivers, "zk-3.5.8", Schedule::empty(0, 3), actions);
    }
}

/// The same, at one instant: what comes first there is decided alike.
#[test]
fn executions_are_the_same_where_things_happen_at_one_instant() {
    let swizzle = |mask, for_us| Act::Swizzle { mask, for_us };
    let power_loss = |down_us| Act::PowerLoss { server: 2, disk: CrashMode::LoseAll, down_us };
    let vote_and_reset_travel_equally_long = vec![
        (0, Act::StepDown { server: 2 }),
        (553_400, power_loss(2_000)),
        (1_000_000, power_loss(200_000)),
        (1_200_000, Act::StepDown { server: 0 }),
    ];
    let kill = |server, down_us| Act::Kill { server, down_us };
    let isolate = |server, for_us| Act::Isolate { server, for_us };
    let dialed_in_the_step_of_the_exit = vec![
        (0, Act::DiskFull { server: 2, file: Files::All, for_us: 0 }),
        (0, kill(2, 800)),
        (2_000, kill(1, 20_000)),
    ];
    let reset_sent_before_the_start = vec![
        (0, Act::Cut { from: 0, to: 1, both_ways: true, for_us: 100_000 }),
        (1_000, isolate(0, 1_000)),
        (1_000, kill(2, 1_000)),
    ];
    let taken_by_the_process_before = vec![
        (0, Act::FlushError { server: 1, file: Files::CurrentEpoch, for_us: 0 }),
        (0, isolate(1, 860_000)),
        (0, Act::StepDown { server: 0 }),
        (0, Act::Client { client: 0, server: 2, op: ClientOp::Write, key: 0 }),
        (80_000, Act::Cut { from: 0, to: 2, both_ways: false, for_us: 800_000 }),
        (877_000, kill(0, 5_000)),
    ];
    let vote_of_the_process_before =
        vec![(0, isolate(0, 2_000)), (0, Act::StepDown { server: 0 }), (1_000, kill(0, 1_000))];
    let repeated_where_a_fault_ends = vec![(44_000, kill(0, 29_400)), (51_400, isolate(1, 32_000))];
    let asked_while_it_is_down = vec![
        (0, kill(1, 10_000)),
        (9_800, Act::Client { client: 0, server: 1, op: ClientOp::Read, key: 0 }),
    ];
    let mut drivers = Drivers::default();
    for (seed, actions) in [
        (2_316_923_776_832_039_975, vote_and_reset_travel_equally_long),
        (0, vec![(5_000, swizzle(0b111, 10_000))]),
        (0, vec![(300_000, swizzle(0b110, 300_000))]),
        (0, dialed_in_the_step_of_the_exit),
        (0, reset_sent_before_the_start),
        (0, taken_by_the_process_before),
        (0, vote_of_the_process_before),
        (11_941_144_361_576_352_166, repeated_where_a_fault_ends),
        (0, asked_while_it_is_down),
    ] {
        are_identical(&mut drivers, "zk-3.8.0", Schedule::empty(seed, 3), actions);
    }
}

/// The same, where it took a longer way: each of these was judged differently.
#[test]
fn executions_are_the_same_where_votes_and_processes_outlive_each_other() {
    let ask = |client, server, op| Act::Client { client, server, op, key: 0 };
    let write = ClientOp::Write;
    let kill = |server, down_us| Act::Kill { server, down_us };
    let isolate = |server, for_us| Act::Isolate { server, for_us };
    let fails = |server, file| Act::FlushError { server, file, for_us: 0 };
    let zeroed = Act::PowerLoss { server: 0, disk: CrashMode::ZeroedLog, down_us: 0 };
    let refuses_at_the_instant_of_healing = vec![
        (0, fails(2, Files::Log)),
        (0, ask(0, 2, write)),
        (0, fails(0, Files::Log)),
        (0, kill(0, 5_000)),
        (25_000, zeroed),
        (30_000, isolate(2, 0)),
    ];
    let asked_of_an_earlier_process = vec![
        (0, ask(2, 1, write)),
        (2_000, kill(1, 0)),
        (10_000, ask(0, 1, ClientOp::Read)),
        (20_000, Act::StepDown { server: 1 }),
        (50_000, ask(2, 3, write)),
        (51_000, isolate(4, 300_000)),
        (300_000, ask(0, 3, write)),
        (310_000, Act::StepDown { server: 3 }),
    ];
    let received_and_not_acknowledged = vec![
        (0, fails(0, Files::Log)),
        (0, Act::Cut { from: 1, to: 0, both_ways: false, for_us: 50_000 }),
        (0, ask(0, 0, write)),
        (38_000, isolate(1, 700_000)),
    ];
    let taken_before_its_time = vec![
        (0, fails(0, Files::Log)),
        (0, Act::WriteError { server: 2, file: Files::Log, for_us: 0 }),
        (300_000, Act::StepDown { server: 2 }),
        (750_000, isolate(0, 20_000)),
        (750_000, ask(0, 2, write)),
        (830_000, isolate(1, 781_000)),
        (1_050_000, ask(0, 2, write)),
        (1_100_000, fails(2, Files::All)),
    ];
    let what_was_sent_first_comes_first = vec![
        (0, ask(0, 0, write)),
        (40_800, kill(0, 3_600)),
        (40_800, kill(1, 3_600)),
        (100_000, fails(2, Files::Log)),
        (100_000, fails(0, Files::Log)),
        (200_000, Act::ReadOnly { server: 2, file: Files::Log, for_us: 0 }),
        (203_400, ask(3, 1, write)),
        (1_000_000, Act::StallDisk { server: 1, for_us: 0 }),
    ];
    let mut drivers = Drivers::default();
    for (seed, servers, actions) in [
        (10_723_681_731_080_428_796, 3, refuses_at_the_instant_of_healing),
        (0, 5, asked_of_an_earlier_process),
        (12_618_510_073_904_824_842, 3, received_and_not_acknowledged),
        (13_751_676_593_565_163_404, 3, taken_before_its_time),
        (15_699_885_877_655_691_944, 3, what_was_sent_first_comes_first),
    ] {
        are_identical(&mut drivers, "zk-3.8.0", Schedule::empty(seed, servers), actions);
    }
}

#[test]
fn a_disagreement_says_what_each_driver_shows() {
    let schedule = Schedule::from_json(include_str!("../../sim/tests/zookeeper_4646.json"));
    let schedule = schedule.expect("the schedule is valid");
    assert!(check(&schedule, variant("zookeeper-4646")).is_ok());
    let pair = Pair { direct: Class::parse("O2"), turmoil: None };
    let shown = Disagreement::Unexplained(pair).to_string();
    let expected =
        "O2 in the direct driver, valid in turmoil, and no schedule close by explains it";
    assert_eq!(shown, expected);
}
