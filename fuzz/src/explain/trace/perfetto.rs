//! An execution in the Trace Event Format, which Perfetto and Chrome's tracing show: a process for each
//! server and one for the clients; roles, disk operations and requests as slices, packets as arrows
//! between slices, everything else as instants.

use super::super::passages::Passages;
use crate::oracle::Recording;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use zab_checker::{Event, Fact};
use zab_core::event::Note;
use zab_core::{File, Lsn, NodeId, RequestId, Time};
use zab_sim::trace::Line;

/// The threads of a server's process.
const ROLE: u32 = 1;
const NETWORK: u32 = 2;
const DISK: u32 = 3;

/// How long a packet's end is drawn: an arrow needs a slice to begin and to end in.
const END_US: u64 = 1;

/// The whole trace, the boot left out.
pub fn document(recording: &Recording) -> Value {
    let mut trace = Trace::new(recording);
    trace.name_everything();
    for event in &recording.events[..recording.boot] {
        if let Some(server) = event.node
            && let Some(role) = role(server, &event.fact)
        {
            trace.roles.extend(role.map(|name| (server, Begun { name, at_us: 0 })));
        }
    }
    let arrivals = Passages::of(recording);
    for (at, event) in recording.events.iter().enumerate().skip(recording.boot) {
        let arrival = arrivals.when(at).map(|(time, _)| time.since(recording.origin).0);
        trace.on_event(at, event, arrival);
    }
    trace.end();
    json!({ "displayTimeUnit": "ms", "traceEvents": trace.events })
}

/// A slice that has begun.
#[derive(Debug)]
struct Begun {
    name: String,
    at_us: u64,
}

/// A trace on its way.
#[derive(Debug)]
struct Trace<'a> {
    recording: &'a Recording,
    events: Vec<Value>,
    roles: BTreeMap<NodeId, Begun>,
    writes: BTreeMap<(NodeId, File), Vec<(Lsn, Begun)>>,
    requests: BTreeMap<RequestId, Begun>,
}

impl<'a> Trace<'a> {
    const fn new(recording: &'a Recording) -> Self {
        Self {
            recording,
            events: Vec::new(),
            roles: BTreeMap::new(),
            writes: BTreeMap::new(),
            requests: BTreeMap::new(),
        }
    }

    fn us(&self, at: Time) -> u64 {
        at.since(self.recording.origin).0
    }

    /// The process of the clients; those of servers have the servers' numbers, from 1.
    fn clients(&self) -> u32 {
        u32::from(self.recording.schedule.servers) + 1
    }

    fn name_everything(&mut self) {
        for id in (0..self.recording.schedule.servers).map(NodeId) {
            self.name("process_name", pid(id), 0, &id.to_string());
            for (thread, name) in [(ROLE, "role"), (NETWORK, "network")] {
                self.name("thread_name", pid(id), thread, name);
            }
            for file in [File::Log, File::Snapshot, File::AcceptedEpoch, File::CurrentEpoch] {
                self.name("thread_name", pid(id), disk(file), super::file(file));
            }
        }
        self.name("process_name", self.clients(), 0, "clients");
    }

    fn name(&mut self, what: &str, process: u32, thread: u32, name: &str) {
        self.events.push(json!({
            "name": what, "ph": "M", "pid": process, "tid": thread, "args": { "name": name },
        }));
    }

    fn slice(&mut self, place: (u32, u32), begun: &Begun, end_us: u64) {
        let (process, thread) = place;
        let Begun { name, at_us } = begun;
        self.events.push(json!({
            "name": name, "cat": "zab", "ph": "X", "ts": at_us, "dur": end_us - at_us,
            "pid": process, "tid": thread, "args": {},
        }));
    }

    fn instant(&mut self, event: &Event) {
        let at_us = self.us(event.at);
        let line = Line(&Event { at: Time(at_us), ..event.clone() }).to_string();
        let (process, thread, scope) = match event.node {
            Some(server) => (pid(server), ROLE, "t"),
            None => (self.clients(), 0, "g"),
        };
        self.events.push(json!({
            "name": line.trim(), "cat": "zab", "ph": "i", "ts": at_us, "s": scope,
            "pid": process, "tid": thread, "args": {},
        }));
    }

    fn on_event(&mut self, at: usize, event: &Event, arrival_us: Option<u64>) {
        let at_us = self.us(event.at);
        match (&event.fact, event.node) {
            (Fact::Sent { to, packet }, Some(from)) => {
                self.packet((from, *to), at, (at_us, arrival_us), &packet.to_string());
            }
            (Fact::DiskAsked { lsn, op }, Some(server)) if op.is_reported() => {
                let begun = Begun { name: super::operation(op).to_owned(), at_us };
                self.writes.entry((server, op.file())).or_default().push((*lsn, begun));
            }
            (Fact::DiskDone { file, upto }, Some(server)) => {
                self.written((server, *file), *upto, at_us)
            }
            (Fact::DiskFailed { file, lsn, .. }, Some(server)) => {
                self.instant(event);
                self.written((server, *file), *lsn, at_us);
            }
            (Fact::Invoked { request, op }, _) => {
                self.requests.insert(*request, Begun { name: format!("{op:?}"), at_us });
            }
            (Fact::Returned { request, .. } | Fact::TimedOut { request }, _) => {
                if let Some(begun) = self.requests.remove(request) {
                    self.slice((self.clients(), request.session.0.into()), &begun, at_us);
                }
            }
            (Fact::DiskAsked { .. } | Fact::Delivered(_), _) => {}
            (fact, server) => {
                self.instant(event);
                if let Some(server) = server
                    && let Some(role) = role(server, fact)
                {
                    self.turn(server, role, at_us);
                }
            }
        }
    }

    /// A packet leaves, and perhaps arrives: two short slices with an arrow between.
    fn packet(&mut self, way: (NodeId, NodeId), id: usize, times: (u64, Option<u64>), name: &str) {
        let ((from, to), (at_us, arrival_us)) = (way, times);
        let sent = Begun { name: format!("{name} to {to}"), at_us };
        self.slice((pid(from), NETWORK), &sent, at_us + END_US);
        let Some(arrival_us) = arrival_us else { return };
        let got = Begun { name: format!("{name} from {from}"), at_us: arrival_us };
        self.slice((pid(to), NETWORK), &got, arrival_us + END_US);
        for (phase, at_us, server) in [("s", at_us, from), ("f", arrival_us, to)] {
            let mut arrow = json!({
                "name": "packet", "cat": "packet", "ph": phase, "id": id, "ts": at_us,
                "pid": pid(server), "tid": NETWORK,
            });
            if phase == "f" {
                // The arrow ends in the slice that begins there, and not in the next one.
                arrow["bp"] = "e".into();
            }
            self.events.push(arrow);
        }
    }

    /// Everything that was asked of a file up to this operation is over.
    fn written(&mut self, of: (NodeId, File), upto: Lsn, at_us: u64) {
        let open = self.writes.remove(&of).unwrap_or_default();
        let (over, open): (Vec<_>, Vec<_>) = open.into_iter().partition(|(lsn, _)| *lsn <= upto);
        for (_, begun) in over {
            self.slice((pid(of.0), disk(of.1)), &begun, at_us);
        }
        self.writes.insert(of, open);
    }

    /// A server begins another role, or none: its process has ended.
    fn turn(&mut self, server: NodeId, role: Option<String>, at_us: u64) {
        if let Some(begun) = self.roles.remove(&server) {
            self.slice((pid(server), ROLE), &begun, at_us);
        }
        if let Some(name) = role {
            self.roles.insert(server, Begun { name, at_us });
            return;
        }
        // Whatever its disk was asked for, nobody hears of it.
        for file in [File::Log, File::Snapshot, File::AcceptedEpoch, File::CurrentEpoch] {
            self.written((server, file), Lsn(u64::MAX), at_us);
        }
    }

    /// What is open at the end of the execution ends there.
    fn end(&mut self) {
        let end_us = self.recording.outcome.run.end_us;
        for id in (0..self.recording.schedule.servers).map(NodeId) {
            self.turn(id, None, end_us);
        }
        for (request, begun) in std::mem::take(&mut self.requests) {
            self.slice((self.clients(), request.session.0.into()), &begun, end_us);
        }
    }
}

fn pid(server: NodeId) -> u32 {
    u32::from(server.0) + 1
}

const fn disk(file: File) -> u32 {
    DISK + file as u32
}

/// What a server is from now on, if this says so; nothing if it has no process.
fn role(server: NodeId, fact: &Fact) -> Option<Option<String>> {
    match fact {
        Fact::Crashed { .. } | Fact::Exited(_) => Some(None),
        Fact::Noted(Note::Looking { .. }) => Some(Some("looking".to_owned())),
        Fact::Noted(Note::Elected { leader, .. }) if *leader == server => {
            Some(Some("leads".to_owned()))
        }
        Fact::Noted(Note::Elected { leader, .. }) => Some(Some(format!("follows {leader}"))),
        Fact::Noted(Note::Established { epoch }) => {
            Some(Some(format!("leads epoch {epoch}, and serves")))
        }
        Fact::Noted(Note::Serving { epoch }) => {
            Some(Some(format!("follows in epoch {epoch}, and serves")))
        }
        _ => None,
    }
}
