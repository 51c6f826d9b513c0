//! Locks in files: `acquire` and `release`, without values.

use super::{Completion, Names, Outcome, Workload};
use crate::format::Line;
use crate::model::mutex::Op;

/// Reads locks.
#[derive(Copy, Clone, Debug)]
pub struct Locks;

impl Workload for Locks {
    type Op = Op;

    fn invoke(&mut self, line: &Line, _: &mut Names) -> Result<(u32, Op), String> {
        match line.f() {
            Some("acquire") => Ok((0, Op::Acquire)),
            Some("release") => Ok((0, Op::Release)),
            _ => Err(format!("f is {}, expected acquire or release", line.f_shown())),
        }
    }

    fn complete(
        &mut self,
        _: &mut Op,
        _: &Completion<'_>,
        _: &mut Names,
    ) -> Result<Outcome, String> {
        Ok(Outcome::Done)
    }
}
