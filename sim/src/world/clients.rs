//! Clients ask, servers answer, and connections between them break.

use super::World;
use crate::client::CLIENT_TIMEOUT;
use crate::due::{Due, Effects};
use crate::schedule::ClientOp;
use zab_checker::Fact;
use zab_core::{Input, Key, Micros, NodeId, Outcome, RequestId};

impl World {
    /// A client starts an operation, unless one is open. A server that is down never answers.
    pub fn invoke(
        &mut self,
        now: Micros,
        (client, server): (u8, NodeId),
        (op, key): (ClientOp, Key),
        fx: &mut Effects,
    ) {
        let life = self.servers[server.index()].life;
        let session = &mut self.clients[usize::from(client)];
        let Some((request, op)) = session.invoke((server, life), op, key) else {
            return;
        };
        let cxid = request.cxid;
        fx.observe(now, server, Fact::Invoked { request, op });
        let latency = self.delays.client_latency(now, client, server);
        fx.schedule(now.after(latency), Due::Request { client, cxid });
        fx.schedule(now.after(CLIENT_TIMEOUT), Due::ClientTimeout { client, cxid });
    }

    pub(super) fn on_request(&mut self, now: Micros, client: u8, cxid: u32, fx: &mut Effects) {
        let session = &self.clients[usize::from(client)];
        let Some(open) = session.open(cxid) else {
            return;
        };
        if self.is_alive(open.server, open.life) {
            let (request, op, last_seen) = (open.request, open.op, session.last_seen());
            self.step(now, open.server, Input::Client { request, last_seen, op }, fx);
        }
    }

    /// A server answers; the answer is on its way if the client still waits for it.
    pub(super) fn reply(
        &mut self,
        now: Micros,
        id: NodeId,
        request: RequestId,
        outcome: Outcome,
        fx: &mut Effects,
    ) {
        let life = self.servers[id.index()].life;
        let session = self.clients.get_mut(usize::from(request.session.0));
        let Some(open) = session.and_then(|session| session.open_at(id, life)) else {
            return;
        };
        if open.request == request && open.answer.is_none() {
            open.answer = Some(outcome);
            let client = request.session.0 as u8;
            let latency = self.delays.client_latency(now, client, id);
            fx.schedule(now.after(latency), Due::Answer { client, cxid: request.cxid });
        }
    }

    pub(super) fn on_answer(&mut self, now: Micros, client: u8, cxid: u32, fx: &mut Effects) {
        let session = &mut self.clients[usize::from(client)];
        let Some(open) = session.open(cxid) else {
            return;
        };
        let (server, life) = (open.server, open.life);
        let state = &self.servers[server.index()];
        if !(state.up && state.life == life) {
            return; // Lost with the process that sent it.
        }
        let Some((open, outcome)) = session.on_answer(cxid) else {
            return;
        };
        fx.observe(now, server, Fact::Returned { request: open.request, outcome });
        if let (Some(key), Outcome::Synced { .. }) = (open.then_read, outcome) {
            self.invoke(now, (client, server), (ClientOp::Read, key), fx);
        }
    }

    pub(super) fn on_client_timeout(
        &mut self,
        now: Micros,
        client: u8,
        cxid: u32,
        fx: &mut Effects,
    ) {
        if let Some(open) = self.clients[usize::from(client)].give_up(cxid) {
            fx.observe(now, open.server, Fact::TimedOut { request: open.request });
        }
    }

    /// A server drops its clients: what is open there has an unknown outcome, unless the answer
    /// is already on its way.
    pub(super) fn drop_clients(&mut self, now: Micros, id: NodeId, fx: &mut Effects) {
        let life = self.servers[id.index()].life;
        for session in &mut self.clients {
            let open = session.open_at(id, life).filter(|open| open.answer.is_none());
            if let Some(request) = open.map(|open| open.request) {
                session.give_up(request.cxid);
                fx.observe(now, id, Fact::TimedOut { request });
            }
        }
    }
}
