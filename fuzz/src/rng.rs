//! The one source of chance in a campaign: a seed gives the same stream on every machine and with
//! every version of this crate's dependencies.
//!
//! PCG64 MCG is specified bit by bit, and the draws on top of it are made here, with integers only,
//! because no library promises that *its* ranges and shuffles stay the same from one release to
//! the next. Stored cases do not depend on any of it: they hold schedules, not seeds.

use rand_core::Rng as _;
use rand_pcg::Pcg64Mcg;

/// A stream of choices.
#[derive(Clone, Debug)]
pub struct Rng(Pcg64Mcg);

impl Rng {
    /// The stream of this seed.
    pub fn new(seed: u64) -> Self {
        Self::of(seed, 0)
    }

    /// One of the independent streams of this seed.
    pub fn of(seed: u64, stream: u64) -> Self {
        // The generator sets the lowest bit of its state: what is there tells no streams apart.
        let state = u128::from(seed) << 64 | u128::from(stream.rotate_left(1));
        let mut rng = Self(Pcg64Mcg::new(state ^ 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c834));
        // Neighboring seeds start in neighboring states; a few steps drive them apart.
        for _ in 0..8 {
            rng.draw();
        }
        rng
    }

    /// Any number.
    pub fn draw(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`, or 0 if there is none.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.draw()) * u128::from(bound)) >> 64) as u64
    }

    /// An index below `len`, or 0 if there is none.
    pub fn index(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// A number from `low` to `high`, every order of magnitude as likely as the next: both the
    /// tight and the wide.
    pub fn spread(&mut self, low: u64, high: u64) -> u64 {
        let (low, high) = (low.max(1), high.max(low.max(1)));
        let octave = self.between(u64::from(low.ilog2()), u64::from(high.ilog2()));
        let floor = low.max(1 << octave);
        let ceiling = high.min((1 << octave) | ((1 << octave) - 1));
        self.between(floor, ceiling)
    }

    /// One of these; there has to be at least one.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.index(items.len())]
    }

    /// An index, in proportion to its weight; `None` if all weights are zero.
    pub fn weighted(&mut self, weights: &[u32]) -> Option<usize> {
        let total: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
        let mut left = self.below(total);
        weights.iter().position(|weight| {
            let here = left < u64::from(*weight);
            left = left.saturating_sub(u64::from(*weight));
            here
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_stream_of_a_seed_never_changes() {
        let mut rng = Rng::new(1);
        let drawn: Vec<u64> = (0..6).map(|_| rng.below(1000)).collect();
        expect_test::expect!["[114, 712, 687, 159, 381, 750]"].assert_eq(&format!("{drawn:?}"));
    }

    #[test]
    fn no_two_streams_are_one() {
        let few = || (0..64).chain([u64::MAX]);
        let firsts: BTreeSet<u64> =
            few().flat_map(|seed| few().map(move |stream| Rng::of(seed, stream).draw())).collect();
        assert_eq!(firsts.len(), 65 * 65);
    }

    #[test]
    fn spread_stays_in_range_and_reaches_every_magnitude() {
        let mut rng = Rng::new(7);
        let drawn: Vec<u64> = (0..2000).map(|_| rng.spread(5, 5000)).collect();
        assert!(drawn.iter().all(|x| (5..=5000).contains(x)));
        for bound in [10, 100, 1000] {
            assert!(drawn.iter().any(|x| *x < bound), "nothing below {bound}");
            assert!(drawn.iter().any(|x| *x > bound), "nothing above {bound}");
        }
    }

    #[test]
    fn weights_of_zero_are_never_drawn() {
        let mut rng = Rng::new(3);
        assert!(
            (0..200).all(|_| { rng.weighted(&[0, 3, 0, 1]).is_some_and(|i| i == 1 || i == 3) })
        );
        assert_eq!(rng.weighted(&[0, 0]), None);
        assert_eq!(rng.weighted(&[]), None);
    }
}
