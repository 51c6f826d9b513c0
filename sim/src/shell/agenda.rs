//! What the owner has to do later: by time, then by when it was sent or asked for, then by the order in
//! which it was put there. So the tasks that bring it here do not decide what comes first.

use super::event::{Event, Stamped, When};
use std::collections::BTreeMap;
use zab_core::{Span, Time};

/// Events that fall due.
#[derive(Default)]
pub struct Agenda {
    entries: BTreeMap<(When, Place, u64), Event>,
    /// The instant from which spans count: that of the event in hand.
    base: Time,
    added: u64,
}

/// Where an event has its turn among those of one instant that were sent together.
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

    /// An event falls due then.
    pub(super) fn put(&mut self, when: When, event: Event) {
        self.put_in(Place::InOrder, when, event);
    }

    /// An event falls due then, after all that was sent together with it.
    pub(super) fn put_last(&mut self, when: When, event: Event) {
        self.put_in(Place::Last, when, event);
    }

    fn put_in(&mut self, place: Place, when: When, event: Event) {
        self.entries.insert((when, place, self.added), event);
        self.added += 1;
    }

    /// An event falls due at this instant, as the event in hand decides.
    pub(super) fn at(&mut self, at: Time, event: Event) {
        self.put(When { at, sent: self.base }, event);
    }

    /// An event falls due after this span.
    pub fn after(&mut self, span: Span, event: Event) {
        self.at(self.base.after(span), event);
    }

    /// An event falls due at once, before all that others have to tell.
    pub fn first(&mut self, event: Event) {
        self.put(When::default(), event);
    }

    /// Such events do not fall due any more.
    pub(super) fn cancel(&mut self, is_such: impl Fn(&Event) -> bool) {
        self.entries.retain(|_, event| !is_such(event));
    }

    /// When the next event falls due.
    pub fn next_at(&self) -> Option<Time> {
        self.entries.first_key_value().map(|((when, ..), _)| when.at)
    }

    /// The next event that is due by `now`, and since when. What it leads to counts from then, but
    /// from `since` at the earliest.
    pub(super) fn take_due(&mut self, since: Time, now: Time) -> Option<Stamped<Event>> {
        let entry = self.entries.first_entry().filter(|entry| entry.key().0.at <= now)?;
        let when = entry.key().0;
        self.base = when.at.max(since);
        Some(Stamped { when, what: entry.remove() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zab_core::NodeId;

    #[test]
    fn of_one_instant_what_was_sent_first_comes_first_whoever_brings_it() {
        let mut agenda = Agenda::default();
        let from = |server| Event::Notify { from: NodeId(server) };
        let at = Time(10);
        agenda.put(When { at, sent: Time(7) }, from(2));
        agenda.put_last(When { at, sent: Time(3) }, from(1));
        agenda.put(When { at, sent: Time(3) }, from(0));
        agenda.rebase(Time(8));
        agenda.after(Span(2), from(3));
        agenda.put(When::sent_at(Time(9)), from(4));
        let turns = std::iter::from_fn(|| agenda.take_due(Time(0), at));
        let turns: Vec<_> = turns
            .map(|turn| match turn.what {
                Event::Notify { from } => from.0,
                _ => panic!("nothing else was put there"),
            })
            .collect();
        assert_eq!(turns, [4, 0, 1, 2, 3]);
    }
}
