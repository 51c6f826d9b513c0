//! The way from a role back to leader election, in process (`ZooKeeperServer.shutdown`).
//!
//! What happens to memory and to the log writer here is the difference between half a dozen
//! releases: see [`Shutdown`].

use crate::event::{ExitReason, SyncMode};
use crate::message::ServerState;
use crate::server::{Flow, GO_ON, Leave, OrLeave, Server};
use crate::variant::Shutdown;
use std::ops::ControlFlow;

/// How far the role had come.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Left {
    /// The server had started to serve, or an exception in its log writer had put it into state ERROR
    /// (`ZooKeeperServerListenerImpl.notifyStopping`); until then its state is INITIAL and
    /// `canShutdown()` is false.
    pub(crate) started: bool,
    /// It led: the log writer is the end of a leader's chain of request processors, which every
    /// release stops (`ProposalRequestProcessor.shutdown`).
    pub(crate) led: bool,
    /// A synchronization in this mode broke off.
    pub(crate) aborted: Option<SyncMode>,
}

/// What a hole ends when memory is made ready for an election: `ZooKeeperServer.shutdown` throws, and
/// the main thread ends (`QuorumPeer.run`).
const HOLE: Leave = Leave::Exit(ExitReason::HoleInLog);

/// Waiting until the server may look for a leader. Epoch files are always waited for: the main
/// thread writes them itself. For a log writer that stands in the disk it waits without a limit
/// (`SyncRequestProcessor.shutdown` joins its thread).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Stopping {
    /// What the server still says of itself to those who look for a leader: its state changes when
    /// the role is shut down (`QuorumPeer.run`, `updateServerState`). A process that has just started
    /// says nothing yet.
    told: Option<ServerState>,
    await_writer: bool,
    then: Then,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
enum Then {
    Keep,
    FastForward,
    Reload,
}

impl Stopping {
    /// The process has just started and loaded its memory: only what recovery asked of the disk
    /// has to be done.
    pub(crate) const fn after_start() -> Self {
        Self { told: None, await_writer: true, then: Then::Keep }
    }

    /// A role has ended.
    pub(crate) fn after_role(server: &mut Server, left: Left) -> ControlFlow<Leave, Self> {
        let Left { started, led, .. } = left;
        let (await_writer, then) = match server.variant.shutdown {
            Shutdown::Retain => (true, Then::Keep),
            Shutdown::DrainThenReload => (true, Then::Reload),
            _ if led && started => (true, Then::FastForward),
            Shutdown::FastForwardThenDrain => {
                fast_forward_if(server, started)?;
                (true, Then::Keep)
            }
            Shutdown::Leak | Shutdown::LeakUntilFlush => {
                fast_forward_if(server, started)?;
                (false, Then::Keep)
            }
            Shutdown::DrainThenFastForward if started => (true, Then::FastForward),
            Shutdown::DrainThenFastForward => (false, Then::Keep),
        };
        let then = match left.aborted {
            Some(SyncMode::Snap) if !server.variant.aborted_snap_keeps_memory => Then::Reload,
            Some(SyncMode::Trunc) if !server.variant.aborted_trunc_keeps_memory => Then::Reload,
            _ => then,
        };
        if !await_writer {
            server.leak_writer();
        }
        let told = Some(if led { ServerState::Leading } else { ServerState::Following });
        ControlFlow::Continue(Self { told, await_writer, then })
    }

    /// What the server still says that it is.
    pub(crate) const fn told(&self) -> Option<ServerState> {
        self.told
    }

    /// Whether the wait is over.
    pub(crate) fn is_over(&self, server: &Server) -> bool {
        let writer_is_done = server.writer.is_idle() && server.durable.is_idle();
        server.durable.are_epochs_written() && (writer_is_done || !self.await_writer)
    }

    /// The wait is over: memory becomes what the election is to see.
    pub(crate) fn finish(&self, server: &mut Server) -> Flow {
        match self.then {
            Then::Keep => GO_ON,
            Then::FastForward => server.fast_forward().or_leave(HOLE),
            Then::Reload => server.load_memory().or_leave(HOLE),
        }
    }

    /// What a process found is durable: only now may it empty a log that does not go on from the snapshot,
    /// which is then all that the server has. Whether there is such a log, and it takes another wait.
    pub(crate) fn clears_log(&self, server: &mut Server) -> bool {
        self.told.is_none() && server.clear_detached_log().is_some()
    }
}

fn fast_forward_if(server: &mut Server, started: bool) -> Flow {
    if started { server.fast_forward().or_leave(HOLE) } else { GO_ON }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invariants::samples::looking;
    use crate::variant::Variant;

    #[test]
    fn a_release_forgets_what_a_broken_synchronization_left_in_memory_unless_it_has_the_defect() {
        let release = Variant { shutdown: Shutdown::DrainThenFastForward, ..Variant::REFERENCE };
        let keeps_snap = Variant { aborted_snap_keeps_memory: true, ..release };
        let keeps_trunc = Variant { aborted_trunc_keeps_memory: true, ..release };
        let table = [
            (release, None, Then::Keep),
            (release, Some(SyncMode::Diff), Then::Keep),
            (release, Some(SyncMode::Snap), Then::Reload),
            (release, Some(SyncMode::Trunc), Then::Reload),
            (keeps_snap, Some(SyncMode::Snap), Then::Keep),
            (keeps_snap, Some(SyncMode::Trunc), Then::Reload),
            (keeps_trunc, Some(SyncMode::Trunc), Then::Keep),
            (keeps_trunc, Some(SyncMode::Snap), Then::Reload),
        ];
        for (variant, aborted, then) in table {
            let mut node = looking();
            node.server().variant = variant;
            let left = Left { started: false, led: false, aborted };
            let stopping = Stopping::after_role(node.server(), left);
            let told = Some(ServerState::Following);
            let expected = ControlFlow::Continue(Stopping { told, await_writer: false, then });
            assert_eq!(stopping, expected, "{aborted:?}");
        }
    }

    #[test]
    fn a_leader_that_has_served_takes_what_it_has_logged_into_memory() {
        let mut node = looking();
        for shutdown in [Shutdown::DrainThenFastForward, Shutdown::Leak] {
            node.server().variant.shutdown = shutdown;
            let left = Left { started: true, led: true, aborted: None };
            let stopping = Stopping::after_role(node.server(), left);
            let told = Some(ServerState::Leading);
            let expected = Stopping { told, await_writer: true, then: Then::FastForward };
            assert_eq!(stopping, ControlFlow::Continue(expected), "{shutdown:?}");
        }
    }
}
