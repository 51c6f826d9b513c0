//! The mutator of `zab hunt` for a fuzzer that knows bytes only.

use crate::generate;
use crate::mutate::mutate;
use crate::rng::Rng;
use zab_sim::Schedule;
use zab_sim::schedule::bytes::{HEADER, RECORD};

/// Mutates the schedule that the first `size` bytes are, in place, and returns its new size; now
/// and then a fresh one takes its place. `None` if the fuzzer shall mutate the bytes instead, which
/// is rare, and reaches what no edit of actions does.
pub fn mutate_bytes(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> Option<usize> {
    let mut rng = Rng::of(u64::from(seed), size as u64);
    if rng.one_in(64) {
        return None;
    }
    let parent = Schedule::from_bytes(&data[..size]);
    let child = if parent.actions.is_empty() || rng.one_in(8) {
        generate::schedule(&mut rng, parent.servers)
    } else {
        let donor = generate::schedule(&mut rng, parent.servers);
        let moment = rng.index(parent.actions.len());
        mutate(&mut rng, &parent, parent.actions[moment].at_us, &donor)
    };
    Some(put(&child, &mut data[..max_size]))
}

/// A child of the two schedules that these bytes are, written to `out`; returns its size.
pub fn cross_over(mother: &[u8], father: &[u8], out: &mut [u8], seed: u32) -> usize {
    let mut rng = Rng::of(u64::from(seed), mother.len() as u64);
    let mother = Schedule::from_bytes(mother);
    let mut father = Schedule::from_bytes(father);
    father.servers = mother.servers;
    father.repair();
    let moment_us = match mother.actions.len() {
        0 => 0,
        len => mother.actions[rng.index(len)].at_us,
    };
    put(&mutate(&mut rng, &mother, moment_us, &father), out)
}

/// Writes as many of the actions as there is room for.
pub(super) fn put(schedule: &Schedule, out: &mut [u8]) -> usize {
    let bytes = schedule.to_bytes();
    let room = out.len().min(bytes.len());
    let size = if room < HEADER { room } else { room - (room - HEADER) % RECORD };
    out[..size].copy_from_slice(&bytes[..size]);
    size
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_comes_in_a_schedule_that_fits_comes_out() {
        let mut data = vec![0_u8; 4096];
        let mut size = 0;
        let mut changed = 0;
        for seed in 0..2000 {
            let max_size = [0, 3, 16, 20, 24, 100, 4096][seed as usize % 7];
            let before = data.clone();
            let limited = size.min(max_size);
            let Some(new) = mutate_bytes(&mut data, limited, max_size, seed) else { continue };
            assert!(new <= max_size);
            assert!(new < HEADER || (new - HEADER).is_multiple_of(RECORD));
            changed += u32::from(data != before);
            size = new;
        }
        assert!(changed > 1500, "{changed} of 2000");
    }

    #[test]
    fn a_child_has_parts_of_both_parents() {
        let mut rng = Rng::new(1);
        let (mother, father) = (generate::schedule(&mut rng, 3), generate::schedule(&mut rng, 3));
        let mut out = [0; 4096];
        let spliced = (0..200).filter(|seed| {
            let size = cross_over(&mother.to_bytes(), &father.to_bytes(), &mut out, *seed);
            let child = Schedule::from_bytes(&out[..size]);
            let has = |parent: &Schedule| child.actions.iter().any(|a| parent.actions.contains(a));
            has(&mother) && has(&father)
        });
        assert!(spliced.count() > 10);
    }
}
