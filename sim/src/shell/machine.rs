//! What lies under a server process: clock, disk, scheduler, and whoever watches.

use super::agenda::Agenda;
use super::event::Event;
use std::future::Future;
use std::io;
use std::time::Duration;
use tokio::sync::mpsc;
use zab_checker::Fact;
use zab_core::{Actor, DiskOp, File, Lsn, Micros, Node, Recovered};

/// The machine of one process. A simulated one has faults; a real one leaves most of this as it
/// is.
pub trait Machine: Clone + 'static {
    /// Starts a process: what it finds on its disk. `inbox` is for what happens to it later.
    fn start(&self, inbox: mpsc::Sender<Event>) -> io::Result<Recovered>;

    /// The time that the agenda runs by.
    fn now(&self) -> Micros;

    /// How long the runtime takes for a span of that time.
    fn duration(&self, span: Micros) -> Duration;

    /// What the server's own clock shows.
    fn clock(&self) -> Micros {
        self.now()
    }

    /// How long the agenda takes for a span of the server's own clock.
    fn span(&self, span: Micros) -> Micros {
        span
    }

    /// How long an actor waits for its turn.
    fn turn(&self, actor: Actor) -> Micros {
        let _ = actor;
        Micros(0)
    }

    /// Asks the disk for an operation. The disk reports through the inbox or the agenda.
    fn ask(&self, lsn: Lsn, op: DiskOp, agenda: &mut Agenda);

    /// A completion is about to be reported: false if it is of no account any more.
    fn complete(&self, file: File, lsn: Lsn) -> bool {
        let _ = (file, lsn);
        true
    }

    /// The oldest operation under way fails, or else the next one.
    fn fail(&self) -> Option<(File, Lsn)> {
        None
    }

    /// Whether the process makes no progress at all.
    fn is_paused(&self) -> bool {
        false
    }

    /// Whether something holds this event back.
    fn withholds(&self, event: &Event) -> bool {
        let _ = event;
        false
    }

    /// Completes when what was held back has to be looked at again.
    fn nudged(&self) -> impl Future<Output = ()> {
        std::future::pending()
    }

    /// Something happened that can be observed.
    fn observe(&self, fact: Fact) {
        let _ = fact;
    }

    /// The owner has done all that there was to do, after so many inputs, until then.
    fn rested(&self, node: &Node, inputs: u64, next_at: Option<Micros>) {
        let _ = (node, inputs, next_at);
    }
}
