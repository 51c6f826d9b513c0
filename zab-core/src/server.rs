//! What a server is apart from its role: files, memory, actors, clients, and the way out.
//!
//! Handlers of all roles get a `&mut Server`, change it, and put what they ask of the world into
//! its outputs.

mod canonical;
mod files;
mod headless;
pub(crate) mod invariants;

use crate::committer::{Committer, Work};
use crate::config::Config;
use crate::connections::Connections;
use crate::durable::Durable;
use crate::event::{Breach, ExitReason, Note, Output, Recovered, Timer};
use crate::ids::{ConnId, Epoch, NodeId, RequestId, Zxid};
use crate::log_writer::{AckTo, LogWriter};
use crate::memory::{Hole, Memory};
use crate::message::{Notification, Packet, ServerState, Vote};
use crate::time::{Span, Time};
use crate::txn::{Change, Key, Outcome, Txn};
use crate::variant::{ProposalCheck, Release, Releases, Variant};
use std::ops::ControlFlow;

/// Whether a role continues after an event.
pub(crate) type Flow = ControlFlow<Leave>;

/// The role continues.
pub(crate) const GO_ON: Flow = ControlFlow::Continue(());

/// Why a role ends.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Leave {
    /// Back to leader election, in process.
    StepDown,
    /// The process ends.
    Exit(ExitReason),
    /// The election is decided.
    Elected(Vote),
}

/// What the end of a replay means for the role.
pub(crate) trait OrLeave {
    /// Continues if nothing is missing.
    fn or_leave(self, leave: Leave) -> Flow;
}

impl OrLeave for Result<(), Hole> {
    fn or_leave(self, leave: Leave) -> Flow {
        match self {
            Ok(()) => GO_ON,
            Err(Hole) => ControlFlow::Break(leave),
        }
    }
}

/// Where a proposal arrives.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// As the first one of a synchronization.
    FirstOfSynchronization,
    /// As a later one of a synchronization.
    InSynchronization,
    /// After UPTODATE.
    InBroadcast,
}

/// The role ends with a step-down.
pub(crate) const STEP_DOWN: Flow = ControlFlow::Break(Leave::StepDown);

/// Everything of a server that outlives a role.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Server {
    pub(crate) id: NodeId,
    pub(crate) config: Config,
    pub(crate) variant: Variant,
    /// What the servers of the ensemble may run: earlier processes on this disk, and its peers.
    pub(crate) releases: Releases,
    /// The server's clock at the event in hand.
    pub(crate) now: Time,
    pub(crate) durable: Durable,
    pub(crate) memory: Memory,
    pub(crate) writer: LogWriter,
    /// The one of an earlier role, if it has anything left to do.
    pub(crate) leaked_writer: LogWriter,
    pub(crate) committer: Committer,
    /// FLE's `logicalclock`; starts at 0 with the process.
    pub(crate) round: u32,
    /// The vote told to servers that still look for a leader (`currentVote`).
    pub(crate) vote: Vote,
    /// The leader of the last promised epoch wants this history cut where it cannot be cut: ask it
    /// for the whole state.
    pub(crate) needs_snapshot: bool,
    /// The greatest epoch that a learner had promised to others when this server, as a leader, made
    /// room for it.
    pub(crate) heard_epoch: Epoch,
    /// The disk is blank, and nobody has been acknowledged since: this server has no vote.
    pub(crate) is_blank: bool,
    /// Whether clients are served.
    pub(crate) serving: bool,
    /// Writes and `sync`s of own clients that wait for an answer.
    requests: Vec<RequestId>,
    /// Own clients whose sessions are tracked.
    pub(crate) connections: Connections,
    generations: [u32; 2],
    /// Outputs of the step in hand.
    pub(crate) out: Vec<Output>,
}

impl Server {
    pub(crate) fn new(id: NodeId, config: Config, what: (&Releases, Release)) -> Self {
        let (releases, release) = what;
        Self {
            id,
            config,
            variant: releases.of(release),
            releases: *releases,
            now: Time::default(),
            durable: Durable::default(),
            memory: Memory::new(crate::Replica::default(), config.committed_log_max),
            writer: LogWriter::default(),
            leaked_writer: LogWriter::default(),
            committer: Committer::default(),
            round: 0,
            vote: Vote { leader: id, zxid: Zxid::ZERO, peer_epoch: Epoch::default() },
            needs_snapshot: false,
            heard_epoch: Epoch::default(),
            is_blank: false,
            serving: false,
            requests: Vec::new(),
            connections: Connections::default(),
            generations: [0; 2],
            out: Vec::new(),
        }
    }

    /// The process starts: start-up checks of `QuorumPeer.loadDataBase`.
    pub(crate) fn recover(&mut self, recovered: Recovered) -> Flow {
        self.is_blank = recovered.is_blank && !self.variant.trusts_blank_disk;
        // The empty snapshot of the first start is not there.
        let lacks_first = recovered.is_recreated || recovered.is_purged;
        let headless = recovered.headless.clone();
        self.durable = Durable::recover(recovered, self.variant.folders());
        if lacks_first {
            self.need_snapshot()?;
        }
        self.open_headless(&headless)?;
        let last = self.durable.last_zxid();
        if self.variant.refuses_epoch_gap && last.epoch > self.durable.current_epoch {
            return ControlFlow::Break(Leave::Exit(ExitReason::EpochBehindLog));
        }
        if self.durable.accepted_epoch < self.durable.current_epoch {
            return ControlFlow::Break(Leave::Exit(ExitReason::AcceptedBelowCurrent));
        }
        // What an earlier process wrote and nobody flushed would count in votes and acknowledgements.
        if !self.variant.unflushed_start {
            self.durable.flush_recovered(&mut self.out);
        }
        if self.has_detached_log() {
            // It is emptied before this server votes.
            self.load_snapshot();
            self.note_memory_replaced();
            return GO_ON;
        }
        self.load_memory().or_leave(Leave::Exit(ExitReason::HoleInLog))
    }

    /// A disk without a snapshot is a new one, and gets one of the initial state, or something is missing
    /// (`FileTxnSnapLog.restore`: "No snapshot found, but there are log entries. Something is broken!").
    /// One that a server is not to trust gets none.
    fn need_snapshot(&mut self) -> Flow {
        if !self.variant.needs_first_snapshot || self.durable.has_snapshot() {
            return GO_ON;
        }
        if !self.durable.log().is_empty() {
            return ControlFlow::Break(Leave::Exit(ExitReason::NoSnapshot));
        }
        if self.variant.trusts_blank_disk {
            let saving = self.variant.saving(false);
            self.durable.write_snapshot(crate::Replica::default(), saving, &mut self.out);
        }
        GO_ON
    }

    /// Loads memory from the newest snapshot and the log after it (`ZKDatabase.loadDataBase`). Every
    /// logged transaction counts, committed or not.
    pub(crate) fn load_memory(&mut self) -> Result<(), Hole> {
        self.load_snapshot();
        self.fast_forward()
    }

    fn load_snapshot(&mut self) {
        self.memory = Memory::new(self.durable.snapshot(), self.config.committed_log_max);
    }

    /// Replays what the log holds after the last zxid of memory (`ZKDatabase.fastForwardDataBase`).
    pub(crate) fn fast_forward(&mut self) -> Result<(), Hole> {
        let Self { durable, memory, variant, .. } = self;
        let missing = durable.log_after(memory.last_zxid());
        let replayed = memory.replay(missing, variant.refuses_holes);
        self.note_memory_replaced();
        replayed
    }

    pub(crate) fn note_memory_replaced(&mut self) {
        let replica = &self.memory.replica;
        let (last_zxid, digest) = (replica.last_processed, replica.digest);
        self.note(Note::MemoryReplaced { last_zxid, digest });
    }

    pub(crate) fn note(&mut self, note: Note) {
        self.out.push(Output::Note(note));
    }

    pub(crate) fn breach(&mut self, breach: Breach, zxid: Zxid) {
        self.note(Note::Breached { breach, zxid });
    }

    pub(crate) fn send(&mut self, conn: ConnId, packet: Packet) {
        self.out.push(Output::Send { conn, packet });
    }

    pub(crate) fn notify(&mut self, to: NodeId, vote: Vote, state: ServerState) {
        let notification = Notification { vote, round: self.round, state };
        self.out.push(Output::Notify { to, notification });
    }

    /// (Re)sets a timer.
    pub(crate) fn set_timer(&mut self, timer: Timer, after: Span) {
        let generation = &mut self.generations[timer as usize];
        *generation += 1;
        self.out.push(Output::SetTimer { timer, generation: *generation, after });
    }

    /// Whether a timer that ran out is the one set last.
    pub(crate) fn is_current(&self, timer: Timer, generation: u32) -> bool {
        self.generations[timer as usize] == generation
    }

    /// The span of this many ticks.
    pub(crate) const fn ticks(&self, ticks: u32) -> Span {
        Span(self.config.tick.0 * ticks as u64)
    }

    /// Half a tick, the interval of pings and time-outs.
    pub(crate) const fn half_tick(&self) -> Span {
        Span(self.config.tick.0 / 2)
    }

    /// Hands a transaction to the log writer.
    pub(crate) fn log(&mut self, txn: Txn, ack: AckTo) {
        self.writer.enqueue(txn, ack, &mut self.out);
    }

    /// The role ends, and nobody tells its log writer.
    pub(crate) fn leak_writer(&mut self) {
        if self.writer.is_idle() {
            return;
        }
        self.note(Note::LeakedLogWriter { queued: self.writer.queued() });
        let Self { writer, leaked_writer, out, .. } = self;
        *writer = std::mem::take(writer).leak(leaked_writer, out);
    }

    /// Whether a log writer flushes the log, and holds the file with it (`FileTxnLog.commit`).
    pub(crate) const fn is_log_busy(&self) -> bool {
        self.writer.is_flushing() || self.leaked_writer.is_flushing()
    }

    /// Hands work to the committer.
    pub(crate) fn commit(&mut self, work: Work) {
        self.committer.enqueue(work, &mut self.out);
    }

    /// Applies a transaction to memory. One that leaves a hole ends the role, where that is refused.
    pub(crate) fn deliver(&mut self, txn: &Txn) -> Flow {
        let delivered = self.memory.deliver(txn, self.variant.refuses_holes);
        self.out.push(Output::Delivered(*txn));
        delivered.or_leave(Leave::StepDown)
    }

    /// Applies a transaction of the synchronization to memory (`processTxn`).
    pub(crate) fn deliver_synchronized(&mut self, txn: &Txn) -> Flow {
        if !self.variant.committed_log_skips_sync {
            return self.deliver(txn);
        }
        self.memory.replica.apply(txn);
        self.out.push(Output::Delivered(*txn));
        GO_ON
    }

    /// Whether a proposal may follow `last`, the last one known; if not, that is a breach, and in
    /// most variants of the synchronization the end.
    pub(crate) fn check_follows(&mut self, last: Zxid, zxid: Zxid, place: Place) -> Flow {
        if zxid == last.next() || (zxid.epoch > last.epoch && zxid.counter == 1) {
            return GO_ON;
        }
        self.breach(Breach::BadProposal, zxid);
        let ends = match self.variant.proposal_check {
            ProposalCheck::Never => false,
            ProposalCheck::AfterFirst => {
                place == Place::InSynchronization && zxid.epoch <= last.epoch
            }
            ProposalCheck::Always => true,
        };
        if ends { STEP_DOWN } else { GO_ON }
    }

    /// Takes a request of an own client that waits for the committer.
    pub(crate) fn await_answer(&mut self, request: RequestId) {
        self.requests.push(request);
    }

    /// Applies a committed transaction, and answers the client if it is one of ours.
    pub(crate) fn apply_committed(&mut self, txn: &Txn) -> Flow {
        self.deliver(txn)?;
        let session = txn.request.session;
        match txn.change {
            Change::CloseSession { .. } => self.connections.close(session),
            // Every learner does so, whoever has the client (`LearnerSessionTracker.commitSession`).
            Change::CreateSession => self.connections.touch(session),
            _ => {}
        }
        if self.takes_answer(txn.request) {
            let zxid = txn.zxid;
            let outcome = match txn.change {
                Change::Set { version, .. } => Outcome::Written { zxid, version },
                Change::Rejected => Outcome::BadVersion { zxid },
                Change::CreateSession => {
                    self.connections.connect(session);
                    Outcome::Connected { opened: Some(zxid) }
                }
                Change::CreateNode { number } => Outcome::Named { zxid, number },
                Change::Refused(error) => Outcome::Failed { zxid, error },
                // Nobody asks for it.
                Change::CloseSession { .. } => return GO_ON,
            };
            self.reply(txn.request, outcome);
        }
        GO_ON
    }

    /// Whether a client of ours waits for this answer. It does not any longer.
    fn takes_answer(&mut self, request: RequestId) -> bool {
        let at = self.requests.iter().position(|r| *r == request);
        at.map(|at| self.requests.swap_remove(at)).is_some()
    }

    /// Answers a read from memory.
    pub(crate) fn answer_read(&mut self, request: RequestId, key: Key) {
        let replica = &self.memory.replica;
        let register = replica.registers[key.index()];
        let outcome = Outcome::Value {
            value: register.value,
            version: register.version,
            position: replica.last_processed,
        };
        self.reply(request, outcome);
    }

    /// Tells a client of ours that its `sync` is complete.
    pub(crate) fn answer_sync(&mut self, request: RequestId) {
        if self.takes_answer(request) {
            self.reply(request, Outcome::Synced { position: self.memory.last_zxid() });
        }
    }

    /// Tells a client of ours whether its session goes on here (`Learner.revalidate`).
    pub(crate) fn answer_resume(&mut self, request: RequestId, is_valid: bool) {
        if !self.takes_answer(request) {
            return;
        }
        if is_valid {
            self.connections.connect(request.session);
            self.reply(request, Outcome::Connected { opened: None });
        } else {
            self.reply(request, Outcome::Expired);
        }
    }

    /// Answers from memory who waits for the lock.
    pub(crate) fn answer_children(&mut self, request: RequestId) {
        let replica = &self.memory.replica;
        let outcome = Outcome::Queue {
            own: replica.locks.own(request.session),
            first: replica.locks.nodes().next(),
            position: replica.last_processed,
        };
        self.reply(request, outcome);
    }

    pub(crate) fn reply(&mut self, request: RequestId, outcome: Outcome) {
        self.out.push(Output::Reply { request, outcome });
    }

    /// Stops serving: client connections are dropped, their requests are never answered.
    pub(crate) fn stop_serving(&mut self) {
        self.requests.clear();
        self.connections.clear();
        self.committer.clear();
        if self.serving {
            self.serving = false;
            self.out.push(Output::DropClients);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Replica;
    use crate::invariants::samples::{looking, txn};
    use crate::variant::ProposalCheck::{AfterFirst, Always, Never};

    #[test]
    fn which_gaps_between_proposals_end_a_role_depends_on_the_release() {
        let within = (Zxid::new(1, 1), Zxid::new(1, 3));
        let later = (Zxid::new(1, 1), Zxid::new(2, 2));
        let table = [
            (Never, within, Place::InSynchronization, false),
            (AfterFirst, within, Place::InSynchronization, true),
            (AfterFirst, later, Place::InSynchronization, false),
            (AfterFirst, within, Place::InBroadcast, false),
            (Always, later, Place::InBroadcast, true),
        ];
        for (check, (last, next), place, ends) in table {
            let mut node = looking();
            node.server().variant.proposal_check = check;
            let flow = node.server().check_follows(last, next, place);
            assert_eq!(flow.is_break(), ends, "{check:?} {next} after {last}");
        }
    }

    #[test]
    fn memory_is_the_newest_snapshot_and_the_log_after_it() {
        let log: Vec<_> = (1..=3).map(|counter| txn(1, counter)).collect();
        let after = |txns: &[Txn]| {
            let mut replica = Replica::default();
            txns.iter().for_each(|txn| replica.apply(txn));
            replica
        };
        for covered in 0..=3 {
            let (accepted_epoch, current_epoch) = (Epoch(1), Epoch(1));
            let (snapshot, log) = (after(&log[..covered]), log.clone());
            let found = Recovered {
                snapshots: vec![snapshot],
                log: log.clone(),
                accepted_epoch,
                current_epoch,
                ..Recovered::default()
            };
            let what = (&Variant::REFERENCE.into(), Release::Old);
            let mut server = Server::new(NodeId(0), Config::new(3), what);
            assert!(server.recover(found).is_continue());
            assert_eq!(server.memory.replica, after(&log), "the snapshot covers {covered}");
        }
    }
}
