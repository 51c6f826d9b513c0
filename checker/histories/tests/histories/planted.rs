//! Anomalies planted into linearizable histories are found, all of them.

use crate::random::{Random, linearizable};
use history_checker::judge::{self, Clause, Settings};
use history_checker::linearizability::{Budget, Call, check};
use history_checker::model::register::{Op, Register, Value};
use history_checker::record::Recorded;

/// A kind of anomaly.
#[derive(Copy, Clone, Debug)]
enum Anomaly {
    LostUpdate,
    StaleRead,
    DirtyRead,
    SplitBrain,
    ReorderedSession,
    FutureRead,
    DuplicateApply,
}

use Anomaly::{
    DirtyRead, DuplicateApply, FutureRead, LostUpdate, ReorderedSession, SplitBrain, StaleRead,
};

const ALL: [Anomaly; 7] =
    [LostUpdate, StaleRead, DirtyRead, SplitBrain, ReorderedSession, FutureRead, DuplicateApply];

/// A value that the history does not have.
const NEW: Value = Value(1_000_001);
/// Another one.
const NEWER: Value = Value(1_000_002);

/// Adds operations that cannot be explained around the time `at`; all of them are one after the
/// other, so that nothing that is open can excuse them.
fn plant(anomaly: Anomaly, calls: &mut Vec<Call<Op>>, random: &mut Random) {
    // The steps stand between old times: everything is stretched, and a gap is cut where nothing
    // but what is open spans it.
    const GAP: u64 = 100;
    let end = calls.iter().map(|call| call.returned).max().unwrap_or(0);
    let cut = 1 + random.below(end);
    for call in calls.iter_mut() {
        for time in [&mut call.invoked, &mut call.returned] {
            *time += if *time >= cut { GAP } else { 0 };
        }
    }
    let step = |at: u64, process: u32, op: Op| {
        let invoked = cut + 2 * at;
        Call { process: 100 + process, invoked, returned: invoked + 1, op }
    };
    let read = |value| Op::Read(Some(value));
    let cas = |from, to| Op::Cas { from, to, done: Some(true) };
    let (one, two) = (Op::Write(NEW), Op::Write(NEWER));
    calls.extend(match anomaly {
        // Two replace the same value.
        LostUpdate => {
            vec![
                step(0, 0, one),
                step(1, 1, cas(NEW, NEWER)),
                step(2, 2, cas(NEW, Value(1_000_003))),
            ]
        }
        StaleRead => vec![step(0, 0, one), step(1, 1, two), step(2, 2, read(NEW))],
        DirtyRead => vec![step(0, 0, read(NEW))],
        // Two sides, each of which sees its own writes only.
        SplitBrain => {
            vec![step(0, 0, one), step(1, 1, two), step(2, 0, read(NEW)), step(3, 1, read(NEWER))]
        }
        // One client sees the new value and then the old one again.
        ReorderedSession => {
            vec![step(0, 0, one), step(1, 0, two), step(2, 1, read(NEWER)), step(3, 1, read(NEW))]
        }
        FutureRead => vec![step(0, 1, read(NEW)), step(1, 0, one)],
        // The write takes effect again after another one.
        DuplicateApply => {
            vec![step(0, 0, one), step(1, 1, two), step(2, 2, read(NEWER)), step(3, 2, read(NEW))]
        }
    });
}

fn expected(anomaly: Anomaly) -> &'static [Clause] {
    match anomaly {
        LostUpdate => &[Clause::LostUpdate],
        DirtyRead => &[Clause::DirtyRead],
        FutureRead => &[Clause::FutureRead],
        _ => &[Clause::StaleRead, Clause::NoOrder],
    }
}

fn plantings(count: u64) {
    let mut random = Random(7);
    for at in 0..count * ALL.len() as u64 {
        let anomaly = ALL[(at % ALL.len() as u64) as usize];
        let operations = 10 + random.below(60) as usize;
        let clients = 1 + random.below(6) as usize;
        let mut calls = linearizable(&mut random, operations, clients);
        let before = Recorded::from_calls(calls.clone(), vec![0; calls.len()]);
        assert!(judge::registers(&before, &Settings::default()).is_valid(), "{before:?}");
        plant(anomaly, &mut calls, &mut random);
        let generic = check(&Register::default(), &calls, &Budget::default());
        assert!(generic.is_violation(), "{anomaly:?}: {calls:?}");
        let planted = Recorded::from_calls(calls.clone(), vec![0; calls.len()]);
        let report = judge::registers(&planted, &Settings::default());
        let example = report.violations().next().expect("the anomaly is found");
        assert!(expected(anomaly).contains(&example.clause), "{anomaly:?}: {example:?}");
        assert!(example.is_minimal, "{anomaly:?}: {example:#?}");
    }
}

#[test]
fn planted_anomalies_are_found_and_named() {
    plantings(300);
}

/// `cargo test --release -p history-checker -- --ignored ten_thousand`.
#[test]
#[ignore = "takes a minute"]
fn ten_thousand_plantings_of_each_are_found() {
    plantings(10_000);
}
