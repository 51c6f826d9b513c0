//! All checks together, fed one event at a time.
//!
//! An event first changes what is known of the ensemble (`Ensemble::apply`), then the rules look:
//! they read and report, and change nothing. What depends on how it all ended is judged at the end.

use crate::certificate::{Contract, certify};
use crate::custody::{self, Holding, Servers};
use crate::ensemble::{Ensemble, Step};
use crate::evidence::{Event, News};
use crate::findings::Findings;
use crate::hazards::Standard;
use crate::history::History;
use crate::invariants as check;
use crate::loss::{Losses, losses};
use crate::updates;
use crate::verdict::{Verdict, Violation, When};
use zab_core::{NodeId, SessionId, Txn, Zxid};

/// How safe the end of the committed history is.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Stakes {
    /// The servers, one bit each, whose disks hold the last committed transaction durably.
    pub holders: u8,
    /// A client was told that it is committed, or got its value in an answer.
    pub known: bool,
    /// The servers, one bit each, whose disks do not hold what they acknowledged last.
    pub forgetful: u8,
    /// The servers, one bit each, whose disks do not hold the last committed transaction, and which
    /// a majority would elect all the same if every process were started again: it would be lost.
    pub usurpers: u8,
    /// The servers, one bit each, whose disks were created again and which have acknowledged nothing
    /// since: they neither hold anything nor ought to have a vote.
    pub blank: u8,
}

/// Judges one execution while it runs.
#[derive(Clone, Debug)]
pub struct Checker {
    standard: Standard,
    ensemble: Ensemble,
    findings: Findings,
    /// The next event's place in the evidence.
    next: u32,
}

impl Checker {
    /// A judge of an ensemble of this many servers, before anything has happened.
    pub fn new(servers: u8, standard: Standard) -> Self {
        let (ensemble, findings) = (Ensemble::new(servers), Findings::default());
        Self { standard, ensemble, findings, next: 0 }
    }

    /// Takes note of what happened next.
    pub fn observe(&mut self, event: &Event) {
        let when = When { at: event.at, event: self.next };
        self.next += 1;
        self.findings.about(when, event.node);
        let step = self.ensemble.apply(event, when);
        match event.node.filter(|node| node.index() < self.ensemble.servers.len()) {
            Some(node) => self.check(node, step),
            None => self.check_answer(step),
        }
    }

    /// A client that queues for the lock learns something.
    fn check_lock(&mut self, session: SessionId, news: News) {
        let Self { ensemble, findings, .. } = self;
        match news {
            News::Holds { .. } | News::Resumed => {
                check::mutual_exclusion::at_belief(ensemble, session, findings);
            }
            News::Expired => check::expiry_told::at_expiry(ensemble, session, findings),
            News::Named { .. } => check::sequential_names::at_name(ensemble, findings),
            News::Opened | News::Suspended => {}
        }
    }

    /// The violations so far, gravest first: the first of each class. Hazards are among them.
    pub fn violations(&self) -> impl Iterator<Item = &Violation> {
        self.findings.all().iter()
    }

    /// What clients saw so far.
    pub const fn history(&self) -> &History {
        &self.ensemble.clients.history
    }

    /// What the evidence says about the ensemble so far.
    pub(crate) const fn ensemble(&self) -> &Ensemble {
        &self.ensemble
    }

    /// The gravest violation so far, by the standard in force.
    pub fn gravest(&self) -> Option<&Violation> {
        self.findings.gravest(self.standard)
    }

    /// The transactions committed so far, in order; none if it is not known how they begin.
    pub fn committed(&self) -> Option<Vec<Txn>> {
        self.ensemble.sequences.transactions(self.ensemble.committed)
    }

    /// What each server has on disk and in memory.
    pub fn servers(&self) -> Servers {
        custody::servers(&self.ensemble)
    }

    /// Where this transaction is, at each server.
    pub fn custody(&self, txn: &Txn) -> Vec<Holding> {
        custody::custody(&self.ensemble, txn)
    }

    /// What a loss would cost now. It changes only with what a disk reports or recovers, with what
    /// is acknowledged or committed, and with what a client is told.
    pub fn stakes(&self) -> Stakes {
        let Ensemble { servers, sequences, reigns, committed, .. } = &self.ensemble;
        let zxid = sequences.last(*committed);
        let (mut holders, mut forgetful, mut blank) = (0, 0, 0);
        for (bit, server) in servers.iter().enumerate() {
            let holds = |zxid, sequence| server.disk.durable().holds(zxid, sequence, sequences);
            let forgot = |zxid| !holds(zxid, reigns.sequence_at(zxid, sequences));
            holders |= u8::from(holds(zxid, Some(*committed))) << bit;
            forgetful |= u8::from(server.acknowledged.is_some_and(forgot)) << bit;
            blank |= u8::from(server.is_blank) << bit;
        }
        let known = sequences.is_known(*committed);
        Stakes { holders, known, forgetful, usurpers: self.usurpers(holders, blank), blank }
    }

    /// Who of those that are not among these would win an election of some majority without the
    /// blank ones.
    fn usurpers(&self, holders: u8, blank: u8) -> u8 {
        let servers = &self.ensemble.servers;
        let voters = || (0..servers.len()).filter(|bit| blank >> bit & 1 == 0);
        let claim = |bit: usize| (servers[bit].disk.durable().claim(), bit);
        let is_elected = |bit: &usize| {
            let voters = voters().filter(|other| claim(*other) <= claim(*bit)).count();
            voters >= self.ensemble.majority()
        };
        let lacks_it = |bit: &usize| holders >> bit & 1 == 0;
        voters().filter(lacks_it).filter(is_elected).fold(0, |set, bit| set | 1 << bit)
    }

    /// The execution is over: judges what can only be judged at its end, and says the outcome.
    pub fn finish(&mut self) -> Verdict {
        let Self { ensemble, findings, .. } = self;
        findings.about_all();
        let losses = losses(ensemble);
        check::acknowledged_writes::at_end(&losses, findings);
        check::read_values::at_end(&losses, findings);
        check::resurrection::at_end(&losses, findings);
        check::replica_consistency::at_end(ensemble, findings);
        check::latent_divergence::at_end(ensemble, findings);
        check::deleted_nodes::at_end(ensemble, findings);
        check::dead_sessions::at_end(ensemble, findings);
        check::availability::at_end(ensemble, &losses, findings);
        check::service_for_all::at_end(ensemble, findings);
        findings.about_all();
        let undecided = self.certify(&losses).or_else(|| undecided(&self.ensemble, &losses));
        let clean = undecided.map_or(Verdict::Valid, Verdict::Unknown);
        self.findings.verdict_or(self.standard, clean)
    }

    /// Holds what clients saw against the order of transactions that the servers claim. Says why that
    /// cannot be done, if so.
    fn certify(&mut self, losses: &Losses) -> Option<String> {
        let Some(committed) = self.committed() else {
            let reason = "the beginning of the committed history is not part of the evidence";
            return Some(reason.to_owned());
        };
        let Self { ensemble, findings, .. } = self;
        check::ended_sessions::at_end(&committed, findings);
        check::session_operations::at_end(&committed, findings);
        check::ephemeral_nodes::at_end(ensemble, &committed, findings);
        let history = &self.ensemble.clients.history;
        let anomalies = certify(history, &committed, Contract::ZooKeeper);
        if anomalies.is_empty() && self.findings.is_empty() {
            updates::confirm(history, &committed);
        }
        for anomaly in anomalies {
            let request = anomaly.operation.map(|at| history.operations()[at].request);
            if request.is_none_or(|request| !check::order::is_told(losses, request)) {
                check::order::at_end(anomaly, request, &mut self.findings);
            }
        }
        None
    }

    fn check(&mut self, node: NodeId, step: Step<'_>) {
        let Self { ensemble, findings, .. } = self;
        match step {
            Step::Nothing => {}
            Step::Started(recovered) => check::log_continuity::at_start(recovered, findings),
            Step::Exited { reason, lives } => {
                check::restartability::at_exit(reason, lives, findings);
            }
            Step::Appended { txn, last, snapshot, log } => {
                check::log_continuity::at_append(last, snapshot, txn.zxid, findings);
                if let Some((reign, log)) = log {
                    check::history_consistency::of_log(ensemble, reign, log, findings);
                }
            }
            Step::Current { epoch, first } => {
                check::epochs_unshared::at_current_epoch(node, epoch, first, findings);
            }
            Step::Delivered { txn, last } => self.on_delivered(node, txn, last),
            Step::Looking { vote, disk, held } => {
                if let Some(held) = held {
                    check::vote_durability::at_vote(ensemble, vote.zxid, disk, held, findings);
                }
            }
            Step::Breached { breach, zxid } => check::at_breach(breach, zxid, findings),
            Step::AtRest { disk } => {
                check::disk_consistency::at_rest(ensemble, node, disk, findings);
            }
            Step::Returned { .. } => self.check_answer(step),
            Step::Lock { session, news } => self.check_lock(session, news),
            Step::Offered { .. }
            | Step::Promised { .. }
            | Step::NewLeaderAcknowledged { .. }
            | Step::Acknowledged { .. }
            | Step::SyncSent { .. } => self.check_packet(node, step),
            Step::InitialHistory { .. }
            | Step::Established { .. }
            | Step::Proposed { .. }
            | Step::Committed { .. }
            | Step::Serving { .. } => self.check_role(node, step),
        }
    }

    /// A packet is sent that promises or acknowledges something.
    fn check_packet(&mut self, node: NodeId, step: Step<'_>) {
        let Self { ensemble, findings, .. } = self;
        match step {
            Step::Offered { epoch } => {
                check::proposals_promised::at_leader_info(ensemble, node, epoch, findings);
            }
            Step::Promised { epoch, before } => {
                check::promises_kept::at_promise(ensemble, node, epoch, before, findings);
            }
            Step::NewLeaderAcknowledged { epoch, first: Some((id, durable)) } => {
                check::durable_acks::at_ack_new_leader(ensemble, id, durable, findings);
                let log = ensemble.server(node).participates.map(|(_, log)| log);
                if let Some(log) = log {
                    check::history_consistency::of_log(ensemble, id, log, findings);
                }
                check::acknowledgements_allowed::at_ack_new_leader(ensemble, node, epoch, findings);
            }
            Step::Acknowledged { leader, zxid } => {
                check::durable_acks::at_ack(ensemble, node, zxid, findings);
                check::acknowledgements_allowed::at_ack(ensemble, node, leader, zxid, findings);
            }
            Step::SyncSent { to, answered } => {
                check::sync::at_answer(ensemble, node, to, answered, findings);
            }
            _ => {}
        }
    }

    /// A server takes a step in its role.
    fn check_role(&mut self, node: NodeId, step: Step<'_>) {
        let Self { ensemble, findings, .. } = self;
        match step {
            Step::InitialHistory { epoch, others, itself } => {
                let promises = (others, itself);
                check::epochs_supported::at_initial_history(ensemble, epoch, promises, findings);
            }
            Step::Established { id, before } => {
                check::leadership::at_established(ensemble, id, findings);
                check::leaders_current::at_established(ensemble, id, findings);
                check::initial_history::at_established(ensemble, id, before, findings);
                check::primary_integrity::at_serving(ensemble, node, findings);
                self.on_shown(node);
            }
            Step::Proposed { txn, is_first: true } => {
                check::primary_integrity::at_proposal(ensemble, node, txn, findings);
            }
            Step::Committed { epoch, sequence } => {
                check::durable_acks::at_commit(ensemble, sequence, findings);
                check::initial_history::at_commit(ensemble, epoch, sequence, findings);
            }
            Step::Serving { epoch } => {
                check::commit_consistency::at_serving(ensemble, node, epoch, findings);
                check::primary_integrity::at_serving(ensemble, node, findings);
                self.on_shown(node);
            }
            _ => {}
        }
    }

    fn on_delivered(&mut self, node: NodeId, txn: &Txn, last: Zxid) {
        let Self { ensemble, findings, .. } = self;
        check::integrity::at_delivery(ensemble, txn, findings);
        check::local_primary_order::at_delivery(txn, last, findings);
        check::global_primary_order::at_delivery(txn, last, findings);
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
    }

    /// A client is answered.
    fn check_answer(&mut self, step: Step<'_>) {
        if let Step::Returned { request, outcome, seen, sync } = step {
            check::session_order::at_return(request, outcome, seen, &mut self.findings);
            if let Some(sync) = sync {
                check::sync::at_return(request, outcome, sync, &mut self.findings);
            }
        }
    }
}

/// Why it cannot be said that nothing is lost, if so.
fn undecided(ensemble: &Ensemble, losses: &Losses) -> Option<String> {
    if let Some(bound) = ensemble.ending.never_quiet {
        return Some(format!(
            "the ensemble did not come to rest within {bound} after service was back"
        ));
    }
    let loss = losses.undecided.first()?;
    Some(format!(
        "{} was lost to epoch {}, and it is not known whether it came back",
        loss.txn, loss.lost.epoch
    ))
}
