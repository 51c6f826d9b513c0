//! Brute force, the generic engine and the zones have to agree.

use crate::random::{Random, Shape, history};
use history_checker::linearizability::brute;
use history_checker::linearizability::zones::{Finding, Outside, Zones};
use history_checker::linearizability::{Budget, Call, check};
use history_checker::model::register::{Op, Register, Value, without_unobserved};

const SHAPES: [Shape; 4] = [
    Shape { operations: 7, is_unique: true, has_failed_cas: false, has_delete: false },
    Shape { operations: 7, is_unique: true, has_failed_cas: true, has_delete: false },
    Shape { operations: 7, is_unique: true, has_failed_cas: true, has_delete: true },
    Shape { operations: 7, is_unique: false, has_failed_cas: true, has_delete: true },
];

/// How many histories of each outcome there were.
#[derive(Copy, Clone, Debug, Default)]
struct Tally {
    linearizable: u64,
    violations: u64,
    decided_by_zones: u64,
}

fn compare(calls: &[Call<Op>], tally: &mut Tally) {
    let model = Register::default();
    let truth = brute::is_linearizable(&model, calls);
    let generic = check(&model, calls, &Budget::default());
    assert_eq!(generic.is_linearizable(), truth, "engine: {calls:?}");
    assert_eq!(generic.is_violation(), !truth, "engine: {calls:?}");
    let observed: Vec<_> = without_unobserved(calls).iter().map(|at| calls[*at]).collect();
    let generic = check(&model, &observed, &Budget::default());
    assert_eq!(generic.is_linearizable(), truth, "without what nobody saw: {calls:?}");
    tally.decided_by_zones += 1;
    match Zones::check(Value::NIL, calls) {
        None => assert!(truth, "zones call it linearizable: {calls:?}"),
        Some(Finding::Conflict(conflict)) => assert!(!truth, "zones say {conflict:?}: {calls:?}"),
        Some(Finding::Outside(outside)) => {
            if outside == Outside::FailedCas {
                let rest: Vec<_> = calls
                    .iter()
                    .filter(|call| !matches!(call.op, Op::Cas { done: Some(false), .. }))
                    .copied()
                    .collect();
                assert!(brute::is_linearizable(&model, &rest), "without failed cas: {calls:?}");
            }
            tally.decided_by_zones -= 1;
        }
    }
    *if truth { &mut tally.linearizable } else { &mut tally.violations } += 1;
}

fn run(seed: u64, histories: u64) -> Tally {
    let mut random = Random(seed);
    let mut tally = Tally::default();
    for at in 0..histories {
        let shape = SHAPES[(at % SHAPES.len() as u64) as usize];
        compare(&history(&mut random, shape), &mut tally);
    }
    tally
}

#[test]
fn all_engines_agree_on_small_histories() {
    let tally = run(1, 40_000);
    assert!(tally.linearizable > 5_000 && tally.violations > 5_000, "{tally:?}");
    assert!(tally.decided_by_zones > 10_000, "{tally:?}");
}

/// Ten million histories: `cargo test --release -p history-checker -- --ignored ten_million`.
#[test]
#[ignore = "takes minutes"]
fn all_engines_agree_on_ten_million_histories() {
    let tally = run(0x1e57, 10_000_000);
    println!("{tally:?}");
    assert!(tally.linearizable > 1_000_000 && tally.violations > 1_000_000, "{tally:?}");
}
