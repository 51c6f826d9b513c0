//! The rows of the table. Each asserts the verdict of what it measures.

use super::generate::{Load, Stream, Syntax, generate, write};
use super::{contended, porcupine};
use history_checker::judge::{self, Contract, Report, Settings, Verdict};
use history_checker::linearizability::zones::Zones;
use history_checker::linearizability::{Budget, Call, NEVER, Outcome, check, lists};
use history_checker::model::append::Op as List;
use history_checker::model::register::{Op, Register, Value};
use history_checker::record::{self, Dialect, Names, Recorded, Registers, Znodes};
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What a row found.
pub(crate) struct Figure {
    pub(crate) time: Duration,
    pub(crate) note: String,
}

/// A row of the table.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// How long it may take.
    pub(crate) goal: Option<Duration>,
    pub(crate) measure: fn() -> Figure,
}

const fn row(name: &'static str, goal_ms: u64, measure: fn() -> Figure) -> Row {
    let goal = if goal_ms == 0 { None } else { Some(Duration::from_millis(goal_ms)) };
    Row { name, goal, measure }
}

/// All rows.
pub(crate) const ROWS: &[Row] = &[
    row("1M operations, 50 clients, 1 register", 150, || million(1)),
    row("1M operations, 50 clients, 1,000 registers", 0, || million(1_000)),
    row("the same by the generic engine", 0, million_by_engine),
    row("1M operations of 1 register as EDN: read", 0, || read(Syntax::Edn, 1)),
    row("1M operations of 1,000 registers as EDN: read", 0, || read(Syntax::Edn, 1_000)),
    row("1M operations of 1 register as JSON Lines: read", 0, || read(Syntax::Jsonl, 1)),
    row("10M operations, 50 clients, 1 register, not kept", 0, ten_million),
    row("10k operations, 50 clients, 1 register", 5, crowd),
    row("1k operations, 5 clients, 5 % unanswered, stale read: engine", 10, stale_by_engine),
    row("100k operations, 10 clients: engine", 3_000, long_by_engine),
    row("20 valid compare-and-set histories, 5 values", 0, || few_values(false)),
    row("20 with a stale read at the end", 0, || few_values(true)),
    row("append, 1,000 operations, 10 clients", 1_000, || appends(false)),
    row("append, the same with unanswered appends", 1_000, || appends(true)),
    row("100,000 unanswered operations within 20 s", 22_000, unanswered),
    row("etcd's histories", 0, etcd),
    row("real ZooKeeper, zxids: the longest", 2_000, || real(true)),
    row("real ZooKeeper, no zxids: the longest", 10_000, || real(false)),
];

const BRIEF: Settings<'static> = Settings {
    budget: Budget { configurations: 50_000_000, bytes: 1 << 30, is_time_up: None },
    is_brief: true,
    initial: None,
};

#[expect(clippy::disallowed_methods, reason = "what is measured here is time")]
fn now() -> Instant {
    Instant::now()
}

fn timed<O>(work: impl FnOnce() -> O) -> (Duration, O) {
    let start = now();
    let output = black_box(work());
    (start.elapsed(), output)
}

/// The least time of several runs.
fn least<O>(runs: u32, work: impl Fn() -> O) -> (Duration, O) {
    let more = (1..runs).map(|_| timed(&work));
    let first = timed(&work);
    more.fold(first, |best, next| if next.0 < best.0 { next } else { best })
}

fn per_second(operations: usize, time: Duration) -> String {
    format!("{:.1} M operations/s", operations as f64 / time.as_secs_f64() / 1e6)
}

fn million(keys: u64) -> Figure {
    let recorded = generate(&Load::sound(1_000_000, 50, keys));
    let (time, report) = least(5, || judge::registers(black_box(&recorded), &BRIEF));
    assert!(report.is_valid());
    Figure { time, note: per_second(1_000_000, time) }
}

fn million_by_engine() -> Figure {
    let recorded = generate(&Load::sound(1_000_000, 50, 1_000));
    let judge = || judge::model(&Register::default(), black_box(&recorded), &BRIEF);
    let (time, report) = least(3, judge);
    assert!(report.is_valid());
    Figure { time, note: per_second(1_000_000, time) }
}

fn read(syntax: Syntax, keys: u64) -> Figure {
    let mut text = Vec::new();
    write(&Load::sound(1_000_000, 50, keys), syntax, &mut text).expect("memory can be written to");
    let dialect = if keys > 1 { Dialect::Kv } else { Dialect::Register };
    let read = || record::read(black_box(&text[..]), Registers(dialect)).expect("well-formed");
    let (time, recorded) = least(5, read);
    assert_eq!(recorded.calls.len(), 1_000_000);
    let rate = text.len() as f64 / time.as_secs_f64() / 1e9;
    Figure { time, note: format!("{rate:.2} GB/s") }
}

/// Operations that are judged as they come, and not kept.
fn ten_million() -> Figure {
    let load = Load::sound(10_000_000, 50, 1);
    let (generated, _) = least(2, || Stream::new(&load).count());
    let (both, findings) = least(2, || {
        let mut zones = Zones::new(Value::NIL);
        for (call, key) in Stream::new(&load) {
            zones.add(key, &call.op, call.invoked, call.returned);
        }
        zones.finish()
    });
    assert!(findings.is_empty(), "an atomic store is linearizable");
    let time = both.saturating_sub(generated);
    Figure { time, note: format!("besides {generated:.1?} to make them") }
}

fn crowd() -> Figure {
    let recorded = generate(&Load::sound(10_000, 50, 1));
    let (time, report) = least(20, || judge::registers(black_box(&recorded), &BRIEF));
    assert!(report.is_valid());
    Figure { time, note: String::new() }
}

fn stale_by_engine() -> Figure {
    let load = Load { crashed_permille: 50, has_stale_read: true, ..Load::sound(1_000, 5, 1) };
    let recorded = generate(&load);
    let check = || check(&Register::default(), &recorded.calls, &Budget::default());
    let (time, outcome) = least(20, check);
    assert!(outcome.is_violation(), "{outcome:?}");
    Figure { time, note: String::new() }
}

fn long_by_engine() -> Figure {
    let recorded = generate(&Load::sound(100_000, 10, 1));
    let check = || check(&Register::default(), &recorded.calls, &Budget::default());
    let (time, outcome) = least(1, check);
    assert!(outcome.is_linearizable());
    Figure { time, note: String::new() }
}

/// Twenty histories of 1,000 to 5,000 operations, ten clients, 5 % unanswered.
fn few_values(has_stale_read: bool) -> Figure {
    let sizes = (0..20).map(|at| 1_000 + 4_000 * at / 19);
    let histories: Vec<Vec<Call<Op>>> = sizes
        .zip(0..)
        .map(|(size, seed)| contended::registers(size, has_stale_read, seed))
        .collect();
    let (mut sum, mut times, mut undecided) = (Duration::ZERO, Vec::new(), 0);
    for calls in &histories {
        let check = || check(&Register::default(), black_box(calls), &Budget::default());
        let (time, outcome) = least(3, check);
        assert!(has_stale_read || !outcome.is_violation(), "an atomic store is linearizable");
        undecided += usize::from(matches!(outcome, Outcome::Unknown(_)));
        sum += time;
        times.push(time);
    }
    let note = format!("{undecided} undecided{}", porcupine::beside(&histories, &times));
    Figure { time: sum, note }
}

fn appends(is_crashed: bool) -> Figure {
    let calls = contended::lists(1_000, is_crashed);
    let (time, finding) = least(20, || lists::check(black_box(&calls)));
    assert_eq!(finding, lists::Finding::Linearizable);
    let is_lost = |call: &&Call<List>| call.is_crashed() && matches!(call.op, List::Append(_));
    let lost = calls.iter().filter(is_lost).count();
    Figure { time, note: format!("{lost} appends unanswered") }
}

/// A write and compare-and-sets that nobody answered, of a thousand values, and a few reads: what
/// was read is at the end of a chain of them, and each can be used once.
fn unanswered() -> Figure {
    let mut random = super::generate::Random(3);
    let mut calls: Vec<Call<Op>> = Vec::new();
    for at in 0..100_000_u64 {
        let (process, invoked) = (u32::try_from(at).expect("a small number"), 4 * at);
        let mut value = || Value(random.below(1_000) as i64);
        let (from, to) = (value(), value());
        let op = if at == 0 { Op::Write(from) } else { Op::Cas { from, to, done: None } };
        calls.push(Call { process, invoked, returned: NEVER, op });
        if at % 5_000 == 4_999 {
            let op = Op::Read(Some(Value(random.below(1_000) as i64)));
            calls.push(Call { process, invoked: invoked + 1, returned: invoked + 2, op });
        }
    }
    let recorded = Recorded::from_calls(calls.clone(), vec![0; calls.len()]);
    let start = now();
    let is_time_up = || start.elapsed() > Duration::from_secs(20);
    let budget = Budget { configurations: u64::MAX, bytes: 1 << 30, is_time_up: Some(&is_time_up) };
    let report = judge::registers(&recorded, &Settings { budget, ..Settings::default() });
    Figure { time: start.elapsed(), note: told(&report) }
}

/// The verdict, and what limits it.
fn told(report: &Report) -> String {
    let why = report.undecided().next().map_or_else(String::new, |(_, why)| format!(": {why}"));
    format!("{}{why}", report.verdict().name())
}

/// Files that are not part of the project.
fn shared(folder: &str) -> Option<Vec<PathBuf>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut folders = root.map(|root| root.join("shared/histories").join(folder));
    let folder = folders.find(|folder| folder.is_dir())?;
    let files = std::fs::read_dir(folder).ok()?;
    let mut paths: Vec<_> = files.filter_map(|file| Some(file.ok()?.path())).collect();
    paths.sort();
    Some(paths)
}

fn etcd() -> Figure {
    let Some(paths) = shared("etcd") else { return absent() };
    let logs: Vec<_> = paths
        .iter()
        .filter(|path| path.extension().is_some_and(|ending| ending == "log"))
        .collect();
    let (mut sum, mut longest) = (Duration::ZERO, Duration::ZERO);
    for path in &logs {
        let text = std::fs::read(path).expect("the file can be read");
        let recorded = record::read(&text[..], Registers(Dialect::CasRegister)).expect("a log");
        let (time, _) = least(20, || judge::registers(black_box(&recorded), &BRIEF));
        (sum, longest) = (sum + time, longest.max(time));
    }
    Figure { time: sum, note: format!("{} logs, the longest {longest:.1?}", logs.len()) }
}

fn absent() -> Figure {
    let note = "skipped: the recordings are not here".to_owned();
    Figure { time: Duration::ZERO, note }
}

/// Histories of real servers, with or without what they tell of the order.
fn real(has_zxids: bool) -> Figure {
    let Some(paths) = shared("found") else { return absent() };
    let names = ["r4646", "r4646-no4", "eph-a", "eph-b", "multi24"];
    let is_real = |path: &&PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        names.contains(&name.split('.').next().unwrap_or_default())
    };
    let mut longest = Figure { time: Duration::ZERO, note: String::new() };
    let (mut count, mut undecided) = (0, 0);
    for path in paths.iter().filter(is_real) {
        let start = now();
        let is_time_up = || start.elapsed() > Duration::from_secs(10);
        let bytes = 1 << 30;
        let budget = Budget { configurations: u64::MAX, bytes, is_time_up: Some(&is_time_up) };
        let file = std::fs::File::open(path).expect("the file can be read");
        let mut recorded = record::read_within(file, Znodes, Names::default(), &budget)
            .expect("a history of znodes");
        if !has_zxids {
            recorded.calls.iter_mut().for_each(|call| call.op.zxid = None);
        }
        let settings = Settings { budget, ..Settings::default() };
        let report = judge::zookeeper(&recorded, Contract::ZooKeeper, &settings);
        let time = start.elapsed();
        count += 1;
        undecided += usize::from(report.verdict() == Verdict::Unknown);
        if time > longest.time {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            longest = Figure { time, note: format!("{name}: {}", told(&report)) };
        }
    }
    let note = format!("{count} histories, {undecided} undecided; {}", longest.note);
    Figure { note, ..longest }
}
