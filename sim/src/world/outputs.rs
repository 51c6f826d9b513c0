//! A server takes an input, and what it asks for is carried out, in order.

use super::World;
use crate::due::{Due, Effects};
use crate::observe::fact_of;
use zab_core::event::Timer;
use zab_core::{DiskOp, Input, Lsn, Micros, NodeId, Output};

/// How long a disk takes to report that it failed: less than any operation takes to succeed.
pub(crate) const FAILURE_DELAY: Micros = Micros(100);

impl World {
    /// Hands an input to a server that is up.
    pub(super) fn step(&mut self, now: Micros, id: NodeId, input: Input, fx: &mut Effects) {
        let server = &mut self.servers[id.index()];
        let mut outputs = std::mem::take(&mut fx.outputs);
        server.node.step(server.clock.read(now), input, &mut outputs);
        fx.touch(id);
        for output in outputs.drain(..) {
            self.carry_out(now, id, output, fx);
            if !self.is_up(id) {
                break;
            }
        }
        fx.outputs = outputs;
    }

    fn carry_out(&mut self, now: Micros, id: NodeId, output: Output, fx: &mut Effects) {
        let to = match output {
            Output::Send { conn, .. } => self.network.peer(conn, id),
            _ => None,
        };
        if let Some(fact) = fact_of(&output, to) {
            fx.observe(now, id, fact);
        }
        let delays = self.delays;
        match output {
            Output::Connect(to) => {
                let there_and_back =
                    Micros(delays.latency(now, id, to).0 + delays.latency(now, to, id).0);
                let life = self.servers[id.index()].life;
                fx.schedule(now.after(there_and_back), Due::Connect { from: id, life, to });
            }
            Output::Close(conn) => self.network.close(now, (conn, id), delays, fx),
            Output::Send { conn, packet } => {
                self.network.send(now, (conn, id), packet, delays, fx);
            }
            Output::Notify { to, notification } => {
                let at = now.after(delays.latency(now, id, to));
                self.mailboxes.send(at, (id, to), notification, fx);
                self.connect_mailbox(now, id, to, fx);
            }
            Output::Disk { lsn, op } => self.ask_disk(now, id, (lsn, op), fx),
            Output::SetTimer { timer, generation, after } => {
                self.set_timer(now, id, (timer, generation, after), fx);
            }
            Output::Reply { request, outcome } => self.reply(now, id, request, outcome, fx),
            Output::DropClients => self.drop_clients(now, id, fx),
            Output::Ready(actor) => {
                let life = self.servers[id.index()].life;
                let at = now.after(delays.turn(now, id, actor));
                fx.schedule(at, Due::Turn { server: id, life, actor });
            }
            Output::Exit(reason) => self.on_exit(now, id, reason, fx),
            Output::Delivered(_) | Output::Note(_) => {}
        }
    }

    fn ask_disk(&mut self, now: Micros, id: NodeId, (lsn, op): (Lsn, DiskOp), fx: &mut Effects) {
        let server = &mut self.servers[id.index()];
        let (life, file, is_reported) = (server.life, op.file(), op.is_reported());
        server.disk.ask(lsn, op);
        let delay = self.delays.flush(id, life, lsn);
        if std::mem::take(&mut server.fails_next) {
            fx.schedule(now.after(FAILURE_DELAY), Due::DiskFail { server: id, life });
        }
        if is_reported {
            let lsn = u32::try_from(lsn.0).expect("a process does not live that long");
            fx.schedule(now.after(delay), Due::Disk { server: id, life, file, lsn });
        }
    }

    fn set_timer(
        &mut self,
        now: Micros,
        id: NodeId,
        (timer, generation, after): (Timer, u32, Micros),
        fx: &mut Effects,
    ) {
        let server = &mut self.servers[id.index()];
        server.generations[timer as usize] = generation;
        let at = now.after(server.clock.world_span(after));
        let life = server.life;
        fx.schedule(at, Due::Timer { server: id, life, timer, generation });
    }
}
