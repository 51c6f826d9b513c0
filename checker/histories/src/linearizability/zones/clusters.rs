//! The clusters of all values, and the blocks that they form.

use super::Conflict;
use super::sweep::{Block, first_crossing};
use crate::linearizability::NEVER;
use crate::model::register::Value;
use rustc_hash::FxHashMap;

/// No cluster.
pub(super) const NOT: u32 = u32::MAX;

/// The operation that writes the value was invoked.
const WRITTEN: u8 = 1;
/// An operation that was answered found the value.
const FOUND: u8 = 2;
/// The operation that writes it was never answered.
const CRASHED: u8 = 4;
/// It belongs to a block.
const PLACED: u8 = 8;
/// It is there at first.
const INITIAL: u8 = 16;

/// Small histories have no more values than this: their columns never grow.
const FEW: usize = 64;

/// Clusters as columns: a history of ten million operations has five million of them.
#[derive(Clone, Debug)]
pub(super) struct Clusters {
    initial: Value,
    keys: Vec<u32>,
    values: Vec<Value>,
    /// For a compare-and-set, the cluster of the value that it found; as long as the last of them.
    from: Vec<u32>,
    /// When the operation that writes the value was invoked.
    written: Vec<u64>,
    /// f: the first return.
    first_return: Vec<u64>,
    /// s: the last invocation.
    last_invoke: Vec<u64>,
    flags: Vec<u8>,
    /// The cluster of each small number, if it is the only key's or the first key's.
    by_number: Vec<u32>,
    /// The cluster of every other value.
    by_value: FxHashMap<(u32, Value), u32>,
    /// The key and cluster that were asked for last.
    last: (u32, Value, u32),
}

impl Clusters {
    pub(super) fn new(initial: Value) -> Self {
        Self {
            initial,
            keys: Vec::with_capacity(FEW),
            values: Vec::with_capacity(FEW),
            from: Vec::new(),
            written: Vec::with_capacity(FEW),
            first_return: Vec::with_capacity(FEW),
            last_invoke: Vec::with_capacity(FEW),
            flags: Vec::with_capacity(FEW),
            by_number: Vec::new(),
            by_value: FxHashMap::default(),
            last: (0, initial, NOT),
        }
    }

    /// The cluster of a value of a key.
    pub(super) fn find_or_add(&mut self, key: u32, value: Value) -> u32 {
        if self.last.2 != NOT && (self.last.0, self.last.1) == (key, value) {
            return self.last.2;
        }
        let cluster = self.look_up(key, value);
        self.last = (key, value, cluster);
        cluster
    }

    fn look_up(&mut self, key: u32, value: Value) -> u32 {
        // Workloads count their values: a table finds them faster than a hash. It is never much
        // larger than what is in it.
        let number = usize::try_from(value.0).ok().filter(|n| *n < self.keys.len() * 4 + 4096);
        if let Some(number) = number {
            if number >= self.by_number.len() {
                self.by_number.resize((number + 1).max(self.by_number.len() * 3 / 2), NOT);
            }
            let cluster = self.by_number[number];
            if cluster != NOT && self.keys[cluster as usize] == key {
                return cluster;
            }
            // It may have been out of the table's reach when it was first seen.
            if cluster == NOT && !self.by_value.contains_key(&(key, value)) {
                let cluster = self.add(key, value);
                self.by_number[number] = cluster;
                return cluster;
            }
        }
        if let Some(cluster) = self.by_value.get(&(key, value)) {
            return *cluster;
        }
        let cluster = self.add(key, value);
        self.by_value.insert((key, value), cluster);
        cluster
    }

    fn add(&mut self, key: u32, value: Value) -> u32 {
        let cluster = u32::try_from(self.keys.len()).expect("there are less than 2^32 values");
        let is_initial = value == self.initial;
        self.keys.push(key);
        self.values.push(value);
        self.written.push(0);
        // The initial value is one whose write returned before everything else.
        self.first_return.push(if is_initial { 0 } else { NEVER });
        self.last_invoke.push(0);
        self.flags.push(if is_initial { INITIAL | WRITTEN } else { 0 });
        cluster
    }

    /// Widens the zone by an operation. Times are moved on by one: 0 is before everything.
    pub(super) fn note(&mut self, cluster: u32, invoked: u64, returned: u64) {
        let at = cluster as usize;
        self.first_return[at] = self.first_return[at].min(returned.saturating_add(1));
        self.last_invoke[at] = self.last_invoke[at].max(invoked.saturating_add(1));
    }

    pub(super) fn mark_found(&mut self, cluster: u32) {
        self.flags[cluster as usize] |= FOUND;
    }

    /// The operation that writes the value; false if there is one already.
    pub(super) fn write(
        &mut self,
        cluster: u32,
        from: Option<u32>,
        invoked: u64,
        returned: u64,
    ) -> bool {
        let at = cluster as usize;
        if self.flags[at] & WRITTEN != 0 {
            return false;
        }
        self.flags[at] |= WRITTEN;
        self.written[at] = invoked.saturating_add(1);
        if let Some(from) = from {
            self.from.resize(self.from.len().max(at + 1), NOT);
            self.from[at] = from;
        }
        if returned == NEVER {
            self.flags[at] |= CRASHED;
        } else if let Some(from) = from {
            self.mark_found(from);
        }
        self.note(cluster, invoked, returned);
        true
    }

    pub(super) fn from(&self, cluster: u32) -> u32 {
        self.from.get(cluster as usize).copied().unwrap_or(NOT)
    }

    pub(super) fn key(&self, cluster: u32) -> u32 {
        self.keys[cluster as usize]
    }

    pub(super) fn value(&self, cluster: u32) -> Value {
        self.values[cluster as usize]
    }

    /// The first return and the last invocation, in the time of the operations.
    pub(super) fn zone(&self, cluster: u32) -> [u64; 2] {
        let at = cluster as usize;
        [self.first_return[at], self.last_invoke[at]].map(|time| time.saturating_sub(1))
    }

    /// About how many bytes they take: columns, and a table by value.
    pub(super) fn bytes(&self) -> usize {
        64 * self.keys.len()
    }

    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.keys.len()).expect("there are less than 2^32 values")
    }

    fn is(&self, cluster: u32, flag: u8) -> bool {
        self.flags[cluster as usize] & flag != 0
    }

    /// Whether it has to be part of an order: not if nobody can tell whether it was written.
    fn is_needed(&self, cluster: u32) -> bool {
        !self.is(cluster, CRASHED) || self.is(cluster, FOUND)
    }

    /// One conflict for each key that has any. Nothing can be added any more.
    pub(super) fn conflicts(&mut self) -> FxHashMap<u32, Conflict> {
        self.by_number = Vec::new();
        self.by_value = FxHashMap::default();
        self.mark_found_by_crashed();
        let mut conflicts = FxHashMap::default();
        self.check_writers(&mut conflicts);
        self.written = Vec::new();
        let next = self.successors(&mut conflicts);
        let blocks = self.blocks(&next, &mut conflicts);
        first_crossing(
            blocks,
            |one, other| {
                let [one, other] = [one, other].map(|cluster| self.values[cluster as usize]);
                Conflict::Crossed(one, other)
            },
            &mut conflicts,
        );
        conflicts
    }

    /// A crashed compare-and-set whose value was found did find its own.
    fn mark_found_by_crashed(&mut self) {
        for cluster in 0..self.len() {
            let mut at = cluster;
            while self.is(at, CRASHED) && self.is(at, FOUND) && self.from(at) != NOT {
                at = self.from(at);
                if self.is(at, FOUND) {
                    break;
                }
                self.mark_found(at);
            }
        }
    }

    /// Rule 1.
    fn check_writers(&self, conflicts: &mut FxHashMap<u32, Conflict>) {
        for cluster in 0..self.len() {
            let at = cluster as usize;
            let value = self.values[at];
            if !self.is(cluster, WRITTEN) && self.is(cluster, FOUND) {
                conflicts.entry(self.keys[at]).or_insert(Conflict::NeverWritten(value));
            } else if self.is(cluster, WRITTEN) && self.first_return[at] < self.written[at] {
                conflicts.entry(self.keys[at]).or_insert(Conflict::FromTheFuture(value));
            }
        }
    }

    /// What replaced each cluster by compare-and-set; empty if there is no such thing.
    fn successors(&self, conflicts: &mut FxHashMap<u32, Conflict>) -> Vec<u32> {
        if self.from.is_empty() {
            return Vec::new();
        }
        let mut next = vec![NOT; self.keys.len()];
        for cluster in (0..self.len()).filter(|cluster| self.is_needed(*cluster)) {
            let from = self.from(cluster);
            if from == NOT {
                continue;
            }
            let place = &mut next[from as usize];
            if *place == NOT {
                *place = cluster;
            } else {
                let [from, one, other] =
                    [from, *place, cluster].map(|cluster| self.values[cluster as usize]);
                let conflict = Conflict::FoundTwice { from, one, other };
                conflicts.entry(self.keys[cluster as usize]).or_insert(conflict);
            }
        }
        next
    }

    /// Rule 3, and the blocks for rule 2.
    fn blocks(&mut self, next: &[u32], conflicts: &mut FxHashMap<u32, Conflict>) -> Vec<Block> {
        let mut blocks = Vec::new();
        for root in 0..self.len() {
            let at = root as usize;
            let is_block = self.from(root) == NOT && self.is(root, WRITTEN) && self.is_needed(root);
            if !is_block {
                continue;
            }
            let mut block = Block {
                key: self.keys[at],
                root,
                first_return: self.first_return[at],
                last_invoke: self.last_invoke[at],
            };
            self.flags[at] |= PLACED;
            if !next.is_empty() {
                self.extend(&mut block, next, conflicts);
            }
            blocks.push(block);
        }
        for cluster in (0..self.len()).filter(|_| !next.is_empty()) {
            let at = cluster as usize;
            let is_cas = self.from(cluster) != NOT && self.is_needed(cluster);
            if is_cas && !self.is(cluster, PLACED) {
                conflicts.entry(self.keys[at]).or_insert(Conflict::Cycle(self.values[at]));
            }
        }
        blocks
    }

    /// Adds the chain of compare-and-sets that begins at the block's root.
    fn extend(
        &mut self,
        block: &mut Block,
        next: &[u32],
        conflicts: &mut FxHashMap<u32, Conflict>,
    ) {
        let mut latest = block.root;
        let mut at = next[block.root as usize];
        while at != NOT {
            let place = at as usize;
            self.flags[place] |= PLACED;
            if self.first_return[place] < block.last_invoke {
                let [earlier, later] = [latest, at].map(|cluster| self.values[cluster as usize]);
                conflicts.entry(block.key).or_insert(Conflict::Chain { earlier, later });
            }
            block.first_return = block.first_return.min(self.first_return[place]);
            if self.last_invoke[place] > block.last_invoke {
                block.last_invoke = self.last_invoke[place];
                latest = at;
            }
            at = next[place];
        }
    }
}
