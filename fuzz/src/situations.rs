//! Situations in which Zab is known to be delicate, and whether an execution got into them.
//!
//! A search that finds nothing says something only if it has been where something could be found.
//! So each campaign counts the executions that reached each of these, `tests/vacuity.rs` holds
//! floors for them, and a hunt that comes back empty shows the counts.

use std::collections::BTreeMap;
use zab_checker::{Event, Fact};
use zab_core::event::{ExitReason, Note, SyncMode};
use zab_core::{DiskError, DiskOp, Epoch, File, Lsn, NodeId, Op, Outcome, Packet, RequestId, Zxid};
use zab_sim::schedule::CLIENTS;

/// One of the situations.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Situation {
    /// A learner is brought up to date with DIFF.
    Diff,
    /// A learner has more than its leader: TRUNC.
    Trunc,
    /// A learner gets the whole state: SNAP.
    Snap,
    /// A learner's process ends between SNAP and UPTODATE.
    InterruptedSnap,
    /// A learner's process ends between TRUNC and UPTODATE.
    InterruptedTrunc,
    /// A learner's process ends between NEWLEADER and UPTODATE: the window of ZOOKEEPER-4646.
    CrashAtNewLeader,
    /// A learner acknowledges while later proposals are on their way to its disk.
    AckWhileProposing,
    /// A server leaves its role in process, with a log that is not on its disk yet.
    StepDownWhileLogging,
    /// A server with a smaller id wins the election by its longer log.
    LongerLogWins,
    /// A leader's process ends with proposals that are not committed.
    LeaderDiesProposing,
    /// A leader is established while an older one still takes itself for the leader.
    TwoLeaders,
    /// A quorum promised an epoch that was never established before the next one was promised.
    EpochWasted,
    /// A power loss takes records that were on their way to the disk.
    RecordsLost,
    /// A power loss tears a record.
    TornRecord,
    /// A disk is created again, empty.
    BlankDisk,
    /// A server exits because of its disk.
    DiskFailure,
    /// A flush of the log fails.
    LogFlushFails,
    /// A write to the log fails.
    LogWriteFails,
    /// The log fails while a proposal waits behind what is being flushed.
    QueuedBehindFailure,
    /// An epoch that a quorum is about to promise cannot be written down by its leader.
    LeaderCannotPromise,
    /// A follower cannot write down an epoch.
    FollowerCannotPromise,
    /// A snapshot is written while serving.
    SnapshotWhileServing,
    /// A log is cut below a snapshot that stands beside an older one.
    TruncBelowSnapshot,
    /// A leader carries out a client's write.
    WriteAtLeader,
    /// A follower has a client's write carried out.
    WriteAtFollower,
    /// A leader decides a conditional write.
    WriteIfAtLeader,
    /// A follower has a conditional write decided.
    WriteIfAtFollower,
    /// A leader answers a read.
    ReadAtLeader,
    /// A follower answers a read.
    ReadAtFollower,
    /// A leader answers a `sync`.
    SyncAtLeader,
    /// A follower answers a `sync`.
    SyncAtFollower,
    /// A conditional write is refused by its version.
    BadVersion,
    /// A write is never answered.
    Unanswered,
}

impl Situation {
    /// Every situation.
    pub const ALL: [Self; 33] = [
        Self::Diff,
        Self::Trunc,
        Self::Snap,
        Self::InterruptedSnap,
        Self::InterruptedTrunc,
        Self::CrashAtNewLeader,
        Self::AckWhileProposing,
        Self::StepDownWhileLogging,
        Self::LongerLogWins,
        Self::LeaderDiesProposing,
        Self::TwoLeaders,
        Self::EpochWasted,
        Self::RecordsLost,
        Self::TornRecord,
        Self::BlankDisk,
        Self::DiskFailure,
        Self::LogFlushFails,
        Self::LogWriteFails,
        Self::QueuedBehindFailure,
        Self::LeaderCannotPromise,
        Self::FollowerCannotPromise,
        Self::SnapshotWhileServing,
        Self::TruncBelowSnapshot,
        Self::WriteAtLeader,
        Self::WriteAtFollower,
        Self::WriteIfAtLeader,
        Self::WriteIfAtFollower,
        Self::ReadAtLeader,
        Self::ReadAtFollower,
        Self::SyncAtLeader,
        Self::SyncAtFollower,
        Self::BadVersion,
        Self::Unanswered,
    ];

    /// What it is called in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Diff => "synchronized by DIFF",
            Self::Trunc => "synchronized by TRUNC",
            Self::Snap => "synchronized by SNAP",
            Self::InterruptedSnap => "learner ends after SNAP, before UPTODATE",
            Self::InterruptedTrunc => "learner ends after TRUNC, before UPTODATE",
            Self::CrashAtNewLeader => "learner ends after NEWLEADER, before UPTODATE",
            Self::AckWhileProposing => "ACK while later proposals are on their way",
            Self::StepDownWhileLogging => "step-down in process while logging",
            Self::LongerLogWins => "election won by the longer log",
            Self::LeaderDiesProposing => "leader ends with uncommitted proposals",
            Self::TwoLeaders => "two servers lead at once",
            Self::EpochWasted => "epoch promised, never established",
            Self::RecordsLost => "power loss takes unflushed records",
            Self::TornRecord => "power loss tears a record",
            Self::BlankDisk => "disk created again, empty",
            Self::DiskFailure => "exit after a disk error",
            Self::LogFlushFails => "flush of the log fails",
            Self::LogWriteFails => "write to the log fails",
            Self::QueuedBehindFailure => "log fails while a proposal waits behind it",
            Self::LeaderCannotPromise => "a leader's acceptedEpoch fails",
            Self::FollowerCannotPromise => "a follower's epoch file fails",
            Self::SnapshotWhileServing => "snapshot while serving",
            Self::TruncBelowSnapshot => "log cut below a snapshot that has an older one",
            Self::WriteAtLeader => "write answered by a leader",
            Self::WriteAtFollower => "write answered by a follower",
            Self::WriteIfAtLeader => "conditional write answered by a leader",
            Self::WriteIfAtFollower => "conditional write answered by a follower",
            Self::ReadAtLeader => "read answered by a leader",
            Self::ReadAtFollower => "read answered by a follower",
            Self::SyncAtLeader => "sync answered by a leader",
            Self::SyncAtFollower => "sync answered by a follower",
            Self::BadVersion => "conditional write refused",
            Self::Unanswered => "operation never answered",
        }
    }
}

/// A set of situations.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Situations(u64);

impl Situations {
    /// Adds one.
    pub const fn insert(&mut self, situation: Situation) {
        self.0 |= 1 << situation as u32;
    }

    /// Whether it is among them.
    pub const fn contains(self, situation: Situation) -> bool {
        self.0 >> situation as u32 & 1 == 1
    }

    /// Those that are in there.
    pub fn iter(self) -> impl Iterator<Item = Situation> {
        Situation::ALL.into_iter().filter(move |situation| self.contains(*situation))
    }
}

/// How many executions reached each situation.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Census([u64; Situation::ALL.len()]);

impl Default for Census {
    fn default() -> Self {
        Self([0; Situation::ALL.len()])
    }
}

impl Census {
    /// One with these counts.
    pub fn of_counts(count: impl Fn(Situation) -> u64) -> Self {
        Self(Situation::ALL.map(count))
    }

    /// One more execution.
    pub fn count(&mut self, reached: Situations) {
        reached.iter().for_each(|situation| self.0[situation as usize] += 1);
    }

    /// Those of another campaign as well.
    pub fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(mine, more)| *mine += more);
    }

    /// The census of which this was said, situation by situation; one without a name has none.
    pub fn named(counts: &BTreeMap<String, u64>) -> Self {
        Self::of_counts(|situation| counts.get(situation.name()).copied().unwrap_or_default())
    }

    /// How many executions reached each, by its name.
    pub fn by_name(&self) -> BTreeMap<String, u64> {
        Situation::ALL.iter().map(|it| (it.name().to_owned(), self.of(*it))).collect()
    }

    /// How many executions reached this one.
    pub const fn of(&self, situation: Situation) -> u64 {
        self.0[situation as usize]
    }
}

/// Watches one execution for situations.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    reached: Situations,
    servers: Vec<Server>,
    /// The snapshots of each server.
    snapshots: Vec<Vec<Zxid>>,
    /// What the clients of the schedule wait for.
    open: Vec<(RequestId, Op)>,
    /// The greatest epoch that a quorum promised, and whether it is established.
    epoch: Epoch,
    is_established: bool,
}

/// What is known of one server.
#[derive(Clone, Debug, Default)]
struct Server {
    /// What its leader sent it last to bring it up to date.
    synchronizing: Option<SyncMode>,
    /// Whether NEWLEADER was sent to it and UPTODATE was not.
    is_new: bool,
    /// The last proposal that a leader sent to it.
    last_sent: Zxid,
    /// The last record that it appended to its log.
    last_appended: Zxid,
    /// Appends that its disk has not reported.
    logging: Vec<Lsn>,
    /// It was elected.
    is_elected: bool,
    last_zxid: Zxid,
    /// Leads an established epoch.
    leads: bool,
    serves: bool,
    proposed: Zxid,
    committed: Zxid,
}

impl Watch {
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.reached = Situations::default();
        self.servers.iter_mut().for_each(|server| *server = Server::default());
        self.snapshots.iter_mut().for_each(Vec::clear);
        self.open.clear();
        self.epoch = Epoch::default();
        self.is_established = false;
    }

    /// What was reached so far.
    pub const fn reached(&self) -> Situations {
        self.reached
    }

    /// Something happened.
    pub fn on_event(&mut self, event: &Event) {
        if let Some(node) = event.node {
            self.at(node, &event.fact);
        }
        match event.fact {
            Fact::TimedOut { request } => {
                self.reached.insert(Situation::Unanswered);
                self.open.retain(|(open, _)| *open != request);
            }
            // What the simulator asks itself, in the beginning and in the end, says nothing.
            Fact::Invoked { request, op } if request.session.0 < u16::from(CLIENTS) => {
                self.open.push((request, op));
            }
            Fact::Returned { request, outcome } => self.on_answer(event.node, request, outcome),
            _ => {}
        }
    }

    /// A client of the schedule is answered.
    fn on_answer(&mut self, node: Option<NodeId>, request: RequestId, outcome: Outcome) {
        let Some(at) = self.open.iter().position(|(open, _)| *open == request) else {
            return;
        };
        let (_, op) = self.open.swap_remove(at);
        let Some(node) = node.filter(|_| outcome != Outcome::Refused) else {
            return;
        };
        let leads = self.server(node).leads;
        let pick = |at_leader, at_follower| if leads { at_leader } else { at_follower };
        self.reached.insert(match op {
            Op::Write { .. } => pick(Situation::WriteAtLeader, Situation::WriteAtFollower),
            Op::WriteIf { .. } => pick(Situation::WriteIfAtLeader, Situation::WriteIfAtFollower),
            Op::Read { .. } => pick(Situation::ReadAtLeader, Situation::ReadAtFollower),
            Op::Sync => pick(Situation::SyncAtLeader, Situation::SyncAtFollower),
        });
        if let Outcome::BadVersion { .. } = outcome {
            self.reached.insert(Situation::BadVersion);
        }
    }

    /// A file of snapshots or the log changes.
    fn on_disk_asked(&mut self, node: NodeId, op: &DiskOp) {
        if self.snapshots.len() <= node.index() {
            self.snapshots.resize(node.index() + 1, Vec::new());
        }
        let snapshots = &mut self.snapshots[node.index()];
        match op {
            DiskOp::Snapshot(replica)
            | DiskOp::SnapshotFile(replica)
            | DiskOp::WriteSnapshot(replica) => snapshots.push(replica.last_processed),
            DiskOp::DropSnapshotsAfter(last) => snapshots.retain(|zxid| zxid <= last),
            DiskOp::Truncate(last) => {
                let is_older = |zxid: &Zxid| zxid <= last;
                if snapshots.iter().any(is_older) && !snapshots.iter().all(is_older) {
                    self.reached.insert(Situation::TruncBelowSnapshot);
                }
            }
            _ => {}
        }
    }

    fn server(&mut self, id: NodeId) -> &mut Server {
        if self.servers.len() <= id.index() {
            self.servers.resize(id.index() + 1, Server::default());
        }
        &mut self.servers[id.index()]
    }

    fn at(&mut self, node: NodeId, fact: &Fact) {
        if let Fact::DiskAsked { op, .. } = fact {
            self.on_disk_asked(node, op);
        }
        match fact {
            Fact::Crashed { power_loss } => self.on_end(node, *power_loss),
            Fact::Exited(reason) => {
                if *reason == ExitReason::DiskError {
                    self.reached.insert(Situation::DiskFailure);
                }
                self.on_end(node, false);
            }
            Fact::Blanked => self.reached.insert(Situation::BlankDisk),
            Fact::Fault("record torn") => self.reached.insert(Situation::TornRecord),
            Fact::DiskAsked { lsn, op: DiskOp::Append(txn) } => {
                let server = self.server(node);
                server.logging.push(*lsn);
                server.last_appended = txn.zxid;
            }
            Fact::DiskAsked {
                op: DiskOp::Snapshot(_) | DiskOp::SnapshotFile(_) | DiskOp::WriteSnapshot(_),
                ..
            } if self.server(node).serves => {
                self.reached.insert(Situation::SnapshotWhileServing);
            }
            Fact::DiskDone { file: File::Log, upto } => {
                self.server(node).logging.retain(|lsn| lsn > upto);
            }
            Fact::DiskFailed { file, error, .. } => self.on_disk_failed(node, *file, *error),
            Fact::Sent { to, packet } => self.on_sent(node, *to, packet),
            Fact::Noted(note) => self.on_note(node, note),
            _ => {}
        }
    }

    fn on_disk_failed(&mut self, node: NodeId, file: File, error: DiskError) {
        let server = self.server(node);
        let is_queued = server.last_sent.max(server.proposed) > server.last_appended;
        let is_elected = server.is_elected;
        self.reached.insert(match (file, error) {
            (File::Log, DiskError::Flush) => Situation::LogFlushFails,
            (File::Log, DiskError::Write | DiskError::Header | DiskError::Open) => {
                Situation::LogWriteFails
            }
            (File::AcceptedEpoch, _) if is_elected => Situation::LeaderCannotPromise,
            (File::AcceptedEpoch | File::CurrentEpoch, _) if !is_elected => {
                Situation::FollowerCannotPromise
            }
            (File::AcceptedEpoch | File::CurrentEpoch | File::Snapshot, _) => return,
        });
        if file == File::Log && is_queued {
            self.reached.insert(Situation::QueuedBehindFailure);
        }
    }

    /// A process ended.
    fn on_end(&mut self, node: NodeId, power_loss: bool) {
        let Server { synchronizing, is_new, logging, leads, proposed, committed, .. } =
            std::mem::take(self.server(node));
        let reached = &mut self.reached;
        match synchronizing {
            Some(SyncMode::Snap) => reached.insert(Situation::InterruptedSnap),
            Some(SyncMode::Trunc) => reached.insert(Situation::InterruptedTrunc),
            Some(SyncMode::Diff) | None => {}
        }
        if is_new {
            reached.insert(Situation::CrashAtNewLeader);
        }
        if power_loss && !logging.is_empty() {
            reached.insert(Situation::RecordsLost);
        }
        if leads && proposed > committed {
            reached.insert(Situation::LeaderDiesProposing);
        }
    }

    fn on_sent(&mut self, from: NodeId, to: NodeId, packet: &Packet) {
        match packet {
            Packet::NewLeader { .. } => self.server(to).is_new = true,
            Packet::UpToDate => {
                let learner = self.server(to);
                (learner.is_new, learner.synchronizing) = (false, None);
            }
            Packet::Proposal(txn) => self.server(to).last_sent = txn.zxid,
            Packet::Ack(zxid) if *zxid < self.server(from).last_sent => {
                self.reached.insert(Situation::AckWhileProposing);
            }
            _ => {}
        }
    }

    fn on_note(&mut self, node: NodeId, note: &Note) {
        match note {
            Note::Looking { vote, .. } => self.server(node).last_zxid = vote.zxid,
            Note::Elected { leader, .. } => self.on_elected(node, *leader),
            Note::InitialHistory { epoch } => {
                if !self.is_established && self.epoch > Epoch(0) && *epoch > self.epoch {
                    self.reached.insert(Situation::EpochWasted);
                }
                (self.epoch, self.is_established) = (*epoch, false);
            }
            Note::SyncWith { learner, mode } => {
                self.reached.insert(match mode {
                    SyncMode::Diff => Situation::Diff,
                    SyncMode::Trunc => Situation::Trunc,
                    SyncMode::Snap => Situation::Snap,
                });
                self.server(*learner).synchronizing = Some(*mode);
            }
            Note::Established { epoch } => {
                self.is_established |= *epoch == self.epoch;
                if self.servers.iter().any(|server| server.leads) {
                    self.reached.insert(Situation::TwoLeaders);
                }
                let leader = self.server(node);
                (leader.leads, leader.serves) = (true, true);
            }
            Note::Serving { .. } => self.server(node).serves = true,
            Note::Proposed(txn) => self.server(node).proposed = txn.zxid,
            Note::Committed(zxid) => self.server(node).committed = *zxid,
            Note::SteppedDown => {
                let server = self.server(node);
                let logging = std::mem::take(&mut server.logging);
                let (last_zxid, last_appended) = (server.last_zxid, server.last_appended);
                if !logging.is_empty() {
                    self.reached.insert(Situation::StepDownWhileLogging);
                }
                let server = Server { logging, last_zxid, last_appended, ..Server::default() };
                *self.server(node) = server;
            }
            _ => {}
        }
    }

    fn on_elected(&mut self, node: NodeId, leader: NodeId) {
        self.server(node).is_elected = leader == node;
        let (mine, its) = (self.server(node).last_zxid, self.server(leader).last_zxid);
        if leader < node && its > mine {
            self.reached.insert(Situation::LongerLogWins);
        }
    }
}
