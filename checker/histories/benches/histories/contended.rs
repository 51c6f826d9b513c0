//! Histories of one compare-and-set register with few values, where nothing is unique.

use super::generate::Random;
use history_checker::linearizability::{Call, NEVER};
use history_checker::model::append::Op as List;
use history_checker::model::register::{Op, Value};

/// How many values there are.
const VALUES: u64 = 5;

/// Ten closed-loop clients; five operations in a hundred are never answered, half of which take
/// effect. With `has_stale_read`, a read at the end gives a value that was just replaced.
pub(crate) fn registers(operations: usize, has_stale_read: bool, seed: u64) -> Vec<Call<Op>> {
    let mut random = Random(seed);
    let mut calls = closed_loop(&mut random, operations, 50, |random| {
        let mut value = || Value(random.below(VALUES) as i64);
        let (one, other) = (value(), value());
        match random.below(3) {
            0 => Op::Read(None),
            1 => Op::Write(one),
            _ => Op::Cas { from: one, to: other, done: None },
        }
    });
    let mut state = Value::NIL;
    for (_, call, takes_effect) in calls.iter_mut().filter(|(.., takes_effect)| *takes_effect) {
        let is_answered = call.returned != NEVER && *takes_effect;
        match &mut call.op {
            Op::Read(answer) => *answer = Some(state),
            Op::Write(value) => state = *value,
            Op::Cas { from, to, done } => {
                let matches = *from == state;
                *done = Some(matches).filter(|_| is_answered);
                state = if matches { *to } else { state };
            }
            Op::Delete => {}
        }
    }
    let mut calls: Vec<_> = calls.into_iter().map(|(_, call, _)| call).collect();
    if has_stale_read {
        let end = calls.iter().map(|call| call.returned.min(NEVER - 1)).max().unwrap_or(0);
        let [new, old] = [1, 2].map(|step| Value((state.0.max(0) + step) % VALUES as i64));
        for (at, op) in (1..).zip([Op::Write(new), Op::Read(Some(old))]) {
            let invoked = end + 2 * at;
            calls.push(Call { process: u32::MAX, invoked, returned: invoked + 1, op });
        }
    }
    calls
}

/// Ten clients that append to one list and read it; if `crashed`, a fifth of that is never answered.
pub(crate) fn lists(operations: usize, crashed: bool) -> Vec<Call<List>> {
    let mut random = Random(7);
    let mut next = 0;
    let unanswered_permille = if crashed { 200 } else { 0 };
    let mut calls = closed_loop(&mut random, operations, unanswered_permille, |random| {
        next += 1;
        if random.below(2) == 0 { List::Read(None) } else { List::Append(next) }
    });
    let mut list = Vec::new();
    for (_, call, takes_effect) in &mut calls {
        match &mut call.op {
            List::Read(answer) => *answer = Some(list.clone()),
            List::Append(element) if *takes_effect => list.push(*element),
            List::Append(_) => {}
        }
    }
    calls.into_iter().map(|(_, call, _)| call).collect()
}

/// Operations with the points at which they take effect, in that order, and whether they do.
fn closed_loop<O>(
    random: &mut Random,
    operations: usize,
    unanswered_permille: u64,
    mut op: impl FnMut(&mut Random) -> O,
) -> Vec<(u64, Call<O>, bool)> {
    let mut ready = [0_u64; 10];
    let mut calls = Vec::with_capacity(operations);
    for at in 0..operations {
        let client = (0..ready.len()).min_by_key(|client| ready[*client]).unwrap_or(0);
        let invoked = ready[client] + 1;
        let latency = random.latency();
        let point = invoked + random.below(latency);
        ready[client] = invoked + latency;
        let is_answered = random.below(1_000) >= unanswered_permille;
        let returned = if is_answered { invoked + latency } else { NEVER };
        let takes_effect = is_answered || random.below(2) == 0;
        let process = u32::try_from(at).expect("a small number");
        calls.push((point, Call { process, invoked, returned, op: op(random) }, takes_effect));
    }
    calls.sort_by_key(|(point, call, _)| (*point, call.invoked));
    calls
}
