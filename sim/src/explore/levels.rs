//! The states met so far: a hash of each, and for each the step that led to it.

use super::Choice;
use super::order::Last;
use super::state::State;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many parts the states are kept in, so that threads seldom wait for each other.
const SHARDS: usize = 64;

/// How a state was met first: from which state, and by which of its choices.
#[derive(Copy, Clone, Debug)]
struct Origin {
    from: u32,
    choice: Choice,
}

/// With its hash, 16 bytes a state.
const _: () = assert!(size_of::<Origin>() == 8);

/// A state met on the level that is being made.
struct Born {
    /// From which state of the level before, and by which of its choices: of equal states the least
    /// one stays, whichever thread was faster.
    rank: (u32, u16),
    choice: Choice,
    last: Last,
    state: Option<Box<State>>,
}

/// Which state of the level before: its number among all states, and itself unless memory was short.
pub(super) struct Member {
    pub(super) id: u32,
    pub(super) last: Last,
    pub(super) state: Option<Box<State>>,
}

/// All states.
pub(super) struct Levels {
    met: Vec<FxHashSet<u64>>,
    next: Vec<Mutex<FxHashMap<u64, Born>>>,
    origins: Vec<Origin>,
    /// How many worlds are in memory, of at most how many.
    held: AtomicUsize,
    held_max: usize,
}

impl Levels {
    /// One state.
    pub(super) fn new(root: u64, held_max: usize) -> Self {
        let mut levels = Self {
            met: vec![FxHashSet::default(); SHARDS],
            next: (0..SHARDS).map(|_| Mutex::default()).collect(),
            origins: vec![Origin { from: u32::MAX, choice: Choice::Start(0) }],
            held: AtomicUsize::new(1),
            held_max,
        };
        levels.met[shard(root)].insert(root);
        levels
    }

    /// Whether a state was met on an earlier level.
    pub(super) fn is_old(&self, hash: u64) -> bool {
        self.met[shard(hash)].contains(&hash)
    }

    /// A state of the next level. True if it is new there.
    pub(super) fn add(
        &self,
        hash: u64,
        rank: (u32, u16),
        (choice, last): (Choice, Last),
        state: Box<State>,
    ) -> bool {
        let mut shard = self.next[shard(hash)].lock().expect("no thread panics while it adds");
        let known = shard.get_mut(&hash);
        if known.as_ref().is_some_and(|born| born.rank <= rank) {
            return false;
        }
        let is_held = self.held.fetch_add(1, Ordering::Relaxed) < self.held_max;
        let state = is_held.then_some(state);
        if !is_held {
            self.held.fetch_sub(1, Ordering::Relaxed);
        }
        let born = Born { rank, choice, last, state };
        if let Some(known) = known {
            let replaced = std::mem::replace(known, born);
            replaced.state.iter().for_each(|_| self.release());
            return false;
        }
        shard.insert(hash, born);
        true
    }

    /// A world is no longer in memory.
    pub(super) fn release(&self) {
        self.held.fetch_sub(1, Ordering::Relaxed);
    }

    /// The level that was made becomes the one to go on from; `ids` are those of the level before.
    pub(super) fn advance(&mut self, ids: &[u32]) -> Vec<Member> {
        let mut born = Vec::new();
        for (met, next) in self.met.iter_mut().zip(&mut self.next) {
            let next = next.get_mut().expect("no thread panics while it adds");
            met.extend(next.keys());
            born.extend(next.drain().map(|(_, born)| born));
        }
        born.sort_unstable_by_key(|born| born.rank);
        let members = born.into_iter().map(|Born { rank, choice, last, state }| {
            let id = u32::try_from(self.origins.len()).expect("memory holds fewer states");
            self.origins.push(Origin { from: ids[rank.0 as usize], choice });
            Member { id, last, state }
        });
        members.collect()
    }

    /// The steps that lead to a state.
    pub(super) fn path(&self, id: u32) -> Vec<Choice> {
        self.last_steps(id, usize::MAX).1
    }

    /// The last steps that lead to a state, at most this number, and from which state.
    pub(super) fn last_steps(&self, id: u32, most: usize) -> (u32, Vec<Choice>) {
        let mut steps = Vec::new();
        let mut at = id;
        while at != 0 && steps.len() < most {
            let Origin { from, choice } = self.origins[at as usize];
            steps.push(choice);
            at = from;
        }
        steps.reverse();
        (at, steps)
    }
}

const fn shard(hash: u64) -> usize {
    (hash >> 32) as usize % SHARDS
}
