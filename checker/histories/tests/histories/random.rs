//! Random histories.

pub(crate) use crate::splitmix::Random;
use history_checker::linearizability::{Call, NEVER};
use history_checker::model::register::{Op, Value};

impl Random {
    pub(crate) fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }
}

/// What random histories are made of.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Shape {
    /// At most this many operations.
    pub(crate) operations: u64,
    /// Whether each value is written once only.
    pub(crate) is_unique: bool,
    /// Whether compare-and-sets can fail.
    pub(crate) has_failed_cas: bool,
    /// Whether values are deleted.
    pub(crate) has_delete: bool,
}

/// A small history that may be anything: times collide, answers are guessed.
pub(crate) fn history(random: &mut Random, shape: Shape) -> Vec<Call<Op>> {
    let count = 1 + random.below(shape.operations);
    let horizon = 1 + random.below(3 * count);
    let values = 1 + random.below(count);
    let mut written = 0;
    (0..count)
        .map(|at| {
            let invoked = random.below(horizon);
            let returned = invoked + random.below(1 + horizon / 2);
            let returned = if random.one_in(6) { NEVER } else { returned };
            let process = u32::try_from(at).expect("a small number");
            Call { process, invoked, returned, op: operation(random, shape, values, &mut written) }
        })
        .collect()
}

fn operation(random: &mut Random, shape: Shape, values: u64, written: &mut u64) -> Op {
    let found = |random: &mut Random| match random.below(values + 1) {
        0 => Value::NIL,
        value => Value(value as i64),
    };
    let mut new = |random: &mut Random| {
        *written += 1;
        let value = if shape.is_unique { *written } else { 1 + random.below(values) };
        Value(value as i64)
    };
    match random.below(10) {
        0..=3 => Op::Read(Some(found(random))),
        4..=6 => Op::Write(new(random)),
        7 if shape.has_failed_cas => {
            let from = found(random);
            Op::Cas { from, to: Value(1 + random.below(values) as i64), done: Some(false) }
        }
        8 if shape.has_delete => Op::Delete,
        _ => {
            let from = found(random);
            Op::Cas { from, to: new(random), done: [None, Some(true)][random.below(2) as usize] }
        }
    }
}

/// A history that an atomic register could have given: `clients` clients, each always waiting for
/// something. Values are unique.
pub(crate) fn linearizable(
    random: &mut Random,
    operations: usize,
    clients: usize,
) -> Vec<Call<Op>> {
    let mut state = Value::NIL;
    let mut ready: Vec<u64> = vec![0; clients];
    // Each operation takes effect at one point; these are in order.
    let mut calls: Vec<(u64, Call<Op>)> = Vec::with_capacity(operations);
    for at in 0..operations {
        let process = (0..clients).min_by_key(|client| ready[*client]).unwrap_or(0);
        let invoked = ready[process] + 1;
        let point = invoked + random.below(100);
        let returned = point + random.below(100);
        ready[process] = returned + random.below(20);
        let op = match random.below(10) {
            0..=4 => Op::Read(None),
            5..=8 => Op::Write(Value(at as i64 + 1)),
            _ => Op::Cas { from: Value::NIL, to: Value(at as i64 + 1), done: Some(true) },
        };
        let process = u32::try_from(process).expect("a small number");
        calls.push((point, Call { process, invoked, returned, op }));
    }
    calls.sort_by_key(|(point, call)| (*point, call.invoked));
    for (_, call) in &mut calls {
        match &mut call.op {
            Op::Read(answer) => *answer = Some(state),
            Op::Cas { from, .. } => *from = state,
            Op::Write(_) | Op::Delete => {}
        }
        state = call.op.written().unwrap_or(state);
    }
    let mut calls: Vec<_> = calls.into_iter().map(|(_, call)| call).collect();
    calls.sort_by_key(|call| call.invoked);
    calls
}
