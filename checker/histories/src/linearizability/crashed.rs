//! Sets of crashed operations that an order has made use of.
//!
//! A history may hold hundreds of crashed operations, all open to the end, of which an order uses a
//! few. Up to 64 of them, a set is a mask; beyond, a configuration holds the number of a set that
//! is kept once.

use rustc_hash::FxHashMap;
use std::fmt::Debug;

/// Sets of crashed operations; the numbers of operations count them in the order of invocation.
pub(super) trait CrashedSets: Sized {
    /// A set.
    type Set: Copy + Eq + Debug;

    /// Nothing but the set that holds nothing.
    fn new() -> Self;
    /// The set that holds nothing.
    fn none() -> Self::Set;
    /// How many sets are kept.
    fn len(&self) -> usize;
    /// How many bytes these take, about.
    fn bytes(&self) -> usize;
    /// Whether the operation is in the set.
    fn contains(&self, set: Self::Set, crashed: u32) -> bool;
    /// How many are in the set.
    fn count(&self, set: Self::Set) -> usize;
    /// The set with one more member.
    fn with(&mut self, set: Self::Set, crashed: u32) -> Self::Set;
    /// Whether everything in `small` is in `large`.
    fn is_subset(&self, small: Self::Set, large: Self::Set) -> bool;
    /// Forgets all sets but these, which may change their representation.
    fn retain<'a>(&mut self, used: impl Iterator<Item = &'a mut Self::Set>)
    where
        Self::Set: 'a;
}

/// Sets of up to 64 operations.
#[derive(Debug)]
pub(super) struct Masks;

impl CrashedSets for Masks {
    type Set = u64;

    fn new() -> Self {
        Self
    }

    fn none() -> u64 {
        0
    }

    fn len(&self) -> usize {
        0
    }

    fn bytes(&self) -> usize {
        0
    }

    fn contains(&self, set: u64, crashed: u32) -> bool {
        set >> crashed & 1 == 1
    }

    fn count(&self, set: u64) -> usize {
        set.count_ones() as usize
    }

    fn with(&mut self, set: u64, crashed: u32) -> u64 {
        set | 1 << crashed
    }

    fn is_subset(&self, small: u64, large: u64) -> bool {
        small & !large == 0
    }

    fn retain<'a>(&mut self, _: impl Iterator<Item = &'a mut u64>) {}
}

/// The number of a set.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct SetId(u32);

/// The set that holds nothing.
const NONE: SetId = SetId(0);

/// Sets of any number of operations.
#[derive(Debug)]
pub(super) struct Numbered {
    /// Sorted, each.
    sets: Vec<Box<[u32]>>,
    ids: FxHashMap<Box<[u32]>, SetId>,
    /// How many members they have in all.
    members: usize,
}

impl Numbered {
    fn members(&self, set: SetId) -> &[u32] {
        &self.sets[set.0 as usize]
    }

    fn intern(&mut self, members: Box<[u32]>) -> SetId {
        if let Some(id) = self.ids.get(&members) {
            return *id;
        }
        let id = SetId(u32::try_from(self.sets.len()).expect("the budget is far below 2^32 sets"));
        self.members += members.len();
        self.sets.push(members.clone());
        self.ids.insert(members, id);
        id
    }
}

impl CrashedSets for Numbered {
    type Set = SetId;

    fn new() -> Self {
        let empty: Box<[u32]> = Box::default();
        let ids = FxHashMap::from_iter([(empty.clone(), NONE)]);
        Self { sets: vec![empty], ids, members: 0 }
    }

    fn none() -> SetId {
        NONE
    }

    fn len(&self) -> usize {
        self.sets.len()
    }

    fn bytes(&self) -> usize {
        self.sets.len() * 64 + self.members * 8
    }

    fn contains(&self, set: SetId, crashed: u32) -> bool {
        self.members(set).binary_search(&crashed).is_ok()
    }

    fn count(&self, set: SetId) -> usize {
        self.members(set).len()
    }

    fn with(&mut self, set: SetId, crashed: u32) -> SetId {
        let mut members = self.members(set).to_vec();
        if let Err(place) = members.binary_search(&crashed) {
            members.insert(place, crashed);
        }
        self.intern(members.into_boxed_slice())
    }

    fn is_subset(&self, small: SetId, large: SetId) -> bool {
        if small == large || small == NONE {
            return true;
        }
        let (small, mut large) = (self.members(small), self.members(large).iter());
        small.len() <= large.len() && small.iter().all(|member| large.any(|other| other == member))
    }

    fn retain<'a>(&mut self, used: impl Iterator<Item = &'a mut SetId>) {
        let mut kept = Self::new();
        for id in used {
            *id = kept.intern(self.members(*id).into());
        }
        *self = kept;
    }
}
