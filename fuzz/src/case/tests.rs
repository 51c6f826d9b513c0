//! Round trips, the text form, and every way in which a file can be wrong.

use super::*;
use crate::case::{Confirmed, Driver, Expected, Provenance};
use crate::generate;
use crate::rng::Rng;
use expect_test::expect;
use zab_sim::schedule::{ClientOp, CrashMode, Directories};
use zab_sim::{Act, Action, Schedule};

fn small() -> Case {
    let act = Act::Client { client: 0, server: 2, op: ClientOp::Write, key: 0 };
    let crash = Act::PowerLoss { server: 0, disk: CrashMode::KeepPrefix(2), down_us: 50_000 };
    let actions = vec![Action { at_us: 0, act }, Action { at_us: 1_000, act: crash }];
    Case {
        format: FORMAT,
        variant: "zk-3.8.0".to_owned(),
        driver: Driver::Direct,
        defects: vec!["new_leader_log".to_owned()],
        expected: Expected::Violation {
            class: "O2".to_owned(),
            client_visible: true,
            what: "gone".to_owned(),
            claim: None,
        },
        shown_in: None,
        confirmed: Vec::new(),
        provenance: Provenance { tool: "zab 0.0.0".to_owned(), ..Provenance::default() },
        schedule: Schedule { actions, ..Schedule::empty(u64::MAX, 3) },
        story: vec!["a client writes".to_owned(), "S0 loses power".to_owned()],
    }
}

#[test]
fn a_case_keeps_the_world_that_it_needs() {
    let mut case = small();
    case.schedule.directories = Directories::Strict;
    assert_eq!(parse(&render(&case)).expect("it was written by this build"), case);
}

#[test]
fn a_case_is_written_one_action_a_line() {
    expect![[r#"
        {
          "format": 4,
          "variant": "zk-3.8.0",
          "driver": "direct",
          "expected": {"verdict":"violation","class":"O2","client_visible":true,"what":"gone"},
          "shown_in": null,
          "defects": ["new_leader_log"],
          "confirmed": [],
          "provenance": {"tool":"zab 0.0.0","seed":0,"execution":0,"minimizing":0,"actions_before":0},
          "schedule": {
            "version": 9,
            "seed": 18446744073709551615,
            "servers": 3,
            "actions": [
              {"at_us": 0, "do": "client", "client": 0, "server": 2, "op": "write", "key": 0},
              {"at_us": 1000, "do": "power-loss", "server": 0, "disk": {"keep-prefix": 2}, "down_us": 50000}
            ]
          },
          "story": [
            "a client writes",
            "S0 loses power"
          ]
        }
    "#]].assert_eq(&render(&small()));
}

#[test]
fn what_is_written_is_read_again() {
    let mut rng = Rng::new(11);
    for servers in [3, 5, 7] {
        for _ in 0..50 {
            let mut case = small();
            case.schedule = generate::schedule(&mut rng, servers);
            assert_eq!(parse(&render(&case)).expect("it was just written"), case);
        }
    }
}

#[test]
fn a_name_tells_the_variant_and_the_mechanism() {
    let mut case = small();
    case.defects.push("late_apply".to_owned());
    assert_eq!(case.name(), "zk-3.8.0--new-leader-log+late-apply");
    case.schedule.servers = 5;
    assert_eq!(case.name(), "zk-3.8.0--new-leader-log+late-apply--5-servers");
    case.variant = "zookeeper-4646".to_owned();
    assert_eq!(case.name(), "zookeeper-4646--5-servers", "a single defect is its own mechanism");
    case.variant = "zk-3.9.3:zk-3.9.5".to_owned();
    case.schedule.servers = 3;
    assert_eq!(case.name(), "zk-3.9.3-to-zk-3.9.5--new-leader-log+late-apply");
    case.variant = "zookeeper-4646".to_owned();
    case.defects.clear();
    assert!(case.name().starts_with("zookeeper-4646--"), "what needs no defect has a hash");
}

#[test]
fn a_variant_is_read_under_any_of_its_names_and_written_under_one() {
    let mut case = small();
    for (read, written) in [
        ("ZK-3.8.4", "zk-3.8.0"),
        ("zookeeper_4646+Late_Apply", "zookeeper-4646+late-apply"),
        ("reference+shutdown=leak", "zookeeper-4712"),
    ] {
        case.variant = read.to_owned();
        let again = parse(&render(&case)).expect("it is a name");
        assert_eq!(again.variant, written);
        assert_eq!(parse(&render(&again)).expect("it is a name"), again);
    }
}

#[test]
fn a_case_of_a_name_that_is_taken_gets_a_number_and_overwrites_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |case: &Case| write_into(case, folder.path()).expect("it can be written");
    let (first, mut other) = (small(), small());
    other.schedule.seed = 7;
    let paths = [write(&first), write(&other), write(&first)];
    assert_eq!(paths[0], paths[2], "the same case is the same file");
    assert!(paths[1].ends_with("zk-3.8.0--new-leader-log-2.json"), "{}", paths[1].display());
    assert_eq!(read(&paths[0]).expect("it is whole"), first);
    assert_eq!(read(&paths[1]).expect("it is whole"), other);
    let files = fs::read_dir(folder.path()).expect("it is there").count();
    assert_eq!(files, 2, "nothing is left behind");
}

#[test]
fn every_malformed_case_is_refused_in_one_line() {
    let text = render(&small());
    let edit = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    };
    let broken = [
        String::new(),
        text[..text.len() / 2].to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        edit("\"format\": 4", "\"format\": \"one\""),
        edit("\"format\": 4", "\"format\": 9"),
        edit("zk-3.8.0", "zk-3.8.9"),
        edit("zk-3.8.0", "zk-3.8.4-late-aply"),
        edit("\"O2\"", "\"O99\""),
        edit("\"shown_in\": null", "\"shown_in\": [\"zk-3.8.9\"]"),
        edit("direct", "warp"),
        edit("\"server\": 2", "\"server\": 9"),
        edit("\"at_us\": 0", "\"at_us\": 2000"),
        edit("\"at_us\": 1000", "\"at_us\": 1001"),
        edit("\"servers\": 3", "\"servers\": 4"),
        edit("\"version\": 9", "\"version\": 10"),
        edit("\"do\": \"power-loss\"", "\"do\": \"explode\""),
        edit("\"key\": 0", "\"kee\": 0"),
        edit("\"story\"", "\"stories\""),
    ];
    let errors: Vec<String> =
        broken.iter().map(|text| parse(text).expect_err("it is malformed").to_string()).collect();
    assert!(errors.iter().all(|error| !error.contains('\n')));
    expect![[r#"
        line 1, column 0: EOF while parsing a value; compare with a case that `zab hunt` wrote
        line 11, column 7: EOF while parsing a string; compare with a case that `zab hunt` wrote
        has no number `format` at the top: this is not a case that `zab hunt` wrote
        has no number `format` at the top: this is not a case that `zab hunt` wrote
        has no number `format` at the top: this is not a case that `zab hunt` wrote
        format 9 is newer than this build understands (4): update zab
        there is no variant `zk-3.8.9`, perhaps `zk-3.8.6`; `cargo zab variants` lists them
        there is no switch `late-aply`, perhaps `late-apply`; `cargo zab variants --switches` lists them
        there is no class `O99`: O1 to O9, E-1 to E-8, S-1, I-1 to I-14, D1 to D5, P-1 to P-6
        `shown_in` has no release `zk-3.8.9`; `cargo zab variants` lists them
        line 4, column 18: unknown variant `warp`, expected `direct` or `turmoil`; compare with a case that `zab hunt` wrote
        line 18, column 3: action 1: server: no server 9, choose 0 to 2; compare with a case that `zab hunt` wrote
        line 18, column 3: action 2 is earlier than the one before: sort the actions by at_us; compare with a case that `zab hunt` wrote
        line 18, column 3: action 2: at_us: 1001 is no multiple of 200, write 1000; compare with a case that `zab hunt` wrote
        line 18, column 3: servers: 4 is not possible, write 3, 5 or 7; compare with a case that `zab hunt` wrote
        line 18, column 3: format version 10: this build reads versions 1 to 9, use a newer one; compare with a case that `zab hunt` wrote
        line 17, column 5: unknown variant `explode`, expected one of `client`, `power-loss`, `kill`, `step-down`, `cut`, `isolate`, `clog`, `reset`, `stall-node`, `stall-actor`, `stall-disk`, `flush-error`, `skew`, `swizzle`, `heal-all`, `write-back`, `upgrade`, `write-error`, `blank-disk`, `disk-full`, `read-only`, `purge`; compare with a case that `zab hunt` wrote
        line 16, column 6: unknown field `kee`, expected one of `client`, `server`, `op`, `key`; compare with a case that `zab hunt` wrote
        line 19, column 11: unknown field `stories`, expected one of `format`, `variant`, `driver`, `expected`, `shown_in`, `defects`, `confirmed`, `provenance`, `schedule`, `story`; compare with a case that `zab hunt` wrote"#]].assert_eq(&errors.join("\n"));
}

#[test]
fn runs_of_the_same_scenario_are_added_up_and_one_run_of_another_replaces_no_ten() {
    let seen = |release: &str, (runs, of), scenario: &str| {
        let (release, build) = (release.to_owned(), format!("zab 0.0.0+{scenario}"));
        Confirmed { release, runs, of, date: "2026-11-30".to_owned(), build }
    };
    let mut known = Vec::new();
    let mut note = |one: Confirmed| {
        one.note(&mut known);
        known.iter().map(|one| (one.release.clone(), one.runs, one.of)).collect::<Vec<_>>()
    };
    let of = |release: &str, runs, of| (release.to_owned(), runs, of);
    note(seen("3.9.5", (0, 1), "a"));
    assert_eq!(note(seen("3.8.0", (9, 10), "a")), [of("3.8.0", 9, 10), of("3.9.5", 0, 1)]);
    assert_eq!(note(seen("3.8.0", (1, 1), "a")), [of("3.8.0", 10, 11), of("3.9.5", 0, 1)]);
    // The translation was mended.
    assert_eq!(note(seen("3.9.5", (1, 1), "b")), [of("3.8.0", 10, 11), of("3.9.5", 1, 1)]);
    let ten = [of("3.8.0", 10, 11), of("3.8.0", 1, 1), of("3.9.5", 1, 1)];
    assert_eq!(note(seen("3.8.0", (1, 1), "b")), ten);
    assert_eq!(note(seen("3.8.0", (10, 10), "b")), [of("3.8.0", 11, 11), of("3.9.5", 1, 1)]);
}
