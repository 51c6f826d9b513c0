//! What holds for any input: bolero makes them up, `cargo test` runs some of each.
//!
//! More of them: `BOLERO_RANDOM_ITERATIONS=100000 cargo test --release -p zab-fuzz --test properties
//! NAME`. Properties of schedules first try the committed ones in `seeds/schedules`; a schedule that
//! fails is minimized, kept, and tried alone with `ZAB_SCHEDULE=FILE cargo test … NAME`.

mod support;

use std::cell::{Cell, RefCell};
use support::mirror::disks_hold_what_the_evidence_says;
use support::{Bytes, arbitrarily, seeds, try_schedules};
use zab_core::Variant;
use zab_core::variant::{CATALOGUE, Named, Release, SWITCHES, Sign};
use zab_fuzz::case::Driver;
use zab_fuzz::minimize::{measure, minimize};
use zab_fuzz::mutate::mutate;
use zab_fuzz::oracle::Oracle;
use zab_fuzz::rng::Rng;
#[cfg(feature = "real")]
use zab_fuzz::targets::jute;
use zab_fuzz::targets::{codec, core_inputs, disk_recovery, linearizability};
use zab_fuzz::variants;
use zab_sim::schedule::Kind;
use zab_sim::schedule::bytes::RECORD;
use zab_sim::{Booted, Schedule};

fn reference_survives(driver: Driver) -> impl Fn(&Schedule) -> Result<(), String> {
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
fn a_disk_holds_what_the_evidence_says() {
    let releases = ["reference", "zk-3.9.5", "zk-3.8.0"]
        .map(|name| variants::find(name).expect(name).releases());
    let booted = releases.map(|releases| [3, 5, 7].map(|servers| Booted::new(servers, releases)));
    let compared = Cell::new(0);
    try_schedules("a_disk_holds_what_the_evidence_says", 300, |schedule| {
        for (releases, booted) in releases.into_iter().zip(&booted) {
            let booted = &booted[usize::from(schedule.servers) / 2 - 1];
            let starts = disks_hold_what_the_evidence_says(booted, schedule, releases)?;
            compared.set(compared.get() + starts);
        }
        Ok(())
    });
    println!("{} starts of a process", compared.get());
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
    arbitrarily(300, |(seed, parent): &(u64, Schedule)| {
        let mut rng = Rng::new(*seed);
        let donor = &donors[rng.index(donors.len())];
        let child = mutate(&mut rng, parent, 100_000, donor);
        child.validate().map_err(|error| format!("{error}: {child:?} of {parent:?}"))
    });
}

#[test]
fn what_is_minimized_still_fails_and_nothing_can_be_left_out() {
    let name = "what_is_minimized_still_fails_and_nothing_can_be_left_out";
    try_schedules(name, 40, |schedule| {
        // It "fails" if it holds a power loss before a client's operation, and enough of both.
        let kinds = |s: &Schedule| s.actions.iter().map(|a| Kind::of(&a.act)).collect::<Vec<_>>();
        let fails = |candidate: &Schedule| {
            let kinds = kinds(candidate);
            let loss = kinds.iter().position(|kind| *kind == Kind::PowerLoss);
            loss.is_some_and(|at| kinds[at..].iter().filter(|k| **k == Kind::Client).count() >= 2)
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
    arbitrarily(2_000, disk_recovery::run);
}

#[test]
fn recovery_invents_nothing() {
    arbitrarily(1_000, |(records, at, by): &(u8, u16, u8)| {
        disk_recovery::recover_damaged(records % 12, at % 400, *by)
    });
    arbitrarily(1_000, |bytes: &Vec<u8>| disk_recovery::recover_bytes(bytes));
}

#[test]
fn checker_engines_agree() {
    arbitrarily(2_000, linearizability::judge);
}

#[test]
fn one_server_keeps_its_promises_whatever_it_is_told() {
    arbitrarily(2_000, |Bytes(bytes): &Bytes| core_inputs::run(bytes, Variant::REFERENCE));
}

#[test]
fn parsers_survive_any_bytes() {
    arbitrarily(1_000, |Bytes(bytes): &Bytes| codec::run(bytes));
}

#[cfg(feature = "real")]
#[test]
fn what_servers_send_is_read_or_refused_whatever_the_bytes() {
    arbitrarily(1_000, |Bytes(bytes): &Bytes| jute::run(bytes));
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

/// Whatever switches a variant has, and however its name is written. One whose defects were taken away
/// step by step may go by another entry than one of which all is said at once: both names are right.
#[test]
fn a_name_that_is_printed_names_the_same_variant() {
    arbitrarily(300, |(base, edits, loud): &(u8, Vec<(u8, bool)>, bool)| {
        let entry = &CATALOGUE[usize::from(*base) % CATALOGUE.len()];
        let (mut named, mut text) = (Named::from(entry), entry.name.to_owned());
        for (at, with) in edits {
            let switch = &SWITCHES[usize::from(*at) % SWITCHES.len()];
            let setting =
                &switch.settings[usize::from(*at) / SWITCHES.len() % switch.settings.len()];
            let (sign, mark) = if *with { (Sign::With, '+') } else { (Sign::Fix, '-') };
            let spelling = switch.spelling_of(setting).replace('-', if *loud { "_" } else { "-" });
            named = named.edited(sign, &spelling).map_err(|unknown| unknown.to_string())?;
            text = format!("{text}{mark}{spelling}");
        }
        let text = if *loud { text.to_uppercase() } else { text };
        for name in [&named.name, &text] {
            let found = variants::find(name).map_err(|error| error.to_string())?;
            if found.releases() != named.releases() {
                return Err(format!("{name} is {}, not {}", found.name, named.name));
            }
            let again = variants::find(&found.name).map_err(|error| error.to_string())?;
            if (again.releases(), &again.name) != (found.releases(), &found.name) {
                return Err(format!("{} is read as {}", found.name, again.name));
            }
        }
        Ok(())
    });
}

/// What no input breaks in the reference has to break somewhere, or it says nothing.
#[test]
fn a_defect_breaks_the_promises_of_one_server() {
    let defect = variants::find("zookeeper-4646").expect("it is listed");
    let defect = defect.releases().of(Release::Old);
    let mut rng = Rng::new(1);
    let broken = (0..20_000).find_map(|_| {
        let bytes: Vec<u8> = (0..rng.between(200, 2_000)).map(|_| rng.draw() as u8).collect();
        core_inputs::run(&bytes, defect).err()
    });
    let what = broken.expect("acknowledges NEWLEADER before the log is durable");
    assert!(what.starts_with("acknowledges"), "{what}");
}
