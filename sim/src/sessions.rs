//! Clients ask, servers answer, and clients give up: once for both drivers.

use crate::backend::Backend;
use crate::client::{CLIENT_TIMEOUT, Open};
use crate::due::Later;
use crate::schedule::ClientOp;
use zab_checker::Fact;
use zab_core::{Key, NodeId, Outcome, RequestId};

/// A client starts an operation, unless one is open. A server that is down never answers.
pub(crate) fn invoke(
    backend: &mut impl Backend,
    (client, server): (u8, NodeId),
    (op, key): (ClientOp, Key),
) {
    let now = backend.now();
    let (process, delays) = {
        let cluster = backend.cluster();
        ((cluster[server].life(), cluster[server].is_up()), cluster.delays)
    };
    let session = backend.session(client);
    let Some(open) = session.invoke((server, process), op, key) else {
        return;
    };
    let (last_seen, Open { request, op, .. }) = (session.last_seen(), open);
    backend.observe(Some(server), Fact::Invoked { request, op });
    backend.send(now.after(delays.client_latency(now, client, server)), open, last_seen);
    backend.plan(now.after(CLIENT_TIMEOUT), Later::TimeOut { client, cxid: request.cxid });
}

/// A server has answered; the answer is on its way if the client still waits for it.
pub(crate) fn reply(
    backend: &mut impl Backend,
    server: NodeId,
    request: RequestId,
    outcome: Outcome,
) {
    let (now, client, cxid) = (backend.now(), request.session.0 as u8, request.cxid);
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
    backend.observe(Some(server), Fact::Returned { request: open.request, outcome });
    if let (Some(key), Outcome::Synced { .. }) = (open.then_read, outcome) {
        invoke(backend, (client, server), (ClientOp::Read, key));
    }
}

/// A server drops clients: what is open there has an unknown outcome, unless the answer is already
/// on its way. What was asked while the server was down has no connection that could be dropped.
pub(crate) fn drop_clients(
    backend: &mut impl Backend,
    server: NodeId,
    is_dropped: impl Fn(&Open) -> bool,
) {
    for client in 0..backend.sessions().len() as u8 {
        let unanswered = backend.session(client).unanswered(server);
        if let Some(open) = unanswered.filter(|open| open.is_connected && is_dropped(open)) {
            give_up(backend, client, open.request.cxid);
        }
    }
}

/// A client gives up the operation if it is still open.
pub(crate) fn give_up(backend: &mut impl Backend, client: u8, cxid: u32) {
    if let Some(Open { server, request, .. }) = backend.session(client).give_up(cxid) {
        backend.abandon(request);
        backend.observe(Some(server), Fact::TimedOut { request });
    }
}
