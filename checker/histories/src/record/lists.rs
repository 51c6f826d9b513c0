//! Append lists in files: `append` of a number, `read` of a list; keys as with registers. Or
//! transactions of one operation: `txn [[:append key 1]]`, `txn [[:r key nil]]`.

use super::txn::{is_txn, part};
use super::{Completion, Names, Outcome, Workload};
use crate::format::{Datum, Field, Line};
use crate::model::append::Op;

/// Reads lists.
#[derive(Copy, Clone, Debug)]
pub struct Lists;

const EXPECTED: &str = "expected append with a number or read with a list of numbers";

/// Whether this is `[key value]`; a list of numbers is none.
fn split<'a>(line: &'a Line, names: &mut Names, is_read: bool) -> (u32, Option<Datum<'a>>) {
    if let Some(key) = line.get(Field::Key) {
        return (names.key(key), line.value());
    }
    match line.value().and_then(Datum::pair) {
        Some((key, value)) if !is_read || value.items().is_some() || value.is_nil() => {
            (names.key(key), Some(value))
        }
        _ => (0, line.value()),
    }
}

impl Workload for Lists {
    type Op = Op;

    fn invoke(&mut self, line: &Line, names: &mut Names) -> Result<(u32, Op), String> {
        let is_read = line.f() == Some("read");
        let (f, key, value) = if is_txn(line) {
            let part = part(line)?;
            let f = if part.f == b"r" { Some("read") } else { std::str::from_utf8(part.f).ok() };
            (f, names.key(part.key), part.value)
        } else {
            let (key, value) = split(line, names, is_read);
            (line.f(), key, value)
        };
        match f {
            Some("read") => Ok((key, Op::Read(None))),
            Some("append") => {
                let element = value.and_then(Datum::int).ok_or(EXPECTED)?;
                Ok((key, Op::Append(element)))
            }
            _ => Err(EXPECTED.to_owned()),
        }
    }

    fn complete(
        &mut self,
        op: &mut Op,
        ok: &Completion<'_>,
        names: &mut Names,
    ) -> Result<Outcome, String> {
        let Op::Read(answer) = op else { return Ok(Outcome::Done) };
        let (key, value) = if is_txn(ok.line) {
            let part = part(ok.line)?;
            (names.key(part.key), part.value)
        } else {
            split(ok.line, names, true)
        };
        ok.check_key(key, names)?;
        let Some(value) = value.filter(|value| !value.is_nil()) else {
            *answer = Some(Vec::new());
            return Ok(Outcome::Done);
        };
        let items = value.items().ok_or(EXPECTED)?;
        let list: Option<Vec<i64>> = items.map(Datum::int).collect();
        *answer = Some(list.ok_or(EXPECTED)?);
        Ok(Outcome::Done)
    }
}
