//! A state of an exploration: a world in which time stands still, what its servers have asked for, the
//! checker who has seen everything so far, and how much of the bounds is spent.

use super::Setting;
use super::bounds::Bounds;
use super::choice::{Choice, OnDisk, Thread};
use crate::due::{Due, Effects, Later};
use crate::network::{End, Next};
use crate::passage::Passage;
use crate::schedule::{Act, ClientOp, CrashMode};
use crate::world::World;
use zab_checker::{Checker, Event, Violation};
use zab_core::canonical::{Canonical, Sink};
use zab_core::message::ServerState;
use zab_core::{Key, NodeId, Phase, Time};

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
}

/// What is observed, for a story.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes {
    pub(super) events: Vec<Event>,
    /// Each with the number of events before it.
    pub(super) passages: Vec<(usize, Passage)>,
}

impl Step {
    /// One that takes notes, after these events.
    pub(super) fn with_notes(events: &[Event]) -> Self {
        let fx = Effects { wants_passages: true, ..Effects::default() };
        let notes = Notes { events: events.to_vec(), passages: Vec::new() };
        Self { fx, notes: Some(notes), shown_at: None }
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
    /// A world in which time stands still from now on.
    pub(super) fn new(setting: &Setting, world: World, dues: Vec<Due>, checker: Checker) -> Self {
        let mut state = Self { world, dues, checker, spent: Bounds::default(), asked: 0 };
        state.run(setting, &mut Step::default());
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
        let is_possible = self.begin(setting.now, choice, &mut step.fx);
        if is_possible {
            self.run(setting, step);
        } else {
            step.forget();
        }
        is_possible
    }

    fn begin(&mut self, now: Time, choice: Choice, fx: &mut Effects) -> bool {
        match choice {
            Choice::Write(server) => self.ask(now, (server, ClientOp::Write), fx),
            Choice::Read(server) => self.ask(now, (server, ClientOp::Read), fx),
            Choice::Kill(_)
            | Choice::PowerLoss(..)
            | Choice::StepDown(_)
            | Choice::Cut(..)
            | Choice::GiveUp(_)
            | Choice::Start(_) => self.strike(now, choice, fx),
            Choice::Elect(_) | Choice::Join(_) | Choice::Hear(..) | Choice::LosePatience(_) => {
                return self.elect(now, choice, fx);
            }
            Choice::Deliver(from, to, age) | Choice::Break(to, from, age) => {
                let wanted = (NodeId(from), NodeId(to), age);
                let ends = self.world.ends();
                let is_wanted = |end: &&End| (end.from, end.to, end.age) == wanted;
                let Some(End { conn, end, .. }) = ends.iter().find(is_wanted).copied() else {
                    return false;
                };
                let due = match choice {
                    Choice::Deliver(..) => Due::Arrive { conn, end },
                    _ => Due::Reset { conn, end },
                };
                self.world.apply(now, due, fx);
            }
            Choice::Connect(..) | Choice::Disk(..) | Choice::Turn(..) => {
                let Some(at) = self.dues.iter().position(|due| is_chosen(choice, *due)) else {
                    return false;
                };
                let due = self.dues.remove(at);
                self.world.apply(now, due, fx);
            }
        }
        true
    }

    /// A fault strikes, or a server starts.
    fn strike(&mut self, now: Time, choice: Choice, fx: &mut Effects) {
        let Self { world, spent, .. } = self;
        let step_down = |world: &mut World, server: u8, fx: &mut Effects| {
            let due = Due::StepDown { server: NodeId(server), life: world.life(NodeId(server)) };
            world.apply(now, due, fx);
        };
        match choice {
            Choice::Kill(server) => {
                spent.restarts += 1;
                world.act(now, Act::Kill { server, down_us: 0 }, fx);
            }
            Choice::PowerLoss(server, kept) => {
                spent.power_losses += 1;
                let disk = match kept {
                    0 => CrashMode::LoseAll,
                    _ => CrashMode::KeepPrefix(kept),
                };
                world.act(now, Act::PowerLoss { server, disk, down_us: 0 }, fx);
            }
            Choice::StepDown(server) => {
                spent.step_downs += 1;
                step_down(world, server, fx);
            }
            Choice::GiveUp(server) => step_down(world, server, fx),
            Choice::Cut(a, b) => {
                spent.cuts += 1;
                world.sever(now, NodeId(a), NodeId(b), fx);
            }
            Choice::Start(server) => {
                let (server, life) = (NodeId(server), world.life(NodeId(server)));
                world.apply(now, Due::Later(Later::Start { server, life }), fx);
            }
            other => unreachable!("no fault: {other}"),
        }
    }

    /// Something happens in an election. False if it cannot.
    fn elect(&mut self, now: Time, choice: Choice, fx: &mut Effects) -> bool {
        let world = &mut self.world;
        match choice {
            Choice::Elect(mask) => {
                let members = world.config().members();
                let members: Vec<NodeId> = members.filter(|id| mask >> id.0 & 1 == 1).collect();
                world.elect(now, &members, fx)
            }
            Choice::Join(server) => world.join(now, NodeId(server), fx),
            Choice::Hear(from, to) => world.hear(now, NodeId(from), NodeId(to), fx),
            Choice::LosePatience(server) => {
                let is_looking = world.is_looking(NodeId(server));
                if is_looking {
                    world.lose_patience(now, NodeId(server), fx);
                }
                is_looking
            }
            other => unreachable!("no election: {other}"),
        }
    }

    fn ask(&mut self, now: Time, (server, op): (u8, ClientOp), fx: &mut Effects) {
        let spent = match op {
            ClientOp::Write => &mut self.spent.writes,
            _ => &mut self.spent.reads,
        };
        // What is read is what was written last.
        let key = match op {
            ClientOp::Write => *spent,
            _ => self.spent.writes.saturating_sub(1),
        };
        match op {
            ClientOp::Write => self.spent.writes += 1,
            _ => self.spent.reads += 1,
        }
        let client = self.asked;
        self.asked += 1;
        self.world.invoke(now, (client, NodeId(server)), (op, Key(key)), fx);
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
            } else if let Some(end) = self.world.ends().iter().find(|end| end.next == Next::Up) {
                let due = Due::Arrive { conn: end.conn, end: end.end };
                self.world.apply(setting.now, due, &mut step.fx);
            } else if let Some(server) = self.next_to_try_again() {
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
            Due::Request { .. } | Due::Later(_) => Some((2, NodeId(0), None)),
            _ => None,
        };
        let enabled = self.dues.iter().enumerate().filter_map(|(at, due)| Some((runs(*due)?, at)));
        enabled.min().map(|(_, at)| at)
    }

    /// A follower without a connection that nobody has asked for.
    fn next_to_try_again(&self) -> Option<NodeId> {
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
            if let Some(notes) = &mut step.notes {
                notes.events.push(event);
            }
        }
        step.fx.touched = 0;
        for (_, due) in step.fx.due.drain(..) {
            match due {
                Due::Turn { .. } | Due::Disk { .. } | Due::Connect { .. } | Due::Request { .. } => {
                    self.dues.push(due);
                }
                Due::Later(Later::Answer { .. }) => self.dues.push(due),
                // What is on the way stands in the world; time does not pass; starts are chosen.
                Due::Arrive { .. }
                | Due::Reset { .. }
                | Due::Notify { .. }
                | Due::Timer { .. }
                | Due::StepDown { .. }
                | Due::Later(_) => {}
            }
        }
        let world = &self.world;
        self.dues.retain(|due| world.is_of_the_living(*due));
    }
}

fn is_chosen(choice: Choice, due: Due) -> bool {
    match (choice, due) {
        (Choice::Disk(at, on), Due::Disk { server, file, .. }) => {
            (at, on) == (server.0, OnDisk::from(file))
        }
        (Choice::Turn(at, thread), Due::Turn { server, actor, .. }) => {
            (at, thread) == (server.0, Thread::from(actor))
        }
        (Choice::Connect(a, b), Due::Connect { from, to, .. }) => (a, b) == (from.0, to.0),
        _ => false,
    }
}

impl Canonical for State {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        let Self { world, dues, checker, spent, asked } = self;
        sink.plain(&(spent, asked));
        world.canonical(sink);
        // Completions follow from the disks.
        let turns = dues.iter().filter_map(|due| match *due {
            Due::Turn { server, actor, .. } => Some((0, server.0, Some(Thread::from(actor)))),
            Due::Connect { from, to, .. } => Some((1 + to.0, from.0, None)),
            _ => None,
        });
        let mut turns: Vec<(u8, u8, Option<Thread>)> = turns.collect();
        turns.sort_unstable();
        sink.plain(&turns);
        checker.canonical(sink);
    }
}
