//! The machine under a simulated server: the same disk, clock and stalls as in the direct driver.
//!
//! Delays are drawn as there, in microseconds, and the owner's agenda keeps them apart, so that
//! turns and completions within one tick happen in the order of their times.

use super::shared::{Handle, Server};
use crate::shell::agenda::Agenda;
use crate::shell::{Event, Machine};
use crate::world::FAILURE_DELAY;
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::mpsc;
use zab_checker::Fact;
use zab_core::event::ExitReason;
use zab_core::{Actor, DiskOp, File, Lsn, Micros, Node, NodeId, Recovered};

/// The machine of one server.
#[derive(Clone)]
pub(super) struct SimMachine {
    pub(super) shared: Handle,
    pub(super) id: NodeId,
}

impl SimMachine {
    fn with<R>(&self, look: impl FnOnce(&Server, Micros) -> R) -> R {
        let shared = self.shared.borrow();
        look(&shared.servers[self.id.index()], shared.now)
    }

    fn on_exit(&self, reason: ExitReason) {
        let shared = &mut *self.shared.borrow_mut();
        let server = shared.server(self.id);
        server.refused = match reason {
            ExitReason::EpochBehindLog | ExitReason::AcceptedBelowCurrent => Some(reason),
            _ => None,
        };
        server.exited = true;
        server.disk.lose_process();
        shared.lose_process(self.id, false);
    }
}

impl Machine for SimMachine {
    fn start(&self, inbox: mpsc::Sender<Event>) -> io::Result<Recovered> {
        let shared = &mut *self.shared.borrow_mut();
        let server = shared.server(self.id);
        server.inbox = Some(inbox);
        let found = server.disk.recover().expect("no action damages what is durable");
        shared.observe(self.id, Fact::Started(Box::new(found.clone())));
        Ok(found)
    }

    fn now(&self) -> Micros {
        self.shared.borrow().now
    }

    fn duration(&self, span: Micros) -> Duration {
        super::duration(span)
    }

    fn clock(&self) -> Micros {
        self.with(|server, now| server.clock.read(now))
    }

    fn span(&self, span: Micros) -> Micros {
        self.with(|server, _| server.clock.world_span(span))
    }

    fn turn(&self, actor: Actor) -> Micros {
        let shared = self.shared.borrow();
        shared.delays.turn(shared.now, self.id, actor)
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

    fn complete(&self, file: File, upto: Lsn) -> bool {
        let shared = &mut *self.shared.borrow_mut();
        let is_done = shared.server(self.id).disk.complete(file, upto);
        if is_done {
            shared.observe(self.id, Fact::DiskDone { file, upto });
        }
        is_done
    }

    fn fail(&self) -> Option<(File, Lsn)> {
        let shared = &mut *self.shared.borrow_mut();
        let server = shared.server(self.id);
        let failed = server.disk.fail_oldest();
        match failed {
            Some((file, lsn)) => shared.observe(self.id, Fact::DiskFailed { file, lsn }),
            None => server.fails_next = true,
        }
        failed
    }

    fn is_paused(&self) -> bool {
        self.with(|server, now| server.stalls.node(now))
    }

    fn withholds(&self, event: &Event) -> bool {
        self.with(|Server { stalls, .. }, now| match event {
            Event::Turn(actor) => stalls.actor(now, *actor),
            Event::DiskDone { .. } | Event::DiskFails => stalls.disk(now),
            Event::Learner { .. } | Event::Packet { .. } | Event::Down { reset: false, .. } => {
                stalls.door(now)
            }
            _ => false,
        })
    }

    async fn nudged(&self) {
        let nudge = self.with(|server, _| Rc::clone(&server.nudge));
        nudge.notified().await;
    }

    fn observe(&self, fact: Fact) {
        let exit = match fact {
            Fact::Exited(reason) => Some(reason),
            _ => None,
        };
        self.shared.borrow_mut().observe(self.id, fact);
        if let Some(reason) = exit {
            self.on_exit(reason);
        }
    }

    fn rested(&self, node: &Node, inputs: u64, next_at: Option<Micros>) {
        let shared = &mut *self.shared.borrow_mut();
        shared.inputs += inputs;
        let server = shared.server(self.id);
        server.next_at = next_at;
        if inputs > 0 && server.up {
            server.seen = Some((node.view(), *node.replica()));
            shared.touch(self.id);
        }
    }
}
