//! Jepsen's transactions, as far as they are single operations: `{:f :txn, :value [[:append 5 1]]}`.
//!
//! A transaction of one operation is linearizable where it is strictly serializable, key by key.
//! Those of several operations are what Elle is for.

use crate::format::{Datum, Line};

/// The only operation of a transaction.
#[derive(Copy, Clone, Debug)]
pub(super) struct Part<'a> {
    /// `r`, `w` or `append`.
    pub(super) f: &'a [u8],
    pub(super) key: Datum<'a>,
    /// None if it is nil.
    pub(super) value: Option<Datum<'a>>,
}

pub(super) fn is_txn(line: &Line) -> bool {
    line.f_bytes() == Some(b"txn")
}

pub(super) fn part(line: &Line) -> Result<Part<'_>, String> {
    const EXPECTED: &str = "a txn needs a list of one operation as value, as in [[:append 5 1]]";
    let mut parts = line.value().and_then(Datum::items).ok_or(EXPECTED)?;
    let part = parts.next().ok_or(EXPECTED)?;
    if parts.next().is_some() {
        return Err("a txn of several operations: transactions are what Elle is for".to_owned());
    }
    let mut items = part.items().ok_or(EXPECTED)?;
    let (f, key, value) = (items.next(), items.next(), items.next());
    let f = f.and_then(Datum::bytes).ok_or(EXPECTED)?;
    let value = value.filter(|value| !value.is_nil());
    Ok(Part { f, key: key.ok_or(EXPECTED)?, value })
}
