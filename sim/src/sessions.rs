//! Clients ask, servers answer, and clients give up: once for both drivers.

use crate::backend::Backend;
use crate::client::{CLIENT_TIMEOUT, Open};
use crate::due::Later;
use crate::lockers;
use crate::schedule::ClientOp;
use zab_checker::Fact;
use zab_core::{Key, NodeId, Outcome, RequestId};

/// A client starts an operation, unless one is open. A server that is down never answers.
pub(crate) fn invoke(
    backend: &mut impl Backend,
    (client, server): (u8, NodeId),
    (op, key): (ClientOp, Key),
) {
    let process = process(backend, server);
    let Some(open) = backend.session(client).invoke((server, process), op, key) else {
        return;
    };
    let Open { request, op, .. } = open;
    backend.observe(Some(server), Fact::Invoked { request, op });
    send(backend, client, open);
}

/// What a client asks leaves for its server.
pub(crate) fn send(backend: &mut impl Backend, client: u8, open: Open) {
    let (now, last_seen) = (backend.now(), backend.session(client).last_seen());
    let latency = backend.cluster().delays.client_latency(now, client, open.server);
    backend.send(now.after(latency), open, last_seen);
    let cxid = open.request.cxid;
    backend.plan(now.after(CLIENT_TIMEOUT), Later::TimeOut { client, cxid });
}

/// The process of a server that would be asked now, and whether it runs.
pub(crate) fn process(backend: &mut impl Backend, server: NodeId) -> (u16, bool) {
    let machine = &backend.cluster()[server];
    (machine.life(), machine.is_up())
}

/// A server has answered; the answer is on its way if the client still waits for it.
pub(crate) fn reply(
    backend: &mut impl Backend,
    server: NodeId,
    request: RequestId,
    outcome: Outcome,
) {
    let (now, client, cxid) = (backend.now(), request.session.client(), request.cxid);
    let is_new = backend.session(client).answer(server, request, outcome);
    if is_new {
        let latency = backend.cluster().delays.client_latency(now, client, server);
        backend.plan(now.after(latency), Later::Answer { client, cxid });
    }
}

/// The answer arrives, unless it is lost with the process that sent it.
pub(crate) fn on_answer(backend: &mut impl Backend, client: u8, cxid: u32) {
    let asked = backend.session(client).open(cxid).map(|open| (open.server, open.life));
    let Some((server, life)) = asked else {
        return;
    };
    let is_alive = backend.cluster()[server].is_alive(life);
    let answered = if is_alive { backend.session(client).on_answer(cxid) } else { None };
    let Some((open, outcome)) = answered else {
        return;
    };
    if open.request.session.is_tracked() {
        lockers::on_answer(backend, client, (open, outcome));
        return;
    }
    backend.observe(Some(server), Fact::Returned { request: open.request, outcome });
    if let (Some(key), Outcome::Synced { .. }) = (open.then_read, outcome) {
        invoke(backend, (client, server), (ClientOp::Read, key));
    }
}

/// This process of a server drops clients: what is open there has an unknown outcome, unless the answer is already
/// on its way. What was asked while the server was down has no connection that could be dropped.
pub(crate) fn drop_clients(backend: &mut impl Backend, server: NodeId, life: u16) {
    let others = 0..backend.sessions().len() as u8;
    for client in others.chain(lockers::numbers(backend)) {
        let unanswered = backend.session(client).unanswered(server);
        if let Some(open) = unanswered.filter(|open| open.is_connected && open.life == life) {
            give_up(backend, client, open.request.cxid);
        }
    }
    lockers::on_dropped(backend, server, life);
}

/// A client gives up the operation if it is still open.
pub(crate) fn give_up(backend: &mut impl Backend, client: u8, cxid: u32) {
    if let Some(open) = backend.session(client).give_up(cxid) {
        let Open { server, request, .. } = open;
        backend.abandon(request);
        if request.session.is_tracked() {
            lockers::on_no_answer(backend, client, open);
        } else {
            backend.observe(Some(server), Fact::TimedOut { request });
        }
    }
}
