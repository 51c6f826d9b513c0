//! The simulated machine as the shell on it sees it.
//!
//! Delays are drawn as there, in microseconds, and the owner's agenda keeps them apart, so that all
//! that happens within one step happens in the order of its times.

use super::shared::{Handle, Shared};
use crate::observe::reported;
use crate::shell::agenda::Agenda;
use crate::shell::event::{Event, Inbox};
use crate::shell::platform::{Platform, Rest};
use std::io;
use std::rc::Rc;
use std::time::Duration;
use zab_checker::Fact;
use zab_core::event::{ExitReason, Note};
use zab_core::{
    Actor, DiskError, DiskOp, File, Input, Lsn, Node, NodeId, Purge, Recovered, RequestId, Span,
    Time,
};

/// What the process of one server runs on.
#[derive(Clone)]
pub(super) struct SimPlatform {
    pub(super) shared: Handle,
    pub(super) id: NodeId,
}

impl SimPlatform {
    fn with<R>(&self, look: impl FnOnce(&Shared) -> R) -> R {
        look(&self.shared.borrow())
    }

    fn on_exit(&self, at: Time, reason: ExitReason) {
        let shared = &mut *self.shared.borrow_mut();
        shared.cluster[self.id].exit(reason);
        shared.host(self.id).exited = Some(at);
        shared.disconnect(self.id, at, false);
    }
}

impl Platform for SimPlatform {
    fn start(&self, inbox: Inbox) -> io::Result<Recovered> {
        let shared = &mut *self.shared.borrow_mut();
        shared.host(self.id).inbox = Some(inbox);
        shared.host(self.id).purges.clear();
        let found = shared.cluster[self.id].recover();
        let at = shared.since;
        shared.observe(at, self.id, Fact::Started(Box::new(found.clone())));
        Ok(found)
    }

    fn now(&self) -> Time {
        self.with(|shared| shared.hosts[self.id.index()].until)
    }

    fn duration(&self, span: Span) -> Duration {
        super::duration(span)
    }

    fn since(&self) -> Time {
        self.with(|shared| shared.since)
    }

    fn is_driven(&self) -> bool {
        true
    }

    fn clock(&self, at: Time) -> Time {
        self.with(|shared| shared.cluster[self.id].clock.read(at))
    }

    fn span(&self, span: Span) -> Span {
        self.with(|shared| shared.cluster[self.id].clock.world_span(span))
    }

    fn turn(&self, at: Time, actor: Actor) -> Span {
        self.with(|shared| shared.cluster.delays.turn(at, self.id, actor))
    }

    fn reach(&self, at: Time, peer: NodeId) -> Time {
        let delays = self.with(|shared| shared.cluster.delays);
        at.after(delays.latency(at, self.id, peer)).after(delays.latency(at, peer, self.id))
    }

    fn post(&self, at: Time, peer: NodeId) -> Time {
        self.shared.borrow_mut().post(at, self.id, peer)
    }

    fn ask(&self, lsn: Lsn, op: DiskOp, agenda: &mut Agenda) {
        let cluster = &mut self.shared.borrow_mut().cluster;
        let (delays, file) = (cluster.delays, op.file());
        match cluster[self.id].ask(agenda.base(), lsn, op, delays) {
            Some(Span(0)) => agenda.first(Event::DiskReports { file, lsn, result: Ok(()) }),
            Some(delay) => agenda.after(delay, Event::DiskReports { file, lsn, result: Ok(()) }),
            None => {}
        }
    }

    fn report(
        &self,
        at: Time,
        (file, lsn): (File, Lsn),
        _: Result<(), DiskError>,
    ) -> Option<Input> {
        let shared = &mut *self.shared.borrow_mut();
        let result = shared.cluster[self.id].complete(at, file, lsn)?;
        let (fact, input) = reported(file, lsn, result);
        shared.observe(at, self.id, fact);
        Some(input)
    }

    fn purged(&self) -> Option<Purge> {
        self.shared.borrow_mut().host(self.id).purges.pop_front()
    }

    fn is_paused(&self) -> bool {
        self.with(|shared| shared.cluster[self.id].stalls.process(shared.since))
    }

    fn withholds(&self, at: Time, event: &Event) -> bool {
        let shared = self.shared.borrow();
        let (machine, links) = (&shared.cluster[self.id], &shared.cluster.links);
        let stalls = &machine.stalls;
        match event {
            Event::Turn(actor) => stalls.actor(at, *actor),
            Event::DiskReports { file, lsn, .. } => machine.withholds_report(at, *file, *lsn),
            Event::Learner { peer: from, opened, .. } | Event::Arrive { from, opened, .. } => {
                stalls.door(at) || links.holds(at, *from, self.id, *opened)
            }
            Event::Notify { from } => {
                links.is_cut(at, *from, self.id) || links.is_clogged(at, *from, self.id)
            }
            _ => false,
        }
    }

    fn is_awaited(&self, request: RequestId) -> bool {
        self.with(|shared| !shared.given_up.contains(&request))
    }

    fn opens(&self, from: NodeId) {
        self.shared.borrow_mut().end_turn(from, self.id);
    }

    fn comes_after_votes(&self, peer: NodeId, at: Time) -> bool {
        self.with(|shared| shared.after_votes.contains(&(self.id, peer, at)))
    }

    fn resumes(&self) -> bool {
        std::mem::take(&mut self.shared.borrow_mut().host(self.id).resumes)
    }

    async fn nudged(&self) {
        let nudge = self.with(|shared| Rc::clone(&shared.hosts[self.id.index()].nudge));
        nudge.notified().await;
    }

    fn observe(&self, at: Time, fact: Fact) {
        let exit = match fact {
            Fact::Exited(reason) => Some(reason),
            _ => None,
        };
        let is_leak = matches!(fact, Fact::Noted(Note::LeakedLogWriter { .. }));
        self.shared.borrow_mut().observe(at, self.id, fact);
        if is_leak {
            self.shared.borrow_mut().cluster[self.id].stalls.leak_log_writer();
        }
        if let Some(reason) = exit {
            self.on_exit(at, reason);
        }
    }

    fn rested(&self, node: &Node, rest: Rest) {
        let Rest { inputs, at, next_at, parked_at } = rest;
        let shared = &mut *self.shared.borrow_mut();
        shared.inputs += inputs;
        let is_up = shared.cluster[self.id].is_up();
        let host = shared.host(self.id);
        (host.next_at, host.parked_at) = (next_at, parked_at);
        if inputs > 0 && is_up {
            let served = host.seen.is_some_and(|(view, _)| view.serving);
            let view = node.view();
            host.seen = Some((view, *node.replica()));
            if view.serving && !served {
                shared.began = shared.began.max(Some(at));
            }
            shared.touch(self.id);
        }
    }
}
