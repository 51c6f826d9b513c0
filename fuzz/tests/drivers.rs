//! The two drivers come to the same verdicts.
#![cfg(feature = "turmoil")]

use zab_checker::Class;
use zab_core::Variant;
use zab_core::variant::find;
use zab_fuzz::agreement::{Agreement, Disagreement, Drivers, check};
use zab_fuzz::case::Driver;
use zab_fuzz::generate;
use zab_fuzz::oracle::Oracle;
use zab_fuzz::rng::Rng;
use zab_sim::Schedule;

fn oracles() -> (Oracle, Oracle) {
    (Oracle::new(Driver::Direct), Oracle::new(Driver::Turmoil))
}

fn variant(name: &str) -> Variant {
    find(name).expect("a variant of that name").variant
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
        assert!(identical >= 100 && timing <= 5, "{name}: {identical} identical, {timing} timing");
    }
}

#[test]
fn a_disagreement_says_what_each_driver_shows() {
    let schedule = Schedule::from_json(include_str!("../../sim/tests/zookeeper_4646.json"));
    let schedule = schedule.expect("the schedule is valid");
    assert!(check(&schedule, variant("zookeeper-4646")).is_ok());
    let pair = zab_fuzz::agreement::Pair { direct: Class::parse("O2"), turmoil: None };
    let shown = Disagreement::Unexplained(pair).to_string();
    let expected =
        "O2 in the direct driver, valid in turmoil, and no schedule close by explains it";
    assert_eq!(shown, expected);
}
