//! Append lists in files: `append` of a number, `read` of a list; keys as with registers.

use super::{Names, Workload};
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
        let (key, value) = split(line, names, is_read);
        match line.f() {
            Some("read") => Ok((key, Op::Read(None))),
            Some("append") => {
                let element = value.and_then(Datum::int).ok_or(EXPECTED)?;
                Ok((key, Op::Append(element)))
            }
            _ => Err(EXPECTED.to_owned()),
        }
    }

    fn complete(&mut self, op: &mut Op, line: &Line, names: &mut Names) -> Result<(), String> {
        if let Op::Read(answer) = op {
            let (_, value) = split(line, names, true);
            let Some(value) = value.filter(|value| !value.is_nil()) else {
                *answer = Some(Vec::new());
                return Ok(());
            };
            let items = value.items().ok_or(EXPECTED)?;
            let list: Option<Vec<i64>> = items.map(Datum::int).collect();
            *answer = Some(list.ok_or(EXPECTED)?);
        }
        Ok(())
    }
}
