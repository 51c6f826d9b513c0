//! An execution as a log for ShiViz: a host for each server and each session, a line for each event,
//! with a vector clock.
//!
//! The first line is the regular expression that ShiViz asks for. What causes what is as the network
//! has it: an event at a server comes after the sending of every packet that has reached it by then, and
//! requests and answers are packets as well.

use super::super::passages::Passages;
use crate::oracle::Recording;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use zab_checker::format::shiviz::PARSER;
use zab_checker::{Event, Fact};
use zab_core::{NodeId, RequestId, SessionId, Time};
use zab_sim::passage::{Leg, Passage};
use zab_sim::trace::Line;

/// Who does something.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Host {
    Server(NodeId),
    Client(SessionId),
}

/// How many events of each host are known.
type Clock = BTreeMap<Host, u64>;

/// The log, the boot left out.
pub fn lines(recording: &Recording) -> Vec<String> {
    let mut log = Log { lines: vec![PARSER.to_owned(), String::new()], ..Log::default() };
    let arrivals = Passages::of(recording);
    let mut passages = recording.passages.iter().peekable();
    let mut arriving: BTreeMap<usize, Vec<(usize, NodeId)>> = BTreeMap::new();
    for (at, event) in recording.events.iter().enumerate() {
        while let Some((_, passage)) = passages.next_if(|(before, _)| *before <= at) {
            log.on_passage(passage);
        }
        for (sent, to) in arriving.remove(&at).unwrap_or_default() {
            log.receive(Host::Server(to), sent);
        }
        if at < recording.boot {
            continue;
        }
        log.on_event(at, event, recording);
        if let (Fact::Sent { to, .. }, Some((_, when))) = (&event.fact, arrivals.when(at)) {
            arriving.entry(when.max(at + 1)).or_default().push((at, *to));
        }
    }
    log.lines
}

/// A log on its way.
#[derive(Debug, Default)]
struct Log {
    lines: Vec<String>,
    clocks: BTreeMap<Host, Clock>,
    /// What was known when a packet was sent, by the number of its event.
    sent: BTreeMap<usize, Clock>,
    /// What was known when a request was made, and where; what was known when it was answered.
    asked: BTreeMap<RequestId, (Option<NodeId>, Clock)>,
    answered: BTreeMap<RequestId, Clock>,
}

impl Log {
    fn receive(&mut self, host: Host, sent: usize) {
        if let Some(clock) = self.sent.remove(&sent) {
            join(self.clocks.entry(host).or_default(), &clock);
        }
    }

    fn on_passage(&mut self, passage: &Passage) {
        match &passage.what {
            Leg::Asked(request) => {
                if let Some((Some(server), clock)) = self.asked.get(request) {
                    join(self.clocks.entry(Host::Server(*server)).or_default(), clock);
                }
            }
            Leg::Answered(request) => {
                if let Some((Some(server), _)) = self.asked.get(request) {
                    let clock = self.clocks.get(&Host::Server(*server)).cloned();
                    self.answered.insert(*request, clock.unwrap_or_default());
                }
            }
            _ => {}
        }
    }

    fn on_event(&mut self, at: usize, event: &Event, recording: &Recording) {
        let host = match &event.fact {
            Fact::Invoked { request, .. }
            | Fact::Returned { request, .. }
            | Fact::TimedOut { request } => Some(Host::Client(request.session)),
            _ => event.node.map(Host::Server),
        };
        // What happens to the ensemble as a whole is no event of a host.
        let Some(host) = host else { return };
        let clock = self.clocks.entry(host).or_default();
        if let Fact::Returned { request, .. } = &event.fact
            && let Some(known) = self.answered.remove(request)
        {
            join(clock, &known);
        }
        *clock.entry(host).or_default() += 1;
        let shown: Map<String, Value> =
            clock.iter().map(|(host, count)| (name(*host), (*count).into())).collect();
        match &event.fact {
            Fact::Sent { .. } => {
                self.sent.insert(at, clock.clone());
            }
            Fact::Invoked { request, .. } => {
                self.asked.insert(*request, (event.node, clock.clone()));
            }
            _ => {}
        }
        let event = Event { at: Time(event.at.since(recording.origin).0), ..event.clone() };
        self.lines.push(format!("{} {}", name(host), Value::Object(shown)));
        self.lines.push(Line(&event).to_string().trim().to_owned());
    }
}

fn name(host: Host) -> String {
    match host {
        Host::Server(server) => server.to_string(),
        Host::Client(session) => session.to_string(),
    }
}

fn join(clock: &mut Clock, other: &Clock) {
    for (host, count) in other {
        let own = clock.entry(*host).or_insert(0);
        *own = (*own).max(*count);
    }
}
