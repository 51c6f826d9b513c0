//! Registers in files: `read`, `write`, `cas` and `delete`.
//!
//! | f | value of invoke | value of ok |
//! |---|---|---|
//! | `read` | nil | what was read; nil if there was nothing |
//! | `write` | the value | anything |
//! | `cas` | `[from to]` | `false` if `from` was not there, anything else if it was |
//! | `delete` | nil | anything |
//!
//! With keys, each value stands in `[key value]`, or beside the field `key`; or it is a transaction
//! of one operation, `txn [[:w key value]]` or `txn [[:r key nil]]`.

use super::txn::{is_txn, part};
use super::{Completion, Names, Outcome, Workload};
use crate::format::{Datum, Field, Line};
use crate::model::register::{Op, Value};

/// What a file may hold.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Reads and writes of one register.
    Register,
    /// The same with compare-and-set.
    CasRegister,
    /// The same for many keys, with delete.
    Kv,
}

/// Reads registers.
#[derive(Copy, Clone, Debug)]
pub struct Registers(pub Dialect);

impl Registers {
    /// Splits the value of a line into key and value.
    fn split<'a>(
        self,
        line: &'a Line,
        names: &mut Names,
    ) -> Result<(u32, Option<Datum<'a>>), String> {
        if self.0 != Dialect::Kv {
            if line.get(Field::Key).is_some_and(|key| !key.is_nil()) {
                return Err("the event has a key: then the model is kv".to_owned());
            }
            return Ok((0, line.value()));
        }
        if let Some(key) = line.get(Field::Key) {
            return Ok((names.key(key), line.value()));
        }
        let value = line.value().ok_or("expected [key value] as value, or a field key")?;
        let (key, value) = value.pair().ok_or("expected [key value] as value, or a field key")?;
        Ok((names.key(key), Some(value).filter(|value| !value.is_nil())))
    }

    /// A transaction of one operation.
    fn txn(line: &Line, names: &mut Names) -> Result<(u32, Op), String> {
        let part = part(line)?;
        let op = match (part.f, part.value) {
            (b"r", _) => Op::Read(None),
            (b"w", Some(value)) => Op::Write(names.value(value)),
            _ => {
                return Err(
                    "a txn of registers needs [[:r key nil]] or [[:w key value]]".to_owned()
                );
            }
        };
        Ok((names.key(part.key), op))
    }

    fn scalar(self, value: Option<Datum<'_>>, names: &mut Names) -> Result<Value, String> {
        let Some(value) = value else { return Ok(Value::NIL) };
        if self.0 != Dialect::Kv && value.items().is_some() {
            return Err("the value is a list: if it is [key value], the model is kv".to_owned());
        }
        Ok(names.value(value))
    }
}

impl Workload for Registers {
    type Op = Op;

    // Its answer is large: to hand it over takes as long as to find it.
    #[inline(always)]
    fn invoke(&mut self, line: &Line, names: &mut Names) -> Result<(u32, Op), String> {
        if self.0 == Dialect::Kv && is_txn(line) {
            return Self::txn(line, names);
        }
        let (key, value) = self.split(line, names)?;
        let op = match line.f_bytes() {
            Some(b"read") => Op::Read(None),
            Some(b"write") => {
                let value = value.ok_or("a write needs a value")?;
                Op::Write(self.scalar(Some(value), names)?)
            }
            Some(b"cas") if self.0 != Dialect::Register => {
                let pair = value.and_then(Datum::pair);
                let (from, to) = pair.ok_or("a cas needs [from to] as value")?;
                Op::Cas { from: names.value(from), to: names.value(to), done: None }
            }
            Some(b"delete") if self.0 == Dialect::Kv => Op::Delete,
            _ => {
                let known = match self.0 {
                    Dialect::Register => "read or write",
                    Dialect::CasRegister => "read, write or cas",
                    Dialect::Kv => "read, write, cas or delete",
                };
                return Err(format!("f is {}, expected {known}", line.f_shown()));
            }
        };
        Ok((key, op))
    }

    fn complete(
        &mut self,
        op: &mut Op,
        ok: &Completion<'_>,
        names: &mut Names,
    ) -> Result<Outcome, String> {
        let line = ok.line;
        match op {
            Op::Read(answer) if self.0 == Dialect::Kv && is_txn(line) => {
                let part = part(line)?;
                ok.check_key(names.key(part.key), names)?;
                *answer = Some(part.value.map_or(Value::NIL, |value| names.value(value)));
            }
            Op::Read(answer) => {
                let (key, value) = self.split(line, names)?;
                ok.check_key(key, names)?;
                *answer = Some(self.scalar(value, names)?);
            }
            Op::Cas { done, .. } => {
                let value = line.value();
                let nested = value.and_then(Datum::pair).and_then(|(_, value)| value.bool());
                let answer = value.and_then(Datum::bool).or(nested);
                *done = Some(answer != Some(false));
            }
            Op::Write(_) | Op::Delete => {}
        }
        Ok(Outcome::Done)
    }
}
