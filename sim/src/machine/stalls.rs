//! What is held back from a server, and until when.

use crate::schedule::StallTarget;
use zab_core::{Actor, Time};

/// Until when parts of a server are held back.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Stalls {
    process: Time,
    disk: Time,
    /// By [`StallTarget`].
    actors: [Time; 4],
    /// The log writer that an earlier role has left behind.
    leaked: Time,
}

impl Stalls {
    pub(crate) fn stall_process(&mut self, until: Time) {
        self.process = until.max(self.process);
    }

    pub(crate) fn stall_disk(&mut self, until: Time) {
        self.disk = until.max(self.disk);
    }

    pub(crate) fn stall_actor(&mut self, actor: StallTarget, until: Time) {
        let entry = &mut self.actors[actor as usize];
        *entry = until.max(*entry);
    }

    /// The thread that is the log writer outlives its role, and what holds it back stays with it: the
    /// next role's is another one.
    pub(crate) fn leak_log_writer(&mut self) {
        let writer = std::mem::take(&mut self.actors[StallTarget::LogWriter as usize]);
        self.leaked = writer.max(self.leaked);
    }

    /// The process is gone, and with it what held it back.
    pub(crate) fn forget_process(&mut self) {
        *self = Self { disk: self.disk, ..Self::default() };
    }

    pub(crate) fn process(&self, now: Time) -> bool {
        now < self.process
    }

    pub(crate) fn actor(&self, now: Time, actor: Actor) -> bool {
        let target = match actor {
            Actor::Receiver | Actor::Loader => StallTarget::Receiver,
            Actor::LogWriter => StallTarget::LogWriter,
            Actor::LeakedLogWriter => return now < self.process || now < self.leaked,
            Actor::Committer => StallTarget::Committer,
            Actor::Sender(_) => StallTarget::Senders,
        };
        now < self.process || now < self.actors[target as usize]
    }

    /// While the process pauses nothing is reported to it, and what is not reported counts as not
    /// durable: a crash mode decides.
    pub(crate) fn disk(&self, now: Time) -> bool {
        now < self.process || now < self.disk
    }

    /// Whether the disk does nothing, for whoever it is.
    pub(crate) fn disk_alone(&self, now: Time) -> bool {
        now < self.disk
    }

    /// Whether packets wait at the door.
    pub(crate) fn door(&self, now: Time) -> bool {
        self.actor(now, Actor::Receiver)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_death_of_a_process_leaves_only_the_stall_of_its_disk() {
        let mut stalls = Stalls::default();
        stalls.stall_process(Time(9));
        stalls.stall_actor(StallTarget::Committer, Time(9));
        stalls.stall_disk(Time(9));
        stalls.forget_process();
        assert!(!stalls.process(Time(1)) && !stalls.actor(Time(1), Actor::Committer));
        assert!(stalls.disk(Time(1)));
    }

    #[test]
    fn a_log_writer_that_outlives_its_role_takes_its_stall_along() {
        let mut stalls = Stalls::default();
        stalls.stall_actor(StallTarget::LogWriter, Time(9));
        stalls.leak_log_writer();
        assert!(stalls.actor(Time(8), Actor::LeakedLogWriter));
        assert!(!stalls.actor(Time(8), Actor::LogWriter), "the next one is free");
        stalls.stall_actor(StallTarget::LogWriter, Time(20));
        assert!(!stalls.actor(Time(10), Actor::LeakedLogWriter));
        assert!(stalls.actor(Time(10), Actor::LogWriter));
    }

    #[test]
    fn overlapping_stalls_end_with_the_later_one() {
        let mut stalls = Stalls::default();
        stalls.stall_process(Time(9));
        stalls.stall_process(Time(5));
        assert!(stalls.process(Time(8)) && !stalls.process(Time(9)));
    }
}
