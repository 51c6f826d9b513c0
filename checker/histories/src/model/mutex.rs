//! A lock that one holds at a time. Who releases it is not looked at, as in Knossos.

use super::Model;

/// An operation; an answer says no more than that it was done.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// Takes the lock.
    Acquire,
    /// Gives it back.
    Release,
}

/// A lock that is free at first.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Mutex;

impl Model for Mutex {
    type Op = Op;
    /// Whether it is held.
    type State = bool;

    fn initial(&self) -> bool {
        false
    }

    fn step(&self, held: &bool, op: &Op) -> Option<bool> {
        match op {
            Op::Acquire => (!held).then_some(true),
            Op::Release => held.then_some(false),
        }
    }

    fn describe(&self, op: &Op) -> String {
        format!("{op:?}").to_lowercase()
    }

    fn why_not(&self, held: &bool, _: &Op) -> String {
        if *held { "the lock is held".to_owned() } else { "the lock is free".to_owned() }
    }
}
