//! What holds for any input: bolero makes them up, `cargo test` runs some of each.
//!
//! More of them: `BOLERO_RANDOM_ITERATIONS=100000 cargo test --release -p zab-fuzz --test properties
//! NAME`. Properties of schedules first try the committed ones in `seeds/schedules`; a schedule that
//! fails is minimized, kept, and tried alone with `ZAB_SCHEDULE=FILE cargo test … NAME`.

mod support;

use arbitrary::{Arbitrary, Result, Unstructured};
use bolero::check;
use std::cell::RefCell;
use support::{seeds, try_schedules};
use zab_core::Variant;
use zab_fuzz::anatomy::Kind;
use zab_fuzz::case::Driver;
use zab_fuzz::minimize::{measure, minimize};
use zab_fuzz::mutate::mutate;
use zab_fuzz::oracle::Oracle;
use zab_fuzz::rng::Rng;
use zab_fuzz::targets::{codec, core_inputs, disk_recovery, linearizability};
use zab_sim::Schedule;
use zab_sim::schedule::bytes::RECORD;

/// A seed of chance.
#[derive(Debug)]
struct Chance(u64);

impl<'a> Arbitrary<'a> for Chance {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        u.arbitrary().map(Chance)
    }
}

fn reference_survives(driver: Driver) -> impl Fn(&Schedule) -> std::result::Result<(), String> {
    let oracle = RefCell::new(Oracle::new(driver));
    move |schedule| {
        let verdict = oracle.borrow_mut().judge(schedule, Variant::REFERENCE).verdict;
        match verdict {
            zab_checker::Verdict::Valid => Ok(()),
            other => Err(format!("the reference: {other:?}")),
        }
    }
}

#[test]
fn the_reference_survives_any_schedule() {
    try_schedules("the_reference_survives_any_schedule", 300, reference_survives(Driver::Direct));
}

#[cfg(feature = "turmoil")]
#[test]
fn the_reference_survives_any_schedule_in_turmoil() {
    let property = reference_survives(Driver::Turmoil);
    try_schedules("the_reference_survives_any_schedule_in_turmoil", 15, property);
}

#[cfg(feature = "turmoil")]
#[test]
fn the_drivers_agree_on_any_schedule() {
    let drivers = RefCell::new(zab_fuzz::agreement::Drivers::default());
    try_schedules("the_drivers_agree_on_any_schedule", 15, |schedule| {
        let agreement = drivers.borrow_mut().check(schedule, Variant::REFERENCE);
        agreement.map(drop).map_err(|disagreement| disagreement.to_string())
    });
}

#[test]
fn both_forms_of_a_schedule_hold_all_of_it() {
    try_schedules("both_forms_of_a_schedule_hold_all_of_it", 500, |schedule| {
        let from_json = Schedule::from_json(&schedule.to_json()).map_err(|e| e.to_string())?;
        let from_bytes = Schedule::from_bytes(&schedule.to_bytes());
        if from_json == *schedule && from_bytes == *schedule {
            Ok(())
        } else {
            Err(format!("JSON gives {from_json:?}, bytes give {from_bytes:?}"))
        }
    });
}

#[test]
fn a_schedule_without_one_of_its_actions_is_valid() {
    try_schedules("a_schedule_without_one_of_its_actions_is_valid", 200, |schedule| {
        for at in 0..schedule.actions.len() {
            let mut shorter = schedule.clone();
            shorter.actions.remove(at);
            shorter.validate().map_err(|error| format!("without action {at}: {error}"))?;
            // And in bytes it is those of the longer one without one record.
            let mut bytes = schedule.to_bytes();
            let start = bytes.len() - RECORD * (schedule.actions.len() - at);
            bytes.drain(start..start + RECORD);
            if bytes != shorter.to_bytes() {
                return Err(format!("action {at} is not {RECORD} bytes of its own"));
            }
        }
        Ok(())
    });
}

#[test]
fn mutants_are_valid() {
    let donors = seeds();
    check!().with_iterations(300).with_arbitrary::<(Chance, Schedule)>().for_each(
        |(Chance(seed), parent)| {
            let mut rng = Rng::new(*seed);
            let donor = &donors[rng.index(donors.len())];
            let child = mutate(&mut rng, parent, 100_000, donor);
            assert_eq!(child.validate(), Ok(()), "of {parent:?}");
        },
    );
}

#[test]
fn what_is_minimized_still_fails_and_nothing_can_be_left_out() {
    let name = "what_is_minimized_still_fails_and_nothing_can_be_left_out";
    try_schedules(name, 40, |schedule| {
        // It "fails" if it holds a crash before a client's operation, and enough of both.
        let kinds = |s: &Schedule| s.actions.iter().map(|a| Kind::of(&a.act)).collect::<Vec<_>>();
        let fails = |candidate: &Schedule| {
            let kinds = kinds(candidate);
            let crash = kinds.iter().position(|kind| *kind == Kind::Crash);
            crash.is_some_and(|at| kinds[at..].iter().filter(|k| **k == Kind::Client).count() >= 2)
        };
        if !fails(schedule) {
            return Ok(());
        }
        let small = minimize(schedule, fails).map_err(|error| error.to_string())?.schedule;
        if !fails(&small) || small.validate().is_err() || measure(&small) > measure(schedule) {
            return Err(format!("became {small:?}"));
        }
        let needless = (0..small.actions.len()).find(|at| {
            let mut shorter = small.clone();
            shorter.actions.remove(*at);
            fails(&shorter)
        });
        needless.map_or(Ok(()), |at| Err(format!("action {at} of {small:?} is needless")))
    });
}

#[test]
fn recovery_finds_what_is_on_the_disk() {
    check!().with_iterations(2_000).with_arbitrary::<Vec<disk_recovery::Step>>().for_each(
        |steps| {
            disk_recovery::run(steps).unwrap_or_else(|what| panic!("{what}"));
        },
    );
}

#[test]
fn recovery_invents_nothing() {
    check!().with_iterations(1_000).with_arbitrary::<(u8, u16, u8)>().for_each(|input| {
        let (records, at, by) = *input;
        disk_recovery::recover_damaged(records % 12, at % 400, by)
            .unwrap_or_else(|what| panic!("{what}"));
    });
    check!().with_iterations(1_000).for_each(|bytes| {
        disk_recovery::recover_bytes(bytes).unwrap_or_else(|what| panic!("{what}"));
    });
}

#[test]
fn checker_engines_agree() {
    check!().with_iterations(2_000).with_arbitrary::<linearizability::SmallHistory>().for_each(
        |history| linearizability::judge(history).unwrap_or_else(|what| panic!("{what}")),
    );
}

#[test]
fn one_server_keeps_its_promises_whatever_it_is_told() {
    check!().with_iterations(2_000).with_max_len(4096).for_each(|bytes| {
        core_inputs::run(bytes, Variant::REFERENCE).unwrap_or_else(|what| panic!("{what}"));
    });
}

#[test]
fn parsers_survive_any_bytes() {
    check!().with_iterations(1_000).for_each(|bytes| {
        codec::run(bytes).unwrap_or_else(|what| panic!("{what}"));
    });
}

#[test]
fn parsers_survive_mutated_files() {
    support::mutated_files(1, 20_000);
}

/// `cargo test --release -p zab-fuzz --test properties -- --ignored ten_million --nocapture`
#[test]
#[ignore = "takes minutes"]
fn parsers_survive_ten_million_mutated_files() {
    support::mutated_files(2, 10_000_000);
}
