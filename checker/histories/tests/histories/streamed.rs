//! A file that is judged while it is read, and is not kept, gets the same verdicts.

use crate::random::{Random, Shape, history};
use history_checker::format::{Error, event, write_edn};
use history_checker::judge::{self, Report, Reread, Settings};
use history_checker::linearizability::check;
use history_checker::model::register::{Op, Register, Value};
use history_checker::record::{self, Dialect, Recorded, Registers};

const SHAPE: Shape =
    Shape { operations: 6, is_unique: true, has_failed_cas: true, has_delete: false };

/// The same key, each operation of another process; equal times become one after the other.
fn text(random: &mut Random) -> Vec<u8> {
    let (mut calls, mut keys) = (Vec::new(), Vec::new());
    for key in 0..3 {
        for mut call in history(random, SHAPE) {
            call.process += 100 * key;
            calls.push(call);
            keys.push(key);
        }
    }
    let mut output = Vec::new();
    let events = event::of_registers(&Recorded::from_calls(calls, keys));
    let keyed = events.into_iter().map(|event| {
        let key = event.process.as_i64().expect("a number") / 100;
        event::Event { value: serde_json::json!([key, event.value]), ..event }
    });
    write_edn(keyed, &mut output).expect("memory can be written to");
    output
}

#[test]
fn a_file_that_is_not_kept_gets_the_same_verdicts() {
    let mut random = Random(11);
    let (mut valid, mut searched) = (0, 0);
    for _ in 0..2_000 {
        let text = text(&mut random);
        let recorded = record::read(&text[..], Registers(Dialect::Kv)).expect("well-formed");
        let kept = judge::registers(&recorded, &Settings::default());
        let file = Reread::new(|| Ok(&text[..]), Registers(Dialect::Kv));
        let streamed = judge::registers_of_file(&file, &Settings::default()).expect("well-formed");
        // Of several conflicts of a key, either may be the one that is found first.
        let judged = |report: &Report| {
            let violations = report.violations().map(|example| example.key.clone());
            let violations: Vec<_> = violations.collect();
            (report.operations, report.crashed, report.parts, report.searched, violations)
        };
        assert_eq!(judged(&kept), judged(&streamed), "{}", String::from_utf8_lossy(&text));
        let is_valid = recorded.by_key().iter().all(|(_, places)| {
            let calls: Vec<_> = places.iter().map(|at| recorded.calls[*at as usize]).collect();
            check(&Register::default(), &calls, &Default::default()).is_linearizable()
        });
        assert_eq!(kept.is_valid(), is_valid, "{}", String::from_utf8_lossy(&text));
        valid += usize::from(is_valid);
        searched += kept.searched;
    }
    assert!((20..1_980).contains(&valid) && searched > 100, "{valid} {searched}");
}

#[test]
fn operations_are_numbered_as_in_the_file() {
    let text = "{:process 0 :type :invoke :f :write :value 1}\n\
                {:process 1 :type :invoke :f :write :value 2}\n\
                {:process 1 :type :fail :f :write :value 2}\n\
                {:process 0 :type :ok :f :write :value 1}\n\
                {:process 1 :type :invoke :f :read :value nil}\n\
                {:process 1 :type :ok :f :read :value nil}\n";
    let file = Reread::new(|| Ok(text.as_bytes()), Registers(Dialect::Register));
    let report = judge::registers_of_file(&file, &Settings::default()).expect("well-formed");
    let example = report.violations().next().expect("a stale read");
    let numbers: Vec<usize> = example.operations.iter().map(|shown| shown.operation).collect();
    assert_eq!(numbers, [0, 2]);
}

#[test]
fn a_file_that_grows_while_it_is_read_is_refused() {
    let lines = [
        "{:process 0 :type :invoke :f :read :value nil}\n",
        "{:process 0 :type :ok :f :read :value 7}\n",
    ];
    let text = std::cell::RefCell::new(String::new());
    let open = || {
        text.borrow_mut().push_str(&lines.concat());
        Ok(std::io::Cursor::new(text.borrow().clone()))
    };
    let file = Reread::new(open, Registers(Dialect::Register));
    let refused = judge::registers_of_file(&file, &Settings::default());
    assert!(matches!(refused, Err(Error::Io(_))), "{refused:?}");
}

#[test]
fn only_what_a_conflict_is_about_is_shown() {
    let mut text = String::new();
    for value in 0..5_000 {
        text.push_str(&format!("{{:process 0 :type :invoke :f :write :value {value}}}\n"));
        text.push_str(&format!("{{:process 0 :type :ok :f :write :value {value}}}\n"));
    }
    text.push_str(
        "{:process 1 :type :invoke :f :read}\n{:process 1 :type :ok :f :read :value 17}\n",
    );
    let file = Reread::new(|| Ok(text.as_bytes()), Registers(Dialect::Register));
    let report = judge::registers_of_file(&file, &Settings::default()).expect("well-formed");
    let example = report.violations().next().expect("a stale read");
    assert_eq!(example.staleness.map(|staleness| staleness.versions), Some(4_982));
    assert_eq!(example.operations.len(), 3);
}

/// How many operations do not fit into one piece by far.
const MANY: usize = 20_000;

/// Writes one after the other: line 2 n + 1 invokes number n, line 2 n + 2 completes it.
fn long() -> Vec<String> {
    let event = |kind: &str, at: usize| {
        format!("{{:type :{kind}, :f :write, :value {at}, :process {}, :index 7}}", at % 9)
    };
    (0..MANY).flat_map(|at| [event("invoke", at), event("ok", at)]).collect()
}

/// Gives a few bytes at a time, is interrupted before each of them by a signal, and fails in the end
/// if it is told to.
struct Slow<'a> {
    text: &'a [u8],
    fails: bool,
    was_interrupted: bool,
}

impl std::io::Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.was_interrupted = !self.was_interrupted;
        if self.was_interrupted {
            return Err(std::io::ErrorKind::Interrupted.into());
        }
        if self.text.is_empty() && self.fails {
            return Err(std::io::Error::other("the disk is gone"));
        }
        let count = self.text.len().min(buffer.len()).min(1 + self.text.len() % 4000);
        buffer[..count].copy_from_slice(&self.text[..count]);
        self.text = &self.text[count..];
        Ok(count)
    }
}

fn read_slowly(text: &[u8], fails: bool) -> Result<Recorded<Op>, Error> {
    record::read(Slow { text, fails, was_interrupted: false }, Registers(Dialect::Register))
}

#[test]
fn a_file_of_many_pieces_is_read_in_order() {
    let text = long().join("\n");
    let recorded = record::read(text.as_bytes(), Registers(Dialect::Register)).expect("sound");
    assert_eq!(recorded.calls.len(), MANY);
    for (at, call) in recorded.calls.iter().enumerate() {
        assert_eq!(call.op, Op::Write(Value(at as i64)));
        assert_eq!((call.invoked, call.returned), (2 * at as u64 + 1, 2 * at as u64 + 2));
    }
    let slowly = read_slowly(text.as_bytes(), false).expect("sound");
    assert_eq!(slowly.calls, recorded.calls);
}

#[test]
fn an_event_longer_than_a_piece_is_one() {
    let long = format!("{{:process :nemesis, :type :info, :value \"{}\"}}", "x".repeat(1 << 20));
    let text = format!("{long}\n{}{long}\n{{:process 0}}", SHORT.repeat(3));
    let Err(Error::Malformed(lines)) = read_slowly(text.as_bytes(), false) else {
        panic!("the last line has no type");
    };
    assert_eq!(lines.iter().map(|line| line.line).collect::<Vec<_>>(), [9]);
}

const SHORT: &str = "{:process 1, :type :invoke, :f :read}\n{:process 1, :type :ok, :f :read}\n";

#[test]
fn malformed_lines_have_their_numbers_wherever_they_are() {
    let mut lines = long();
    // One that a scanner refuses, one that a workload does, and a file that breaks off.
    lines[9_000] = "gibberish".to_owned();
    lines[30_000] = lines[30_000].replace(":write", ":wirte");
    *lines.last_mut().expect("there are some") = "{:process".to_owned();
    for separator in ["\n", "\n\n"] {
        let text = lines.join(separator);
        let Err(Error::Malformed(found)) = read_slowly(text.as_bytes(), false) else {
            panic!("three lines are malformed");
        };
        let place = |at: usize| (at * separator.len() + 1) as u64;
        // What completes the operation that is not there was not invoked.
        let expected = [place(9_000), place(9_001), place(30_000), place(lines.len() - 1)];
        assert_eq!(found.iter().map(|line| line.line).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn no_more_than_a_hundred_malformed_lines_are_reported() {
    let text = long().join("\n").replace(":write", ":wirte");
    let Err(Error::Malformed(found)) = read_slowly(text.as_bytes(), true) else {
        panic!("every line is malformed");
    };
    let expected: Vec<u64> = (0..100).map(|at| 2 * at + 1).collect();
    assert_eq!(found.iter().map(|line| line.line).collect::<Vec<_>>(), expected);
}

#[test]
fn a_file_that_cannot_be_read_to_its_end_is_not_judged() {
    let text = long().join("\n");
    assert!(matches!(read_slowly(text.as_bytes(), true), Err(Error::Io(_))));
}
