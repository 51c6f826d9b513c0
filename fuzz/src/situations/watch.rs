//! Watches an execution for situations.

mod disk;

use super::{Situation, Situations};
use disk::Disk;
use zab_checker::{Event, Fact};
use zab_core::event::{Note, SyncMode};
use zab_core::{DiskOp, Epoch, File, NodeId, Op, Outcome, Packet, RequestId, Zxid};
use zab_sim::schedule::CLIENTS;

/// Watches one execution for situations.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    reached: Situations,
    servers: Vec<Server>,
    /// The disk of each server.
    disks: Vec<Disk>,
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
        self.disks.iter_mut().for_each(|disk| *disk = Disk::default());
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
            Fact::Healed | Fact::Fault("heal all") => {
                self.disks.iter_mut().for_each(Disk::on_healed);
            }
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
            _ => pick(Situation::SyncAtLeader, Situation::SyncAtFollower),
        });
        if let Outcome::BadVersion { .. } = outcome {
            self.reached.insert(Situation::BadVersion);
        }
    }

    fn server(&mut self, id: NodeId) -> &mut Server {
        if self.servers.len() <= id.index() {
            self.servers.resize(id.index() + 1, Server::default());
            self.disks.resize(id.index() + 1, Disk::default());
        }
        &mut self.servers[id.index()]
    }

    fn at(&mut self, node: NodeId, fact: &Fact) {
        let (serves, is_behind) = (self.server(node).serves, self.is_behind(node));
        self.disks[node.index()].on_fact(fact, &mut self.reached);
        match fact {
            Fact::Crashed { .. } | Fact::Exited(_) => self.on_end(node),
            Fact::DiskAsked {
                op: DiskOp::Snapshot(_) | DiskOp::SnapshotFile(_) | DiskOp::WriteSnapshot(_),
                ..
            } if serves => {
                self.reached.insert(Situation::SnapshotWhileServing);
            }
            Fact::DiskFailed { file: File::Log, .. } if is_behind => {
                self.reached.insert(Situation::QueuedBehindFailure);
            }
            Fact::DiskFailed { file: File::AcceptedEpoch, .. } if self.server(node).is_elected => {
                self.reached.insert(Situation::LeaderCannotPromise);
            }
            Fact::DiskFailed { file: File::AcceptedEpoch | File::CurrentEpoch, .. }
                if !self.server(node).is_elected =>
            {
                self.reached.insert(Situation::FollowerCannotPromise);
            }
            Fact::Sent { to, packet } => self.on_sent(node, *to, packet),
            Fact::Noted(note) => self.on_note(node, note),
            _ => {}
        }
    }

    /// Whether its log lacks a proposal that was sent to it, or that it has made.
    fn is_behind(&self, node: NodeId) -> bool {
        let server = &self.servers[node.index()];
        server.last_sent.max(server.proposed) > self.disks[node.index()].last_appended()
    }

    /// A process ended.
    fn on_end(&mut self, node: NodeId) {
        let Server { synchronizing, is_new, leads, proposed, committed, .. } =
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
                self.disks[node.index()].on_stepped_down(&mut self.reached);
                let last_zxid = self.server(node).last_zxid;
                *self.server(node) = Server { last_zxid, ..Server::default() };
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
