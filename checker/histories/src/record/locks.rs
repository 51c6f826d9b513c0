//! Locks in files: `acquire` and `release`, without values.

use super::{Names, Workload};
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
            f => Err(format!("f is {}, expected acquire or release", f.unwrap_or("missing"))),
        }
    }

    fn complete(&mut self, _: &mut Op, _: &Line, _: &mut Names) -> Result<(), String> {
        Ok(())
    }
}
