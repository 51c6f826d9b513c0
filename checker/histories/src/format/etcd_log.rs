//! The log of Jepsen's etcd test: `INFO  jepsen.util - 3 :invoke :cas [3 0]`.
//!
//! A compare-and-set that found another value is `:fail` there; a read that fails timed out.

use super::line::{Field, Kind, Line};
use super::pieces::{Scan, Scanned, first_row};

/// Reads lines.
#[derive(Clone, Debug)]
pub(super) struct Scanner;

const PREFIX: &[u8] = b"jepsen.util - ";

impl Scan for Scanner {
    fn scan(&mut self, text: &[u8], is_last: bool, line: &mut Line) -> Scanned {
        let Some((row, length)) = first_row(text, is_last) else {
            return Scanned::Incomplete;
        };
        let Some(begin) = row.windows(PREFIX.len()).position(|part| part == PREFIX) else {
            return Scanned::Nothing(length);
        };
        match event(&row[begin + PREFIX.len()..], line) {
            Some(()) => Scanned::Event(length),
            None => Scanned::Malformed("expected `process :type :f value`".to_owned()),
        }
    }
}

fn event(row: &[u8], line: &mut Line) -> Option<()> {
    let (process, row) = word(row)?;
    line.head.fields[Field::Process as usize] = Some(line.tape.here());
    value(process, line);
    let (kind, row) = word(row)?;
    line.head.kind = Some(Kind::parse(kind.strip_prefix(b":")?)?);
    let (f, row) = word(row)?;
    let f = f.strip_prefix(b":")?;
    line.head.fields[Field::F as usize] = Some(line.tape.here());
    line.tape.text(f);
    let argument = row.trim_ascii();
    line.head.fields[Field::Value as usize] = Some(line.tape.here());
    if let Some(pair) = argument.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")) {
        let begin = line.tape.begin(false);
        for part in pair.split(|byte| *byte == b' ') {
            value(part, line);
        }
        line.tape.end(begin);
    } else {
        value(argument, line);
    }
    if line.head.kind == Some(Kind::Fail) && f == b"cas" {
        // An answer like any other: the value was not there.
        line.head.kind = Some(Kind::Ok);
        line.head.fields[Field::Value as usize] = Some(line.tape.here());
        line.tape.bool(false);
    }
    Some(())
}

/// The first word, and what comes after it.
fn word(row: &[u8]) -> Option<(&[u8], &[u8])> {
    let row = row.trim_ascii_start();
    let end = row.iter().position(u8::is_ascii_whitespace)?;
    Some(row.split_at(end))
}

fn value(text: &[u8], line: &mut Line) {
    let number = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    match number {
        Some(number) => line.tape.int(number),
        None if text == b"nil" => line.tape.nil(),
        None => line.tape.text(text.strip_prefix(b":").unwrap_or(text)),
    }
}
