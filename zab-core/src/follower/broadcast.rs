//! Broadcast at the follower: log, acknowledge, deliver (`Follower.processPacket`).

use super::{Follower, Link, Phase};
use crate::committer::Work;
use crate::ids::{ConnId, RequestId, Zxid};
use crate::log_writer::AckTo;
use crate::message::Packet;
use crate::server::{Flow, GO_ON, Place, Server};
use crate::txn::{Op, Txn};

impl Follower {
    pub(super) fn on_broadcast_packet(&mut self, server: &mut Server, packet: Packet) -> Flow {
        match packet {
            Packet::Proposal(txn) => self.on_proposal(server, txn),
            Packet::Commit(zxid) => self.on_commit(server, zxid),
            Packet::Ping => {
                if let Link::Up(conn) = self.link {
                    let touched = server.connections.take_touched();
                    let is_bare = touched.iter().next().is_none();
                    server
                        .send(conn, if is_bare { Packet::Ping } else { Packet::Touched(touched) });
                }
                GO_ON
            }
            Packet::Revalidated { request, is_valid } => {
                server.answer_resume(request, is_valid);
                GO_ON
            }
            Packet::Sync { request } => {
                server.commit(Work::Synced(request));
                GO_ON
            }
            other => self.unexpected(server, &other),
        }
    }

    fn on_proposal(&mut self, server: &mut Server, txn: Txn) -> Flow {
        server.check_follows(self.last_queued, txn.zxid, Place::InBroadcast)?;
        self.last_queued = txn.zxid;
        self.pending.push_back(txn);
        if let Link::Up(conn) = self.link {
            server.log(txn, AckTo::Leader(conn));
        }
        GO_ON
    }

    /// The log writer has made a transaction durable. An acknowledgement for an older connection
    /// finds a closed socket.
    pub(crate) fn on_logged(&self, server: &mut Server, zxid: Zxid, conn: ConnId) {
        if self.link == Link::Up(conn) {
            server.send(conn, Packet::Ack(zxid));
        }
    }

    /// A client's write or `sync`, forwarded to the leader (`FollowerRequestProcessor`).
    pub(crate) fn forward(&self, server: &mut Server, request: RequestId, op: Op) {
        assert!(matches!(self.phase, Phase::Broadcast), "clients are served in broadcast only");
        let packet = match op {
            Op::Sync => Packet::Sync { request },
            Op::ResumeSession => Packet::Revalidate { request },
            op => Packet::Request { request, op },
        };
        if let Link::Up(conn) = self.link {
            server.await_answer(request);
            server.send(conn, packet);
        }
    }
}
