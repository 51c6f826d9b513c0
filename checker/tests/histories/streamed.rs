//! A file that is judged while it is read, and is not kept, gets the same verdicts.

use crate::random::{Random, Shape, history};
use zab_checker::format::{Error, event, write_edn};
use zab_checker::judge::{self, Report, Reread, Settings};
use zab_checker::linearizability::check;
use zab_checker::model::register::Register;
use zab_checker::record::{self, Dialect, Recorded, Registers};

const SHAPE: Shape =
    Shape { operations: 6, is_unique: true, has_failed_cas: true, has_delete: false };

/// The same key, each operation of another process; equal times become one behind the other.
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
        let key = event.process / 100;
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
