//! What the driver has to do later, by time, then by the order in which it was planned.

use crate::due::Later;
use std::collections::BTreeMap;
use zab_core::Micros;

/// What the driver has to do later.
#[derive(Default)]
pub(super) struct Agenda {
    entries: BTreeMap<(Micros, u64), Later>,
    planned: u64,
}

impl Agenda {
    pub(super) fn plan(&mut self, at: Micros, later: Later) {
        self.entries.insert((at, self.planned), later);
        self.planned += 1;
    }

    pub(super) fn next_at(&self) -> Option<Micros> {
        self.entries.first_key_value().map(|((at, _), _)| *at)
    }

    pub(super) fn take_due(&mut self, now: Micros) -> Option<(Micros, Later)> {
        let entry = self.entries.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some((entry.key().0, entry.remove()))
    }
}
