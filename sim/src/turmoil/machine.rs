//! The machine under a simulated server: the same disk, clock and stalls as in the direct driver.
//!
//! Delays are drawn as there, in microseconds, and the owner's agenda keeps them apart, so that all
//! that happens within one step happens in the order of its times.

use super::shared::{Handle, Server};
use crate::shell::agenda::Agenda;
use crate::shell::event::{Event, Inbox};
use crate::shell::machine::{Machine, Rest};
use crate::world::FAILURE_DELAY;
use std::io;
use std::rc::Rc;
use std::time::Duration;
use zab_checker::Fact;
use zab_core::event::ExitReason;
use zab_core::{Actor, DiskOp, File, Lsn, Micros, Node, NodeId, Recovered, RequestId};

/// The machine of one server.
#[derive(Clone)]
pub(super) struct SimMachine {
    pub(super) shared: Handle,
    pub(super) id: NodeId,
}

impl SimMachine {
    fn with<R>(&self, look: impl FnOnce(&Server, Micros) -> R) -> R {
        let shared = self.shared.borrow();
        look(&shared.servers[self.id.index()], shared.since)
    }

    fn on_exit(&self, at: Micros, reason: ExitReason) {
        let shared = &mut *self.shared.borrow_mut();
        let server = shared.server(self.id);
        server.refused = match reason {
            ExitReason::EpochBehindLog | ExitReason::AcceptedBelowCurrent => Some(reason),
            _ => None,
        };
        server.exited = Some(at);
        server.disk.lose_process();
        shared.lose_process(self.id, at, false);
    }
}

impl Machine for SimMachine {
    fn start(&self, inbox: Inbox) -> io::Result<Recovered> {
        let shared = &mut *self.shared.borrow_mut();
        let server = shared.server(self.id);
        server.inbox = Some(inbox);
        let found = server.disk.recover().expect("no action damages what is durable");
        let at = shared.since;
        shared.observe(at, self.id, Fact::Started(Box::new(found.clone())));
        Ok(found)
    }

    fn now(&self) -> Micros {
        self.with(|server, _| server.until)
    }

    fn duration(&self, span: Micros) -> Duration {
        super::duration(span)
    }

    fn since(&self) -> Micros {
        self.shared.borrow().since
    }

    fn is_driven(&self) -> bool {
        true
    }

    fn clock(&self, at: Micros) -> Micros {
        self.with(|server, _| server.clock.read(at))
    }

    fn span(&self, span: Micros) -> Micros {
        self.with(|server, _| server.clock.world_span(span))
    }

    fn turn(&self, at: Micros, actor: Actor) -> Micros {
        self.shared.borrow().delays.turn(at, self.id, actor)
    }

    fn reach(&self, at: Micros, peer: NodeId) -> Micros {
        let delays = self.shared.borrow().delays;
        at.after(delays.latency(at, self.id, peer)).after(delays.latency(at, peer, self.id))
    }

    fn post(&self, at: Micros, peer: NodeId) -> Micros {
        self.shared.borrow_mut().post(at, self.id, peer)
    }

    fn ask(&self, lsn: Lsn, op: DiskOp, agenda: &mut Agenda) {
        let shared = &mut *self.shared.borrow_mut();
        let delays = shared.delays;
        let server = shared.server(self.id);
        let (file, is_reported) = (op.file(), op.is_reported());
        server.disk.ask(lsn, op);
        if std::mem::take(&mut server.fails_next) {
            agenda.after(FAILURE_DELAY, Event::DiskFails);
        }
        if is_reported {
            let delay = delays.flush(self.id, server.life, lsn);
            agenda.after(delay, Event::DiskDone { file, upto: lsn });
        }
    }

    fn complete(&self, at: Micros, file: File, upto: Lsn) -> bool {
        let shared = &mut *self.shared.borrow_mut();
        let is_done = shared.server(self.id).disk.complete(file, upto);
        if is_done {
            shared.observe(at, self.id, Fact::DiskDone { file, upto });
        }
        is_done
    }

    fn fail(&self, at: Micros) -> Option<(File, Lsn)> {
        let shared = &mut *self.shared.borrow_mut();
        let server = shared.server(self.id);
        let failed = server.disk.fail_oldest();
        match failed {
            Some((file, lsn)) => shared.observe(at, self.id, Fact::DiskFailed { file, lsn }),
            None => server.fails_next = true,
        }
        failed
    }

    fn is_paused(&self) -> bool {
        self.with(|server, now| server.stalls.node(now))
    }

    fn withholds(&self, at: Micros, event: &Event) -> bool {
        let shared = self.shared.borrow();
        let Server { stalls, .. } = &shared.servers[self.id.index()];
        match event {
            Event::Turn(actor) => stalls.actor(at, *actor),
            Event::DiskDone { .. } | Event::DiskFails => stalls.disk(at),
            Event::Learner { peer: from, .. } | Event::Arrive { from, .. } => {
                stalls.door(at) || shared.links.is_clogged(at, *from, self.id)
            }
            Event::Notify { from } => {
                shared.links.is_cut(at, *from, self.id)
                    || shared.links.is_clogged(at, *from, self.id)
            }
            _ => false,
        }
    }

    fn is_awaited(&self, request: RequestId) -> bool {
        !self.shared.borrow().given_up.contains(&request)
    }

    fn resumes(&self) -> bool {
        std::mem::take(&mut self.shared.borrow_mut().server(self.id).resumes)
    }

    async fn nudged(&self) {
        let nudge = self.with(|server, _| Rc::clone(&server.nudge));
        nudge.notified().await;
    }

    fn observe(&self, at: Micros, fact: Fact) {
        let exit = match fact {
            Fact::Exited(reason) => Some(reason),
            _ => None,
        };
        self.shared.borrow_mut().observe(at, self.id, fact);
        if let Some(reason) = exit {
            self.on_exit(at, reason);
        }
    }

    fn rested(&self, node: &Node, rest: Rest) {
        let Rest { inputs, at, next_at, parked_at } = rest;
        let shared = &mut *self.shared.borrow_mut();
        shared.inputs += inputs;
        let server = shared.server(self.id);
        (server.next_at, server.parked_at) = (next_at, parked_at);
        if inputs > 0 && server.up {
            let served = server.seen.is_some_and(|(view, _)| view.serving);
            let view = node.view();
            server.seen = Some((view, *node.replica()));
            if view.serving && !served {
                shared.began = shared.began.max(Some(at));
            }
            shared.touch(self.id);
        }
    }
}
