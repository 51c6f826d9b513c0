//! Any small history of one register: brute force, the generic engine and the zones come to the
//! same verdict.

use arbitrary::{Arbitrary, Result, Unstructured};
use zab_checker::linearizability::zones::{Finding, Zones};
use zab_checker::linearizability::{Budget, Call, NEVER, brute, check};
use zab_checker::model::register::{Op, Register, Value};

/// Most operations: brute force tries every order of them.
const OPERATIONS_MAX: usize = 7;

/// Times are below this: many operations begin and end at the same one.
const HORIZON: u64 = 16;

/// A history of one register.
#[derive(Clone, Debug)]
pub struct SmallHistory(pub Vec<Call<Op>>);

impl<'a> Arbitrary<'a> for SmallHistory {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let is_unique = u.arbitrary()?;
        let mut calls = Vec::new();
        while !u.is_empty() && calls.len() < OPERATIONS_MAX {
            let process = calls.len() as u32;
            let invoked = u.int_in_range(0..=HORIZON)?;
            let returned = match u.int_in_range(0..=5)? {
                0 => NEVER,
                _ => invoked + u.int_in_range(0..=HORIZON / 2)?,
            };
            let new = if is_unique { i64::from(process) + 1 } else { u.int_in_range(1..=3)? };
            let op = operation(u, Value(new))?;
            calls.push(Call { process, invoked, returned, op });
        }
        Ok(Self(calls))
    }
}

fn operation(u: &mut Unstructured<'_>, new: Value) -> Result<Op> {
    let found = match u.int_in_range(0..=OPERATIONS_MAX as i64)? {
        0 => Value::NIL,
        value => Value(value),
    };
    Ok(match u.int_in_range(0..=9)? {
        0..=3 => Op::Read(Some(found)),
        4..=6 => Op::Write(new),
        7 => Op::Cas { from: found, to: new, done: Some(false) },
        8 => Op::Delete,
        _ => {
            Op::Cas { from: found, to: new, done: [None, Some(true)][usize::from(u.ratio(1, 2)?)] }
        }
    })
}

/// Judges a history three times.
///
/// # Errors
///
/// Who disagrees about which history.
pub fn judge(SmallHistory(calls): &SmallHistory) -> std::result::Result<(), String> {
    let model = Register::default();
    let truth = brute::is_linearizable(&model, calls);
    let engine = check(&model, calls, &Budget::default());
    if engine.is_linearizable() != truth || engine.is_violation() == truth {
        return Err(format!("linearizable: {truth}, the engine says {engine:?}: {calls:?}"));
    }
    match Zones::check(Value::NIL, calls) {
        None if !truth => Err(format!("not linearizable, but the zones see nothing: {calls:?}")),
        Some(Finding::Conflict(conflict)) if truth => {
            Err(format!("linearizable, but the zones say {conflict:?}: {calls:?}"))
        }
        _ => Ok(()),
    }
}
