//! The set of configurations: how far each order of the operations has come.

use super::bits::Bits;
use super::crashed::CrashedSets;
use rustc_hash::FxHasher;
use std::hash::{Hash, Hasher};

/// One way in which the history may have gone so far.
#[derive(Clone, Debug)]
pub(super) struct Configuration<S, B, C> {
    pub(super) state: S,
    /// Which of the open operations that will be answered took place.
    pub(super) placed: B,
    /// Which of those that will never be answered did.
    pub(super) crashed: C,
}

/// Below this many, a scan is faster than a table.
const SCAN_MAX: usize = 12;

/// Marks the end of a chain.
const END: u32 = u32::MAX;

#[derive(Debug)]
struct Item<S, B, C> {
    configuration: Configuration<S, B, C>,
    /// Another one made this one superfluous.
    is_dominated: bool,
    /// The next in the same chain.
    next: u32,
}

/// Configurations none of which makes another superfluous: where state and placed operations are
/// the same, only minimal sets of crashed operations are kept. Whoever used fewer of them can
/// still do whatever one who used more can.
#[derive(Debug)]
pub(super) struct Configurations<S, B, C> {
    items: Vec<Item<S, B, C>>,
    /// Where each chain begins, once there are enough: a power of two, more than there are items.
    chains: Vec<u32>,
}

impl<S: Clone + Eq + Hash, B: Bits, C: Copy + Eq> Configurations<S, B, C> {
    pub(super) fn new() -> Self {
        Self { items: Vec::new(), chains: Vec::new() }
    }

    /// How many were added, the dominated ones included.
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// The one added as number `at`, unless it is dominated.
    pub(super) fn get(&self, at: usize) -> Option<&Configuration<S, B, C>> {
        let item = &self.items[at];
        (!item.is_dominated).then_some(&item.configuration)
    }

    pub(super) fn clear(&mut self) {
        self.items.clear();
        self.chains.clear();
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Configuration<S, B, C>> {
        self.items.iter_mut().filter(|item| !item.is_dominated).map(|item| &mut item.configuration)
    }

    /// Moves all out that are not dominated.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Configuration<S, B, C>> {
        self.chains.clear();
        self.items.drain(..).filter(|item| !item.is_dominated).map(|item| item.configuration)
    }

    /// Adds it, unless one that is there makes it superfluous; whether it did.
    pub(super) fn add(
        &mut self,
        new: Configuration<S, B, C>,
        sets: &impl CrashedSets<Set = C>,
    ) -> bool {
        if self.items.len() < SCAN_MAX {
            for item in &mut self.items {
                if compare(item, &new, sets) {
                    return false;
                }
            }
            self.items.push(Item { configuration: new, is_dominated: false, next: END });
            return true;
        }
        if self.items.len() >= self.chains.len() {
            self.link_all();
        }
        let chain = self.chain(&new);
        let mut at = self.chains[chain];
        while at != END {
            let item = &mut self.items[at as usize];
            if compare(item, &new, sets) {
                return false;
            }
            at = item.next;
        }
        self.items.push(Item { configuration: new, is_dominated: false, next: END });
        self.link(self.items.len() - 1, chain);
        true
    }

    fn link_all(&mut self) {
        self.chains.clear();
        self.chains.resize((self.items.len() * 4).next_power_of_two(), END);
        for at in 0..self.items.len() {
            self.link(at, self.chain(&self.items[at].configuration));
        }
    }

    fn link(&mut self, at: usize, chain: usize) {
        let here = u32::try_from(at).expect("the budget is far below 2^32 configurations");
        self.items[at].next = std::mem::replace(&mut self.chains[chain], here);
    }

    /// The chain in which it is, if it is anywhere.
    fn chain(&self, configuration: &Configuration<S, B, C>) -> usize {
        hash(configuration) as usize & (self.chains.len() - 1)
    }
}

fn hash<S: Hash, B: Bits, C>(configuration: &Configuration<S, B, C>) -> u64 {
    let mut hasher = FxHasher::default();
    configuration.state.hash(&mut hasher);
    configuration.placed.hash(&mut hasher);
    hasher.finish()
}

/// Whether `item` makes `new` superfluous; marks the item if it is the other way round.
fn compare<S: Eq, B: Bits, C: Copy>(
    item: &mut Item<S, B, C>,
    new: &Configuration<S, B, C>,
    sets: &impl CrashedSets<Set = C>,
) -> bool {
    let old = &item.configuration;
    if item.is_dominated || old.placed != new.placed || old.state != new.state {
        return false;
    }
    if sets.is_subset(old.crashed, new.crashed) {
        return true;
    }
    item.is_dominated = sets.is_subset(new.crashed, old.crashed);
    false
}
