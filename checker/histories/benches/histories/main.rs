//! What checking costs. `cargo bench -p history-checker`, with the name of a group to run only that.
//!
//! Each group stands for one of the figures of the README; the excluded crate `benches/compare`
//! sets other checkers beside this one.

mod contended;
mod generate;

use criterion::{BatchSize, Criterion, Throughput, criterion_main};
use generate::{Load, Stream, Syntax, generate};
use history_checker::judge::{self, Settings};
use history_checker::linearizability::zones::Zones;
use history_checker::linearizability::{Budget, Outcome, check, lists};
use history_checker::model::register::{Op, Register, Value};
use history_checker::record::{self, Dialect, Recorded, Registers};
use std::hint::black_box;

const BRIEF: Settings<'static> = Settings {
    budget: Budget { configurations: 50_000_000, bytes: 1 << 30, is_time_up: None },
    is_brief: true,
    initial: None,
};

fn judge_valid(recorded: &Recorded<Op>) {
    assert!(judge::registers(black_box(recorded), &BRIEF).is_valid());
}

/// A million operations, 50 clients: one register, and a thousand.
fn million(c: &mut Criterion) {
    let mut group = c.benchmark_group("million");
    group.sample_size(10);
    for (name, keys) in [("1 key", 1), ("1000 keys", 1000)] {
        let recorded = generate(&Load::sound(1_000_000, 50, keys));
        group.throughput(Throughput::Elements(1_000_000));
        group.bench_function(format!("{name}, dispatch"), |b| b.iter(|| judge_valid(&recorded)));
        if keys > 1 {
            group.bench_function(format!("{name}, engine"), |b| {
                b.iter(|| {
                    let report = judge::model(&Register::default(), &recorded, &BRIEF);
                    assert!(report.is_valid());
                });
            });
        }
        let dialect = if keys > 1 { Dialect::Kv } else { Dialect::Register };
        for syntax in [Syntax::Edn, Syntax::Jsonl] {
            let mut text = Vec::new();
            let load = Load::sound(1_000_000, 50, keys);
            generate::write(&load, syntax, &mut text).expect("memory can be written to");
            group.throughput(Throughput::Bytes(text.len() as u64));
            group.bench_function(format!("{name}, {syntax:?}"), |b| {
                b.iter_with_large_drop(|| {
                    record::read(black_box(&text[..]), Registers(dialect)).expect("sound")
                });
            });
        }
    }
    group.finish();
}

/// Ten million operations that are not kept: what judging adds to generating them.
fn ten_million(c: &mut Criterion) {
    let mut group = c.benchmark_group("ten million");
    group.sample_size(10);
    let load = Load::sound(10_000_000, 50, 1);
    group.throughput(Throughput::Elements(10_000_000));
    group.bench_function("generated", |b| b.iter(|| Stream::new(&load).count()));
    group.bench_function("generated and judged", |b| {
        b.iter(|| {
            let mut zones = Zones::new(Value::NIL);
            for (call, key) in Stream::new(&load) {
                zones.add(key, &call.op, call.invoked, call.returned);
            }
            assert!(zones.finish().is_empty());
        });
    });
    group.finish();
}

/// Ten thousand operations of 50 clients on one register; a thousand of 5 with crashes and a
/// stale read, and a hundred thousand of 10, through the generic engine.
fn small(c: &mut Criterion) {
    let mut group = c.benchmark_group("small");
    group.sample_size(10);
    let recorded = generate(&Load::sound(10_000, 50, 1));
    group.bench_function("10k operations, 50 clients", |b| b.iter(|| judge_valid(&recorded)));
    let load = Load { crashed_permille: 50, has_stale_read: true, ..Load::sound(1_000, 5, 1) };
    let recorded = generate(&load);
    group.bench_function("1k operations, 5 clients, crashes, stale read, engine", |b| {
        b.iter(|| {
            let outcome = check(&Register::default(), &recorded.calls, &Budget::default());
            assert!(outcome.is_violation(), "{outcome:?}");
        });
    });
    let recorded = generate(&Load::sound(100_000, 10, 1));
    group.bench_function("100k operations, 10 clients, engine", |b| {
        b.iter_batched(
            || (),
            |()| {
                let outcome = check(&Register::default(), &recorded.calls, &Budget::default());
                assert!(outcome.is_linearizable());
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

/// Twenty histories of a compare-and-set register with five values, and with a stale read at the
/// end; and lists of a thousand operations.
fn few_values(c: &mut Criterion) {
    let mut group = c.benchmark_group("few values");
    group.sample_size(10);
    let sizes = (0..20).map(|at| 1_000 + 4_000 * at / 19);
    for (name, has_stale_read) in [("20 histories", false), ("20 with a stale read", true)] {
        let histories: Vec<_> = sizes
            .clone()
            .zip(0..)
            .map(|(size, seed)| contended::registers(size, has_stale_read, seed))
            .collect();
        group.bench_function(name, |b| {
            b.iter(|| {
                for calls in &histories {
                    let outcome = check(&Register::default(), calls, &Budget::default());
                    assert!(!matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
                }
            });
        });
    }
    for (name, crashed) in [("list", false), ("list, crashed appends", true)] {
        let calls = contended::lists(1_000, crashed);
        group.bench_function(name, |b| {
            b.iter(|| assert_eq!(lists::check(black_box(&calls)), lists::Finding::Linearizable));
        });
    }
    group.finish();
}

#[allow(missing_docs, reason = "a macro of criterion writes the function")]
mod groups {
    use super::{few_values, million, small, ten_million};
    criterion::criterion_group!(benches, small, few_values, million, ten_million);
}

criterion_main!(groups::benches);
