//! A register: read, write, compare-and-set, delete. A key-value store is one per key.

use super::Model;
use crate::linearizability::Call;
use std::fmt;

/// What a register holds. Numbers stand for themselves; other values are numbered from
/// [`Value::NAMED`] on by whoever reads them.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value(pub i64);

impl Value {
    /// Nothing: never written, or deleted.
    pub const NIL: Self = Self(i64::MIN);
    /// The first of the values that are not numbers.
    pub const NAMED: Self = Self(i64::MIN + 1);
    /// How many values can be named: numbers begin after them.
    pub const NAMES_MAX: u32 = u32::MAX;

    /// The place of a value that is not a number in the list of names.
    pub fn name(self) -> Option<usize> {
        let place = self.0.checked_sub(Self::NAMED.0).and_then(|place| u32::try_from(place).ok());
        place.filter(|_| self != Self::NIL).map(|place| place as usize)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (*self, self.name()) {
            (Self::NIL, _) => f.write_str("nil"),
            (_, Some(name)) => write!(f, "#{name}"),
            (Self(number), None) => write!(f, "{number}"),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An operation with its answer.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// Gives what is there. Without an answer there is nothing to check.
    Read(Option<Value>),
    /// Puts a value there.
    Write(Value),
    /// Puts `to` there if `from` is.
    Cas {
        /// What has to be there.
        from: Value,
        /// What comes there.
        to: Value,
        /// Whether it was there, if that is known.
        done: Option<bool>,
    },
    /// Puts nothing there.
    Delete,
}

impl Op {
    /// The value that it puts there when it takes effect.
    pub const fn written(&self) -> Option<Value> {
        match *self {
            Self::Write(value) | Self::Cas { to: value, done: None | Some(true), .. } => {
                Some(value)
            }
            Self::Delete => Some(Value::NIL),
            Self::Read(_) | Self::Cas { done: Some(false), .. } => None,
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(Some(value)) => write!(f, "read {value}"),
            Self::Read(None) => f.write_str("read"),
            Self::Write(value) => write!(f, "write {value}"),
            Self::Cas { from, to, done: Some(false) } => write!(f, "failed cas {from} {to}"),
            Self::Cas { from, to, .. } => write!(f, "cas {from} {to}"),
            Self::Delete => f.write_str("delete"),
        }
    }
}

/// One register.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Register {
    /// What it holds before the first operation.
    pub initial: Value,
}

impl Default for Register {
    /// A register that was never written.
    fn default() -> Self {
        Self { initial: Value::NIL }
    }
}

impl Model for Register {
    type Op = Op;
    type State = Value;

    fn initial(&self) -> Value {
        self.initial
    }

    fn step(&self, state: &Value, op: &Op) -> Option<Value> {
        match *op {
            Op::Read(answer) => answer.is_none_or(|value| value == *state).then_some(*state),
            Op::Write(value) => Some(value),
            Op::Cas { from, to, done } => {
                let matches = from == *state;
                let next = if matches { to } else { *state };
                done.is_none_or(|done| done == matches).then_some(next)
            }
            Op::Delete => Some(Value::NIL),
        }
    }

    fn is_pure(&self, op: &Op) -> bool {
        matches!(op, Op::Read(_) | Op::Cas { done: Some(false), .. })
    }

    fn depends_on(&self, call: &Call<Op>, update: &Op) -> bool {
        let Some(written) = update.written() else { return false };
        match call.op {
            Op::Read(answer) => answer == Some(written),
            // Its value may have hidden the one that must not be there.
            Op::Cas { from, done: Some(false), .. } => from != written,
            Op::Cas { done: None, .. } if !call.is_crashed() => true,
            Op::Cas { from, .. } => from == written,
            Op::Write(_) | Op::Delete => false,
        }
    }

    fn replaces_all(&self, op: &Op) -> bool {
        matches!(op, Op::Write(_) | Op::Delete)
    }

    fn describe(&self, op: &Op) -> String {
        op.to_string()
    }

    fn why_not(&self, state: &Value, op: &Op) -> String {
        match op {
            Op::Cas { from, done: Some(false), .. } => format!("the register does hold {from}"),
            _ => format!("the register holds {state}"),
        }
    }
}

/// Removes crashed updates that no answered operation can have seen the effect of, when every
/// value is written at most once. They may as well never have happened: whoever could tell would
/// have had to read the value, or to find it there. Returns what is left, by place.
///
/// Without unique writes, or with compare-and-sets that may have found something else, nothing is
/// removed.
pub fn without_unobserved(calls: &[Call<Op>]) -> Vec<usize> {
    let mut written: Vec<Value> = calls.iter().filter_map(|call| call.op.written()).collect();
    written.sort_unstable();
    let is_unique = written.windows(2).all(|pair| pair[0] != pair[1]);
    let can_hide = |call: &Call<Op>| match call.op {
        Op::Cas { done: Some(false), .. } => true,
        Op::Cas { done: None, .. } => !call.is_crashed(),
        _ => false,
    };
    if !is_unique || calls.iter().any(can_hide) {
        return (0..calls.len()).collect();
    }
    let mut seen: Vec<Value> = calls
        .iter()
        .filter_map(|call| match call.op {
            Op::Read(value) if !call.is_crashed() => value,
            Op::Cas { from, .. } => Some(from),
            _ => None,
        })
        .collect();
    seen.sort_unstable();
    let is_seen = |value: Value| seen.binary_search(&value).is_ok();
    (0..calls.len())
        .filter(|at| {
            let call = &calls[*at];
            !call.is_crashed() || call.op.written().is_some_and(is_seen)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_are_not_numbers_have_names() {
        assert_eq!(Value::NIL.name(), None);
        assert_eq!(Value::NAMED.name(), Some(0));
        assert_eq!(Value(0).name(), None);
        assert_eq!(format!("{} {} {}", Value::NIL, Value::NAMED, Value(-7)), "nil #0 -7");
    }

    #[test]
    fn an_unanswered_cas_does_nothing_where_it_does_not_match() {
        let cas = Op::Cas { from: Value(1), to: Value(2), done: None };
        let register = Register::default();
        assert_eq!(register.step(&Value(1), &cas), Some(Value(2)));
        assert_eq!(register.step(&Value(3), &cas), Some(Value(3)));
    }
}
