//! What the owner has to do later, by time, then by the order in which it was put there. What is said to be
//! the last of its instant comes after the rest.

use super::event::{Event, Stamped};
use std::collections::BTreeMap;
use zab_core::{Span, Time};

/// Events that fall due.
#[derive(Default)]
pub struct Agenda {
    entries: BTreeMap<(Time, Place, u64), Event>,
    /// The instant from which spans count: that of the event in hand.
    base: Time,
    added: u64,
}

/// Where in its instant an event has its turn.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    InOrder,
    Last,
}

impl Agenda {
    /// Spans count from this instant on.
    pub(super) const fn rebase(&mut self, base: Time) {
        self.base = base;
    }

    /// The instant of the event in hand.
    pub const fn base(&self) -> Time {
        self.base
    }

    /// An event falls due at this instant.
    pub(super) fn at(&mut self, at: Time, event: Event) {
        self.put((at, Place::InOrder), event);
    }

    /// An event falls due at this instant, after all others that do.
    pub(super) fn last_at(&mut self, at: Time, event: Event) {
        self.put((at, Place::Last), event);
    }

    fn put(&mut self, (at, place): (Time, Place), event: Event) {
        self.entries.insert((at, place, self.added), event);
        self.added += 1;
    }

    /// An event falls due after this span.
    pub fn after(&mut self, span: Span, event: Event) {
        self.at(self.base.after(span), event);
    }

    /// An event falls due at once, before all that others have to tell.
    pub fn first(&mut self, event: Event) {
        self.at(Time(0), event);
    }

    /// Such events do not fall due any more.
    pub(super) fn cancel(&mut self, is_such: impl Fn(&Event) -> bool) {
        self.entries.retain(|_, event| !is_such(event));
    }

    /// When the next event falls due.
    pub fn next_at(&self) -> Option<Time> {
        self.entries.first_key_value().map(|((at, ..), _)| *at)
    }

    /// The next event that is due by `now`, and since when. What it leads to counts from then, but
    /// from `since` at the earliest.
    pub(super) fn take_due(&mut self, since: Time, now: Time) -> Option<Stamped<Event>> {
        let entry = self.entries.first_entry().filter(|entry| entry.key().0 <= now)?;
        let at = entry.key().0;
        self.base = at.max(since);
        Some(Stamped { at, what: entry.remove() })
    }
}
