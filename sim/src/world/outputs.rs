//! A server takes an input, and what it asks for is carried out, in order.

use super::World;
use crate::backend::Backend;
use crate::due::{Due, Effects};
use crate::network::Item;
use crate::observe::fact_of;
use crate::passage::{Leg, Way};
use crate::{faults, sessions};
use zab_core::event::{ExitReason, Note, Timer};
use zab_core::{DiskOp, Input, Lsn, NodeId, Output, Packet, Span, Time};

/// What leaves with an output; `to` is the receiver of a packet, if it is handed to the network.
fn leaving(output: &Output, from: NodeId, to: Option<NodeId>) -> Option<Leg> {
    match output {
        Output::Send { packet: Packet::Ping | Packet::Touched(_), .. } => None,
        Output::Send { conn, .. } => Some(Leg::Left(Way { conn: *conn, from, to: to? })),
        Output::Reply { request, .. } => Some(Leg::Answered(*request)),
        _ => None,
    }
}

impl World {
    /// Hands an input to a server that is up.
    pub(super) fn step(&mut self, now: Time, id: NodeId, input: Input, fx: &mut Effects) {
        let mut outputs = std::mem::take(&mut fx.outputs);
        let clock = self.cluster[id].clock.read(now);
        self.processes[id.index()].node.step(clock, input, &mut outputs);
        fx.touch(id);
        for output in outputs.drain(..) {
            self.carry_out(now, id, output, fx);
            if !self.is_up(id) {
                break;
            }
        }
        fx.outputs = outputs;
    }

    fn carry_out(&mut self, now: Time, id: NodeId, output: Output, fx: &mut Effects) {
        let to = match output {
            Output::Send { conn, .. } => self.network.peer(conn, id),
            _ => None,
        };
        fx.pass(now, || leaving(&output, id, to));
        if let Some(fact) = fact_of(&output, to) {
            fx.observe(now, id, fact);
        }
        let delays = self.cluster.delays;
        match output {
            Output::Connect(to) => {
                let (there, back) = (delays.latency(now, id, to), delays.latency(now, to, id));
                let life = self.cluster[id].life();
                fx.schedule(now.after(there).after(back), Due::Connect { from: id, life, to });
            }
            Output::Close(conn) => self.network.close(now, (conn, id, Item::Down), delays, fx),
            Output::Refuse(conn) => self.network.close(now, (conn, id, Item::Refused), delays, fx),
            Output::Send { conn, packet } => {
                self.network.send(now, (conn, id), packet, delays, fx);
            }
            Output::Notify { to, notification } => {
                let at = now.after(delays.latency(now, id, to));
                let life = self.cluster[id].life();
                self.mailboxes.send(at, (id, life, to), notification, fx);
                self.connect_mailbox(now, id, to, fx);
            }
            Output::Disk { lsn, op } => self.ask_disk(now, id, (lsn, op), fx),
            Output::SetTimer { timer, generation, after } => {
                self.set_timer(now, id, (timer, generation, after), fx);
            }
            Output::Reply { request, outcome } => {
                sessions::reply(&mut self.at(now, fx), id, request, outcome);
            }
            Output::DropClients => {
                let life = self.cluster[id].life();
                sessions::drop_clients(&mut self.at(now, fx), id, life);
            }
            Output::Ready(actor) => {
                let life = self.cluster[id].life();
                let at = now.after(delays.turn(now, id, actor));
                fx.schedule(at, Due::Turn { server: id, life, actor });
            }
            Output::Exit(reason) => self.on_exit(now, id, reason, fx),
            Output::Note(Note::LeakedLogWriter { .. }) => self.cluster[id].stalls.leak_log_writer(),
            Output::Delivered(_) | Output::Note(_) => {}
        }
    }

    fn ask_disk(&mut self, now: Time, id: NodeId, (lsn, op): (Lsn, DiskOp), fx: &mut Effects) {
        let delays = self.cluster.delays;
        let machine = &mut self.cluster[id];
        let (life, file) = (machine.life(), op.file());
        if let Some(delay) = machine.ask(now, lsn, op, delays) {
            let lsn = u32::try_from(lsn.0).expect("a process does not live that long");
            fx.schedule(now.after(delay), Due::Disk { server: id, life, file, lsn });
        }
    }

    fn set_timer(
        &mut self,
        now: Time,
        id: NodeId,
        (timer, generation, after): (Timer, u32, Span),
        fx: &mut Effects,
    ) {
        self.processes[id.index()].generations[timer as usize] = generation;
        let machine = &self.cluster[id];
        let (at, life) = (now.after(machine.clock.world_span(after)), machine.life());
        fx.schedule(at, Due::Timer { server: id, life, timer, generation });
    }

    /// The process of a server exits by itself.
    fn on_exit(&mut self, now: Time, id: NodeId, reason: ExitReason, fx: &mut Effects) {
        self.cluster[id].exit(reason);
        let (at, start) = faults::restart(now, id, self.cluster[id].life());
        let mut instant = self.at(now, fx);
        instant.disconnect(id, false);
        instant.plan(at, start);
    }
}
