//! The two drivers come to the same verdicts.
#![cfg(feature = "turmoil")]

use zab_checker::Class;
use zab_core::Variant;
use zab_core::variant::find;
use zab_fuzz::agreement::{Agreement, compare};
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

/// How often the drivers agreed, on schedules from these seeds.
#[derive(Debug, Default)]
struct Tally {
    valid: u32,
    same: u32,
    timing: u32,
    /// Of those that differ: broken in the direct driver only, in turmoil only, in both.
    sides: [u32; 3],
}

fn tally(name: &str, seeds: std::ops::Range<u64>) -> Tally {
    let (mut direct, mut other) = oracles();
    let mut tally = Tally::default();
    for seed in seeds {
        let schedule = generate::schedule(&mut Rng::of(seed, 7), 3);
        match compare(&mut direct, &mut other, &schedule, variant(name)) {
            Agreement::Same(None) => tally.valid += 1,
            Agreement::Same(Some(_)) => tally.same += 1,
            Agreement::Timing { direct, other } => {
                tally.timing += 1;
                let side = match (direct, other) {
                    (Some(_), None) => 0,
                    (None, Some(_)) => 1,
                    _ => 2,
                };
                tally.sides[side] += 1;
            }
            Agreement::Contradiction(what) => {
                panic!(
                    "{name}, seed {seed}: {what}\n{}",
                    serde_json::to_string(&schedule).expect("")
                )
            }
        }
    }
    tally
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

#[test]
fn drivers_agree_on_generated_schedules() {
    let tally = tally("reference", 0..150);
    assert_eq!(tally.valid, 150);
    let tally = self::tally("zk-3.8.0", 0..150);
    assert!(tally.timing <= 15, "{tally:?}");
}

/// `cargo test --release -p zab-fuzz --test drivers -- --ignored --nocapture`
#[test]
#[ignore = "takes minutes"]
fn drivers_agree_on_thousands_of_generated_schedules() {
    for name in ["reference", "zk-3.8.0", "zookeeper-4646", "zookeeper-4643"] {
        println!("{name}: {:?}", tally(name, 1000..2000));
    }
}
