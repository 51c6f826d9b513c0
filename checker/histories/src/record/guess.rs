//! Which model a file is likely to be about.

use crate::format::{self, Datum, Error, Field, Kind, Line};
use std::collections::BTreeSet;
use std::io::Read;

/// What a file is likely to hold.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Likely {
    /// Reads and writes of one register.
    Register,
    /// The same with compare-and-set.
    CasRegister,
    /// Many registers, or transactions of reads and writes.
    Kv,
    /// Lists, or transactions of appends and reads.
    Append,
    /// A lock.
    Mutex,
    /// Znodes.
    Zookeeper,
}

/// How many events are looked at.
const EVENTS_MAX: usize = 10_000;

/// Looks at the beginning of a file, as far as it makes sense at all.
///
/// # Errors
///
/// If the file cannot be read, or is no history.
pub fn guess(input: impl Read + Send) -> Result<Option<Likely>, Error> {
    let mut seen = Seen::default();
    let mut left = EVENTS_MAX;
    let read = format::read(input, &mut |line| {
        if left == 0 {
            return Err(String::new());
        }
        left -= 1;
        seen.add(line);
        Ok(())
    });
    match read {
        Ok(()) | Err(Error::Malformed(_)) => Ok(seen.likely()),
        Err(error) => Err(error),
    }
}

#[derive(Debug, Default)]
struct Seen {
    functions: BTreeSet<String>,
    /// What transactions are made of.
    parts: BTreeSet<String>,
    has_keys: bool,
    has_paths: bool,
}

impl Seen {
    fn add(&mut self, line: &Line) {
        let Some(f) = line.f().filter(|_| line.kind() == Some(Kind::Invoke)) else { return };
        self.functions.insert(f.to_owned());
        self.has_keys |= line.get(Field::Key).is_some();
        let Some(value) = line.value() else { return };
        self.has_paths |= value.get("path").is_some() || value.get("ops").is_some();
        if f == "txn" {
            let parts = value.items().into_iter().flatten();
            let names = parts.filter_map(|part| part.items()?.next()?.text());
            self.parts.extend(names.map(str::to_owned));
        } else {
            let is_key = |(_, value): (Datum<'_>, Datum<'_>)| f != "cas" || value.items().is_some();
            self.has_keys |= value.pair().is_some_and(is_key);
        }
    }

    fn likely(&self) -> Option<Likely> {
        let has = |f: &str| self.functions.contains(f);
        if self.has_paths {
            Some(Likely::Zookeeper)
        } else if has("acquire") || has("release") {
            Some(Likely::Mutex)
        } else if has("append") || self.parts.contains("append") {
            Some(Likely::Append)
        } else if self.parts.contains("w") || self.has_keys && (has("write") || has("cas")) {
            Some(Likely::Kv)
        } else if has("cas") {
            Some(Likely::CasRegister)
        } else if has("write") {
            Some(Likely::Register)
        } else {
            None
        }
    }
}
