//! A story as JSON: the evidence as data.
//!
//! `needs` is what it needs of the world that is not so by default, or `null`. All times are microseconds
//! after boot. `evidence` has
//!
//! * `class`, `meaning`, `what`, `server`, `client_visible`: the verdict; `class` is `null` if no rule
//!   is broken.
//! * `subjects`: the transactions it is about: `zxid`, `request`, and `key`, `value`, `version` unless
//!   the write was rejected.
//! * `loss`, or `null`: `known`, `lost` and `back` (each with `at_us`; the epochs with their `epoch`
//!   and `leader`), `shown` (the client's read that shows it), `overwritten`, `judge` (the leader at
//!   the end).
//! * `instants`: `name` (`acknowledged` or `read`, `lost`, `back`, `seen`, `end`), `at_us`, `servers`
//!   (what each has) and `holdings`: for each subject a list of `server`, `disk` (`no`, `unflushed`,
//!   `durable`), `memory` (`null` if it is down) and `serving` (an epoch).
//! * `told`: what clients were told of the subjects; `reads`: what was read in the end.
//! * `hazards`, `traits` (hazards of the boot: any run of the variant has them) and `also`: what else
//!   is broken: `class`, `rule`, `what`, `server`, `at_us`.

use super::finding::{FinalRead, Finding, Instant, Told};
use super::story::{Moment, Story};
use super::table::{Table, tables};
use serde_json::{Value, json};
use zab_checker::custody::{Holding, OnDisk, ServerState, Servers};
use zab_checker::invariants::RULES;
use zab_checker::loss::{Beginning, Knowledge, Known, Loss, Shown};
use zab_checker::{Violation, When};
use zab_core::{Change, NodeId, Time, Txn};

/// The story of a recording that began at `origin`.
pub fn story(story: &Story, origin: Time) -> Value {
    json!({
        "steps": story.moments.iter().map(step).collect::<Vec<_>>(),
        "tables": tables(story).iter().map(table).collect::<Vec<_>>(),
        "evidence": evidence(&story.finding, origin),
        "needs": story.needed,
    })
}

fn step(moment: &Moment) -> Value {
    json!({ "at_us": moment.at_us, "what": moment.text })
}

fn table(table: &Table) -> Value {
    json!({
        "at_us": table.at_us,
        "caption": table.caption,
        "servers": servers(&table.servers),
    })
}

fn servers(servers: &Servers) -> Value {
    servers.iter().map(server).collect()
}

fn server(state: &ServerState) -> Value {
    json!({
        "up": state.is_up,
        "leader": state.leader.map(|leader| leader.0),
        "serving": state.serving.map(|epoch| epoch.0),
        "accepted_epoch": state.accepted_epoch.0,
        "current_epoch": state.current_epoch.0,
        "last_logged": state.last_logged.to_string(),
        "hole": state.hole.map(|(before, after)| [before.to_string(), after.to_string()]),
        "unflushed": state.unflushed.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "in_memory": state.in_memory.map(|zxid| zxid.to_string()),
    })
}

/// What the verdict rests on.
pub fn evidence(finding: &Finding, origin: Time) -> Value {
    let violation = finding.violation.as_ref();
    let others = |all: &[Violation]| all.iter().map(|v| other(v, origin)).collect::<Value>();
    json!({
        "class": violation.map(|v| v.class.name()),
        "meaning": violation.map(|v| v.class.meaning()),
        "what": violation.map(|v| v.detail.to_string()),
        "server": violation.and_then(|v| v.node).map(|node| node.0),
        "client_visible": violation.is_some_and(Violation::is_client_visible),
        "subjects": finding.subjects.iter().map(subject).collect::<Vec<_>>(),
        "loss": finding.loss().map(|of| loss(of, origin)),
        "instants": finding.instants.iter().map(instant).collect::<Vec<_>>(),
        "told": finding.told.iter().map(told).collect::<Vec<_>>(),
        "reads": finding.reads.iter().map(read).collect::<Vec<_>>(),
        "hazards": others(&finding.hazards),
        "traits": others(&finding.traits),
        "also": others(&finding.also),
    })
}

fn at_us(when: When, origin: Time) -> u64 {
    when.at.0.saturating_sub(origin.0)
}

fn other(violation: &Violation, origin: Time) -> Value {
    let rule = RULES.iter().find(|rule| rule.class == violation.class);
    json!({
        "class": violation.class.name(),
        "rule": rule.map(|rule| rule.name),
        "what": violation.detail.to_string(),
        "server": violation.node.map(|node| node.0),
        "at_us": at_us(violation.when, origin),
    })
}

fn subject(txn: &Txn) -> Value {
    let (zxid, request) = (txn.zxid.to_string(), txn.request.to_string());
    match txn.change {
        Change::Set { key, value, version } => json!({
            "zxid": zxid, "request": request,
            "key": key.to_string(), "value": value, "version": version,
        }),
        Change::Rejected => json!({ "zxid": zxid, "request": request }),
        Change::CreateSession => json!({ "zxid": zxid, "opens": txn.request.session.to_string() }),
        Change::CloseSession { nodes } => json!({
            "zxid": zxid,
            "closes": txn.request.session.to_string(),
            "nodes": nodes.iter().collect::<Vec<_>>(),
        }),
        Change::CreateNode { number } => json!({
            "zxid": zxid, "request": request,
            "node": number, "owner": txn.request.session.to_string(),
        }),
        Change::Refused(error) => json!({
            "zxid": zxid, "request": request, "refused": error.to_string(),
        }),
    }
}

const fn how(knowledge: Knowledge) -> &'static str {
    match knowledge {
        Knowledge::Acknowledged => "acknowledged",
        Knowledge::Read => "read",
    }
}

fn loss(loss: &Loss, origin: Time) -> Value {
    let begun = |of: &Beginning| json!({ "epoch": of.epoch.0, "leader": of.leader.0, "at_us": at_us(of.when, origin) });
    let Known { how: known, request, server, when } = loss.known;
    json!({
        "zxid": loss.txn.zxid.to_string(),
        "known": {
            "how": how(known),
            "request": request.to_string(),
            "server": server.map(|node| node.0),
            "at_us": at_us(when, origin),
        },
        "lost": begun(&loss.lost),
        "back": loss.back.as_ref().map(begun),
        "shown": loss.shown.as_ref().map(|shown| shown_by(shown, origin)),
        "overwritten": loss.is_overwritten,
        "judge": loss.judge.map(|node| node.0),
    })
}

fn shown_by(shown: &Shown, origin: Time) -> Value {
    json!({
        "request": shown.request.to_string(),
        "server": shown.server.map(|node| node.0),
        "key": shown.key.to_string(),
        "value": shown.value,
        "version": shown.version,
        "at_us": at_us(shown.when, origin),
    })
}

fn instant(instant: &Instant) -> Value {
    let holdings = |of: &Vec<Holding>| of.iter().map(holding).collect::<Value>();
    json!({
        "name": instant.why.name(),
        "at_us": instant.at_us,
        "holdings": instant.holdings.iter().map(holdings).collect::<Vec<_>>(),
        "servers": servers(&instant.servers),
    })
}

fn holding(holding: &Holding) -> Value {
    json!({
        "server": holding.server.0,
        "disk": match holding.disk {
            OnDisk::No => "no",
            OnDisk::Unflushed => "unflushed",
            OnDisk::Durable => "durable",
        },
        "memory": holding.memory,
        "serving": holding.serving.map(|epoch| epoch.0),
    })
}

fn told(told: &Told) -> Value {
    json!({
        "at_us": told.at_us,
        "zxid": told.txn.zxid.to_string(),
        "request": told.request.to_string(),
        "server": told.server.map(|NodeId(id)| id),
        "how": told.how.map_or("no-answer", how),
    })
}

fn read(read: &FinalRead) -> Value {
    json!({
        "server": read.server.0,
        "key": read.key.to_string(),
        "value": read.value,
        "version": read.version,
        "position": read.position.to_string(),
        "written": read.written.map(|zxid| zxid.to_string()),
    })
}
