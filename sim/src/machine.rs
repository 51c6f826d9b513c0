//! The simulated machine of a server, the same under both drivers: power, process, disk, clock and
//! stalls, and what each way of ending a process does to them.
//!
//! What runs on it is a driver's affair: the direct driver keeps a node beside it, in turmoil it
//! lies under a shell, which knows it as a [`Platform`](crate::shell::Platform).

mod clock;
mod stalls;

pub(crate) use clock::Clock;
pub(crate) use stalls::Stalls;

use crate::disk::SimDisk;
use crate::keyed::Delays;
use crate::schedule::{CrashMode, StallTarget};
use zab_core::event::ExitReason;
use zab_core::{DiskOp, File, Lsn, Micros, NodeId, Recovered};

/// How long a supervisor waits before it restarts a process that exited by itself.
pub(crate) const SUPERVISOR_DELAY: Micros = Micros::from_millis(50);

/// How long a disk takes to report that it failed: less than any operation takes to succeed.
const FAILURE_DELAY: Micros = Micros(100);

/// How a process is ended from outside.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Death {
    Killed,
    PowerLoss(CrashMode),
}

/// After what time a disk reports on an operation that it was asked for; without delay if there is
/// nothing to do.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reports {
    pub(crate) failure: Option<Micros>,
    pub(crate) success: Option<Micros>,
}

/// A machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Machine {
    id: NodeId,
    disk: SimDisk,
    pub(crate) clock: Clock,
    pub(crate) stalls: Stalls,
    /// A process is running.
    up: bool,
    powered: bool,
    /// Counts the ends of processes.
    life: u16,
    /// The next disk operation fails.
    fails_next: bool,
    /// Why the last process ended in its start-up checks.
    refused: Option<ExitReason>,
}

impl Machine {
    /// A machine with an empty disk, on which no process has run.
    pub(crate) fn new(id: NodeId) -> Self {
        Self {
            id,
            disk: SimDisk::default(),
            clock: Clock::default(),
            stalls: Stalls::default(),
            up: false,
            powered: true,
            life: 0,
            fails_next: false,
            refused: None,
        }
    }

    /// Whether a process is running.
    pub(crate) const fn is_up(&self) -> bool {
        self.up
    }

    /// Whether it has power.
    pub(crate) const fn is_powered(&self) -> bool {
        self.powered
    }

    /// How many processes have ended here.
    pub(crate) const fn life(&self) -> u16 {
        self.life
    }

    /// Whether that process is still running.
    pub(crate) const fn is_alive(&self, life: u16) -> bool {
        self.up && self.life == life
    }

    /// Why the last process refused to start, if it did.
    pub(crate) const fn refused(&self) -> Option<ExitReason> {
        self.refused
    }

    /// A process starts, unless one is running.
    pub(crate) const fn start(&mut self) -> bool {
        if self.up {
            return false;
        }
        (self.up, self.powered, self.refused) = (true, true, None);
        true
    }

    /// What the process that starts finds on the disk.
    pub(crate) fn recover(&mut self) -> Recovered {
        self.disk.recover().expect("no action damages what is durable")
    }

    /// The process asks the disk for an operation.
    pub(crate) fn ask(&mut self, lsn: Lsn, op: DiskOp, delays: Delays) -> Reports {
        let (file, is_reported) = (op.file(), op.is_reported());
        self.disk.ask(lsn, op);
        let success = match self.disk.has_nothing_to_do(file, lsn) {
            true => Micros(0),
            false => delays.flush(self.id, self.life, lsn),
        };
        Reports {
            failure: std::mem::take(&mut self.fails_next).then_some(FAILURE_DELAY),
            success: is_reported.then_some(success),
        }
    }

    /// The kernel writes back what earlier processes have left. False if that is nothing.
    pub(crate) fn write_back(&mut self) -> bool {
        self.disk.write_back()
    }

    /// Whether the completion of an operation cannot be reported at this instant. What needs no disk
    /// does not wait for it.
    pub(crate) fn withholds_report(&self, now: Micros, file: File, lsn: Lsn) -> bool {
        let is_stalled = self.stalls.disk(now) && !self.disk.has_nothing_to_do(file, lsn);
        self.stalls.process(now) || is_stalled
    }

    /// The disk completes an operation. False if there is nothing to report any more.
    pub(crate) fn complete(&mut self, file: File, upto: Lsn) -> bool {
        self.disk.complete(file, upto)
    }

    /// The oldest disk operation under way fails, or else the next one will.
    pub(crate) fn fail(&mut self) -> Option<(File, Lsn)> {
        let failed = self.disk.fail_oldest();
        self.fails_next = self.fails_next || failed.is_none();
        failed
    }

    /// The process exits by itself.
    pub(crate) fn exit(&mut self, reason: ExitReason) {
        self.refused = Some(reason).filter(|reason| reason.is_refusal());
        self.end(Death::Killed);
    }

    /// The process is ended from outside. True if that tore a record of the log.
    pub(crate) fn end(&mut self, death: Death) -> bool {
        let (is_torn, powered) = match death {
            Death::Killed => {
                self.disk.lose_process();
                (false, true)
            }
            Death::PowerLoss(mode) => (self.disk.lose_power(mode), false),
        };
        (self.up, self.powered) = (false, powered);
        self.life = self.life.wrapping_add(1);
        self.stalls.forget_process();
        is_torn
    }

    /// Holds the process back, if there is one.
    pub(crate) fn stall_process(&mut self, until: Micros) -> bool {
        if self.up {
            self.stalls.stall_process(until);
        }
        self.up
    }

    /// Holds an actor of the process back, if there is one.
    pub(crate) fn stall_actor(&mut self, actor: StallTarget, until: Micros) -> bool {
        if self.up {
            self.stalls.stall_actor(actor, until);
        }
        self.up
    }

    /// Ends the faults whose time is over and that do not end by themselves.
    pub(crate) const fn expire(&mut self, now: Micros) {
        self.clock.expire(now);
    }

    /// Every fault of this machine that is in force ends.
    pub(crate) fn heal(&mut self, now: Micros) {
        self.stalls = Stalls::default();
        self.clock.heal(now);
        self.fails_next = false;
    }
}
