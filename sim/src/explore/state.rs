//! A state of an exploration: a world in which time stands still, what its servers have asked for, the
//! checker who has seen everything so far, and how much of the bounds is spent.

use super::Setting;
use super::bounds::Bounds;
use super::choice::{Choice, OnDisk, Thread};
use crate::due::{Due, Effects, Later};
use crate::network::Next;
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
    pub(super) events: Option<Vec<Event>>,
    /// When it happens, for a story: time stands still for the servers.
    pub(super) shown_at: Option<Time>,
}

impl Step {
    /// What came of something that was begun and cannot be.
    fn forget(&mut self) {
        self.fx.due.clear();
        self.fx.evidence.clear();
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

    /// What may happen next. In each state the order is its own; a [`Choice`] means the same in all.
    pub(super) fn choices(&self, setting: &Setting) -> Vec<Choice> {
        let mut choices = Vec::with_capacity(24);
        self.arrivals(&mut choices);
        self.completions(&mut choices);
        self.elections(&mut choices);
        self.actions(setting, &mut choices);
        choices
    }

    /// Packets arrive, and connections are found to be gone.
    fn arrivals(&self, choices: &mut Vec<Choice>) {
        for end in self.world.ends() {
            let (from, to) = (end.from.0, end.to.0);
            match end.next {
                Next::Up | Next::Packet | Next::Down => {
                    choices.push(Choice::Deliver(from, to, end.age));
                }
                Next::Nothing => {}
            }
            if end.may_break && end.next != Next::Down {
                choices.push(Choice::Break(to, from, end.age));
            }
        }
    }

    /// What servers have asked for happens: of the operations on one file the oldest first.
    fn completions(&self, choices: &mut Vec<Choice>) {
        for due in &self.dues {
            let choice = match *due {
                Due::Disk { server, file, .. } => Choice::Disk(server.0, OnDisk::from(file)),
                Due::Turn { server, actor, .. } => Choice::Turn(server.0, Thread::from(actor)),
                Due::Connect { from, to, .. } => Choice::Connect(from.0, to.0),
                _ => continue,
            };
            if !choices.contains(&choice) {
                choices.push(choice);
            }
        }
    }

    /// Servers find a leader, and leaders find out that they are none.
    fn elections(&self, choices: &mut Vec<Choice>) {
        let config = self.world.config();
        let looking: Vec<NodeId> =
            config.members().filter(|server| self.world.is_looking(*server)).collect();
        let all: u8 = looking.iter().map(|server| 1 << server.0).sum();
        for mask in 1..=all {
            let is_quorum = mask.count_ones() as usize >= config.majority();
            if mask & !all == 0 && is_quorum {
                choices.push(Choice::Elect(mask));
            }
        }
        for leader in config.members().filter(|server| self.leads(*server)) {
            let follows = |server: &NodeId| self.follows(*server) == Some(leader);
            let followers = config.members().filter(follows).count();
            if followers + 1 < config.majority() {
                choices.push(Choice::GiveUp(leader.0));
            } else {
                choices.extend(looking.iter().map(|server| Choice::Join(server.0)));
            }
        }
    }

    /// Clients and faults, as far as the bounds go, and starts.
    fn actions(&self, setting: &Setting, choices: &mut Vec<Choice>) {
        let Setting { bounds, free, .. } = setting;
        let Bounds { writes, reads, restarts, power_losses, step_downs, cuts } = self.spent;
        let members = || self.world.config().members();
        for server in members() {
            if !self.world.is_up(server) {
                choices.push(Choice::Start(server.0));
                continue;
            }
            let serves = self.world.is_serving(server);
            if writes < bounds.writes && serves && (free.client || self.leads(server)) {
                choices.push(Choice::Write(server.0));
            }
            if reads < bounds.reads && serves {
                choices.push(Choice::Read(server.0));
            }
            if restarts < bounds.restarts {
                choices.push(Choice::Kill(server.0));
            }
            if power_losses < bounds.power_losses {
                let at_risk = u8::try_from(self.world.at_risk(server)).unwrap_or(u8::MAX);
                choices.extend((0..=at_risk).map(|kept| Choice::PowerLoss(server.0, kept)));
            }
            if step_downs < bounds.step_downs && !self.world.is_looking(server) {
                choices.push(Choice::StepDown(server.0));
            }
        }
        if cuts < bounds.cuts {
            for end in self.world.ends() {
                let cut = Choice::Cut(end.from.0.min(end.to.0), end.from.0.max(end.to.0));
                if !end.may_break && !choices.contains(&cut) {
                    choices.push(cut);
                }
            }
        }
    }

    fn leads(&self, server: NodeId) -> bool {
        self.world.view(server).is_some_and(|view| view.state == ServerState::Leading)
    }

    /// Whom a server follows.
    fn follows(&self, server: NodeId) -> Option<NodeId> {
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
        let world = &mut self.world;
        let node = NodeId;
        match choice {
            Choice::Write(server) => self.ask(now, (server, ClientOp::Write), fx),
            Choice::Read(server) => self.ask(now, (server, ClientOp::Read), fx),
            Choice::Kill(server) => {
                self.spent.restarts += 1;
                world.act(now, Act::Kill { server, down_us: 0 }, fx);
            }
            Choice::PowerLoss(server, kept) => {
                self.spent.power_losses += 1;
                let disk = match kept {
                    0 => CrashMode::LoseAll,
                    _ => CrashMode::KeepPrefix(kept.into()),
                };
                world.act(now, Act::PowerLoss { server, disk, down_us: 0 }, fx);
            }
            Choice::StepDown(server) => {
                self.spent.step_downs += 1;
                let due = Due::StepDown { server: node(server), life: world.life(node(server)) };
                world.apply(now, due, fx);
            }
            Choice::GiveUp(server) => {
                let due = Due::StepDown { server: node(server), life: world.life(node(server)) };
                world.apply(now, due, fx);
            }
            Choice::Cut(a, b) => {
                self.spent.cuts += 1;
                world.sever(now, node(a), node(b), fx);
            }
            Choice::Start(server) => {
                let (server, life) = (node(server), world.life(node(server)));
                world.apply(now, Due::Later(Later::Start { server, life }), fx);
            }
            Choice::Elect(mask) => {
                let members = world.config().members();
                let members: Vec<NodeId> = members.filter(|id| mask >> id.0 & 1 == 1).collect();
                if !world.elect(now, &members, fx) {
                    return false;
                }
            }
            Choice::Join(server) => {
                if !world.join(now, node(server), fx) {
                    return false;
                }
            }
            Choice::Deliver(from, to, age) | Choice::Break(to, from, age) => {
                let wanted = (node(from), node(to), age);
                let ends = world.ends();
                let Some(end) = ends.iter().find(|end| (end.from, end.to, end.age) == wanted)
                else {
                    return false;
                };
                let (conn, end) = (end.conn, end.end);
                let due = match choice {
                    Choice::Deliver(..) => Due::Arrive { conn, end },
                    _ => Due::Reset { conn, end },
                };
                world.apply(now, due, fx);
            }
            Choice::Connect(..) | Choice::Disk(..) | Choice::Turn(..) => {
                let Some(at) = self.dues.iter().position(|due| is_chosen(choice, *due)) else {
                    return false;
                };
                let due = self.dues.remove(at);
                world.apply(now, due, fx);
            }
        }
        true
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
            let is_connected = |end: &crate::network::End| {
                end.to == *server && Some(end.from) == leader && end.end == 0
            };
            !is_asked(*server) && !self.world.ends().iter().any(is_connected)
        })
    }

    fn take_note(&mut self, step: &mut Step) {
        for mut event in step.fx.evidence.drain(..) {
            if let Some(at) = step.shown_at {
                event.at = at;
            }
            self.checker.observe(&event);
            if let Some(events) = &mut step.events {
                events.push(event);
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

    /// Whether nothing happens unless somebody acts.
    pub(super) fn is_at_rest(choices: &[Choice]) -> bool {
        choices.iter().all(|choice| choice.is_action())
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
