//! Canonical states as numbers, and, for those who doubt the numbers, as texts.

use std::fmt::Debug;
use std::hash::{Hash, Hasher};
use zab_core::canonical::{Numbers, Sink};

/// A hash of 64 bits. Each step is one to one for whatever came before, so that states which differ
/// stay apart as long as they go on alike; two of n states meet by chance with n²/2⁶⁵.
#[derive(Debug, Default)]
pub(super) struct Fingerprint {
    state: u64,
    numbers: Numbers,
    /// What was heard in elections goes in.
    elections: bool,
}

impl Fingerprint {
    /// Of nothing; what was heard in elections goes in or not.
    pub(super) fn new(elections: bool) -> Self {
        Self { elections, ..Self::default() }
    }

    /// The hash of what was handed over.
    pub(super) const fn value(&self) -> u64 {
        let mut x = self.state;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    fn take(&mut self, word: u64) {
        let mixed = (self.state ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.state = (mixed ^ (mixed >> 29)).wrapping_add(0xd1b5_4a32_d192_ed03);
    }
}

impl Hasher for Fingerprint {
    fn finish(&self) -> u64 {
        self.value()
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.take(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, word: u8) {
        self.take(word.into());
    }

    fn write_u16(&mut self, word: u16) {
        self.take(word.into());
    }

    fn write_u32(&mut self, word: u32) {
        self.take(word.into());
    }

    fn write_u64(&mut self, word: u64) {
        self.take(word);
    }

    fn write_usize(&mut self, word: usize) {
        self.take(word as u64);
    }
}

impl Sink for Fingerprint {
    fn plain<T: Hash + Debug + ?Sized>(&mut self, value: &T) {
        value.hash(self);
    }

    fn numbers(&mut self) -> &mut Numbers {
        &mut self.numbers
    }

    fn hears_elections(&self) -> bool {
        self.elections
    }
}

/// The same as a text.
#[cfg(test)]
#[derive(Debug, Default)]
pub(super) struct Text {
    pub(super) text: String,
    numbers: Numbers,
}

#[cfg(test)]
impl Sink for Text {
    fn plain<T: Hash + Debug + ?Sized>(&mut self, value: &T) {
        self.text += &format!("{value:?}\n");
    }

    fn numbers(&mut self) -> &mut Numbers {
        &mut self.numbers
    }

    fn hears_elections(&self) -> bool {
        false
    }
}
