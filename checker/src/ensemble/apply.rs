//! How each event changes what is known of the ensemble.

use super::{AnsweredSync, Ensemble, Learner, Rest, Step};
use crate::detail::Absence;
use crate::disk::Files;
use crate::evidence::{Event, Fact};
use crate::loss::{Knowledge, Known};
use crate::sequences::Sequence;
use crate::verdict::When;
use zab_core::event::{ExitReason, Note};
use zab_core::message::Vote;
use zab_core::{
    Change, Digest, DiskOp, Epoch, File, NodeId, Outcome, Packet, Recovered, Replica, RequestId,
    Txn, Zxid,
};

impl Ensemble {
    /// Takes note of an event.
    pub(crate) fn apply<'a>(&mut self, event: &'a Event, when: When) -> Step<'a> {
        let node = event.node.filter(|node| node.index() < self.servers.len());
        match &event.fact {
            Fact::TimedOut { request } => self.clients.on_timed_out(when, *request),
            Fact::Invoked { request, op } => {
                self.clients.on_invoked(when, *request, *op);
                if let (Some(node), zab_core::Op::Sync) = (node, op) {
                    self.on_sync_asked(node, *request);
                }
            }
            Fact::Returned { request, outcome } => {
                return self.on_returned(when, node, *request, *outcome);
            }
            Fact::Healed => self.ending.is_healed = true,
            Fact::Available { after } => {
                self.ending.available_after = Some(*after);
                self.clients.is_settled = true;
            }
            Fact::Unavailable { bound, excuse } => {
                self.ending.unavailable = Some((*bound, *excuse));
            }
            Fact::NeverQuiet { bound } => self.ending.never_quiet = Some(*bound),
            fact => {
                if let Some(node) = node {
                    return self.on_server_fact(node, fact, when);
                }
            }
        }
        Step::Nothing
    }

    fn on_server_fact<'a>(&mut self, node: NodeId, fact: &'a Fact, when: When) -> Step<'a> {
        match fact {
            Fact::Started(recovered) => return self.on_started(node, recovered),
            Fact::Crashed { power_loss } => {
                self.stop(node);
                self.server_mut(node).disk.on_crashed(*power_loss);
            }
            Fact::Exited(reason) => return self.on_exited(node, *reason),
            Fact::DiskAsked { lsn, op } => {
                let step = self.on_asked(node, op);
                self.server_mut(node).disk.on_asked(*lsn, op);
                return step;
            }
            Fact::DiskDone { file, upto } => {
                self.server_mut(node).disk.on_done(*file, *upto);
                return self.on_disk_done(node, *file);
            }
            Fact::WrittenBack => self.server_mut(node).disk.on_written_back(),
            Fact::DiskFailed { file, lsn, error } => {
                let server = self.server_mut(node);
                server.participates = None;
                server.disk.on_failed(*file, *lsn, *error);
            }
            Fact::Sent { to, packet } => return self.on_sent(node, *to, packet),
            Fact::Delivered(txn) => return self.on_delivered(node, txn),
            Fact::Noted(note) => return self.on_note(node, note, when),
            Fact::NotServing { bound } => {
                self.ending.absent.push((node, Absence::NotServing(*bound)));
            }
            Fact::NotWriting { bound } => {
                self.ending.absent.push((node, Absence::NotWriting(*bound)));
            }
            Fact::AtRest(replica) => return self.on_rest(node, replica),
            _ => {}
        }
        Step::Nothing
    }

    fn on_started<'a>(&mut self, node: NodeId, recovered: &'a Recovered) -> Step<'a> {
        let server = &mut self.servers[node.index()];
        if !server.has_started {
            self.reigns.give(&recovered.log);
        }
        server.has_started = true;
        server.stop();
        server.is_up = true;
        server.disk.on_started(recovered);
        Step::Started(recovered)
    }

    fn stop(&mut self, node: NodeId) {
        self.leave(node);
        self.server_mut(node).stop();
    }

    /// A server leaves its role.
    fn leave(&mut self, node: NodeId) {
        let is_settled = self.clients.is_settled;
        let server = self.server_mut(node);
        server.falls += u32::from(is_settled && server.serving.is_some());
        server.leave();
        self.clients.drop_syncs(|asked, _| asked == node);
        self.answered_syncs.retain(|answered| answered.leader != node);
    }

    fn on_exited(&mut self, node: NodeId, reason: ExitReason) -> Step<'static> {
        let is_healed = self.ending.is_healed;
        let has_served = self.server(node).serving.is_some();
        self.stop(node);
        let server = self.server_mut(node);
        server.disk.on_crashed(false);
        let before = server.ends.filter(|(last, _)| *last == reason && !has_served);
        let lives = before.map_or(0, |(_, lives)| lives) + u32::from(is_healed);
        server.ends = Some((reason, lives));
        Step::Exited { reason, lives }
    }

    /// The disk is asked for an operation.
    fn on_asked<'a>(&mut self, node: NodeId, op: &'a DiskOp) -> Step<'a> {
        let server = &mut self.servers[node.index()];
        match op {
            DiskOp::Append(txn) => {
                let files = server.disk.asked();
                let last = files.log().last().map_or(Zxid::ZERO, |txn| txn.zxid);
                let snapshot = files.snapshot().last;
                if let Some((_, log)) = &mut server.participates {
                    *log = self.sequences.extend(*log, txn);
                }
                Step::Appended { txn, last, snapshot, log: server.participates }
            }
            DiskOp::Truncate(_) => {
                server.participates = None;
                Step::Nothing
            }
            _ => Step::Nothing,
        }
    }

    fn on_disk_done(&mut self, node: NodeId, file: File) -> Step<'static> {
        let epoch = self.server(node).disk.durable().current_epoch;
        let leads = self.led_by(node).is_some_and(|reign| reign.epoch == epoch);
        if file != File::CurrentEpoch || !leads {
            return Step::Nothing;
        }
        let first = self.current.iter().find(|(of, _)| *of == epoch).map(|(_, first)| *first);
        let first = first.unwrap_or_else(|| {
            self.current.push((epoch, node));
            node
        });
        Step::Current { epoch, first }
    }

    fn on_sent<'a>(&mut self, node: NodeId, to: NodeId, packet: &Packet) -> Step<'a> {
        let is_known = to.index() < self.servers.len();
        match packet {
            _ if !is_known => Step::Nothing,
            Packet::LeaderInfo { epoch } => {
                let server = self.server_mut(node);
                server.promised = server.promised.max(*epoch);
                server.learners[to.index()] =
                    Learner { offered: Some(*epoch), ..Learner::default() };
                Step::Offered { epoch: *epoch }
            }
            Packet::AckEpoch { current_epoch, last_zxid } => {
                self.on_epoch_acknowledged(node, to, *current_epoch, *last_zxid)
            }
            Packet::Ack(zxid) if zxid.is_epoch_mark() => {
                self.on_new_leader_acknowledged(node, to, zxid.epoch)
            }
            Packet::Ack(zxid) => {
                self.server_mut(node).acknowledged = Some(*zxid);
                Step::Acknowledged { leader: to, zxid: *zxid }
            }
            Packet::Diff { zxid } | Packet::Trunc { zxid } | Packet::Commit(zxid) => {
                self.tell(node, to, *zxid);
                Step::Nothing
            }
            Packet::Snap { replica } => {
                self.tell(node, to, replica.last_processed);
                Step::Nothing
            }
            Packet::Sync { request } => self.on_sync_sent(node, to, *request),
            _ => Step::Nothing,
        }
    }

    /// A leader tells a learner that all up to here is committed.
    fn tell(&mut self, leader: NodeId, learner: NodeId, zxid: Zxid) {
        let learner = &mut self.server_mut(leader).learners[learner.index()];
        learner.told = learner.told.max(zxid);
    }

    /// A learner acknowledges an epoch to this leader: a synchronization begins.
    fn on_epoch_acknowledged(
        &mut self,
        node: NodeId,
        leader: NodeId,
        current_epoch: Option<Epoch>,
        last_zxid: Zxid,
    ) -> Step<'static> {
        let server = self.server_mut(node);
        server.participates = None;
        server.synchronizes_with = Some(leader);
        server.leader = Some(leader);
        let before = server.promised;
        let learner = &mut self.server_mut(leader).learners[node.index()];
        let (Some(epoch), Some(current_epoch)) = (learner.offered, current_epoch) else {
            return Step::Nothing;
        };
        learner.promise = Some((epoch, (current_epoch, last_zxid)));
        let server = self.server_mut(node);
        server.promised = before.max(epoch);
        Step::Promised { epoch, before }
    }

    /// A learner acknowledges NEWLEADER.
    fn on_new_leader_acknowledged(
        &mut self,
        node: NodeId,
        leader: NodeId,
        epoch: Epoch,
    ) -> Step<'static> {
        let Self { servers, sequences, reigns, .. } = self;
        let server = &mut servers[node.index()];
        let is_first = server.synchronizes_with.take_if(|promised| *promised == leader).is_some();
        let reign = reigns.find(leader, epoch).filter(|_| is_first);
        let first = reign.map(|reign| {
            let log = server.disk.asked().sequence(sequences);
            server.participates = Some((reign, log));
            server.acknowledged = Some(sequences.last(reigns.get(reign).initial_history));
            (reign, server.disk.durable().sequence(sequences))
        });
        Step::NewLeaderAcknowledged { epoch, first }
    }

    fn on_sync_asked(&mut self, node: NodeId, request: RequestId) {
        let newest = self.reigns.newest_established().map(|reign| reign.epoch);
        if let Some(epoch) = newest.filter(|epoch| self.server(node).serving == Some(*epoch)) {
            let committed = self.sequences.last(self.committed);
            self.clients.on_sync(request, node, epoch, committed);
        }
    }

    fn on_sync_sent<'a>(&mut self, node: NodeId, to: NodeId, request: RequestId) -> Step<'a> {
        let is_it = |a: &AnsweredSync| a.request == request && a.leader == node;
        match self.answered_syncs.iter().position(is_it) {
            Some(at) => Step::SyncSent { to, answered: self.answered_syncs.swap_remove(at) },
            None => Step::Nothing,
        }
    }

    fn on_delivered<'a>(&mut self, node: NodeId, txn: &'a Txn) -> Step<'a> {
        let server = &mut self.servers[node.index()];
        let last = self.sequences.last(server.memory);
        server.memory = self.sequences.extend(server.memory, txn);
        server.last_zxid = txn.zxid;
        self.show(node);
        Step::Delivered { txn, last }
    }

    /// What a serving server has in memory counts as delivered.
    fn show(&mut self, node: NodeId) {
        let server = self.server(node);
        let memory = server.memory;
        if server.serving.is_some() && self.sequences.is_prefix(self.visible, memory) {
            self.visible = memory;
        }
    }

    fn on_note<'a>(&mut self, node: NodeId, note: &'a Note, when: When) -> Step<'a> {
        match note {
            Note::Looking { vote, .. } => {
                self.leave(node);
                return self.on_looking(node, *vote);
            }
            Note::Elected { leader, .. } => self.server_mut(node).leader = Some(*leader),
            Note::InitialHistory { epoch } => return self.on_initial_history(node, *epoch),
            Note::Established { epoch } => return self.on_established(node, *epoch, when),
            Note::Proposed(txn) => return self.on_proposed(node, txn),
            Note::Committed(zxid) => return self.on_committed(node, *zxid),
            Note::Serving { epoch } => {
                self.begin_to_serve(node, *epoch);
                return Step::Serving { epoch: *epoch };
            }
            Note::SteppedDown => self.leave(node),
            Note::MemoryReplaced { last_zxid, digest } => {
                self.on_memory_replaced(node, *last_zxid, *digest);
            }
            Note::Breached { breach, zxid } => {
                return Step::Breached { breach: *breach, zxid: *zxid };
            }
            Note::SyncAnswered { request } => {
                if let Some(reign) = self.led_by(node) {
                    let committed = self.sequences.last(reign.committed);
                    let answered = AnsweredSync { request: *request, leader: node, committed };
                    self.answered_syncs.push(answered);
                }
            }
            Note::SyncWith { .. } => {}
        }
        Step::Nothing
    }

    fn on_looking(&mut self, node: NodeId, vote: Vote) -> Step<'static> {
        let Self { servers, sequences, .. } = self;
        let files = servers[node.index()].disk.asked();
        let disk = files.last_zxid();
        let held = (vote.zxid != disk).then(|| Files::sequence(files, sequences));
        Step::Looking { vote, disk, held }
    }

    /// A leader has the promises of a quorum: its memory is the initial history.
    fn on_initial_history(&mut self, node: NodeId, epoch: Epoch) -> Step<'static> {
        let others = self.promises(node, epoch);
        let itself = self.server(node).disk.durable().accepted_epoch >= epoch;
        self.begin_reign(node, epoch);
        Step::InitialHistory { epoch, others, itself }
    }

    /// How many others promised this epoch to this leader and were not ahead of it.
    fn promises(&self, node: NodeId, epoch: Epoch) -> usize {
        let leader = self.server(node);
        let files = leader.disk.durable();
        let own = (files.current_epoch, leader.last_zxid);
        let others = leader.learners.iter().filter(|learner| {
            learner.promise.is_some_and(|(of, history)| of == epoch && history <= own)
        });
        others.count()
    }

    fn begin_reign(&mut self, node: NodeId, epoch: Epoch) {
        let server = &mut self.servers[node.index()];
        let reign = self.reigns.begin(node, epoch, server.memory);
        let log = server.disk.asked().sequence(&mut self.sequences);
        server.leads = Some(reign);
        server.participates = Some((reign, log));
    }

    fn on_established(&mut self, node: NodeId, epoch: Epoch, when: When) -> Step<'static> {
        let known = self.led_by(node).is_some_and(|reign| reign.epoch == epoch);
        if !known {
            self.begin_reign(node, epoch);
        }
        self.server_mut(node).last_zxid = Zxid::of_epoch(epoch);
        let Some(id) = self.server(node).leads else {
            return Step::Nothing;
        };
        let before = self.committed;
        if !self.is_deposed(epoch) {
            self.committed = self.reigns.get(id).initial_history;
        }
        self.reigns.establish(id, when);
        self.begin_to_serve(node, epoch);
        self.clients.drop_syncs(|_, of| of < epoch);
        Step::Established { id, before }
    }

    fn begin_to_serve(&mut self, node: NodeId, epoch: Epoch) {
        let server = self.server_mut(node);
        server.serving = Some(epoch);
        server.ends = None;
        self.show(node);
    }

    fn on_proposed<'a>(&mut self, node: NodeId, txn: &'a Txn) -> Step<'a> {
        let Some(id) = self.server(node).leads else {
            return Step::Nothing;
        };
        let reign = self.reigns.get(id);
        let (is_first, proposed) = (!reign.has_proposed(), reign.proposed());
        let sequence = self.sequences.extend(proposed, txn);
        self.reigns.propose(id, sequence);
        Step::Proposed { txn, is_first }
    }

    fn on_committed(&mut self, node: NodeId, zxid: Zxid) -> Step<'static> {
        let Some(id) = self.server(node).leads else {
            return Step::Nothing;
        };
        let reign = self.reigns.get(id);
        let epoch = reign.epoch;
        let Some(sequence) = reign.proposal(zxid, &self.sequences) else {
            return Step::Nothing;
        };
        self.reigns.commit(id, sequence);
        if !self.is_deposed(epoch) && self.sequences.is_prefix(self.committed, sequence) {
            self.committed = sequence;
        }
        Step::Committed { epoch, sequence }
    }

    /// Memory is loaded from disk, cut, or replaced by a leader's.
    fn on_memory_replaced(&mut self, node: NodeId, last: Zxid, digest: Digest) {
        let server = &mut self.servers[node.index()];
        let sequences = &mut self.sequences;
        let start = (server.memory, server.last_zxid);
        server.memory = sequences
            .find(digest)
            .or_else(|| server.disk.asked().find_loaded(digest, start, sequences))
            .unwrap_or_else(|| sequences.find_or_unknown(digest, last));
        server.last_zxid = last;
    }

    fn on_returned(
        &mut self,
        when: When,
        node: Option<NodeId>,
        request: RequestId,
        outcome: Outcome,
    ) -> Step<'static> {
        let Some((seen, sync)) = self.clients.on_returned(when, node, request, outcome) else {
            return Step::Nothing;
        };
        self.answered_syncs.retain(|answered| answered.request != request);
        self.on_learned(when, node, request, outcome);
        Step::Returned { request, outcome, seen, sync }
    }

    /// A client learns that a write is committed, or gets the value of one.
    fn on_learned(
        &mut self,
        when: When,
        node: Option<NodeId>,
        request: RequestId,
        outcome: Outcome,
    ) {
        let Self { sequences, reigns, clients, .. } = self;
        let (how, sequence) = match outcome {
            Outcome::Written { zxid, .. } => {
                (Knowledge::Acknowledged, reigns.carries_out(request, zxid, sequences))
            }
            // The reads at the end tell what became of a write; they are not how clients knew of it.
            Outcome::Value { .. } if clients.is_settled => return,
            Outcome::Value { value, version, position } => {
                let Some(key) = clients.key_read(request) else { return };
                let change = Change::Set { key, value, version };
                (Knowledge::Read, self.shown(node, position, change))
            }
            // A rejection is no write: nothing can be lost with it.
            Outcome::BadVersion { .. } | Outcome::Synced { .. } | Outcome::Refused => return,
        };
        if let Some(sequence) = sequence {
            self.sequences.learn(sequence, Known { how, request, server: node, when });
        }
    }

    /// The transaction whose value a read at this position gave: in the memory of the server that
    /// answered, or else among what was proposed up to there.
    fn shown(&self, node: Option<NodeId>, position: Zxid, change: Change) -> Option<Sequence> {
        let Self { sequences, reigns, .. } = self;
        let memory = node.map(|node| self.server(node).memory);
        let proposed = || reigns.sequence_at(position, sequences);
        memory
            .and_then(|memory| sequences.changed_by(memory, change))
            .or_else(|| sequences.changed_by(proposed()?, change))
    }

    fn on_rest(&mut self, node: NodeId, replica: &Replica) -> Step<'static> {
        let Self { servers, sequences, .. } = self;
        let memory = sequences.find_or_unknown(replica.digest, replica.last_processed);
        let disk = servers[node.index()].disk.asked().sequence(sequences);
        if servers[node.index()].serving.is_some() {
            self.ending.at_rest.push(Rest { node, replica: *replica, memory });
        }
        Step::AtRest { disk }
    }
}
