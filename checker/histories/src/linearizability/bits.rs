//! Sets of slots, as wide as the operations that are open at once and no wider.

use std::hash::Hash;

/// A set of small numbers.
pub(super) trait Bits: Clone + Eq + Hash {
    /// The set that holds nothing, able to hold numbers below `width`.
    fn empty(width: usize) -> Self;
    /// Whether `slot` is in it.
    fn has(&self, slot: usize) -> bool;
    /// Puts `slot` in.
    fn put(&mut self, slot: usize);
    /// Takes `slot` out.
    fn take(&mut self, slot: usize);
}

macro_rules! bits_in_a_word {
    ($word:ty) => {
        impl Bits for $word {
            fn empty(width: usize) -> Self {
                assert!(width <= Self::BITS as usize, "too many open operations for this set");
                0
            }

            fn has(&self, slot: usize) -> bool {
                self >> slot & 1 == 1
            }

            fn put(&mut self, slot: usize) {
                *self |= 1 << slot;
            }

            fn take(&mut self, slot: usize) {
                *self &= !(1 << slot);
            }
        }
    };
}

bits_in_a_word!(u64);
bits_in_a_word!(u128);

impl Bits for Box<[u64]> {
    fn empty(width: usize) -> Self {
        vec![0; width.div_ceil(64)].into_boxed_slice()
    }

    fn has(&self, slot: usize) -> bool {
        self[slot / 64] >> (slot % 64) & 1 == 1
    }

    fn put(&mut self, slot: usize) {
        self[slot / 64] |= 1 << (slot % 64);
    }

    fn take(&mut self, slot: usize) {
        self[slot / 64] &= !(1 << (slot % 64));
    }
}
