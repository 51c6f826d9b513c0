//! A register with a version that counts its updates: ZooKeeper's `getData` and `setData`.

use super::Model;
use super::register::Value;

/// An operation with its answer.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// Gives value and version.
    Read(Option<(Value, u32)>),
    /// Sets the value whatever the version; answers the new version.
    Write {
        /// The new value.
        value: Value,
        /// The new version, if it was answered.
        version: Option<u32>,
    },
    /// Sets the value if the version is the one expected.
    WriteIf {
        /// The version that is expected.
        expected: u32,
        /// The new value.
        value: Value,
        /// Whether it was, if that is known.
        done: Option<bool>,
    },
}

/// A register that was never written, at version 0.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// What it holds before the first operation.
    pub initial: Value,
}

impl Default for Versioned {
    fn default() -> Self {
        Self { initial: Value::NIL }
    }
}

impl Model for Versioned {
    type Op = Op;
    type State = (Value, u32);

    fn initial(&self) -> (Value, u32) {
        (self.initial, 0)
    }

    fn step(&self, state: &(Value, u32), op: &Op) -> Option<(Value, u32)> {
        let next = state.1.wrapping_add(1);
        match *op {
            Op::Read(answer) => answer.is_none_or(|shown| shown == *state).then_some(*state),
            Op::Write { value, version } => {
                version.is_none_or(|version| version == next).then_some((value, next))
            }
            Op::WriteIf { expected, value, done } => {
                let matches = expected == state.1;
                let after = if matches { (value, next) } else { *state };
                done.is_none_or(|done| done == matches).then_some(after)
            }
        }
    }

    fn is_pure(&self, op: &Op) -> bool {
        matches!(op, Op::Read(_) | Op::WriteIf { done: Some(false), .. })
    }

    fn describe(&self, op: &Op) -> String {
        match op {
            Op::Read(Some((value, version))) => format!("read {value} of version {version}"),
            Op::Read(None) => "read".to_owned(),
            Op::Write { value, version: Some(version) } => {
                format!("write {value} as version {version}")
            }
            Op::Write { value, version: None } => format!("write {value}"),
            Op::WriteIf { expected, value, done: Some(false) } => {
                format!("refused write {value} at version {expected}")
            }
            Op::WriteIf { expected, value, .. } => format!("write {value} at version {expected}"),
        }
    }

    fn why_not(&self, state: &(Value, u32), _: &Op) -> String {
        format!("the register holds {} of version {}", state.0, state.1)
    }
}
