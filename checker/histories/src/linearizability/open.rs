//! The operations that are open, their slots and their classes.

use super::events::Event;
use super::{Call, matters};
use crate::model::Model;
use rustc_hash::FxHashMap;

/// No slot, no class, no place.
const NOT: u32 = u32::MAX;

/// What stays the same about the operations of a history, whichever way it went.
#[derive(Debug)]
pub(super) struct Layout {
    /// The slot of each operation that will be answered; the number of each that crashed.
    slots: Vec<u32>,
    /// Operations that are the same have one class. Those that are pure have none.
    classes: Vec<u32>,
    class_count: usize,
    /// How many answered operations are open at once, at most.
    pub(super) width: usize,
    /// How many operations crashed.
    pub(super) crashed: usize,
}

impl Layout {
    pub(super) fn new<M: Model>(model: &M, calls: &[Call<M::Op>], events: &[Event]) -> Self {
        let (mut slots, mut classes) = (vec![NOT; calls.len()], vec![NOT; calls.len()]);
        let (mut free, mut width, mut crashed): (Vec<u32>, u32, u32) = (Vec::new(), 0, 0);
        let mut known: FxHashMap<&M::Op, u32> = FxHashMap::default();
        for event in events {
            match *event {
                Event::Return(at) => free.push(slots[at as usize]),
                Event::Invoke(at) => {
                    let call = &calls[at as usize];
                    if !model.is_pure(&call.op) {
                        let next = u32::try_from(known.len()).expect("there are fewer than calls");
                        classes[at as usize] = *known.entry(&call.op).or_insert(next);
                    }
                    slots[at as usize] = if call.is_crashed() {
                        crashed += 1;
                        crashed - 1
                    } else {
                        free.pop().unwrap_or_else(|| {
                            width += 1;
                            width - 1
                        })
                    };
                }
            }
        }
        let class_count = known.len();
        Self { slots, classes, class_count, width: width as usize, crashed: crashed as usize }
    }

    /// The slot of an operation that will be answered.
    pub(super) fn slot(&self, call: u32) -> usize {
        self.slots[call as usize] as usize
    }

    /// The number of an operation that crashed.
    pub(super) fn number(&self, call: u32) -> u32 {
        self.slots[call as usize]
    }
}

/// What is open at some moment, which can be moved forward and back.
#[derive(Debug)]
pub(super) struct Open<'a, M: Model> {
    calls: &'a [Call<M::Op>],
    layout: &'a Layout,
    /// The open operations of each class, in the order of return: of two that are the same, the
    /// one that returns first may as well be first.
    members: Vec<Vec<u32>>,
    /// Classes that have open operations.
    active: Vec<u32>,
    /// Where each class is among these.
    places: Vec<u32>,
    /// Open operations that are pure.
    pub(super) pure: Vec<u32>,
}

impl<'a, M: Model> Open<'a, M> {
    pub(super) fn new(calls: &'a [Call<M::Op>], layout: &'a Layout) -> Self {
        Self {
            calls,
            layout,
            members: vec![Vec::new(); layout.class_count],
            active: Vec::new(),
            places: vec![NOT; layout.class_count],
            pure: Vec::new(),
        }
    }

    pub(super) fn op(&self, call: u32) -> &'a M::Op {
        &self.calls[call as usize].op
    }

    pub(super) fn is_crashed(&self, call: u32) -> bool {
        self.calls[call as usize].is_crashed()
    }

    /// The open operations of each class that has any, in the order of return.
    pub(super) fn classes(&self) -> impl ExactSizeIterator<Item = &[u32]> {
        self.active.iter().map(|class| &self.members[*class as usize][..])
    }

    pub(super) fn add(&mut self, call: u32) {
        let class = self.layout.classes[call as usize];
        if class == NOT {
            return self.pure.push(call);
        }
        let key = |call: u32| (self.calls[call as usize].returned, call);
        let members = &mut self.members[class as usize];
        let place = members.partition_point(|other| key(*other) < key(call));
        members.insert(place, call);
        if members.len() == 1 {
            self.places[class as usize] =
                u32::try_from(self.active.len()).expect("there are fewer than calls");
            self.active.push(class);
        }
    }

    pub(super) fn remove(&mut self, call: u32) {
        let class = self.layout.classes[call as usize];
        if class == NOT {
            return self.pure.retain(|pure| *pure != call);
        }
        let members = &mut self.members[class as usize];
        members.retain(|member| *member != call);
        if members.is_empty() {
            let place = std::mem::replace(&mut self.places[class as usize], NOT);
            self.active.swap_remove(place as usize);
            if let Some(moved) = self.active.get(place as usize) {
                self.places[*moved as usize] = place;
            }
        }
    }
}

/// All events of the operations that matter.
pub(super) fn events<M: Model>(model: &M, calls: &[Call<M::Op>]) -> Vec<Event> {
    super::events::in_order(calls, |call| matters(model, call))
}
