//! The simulated machine of a server, the same under both drivers: power, process, disk, clock and
//! stalls, and what each way of ending a process does to them.
//!
//! What runs on it is a driver's affair: the direct driver keeps a node beside it, in turmoil it
//! lies under a shell, which knows it as a [`Platform`](crate::shell::Platform).

mod clock;
mod errors;
mod stalls;

pub(crate) use clock::Clock;
pub(crate) use errors::Trouble;
pub(crate) use stalls::Stalls;

use errors::Errors;

use crate::disk::{Broom, Need, SimDisk};
use crate::keyed::Delays;
use crate::schedule::{CrashMode, Directories, Files, StallTarget};
use zab_core::canonical::{Canonical, Sink};
use zab_core::event::ExitReason;
use zab_core::variant::Release;
use zab_core::{DiskError, DiskOp, File, Lsn, NodeId, Purge, Recovered, Span, Time};

/// How long a supervisor waits before it restarts a process that exited by itself.
pub(crate) const SUPERVISOR_DELAY: Span = Span::from_millis(50);

/// How a process is ended from outside.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Death {
    Killed,
    PowerLoss(CrashMode),
    /// The process is killed and its disk is created again, empty.
    Blanked,
}

/// A machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Machine {
    id: NodeId,
    disk: SimDisk,
    pub(crate) clock: Clock,
    pub(crate) stalls: Stalls,
    errors: Errors,
    /// What the next process runs.
    pub(crate) release: Release,
    /// A process is running.
    up: bool,
    powered: bool,
    /// Counts the ends of processes.
    life: u16,
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
            errors: Errors::default(),
            release: Release::default(),
            up: false,
            powered: true,
            life: 0,
            refused: None,
        }
    }

    /// From here on names are durable once this says so.
    pub(crate) const fn set_directories(&mut self, directories: Directories) {
        self.disk.set_directories(directories);
    }

    /// Whether a process is running.
    pub(crate) const fn is_up(&self) -> bool {
        self.up
    }

    /// Whether its disk is blank.
    pub(crate) const fn is_blank(&self) -> bool {
        self.disk.is_blank()
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

    /// The process asks the disk for an operation. After what time it is reported, if it is; at once
    /// if there is nothing to do, or it cannot be done at all.
    pub(crate) fn ask(&mut self, now: Time, lsn: Lsn, op: DiskOp, delays: Delays) -> Option<Span> {
        let (file, is_reported, is_shorter) = (op.file(), op.is_reported(), shortens(&op));
        self.disk.ask(lsn, op);
        if is_shorter {
            // Not at the instant at which it was asked for: first it is seen to be asked for.
            return self.refuses(now, file, lsn).then_some(Span(1));
        }
        let delay = match self.disk.has_nothing_to_do(file, lsn) {
            true => Span(0),
            false => delays.flush(self.id, self.life, lsn),
        };
        is_reported.then_some(delay)
    }

    /// The kernel writes back what earlier processes have left. False if that is nothing.
    pub(crate) fn write_back(&mut self) -> bool {
        self.disk.write_back()
    }

    /// An operator purges the disk, and what that removes. Without power nothing runs here; what a disk
    /// refuses to remove, or to flush before, stays, and while it does nothing it removes nothing.
    pub(crate) fn purge(&mut self, now: Time, broom: Broom) -> Option<Purge> {
        let mut purge = self.disk.purgeable(broom);
        if !self.powered || purge.is_empty() || self.stalls.disk_alone(now) {
            return None;
        }
        let flush = DiskOp::FlushRecovered(File::Snapshot);
        if purge.is_flushed && self.errors.strike(now, &flush, || Need::Nothing).is_some() {
            return None;
        }
        let Self { errors, .. } = self;
        let mut is_let = |op: DiskOp| errors.strike(now, &op, || Need::Nothing).is_none();
        purge.log_before = purge.log_before.filter(|first| is_let(DiskOp::PurgeLog(*first)));
        purge.snapshots_before =
            purge.snapshots_before.filter(|oldest| is_let(DiskOp::PurgeSnapshots(*oldest)));
        self.disk.purge(purge);
        (!purge.is_empty()).then_some(purge)
    }

    /// Whether this operation would fail now.
    fn refuses(&self, now: Time, file: File, lsn: Lsn) -> bool {
        let need = || self.disk.need(file, lsn);
        let op = self.disk.under_way(file, lsn);
        op.is_some_and(|op| { self.errors }.strike(now, op, need).is_some())
    }

    /// Whether the completion of an operation cannot be reported at this instant. What needs no disk
    /// does not wait for it.
    pub(crate) fn withholds_report(&self, now: Time, file: File, lsn: Lsn) -> bool {
        let needs_disk = || {
            let is_refused = self.disk.under_way(file, lsn).is_some_and(shortens);
            !is_refused && !self.disk.has_nothing_to_do(file, lsn)
        };
        self.stalls.process(now) || self.stalls.disk(now) && needs_disk()
    }

    /// The disk completes an operation, or fails to. None if there is nothing to report any more.
    pub(crate) fn complete(
        &mut self,
        now: Time,
        file: File,
        lsn: Lsn,
    ) -> Option<Result<(), DiskError>> {
        let op = self.disk.under_way(file, lsn)?;
        let error = match self.disk.has_nothing_to_do(file, lsn) {
            true => None,
            false => self.errors.strike(now, op, || self.disk.need(file, lsn)),
        };
        match error {
            // It is durable with the next flush.
            None if shortens(op) => None,
            None => self.disk.complete(file, lsn).then_some(Ok(())),
            Some(error) => self.disk.fail(file, lsn, error).then_some(Err(error)),
        }
    }

    /// Operations on these files fail until some instant, or once if that is now.
    pub(crate) fn fail(&mut self, trouble: Trouble, files: Files, now: Time, until: Time) {
        self.errors.begin(trouble, files, now, until);
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
            Death::Blanked => {
                self.disk = self.disk.blanked();
                (false, true)
            }
        };
        (self.up, self.powered) = (false, powered);
        self.life = self.life.wrapping_add(1);
        self.stalls.forget_process();
        is_torn
    }

    /// Holds the process back, if there is one.
    pub(crate) fn stall_process(&mut self, until: Time) -> bool {
        if self.up {
            self.stalls.stall_process(until);
        }
        self.up
    }

    /// Holds an actor of the process back, if there is one.
    pub(crate) fn stall_actor(&mut self, actor: StallTarget, until: Time) -> bool {
        if self.up {
            self.stalls.stall_actor(actor, until);
        }
        self.up
    }

    /// Ends the faults whose time is over and that do not end by themselves.
    pub(crate) const fn expire(&mut self, now: Time) {
        self.clock.expire(now);
    }

    /// Every fault of this machine that is in force ends.
    pub(crate) fn heal(&mut self, now: Time) {
        self.stalls = Stalls::default();
        self.clock.heal(now);
        self.errors = Errors::default();
    }

    /// The operations that the running process waits for, in order.
    pub(crate) fn awaited(&self) -> impl Iterator<Item = Lsn> {
        self.disk.awaited()
    }

    /// Whether this operation flushes what is durable already.
    pub(crate) fn has_nothing_to_do(&self, file: File, lsn: Lsn) -> bool {
        self.disk.has_nothing_to_do(file, lsn)
    }

    /// How many operations of one file, at most, a power loss may take.
    pub(crate) fn at_risk(&self) -> usize {
        self.disk.at_risk()
    }
}

impl Canonical for Machine {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        let Self { id: _, disk, clock: _, stalls, errors, up, powered, life: _, refused, release } =
            self;
        sink.plain(&(stalls, errors, up, powered, refused, release));
        disk.canonical(sink);
    }
}

/// Whether it only makes a file shorter, which is reported if it fails, and not else.
const fn shortens(op: &DiskOp) -> bool {
    matches!(op, DiskOp::Truncate(_) | DiskOp::EmptySnapshot(_))
}
