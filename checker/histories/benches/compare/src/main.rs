//! Sets history-checker beside `todc-utils` and `stateright`: the same histories, one run, one thread.
//!
//! ```sh
//! cargo run --release -- etcd FOLDER                             # logs of Jepsen's etcd test
//! cargo run --release -- stateright                               # histories that it can do
//! cargo run --release -- stream OPERATIONS CLIENTS                # judged while generated
//! cargo run --release -- read FILE                                # how fast a file is read; the
//!                                                                 # example `history` writes one
//! ```
//!
//! Reading files is not part of what is compared, and takes two threads. Each figure is the least of
//! several runs.

#[path = "../../histories/generate.rs"]
#[allow(dead_code, reason = "the benches make use of the rest")]
mod generate;

use generate::{Load, Stream, generate};
use stateright::semantics::register::{Register, RegisterOp, RegisterRet};
use stateright::semantics::{ConsistencyTester, LinearizabilityTester};
use std::fs::{self, File};
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};
use todc_utils::linearizability::WGLChecker;
use todc_utils::specifications::etcd::{EtcdSpecification, history_from_log};
use history_checker::judge::{self, Settings};
use history_checker::linearizability::zones::Zones;
use history_checker::model::register::{Op, Value};
use history_checker::record::{self, Dialect, Likely, Recorded, Registers};

/// The least time of several runs of `work`, each on an input that `make` makes.
#[expect(clippy::disallowed_methods, reason = "what is measured here is time")]
fn least<I, O>(runs: u32, make: impl Fn() -> I, work: impl Fn(I) -> O) -> (Duration, O) {
    let run = || {
        let input = black_box(make());
        let start = Instant::now();
        let output = black_box(work(input));
        (start.elapsed(), output)
    };
    let first = run();
    (1..runs).map(|_| run()).fold(first, |best, next| if next.0 < best.0 { next } else { best })
}

fn is_valid(recorded: &Recorded<Op>) -> bool {
    let settings = Settings { is_brief: true, ..Settings::default() };
    judge::registers(recorded, &settings).is_valid()
}

fn etcd(folder: &Path) {
    let mut logs: Vec<_> = fs::read_dir(folder)
        .expect("the folder can be read")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .collect();
    logs.sort();
    let (mut ours, mut theirs, mut ratios) = (Duration::ZERO, Duration::ZERO, Vec::new());
    for path in logs {
        let name = path.to_str().expect("names are text").to_owned();
        let file = File::open(&path).expect("the file can be read");
        let recorded =
            record::read(file, Registers(Dialect::CasRegister)).expect("a well-formed log");
        let (our_time, ok) = least(20, || &recorded, is_valid);
        let (their_time, their_ok) = least(
            3,
            || history_from_log(name.clone()),
            WGLChecker::<EtcdSpecification>::is_linearizable,
        );
        assert_eq!(ok, their_ok, "{name}: the checkers disagree");
        let ratio = their_time.as_secs_f64() / our_time.as_secs_f64();
        println!("{:>9.1?} {:>9.1?} {ratio:>9.1}x {ok:>5} {name}", our_time, their_time);
        ours += our_time;
        theirs += their_time;
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    let total = theirs.as_secs_f64() / ours.as_secs_f64();
    println!("history-checker {ours:.1?}, todc-utils {theirs:.1?}: {total:.0}x in all");
    println!("median {:.1}x, worst {:.2}x", ratios[ratios.len() / 2], ratios[0]);
}

/// Feeds a history to stateright, event by event, and asks it.
fn ask_stateright(recorded: &Recorded<Op>) -> bool {
    let mut tester = LinearizabilityTester::new(Register(i64::MIN));
    let mut events: Vec<(u64, usize, bool)> = Vec::new();
    for (at, call) in recorded.calls.iter().enumerate() {
        events.push((call.invoked, at, false));
        events.push((call.returned, at, true));
    }
    events.sort_unstable();
    for (_, at, is_return) in events {
        let call = &recorded.calls[at];
        let (op, answer) = match call.op {
            Op::Write(Value(value)) => (RegisterOp::Write(value), RegisterRet::WriteOk),
            Op::Read(Some(Value(value))) => (RegisterOp::Read, RegisterRet::ReadOk(value)),
            _ => continue,
        };
        if is_return {
            tester.on_return(call.process, answer).expect("well-formed");
        } else {
            tester.on_invoke(call.process, op).expect("well-formed");
        }
    }
    tester.is_consistent()
}

fn beside_stateright() {
    for (operations, clients) in [(100, 2), (1000, 2), (20, 8), (40, 8)] {
        let recorded = generate(&Load::sound(operations, clients, 1));
        let (our_time, ok) = least(20, || &recorded, is_valid);
        let (their_time, their_ok) = least(3, || &recorded, ask_stateright);
        assert!(ok && their_ok, "the checkers disagree");
        let ratio = their_time.as_secs_f64() / our_time.as_secs_f64();
        println!(
            "{operations:>5} operations, {clients} clients: {our_time:>9.1?} {their_time:>9.1?} \
             {ratio:>9.1}x"
        );
    }
}

/// Judges operations that are not kept; its memory is that of the process.
fn stream(load: &Load) {
    let (generated, _) = least(1, || (), |()| Stream::new(load).count());
    let judge = |()| {
        let mut zones = Zones::new(Value::NIL);
        for (call, key) in Stream::new(load) {
            zones.add(key, &call.op, call.invoked, call.returned);
        }
        zones.finish()
    };
    let (judged, findings) = least(1, || (), judge);
    assert!(findings.is_empty(), "an atomic store is linearizable");
    println!("generated in {generated:.2?}, generated and judged in {judged:.2?}");
}

/// Reads a file that is in memory.
fn read(path: &Path) {
    let text = fs::read(path).expect("the file can be read");
    let dialect = match record::guess(&text[..]) {
        Ok(Some(Likely::Kv)) => Dialect::Kv,
        Ok(Some(Likely::CasRegister)) => Dialect::CasRegister,
        _ => Dialect::Register,
    };
    let read = |text: &[u8]| record::read(text, Registers(dialect));
    let (time, recorded) = least(5, || &text[..], read);
    let recorded = match recorded {
        Ok(recorded) => recorded,
        Err(error) => {
            eprintln!("{}: {error}", path.display());
            std::process::exit(2);
        }
    };
    let rate = text.len() as f64 / time.as_secs_f64() / 1e9;
    println!("{} operations in {time:.1?}: {rate:.2} GB/s", recorded.calls.len());
    let (time, ok) = least(5, || &recorded, is_valid);
    println!("judged in {time:.1?}: {ok}");
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["etcd", folder] => etcd(Path::new(folder)),
        ["stateright"] => {
            // It recurses once for each operation.
            let deep = std::thread::Builder::new().stack_size(1 << 30).spawn(beside_stateright);
            deep.expect("a thread can be started").join().expect("the comparison ends");
        }
        ["stream", operations, clients] => {
            let number = |text: &str| text.parse::<usize>().expect("a number");
            stream(&Load::sound(number(operations), number(clients), 1));
        }
        ["read", file] => read(Path::new(file)),
        _ => {
            eprintln!(
                "usage: etcd FOLDER | stateright | stream OPERATIONS CLIENTS | read FILE"
            );
            std::process::exit(2);
        }
    }
}
