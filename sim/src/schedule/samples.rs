//! Schedules that the tests of several modules run.

use super::{Act, Action, Schedule};

/// A schedule of three servers with these actions.
pub(crate) fn schedule(seed: u64, actions: impl IntoIterator<Item = (u64, Act)>) -> Schedule {
    let actions = actions.into_iter().map(|(at_us, act)| Action { at_us, act }).collect();
    let schedule = Schedule { actions, ..Schedule::empty(seed, 3) };
    assert_eq!(schedule.validate(), Ok(()));
    schedule
}

/// Any actions, within two seconds and with short durations.
pub(crate) fn noisy(seed: u64) -> Schedule {
    let length = 16 + 8 * (seed % 40);
    let noise = |at| crate::keyed::hash(seed, crate::keyed::Kind::Turn, 0, at) as u8;
    let mut bytes: Vec<u8> = (0..length).map(noise).collect();
    bytes[8] = 0;
    bytes.chunks_exact_mut(8).skip(2).for_each(|record| {
        record[1] %= 40;
        record[7] %= 8;
    });
    Schedule::from_bytes(&bytes)
}
