//! Histories of a simulated atomic store.

use zab_checker::linearizability::{Call, NEVER};
use zab_checker::model::register::{Op, Value};
use zab_checker::record::Recorded;

/// What is generated: closed-loop clients without think time, so that all are always waiting; half
/// of the operations are writes, and each writes a value of its own.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Load {
    /// How many operations.
    pub(crate) operations: usize,
    /// How many clients.
    pub(crate) clients: usize,
    /// How many registers.
    pub(crate) keys: u64,
    /// How many operations in a thousand are never answered; half of those take effect.
    pub(crate) crashed_permille: u64,
    /// Whether one read, half way, returns the value before the one that was there.
    pub(crate) has_stale_read: bool,
    /// The same seed, the same history.
    pub(crate) seed: u64,
}

impl Load {
    /// Nothing crashed, nothing stale.
    pub(crate) const fn sound(operations: usize, clients: usize, keys: u64) -> Self {
        Self { operations, clients, keys, crashed_permille: 0, has_stale_read: false, seed: 1 }
    }
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// 0.1 ms and a tail with a mean of 1 ms, in nanoseconds.
    fn latency(&mut self) -> u64 {
        let uniform = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        100_000 + (-(1.0 - uniform).ln() * 1e6) as u64
    }
}

/// An operation before its answer is known.
struct Planned {
    point: u64,
    process: u32,
    key: u32,
    is_read: bool,
    /// It never takes effect.
    is_lost: bool,
    invoked: u64,
    returned: u64,
}

fn plan(load: &Load, random: &mut Random) -> Vec<Planned> {
    let mut ready: std::collections::BinaryHeap<_> =
        (0..load.clients as u32).map(|client| std::cmp::Reverse((0_u64, client, client))).collect();
    let mut processes = load.clients as u32;
    let mut plans = Vec::with_capacity(load.operations);
    for _ in 0..load.operations {
        let std::cmp::Reverse((now, client, process)) = ready.pop().expect("there are clients");
        let latency = random.latency();
        let point = now + 1 + random.below(latency);
        let is_crashed = random.below(1000) < load.crashed_permille;
        let end = now + latency + 2;
        plans.push(Planned {
            point,
            process,
            key: random.below(load.keys) as u32,
            is_read: random.below(2) == 0,
            is_lost: is_crashed && random.below(2) == 0,
            invoked: now,
            returned: if is_crashed { NEVER } else { end },
        });
        // A crashed process is retired, and its client takes a new one.
        processes += u32::from(is_crashed);
        let next = if is_crashed { processes - 1 } else { process };
        ready.push(std::cmp::Reverse((end, client, next)));
    }
    plans
}

/// Generates a history. Times are nanoseconds, and distinct enough to be the order as well.
pub(crate) fn generate(load: &Load) -> Recorded<Op> {
    let mut random = Random(load.seed);
    let mut plans = plan(load, &mut random);
    plans.sort_by_key(|plan| plan.point);
    let mut states = vec![[Value::NIL; 2]; load.keys as usize];
    let mut is_stale_due = load.has_stale_read;
    let half = plans.len() / 2;
    let mut made: Vec<(Call<Op>, u32)> = Vec::with_capacity(plans.len());
    let mut settled = vec![0_u64; load.keys as usize];
    for (at, plan) in plans.into_iter().enumerate() {
        let [now, before] = &mut states[plan.key as usize];
        let op = if plan.is_read {
            // Stale only if the value that it misses was acknowledged before it began.
            let can_be = *before != Value::NIL && settled[plan.key as usize] < plan.invoked;
            let is_stale = is_stale_due && at > half && plan.returned != NEVER && can_be;
            is_stale_due &= !is_stale;
            Op::Read(Some(if is_stale { *before } else { *now }))
        } else {
            let value = Value(at as i64 + 1);
            if !plan.is_lost {
                (*before, *now) = (*now, value);
                settled[plan.key as usize] = plan.returned;
            }
            Op::Write(value)
        };
        let Planned { process, invoked, returned, key, .. } = plan;
        made.push((Call { process, invoked, returned, op }, key));
    }
    made.sort_by_key(|(call, _)| call.invoked);
    let (calls, keys) = made.into_iter().unzip();
    Recorded::from_calls(calls, keys)
}

/// The history as a file in EDN with times, as Jepsen writes it; keyed if there are several.
pub(crate) fn edn(recorded: &Recorded<Op>, is_keyed: bool) -> Vec<u8> {
    use std::io::Write as _;
    let mut events: Vec<(u64, usize, bool)> = Vec::new();
    for (at, call) in recorded.calls.iter().enumerate() {
        events.push((call.invoked, at, false));
        if !call.is_crashed() {
            events.push((call.returned, at, true));
        }
    }
    events.sort_unstable();
    let mut text = Vec::with_capacity(events.len() * 110);
    for (index, (time, at, is_return)) in events.into_iter().enumerate() {
        let call = &recorded.calls[at];
        let (f, value) = match call.op {
            Op::Read(Some(value)) if is_return => ("read", value.to_string()),
            Op::Read(_) => ("read", "nil".to_owned()),
            Op::Write(value) => ("write", value.to_string()),
            Op::Cas { .. } | Op::Delete => continue,
        };
        let value = if is_keyed { format!("[{} {value}]", recorded.keys[at]) } else { value };
        let kind = if is_return { "ok" } else { "invoke" };
        let process = call.process;
        writeln!(
            text,
            "{{:type :{kind}, :f :{f}, :value {value}, :process {process}, :time {time}, \
             :index {index}}}"
        )
        .expect("memory can be written to");
    }
    text
}
