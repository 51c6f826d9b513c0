//! Both forms of a schedule, and what they refuse.

use super::*;
use crate::keyed::{self, hash};

/// Bytes that depend on `seed` only: a header and `actions` records, and a few bytes more.
fn noise(seed: u64, actions: u64) -> Vec<u8> {
    let length = 16 + 8 * actions + seed % 8;
    (0..length).map(|at| hash(seed, keyed::Kind::Turn, 0, at) as u8).collect()
}

fn error(text: &str) -> String {
    Schedule::from_json(text).expect_err("this is no valid schedule").to_string()
}

fn with_action(action: &str) -> String {
    format!(r#"{{"version": 9, "seed": 1, "servers": 3, "actions": [{action}]}}"#)
}

#[test]
fn any_bytes_decode_into_a_valid_schedule() {
    for seed in 0..2000 {
        let mut bytes = noise(seed, seed % 40);
        bytes.truncate((hash(seed, keyed::Kind::Turn, 1, 0) % 400) as usize);
        assert_eq!(Schedule::from_bytes(&bytes).validate(), Ok(()));
    }
    assert_eq!(Schedule::from_bytes(&[]), Schedule::empty(0, 3));
    assert_eq!(Schedule::from_bytes(&noise(1, 300)).actions.len(), ACTIONS_MAX);
}

#[test]
fn both_forms_are_lossless() {
    for seed in 0..1000 {
        let schedule = Schedule::from_bytes(&noise(seed, 20));
        assert_eq!(Schedule::from_bytes(&schedule.to_bytes()), schedule);
        assert_eq!(Schedule::from_json(&schedule.to_json()), Ok(schedule));
    }
}

/// Seeds are kept as bytes: what they mean may not change.
#[test]
fn the_parts_of_an_action_have_their_places_in_its_record() {
    let write_if = Act::Client { client: 1, server: 2, op: ClientOp::WriteIf, key: 3 };
    let disk = CrashMode::KeepPrefix(4);
    for (record, act) in [
        ([1, 0, 0, 1, 2, 1 | 3 << 2, 0, 0], write_if),
        ([1, 0, 1, 2, 1, 4, 2, 0], Act::PowerLoss { server: 2, disk, down_us: 400 }),
        (
            [1, 0, 1, 2, 5, 0, 2, 0],
            Act::PowerLoss { server: 2, disk: CrashMode::ZeroedLog, down_us: 400 },
        ),
        ([1, 0, 6, 2, 0, 1, 2, 0], Act::Clog { from: 2, to: 0, open_only: true, for_us: 400 }),
        ([1, 0, 7, 0, 2, 0, 0, 0], Act::Reset { a: 0, b: 2 }),
        (
            [1, 0, 9, 1, 3, 0, 0, 1],
            Act::StallActor { server: 1, actor: StallTarget::Senders, for_us: 256 * GRAIN_US },
        ),
        ([1, 0, 12, 0, 246, 255, 2, 0], Act::Skew { server: 0, per_mille: -10, for_us: 400 }),
        ([1, 0, 13, 0b101, 0, 0, 2, 0], Act::Swizzle { mask: 0b101, for_us: 400 }),
        (
            [1, 0, 16, 2, 4, 0, 2, 0],
            Act::WriteError { server: 2, file: Files::CurrentEpoch, for_us: 400 },
        ),
        ([1, 0, 19, 2, 1, 0, 2, 0], Act::DiskFull { server: 2, file: Files::Log, for_us: 400 }),
        ([1, 0, 17, 2, 1, 0, 2, 0], Act::Upgrade { server: 2, to: Release::New, down_us: 400 }),
    ] {
        let bytes = [vec![0; 16], record.to_vec()].concat();
        let schedule = Schedule::from_bytes(&bytes);
        assert_eq!(schedule.actions, [Action { at_us: GRAIN_US, act }]);
        assert_eq!(schedule.to_bytes(), bytes);
    }
}

#[test]
fn every_kind_of_action_occurs_in_noise() {
    let mut kinds: Vec<u8> = Schedule::from_bytes(&noise(3, 256))
        .to_bytes()
        .chunks_exact(8)
        .skip(2)
        .map(|record| record[2])
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, Kind::ALL.map(|kind| kind as u8));
}

#[test]
fn every_kind_goes_by_one_name() {
    for action in Schedule::from_bytes(&noise(3, 256)).actions {
        let json: serde_json::Value = serde_json::from_str(&action.to_json()).expect("JSON");
        assert_eq!(json["do"], Kind::of(&action.act).name());
    }
}

#[test]
fn an_action_names_its_servers_and_its_duration() {
    let mut cut = Act::Cut { from: 2, to: 0, both_ways: false, for_us: 400 };
    assert_eq!(cut.servers().collect::<Vec<_>>(), [0, 2]);
    assert_eq!(cut.servers_mut().collect::<Vec<_>>(), [&2, &0]);
    cut.span_mut().map(|us| *us = 800).expect("a cut lasts");
    assert_eq!(cut.span_us(), 800);
    let swizzle = Act::Swizzle { mask: 0b101, for_us: 200 };
    assert_eq!(swizzle.servers().collect::<Vec<_>>(), [0, 2]);
    assert_eq!(Act::HealAll.span_us(), 0);
    assert_eq!(Act::HealAll.servers().count(), 0);
}

#[test]
fn deleting_any_action_leaves_a_valid_schedule() {
    let schedule = Schedule::from_bytes(&noise(9, 30));
    for index in 0..schedule.actions.len() {
        let mut shorter = schedule.clone();
        shorter.actions.remove(index);
        assert_eq!(shorter.validate(), Ok(()));
        assert_eq!(Schedule::from_bytes(&shorter.to_bytes()), shorter);
    }
}

#[test]
fn repair_changes_no_valid_schedule() {
    let mut schedule = Schedule::from_bytes(&noise(5, 30));
    let before = schedule.clone();
    schedule.repair();
    assert_eq!(schedule, before);
}

#[test]
fn json_is_one_action_a_line() {
    let loss = Act::PowerLoss { server: 2, disk: CrashMode::LoseAll, down_us: 40000 };
    let mut schedule = Schedule::empty(7, 3);
    schedule.actions.push(Action { at_us: 1200, act: loss });
    schedule.actions.push(Action { at_us: 1400, act: Act::HealAll });
    let text = r#"{
  "version": 9,
  "seed": 7,
  "servers": 3,
  "actions": [
    {"at_us": 1200, "do": "power-loss", "server": 2, "disk": "lose-all", "down_us": 40000},
    {"at_us": 1400, "do": "heal-all"}
  ]
}
"#;
    assert_eq!(schedule.to_json(), text);
    assert_eq!(Schedule::from_json(text), Ok(schedule));
}

#[test]
fn version_1_is_read_and_written_in_the_words_of_today() {
    let old = r#"{"version": 1, "seed": 7, "servers": 3, "actions": [
        {"at_us": 200, "do": "crash", "server": 2, "disk": "torn", "down_us": 40000},
        {"at_us": 400, "do": "restart", "server": 1, "down_us": 200},
        {"at_us": 600, "do": "drop", "a": 0, "b": 2}
    ]}"#;
    let schedule = Schedule::from_json(old).expect("every version is read");
    let loss = Act::PowerLoss { server: 2, disk: CrashMode::Torn, down_us: 40000 };
    let kill = Act::Kill { server: 1, down_us: 200 };
    let acts: Vec<Act> = schedule.actions.iter().map(|action| action.act).collect();
    assert_eq!(acts, [loss, kill, Act::Reset { a: 0, b: 2 }]);
    let written = schedule.to_json();
    assert!(
        ["version\": 9", "power-loss", "kill", "reset"].iter().all(|new| written.contains(new))
    );
    assert!(["crash", "restart", "drop"].iter().all(|old| !written.contains(old)));
    assert_eq!(Schedule::from_json(&written), Ok(schedule));
}

#[test]
fn a_flush_error_of_version_2_is_one_of_any_file() {
    let old = r#"{"version": 2, "seed": 7, "servers": 3, "actions": [
        {"at_us": 200, "do": "flush-error", "server": 1}
    ]}"#;
    let schedule = Schedule::from_json(old).expect("every version is read");
    let once = Act::FlushError { server: 1, file: Files::All, for_us: 0 };
    assert_eq!(schedule.actions, [Action { at_us: 200, act: once }]);
    let written = schedule.to_json();
    assert!(written.contains(r#""server": 1, "file": "all", "for_us": 0"#), "{written}");
    assert_eq!(Schedule::from_json(&written), Ok(schedule));
}

#[test]
fn an_upgrade_says_to_which_release_and_a_downgrade_is_one_to_the_old() {
    let line = r#"{"at_us": 200, "do": "upgrade", "server": 1, "to": "old", "down_us": 400}"#;
    let schedule = Schedule::from_json(&with_action(line)).expect("it is an action");
    let act = Act::Upgrade { server: 1, to: Release::Old, down_us: 400 };
    assert_eq!(schedule.actions, [Action { at_us: 200, act }]);
    assert_eq!(schedule.actions[0].to_json(), line);
    assert_eq!(act.within_one_release(), Act::Kill { server: 1, down_us: 400 });
    let error = error(&with_action(&line.replace("old", "newest")));
    assert!(error.contains("expected `old` or `new`"), "{error}");
}

#[test]
fn a_schedule_inside_another_document_is_checked_as_well() {
    let text = with_action(r#"{"at_us": 200, "do": "step-down", "server": 3}"#);
    let error = serde_json::from_str::<Schedule>(&text).expect_err("there is no server 3");
    assert!(error.to_string().contains("no server 3, choose 0 to 2"), "{error}");
}

#[test]
fn errors_say_what_where_and_what_to_do() {
    let table = [
        (
            r#"{"at_us": 200, "do": "step-down", "server": 9}"#,
            "action 1: server: no server 9, choose 0 to 2",
        ),
        (
            r#"{"at_us": 250, "do": "heal-all"}"#,
            "action 1: at_us: 250 is no multiple of 200, write 200",
        ),
        (
            r#"{"at_us": 0, "do": "isolate", "server": 1, "for_us": 99000000}"#,
            "action 1: for_us: 99000000 is too long, at most 13107000",
        ),
        (
            r#"{"at_us": 0, "do": "reset", "a": 1, "b": 1}"#,
            "action 1: b: 1 is the same server, choose another",
        ),
        (
            r#"{"at_us": 0, "do": "client", "client": 4, "server": 0, "op": "read", "key": 0}"#,
            "action 1: client: no client 4, choose 0 to 3",
        ),
        (
            r#"{"at_us": 400, "do": "heal-all"}, {"at_us": 200, "do": "heal-all"}"#,
            "action 2 is earlier than the one before: sort the actions by at_us",
        ),
    ];
    for (action, expected) in table {
        assert_eq!(error(&with_action(action)), expected);
    }
}

#[test]
fn typos_are_refused() {
    let table = [
        (r#"{"at_us": 0, "do": "step-down", "server": 1, "sevrer": 2}"#, "unknown field `sevrer`"),
        (r#"{"at_us": 0, "do": "explode"}"#, "unknown variant `explode`"),
        (r#"{"at_us": 0, "do": "heal-all", "server": 1}"#, "heal-all has no fields"),
        (r#"{"at_us": 0, "at_us": 200, "do": "heal-all"}"#, "at_us is given twice"),
        (r#"7"#, "expected an action, as"),
        (r#"{"do": "heal-all"}"#, "missing field `at_us`"),
        (r#"{"at_us": 0, "server": 1}"#, "missing field `do`"),
        (r#"{"at_us": -1, "do": "heal-all"}"#, "at_us: invalid value"),
    ];
    for (action, expected) in table {
        let error = error(&with_action(action));
        assert!(error.contains(expected) && error.contains("line 1 column"), "{error}");
    }
}

#[test]
fn a_newer_format_is_refused_before_anything_else() {
    let text = r#"{"version": 10, "plan": []}"#;
    assert_eq!(error(text), "format version 10: this build reads versions 1 to 9, use a newer one");
    let text = r#"{"version": 9, "seed": 1, "servers": 4, "actions": []}"#;
    assert_eq!(error(text), "servers: 4 is not possible, write 3, 5 or 7");
}
