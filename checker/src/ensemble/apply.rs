//! How each event changes what is known of the ensemble: what packets change is in `packets.rs`, what
//! clients are told in `answers.rs`.

use super::{AnsweredSync, Ensemble, Rest, Step};
use crate::detail::Absence;
use crate::disk::Files;
use crate::evidence::{Event, Fact};
use crate::verdict::When;
use zab_core::event::{ExitReason, Note};
use zab_core::message::Vote;
use zab_core::{Digest, DiskOp, Epoch, File, NodeId, Op, Recovered, Replica, Txn, Zxid};

impl Ensemble {
    /// Takes note of an event.
    pub(crate) fn apply<'a>(&mut self, event: &'a Event, when: When) -> Step<'a> {
        let node = event.node.filter(|node| node.index() < self.servers.len());
        match &event.fact {
            Fact::TimedOut { request } => self.clients.on_timed_out(when, *request),
            Fact::Invoked { request, op } => {
                self.clients.on_invoked(when, *request, *op);
                if let (Some(node), Op::Sync) = (node, op) {
                    self.on_sync_asked(node, *request);
                }
            }
            Fact::Returned { request, outcome } => {
                return self.on_returned(when, node, *request, *outcome);
            }
            Fact::StrictDirectories => {
                self.servers.iter_mut().for_each(|server| server.disk.on_strict());
            }
            Fact::Healed => self.ending.is_healed = true,
            Fact::Available { after } => {
                self.ending.available_after = Some(*after);
                self.clients.is_settled = true;
            }
            Fact::Unavailable { bound, excuse } => {
                self.ending.unavailable = Some((*bound, *excuse));
            }
            Fact::Lock { session, news } => {
                self.locks.on_news(node, *session, *news);
                return Step::Lock { session: *session, news: *news };
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
            Fact::Blanked => {
                let server = self.server_mut(node);
                server.disk.on_blanked();
                (server.promised, server.acknowledged) = (Epoch::default(), None);
                server.is_blank = true;
            }
            Fact::Purged(purge) => self.server_mut(node).disk.on_purged(*purge),
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
        let epoch = self.server(node).disk.asked().current_epoch;
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
            Note::SyncWith { .. } | Note::LeakedLogWriter { .. } => {}
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
        let files = leader.disk.asked();
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
        self.locks.on_established(self.reigns.get(id).initial_history, &self.sequences);
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
        self.locks.on_proposed(txn);
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
        self.locks.on_committed(sequence, &self.sequences);
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
