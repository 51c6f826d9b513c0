//! Where an exploration begins: at the end of a boot, or of a schedule.

use super::state::Notes;
use crate::direct::Direct;
use crate::due::Effects;
use crate::run::Booted;
use crate::schedule::Schedule;
use zab_checker::{Event, Fact};
use zab_core::{Span, Time};

/// An ensemble, and what was observed of it so far.
#[derive(Clone, Debug)]
pub(super) struct Start {
    driver: Direct,
    notes: Notes,
}

impl Start {
    /// At the end of this boot.
    pub(super) fn at(booted: &Booted) -> Self {
        let notes = Notes { events: booted.evidence().to_vec(), passages: Vec::new() };
        Self { driver: booted.driver().clone(), notes }
    }

    /// At the last action of this schedule: what it brings about may happen in any order.
    pub(super) fn after(booted: &Booted, schedule: &Schedule) -> Self {
        let Self { mut driver, mut notes } = Self::at(booted);
        let mut fx = Effects { wants_passages: true, ..Effects::default() };
        let origin = driver.now();
        driver.change(&mut fx, |world, now, fx| {
            world.set_seed(schedule.seed);
            if !schedule.directories.are_lenient() {
                world.set_directories(schedule.directories);
                fx.evidence.push(Event { at: now, node: None, fact: Fact::StrictDirectories });
            }
        });
        notes.take(&mut fx);
        for action in &schedule.actions {
            let at = origin.after(Span(action.at_us));
            while driver.next_at().is_some_and(|next| next <= at) {
                driver.step(&mut fx);
                notes.take(&mut fx);
            }
            driver.pass_until(at);
            driver.act(action.act, &mut fx);
            notes.take(&mut fx);
        }
        driver.change(&mut fx, |world, now, fx| world.relent(now, fx));
        notes.take(&mut fx);
        Self { driver, notes }
    }

    /// The ensemble.
    pub(super) const fn driver(&self) -> &Direct {
        &self.driver
    }

    /// When that is.
    pub(super) const fn now(&self) -> Time {
        self.driver.now()
    }

    /// What was observed.
    pub(super) fn events(&self) -> &[Event] {
        &self.notes.events
    }

    /// The same, for a story.
    pub(super) const fn notes(&self) -> &Notes {
        &self.notes
    }
}
