//! The operations that are open, their slots and their twins.

use super::Call;
use crate::model::Model;

/// No slot, no twin.
const NOT: u32 = u32::MAX;

/// An operation that will be answered and that can change the state.
#[derive(Copy, Clone, Debug)]
pub(super) struct Update {
    pub(super) slot: usize,
    pub(super) call: u32,
}

/// An open operation that is the same as another one.
#[derive(Copy, Clone, Debug)]
pub(super) enum Twin {
    /// It will be answered, and has this slot.
    Answered(usize),
    /// It crashed, and has this number.
    Crashed(u32),
}

/// What may be placed next.
#[derive(Debug)]
pub(super) struct Open<'a, M: Model> {
    model: &'a M,
    calls: &'a [Call<M::Op>],
    /// The slot of each open operation that will be answered; the number of each that crashed.
    slots: Vec<u32>,
    free: Vec<u32>,
    /// Of two open operations that are the same, the one that returns first may as well be first:
    /// for each operation the same one that returns just before it.
    twins: Vec<u32>,
    pub(super) updates: Vec<Update>,
    pub(super) pure: Vec<Update>,
    pub(super) crashed: Vec<u32>,
}

impl<'a, M: Model> Open<'a, M> {
    pub(super) fn new(model: &'a M, calls: &'a [Call<M::Op>], width: usize) -> Self {
        let width = u32::try_from(width).expect("fewer operations are open than there are");
        Self {
            model,
            calls,
            slots: vec![NOT; calls.len()],
            free: (0..width).rev().collect(),
            twins: vec![NOT; calls.len()],
            updates: Vec::new(),
            pure: Vec::new(),
            crashed: Vec::new(),
        }
    }

    pub(super) fn op(&self, call: u32) -> &'a M::Op {
        &self.calls[call as usize].op
    }

    /// The slot of an operation that will be answered.
    pub(super) fn slot(&self, call: u32) -> usize {
        self.slots[call as usize] as usize
    }

    /// The number of an operation that crashed.
    pub(super) fn number(&self, call: u32) -> u32 {
        self.slots[call as usize]
    }

    /// The twin that has to be placed earlier, if it is open.
    pub(super) fn twin(&self, call: u32) -> Option<Twin> {
        let twin = self.twins[call as usize];
        if twin == NOT {
            return None;
        }
        match self.slots[twin as usize] {
            NOT => None,
            number if self.calls[twin as usize].is_crashed() => Some(Twin::Crashed(number)),
            slot => Some(Twin::Answered(slot as usize)),
        }
    }

    pub(super) fn on_invoke(&mut self, call: u32) {
        let this = &self.calls[call as usize];
        if self.model.is_pure(&this.op) {
            let slot = self.take_slot(call);
            self.pure.push(Update { slot, call });
            return;
        }
        self.link_twins(call);
        if this.is_crashed() {
            self.slots[call as usize] =
                u32::try_from(self.crashed.len()).expect("fewer crashed than there are operations");
            self.crashed.push(call);
        } else {
            let slot = self.take_slot(call);
            self.updates.push(Update { slot, call });
        }
    }

    /// Frees its slot and returns it.
    pub(super) fn on_return(&mut self, call: u32) -> usize {
        let slot = std::mem::replace(&mut self.slots[call as usize], NOT);
        self.free.push(slot);
        self.updates.retain(|update| update.call != call);
        self.pure.retain(|pure| pure.call != call);
        slot as usize
    }

    fn take_slot(&mut self, call: u32) -> usize {
        let slot = self.free.pop().expect("there are as many slots as operations open at once");
        self.slots[call as usize] = slot;
        slot as usize
    }

    /// Puts the operation into the chain of those that are the same, in order of return.
    fn link_twins(&mut self, call: u32) {
        let order = |at: u32| (self.calls[at as usize].returned, at);
        let (mut before, mut after) = (NOT, NOT);
        let open =
            self.updates.iter().map(|update| update.call).chain(self.crashed.iter().copied());
        for other in open.filter(|other| self.op(*other) == self.op(call)) {
            if order(other) < order(call) {
                if before == NOT || order(before) < order(other) {
                    before = other;
                }
            } else if after == NOT || order(other) < order(after) {
                after = other;
            }
        }
        self.twins[call as usize] = before;
        if after != NOT {
            self.twins[after as usize] = call;
        }
    }
}
