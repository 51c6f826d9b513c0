//! Every check at once, fed one event at a time.

use crate::certificate::{Clause, Contract, certify};
use crate::ensemble::Ensemble;
use crate::evidence::{Event, Fact};
use crate::findings::Findings;
use crate::history::History;
use crate::invariants as check;
use crate::updates;
use crate::verdict::{Class, Verdict, Violation};
use zab_core::event::Note;
use zab_core::{DiskOp, NodeId, Outcome, Packet, RequestId, Txn, Zxid};

/// How safe the end of the committed history is.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Stakes {
    /// The servers, one bit each, whose disks hold the last committed transaction durably.
    pub holders: u8,
    /// A client was told that it is committed, or got a value from a server that had applied it.
    pub known: bool,
    /// The servers, one bit each, whose disks do not hold what they acknowledged last.
    pub forgetful: u8,
    /// The servers, one bit each, whose disks do not hold the last committed transaction, and which
    /// a majority would elect all the same if every process were started anew: it would be lost.
    pub usurpers: u8,
}

/// Judges one execution while it runs.
#[derive(Clone, Debug)]
pub struct Checker {
    ensemble: Ensemble,
    history: History,
    sessions: check::session_order::Sessions,
    at_rest: check::replica_consistency::AtRest,
    findings: Findings,
}

impl Checker {
    /// A judge of an ensemble of this many servers, before anything has happened.
    pub fn new(servers: u8) -> Self {
        Self {
            ensemble: Ensemble::new(servers),
            history: History::new(),
            sessions: check::session_order::Sessions::default(),
            at_rest: check::replica_consistency::AtRest::default(),
            findings: Findings::default(),
        }
    }

    /// Takes note of what happened next.
    pub fn observe(&mut self, event: &Event) {
        self.findings.about(event.at, event.node);
        let node = event.node.filter(|node| node.index() < self.ensemble.servers.len());
        match &event.fact {
            Fact::Invoked { request, op } => {
                self.history.invoke(event.at, *request, *op);
                self.sessions.on_invoked(*request);
            }
            Fact::TimedOut { request } => {
                self.history.give_up(event.at, *request);
                self.sessions.on_timed_out(*request);
            }
            Fact::Returned { request, outcome } => {
                if self.history.complete(event.at, *request, *outcome) {
                    self.on_returned(node, *request, *outcome);
                }
            }
            Fact::Unavailable { bound, excuse: None } => {
                check::availability::at_unavailable(*bound, &mut self.findings);
            }
            fact => {
                if let Some(node) = node {
                    self.on_server_fact(node, fact);
                }
            }
        }
    }

    /// The class of the gravest violation so far (cheap: asked after every event).
    pub fn gravest(&self) -> Option<Class> {
        self.findings.gravest()
    }

    /// The first violation of each class that was broken, gravest first.
    pub fn violations(&self) -> impl Iterator<Item = &Violation> {
        self.findings.all().iter()
    }

    /// What clients saw so far.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The transactions committed so far, in order; none if it is not known how they begin.
    pub fn committed(&self) -> Option<Vec<Txn>> {
        self.ensemble.sequences.transactions(self.ensemble.committed)
    }

    /// What a loss would cost now. It changes only with what a disk reports or recovers, with what
    /// is acknowledged or committed, and with what a client is told.
    pub fn stakes(&self) -> Stakes {
        let Ensemble { servers, sequences, reigns, committed, .. } = &self.ensemble;
        let zxid = sequences.last(*committed);
        let (mut holders, mut forgetful) = (0, 0);
        for (bit, server) in servers.iter().enumerate() {
            let holds = |zxid, sequence| server.disk.durable().holds(zxid, sequence, sequences);
            let forgot = |zxid| !holds(zxid, reigns.sequence_at(zxid, sequences));
            holders |= u8::from(holds(zxid, Some(*committed))) << bit;
            forgetful |= u8::from(server.acknowledged.is_some_and(forgot)) << bit;
        }
        let known = sequences.is_acknowledged(*committed) || sequences.is_seen(*committed);
        Stakes { holders, known, forgetful, usurpers: self.usurpers(holders) }
    }

    /// Who of those that are not among these would win an election of some majority.
    fn usurpers(&self, holders: u8) -> u8 {
        let servers = &self.ensemble.servers;
        let claim = |bit: usize| (servers[bit].disk.durable().claim(), bit);
        let is_elected = |bit: &usize| {
            let voters = (0..servers.len()).filter(|other| claim(*other) <= claim(*bit)).count();
            voters > servers.len() / 2
        };
        let lacks_it = |bit: &usize| holders >> bit & 1 == 0;
        (0..servers.len()).filter(lacks_it).filter(is_elected).fold(0, |set, bit| set | 1 << bit)
    }

    /// The execution is over: judges what can only be judged at its end, and says the outcome.
    pub fn finish(&mut self) -> Verdict {
        let Some(committed) = self.committed() else {
            let reason = "the beginning of the committed history is not part of the evidence";
            return self.findings.verdict_or(Verdict::Unknown(reason.to_owned()));
        };
        self.findings.about_all();
        let anomalies = certify(&self.history, &committed, Contract::ZooKeeper);
        if anomalies.is_empty() && self.findings.gravest().is_none() {
            updates::confirm(&self.history, &committed);
        }
        for anomaly in anomalies {
            // What was read and is lost is known from the evidence already. Where nothing is, the
            // answer came from a server that differs from the others.
            let class = match anomaly.clause {
                Clause::V if !self.ensemble.sequences.is_anything_lost() => Class::O3,
                _ => anomaly.class,
            };
            self.findings.report(class, || anomaly.to_string());
        }
        self.findings.verdict_or(Verdict::Valid)
    }

    fn on_server_fact(&mut self, node: NodeId, fact: &Fact) {
        let Self { ensemble, findings, .. } = self;
        match fact {
            Fact::Started(recovered) => {
                check::log_continuity::at_start(recovered, findings);
                ensemble.on_started(node, recovered);
            }
            Fact::Crashed { power_loss } => {
                let server = ensemble.server_mut(node);
                server.stop();
                server.disk.on_crashed(*power_loss);
            }
            Fact::Exited(reason) => {
                check::restartability::at_exit(*reason, findings);
                let server = ensemble.server_mut(node);
                server.stop();
                server.disk.on_crashed(false);
            }
            Fact::DiskAsked { lsn, op } => {
                if let DiskOp::Append(txn) = op {
                    self.on_append(node, txn);
                }
                let server = self.ensemble.server_mut(node);
                if matches!(op, DiskOp::Truncate(_)) {
                    server.participates = None;
                }
                server.disk.on_asked(*lsn, op);
            }
            Fact::DiskDone { file, upto } => ensemble.server_mut(node).disk.on_done(*file, *upto),
            Fact::WrittenBack => ensemble.server_mut(node).disk.on_written_back(),
            Fact::DiskFailed { file, lsn } => {
                let server = ensemble.server_mut(node);
                server.participates = None;
                server.disk.on_failed(*file, *lsn);
            }
            Fact::Sent { to, packet } => self.on_sent(node, *to, packet),
            Fact::Delivered(txn) => self.on_delivered(node, txn),
            Fact::Noted(note) => self.on_note(node, note),
            Fact::AtRest(replica) => {
                check::disk_consistency::at_rest(ensemble, node, replica, findings);
                check::acknowledged_writes::at_rest(ensemble, node, replica, findings);
                self.at_rest.at_rest(ensemble, node, replica, findings);
            }
            _ => {}
        }
    }

    fn on_append(&mut self, node: NodeId, txn: &Txn) {
        let Self { ensemble, findings, .. } = self;
        check::log_continuity::at_append(ensemble.server(node), txn, findings);
        if let Some((reign, log)) = ensemble.on_appended(node, txn) {
            check::history_consistency::of_log(ensemble, reign, log, findings);
        }
    }

    fn on_sent(&mut self, node: NodeId, to: NodeId, packet: &Packet) {
        let Self { ensemble, findings, .. } = self;
        match packet {
            Packet::AckEpoch { .. } => ensemble.on_promised(node, to),
            Packet::Ack(zxid) if zxid.is_epoch_mark() => {
                if let Some(id) = ensemble.on_new_leader_acknowledged(node, to, zxid.epoch) {
                    check::durable_acks::at_ack_new_leader(ensemble, node, id, findings);
                    let log = ensemble.server(node).participates.map(|(_, log)| log);
                    if let Some(log) = log {
                        check::history_consistency::of_log(ensemble, id, log, findings);
                    }
                }
            }
            Packet::Ack(zxid) => {
                ensemble.server_mut(node).acknowledged = Some(*zxid);
                check::durable_acks::at_ack(ensemble, node, *zxid, findings);
            }
            _ => {}
        }
    }

    fn on_delivered(&mut self, node: NodeId, txn: &Txn) {
        let Self { ensemble, findings, .. } = self;
        check::integrity::at_delivery(ensemble, txn, findings);
        check::local_primary_order::at_delivery(ensemble, node, txn, findings);
        check::global_primary_order::at_delivery(ensemble, node, txn, findings);
        ensemble.on_delivered(node, txn);
        if ensemble.server(node).serving.is_some() {
            check::primary_integrity::at_delivery(ensemble, node, txn, findings);
            self.on_shown(node);
        }
    }

    /// What a serving server has in memory counts as delivered.
    fn on_shown(&mut self, node: NodeId) {
        let Self { ensemble, findings, .. } = self;
        let memory = ensemble.server(node).memory;
        check::agreement::at_delivery(ensemble, memory, findings);
        check::total_order::at_delivery(ensemble, memory, findings);
        ensemble.show(memory);
    }

    fn on_note(&mut self, node: NodeId, note: &Note) {
        let Self { ensemble, findings, .. } = self;
        match *note {
            Note::Looking { vote, .. } => {
                ensemble.server_mut(node).leave();
                check::vote_durability::at_vote(ensemble, node, vote, findings);
            }
            Note::Elected { leader, .. } => ensemble.server_mut(node).leader = Some(leader),
            Note::InitialHistory { epoch } => ensemble.on_initial_history(node, epoch),
            Note::Established { epoch } => {
                ensemble.on_established(node, epoch);
                self.on_established(node);
            }
            Note::Proposed(txn) => {
                check::primary_integrity::at_proposal(ensemble, node, &txn, findings);
                ensemble.on_proposed(node, &txn);
            }
            Note::Committed(zxid) => self.on_committed(node, zxid),
            Note::Serving { epoch } => {
                ensemble.server_mut(node).serving = Some(epoch);
                check::commit_consistency::at_serving(ensemble, node, epoch, findings);
                check::primary_integrity::at_serving(ensemble, node, findings);
                self.on_shown(node);
            }
            Note::SteppedDown => ensemble.server_mut(node).leave(),
            Note::MemoryReplaced { last_zxid, digest } => {
                ensemble.on_memory_replaced(node, last_zxid, digest);
            }
            Note::Breached { breach, zxid } => check::at_breach(breach, zxid, findings),
            Note::SyncWith { .. } | Note::SyncAnswered { .. } => {}
        }
    }

    fn on_established(&mut self, node: NodeId) {
        let Self { ensemble, findings, .. } = self;
        let Some(id) = ensemble.server(node).leads else {
            return;
        };
        check::leadership::at_established(ensemble, id, findings);
        let lost_from = ensemble.committed;
        check::initial_history::at_established(ensemble, id, findings);
        if ensemble.committed != lost_from {
            check::acknowledged_writes::at_loss(ensemble, lost_from, findings);
            check::observed_values::at_loss(ensemble, lost_from, findings);
        }
        check::primary_integrity::at_serving(ensemble, node, findings);
        self.on_shown(node);
    }

    fn on_committed(&mut self, node: NodeId, zxid: Zxid) {
        let Self { ensemble, findings, .. } = self;
        let Some(reign) = ensemble.led_by(node) else {
            return;
        };
        let Some(sequence) = reign.proposal(zxid, &ensemble.sequences) else {
            return;
        };
        check::durable_acks::at_commit(ensemble, zxid, sequence, findings);
        check::initial_history::at_commit(ensemble, node, sequence, findings);
    }

    fn on_returned(&mut self, node: Option<NodeId>, request: RequestId, outcome: Outcome) {
        let Self { ensemble, findings, .. } = self;
        self.sessions.at_return(request, outcome, findings);
        check::acknowledged_writes::at_return(ensemble, request, outcome, findings);
        check::observed_values::at_return(ensemble, node, outcome, findings);
    }
}
