//! The committer: ZooKeeper's `CommitProcessor` and `FinalRequestProcessor`, an actor of its own.
//!
//! Committed transactions, local reads and completed `sync`s pass through one queue, so that a
//! client finds its own earlier changes.

use crate::event::{Actor, Output};
use crate::ids::RequestId;
use crate::txn::{Key, Txn};
use std::collections::VecDeque;

/// One piece of work.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Work {
    /// Apply a committed transaction to memory.
    Apply(Txn),
    /// Answer a read from memory.
    Read(RequestId, Key),
    /// Tell a client that its `sync` is complete.
    Synced(RequestId),
    /// Answer a sign of life.
    Pong(RequestId),
    /// Answer from memory who waits for the lock.
    Children(RequestId),
}

/// The queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Committer {
    queue: VecDeque<Work>,
    ready: bool,
}

impl Committer {
    /// Queues work.
    pub(crate) fn enqueue(&mut self, work: Work, out: &mut Vec<Output>) {
        self.queue.push_back(work);
        self.ask_for_turn(out);
    }

    /// The next piece of work.
    pub(crate) fn on_turn(&mut self, out: &mut Vec<Output>) -> Option<Work> {
        self.ready = false;
        let work = self.queue.pop_front();
        self.ask_for_turn(out);
        work
    }

    /// How much work there is.
    pub(crate) fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Whether work that is queued has a turn to come.
    pub(crate) fn has_a_turn(&self) -> bool {
        self.ready || self.queue.is_empty()
    }

    /// One that has forgotten to ask for its turn.
    #[cfg(test)]
    pub(crate) fn without_a_turn(work: Work) -> Self {
        Self { queue: VecDeque::from([work]), ready: false }
    }

    /// The server leaves its role: what is queued is dropped (`CommitProcessor.shutdown`).
    pub(crate) fn clear(&mut self) {
        self.queue.clear();
    }

    fn ask_for_turn(&mut self, out: &mut Vec<Output>) {
        if !self.ready && !self.queue.is_empty() {
            self.ready = true;
            out.push(Output::Ready(Actor::Committer));
        }
    }
}
