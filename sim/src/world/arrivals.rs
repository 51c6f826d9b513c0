//! Timers, turns, completions, requests, packets and messages reach a server.

use super::World;
use crate::client::Open;
use crate::due::Effects;
use crate::network::Item;
use crate::observe::reported;
use crate::passage::{Leg, Way};
use zab_checker::Fact;
use zab_core::event::Timer;
use zab_core::{Actor, ConnId, File, Input, Lsn, NodeId, Packet, Time};

impl World {
    pub(super) fn on_timer(
        &mut self,
        now: Time,
        id: NodeId,
        (timer, generation): (Timer, u32),
        fx: &mut Effects,
    ) {
        if self.processes[id.index()].generations[timer as usize] == generation {
            self.step(now, id, Input::Timer { timer, generation }, fx);
        }
    }

    pub(super) fn on_turn(&mut self, now: Time, id: NodeId, actor: Actor, fx: &mut Effects) {
        self.step(now, id, Input::Turn(actor), fx);
    }

    pub(super) fn on_step_down(&mut self, now: Time, id: NodeId, fx: &mut Effects) {
        fx.observe(now, id, Fact::Fault("step-down"));
        self.step(now, id, Input::StepDown, fx);
    }

    pub(super) fn on_disk_done(
        &mut self,
        now: Time,
        id: NodeId,
        (file, lsn): (File, u32),
        fx: &mut Effects,
    ) {
        let lsn = Lsn(lsn.into());
        if let Some(report) = self.cluster[id].complete(now, file, lsn) {
            let (fact, input) = reported(file, lsn, report);
            fx.observe(now, id, fact);
            self.step(now, id, input, fx);
        }
    }

    pub(super) fn on_request(&mut self, now: Time, client: u8, cxid: u32, fx: &mut Effects) {
        let Some(&Open { request, op, server, life, is_connected, .. }) = self.open(client, cxid)
        else {
            return;
        };
        // What was asked while the server was down has no connection to travel on.
        if is_connected && self.is_alive(server, life) {
            fx.pass(now, || Some(Leg::Asked(request)));
            let last_seen = self.session(client).last_seen();
            self.step(now, server, Input::Client { request, last_seen, op }, fx);
        }
    }

    /// A connection is made if the other process is running; whether it listens it says itself.
    pub(super) fn on_connect(&mut self, now: Time, from: NodeId, to: NodeId, fx: &mut Effects) {
        if self.is_up(to) {
            let conn = self.network.open(now, [from, to], fx);
            fx.pass(now, || Some(Leg::Connected(Way { conn, from, to })));
            self.step(now, from, Input::ConnectionUp { peer: to, conn, outgoing: true }, fx);
        } else {
            self.step(now, from, Input::ConnectFailed { peer: to }, fx);
        }
    }

    pub(super) fn on_arrive(&mut self, now: Time, conn: ConnId, end: u8, fx: &mut Effects) {
        let Some((peer, to, item)) = self.network.arrive(now, conn, end, fx) else {
            return;
        };
        fx.pass(now, || match &item {
            Item::Packet(Packet::Ping | Packet::Touched(_)) | Item::Up | Item::Refused => None,
            Item::Down => Some(Leg::Ended(Way { conn, from: peer, to })),
            Item::Packet(packet) => {
                Some(Leg::Arrived(Way { conn, from: peer, to }, packet.clone()))
            }
        });
        let input = match item {
            Item::Up => Input::ConnectionUp { peer, conn, outgoing: false },
            Item::Packet(packet) => Input::Packet { from: peer, conn, packet },
            Item::Down => Input::ConnectionDown { peer, conn },
            Item::Refused => Input::Refused { peer, conn },
        };
        self.step(now, to, input, fx);
    }

    pub(super) fn on_reset(&mut self, now: Time, conn: ConnId, end: u8, fx: &mut Effects) {
        if let Some((to, peer)) = self.network.reset(conn, end) {
            fx.pass(now, || Some(Leg::Ended(Way { conn, from: peer, to })));
            self.step(now, to, Input::ConnectionDown { peer, conn }, fx);
        }
    }

    pub(super) fn on_notify(&mut self, now: Time, from: NodeId, to: NodeId, fx: &mut Effects) {
        let is_acknowledged = !self.cluster.links.is_cut(now, to, from);
        if let Some(notification) = self.mailboxes.arrive(from, to, is_acknowledged) {
            let leader = notification.vote.leader;
            fx.pass(now, || Some(Leg::Voted { from, to, leader }));
            self.step(now, to, Input::Notification { from, notification }, fx);
        }
    }
}
