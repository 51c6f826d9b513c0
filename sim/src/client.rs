//! Client sessions: one operation at a time, with a time-out.
//!
//! A session outlives its connection to any one server. It remembers the greatest zxid that it has
//! seen, and the version of each register, from the answers that reached it.

mod canonical;

use crate::schedule::ClientOp;
use zab_core::txn::KEYS;
use zab_core::{Key, NodeId, Op, Outcome, RequestId, SessionId, Span, Zxid};

/// How long a client waits for an answer; then the operation's outcome is unknown forever.
pub const CLIENT_TIMEOUT: Span = Span::from_millis(120);

/// Requests of one session have values of their own as long as there are fewer than this.
const REQUESTS_MAX: u32 = 1000;

/// The operation that a client waits for.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Open {
    pub(crate) request: RequestId,
    pub(crate) op: Op,
    /// The server asked, and which of its processes.
    pub(crate) server: NodeId,
    pub(crate) life: u16,
    /// The server was up when it was asked.
    pub(crate) is_connected: bool,
    /// What to read once this `sync` is answered.
    pub(crate) then_read: Option<Key>,
    /// The answer that is on its way.
    pub(crate) answer: Option<Outcome>,
}

/// One session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Client {
    session: SessionId,
    cxid: u32,
    last_seen: Zxid,
    versions: [u32; KEYS],
    open: Option<Open>,
    last: Option<Outcome>,
}

impl Client {
    pub(crate) const fn new(session: SessionId) -> Self {
        let (last_seen, versions) = (Zxid::ZERO, [0; KEYS]);
        Self { session, cxid: 0, last_seen, versions, open: None, last: None }
    }

    /// The greatest zxid that this session has seen (`lastZxidSeen`).
    pub const fn last_seen(&self) -> Zxid {
        self.last_seen
    }

    /// Whether no operation is open.
    pub const fn is_idle(&self) -> bool {
        self.open.is_none()
    }

    /// The answer to the last operation; `None` if there was none, or it timed out, or waits.
    pub const fn last(&self) -> Option<Outcome> {
        self.last
    }

    /// The open operation, if it is this one.
    pub(crate) fn open(&self, cxid: u32) -> Option<&Open> {
        self.open.as_ref().filter(|open| open.request.cxid == cxid)
    }

    /// The open operation, if this server was asked and has not answered.
    pub(crate) fn unanswered(&self, server: NodeId) -> Option<Open> {
        self.open.filter(|open| open.server == server && open.answer.is_none())
    }

    /// This server answers a request. False if that is none that the client waits for.
    pub(crate) fn answer(&mut self, server: NodeId, request: RequestId, outcome: Outcome) -> bool {
        let is_asked = |open: &&mut Open| {
            open.server == server && open.request == request && open.answer.is_none()
        };
        let open = self.open.as_mut().filter(is_asked);
        open.map(|open| open.answer = Some(outcome)).is_some()
    }

    /// Asks a process of a server, unless an operation is open.
    pub(crate) fn invoke(
        &mut self,
        (server, (life, is_connected)): (NodeId, (u16, bool)),
        op: ClientOp,
        key: Key,
    ) -> Option<Open> {
        if self.open.is_some() {
            return None;
        }
        let value = self.next_value().expect("an execution has fewer operations");
        self.cxid += 1;
        let (op, then_read) = match op {
            ClientOp::Write => (Op::Write { key, value }, None),
            ClientOp::WriteIf => {
                (Op::WriteIf { key, value, version: self.versions[key.index()] }, None)
            }
            ClientOp::Read => (Op::Read { key }, None),
            ClientOp::SyncRead => (Op::Sync, Some(key)),
        };
        let request = RequestId { session: self.session, cxid: self.cxid };
        self.open = Some(Open { request, op, server, life, is_connected, then_read, answer: None });
        self.last = None;
        self.open
    }

    /// A value that nothing else writes, for what it asks next; none if it has asked for too much.
    pub(crate) fn next_value(&self) -> Option<u32> {
        let cxid = self.cxid + 1;
        (cxid < REQUESTS_MAX).then(|| u32::from(self.session.0) * REQUESTS_MAX + cxid)
    }

    /// Asks a process of a server for something in this session, unless an operation is open.
    pub(crate) fn ask(
        &mut self,
        (server, (life, is_connected)): (NodeId, (u16, bool)),
        session: SessionId,
        op: Op,
    ) -> Option<Open> {
        if self.open.is_some() {
            return None;
        }
        self.cxid += 1;
        let request = RequestId { session, cxid: self.cxid };
        let (then_read, answer) = (None, None);
        self.open = Some(Open { request, op, server, life, is_connected, then_read, answer });
        self.open
    }

    /// The answer arrives: closes the operation and learns from it.
    pub(crate) fn on_answer(&mut self, cxid: u32) -> Option<(Open, Outcome)> {
        let open = *self.open(cxid)?;
        let outcome = open.answer?;
        let (seen, version) = match outcome {
            Outcome::Written { zxid, version } => (zxid, Some(version)),
            Outcome::BadVersion { zxid } => (zxid, None),
            Outcome::Value { version, position, .. } => (position, Some(version)),
            Outcome::Synced { position } => (position, None),
            Outcome::Pong { position } | Outcome::Queue { position, .. } => (position, None),
            Outcome::Named { zxid, .. } | Outcome::Failed { zxid, .. } => (zxid, None),
            Outcome::Connected { opened } => (opened.unwrap_or(Zxid::ZERO), None),
            Outcome::Refused | Outcome::Expired | Outcome::Disconnected => (Zxid::ZERO, None),
        };
        let key = match open.op {
            Op::Write { key, .. } | Op::WriteIf { key, .. } | Op::Read { key } => Some(key),
            _ => None,
        };
        if let (Some(key), Some(version)) = (key, version) {
            self.versions[key.index()] = version;
        }
        self.last_seen = self.last_seen.max(seen);
        self.last = Some(outcome);
        self.open = None;
        Some((open, outcome))
    }

    /// Gives up the operation if it is still open.
    pub(crate) fn give_up(&mut self, cxid: u32) -> Option<Open> {
        let open = *self.open(cxid)?;
        self.open = None;
        Some(open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: (NodeId, (u16, bool)) = (NodeId(0), (0, true));

    fn answer(client: &mut Client, cxid: u32, outcome: Outcome) {
        client.open.as_mut().expect("an operation is open").answer = Some(outcome);
        assert!(client.on_answer(cxid).is_some());
    }

    #[test]
    fn a_second_operation_waits_for_nobody_it_does_not_happen() {
        let mut client = Client::new(SessionId(2));
        assert!(client.invoke(SERVER, ClientOp::Write, Key(0)).is_some());
        assert_eq!(client.invoke(SERVER, ClientOp::Read, Key(0)), None);
    }

    #[test]
    fn a_conditional_write_uses_the_version_last_seen() {
        let mut client = Client::new(SessionId(2));
        client.invoke(SERVER, ClientOp::Read, Key(3)).expect("idle");
        let position = Zxid::new(1, 8);
        answer(&mut client, 1, Outcome::Value { value: 5, version: 6, position });
        let Open { op, .. } = client.invoke(SERVER, ClientOp::WriteIf, Key(3)).expect("idle");
        assert_eq!(op, Op::WriteIf { key: Key(3), value: 2002, version: 6 });
        assert_eq!(client.last_seen(), position);
    }

    #[test]
    fn an_answer_after_the_time_out_is_not_heard() {
        let mut client = Client::new(SessionId(2));
        client.invoke(SERVER, ClientOp::Write, Key(0)).expect("idle");
        assert!(client.give_up(1).is_some());
        assert_eq!(client.on_answer(1), None);
        assert!(client.is_idle());
    }

    #[test]
    fn a_session_never_goes_back() {
        let mut client = Client::new(SessionId(0));
        for (cxid, counter) in [(1, 9), (2, 4)] {
            client.invoke(SERVER, ClientOp::SyncRead, Key(0)).expect("idle");
            answer(&mut client, cxid, Outcome::Synced { position: Zxid::new(1, counter) });
        }
        assert_eq!(client.last_seen(), Zxid::new(1, 9));
    }
}
