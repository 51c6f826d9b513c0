//! The direct driver: a queue of what falls due, over virtual time.
//!
//! What falls due first happens first; at the same instant, what was scheduled first.

use crate::client::Client;
use crate::driver::Driver;
use crate::due::{Due, Effects};
use crate::schedule::{Act, ClientOp, Directories, Workload};
use crate::world::World;
use zab_core::event::ExitReason;
use zab_core::{Config, Key, NodeId, Replica, Time, View};

/// A world, its time, and what falls due in it.
#[derive(Clone, Debug)]
pub struct Direct {
    world: World,
    now: Time,
    queue: Queue,
}

/// What falls due, the next one last. There are a few dozen at any time, and most of what is
/// scheduled falls due within the next few of them: so keeping them sorted costs less than a heap.
#[derive(Clone, Debug, Default)]
struct Queue(Vec<(Time, Due)>);

impl Queue {
    fn push(&mut self, at: Time, due: Due) {
        let later = self.0.iter().rposition(|(other, _)| *other > at);
        self.0.insert(later.map_or(0, |last| last + 1), (at, due));
    }

    fn pop(&mut self) -> Option<(Time, Due)> {
        self.0.pop()
    }

    fn next_at(&self) -> Option<Time> {
        self.0.last().map(|(at, _)| *at)
    }
}

impl Direct {
    /// A world in which nothing has been scheduled yet, at time 0.
    pub fn new(world: World) -> Self {
        Self { world, now: Time::default(), queue: Queue::default() }
    }

    /// A world at this time, in which all of this is due, in this order.
    pub(crate) fn at(world: World, now: Time, dues: impl IntoIterator<Item = Due>) -> Self {
        let mut queue = Queue::default();
        dues.into_iter().for_each(|due| queue.push(now, due));
        Self { world, now, queue }
    }

    /// What falls due, the next one first.
    pub(crate) fn pending(&self) -> impl Iterator<Item = Due> {
        self.queue.0.iter().rev().map(|(_, due)| *due)
    }

    /// The world.
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// The time of the world.
    pub const fn now(&self) -> Time {
        self.now
    }

    /// When the next thing falls due.
    pub fn next_at(&self) -> Option<Time> {
        self.queue.next_at()
    }

    /// Lets the next thing happen. Returns false if there is none.
    pub fn step(&mut self, fx: &mut Effects) -> bool {
        let Some((at, due)) = self.queue.pop() else {
            return false;
        };
        assert!(at >= self.now, "nothing is scheduled into the past");
        self.now = at;
        self.world.apply(at, due, fx);
        self.schedule(fx);
        true
    }

    /// Lets time pass in which nothing falls due.
    pub fn pass_until(&mut self, at: Time) {
        assert!(self.next_at().is_none_or(|next| next > at), "something falls due before");
        self.now = self.now.max(at);
    }

    /// Changes the world from outside, at this instant.
    pub fn change<R>(
        &mut self,
        fx: &mut Effects,
        change: impl FnOnce(&mut World, Time, &mut Effects) -> R,
    ) -> R {
        let result = change(&mut self.world, self.now, fx);
        self.schedule(fx);
        result
    }

    /// An action of a schedule happens at this instant.
    pub fn act(&mut self, act: Act, fx: &mut Effects) {
        self.change(fx, |world, now, fx| world.act(now, act, fx));
    }

    fn schedule(&mut self, fx: &mut Effects) {
        for (at, due) in fx.due.drain(..) {
            self.queue.push(at, due);
        }
    }
}

impl Driver for Direct {
    fn config(&self) -> &Config {
        self.world.config()
    }

    fn now(&self) -> Time {
        self.now
    }

    fn step(&mut self, until: Time, fx: &mut Effects) -> u64 {
        if self.next_at().is_none_or(|next| next > until) {
            self.pass_until(until);
            return 0;
        }
        u64::from(Self::step(self, fx))
    }

    fn is_up(&self, server: NodeId) -> bool {
        self.world.is_up(server)
    }

    fn view(&self, server: NodeId) -> Option<View> {
        self.world.view(server)
    }

    fn replica(&self, server: NodeId) -> Option<Replica> {
        self.world.replica(server).copied()
    }

    fn refused_to_start(&self, server: NodeId) -> Option<ExitReason> {
        self.world.refused_to_start(server)
    }

    fn client(&self, client: u8) -> &Client {
        self.world.client(client)
    }

    fn set_seed(&mut self, seed: u64) {
        self.world.set_seed(seed);
    }

    fn set_directories(&mut self, directories: Directories) {
        self.world.set_directories(directories);
    }

    fn start_all(&mut self, fx: &mut Effects) {
        self.change(fx, |world, now, fx| world.start_all(now, fx));
    }

    fn act(&mut self, act: Act, fx: &mut Effects) {
        Self::act(self, act, fx);
    }

    fn heal(&mut self, fx: &mut Effects) {
        self.change(fx, |world, now, fx| world.heal(now, fx));
    }

    fn begin_locks(&mut self, workload: Workload, fx: &mut Effects) {
        self.change(fx, |world, now, fx| world.begin_locks(now, workload, fx));
    }

    fn calm_locks(&mut self, fx: &mut Effects) {
        self.change(fx, |world, now, fx| world.calm_locks(now, fx));
    }

    fn invoke(&mut self, who: (u8, NodeId), what: (ClientOp, Key), fx: &mut Effects) {
        self.change(fx, |world, now, fx| world.invoke(now, who, what, fx));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zab_core::Variant;

    #[test]
    fn equal_times_keep_the_order_in_which_they_were_scheduled() {
        let turn = |server| Due::StepDown { server: NodeId(server), life: 0 };
        let mut queue = Queue::default();
        for (at, server) in [(5, 0), (5, 1), (4, 2), (5, 3), (6, 4)] {
            queue.push(Time(at), turn(server));
        }
        assert_eq!(queue.next_at(), Some(Time(4)));
        let order: Vec<Due> = std::iter::from_fn(|| queue.pop()).map(|(_, due)| due).collect();
        assert_eq!(order, [2, 0, 1, 3, 4].map(turn));
    }

    #[test]
    fn time_passes_without_events() {
        let world = World::new(Config::new(3), Variant::REFERENCE.into(), 0, 1);
        let mut driver = Direct::new(world);
        driver.pass_until(Time(700));
        assert_eq!(driver.now(), Time(700));
        assert!(!driver.step(&mut Effects::default()));
    }
}
