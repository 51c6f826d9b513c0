//! How simple a schedule is.

use zab_sim::schedule::{ClientOp, CrashMode, StallTarget, Workload};
use zab_sim::{Act, Schedule};

/// The simplicity of a schedule: less is simpler. Compared in the order of the fields, each a
/// natural number, so there is no infinite descent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Measure {
    /// File systems are not what they are by default.
    is_strict: bool,
    /// Clients do more than the actions say: the less of that, the simpler.
    workload: u8,
    servers: u8,
    actions: usize,
    /// How much there is to understand in the actions.
    difficulty: u64,
    /// Decimal digits of all times and durations: 200 ms is simpler than 187.4 ms.
    digits: u64,
    /// All durations and the time of the last action.
    span_us: u64,
    /// All times.
    times_us: u64,
    /// Numbers of clients and keys.
    labels: u64,
    seed: u64,
}

/// How simple this schedule is.
pub fn measure(schedule: &Schedule) -> Measure {
    let actions = &schedule.actions;
    let last_us = actions.iter().map(|action| action.at_us).max().unwrap_or(0);
    Measure {
        is_strict: !schedule.directories.are_lenient(),
        workload: match schedule.workload {
            Workload::Registers => 0,
            Workload::Locks => 1,
            Workload::LocalLocks => 2,
        },
        servers: schedule.servers,
        actions: actions.len(),
        difficulty: actions.iter().map(|action| difficulty(&action.act)).sum(),
        digits: actions.iter().map(|a| digits(a.at_us) + digits(a.act.span_us())).sum(),
        span_us: actions.iter().map(|action| action.act.span_us()).sum::<u64>() + last_us,
        times_us: actions.iter().map(|action| action.at_us).sum(),
        labels: actions.iter().map(|action| labels(&action.act)).sum(),
        seed: schedule.seed,
    }
}

/// How hard an action is to follow.
fn difficulty(act: &Act) -> u64 {
    match act {
        Act::Client { op, .. } => match op {
            ClientOp::Read => 1,
            ClientOp::Write | ClientOp::SyncRead => 2,
            ClientOp::WriteIf => 3,
        },
        Act::StepDown { .. } | Act::Reset { .. } | Act::HealAll => 1,
        Act::Kill { .. } => 2,
        Act::Upgrade { .. } => 3,
        Act::PowerLoss { disk, .. } => match disk {
            CrashMode::LoseAll => 3,
            CrashMode::KeepAll => 4,
            CrashMode::KeepPrefix(records) => 5 + u64::from(*records),
            CrashMode::Torn | CrashMode::EmptyLog | CrashMode::ZeroedLog => 5,
        },
        Act::Isolate { .. } | Act::StallDisk { .. } | Act::StallNode { .. } => 2,
        Act::Cut { both_ways, .. } => 3 + u64::from(!both_ways),
        Act::StallActor { actor, .. } => 3 + u64::from(*actor != StallTarget::LogWriter),
        Act::Clog { open_only, .. } => 5 + u64::from(*open_only),
        Act::Skew { per_mille, .. } => 6 + u64::from(per_mille.unsigned_abs()),
        Act::Swizzle { mask, .. } => 6 + u64::from(mask.count_ones()),
        _ => 4,
    }
}

/// Significant decimal digits.
fn digits(us: u64) -> u64 {
    let mut rest = us;
    while rest != 0 && rest.is_multiple_of(10) {
        rest /= 10;
    }
    rest.checked_ilog10().map_or(0, |log| u64::from(log) + 1)
}

fn labels(act: &Act) -> u64 {
    match act {
        Act::Client { client, key, .. } => u64::from(*client) + u64::from(*key),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::digits;

    #[test]
    fn round_numbers_have_few_digits() {
        let counted = [0, 200, 1_000, 250_000, 187_400].map(digits);
        assert_eq!(counted, [0, 1, 1, 2, 4]);
    }
}
