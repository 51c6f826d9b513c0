//! What becomes of a state: a copy of it is healed, runs until it is quiet, is read, and is judged.
//!
//! Only that shows whether something is lost for good. It is asked where nothing happens unless
//! somebody acts: any other state proceeds by itself until it is such a one. Servers that are down
//! start as everything is healed, and the elections and deliveries after that follow the driver's
//! clock: one way to proceed, which each of these states has.

use super::state::{Notes, State};
use crate::direct::Direct;
use crate::passage::Passage;
use crate::run::execution::Execution;
use crate::run::{Observer, STEPS_MAX};
use crate::schedule::Schedule;
use std::ops::ControlFlow;
use zab_checker::{Checker, Event, Verdict, Violation};
use zab_core::{Span, Time};

/// What came of it.
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    pub(super) violations: Vec<Violation>,
}

/// Heals a copy of a state and judges how it ends; the copy's times are shown later by `shift`.
pub(super) fn judge(state: &State, now: Time, shift: Span, notes: Option<&mut Notes>) -> Judged {
    let State { world, dues, checker, .. } = state;
    let under_way = dues.iter().copied().chain(world.under_way());
    let servers = world.config().servers;
    let driver = Direct::at(world.clone(), now, under_way);
    let mut judge = Judge { checker: checker.clone(), shift, notes };
    let schedule = Schedule::empty(0, servers);
    let run = Execution::new(driver, &mut judge, STEPS_MAX).run(&schedule);
    let verdict = match judge.checker.finish() {
        Verdict::Valid if run.out_of_budget => {
            Verdict::Unknown(format!("healed, it did not come to rest in {} steps", run.steps))
        }
        verdict => verdict,
    };
    Judged { verdict, violations: judge.checker.violations().cloned().collect() }
}

struct Judge<'a> {
    checker: Checker,
    shift: Span,
    notes: Option<&'a mut Notes>,
}

impl Observer for Judge<'_> {
    fn on_event(&mut self, event: &Event) -> ControlFlow<()> {
        if self.shift == Span(0) {
            self.checker.observe(event);
        } else {
            let event = Event { at: event.at.after(self.shift), ..event.clone() };
            self.checker.observe(&event);
            if let Some(notes) = &mut self.notes {
                notes.events.push(event);
            }
        }
        ControlFlow::Continue(())
    }

    fn wants_passages(&self) -> bool {
        self.notes.is_some()
    }

    fn on_passage(&mut self, passage: &Passage) {
        if let Some(Notes { events, passages }) = &mut self.notes {
            let at = passage.at.after(self.shift);
            passages.push((events.len(), Passage { at, what: passage.what.clone() }));
        }
    }
}
