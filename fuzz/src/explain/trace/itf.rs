//! An execution as a trace in the Informal Trace Format (Apalache, ADR 015): a state of the ensemble
//! after each event, for the tools around TLA+.
//!
//! Variables are called as the specifications of ZooKeeper in its repository call them, as far as they
//! have them. Each is a function of the server, but for `event`, which says what happened last.
//! A zxid is a pair, as there.

use crate::oracle::{Recording, standard};
use serde_json::{Value, json};
use zab_checker::custody::{ServerState, Servers};
use zab_checker::{Checker, Event};
use zab_core::{NodeId, Time, Zxid};
use zab_sim::trace::Line;

/// A column: a variable, and its value at a server.
type Variable = (&'static str, fn(NodeId, &ServerState) -> Value);

/// What is told of each server.
const VARIABLES: [Variable; 8] = [
    ("state", |id, one| role(id, one).into()),
    ("leader", |_, one| one.leader.map_or_else(|| "none".into(), |id| id.to_string().into())),
    ("serving", |_, one| one.serving.map_or_else(|| number(0), |epoch| number(epoch.0))),
    ("acceptedEpoch", |_, one| number(one.accepted_epoch.0)),
    ("currentEpoch", |_, one| number(one.current_epoch.0)),
    ("history", |_, one| one.logged().iter().copied().map(zxid).collect()),
    ("unflushed", |_, one| one.unflushed.iter().copied().map(zxid).collect()),
    ("lastProcessed", |_, one| zxid(one.in_memory.unwrap_or(Zxid::ZERO))),
];

/// The whole trace; its first state is the one at the end of the boot.
pub fn document(recording: &Recording, source: &str) -> Value {
    let mut checker = Checker::new(recording.schedule.servers, standard(recording.releases));
    let (boot, events) = recording.events.split_at(recording.boot);
    boot.iter().for_each(|event| checker.observe(event));
    let mut states = vec![state(0, "boot", &checker.servers())];
    for (index, event) in events.iter().enumerate() {
        checker.observe(event);
        let event = Event { at: Time(event.at.since(recording.origin).0), ..event.clone() };
        states.push(state(index + 1, Line(&event).to_string().trim(), &checker.servers()));
    }
    let variables = VARIABLES.iter().map(|(name, _)| *name).chain(["event"]);
    json!({
        "#meta": {
            "format": "ITF",
            "format-description": "https://apalache-mc.org/docs/adr/015adr-trace.html",
            "source": source,
            "description": "state: what the server is; serving: the epoch in which it serves \
                            clients, or 0; history: the zxids in its log that are durable; \
                            unflushed: those that are not yet; lastProcessed: its memory",
        },
        "vars": variables.collect::<Vec<_>>(),
        "states": states,
    })
}

fn state(index: usize, event: &str, servers: &Servers) -> Value {
    let mut state = json!({ "#meta": { "index": index }, "event": event });
    for (name, value) in VARIABLES {
        let of_servers = (0..).map(NodeId).zip(servers);
        let pairs = of_servers.map(|(id, one)| json!([id.to_string(), value(id, one)]));
        state[name] = json!({ "#map": pairs.collect::<Vec<_>>() });
    }
    state
}

fn role(id: NodeId, one: &ServerState) -> &'static str {
    match one.leader {
        _ if !one.is_up => "DOWN",
        None => "LOOKING",
        Some(leader) if leader == id => "LEADING",
        Some(_) => "FOLLOWING",
    }
}

fn number(number: u32) -> Value {
    json!({ "#bigint": number.to_string() })
}

fn zxid(zxid: Zxid) -> Value {
    json!({ "#tup": [number(zxid.epoch.0), number(zxid.counter)] })
}
