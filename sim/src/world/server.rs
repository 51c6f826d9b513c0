//! One server: its process, its disk, its clock, and what is held back from it.

use crate::disk::SimDisk;
use crate::schedule::StallTarget;
use zab_core::event::ExitReason;
use zab_core::{Actor, Config, Micros, Node, NodeId, Variant};

/// A server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Server {
    /// The process; the last one if it is down.
    pub(crate) node: Node,
    pub(crate) disk: SimDisk,
    pub(crate) clock: Clock,
    pub(crate) stalls: Stalls,
    /// The process is running.
    pub(crate) up: bool,
    /// The machine has power.
    pub(crate) powered: bool,
    /// Counts the ends of processes.
    pub(crate) life: u16,
    /// The newest generation of each timer.
    pub(crate) generations: [u32; 2],
    /// The next disk operation shall fail.
    pub(crate) fails_next: bool,
    /// Why the last process ended in its start-up checks.
    pub(crate) refused: Option<ExitReason>,
}

impl Server {
    pub(crate) fn new(id: NodeId, config: Config, variant: Variant) -> Self {
        Self {
            node: Node::new(id, config, variant),
            disk: SimDisk::default(),
            clock: Clock::default(),
            stalls: Stalls::default(),
            up: false,
            powered: true,
            life: 0,
            generations: [0; 2],
            fails_next: false,
            refused: None,
        }
    }
}

/// The clock of a server, which may run faster or slower than the world's.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Clock {
    /// An instant of the world, and what this clock showed then.
    set_at: Micros,
    showed: Micros,
    per_mille: i16,
    until: Micros,
}

impl Clock {
    /// What the clock shows at this instant of the world.
    pub(crate) const fn read(&self, now: Micros) -> Micros {
        let passed = now.0 - self.set_at.0;
        Micros(self.showed.0 + passed * self.rate() / 1000)
    }

    /// How long the world takes until this clock has moved on by `span`.
    pub(crate) const fn world_span(&self, span: Micros) -> Micros {
        Micros((span.0 * 1000).div_ceil(self.rate()))
    }

    /// Changes the rate until some instant; an earlier deviation that lasts longer passes its end
    /// on to this one.
    pub(crate) fn skew(&mut self, now: Micros, per_mille: i16, until: Micros) {
        *self =
            Self { set_at: now, showed: self.read(now), per_mille, until: until.max(self.until) };
    }

    /// Runs at the right rate again, from where it is.
    pub(crate) const fn heal(&mut self, now: Micros) {
        *self = Self { set_at: now, showed: self.read(now), per_mille: 0, until: now };
    }

    /// Ends a deviation whose time is over.
    pub(crate) const fn expire(&mut self, now: Micros) {
        if self.per_mille != 0 && self.until.0 <= now.0 {
            self.heal(now);
        }
    }

    /// Thousandths of a microsecond that this clock moves on in one of the world's.
    const fn rate(&self) -> u64 {
        (1000 + self.per_mille as i64) as u64
    }
}

/// Until when parts of a server are held back.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Stalls {
    node: Micros,
    disk: Micros,
    /// By [`StallTarget`].
    actors: [Micros; 4],
}

impl Stalls {
    pub(crate) fn stall_node(&mut self, until: Micros) {
        self.node = until.max(self.node);
    }

    pub(crate) fn stall_disk(&mut self, until: Micros) {
        self.disk = until.max(self.disk);
    }

    pub(crate) fn stall_actor(&mut self, actor: StallTarget, until: Micros) {
        let entry = &mut self.actors[actor as usize];
        *entry = until.max(*entry);
    }

    /// The process is gone, and with it what held it back.
    pub(crate) fn forget_process(&mut self) {
        *self = Self { disk: self.disk, ..Self::default() };
    }

    pub(crate) fn node(&self, now: Micros) -> bool {
        now < self.node
    }

    pub(crate) fn actor(&self, now: Micros, actor: Actor) -> bool {
        let target = match actor {
            Actor::Receiver => StallTarget::Receiver,
            Actor::LogWriter => StallTarget::LogWriter,
            Actor::Committer => StallTarget::Committer,
            Actor::Sender(_) => StallTarget::Senders,
        };
        now < self.node || now < self.actors[target as usize]
    }

    /// While the process pauses nothing is reported to it, and what is not reported counts as not
    /// durable: a crash mode decides.
    pub(crate) fn disk(&self, now: Micros) -> bool {
        now < self.node || now < self.disk
    }

    /// Whether packets wait at the door.
    pub(crate) fn door(&self, now: Micros) -> bool {
        self.actor(now, Actor::Receiver)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skewed_clock_never_jumps_and_keeps_what_it_gained() {
        let mut clock = Clock::default();
        clock.skew(Micros(1000), 500, Micros(3000));
        assert_eq!(clock.read(Micros(1000)), Micros(1000));
        assert_eq!(clock.read(Micros(3000)), Micros(4000));
        clock.expire(Micros(2000));
        assert_eq!(clock.read(Micros(3000)), Micros(4000), "not over yet");
        clock.expire(Micros(3000));
        assert_eq!(clock.read(Micros(5000)), Micros(6000));
    }

    #[test]
    fn a_span_of_a_clock_is_what_the_world_needs_for_it() {
        let mut clock = Clock::default();
        for rate in [-900, -333, 0, 7, 900] {
            clock.skew(Micros(0), rate, Micros(100_000));
            let span = clock.world_span(Micros(777));
            assert!(clock.read(span) >= Micros(777) && clock.read(span) <= Micros(779));
        }
    }

    #[test]
    fn the_death_of_a_process_leaves_only_the_stall_of_its_disk() {
        let mut stalls = Stalls::default();
        stalls.stall_node(Micros(9));
        stalls.stall_actor(StallTarget::Committer, Micros(9));
        stalls.stall_disk(Micros(9));
        stalls.forget_process();
        assert!(!stalls.node(Micros(1)) && !stalls.actor(Micros(1), Actor::Committer));
        assert!(stalls.disk(Micros(1)));
    }

    #[test]
    fn overlapping_stalls_end_with_the_later_one() {
        let mut stalls = Stalls::default();
        stalls.stall_node(Micros(9));
        stalls.stall_node(Micros(5));
        assert!(stalls.node(Micros(8)) && !stalls.node(Micros(9)));
    }
}
