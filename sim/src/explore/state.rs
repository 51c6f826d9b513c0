//! A state of an exploration: a world in which time stands still, what its servers have asked for, the
//! checker who has seen everything so far, and how much of the bounds is spent.

use super::Setting;
use super::bounds::Bounds;
use super::choice::Choice;
use super::order::Reach;
use crate::direct::Direct;
use crate::due::{Due, Effects};
use crate::network::{End, Next};
use crate::passage::Passage;
use crate::world::World;
use zab_checker::{Checker, Event, Violation};
use zab_core::canonical::{Canonical, Sink};
use zab_core::message::ServerState;
use zab_core::{NodeId, Phase, Time};

/// A state.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(super) world: World,
    /// Turns, completions and connections that servers wait for, in the order in which they were
    /// asked for. What is on the way stands in the world.
    pub(super) dues: Vec<Due>,
    pub(super) checker: Checker,
    pub(super) spent: Bounds,
    /// How many operations clients have begun, each one a client of its own.
    pub(super) asked: u8,
}

/// Buffers for a step, and whoever wants to see what happens.
#[derive(Default)]
pub(crate) struct Step {
    pub(super) fx: Effects,
    /// Takes a copy of what is observed, if it is wanted.
    pub(super) notes: Option<Notes>,
    /// When it happens, for a story: time stands still for the servers.
    pub(super) shown_at: Option<Time>,
    /// Whom what was observed in this step concerns.
    pub(super) reach: Reach,
}

/// What is observed, for a story.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes {
    pub(super) events: Vec<Event>,
    /// Each with the number of events before it.
    pub(super) passages: Vec<(usize, Passage)>,
}

impl Notes {
    /// Takes note of what was observed.
    pub(super) fn take(&mut self, fx: &mut Effects) {
        let Self { events, passages } = self;
        let before = events.len();
        let placed = fx.passages.drain(..).map(|(after, passage)| (before + after, passage));
        passages.extend(placed);
        events.append(&mut fx.evidence);
        fx.touched = 0;
    }
}

impl Step {
    /// One that continues with these notes.
    pub(super) fn with_notes(notes: &Notes) -> Self {
        let fx = Effects { wants_passages: true, ..Effects::default() };
        Self { fx, notes: Some(notes.clone()), ..Self::default() }
    }

    /// What came of something that was begun and cannot be.
    fn forget(&mut self) {
        self.fx.due.clear();
        self.fx.evidence.clear();
        self.fx.passages.clear();
        self.fx.touched = 0;
    }
}

impl State {
    /// The world of a driver, in which time stands still from now on.
    pub(super) fn new(
        setting: &Setting,
        driver: &Direct,
        checker: Checker,
        step: &mut Step,
    ) -> Self {
        let world = driver.world().clone();
        let dues = driver.pending().filter(|due| Choice::of(*due).is_some()).collect();
        let mut state = Self { world, dues, checker, spent: Bounds::NONE, asked: 0 };
        state.run(setting, step);
        state
    }

    /// The gravest violation so far that is looked for.
    pub(super) fn violation(&self, setting: &Setting) -> Option<&Violation> {
        match setting.class {
            None => self.checker.gravest(),
            Some(class) => self.checker.violations().find(|violation| violation.class == class),
        }
    }

    /// Whom a server follows.
    pub(super) fn follows(&self, server: NodeId) -> Option<NodeId> {
        let view = self.world.view(server)?;
        view.leader.filter(|_| view.state == ServerState::Following)
    }

    /// Lets something happen, and all that follows from it without a choice. False if it cannot
    /// happen.
    pub(super) fn take(&mut self, setting: &Setting, choice: Choice, step: &mut Step) -> bool {
        step.reach = Reach::default();
        let is_possible = self.begin(setting.now, choice, &mut step.fx);
        if is_possible {
            self.run(setting, step);
        } else {
            step.forget();
        }
        is_possible
    }

    /// Takes note of what a step has brought about, and lets everything happen that nobody chooses:
    /// first that of the first server, and of one server what it asked for first.
    fn run(&mut self, setting: &Setting, step: &mut Step) {
        loop {
            self.take_note(step);
            self.world.stand_still(setting.now);
            if let Some(at) = self.next_of_itself(setting) {
                let due = self.dues.remove(at);
                self.world.apply(setting.now, due, &mut step.fx);
            } else if let Some(due) = self.next_to_accept(setting) {
                self.world.apply(setting.now, due, &mut step.fx);
            } else if let Some(server) = self.next_to_try_again().filter(|_| !setting.free.retry) {
                self.world.tick(setting.now, server, &mut step.fx);
            } else {
                return;
            }
        }
    }

    fn next_of_itself(&self, setting: &Setting) -> Option<usize> {
        let runs = |due: Due| match due {
            Due::Turn { server, actor, .. } => {
                (!setting.free.is_free(actor)).then_some((0, server, Some(actor)))
            }
            Due::Disk { server, file, lsn, .. } => {
                self.world.is_idle_flush(server, file, lsn).then_some((1, server, None))
            }
            Due::Request { .. } | Due::Later(_) => {
                (!setting.free.answer).then_some((2, NodeId(0), None))
            }
            _ => None,
        };
        let enabled = self.dues.iter().enumerate().filter_map(|(at, due)| Some((runs(*due)?, at)));
        enabled.min().map(|(_, at)| at)
    }

    fn next_to_accept(&self, setting: &Setting) -> Option<Due> {
        let ends = if setting.free.accept { Vec::new() } else { self.world.ends() };
        let end = ends.into_iter().find(|end| end.next == Next::Up)?;
        Some(Due::Arrive { conn: end.conn, end: end.end })
    }

    /// A follower without a connection that nobody has asked for.
    pub(super) fn next_to_try_again(&self) -> Option<NodeId> {
        let is_asked = |server: NodeId| {
            let asked = |due: &Due| matches!(due, Due::Connect { from, .. } if *from == server);
            self.dues.iter().any(asked)
        };
        let mut followers = self.world.config().members().filter(|server| {
            let view = self.world.view(*server);
            view.is_some_and(|view| {
                view.state == ServerState::Following
                    && view.phase == Phase::Discovery
                    && !view.receiver_blocked
            })
        });
        followers.find(|server| {
            let leader = self.follows(*server);
            let is_connected =
                |end: &End| end.to == *server && Some(end.from) == leader && end.end == 0;
            !is_asked(*server) && !self.world.ends().iter().any(is_connected)
        })
    }

    fn take_note(&mut self, step: &mut Step) {
        if let Some(Notes { events, passages }) = &mut step.notes {
            let before = events.len();
            let shown_at = |passage: &Passage| step.shown_at.unwrap_or(passage.at);
            passages.extend(step.fx.passages.drain(..).map(|(after, passage)| {
                (before + after, Passage { at: shown_at(&passage), what: passage.what })
            }));
        }
        for mut event in step.fx.evidence.drain(..) {
            if let Some(at) = step.shown_at {
                event.at = at;
            }
            self.checker.observe(&event);
            step.reach = step.reach.max(Reach::of(&event));
            if let Some(notes) = &mut step.notes {
                notes.events.push(event);
            }
        }
        step.fx.touched = 0;
        for (_, due) in step.fx.due.drain(..) {
            if Choice::of(due).is_some() {
                self.dues.push(due);
            }
        }
        let world = &self.world;
        self.dues.retain(|due| world.is_of_the_living(*due));
    }
}

impl Canonical for State {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        let Self { world, dues, checker, spent, asked } = self;
        sink.plain(&(spent, asked));
        world.canonical(sink);
        // Completions follow from the disks.
        let waits = dues.iter().filter_map(|due| Choice::of(*due));
        let mut turns: Vec<Choice> =
            waits.filter(|choice| !matches!(choice, Choice::Disk(..))).collect();
        turns.sort_unstable();
        sink.plain(&turns);
        checker.canonical(sink);
    }
}
