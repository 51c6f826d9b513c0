//! What the owner has to do later, by time, then by the order in which it was put there.

use super::event::Event;
use std::collections::BTreeMap;
use zab_core::Micros;

/// Events that fall due.
#[derive(Default)]
pub struct Agenda {
    entries: BTreeMap<(Micros, u64), Event>,
    /// The instant from which spans count: that of the event in hand.
    base: Micros,
    added: u64,
}

impl Agenda {
    /// Spans count from this instant on.
    pub(super) const fn rebase(&mut self, base: Micros) {
        self.base = base;
    }

    /// An event falls due after this span.
    pub fn after(&mut self, span: Micros, event: Event) {
        self.entries.insert((self.base.after(span), self.added), event);
        self.added += 1;
    }

    /// When the next event falls due.
    pub fn next_at(&self) -> Option<Micros> {
        self.entries.first_key_value().map(|((at, _), _)| *at)
    }

    /// The next event that is due at this instant. What it leads to counts from when it fell due.
    pub fn take_due(&mut self, now: Micros) -> Option<Event> {
        let entry = self.entries.first_entry().filter(|entry| entry.key().0 <= now)?;
        self.base = entry.key().0;
        Some(entry.remove())
    }
}
