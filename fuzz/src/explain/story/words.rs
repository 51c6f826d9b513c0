//! What each event is called, if it is worth a word.

use super::{Teller, Weight};
use crate::explain::claims::Claim;
use crate::explain::faults::Effect;
use crate::explain::text::{ms, span};
use Weight::{Detail, Step, Turn};
use zab_checker::custody::{ServerState, Servers};
use zab_checker::{Event, Fact, News};
use zab_core::event::{ExitReason, Note, SyncMode};
use zab_core::{
    Change, DiskError, Epoch, File, Headless, NoHeader, NodeId, Op, Outcome, Packet, Purge,
    Recovered, SessionId, Txn, Zxid,
};
use zab_sim::schedule::Directories;

/// The context in which an event is told.
pub(super) struct Words<'a> {
    pub(super) teller: &'a mut Teller,
    /// What every server had just before.
    pub(super) before: &'a Servers,
    /// When it happened, in microseconds after boot.
    pub(super) at_us: u64,
}

type Told = Option<(Weight, String)>;

impl Words<'_> {
    /// The words for this event.
    pub(super) fn of(&mut self, event: &Event) -> Told {
        match event.node {
            Some(node) => self.at_server(node, &event.fact),
            None => self.ensemble(&event.fact),
        }
    }

    /// What this server has now, as the checker knows it.
    fn now(&self, node: NodeId) -> Option<&ServerState> {
        self.teller.servers.get(node.index())
    }

    fn at_server(&mut self, node: NodeId, fact: &Fact) -> Told {
        match fact {
            Fact::Started(found) => Some((Turn, self.started(node, found))),
            Fact::Installed(_) => {
                let name = self.teller.release_of(node)?;
                Some((Step, format!("{node} gets another release: {name}")))
            }
            Fact::Crashed { power_loss } => Some((Turn, self.crashed(node, *power_loss))),
            Fact::Exited(reason) => {
                Some((Turn, format!("the process of {node} ends: {}", exit(*reason))))
            }
            Fact::DiskDone { file, .. } => self.disk_done(node, *file),
            Fact::DiskFailed { file, error, .. } => Self::disk_failed(node, *file, *error),
            Fact::Blanked => {
                Some((Turn, format!("the disk of {node} is created again, and is empty")))
            }
            Fact::Purged(purge) => Some((Turn, purged(node, *purge))),
            Fact::WrittenBack => {
                let what = "writes back what earlier processes of";
                Some((Step, format!("the kernel {what} {node} have left: it is durable")))
            }
            Fact::Sent { to, packet } => self.sent(node, *to, packet),
            Fact::Noted(note) => noted(node, note),
            // Reads are told by their answers.
            Fact::Invoked { op: Op::Read { .. } | Op::Sync, .. } => None,
            Fact::Invoked { request, op } => {
                Some((Step, format!("client {} asks {node}: {}", request.session, asked(op))))
            }
            Fact::Returned { request, outcome } => {
                let op = self.teller.open.get(request).filter(|op| **op != Op::Sync)?;
                Some((Turn, returned(node, &request.session.to_string(), op, outcome)))
            }
            Fact::TimedOut { request } => {
                let (op, session) = (self.teller.open.get(request)?, request.session);
                Some((Step, format!("client {session} gets no answer from {node}: {}", asked(op))))
            }
            Fact::Lock { session, news } => lock(node, *session, *news),
            Fact::Fault(name) => Some((Step, self.fault(Some(node), Effect::Named(name)))),
            Fact::NotServing { bound } => Some((
                Turn,
                format!("{node} runs and does not serve, {} after the others do", span(bound.0)),
            )),
            Fact::NotWriting { bound } => Some((
                Turn,
                format!("{node} serves, and has carried out no write in {}", span(bound.0)),
            )),
            _ => self.ensemble(fact),
        }
    }

    fn fault(&mut self, node: Option<NodeId>, effect: Effect) -> String {
        self.teller.faults.begin(self.at_us, node, effect).text
    }

    fn started(&self, node: NodeId, found: &Recovered) -> String {
        let had = self.teller.had.get(&node).map_or(&[][..], Vec::as_slice);
        let now = self.now(node);
        let is_lost = |zxid: &Zxid| now.is_some_and(|now| !now.holds(*zxid));
        let lost: Vec<Zxid> = had.iter().copied().filter(is_lost).collect();
        let last = now.map_or(Zxid::ZERO, |now| now.last_logged);
        let epoch = found.current_epoch;
        let release =
            self.teller.release_of(node).map_or(String::new(), |name| format!(" as {name}"));
        let files: String = found.headless.iter().map(without_header).collect();
        let start = format!(
            "{node} starts{release} with current epoch {epoch} and a log up to {last}{files}"
        );
        if lost.is_empty() { start } else { start + &Claim::NeverReached(lost).to_string() }
    }

    fn crashed(&mut self, node: NodeId, power_loss: bool) -> String {
        let effect = if power_loss { Effect::PowerLoss } else { Effect::Kill };
        let begun = self.teller.faults.begin(self.at_us, Some(node), effect);
        let unflushed = self.teller.had.get(&node).filter(|unflushed| !unflushed.is_empty());
        let Some(unflushed) = unflushed else {
            return begun.text;
        };
        let kept = begun.kept.map_or(String::new(), |kept| format!(": {kept}"));
        format!("{}{}{kept}", begun.text, Claim::NotYet(unflushed.clone()))
    }

    fn disk_failed(node: NodeId, file: File, error: DiskError) -> Told {
        let what = match file {
            File::Log => "the log",
            File::Snapshot => "a snapshot",
            File::AcceptedEpoch => "acceptedEpoch",
            File::CurrentEpoch => "currentEpoch",
        };
        let how = match error {
            DiskError::Write => format!("{node} cannot write {what}"),
            DiskError::Flush => format!("{node} cannot flush {what}"),
            DiskError::Header => format!("{node} cannot write the header of a new log"),
            DiskError::Open => format!("{node} cannot begin a new log"),
        };
        Some((Step, format!("{how}: the disk reports an error")))
    }

    fn disk_done(&self, node: NodeId, file: File) -> Told {
        let (before, now) = (self.before.get(node.index())?, self.now(node)?);
        match file {
            File::Log | File::Snapshot => {
                let (old, new) = (before.last_logged, now.last_logged);
                if new < old {
                    Some((Turn, format!("{node} has cut its log from {old} back to {new}")))
                } else if new <= old {
                    None
                } else if now.holds(new) {
                    Some((Detail, format!("{node} has {new} on disk")))
                } else {
                    Some((Turn, format!("{node} has a snapshot that is called {new} and lacks it")))
                }
            }
            File::CurrentEpoch if now.current_epoch != before.current_epoch => {
                Some((Detail, format!("{node} has current epoch {} on disk", now.current_epoch)))
            }
            _ => None,
        }
    }

    fn sent(&self, node: NodeId, to: NodeId, packet: &Packet) -> Told {
        match packet {
            Packet::Ack(zxid) if zxid.is_epoch_mark() => {
                self.acknowledged_leader(node, to, zxid.epoch)
            }
            Packet::Ack(zxid) => {
                let is_early = self.now(node)?.is_forgetful;
                let (weight, but) = match is_early {
                    true => (Step, Claim::AcknowledgedEarly.to_string()),
                    false => (Detail, String::new()),
                };
                Some((weight, format!("{node} acknowledges {zxid} to {to}{but}")))
            }
            Packet::Diff { zxid } => Some((Detail, format!("{node} sends {to} DIFF up to {zxid}"))),
            Packet::Trunc { zxid } => {
                Some((Step, format!("{node} tells {to} to cut its log back to {zxid}")))
            }
            Packet::Snap { replica } => {
                let last = replica.last_processed;
                Some((Step, format!("{node} sends {to} a snapshot of all up to {last}")))
            }
            Packet::UpToDate => Some((Detail, format!("{node} sends {to} UPTODATE"))),
            _ => None,
        }
    }

    /// The acknowledgement that counts; the one after UPTODATE is for nobody.
    fn acknowledged_leader(&self, node: NodeId, to: NodeId, epoch: Epoch) -> Told {
        let (before, now) = (self.before.get(node.index())?, self.now(node)?);
        if !before.is_synchronizing || now.is_synchronizing {
            return None;
        }
        let but = Claim::of_shortfall(&now.shortfall).map(|claim| claim.to_string());
        let but = but.unwrap_or_default();
        Some((Turn, format!("{node} acknowledges NEWLEADER of epoch {epoch} to {to}{but}")))
    }

    fn ensemble(&mut self, fact: &Fact) -> Told {
        match fact {
            Fact::Fault(name) => Some((Step, self.fault(None, Effect::Named(name)))),
            Fact::StrictDirectories => {
                let needed = Directories::Strict.needed()?;
                Some((Turn, format!("the servers run on {needed}")))
            }
            Fact::Healed => {
                Some((Turn, "every fault is healed, and every server is started".to_owned()))
            }
            Fact::Available { after } => Some((
                Step,
                format!("a write is acknowledged, {} after healing: service is back", ms(after.0)),
            )),
            Fact::Unavailable { bound, excuse } => {
                let excuse = excuse.map_or(String::new(), |excuse| format!(" ({excuse})"));
                let bound = span(bound.0);
                Some((Turn, format!("no write is acknowledged within {bound} of healing{excuse}")))
            }
            Fact::NeverQuiet { bound } => {
                Some((Step, format!("the ensemble does not come to rest in {}", span(bound.0))))
            }
            _ => None,
        }
    }
}

fn noted(node: NodeId, note: &Note) -> Told {
    let told = match note {
        Note::Elected { leader, round } if *leader == node => {
            (Step, format!("{node} wins the election of round {round}"))
        }
        Note::Elected { leader, .. } => (Detail, format!("{node} follows {leader}")),
        Note::SyncWith { learner, mode } => {
            let how = match mode {
                SyncMode::Diff => "DIFF (send what is missing)",
                SyncMode::Trunc => "TRUNC (cut its log first)",
                SyncMode::Snap => "SNAP (send the whole state)",
            };
            (Step, format!("{node} synchronizes {learner} by {how}"))
        }
        Note::Established { epoch } => {
            (Turn, format!("{node} establishes epoch {epoch} and serves clients"))
        }
        Note::Proposed(txn) => (Step, format!("{node} proposes {}", transaction(txn))),
        Note::Committed(zxid) => (Step, format!("{node} commits {zxid}")),
        Note::Serving { epoch } => (Detail, format!("{node} serves clients in epoch {epoch}")),
        Note::LeakedLogWriter { queued } => (
            Step,
            format!("the log writer of {node} outlives its role, with {queued} more to append"),
        ),
        Note::SteppedDown => (Step, format!("{node} leaves its role and looks for a leader")),
        Note::Breached { breach, zxid } => {
            (Step, format!("{node} gets a packet that breaks the protocol ({breach}, {zxid})"))
        }
        Note::Looking { .. }
        | Note::InitialHistory { .. }
        | Note::SyncAnswered { .. }
        | Note::MemoryReplaced { .. } => return None,
    };
    Some(told)
}

fn asked(op: &Op) -> String {
    match op {
        Op::Write { key, value } => format!("write {key}={value}"),
        Op::WriteIf { key, value, version } => {
            format!("write {key}={value} if its version is {version}")
        }
        Op::Read { key } => format!("read {key}"),
        other => other.to_string(),
    }
}

fn returned(node: NodeId, session: &str, op: &Op, outcome: &Outcome) -> String {
    match outcome {
        Outcome::Written { zxid, .. } => {
            format!("{node} tells client {session}: {} is done, as {zxid}", asked(op))
        }
        Outcome::BadVersion { zxid } => {
            format!("{node} tells client {session}: {}: it is not ({zxid})", asked(op))
        }
        Outcome::Value { value, version, position } => {
            let what = if *version == 0 { "nothing".to_owned() } else { value.to_string() };
            format!("client {session} reads at {node}: {} gives {what}, at {position}", asked(op))
        }
        Outcome::Synced { position } => {
            format!("{node} tells client {session}: sync is done, at {position}")
        }
        Outcome::Refused => format!("{node} refuses client {session}: {}", asked(op)),
        other => format!("{node} tells client {session}: {}: {other}", asked(op)),
    }
}

/// What a client that queues for the lock learns. `A2` is the second session of client A.
fn lock(node: NodeId, session: SessionId, news: News) -> Told {
    Some(match news {
        News::Opened => {
            (Step, format!("client {session} is connected to {node}, in a new session"))
        }
        News::Resumed => {
            (Step, format!("client {session} is connected to {node}: its session goes on"))
        }
        News::Suspended => (Step, format!("client {session} has lost its connection to {node}")),
        News::Expired => {
            (Turn, format!("{node} tells client {session} that its session has expired"))
        }
        News::Named { number, zxid } => {
            (Step, format!("{node} tells client {session}: n-{number} is there, as {zxid}"))
        }
        News::Holds { number } => (
            Turn,
            format!("client {session} has the lock: {node} shows it n-{number} as the first node"),
        ),
    })
}

fn transaction(txn: &Txn) -> String {
    let session = txn.request.session;
    match txn.change {
        Change::Set { key, value, .. } => format!("{}: {key}={value}", txn.zxid),
        Change::Rejected => format!("{}: a write that changes nothing", txn.zxid),
        Change::CreateSession => format!("{}: session {session} opens", txn.zxid),
        Change::CloseSession { nodes } if nodes.iter().next().is_none() => {
            format!("{}: session {session} ends, and has no node", txn.zxid)
        }
        Change::CloseSession { nodes } => {
            format!("{}: session {session} ends, and with it {nodes}", txn.zxid)
        }
        Change::CreateNode { number } => {
            format!("{}: a node for session {session}, n-{number}", txn.zxid)
        }
        Change::Refused(error) => {
            format!("{}: what session {session} asked for is refused, {error}", txn.zxid)
        }
    }
}

/// What an operator's program did to the disk of a server.
fn purged(node: NodeId, purge: Purge) -> String {
    let Purge { snapshots_before, log_before, is_flushed } = purge;
    let kept = if is_flushed { ", which are flushed first" } else { "" };
    let snapshots = snapshots_before.map(|zxid| format!("snapshots before {zxid}"));
    let log = log_before.map(|first| match first {
        Purge::WHOLE_LOG => "every file of the log".to_owned(),
        _ => format!("the log before {first}"),
    });
    let removed: Vec<String> = snapshots.into_iter().chain(log).collect();
    let removed = removed.join(" and ");
    format!("{node} is purged but for its three newest snapshots{kept}: {removed} are removed")
}

/// A file of the log that has no header.
fn without_header(file: &Headless) -> String {
    let contents = match file.contents {
        NoHeader::Nothing => "empty",
        NoHeader::Zeros => "full of zeros",
    };
    format!(", and finds a file of the log, made for {}, that is {contents}", file.name)
}

/// How a process came to end.
pub(in crate::explain) const fn exit(reason: ExitReason) -> &'static str {
    match reason {
        ExitReason::NoSnapshot => "it has a log and no snapshot",
        ExitReason::NoHeader(NoHeader::Nothing) => "a file of its log is empty",
        ExitReason::NoHeader(NoHeader::Zeros) => "a file of its log has zeros instead of a header",
        ExitReason::EpochBehindLog => "the epoch of its log is above its current epoch",
        ExitReason::AcceptedBelowCurrent => "its accepted epoch is below its current epoch",
        ExitReason::HoleInLog => "a transaction is missing in its log",
        ExitReason::UnmatchedCommit => "a COMMIT does not match the oldest proposal",
        ExitReason::TruncFailed => "it is told to cut its log where it has no log",
        ExitReason::DiskError => "its disk failed",
    }
}
