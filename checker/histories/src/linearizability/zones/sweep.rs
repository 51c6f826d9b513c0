//! Whether any two blocks each have to come before the other.

use super::Conflict;
use rustc_hash::FxHashMap;

/// Clusters in a fixed order, known by the first of them.
#[derive(Copy, Clone, Debug)]
pub(super) struct Block {
    pub(super) key: u32,
    pub(super) root: u32,
    pub(super) first_return: u64,
    pub(super) last_invoke: u64,
}

impl Block {
    /// Its zone begins here. At the same time one that began with an invocation comes first: that
    /// is no conflict.
    ///
    /// Key, time and kind in one number, which is compared faster.
    fn order(&self) -> u128 {
        let is_forward = self.first_return < self.last_invoke;
        let time = self.first_return.min(self.last_invoke);
        u128::from(self.key) << 65 | u128::from(time) << 1 | u128::from(is_forward)
    }
}

/// Rule 2: forward zones (f < s) have to be disjoint, and no other zone may lie inside one.
///
/// From the left to the right, both come to the same: the zone's f must not be smaller than the
/// greatest s of a forward zone that began earlier.
pub(super) fn first_crossing(
    mut blocks: Vec<Block>,
    crossed: impl Fn(u32, u32) -> Conflict,
    conflicts: &mut FxHashMap<u32, Conflict>,
) {
    if !insert_each(&mut blocks) {
        blocks.sort_unstable_by_key(Block::order);
    }
    let mut widest: Option<Block> = None;
    for block in blocks {
        if let Some(open) = widest.filter(|open| open.key == block.key) {
            if block.first_return < open.last_invoke {
                let conflict = crossed(open.root, block.root);
                conflicts.entry(block.key).or_insert(conflict);
            }
            if block.last_invoke <= open.last_invoke {
                continue;
            }
        }
        if block.first_return < block.last_invoke {
            widest = Some(block);
        } else if widest.is_some_and(|open| open.key != block.key) {
            widest = None;
        }
    }
}

/// How far blocks may be from their places, on average, to be put there one by one.
const DISTANCE_MAX: usize = 16;

/// Sorts by insertion; false if that takes too long. Values come in nearly in the order of their
/// zones: what is open at once is all that can be out of order.
fn insert_each(blocks: &mut [Block]) -> bool {
    let mut left = blocks.len() * DISTANCE_MAX;
    for at in 1..blocks.len() {
        let order = blocks[at].order();
        let smaller = blocks[..at].iter().rev().take(left + 1);
        let distance = smaller.take_while(|block| block.order() > order).count();
        if distance > left {
            return false;
        }
        left -= distance;
        blocks[at - distance..=at].rotate_right(1);
    }
    true
}
