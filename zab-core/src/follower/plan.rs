//! What the receiver still has to do before it reads its next packet, step by step.
//!
//! Between two steps that wait for the disk the process may die, or another thread may run. The
//! order of the steps at NEWLEADER is what ZooKeeper's releases differ in.

mod canonical;

use super::{Follower, Link, Phase, synchronization};
use crate::durable::Saving;
use crate::event::{Actor, ExitReason, File, Output};
use crate::ids::{Epoch, Lsn, Zxid};
use crate::message::Packet;
use crate::server::{Flow, GO_ON, Leave, OrLeave, Server};
use crate::txn::Replica;
use std::collections::VecDeque;
use std::ops::ControlFlow;

/// One step of the receiver.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
    /// Write `acceptedEpoch` and wait.
    WriteAcceptedEpoch(Epoch),
    /// Send ACKEPOCH; with no epoch the promise was made before and does not count again.
    AckEpoch { epoch: Epoch, current_epoch: Option<Epoch> },
    /// Cut the log.
    Truncate(Zxid),
    /// Wait until the log is flushed.
    FlushLog,
    /// Remove the snapshots after this zxid and wait.
    DropSnapshotsAfter(Zxid),
    /// Load memory from disk, and take this zxid for its last one.
    LoadMemory(Zxid),
    /// Replace memory by the leader's state.
    TakeState(Box<Replica>),
    /// Snapshot memory and wait.
    WriteSnapshot(Saving),
    /// Cut the log after this zxid, if it is longer, and wait.
    CutLogBehind(Zxid),
    /// Empty the log, if it does not belong to the newest snapshot, and wait.
    ClearDetachedLog,
    /// Write `currentEpoch` and wait.
    WriteCurrentEpoch(Epoch),
    /// Append the batch on this thread, and wait for one flush.
    AppendBatch,
    /// Queue the batch for the log writer.
    QueueBatch,
    /// Let other threads run.
    Yield,
    /// Read a large tree: the turn of the loader.
    Load,
    /// Wait until the log writer has flushed all it was given.
    AwaitLogWriter,
    /// Apply the committed part of the batch to memory.
    DeliverBatch,
    /// Acknowledge NEWLEADER.
    AckNewLeader(Epoch),
}

/// What the receiver waits for.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
enum Until {
    Disk(File, Lsn),
    LogWriter,
    Turn(Actor),
}

/// The steps ahead, and what the next one waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Plan {
    steps: VecDeque<Step>,
    until: Option<Until>,
}

impl Plan {
    /// Whether the receiver is free to read.
    pub(super) fn is_empty(&self) -> bool {
        self.until.is_none() && self.steps.is_empty()
    }

    /// Adds a step.
    pub(super) fn then(&mut self, step: Step) {
        self.steps.push_back(step);
    }

    /// Ends a wait for the receiver's turn, if it is that what it waits for.
    pub(super) fn take_turn(&mut self, actor: Actor) -> bool {
        let waited = self.until == Some(Until::Turn(actor));
        if waited {
            self.until = None;
        }
        waited
    }

    /// Whether the next step has to wait.
    pub(super) fn is_blocked(&self, server: &Server) -> bool {
        match self.until {
            None => false,
            Some(Until::Disk(file, lsn)) => !server.durable.is_done(file, lsn),
            Some(Until::LogWriter) => !server.writer.is_idle(),
            Some(Until::Turn(_)) => true,
        }
    }
}

impl Follower {
    /// Takes steps until the plan is done or the next one has to wait.
    pub(super) fn work(&mut self, server: &mut Server) -> Flow {
        while !self.plan.is_blocked(server) {
            self.plan.until = None;
            let Some(step) = self.plan.steps.pop_front() else {
                return GO_ON;
            };
            self.plan.until = self.take(server, step)?;
        }
        GO_ON
    }

    /// Takes a step, and says what the next one waits for.
    fn take(&mut self, server: &mut Server, step: Step) -> ControlFlow<Leave, Option<Until>> {
        let log = |lsn| Until::Disk(File::Log, lsn);
        let snapshot = |lsn| Until::Disk(File::Snapshot, lsn);
        let Server { durable, out, .. } = server;
        let mut until = None;
        match step {
            Step::WriteAcceptedEpoch(epoch) => {
                let lsn = durable.write_accepted_epoch(epoch, out);
                until = Some(Until::Disk(File::AcceptedEpoch, lsn));
            }
            Step::WriteCurrentEpoch(epoch) => {
                let lsn = server.write_current_epoch(epoch);
                until = Some(Until::Disk(File::CurrentEpoch, lsn));
            }
            Step::AckEpoch { epoch, current_epoch } => self.ack_epoch(server, epoch, current_epoch),
            Step::Truncate(zxid) => server.truncate_to(zxid),
            Step::FlushLog => until = Some(log(server.flush())),
            Step::CutLogBehind(zxid) => until = server.cut_log_behind(zxid).map(log),
            Step::ClearDetachedLog => until = server.clear_detached_log().map(log),
            Step::DropSnapshotsAfter(zxid) => {
                until = server.drop_snapshots_after(zxid).map(snapshot);
            }
            Step::LoadMemory(zxid) => {
                // The process lives on, and fails to load the same log at each election
                // (`QuorumPeer.getLastLoggedZxid`): as good as ended.
                server.load_memory().or_leave(Leave::Exit(ExitReason::HoleInLog))?;
                server.memory.replica.last_processed = zxid;
            }
            Step::TakeState(replica) => synchronization::take_state(server, *replica),
            Step::WriteSnapshot(saving) => until = Some(snapshot(server.write_snapshot(saving))),
            Step::AppendBatch => until = self.append_batch(server).map(log),
            Step::QueueBatch => self.queue_batch(server),
            Step::DeliverBatch => self.deliver_batch(server)?,
            Step::Yield => until = Some(wait_for_turn(server, Actor::Receiver)),
            Step::Load => until = Some(wait_for_turn(server, Actor::Loader)),
            Step::AwaitLogWriter => until = Some(Until::LogWriter),
            Step::AckNewLeader(epoch) => self.ack_new_leader(server, epoch),
        }
        ControlFlow::Continue(until)
    }

    fn ack_epoch(&mut self, server: &mut Server, epoch: Epoch, current_epoch: Option<Epoch>) {
        let Link::Up(conn) = self.link else { return };
        let last = server.memory.last_zxid();
        let current_epoch = current_epoch.filter(|_| !server.is_blank);
        // Only an acknowledgement that does not count may say less than the truth.
        let wants_state = current_epoch.is_none() && server.needs_snapshot;
        let last_zxid = if wants_state { Zxid::ZERO } else { last };
        server.send(conn, Packet::AckEpoch { current_epoch, last_zxid });
        self.phase = Phase::Synchronization(synchronization::Synchronization::new(epoch));
        self.last_queued = last;
    }
}

fn wait_for_turn(server: &mut Server, actor: Actor) -> Until {
    server.out.push(Output::Ready(actor));
    Until::Turn(actor)
}
