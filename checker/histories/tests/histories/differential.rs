//! Brute force, the generic engine and the zones have to agree.

use crate::random::{Random, Shape, history};
use history_checker::linearizability::brute;
use history_checker::linearizability::zones::{Finding, Outside, Zones};
use history_checker::linearizability::{Budget, Call, NEVER, Passes, check, check_by, lists};
use history_checker::model::append::{AppendList, Op as List};
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
    for passes in [Passes::Depth, Passes::Breadth(usize::MAX), Passes::Breadth(1)] {
        let outcome = check_by(&model, calls, &Budget::default(), passes);
        assert_eq!(outcome.is_linearizable(), truth, "{passes:?}: {calls:?}");
        assert_eq!(outcome.is_violation(), !truth, "{passes:?}: {calls:?}");
    }
    let reserved = check_by(&model, calls, &Budget::default(), Passes::Reserve(2));
    assert!(truth || !reserved.is_linearizable(), "reserved: {calls:?}");
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

/// Lists: appends of unique elements, and reads of beginnings, some of them changed.
fn list_history(random: &mut Random) -> Vec<Call<List>> {
    let count = 1 + random.below(7) as usize;
    let mut order: Vec<i64> = (1..=count as i64).collect();
    for at in (1..count).rev() {
        order.swap(at, random.below(at as u64 + 1) as usize);
    }
    let mut calls = Vec::new();
    for at in 0..count {
        let invoked = random.below(20);
        let returned = if random.one_in(6) { NEVER } else { invoked + random.below(12) };
        let op = if random.one_in(2) {
            List::Append(at as i64 + 1)
        } else {
            let mut list = order[..random.below(count as u64 + 1) as usize].to_vec();
            list.retain(|element| !random.one_in(12) && *element != at as i64 + 1);
            List::Read((returned != NEVER).then_some(list))
        };
        calls.push(Call { process: at as u32, invoked, returned, op });
    }
    let appended: Vec<i64> = calls
        .iter()
        .filter_map(|call| if let List::Append(element) = call.op { Some(element) } else { None })
        .collect();
    let is_strict = !random.one_in(8);
    for call in &mut calls {
        if let List::Read(Some(list)) = &mut call.op {
            list.retain(|element| !is_strict || appended.contains(element));
        }
    }
    calls
}

#[test]
fn the_order_that_reads_give_away_is_the_only_one() {
    let mut random = Random(23);
    let mut valid = 0;
    for _ in 0..40_000 {
        let calls = list_history(&mut random);
        let truth = brute::is_linearizable(&AppendList, &calls);
        let found = lists::check(&calls);
        assert_eq!(found == lists::Finding::Linearizable, truth, "{found:?} {calls:#?}");
        if let lists::Finding::Conflict(conflict) = found {
            // What it is about is no better without the rest, appends of what was read aside.
            let about: Vec<usize> = conflict.operations().collect();
            let part = calls
                .iter()
                .enumerate()
                .filter(|(at, call)| about.contains(at) || matches!(call.op, List::Append(_)));
            let part: Vec<_> = part.map(|(_, call)| call.clone()).collect();
            assert!(!brute::is_linearizable(&AppendList, &part), "{conflict:?} {calls:#?}");
        }
        valid += u64::from(truth);
    }
    assert!((5_000..35_000).contains(&valid), "{valid}");
}
