//! What the driver has to do later, by time, then by the order in which it was planned.

use crate::due::Later;
use std::collections::BTreeMap;
use zab_core::Time;

/// What the driver has to do later.
#[derive(Default)]
pub(super) struct Agenda {
    entries: BTreeMap<(Time, u64), Later>,
    planned: u64,
}

impl Agenda {
    pub(super) fn plan(&mut self, at: Time, later: Later) {
        self.entries.insert((at, self.planned), later);
        self.planned += 1;
    }

    pub(super) fn next_at(&self) -> Option<Time> {
        self.entries.first_key_value().map(|((at, _), _)| *at)
    }

    pub(super) fn take_due(&mut self, now: Time) -> Option<(Time, Later)> {
        let entry = self.entries.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some((entry.key().0, entry.remove()))
    }
}
