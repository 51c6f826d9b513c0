//! What each event is called, if it is worth a word.

use super::{Teller, Weight};
use crate::explain::mirror::Disk;
use Weight::{Detail, Step, Turn};
use zab_checker::{Event, Fact};
use zab_core::event::{ExitReason, Note, SyncMode};
use zab_core::{Change, File, NodeId, Op, Outcome, Packet, Recovered, Txn, Zxid};

/// The context in which an event is told.
pub(super) struct Words<'a> {
    pub(super) teller: &'a Teller,
    /// What was durable at the server just before.
    pub(super) before: Option<Disk>,
}

type Told = Option<(Weight, String)>;

impl Words<'_> {
    /// The words for this event.
    pub(super) fn of(&self, event: &Event) -> Told {
        match event.node {
            Some(node) => self.at_server(node, &event.fact),
            None => ensemble(&event.fact),
        }
    }

    fn at_server(&self, node: NodeId, fact: &Fact) -> Told {
        match fact {
            Fact::Started(found) => Some((Turn, self.started(node, found))),
            Fact::Crashed { power_loss } => Some((Turn, self.crashed(node, *power_loss))),
            Fact::Exited(reason) => Some((Turn, format!("{node} exits: {}", exit(*reason)))),
            Fact::DiskDone { file, .. } => self.disk_done(node, *file),
            Fact::DiskFailed { .. } => Some((Step, format!("{node}: the disk reports an error"))),
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
                let op = self.teller.open.get(request)?;
                let session = request.session;
                Some((Step, format!("client {session} gets no answer: {}: unknown", asked(op))))
            }
            Fact::Fault(what) => Some((Step, format!("{node}: {what}"))),
            _ => ensemble(fact),
        }
    }

    fn started(&self, node: NodeId, found: &Recovered) -> String {
        let last = found.log.last().map_or(found.snapshot.last_processed, |txn| txn.zxid);
        let epoch = found.current_epoch;
        let had = self.teller.had.get(&node).map_or(&[][..], Vec::as_slice);
        let lost: Vec<Zxid> = had
            .iter()
            .copied()
            .filter(|zxid| found.log.iter().all(|txn| txn.zxid != *zxid))
            .collect();
        let lost = if lost.is_empty() {
            String::new()
        } else {
            format!("; {} never reached its disk", list(&lost))
        };
        format!("{node} starts again with current epoch {epoch} and a log up to {last}{lost}")
    }

    fn crashed(&self, node: NodeId, power_loss: bool) -> String {
        let how = if power_loss { "loses power" } else { "is killed" };
        let unflushed = self.teller.had.get(&node).map_or(&[][..], Vec::as_slice);
        if unflushed.is_empty() {
            format!("{node} {how}")
        } else {
            format!("{node} {how} before {} is on its disk", list(unflushed))
        }
    }

    fn disk_done(&self, node: NodeId, file: File) -> Told {
        let before = self.before.as_ref()?;
        let now = self.teller.disks.get(node.index())?;
        match file {
            File::Log | File::Snapshot => {
                let (old, new) = (before.last_logged(), now.last_logged());
                if new < old {
                    Some((Turn, format!("{node} has cut its log from {old} back to {new}")))
                } else {
                    (new > old).then(|| (Detail, format!("{node} has {new} on disk")))
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
            Packet::Ack(zxid) => {
                let disk = self.teller.disks.get(node.index())?;
                if zxid.is_epoch_mark() {
                    // The one behind UPTODATE is for nobody.
                    let promised = self.teller.promised.get(&node)?;
                    return Some((Turn, acknowledged_leader(node, to, *zxid, disk, promised)));
                }
                let durable = disk.holds(*zxid);
                let but = if durable { "" } else { ", which is NOT on its disk" };
                let weight = if durable { Detail } else { Step };
                Some((weight, format!("{node} acknowledges {zxid} to {to}{but}")))
            }
            Packet::Diff { zxid } => Some((Detail, format!("{node} sends {to} DIFF up to {zxid}"))),
            Packet::Trunc { zxid } => {
                Some((Step, format!("{node} tells {to} to cut its log behind {zxid}")))
            }
            Packet::Snap { replica } => {
                let last = replica.last_processed;
                Some((Step, format!("{node} sends {to} a snapshot of all up to {last}")))
            }
            Packet::UpToDate => Some((Detail, format!("{node} sends {to} UPTODATE"))),
            _ => None,
        }
    }
}

fn acknowledged_leader(
    node: NodeId,
    to: NodeId,
    zxid: Zxid,
    disk: &Disk,
    promised: &[Zxid],
) -> String {
    let missing: Vec<Zxid> = promised.iter().copied().filter(|zxid| !disk.holds(*zxid)).collect();
    let but = if missing.is_empty() {
        String::new()
    } else {
        format!("; {} is NOT on its disk", list(&missing))
    };
    format!("{node} acknowledges NEWLEADER of epoch {} to {to}{but}", zxid.epoch)
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
            (Step, format!("{node} synchronises {learner} by {how}"))
        }
        Note::Established { epoch } => {
            (Turn, format!("{node} establishes epoch {epoch} and serves clients"))
        }
        Note::Proposed(txn) => (Step, format!("{node} proposes {}", transaction(txn))),
        Note::Committed(zxid) => (Step, format!("{node} commits {zxid}")),
        Note::Serving { epoch } => (Detail, format!("{node} serves clients in epoch {epoch}")),
        Note::SteppedDown => (Step, format!("{node} leaves its role and looks for a leader")),
        Note::Breached { breach, zxid } => {
            (Step, format!("{node} gets a packet that the protocol forbids ({breach:?}, {zxid})"))
        }
        Note::Looking { .. }
        | Note::InitialHistory { .. }
        | Note::SyncAnswered { .. }
        | Note::MemoryReplaced { .. } => return None,
    };
    Some(told)
}

fn ensemble(fact: &Fact) -> Told {
    match fact {
        Fact::Fault(what) => Some((Step, (*what).to_owned())),
        Fact::Healed => Some((Turn, "every fault is healed, every server runs".to_owned())),
        Fact::Available { after } => {
            Some((Step, format!("a new write is acknowledged, {after} after healing")))
        }
        Fact::Unavailable { bound, excuse } => {
            let excuse = excuse.map_or(String::new(), |excuse| format!(" ({excuse})"));
            Some((Turn, format!("no new write is acknowledged within {bound}{excuse}")))
        }
        _ => None,
    }
}

fn asked(op: &Op) -> String {
    match op {
        Op::Write { key, value } => format!("write {key}={value}"),
        Op::WriteIf { key, value, version } => {
            format!("write {key}={value} if its version is {version}")
        }
        Op::Read { key } => format!("read {key}"),
        Op::Sync => "sync".to_owned(),
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
    }
}

fn transaction(txn: &Txn) -> String {
    match txn.change {
        Change::Set { key, value, .. } => format!("{}: {key}={value}", txn.zxid),
        Change::Rejected => format!("{}: a write that changes nothing", txn.zxid),
    }
}

fn list(zxids: &[Zxid]) -> String {
    let words: Vec<String> = zxids.iter().map(Zxid::to_string).collect();
    match words.as_slice() {
        [first, .., last] if words.len() > 3 => format!("{first} to {last}"),
        _ => words.join(", "),
    }
}

const fn exit(reason: ExitReason) -> &'static str {
    match reason {
        ExitReason::EpochBehindLog => "the epoch of its log is above its current epoch",
        ExitReason::AcceptedBelowCurrent => "its accepted epoch is below its current epoch",
        ExitReason::UnmatchedCommit => "a COMMIT does not match the oldest proposal",
        ExitReason::TruncFailed => "it is told to cut its log where it has no log",
        ExitReason::DiskError => "its disk failed",
    }
}
