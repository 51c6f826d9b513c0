//! What a server process runs on: clock, disk, scheduler, and whoever watches.
//!
//! This is what the shell asks of it, and no more. Behind it stands a folder and the clock of the
//! runtime ([`Directory`](super::directory::Directory)), or, in turmoil, a simulated machine
//! (`machine.rs`), which is the same as under the direct driver and where faults have their meaning.
//! What a driver does when a fault strikes is a matter of its `Backend`, and a process knows nothing
//! of that.

use super::agenda::Agenda;
use super::event::{Event, Inbox};
use crate::observe::reported;
use std::future::Future;
use std::io;
use std::time::Duration;
use zab_checker::Fact;
use zab_core::{
    Actor, DiskError, DiskOp, File, Input, Lsn, Node, NodeId, Purge, Recovered, RequestId, Span,
    Time,
};

/// What the owner of a node has come to.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Rest {
    /// How many inputs the node took since the last rest.
    pub inputs: u64,
    /// When the last one of all was.
    pub at: Time,
    /// When something falls due next.
    pub next_at: Option<Time>,
    /// When the first thing fell due that is held back.
    pub parked_at: Option<Time>,
}

/// What one process runs on. A simulation has faults; what is real leaves most of this as it is.
pub trait Platform: Clone + 'static {
    /// Starts a process: what it finds on its disk. `inbox` is for what happens to it later.
    fn start(&self, inbox: Inbox) -> io::Result<Recovered>;

    /// The time that the agenda runs by: what falls due by then happens.
    fn now(&self) -> Time;

    /// Before this instant everything has happened that will.
    fn since(&self) -> Time {
        self.now()
    }

    /// Whether the process only moves on when it is nudged.
    fn is_driven(&self) -> bool {
        false
    }

    /// How long the runtime takes for a span of that time.
    fn duration(&self, span: Span) -> Duration;

    /// What the server's own clock shows at this instant.
    fn clock(&self, at: Time) -> Time {
        at
    }

    /// How long the agenda takes for a span of the server's own clock.
    fn span(&self, span: Span) -> Span {
        span
    }

    /// How long an actor waits for its turn, from this instant on.
    fn turn(&self, at: Time, actor: Actor) -> Span {
        let _ = (at, actor);
        Span(0)
    }

    /// When a connection is made, or refused, that is asked for at this instant.
    fn reach(&self, at: Time, peer: NodeId) -> Time {
        let _ = (at, peer);
        Time(0)
    }

    /// A notification of leader election is sent at this instant; when does it count as sent?
    fn post(&self, at: Time, peer: NodeId) -> Time {
        let _ = peer;
        at
    }

    /// Asks the disk for an operation. The disk reports through the inbox or the agenda.
    fn ask(&self, lsn: Lsn, op: DiskOp, agenda: &mut Agenda);

    /// The disk is about to report that an operation went like this. What the server is told, if that
    /// is of any account.
    fn report(
        &self,
        at: Time,
        (file, lsn): (File, Lsn),
        result: Result<(), DiskError>,
    ) -> Option<Input> {
        let _ = at;
        Some(reported(file, lsn, result).1)
    }

    /// What somebody else has removed from the folders since the last step, the first of it.
    fn purged(&self) -> Option<Purge> {
        None
    }

    /// Whether the process makes no progress at all.
    fn is_paused(&self) -> bool {
        false
    }

    /// Whether something holds this event back at this instant.
    fn withholds(&self, at: Time, event: &Event) -> bool {
        let _ = (at, event);
        false
    }

    /// Whether the client that asked still waits for an answer. One that does not has closed its
    /// connection, and with it goes what was not read.
    fn is_awaited(&self, request: RequestId) -> bool {
        let _ = request;
        true
    }

    /// Whether the reset of a connection comes after votes of this peer that arrive at that instant
    /// as well: a process that starts sends them before its machine resets what the last one had.
    fn comes_after_votes(&self, peer: NodeId, at: Time) -> bool {
        let _ = (peer, at);
        false
    }

    /// The turn of a notification from this peer has come.
    fn opens(&self, from: NodeId) {
        let _ = from;
    }

    /// Whether what was held back has to be looked at again.
    fn resumes(&self) -> bool {
        false
    }

    /// Completes when a process that is driven shall move on.
    fn nudged(&self) -> impl Future<Output = ()> {
        std::future::pending()
    }

    /// Something happened at this instant that can be observed.
    fn observe(&self, at: Time, fact: Fact) {
        let _ = (at, fact);
    }

    /// The owner has done all that there was to do.
    fn rested(&self, node: &Node, rest: Rest) {
        let _ = (node, rest);
    }
}
