//! Sets of nodes, by their numbers.

use std::fmt;

/// Nodes are numbered from 0 on, and have smaller numbers than this.
pub const NUMBERS: u8 = 64;

/// A set of numbers below [`NUMBERS`]: the nodes that closeSession lists.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Numbers([u32; 2]);

impl Numbers {
    /// The set that is made of these bits: of the numbers below 32, and of the others.
    pub const fn from_bits(bits: [u32; 2]) -> Self {
        Self(bits)
    }

    /// The set as bits.
    pub const fn bits(self) -> [u32; 2] {
        self.0
    }

    /// Whether a number is in it.
    pub fn contains(self, number: u8) -> bool {
        number < NUMBERS && self.0[usize::from(number / 32)] >> (number % 32) & 1 != 0
    }

    /// The numbers, in order.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0..NUMBERS).filter(move |number| self.contains(*number))
    }
}

impl FromIterator<u8> for Numbers {
    fn from_iter<I: IntoIterator<Item = u8>>(numbers: I) -> Self {
        numbers.into_iter().filter(|number| *number < NUMBERS).fold(
            Self::default(),
            |set, number| {
                let Self(mut bits) = set;
                bits[usize::from(number / 32)] |= 1 << (number % 32);
                Self(bits)
            },
        )
    }
}

impl fmt::Display for Numbers {
    /// As in `n-0, n-3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, number) in self.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}n-{number}")?;
        }
        Ok(())
    }
}
