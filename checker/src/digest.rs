//! What verdicts still depend on: two executions with the same digest, and the same events from here
//! on, are judged alike.
//!
//! Sequences go in by their [`Digest`](zab_core::Digest), reigns by epoch and by which of that epoch
//! they are. Left out are the times and places of events, which only tell a story; what has been found,
//! which ends an exploration or does not concern it; and what becomes of the ensemble after healing,
//! because nobody explores from there. What each part hands over is in its own `digest.rs`.

use crate::checker::Checker;
use zab_core::canonical::{Canonical, Sink};

impl Canonical for Checker {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        self.ensemble().canonical(sink);
    }
}
