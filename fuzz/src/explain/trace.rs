//! Every event of an execution as data, one object each, or as a line of text.
//!
//! Each object has `event` (its number, from 0), `at_us` (after boot), `server` (a number, or `null`
//! for the ensemble as a whole) and `kind`. What else there is depends on the kind: `peer` is another
//! server, `zxid` a pair of epoch and counter, `request` a pair of session and number, `file` one of
//! `log`, `snapshot`, `acceptedEpoch`, `currentEpoch`. A packet that was sent has `arrived_us`: `null`
//! if it was lost, and not there at all where the driver does not tell.
//!
//! Other programs have formats of their own: [`history`] for the checker of histories, [`itf`] for the
//! tools around TLA+, [`shiviz`], and [`perfetto`].

pub mod history;
pub mod itf;
pub mod perfetto;
pub mod shiviz;

use super::passages::{Arrival, Passages};
use crate::oracle::Recording;
use serde_json::{Map, Value, json};
use zab_checker::{Event, Fact, News};
use zab_core::event::{Note, SyncMode};
use zab_core::variant::Release;
use zab_core::{
    Change, DiskError, DiskOp, File, Op, Outcome, Packet, Purge, Recovered, RequestId, SessionId,
    Time, Txn, Zxid,
};
use zab_sim::trace::Line;

/// Every event from boot on as an object.
pub fn json(recording: &Recording) -> impl Iterator<Item = Value> {
    let passages = Passages::of(recording);
    events(recording).map(move |(index, event)| {
        let mut object = Map::new();
        object.insert("event".to_owned(), (index - recording.boot).into());
        object.insert("at_us".to_owned(), us(recording, event.at).into());
        object.insert("server".to_owned(), event.node.map(|node| node.0).into());
        add(&mut object, fact(&event.fact));
        if matches!(event.fact, Fact::Sent { .. }) {
            match passages.arrival(index) {
                Arrival::At((at, _)) => {
                    add(&mut object, json!({ "arrived_us": us(recording, at) }))
                }
                Arrival::Never => add(&mut object, json!({ "arrived_us": null })),
                Arrival::Unknown => {}
            }
        }
        Value::Object(object)
    })
}

/// Every event from boot on as a line.
pub fn text(recording: &Recording) -> impl Iterator<Item = String> {
    let passages = Passages::of(recording);
    events(recording).map(move |(index, event)| {
        let event = Event { at: Time(us(recording, event.at)), ..event.clone() };
        let fate = match (&event.fact, passages.arrival(index)) {
            (Fact::Sent { .. }, Arrival::At((at, _))) => {
                format!(" (arrives at {})", Time(us(recording, at)))
            }
            (Fact::Sent { .. }, Arrival::Never) => " (is lost)".to_owned(),
            _ => String::new(),
        };
        format!("{}{fate}", Line(&event))
    })
}

fn events(recording: &Recording) -> impl Iterator<Item = (usize, &Event)> {
    recording.events.iter().enumerate().skip(recording.boot)
}

const fn us(recording: &Recording, at: Time) -> u64 {
    at.since(recording.origin).0
}

fn add(object: &mut Map<String, Value>, fields: Value) {
    if let Value::Object(fields) = fields {
        object.extend(fields);
    }
}

fn zxid(zxid: Zxid) -> Value {
    json!([zxid.epoch.0, zxid.counter])
}

fn request(request: RequestId) -> Value {
    json!([request.session.0, request.cxid])
}

/// A transaction's fields beside those of the event that it is part of.
fn with_txn(mut fields: Value, txn: &Txn) -> Value {
    fields["zxid"] = zxid(txn.zxid);
    fields["request"] = request(txn.request);
    if let Change::Set { key, value, version } = txn.change {
        fields["key"] = key.index().into();
        fields["value"] = value.into();
        fields["version"] = version.into();
    }
    fields
}

const fn file(file: File) -> &'static str {
    match file {
        File::Log => "log",
        File::Snapshot => "snapshot",
        File::AcceptedEpoch => "acceptedEpoch",
        File::CurrentEpoch => "currentEpoch",
    }
}

fn started(found: &Recovered) -> Value {
    let mut fields = json!({
        "kind": "started",
        "accepted_epoch": found.accepted_epoch.0,
        "current_epoch": found.current_epoch.0,
        "snapshot": zxid(found.snapshot().last_processed),
        "log": found.log.iter().map(|txn| zxid(txn.zxid)).collect::<Vec<_>>(),
    });
    if !found.headless.is_empty() {
        let names = found.headless.iter().map(|file| zxid(file.name));
        fields["without_header"] = names.collect::<Vec<_>>().into();
    }
    fields
}

fn fact(fact: &Fact) -> Value {
    match fact {
        Fact::Started(found) => started(found),
        Fact::Crashed { power_loss } => {
            json!({ "kind": if *power_loss { "power-lost" } else { "killed" } })
        }
        Fact::Exited(reason) => json!({ "kind": "exited", "why": reason.to_string() }),
        Fact::DiskAsked { lsn, op } => {
            let of = json!({ "kind": "disk-asked", "file": file(op.file()), "lsn": lsn.0 });
            disk_op(of, op)
        }
        Fact::DiskDone { file: of, upto } => {
            json!({ "kind": "disk-done", "file": file(*of), "upto": upto.0 })
        }
        Fact::WrittenBack => json!({ "kind": "written-back" }),
        Fact::Purged(Purge { snapshots_before, log_before, is_flushed }) => json!({
            "kind": "purged",
            "snapshots_before": snapshots_before.map(zxid),
            "log_before": log_before.filter(|first| *first != Purge::WHOLE_LOG).map(zxid),
            "whole_log": *log_before == Some(Purge::WHOLE_LOG),
            "flushed": is_flushed,
        }),
        Fact::Blanked => json!({ "kind": "blanked" }),
        Fact::Installed(release) => json!({
            "kind": "installed",
            "release": match release { Release::Old => "old", Release::New => "new" },
        }),
        Fact::DiskFailed { file: of, lsn, error } => json!({
            "kind": "disk-failed",
            "file": file(*of),
            "lsn": lsn.0,
            "step": match error {
                DiskError::Write => "write",
                DiskError::Flush => "flush",
                DiskError::Header => "header",
                DiskError::Open => "open",
            },
        }),
        Fact::Sent { to, packet: sent } => {
            packet(json!({ "kind": "sent", "peer": to.0, "packet": sent.name() }), sent)
        }
        Fact::Delivered(txn) => with_txn(json!({ "kind": "delivered" }), txn),
        Fact::Noted(of) => note(of),
        Fact::Fault(what) => json!({ "kind": "fault", "what": what }),
        _ => of_client_or_run(fact),
    }
}

/// What an operation is called.
const fn operation(op: &DiskOp) -> &'static str {
    match op {
        DiskOp::Append(_) => "append",
        DiskOp::Truncate(_) => "truncate",
        DiskOp::RollLog => "roll",
        DiskOp::Rename(..) => "rename",
        DiskOp::Flush | DiskOp::FlushFile => "flush",
        DiskOp::FlushRecovered(_) => "flush-recovered",
        DiskOp::Snapshot(_) | DiskOp::SnapshotFile(_) => "snapshot",
        DiskOp::WriteSnapshot(_) => "write-snapshot",
        DiskOp::EmptySnapshot(_) => "empty-snapshot",
        DiskOp::DropSnapshotsAfter(_) => "drop-snapshots",
        DiskOp::PurgeSnapshots(_) | DiskOp::PurgeLog(_) => "purge",
        DiskOp::AcceptedEpoch(_) | DiskOp::CurrentEpoch(_) => "replace",
    }
}

fn disk_op(mut fields: Value, op: &DiskOp) -> Value {
    fields["op"] = operation(op).into();
    match op {
        DiskOp::Append(txn) => return with_txn(fields, txn),
        DiskOp::Truncate(to)
        | DiskOp::DropSnapshotsAfter(to)
        | DiskOp::EmptySnapshot(to)
        | DiskOp::PurgeSnapshots(to)
        | DiskOp::PurgeLog(to) => {
            fields["zxid"] = zxid(*to);
        }
        DiskOp::Snapshot(replica)
        | DiskOp::SnapshotFile(replica)
        | DiskOp::WriteSnapshot(replica) => {
            fields["zxid"] = zxid(replica.last_processed);
        }
        DiskOp::Rename(_, epoch) | DiskOp::AcceptedEpoch(epoch) | DiskOp::CurrentEpoch(epoch) => {
            fields["epoch"] = epoch.0.into();
        }
        DiskOp::RollLog | DiskOp::Flush | DiskOp::FlushFile | DiskOp::FlushRecovered(_) => {}
    }
    fields
}

fn packet(mut fields: Value, packet: &Packet) -> Value {
    match packet {
        Packet::FollowerInfo { accepted_epoch: epoch }
        | Packet::LeaderInfo { epoch }
        | Packet::NewLeader { epoch } => fields["epoch"] = epoch.0.into(),
        Packet::AckEpoch { current_epoch, last_zxid } => {
            fields["epoch"] = current_epoch.map(|epoch| epoch.0).into();
            fields["zxid"] = zxid(*last_zxid);
        }
        Packet::Diff { zxid: of }
        | Packet::Trunc { zxid: of }
        | Packet::Commit(of)
        | Packet::Ack(of) => {
            fields["zxid"] = zxid(*of);
        }
        Packet::Snap { replica } => fields["zxid"] = zxid(replica.last_processed),
        Packet::Proposal(txn) => return with_txn(fields, txn),
        Packet::Request { request: of, .. } | Packet::Sync { request: of } => {
            fields["request"] = request(*of);
        }
        Packet::Revalidate { request: of } => fields["request"] = request(*of),
        Packet::Revalidated { request: of, is_valid } => {
            fields["request"] = request(*of);
            fields["valid"] = (*is_valid).into();
        }
        Packet::UpToDate | Packet::Ping | Packet::Touched(_) => {}
    }
    fields
}

fn note(note: &Note) -> Value {
    match note {
        Note::Looking { vote, round } => json!({
            "kind": "looking", "round": round, "zxid": zxid(vote.zxid), "epoch": vote.peer_epoch.0,
        }),
        Note::Elected { leader, round } => {
            json!({ "kind": "elected", "peer": leader.0, "round": round })
        }
        Note::InitialHistory { epoch } => json!({ "kind": "initial-history", "epoch": epoch.0 }),
        Note::SyncWith { learner, mode } => json!({
            "kind": "synchronizes",
            "peer": learner.0,
            "mode": match mode {
                SyncMode::Diff => "DIFF",
                SyncMode::Trunc => "TRUNC",
                SyncMode::Snap => "SNAP",
            },
        }),
        Note::Established { epoch } => json!({ "kind": "established", "epoch": epoch.0 }),
        Note::Proposed(txn) => with_txn(json!({ "kind": "proposed" }), txn),
        Note::Committed(of) => json!({ "kind": "committed", "zxid": zxid(*of) }),
        Note::Serving { epoch } => json!({ "kind": "serving", "epoch": epoch.0 }),
        Note::SyncAnswered { request: of } => {
            json!({ "kind": "sync-answered", "request": request(*of) })
        }
        Note::SteppedDown => json!({ "kind": "stepped-down" }),
        Note::MemoryReplaced { last_zxid, .. } => {
            json!({ "kind": "memory-replaced", "zxid": zxid(*last_zxid) })
        }
        Note::LeakedLogWriter { queued } => {
            json!({ "kind": "leaked-log-writer", "queued": queued })
        }
        Note::Breached { breach, zxid: of } => {
            json!({ "kind": "breached", "rule": breach.to_string(), "zxid": zxid(*of) })
        }
    }
}

fn of_client_or_run(fact: &Fact) -> Value {
    match fact {
        Fact::Invoked { request: of, op } => {
            let mut fields = json!({ "kind": "invoked", "request": request(*of) });
            add_op(&mut fields, op);
            fields
        }
        Fact::Returned { request: of, outcome } => {
            let mut fields = json!({ "kind": "returned", "request": request(*of) });
            add_outcome(&mut fields, outcome);
            fields
        }
        Fact::TimedOut { request: of } => json!({ "kind": "timed-out", "request": request(*of) }),
        Fact::StrictDirectories => json!({ "kind": "strict-directories" }),
        Fact::Lock { session, news } => lock(*session, *news),
        Fact::Healed => json!({ "kind": "healed" }),
        Fact::Available { after } => json!({ "kind": "available", "after_us": after.0 }),
        Fact::Unavailable { bound, excuse } => {
            json!({ "kind": "unavailable", "bound_us": bound.0, "excuse": excuse })
        }
        Fact::NotServing { bound } => json!({ "kind": "not-serving", "bound_us": bound.0 }),
        Fact::NotWriting { bound } => json!({ "kind": "not-writing", "bound_us": bound.0 }),
        Fact::NeverQuiet { bound } => json!({ "kind": "never-quiet", "bound_us": bound.0 }),
        Fact::AtRest(replica) => json!({
            "kind": "at-rest",
            "zxid": zxid(replica.last_processed),
            "registers": replica.registers.iter().map(|r| [r.value, r.version]).collect::<Vec<_>>(),
        }),
        _ => unreachable!("the other facts have been told"),
    }
}

/// What a client that queues for the lock learns.
fn lock(session: SessionId, news: News) -> Value {
    let (what, number, at) = match news {
        News::Opened => ("opened", None, None),
        News::Resumed => ("resumed", None, None),
        News::Suspended => ("suspended", None, None),
        News::Expired => ("expired", None, None),
        News::Named { zxid, number } => ("named", Some(number), Some(zxid)),
        News::Holds { number } => ("holds", Some(number), None),
    };
    let mut fields = json!({ "kind": "lock", "session": session.to_string(), "news": what });
    if let Some(number) = number {
        fields["node"] = number.into();
    }
    if let Some(at) = at {
        fields["zxid"] = zxid(at);
    }
    fields
}

fn add_op(fields: &mut Value, op: &Op) {
    let (name, key) = match op {
        Op::Write { key, .. } => ("write", Some(key)),
        Op::WriteIf { key, .. } => ("write-if", Some(key)),
        Op::Read { key } => ("read", Some(key)),
        Op::Sync => ("sync", None),
        Op::OpenSession => ("open", None),
        Op::ResumeSession => ("resume", None),
        Op::Ping => ("ping", None),
        Op::CreateNode => ("create", None),
        Op::Children => ("children", None),
    };
    fields["op"] = name.into();
    if let Some(key) = key {
        fields["key"] = key.index().into();
    }
    if let Op::Write { value, .. } | Op::WriteIf { value, .. } = op {
        fields["value"] = (*value).into();
    }
    if let Op::WriteIf { version, .. } = op {
        fields["version"] = (*version).into();
    }
}

fn add_outcome(fields: &mut Value, outcome: &Outcome) {
    let (name, at) = match outcome {
        Outcome::Written { zxid, .. } => ("written", Some(zxid)),
        Outcome::BadVersion { zxid } => ("bad-version", Some(zxid)),
        Outcome::Value { position, .. } => ("value", Some(position)),
        Outcome::Synced { position } => ("synced", Some(position)),
        Outcome::Refused => ("refused", None),
        Outcome::Connected { opened } => ("connected", opened.as_ref()),
        Outcome::Expired => ("expired", None),
        Outcome::Disconnected => ("disconnected", None),
        Outcome::Pong { position } => ("pong", Some(position)),
        Outcome::Named { zxid, .. } => ("named", Some(zxid)),
        Outcome::Failed { zxid, .. } => ("failed", Some(zxid)),
        Outcome::Queue { position, .. } => ("queue", Some(position)),
    };
    fields["outcome"] = name.into();
    if let Some(at) = at {
        fields["zxid"] = zxid(*at);
    }
    if let Outcome::Value { value, .. } = outcome {
        fields["value"] = (*value).into();
    }
    if let Outcome::Written { version, .. } | Outcome::Value { version, .. } = outcome {
        fields["version"] = (*version).into();
    }
}
