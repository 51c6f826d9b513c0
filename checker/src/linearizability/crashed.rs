//! Sets of crashed operations that an order has made use of, each kept once.
//!
//! A history may hold hundreds of crashed operations, all open for ever, of which an order uses a
//! few: so a configuration holds the number of a set and not a mask.

use rustc_hash::FxHashMap;

/// The number of a set.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct SetId(u32);

/// The set that holds nothing.
pub(super) const NONE: SetId = SetId(0);

/// All sets in use.
#[derive(Debug)]
pub(super) struct CrashedSets {
    /// Sorted, each.
    sets: Vec<Box<[u32]>>,
    ids: FxHashMap<Box<[u32]>, SetId>,
}

impl CrashedSets {
    pub(super) fn new() -> Self {
        let empty: Box<[u32]> = Box::default();
        let ids = FxHashMap::from_iter([(empty.clone(), NONE)]);
        Self { sets: vec![empty], ids }
    }

    pub(super) fn len(&self) -> usize {
        self.sets.len()
    }

    pub(super) fn members(&self, set: SetId) -> &[u32] {
        &self.sets[set.0 as usize]
    }

    pub(super) fn contains(&self, set: SetId, call: u32) -> bool {
        self.members(set).binary_search(&call).is_ok()
    }

    /// The set with one more member.
    pub(super) fn with(&mut self, set: SetId, call: u32) -> SetId {
        let mut members = self.members(set).to_vec();
        if let Err(place) = members.binary_search(&call) {
            members.insert(place, call);
        }
        self.intern(members.into_boxed_slice())
    }

    fn intern(&mut self, members: Box<[u32]>) -> SetId {
        if let Some(id) = self.ids.get(&members) {
            return *id;
        }
        let id = SetId(u32::try_from(self.sets.len()).expect("the budget is far below 2^32 sets"));
        self.sets.push(members.clone());
        self.ids.insert(members, id);
        id
    }

    /// Whether everything in `small` is in `large`.
    pub(super) fn is_subset(&self, small: SetId, large: SetId) -> bool {
        if small == large || small == NONE {
            return true;
        }
        let (small, mut large) = (self.members(small), self.members(large).iter());
        small.len() <= large.len() && small.iter().all(|call| large.any(|other| other == call))
    }

    /// A collection with only those sets in it, and their new numbers, in the same order.
    pub(super) fn retain(&self, used: &mut [&mut SetId]) -> Self {
        let mut kept = Self::new();
        for id in used {
            **id = kept.intern(self.members(**id).into());
        }
        kept
    }
}
