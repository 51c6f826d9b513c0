//! Packets: which of them pass, and which have to be sent by now.

use super::{Teller, end, text};
use zab_core::{ConnId, NodeId, Packet, RequestId};

impl Teller<'_> {
    /// A packet reaches its receiver.
    pub(super) fn on_packet(&mut self, from: NodeId, to: NodeId, conn: ConnId, packet: &Packet) {
        if self.is_unread(to, conn, packet) {
            return;
        }
        // A leader that has heard that the last connection is over has to know it before the next one.
        if matches!(packet, Packet::FollowerInfo { .. }) && self.roles.take_lost(to, from) {
            self.text.line(format!("end {to} > {from}"));
        }
        let name = self.ask_for(packet, to);
        if let Packet::Request { request, .. } = packet {
            self.in_turn(to, Some(from), *request);
        }
        self.before_packet(to, packet);
        self.disks.mark(to, self.text.place());
        if matches!(packet, Packet::FollowerInfo { .. }) {
            self.roles.on_called(to, from, self.text.place());
        }
        let old = if self.roles.is_newest(from, to, conn) { "" } else { "   # an old connection" };
        self.text.line(format!("pass {name} {from} > {to}{old}"));
    }

    /// Whether a packet has arrived and is never read: its receiver still does what an earlier one asked of
    /// it when its role ends.
    fn is_unread(&mut self, to: NodeId, conn: ConnId, packet: &Packet) -> bool {
        let is_never_read = match packet {
            Packet::Snap { .. } | Packet::NewLeader { .. } => {
                !end::is_read(self.recording, self.at, to, packet)
            }
            Packet::Proposal(_) | Packet::Commit(_) => {
                end::leaves_when_loaded(self.recording, self.at, to)
            }
            _ => false,
        };
        if is_never_read {
            self.unread.insert(conn);
        }
        !self.roles.leads(to) && self.unread.contains(&conn)
    }

    /// What a server has sent and somebody will get has to be sent before its connections end.
    pub(super) fn await_sent(&mut self, server: NodeId) {
        for peer in self.roles.others(server) {
            let arriving = end::arriving(self.recording, self.at, server, peer);
            let names: Vec<_> =
                arriving.into_iter().map(|packet| self.ask_for(packet, peer)).collect();
            match names.last() {
                Some(name) => self.text.line(format!("wait {name} {server} > {peer} held")),
                None => self.await_packet(server, peer),
            }
        }
    }

    /// What a follower has sent and nobody will get is sent as well before its role ends: a thread that
    /// would send it later fails, and that changes how the role ends (`SendAckRequestProcessor`).
    pub(super) fn await_lost(&mut self, server: NodeId) {
        let Some(leader) = self.roles.leader(server).filter(|leader| *leader != server) else {
            return;
        };
        let flight = end::in_flight(self.recording, self.at, server, leader);
        if end::next_packet(self.recording, self.at, server, leader).is_none()
            && let Some((_, Packet::Ack(zxid))) = flight.last()
        {
            self.text.line(format!("wait ACK {} {server} > {leader}", text::zxid(*zxid)));
        }
    }

    /// Waits for the next packet that somebody will get to be sent. What brings a follower up to date is
    /// sent when all is queued that stands in front of what is committed later
    /// (`LearnerHandler.startSendingPackets`).
    pub(super) fn await_packet(&mut self, from: NodeId, to: NodeId) {
        if let Some(packet) = end::next_packet(self.recording, self.at, from, to) {
            let name = self.ask_for(packet, to);
            self.text.line(format!("wait {name} {from} > {to} held"));
        }
    }

    /// A leader is about to be asked for an update, by a client or by a follower. What it was asked for before
    /// by somebody else it has to have proposed: a thread for each of them hands on what it reads.
    pub(super) fn in_turn(&mut self, leader: NodeId, by: Option<NodeId>, request: RequestId) {
        let before = self.asked.replace((leader, by, request));
        if let Some((_, _, before)) =
            before.filter(|(id, other, _)| *id == leader && (*other != by || by.is_none()))
            && let Some((zxid, peer)) = end::proposal(self.recording, self.at, leader, before)
        {
            let zxid = text::zxid(zxid);
            self.text.line(format!("wait PROPOSAL {zxid} {leader} > {peer} held"));
        }
    }

    /// Lets the client ask that a packet to this server hands on what it asked, if it does, unless it
    /// has asked already. What the packet is called on real servers, with its zxid if it has one.
    fn ask_for(&mut self, packet: &Packet, to: NodeId) -> String {
        // Only a follower that hands on what its client asked sends these; SYNC is the answer.
        let asked = match packet {
            Packet::Request { request, .. } => *request,
            Packet::Sync { request } if self.roles.leads(to) => *request,
            _ => {
                let zxid =
                    text::zxid_of(packet).map_or_else(String::new, |zxid| format!(" {zxid}"));
                return format!("{}{zxid}", packet.name());
            }
        };
        let line = self.clients.on_forwarded(asked);
        line.into_iter().for_each(|line| self.text.line(line));
        "REQUEST".to_owned()
    }
}
