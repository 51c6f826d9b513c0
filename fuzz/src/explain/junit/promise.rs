//! The promise of a follower that a case is about, and how the follower came to make it.

use super::super::Finding;
use crate::oracle::{Recording, standard};
use std::collections::{BTreeMap, BTreeSet};
use zab_checker::custody::ServerState;
use zab_checker::{Checker, Fact};
use zab_core::event::Note;
use zab_core::event::purged;
use zab_core::log_files::LogFiles;
use zab_core::{ConnId, DiskOp, Epoch, File, Lsn, NodeId, Packet, Replica, Txn, Zxid};
use zab_sim::passage::Leg;

/// What is promised.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// NEWLEADER is acknowledged: a quorum counts that.
    Acknowledges,
    /// `currentEpoch` is on the disk: an election counts that.
    WritesEpoch,
}

/// A promise of a follower, without what it stands for on its disk.
#[derive(Clone, Debug)]
pub(super) struct Promise {
    pub(super) kind: Kind,
    pub(super) server: NodeId,
    pub(super) epoch: Epoch,
    /// When, in microseconds after boot.
    pub(super) at_us: u64,
    /// The committed transactions that it was sent and does not have on its disk, in order.
    pub(super) missing: Vec<Zxid>,
    /// How it came to it.
    pub(super) way: Follows,
}

/// A packet between a leader and its follower.
#[derive(Clone, Debug)]
pub(super) enum Step {
    IsSent(Packet),
    Answers(Packet),
}

/// The files of a server, as its process would read them.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    snapshots: Vec<Replica>,
    pub(super) log: Vec<Txn>,
    log_files: LogFiles,
    /// The next record begins a file.
    is_rolled: bool,
    pub(super) accepted: Epoch,
    pub(super) current: Epoch,
    /// What its process asked for and was not told to be done.
    open: BTreeMap<File, Lsn>,
}

/// What a server does since it was decided whom it follows.
#[derive(Clone, Debug)]
pub(super) struct Follows {
    pub(super) leader: NodeId,
    /// Since when, in microseconds after boot.
    pub(super) since_us: u64,
    /// What was on its disk then.
    pub(super) files: Files,
    /// Why a process that is started from that disk is not what this one was, if so.
    pub(super) differs: Option<&'static str>,
    /// What went on between the two from then on.
    pub(super) steps: Vec<Step>,
    conn: Option<ConnId>,
    is_told_new_leader: bool,
    has_acknowledged: bool,
}

/// A server on its way to a promise.
#[derive(Clone, Debug, Default)]
struct Server {
    files: Files,
    /// It has been in a role since its process started.
    has_history: bool,
    follows: Option<Follows>,
}

/// The promises that a violation rests on: those that lack something of what is lost. First those
/// that a quorum counted, then those that an election did, each in order of time.
pub(super) fn of(recording: &Recording, finding: &Finding) -> Vec<Promise> {
    let lost: BTreeSet<Zxid> = finding.subjects.iter().map(|txn| txn.zxid).collect();
    let mut promises = all(recording);
    promises.retain(|promise| promise.missing.iter().any(|zxid| lost.contains(zxid)));
    promises.sort_by_key(|promise| promise.kind);
    promises
}

/// Every promise after boot that came to be broken, in order of time: its process ended, or the
/// execution did, before all that it stands for was on the disk.
fn all(recording: &Recording) -> Vec<Promise> {
    let mut checker = Checker::new(recording.schedule.servers, standard(recording.releases));
    let mut servers = vec![Server::default(); recording.schedule.servers.into()];
    let mut passages = recording.passages.iter().peekable();
    let (mut open, mut broken) = (Vec::<Promise>::new(), Vec::new());
    for (at, event) in recording.events.iter().enumerate() {
        while let Some((_, passage)) = passages.next_if(|(before, _)| *before <= at) {
            on_leg(&mut servers, &passage.what);
        }
        checker.observe(event);
        let Some(id) = event.node else { continue };
        let state = || checker.servers().swap_remove(id.index());
        let at_us = event.at.since(recording.origin).0;
        let server = &mut servers[id.index()];
        server.on_fact(&event.fact, at_us, state);
        if let Some(promised) = server.promises(&event.fact).filter(|_| at >= recording.boot) {
            open.extend(server.promise(promised, (id, &state()), at_us));
        }
        let of_server = |promise: &mut Promise| promise.server == id;
        match &event.fact {
            Fact::Crashed { .. } | Fact::Exited(_) => broken.extend(open.extract_if(.., of_server)),
            Fact::DiskDone { .. } if open.iter_mut().any(of_server) => {
                let state = state();
                let is_kept = |one: &Promise| one.missing.iter().all(|zxid| state.holds(*zxid));
                open.retain(|promise| promise.server != id || !is_kept(promise));
            }
            _ => {}
        }
    }
    broken.extend(open);
    broken
}

fn on_leg(servers: &mut [Server], leg: &Leg) {
    match leg {
        Leg::Connected(way) => {
            if let Some(follows) = servers[way.from.index()].follows.as_mut()
                && follows.leader == way.to
            {
                // What went on between the two before is over.
                follows.conn = Some(way.conn);
                follows.steps.clear();
                follows.is_told_new_leader = false;
            }
        }
        Leg::Arrived(way, packet) => {
            if let Some(follows) = servers[way.to.index()].follows.as_mut()
                && follows.conn == Some(way.conn)
            {
                follows.is_told_new_leader |= matches!(packet, Packet::NewLeader { .. });
                follows.steps.push(Step::IsSent(packet.clone()));
            }
        }
        _ => {}
    }
}

impl Server {
    fn on_fact(&mut self, fact: &Fact, at_us: u64, state: impl FnOnce() -> ServerState) {
        self.files.on_fact(fact);
        match fact {
            Fact::Started(_) | Fact::Crashed { .. } | Fact::Exited(_) => {
                (self.has_history, self.follows) = (false, None);
            }
            Fact::Noted(Note::Looking { .. } | Note::SteppedDown) => self.follows = None,
            Fact::Noted(Note::Elected { leader, .. }) => {
                let differs =
                    if self.has_history { self.files.differ_from(&state()) } else { None };
                self.follows = Some(Follows {
                    leader: *leader,
                    since_us: at_us,
                    files: self.files.clone(),
                    differs,
                    steps: Vec::new(),
                    conn: None,
                    is_told_new_leader: false,
                    has_acknowledged: false,
                });
                self.has_history = true;
            }
            Fact::Sent { to, packet } => {
                if let Some(follows) = self.follows.as_mut().filter(|one| one.leader == *to) {
                    follows.steps.push(Step::Answers(packet.clone()));
                }
            }
            _ => {}
        }
    }

    /// What a follower promises with this event, while it is brought up to date.
    fn promises(&mut self, fact: &Fact) -> Option<(Kind, Epoch)> {
        let current = self.files.current;
        let follows = self.follows.as_mut().filter(|one| one.is_told_new_leader)?;
        match fact {
            Fact::Sent { packet: Packet::Ack(zxid), .. }
                if zxid.is_epoch_mark() && !follows.has_acknowledged =>
            {
                follows.has_acknowledged = true;
                Some((Kind::Acknowledges, zxid.epoch))
            }
            Fact::DiskDone { file: File::CurrentEpoch, .. } => Some((Kind::WritesEpoch, current)),
            _ => None,
        }
    }

    /// The promise, if its disk falls short of it.
    fn promise(
        &self,
        (kind, epoch): (Kind, Epoch),
        (server, state): (NodeId, &ServerState),
        at_us: u64,
    ) -> Option<Promise> {
        let follows = self.follows.as_ref()?;
        let missing: Vec<Zxid> = follows.committed().filter(|zxid| !state.holds(*zxid)).collect();
        if missing.is_empty() {
            return None;
        }
        Some(Promise { kind, server, epoch, at_us, missing, way: follows.clone() })
    }
}

impl Follows {
    /// What it was told to be committed before NEWLEADER.
    fn committed(&self) -> impl Iterator<Item = Zxid> {
        let before = self
            .steps
            .iter()
            .take_while(|step| !matches!(step, Step::IsSent(Packet::NewLeader { .. })));
        before.filter_map(|step| match step {
            Step::IsSent(Packet::Commit(zxid)) => Some(*zxid),
            _ => None,
        })
    }
}

impl Files {
    /// The newest snapshot.
    pub(super) fn snapshot(&self) -> Replica {
        self.snapshots.last().copied().unwrap_or_default()
    }

    fn on_fact(&mut self, fact: &Fact) {
        match fact {
            Fact::Started(found) => {
                *self = Self {
                    snapshots: found.snapshots.clone(),
                    log: found.log.clone(),
                    log_files: found.files_of_log(),
                    is_rolled: false,
                    accepted: found.accepted_epoch,
                    current: found.current_epoch,
                    open: BTreeMap::new(),
                };
            }
            Fact::DiskAsked { lsn, op } => {
                self.open.insert(op.file(), *lsn);
                self.ask(op);
            }
            Fact::Purged(purge) => purge.ops().for_each(|op| self.ask(&op)),
            Fact::DiskDone { file, upto }
                if self.open.get(file).is_some_and(|last| last <= upto) =>
            {
                self.open.remove(file);
            }
            _ => {}
        }
    }

    fn ask(&mut self, op: &DiskOp) {
        match op {
            DiskOp::Append(txn) => {
                self.log.push(*txn);
                self.log_files.append(std::mem::take(&mut self.is_rolled));
            }
            DiskOp::RollLog => self.is_rolled = true,
            DiskOp::Truncate(zxid) => {
                self.log.retain(|txn| txn.zxid <= *zxid);
                self.log_files.truncate(self.log.len());
            }
            DiskOp::Snapshot(replica)
            | DiskOp::SnapshotFile(replica)
            | DiskOp::WriteSnapshot(replica) => {
                self.snapshots.push(**replica);
            }
            DiskOp::DropSnapshotsAfter(zxid) => {
                self.snapshots.retain(|one| one.last_processed <= *zxid);
            }
            DiskOp::PurgeSnapshots(oldest) => {
                self.snapshots.retain(|one| one.last_processed >= *oldest);
            }
            DiskOp::PurgeLog(first) => {
                let removed = purged(*first, &self.log, &self.log_files);
                self.log.drain(..removed);
                self.log_files.remove_first(removed);
            }
            DiskOp::AcceptedEpoch(epoch) | DiskOp::Rename(File::AcceptedEpoch, epoch) => {
                self.accepted = *epoch;
            }
            DiskOp::CurrentEpoch(epoch) | DiskOp::Rename(File::CurrentEpoch, epoch) => {
                self.current = *epoch;
            }
            // An empty file is none that a process would load.
            DiskOp::EmptySnapshot(zxid) => self.snapshots.retain(|one| one.last_processed != *zxid),
            DiskOp::Flush | DiskOp::FlushFile | DiskOp::FlushRecovered(_) | DiskOp::Rename(..) => {}
        }
    }

    /// Why a process that starts from these files is not what this server is.
    fn differ_from(&self, state: &ServerState) -> Option<&'static str> {
        let last = self.log.last().map_or(Zxid::ZERO, |txn| txn.zxid);
        let last = last.max(self.snapshot().last_processed);
        if !self.open.is_empty() {
            return Some(
                "its disk was still at work for an earlier leader, and a test begins with a \
                         process that has just started",
            );
        }
        let is_same = state.in_memory == Some(last);
        (!is_same).then_some(
            "its memory was not what its disk held, and a test begins with a process that has just \
             started",
        )
    }
}
