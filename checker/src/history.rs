//! What clients saw, in Jepsen's words: a process invokes an operation, and it comes back as `ok`,
//! `fail` or `info`, or not at all.
//!
//! A process is a client session. An operation that is `info` (the client gave up waiting) or has
//! no completion always stays possible: it may take effect at any later time, or never. Unlike
//! in Jepsen a session continues after an `info`; its requests are told apart by their cxid.

use std::fmt;
use zab_core::{Op, Outcome, RequestId, SessionId, Time};

/// What happened to an operation.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It was sent.
    Invoke,
    /// It took effect, with this outcome.
    Ok(Outcome),
    /// It did not and will not take effect.
    Fail,
    /// The client does not know.
    Info,
}

impl Kind {
    /// Jepsen's `:type`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invoke => "invoke",
            Self::Ok(_) => "ok",
            Self::Fail => "fail",
            Self::Info => "info",
        }
    }
}

/// One line of a history. Its place in [`History::entries`] is Jepsen's `:index`.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// When.
    pub time: Time,
    /// What.
    pub kind: Kind,
    /// To which operation: its place in [`History::operations`].
    pub operation: usize,
}

/// An invocation paired with its completion.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Operation {
    /// Who asked, and which of its requests it was.
    pub request: RequestId,
    /// What it asked (Jepsen's `:f` and the invocation's `:value`).
    pub op: Op,
    /// How it ended: `None` as long as it is open, possibly to the end.
    pub completion: Option<Kind>,
}

impl Operation {
    /// The session that asked.
    pub const fn process(&self) -> SessionId {
        self.request.session
    }

    /// Jepsen's `:f`.
    pub const fn f(&self) -> &'static str {
        match self.op {
            Op::Write { .. } => "write",
            Op::WriteIf { .. } => "cas",
            Op::Read { .. } => "read",
            Op::Sync => "sync",
            Op::OpenSession => "open",
            Op::ResumeSession => "resume",
            Op::Ping => "ping",
            Op::CreateNode => "create",
            Op::Children => "children",
        }
    }

    /// The answer, if it is `ok`.
    pub const fn outcome(&self) -> Option<Outcome> {
        match self.completion {
            Some(Kind::Ok(outcome)) => Some(outcome),
            _ => None,
        }
    }

    /// Whether it changes registers if it takes effect.
    pub const fn is_update(&self) -> bool {
        matches!(self.op, Op::Write { .. } | Op::WriteIf { .. })
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.request, self.f())?;
        match self.op {
            Op::Write { key, value } => write!(f, " {key}={value}"),
            Op::WriteIf { key, value, version } => write!(f, " {key}={value} at {version}"),
            Op::Read { key } => write!(f, " {key}"),
            _ => Ok(()),
        }
    }
}

/// The operations of all sessions, in the order of one clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    operations: Vec<Operation>,
    entries: Vec<Entry>,
    /// Operations without a completion.
    open: Vec<usize>,
}

impl History {
    /// A history without operations.
    pub fn new() -> Self {
        Self::default()
    }

    /// Every operation, in the order of invocation.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// Every invocation and completion, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// A session asks.
    pub fn invoke(&mut self, time: Time, request: RequestId, op: Op) {
        let operation = self.operations.len();
        self.operations.push(Operation { request, op, completion: None });
        self.entries.push(Entry { time, kind: Kind::Invoke, operation });
        self.open.push(operation);
    }

    /// The session is answered. A refusal is a `fail`, and so is that there is no connection. False if
    /// the session does not wait for it (any more): what a client gave up on stays `info`.
    pub fn complete(&mut self, time: Time, request: RequestId, outcome: Outcome) -> bool {
        let kind = match outcome {
            Outcome::Refused | Outcome::Disconnected => Kind::Fail,
            _ => Kind::Ok(outcome),
        };
        self.close(time, request, kind)
    }

    /// The session gives up waiting.
    pub fn give_up(&mut self, time: Time, request: RequestId) -> bool {
        self.close(time, request, Kind::Info)
    }

    fn close(&mut self, time: Time, request: RequestId, kind: Kind) -> bool {
        let open = self.open.iter().position(|at| self.operations[*at].request == request);
        let Some(open) = open else { return false };
        let operation = self.open.swap_remove(open);
        self.operations[operation].completion = Some(kind);
        self.entries.push(Entry { time, kind, operation });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zab_core::{Key, Zxid};

    const WRITE: Op = Op::Write { key: Key(0), value: 7 };

    fn request(cxid: u32) -> RequestId {
        RequestId { session: SessionId(1), cxid }
    }

    #[test]
    fn an_answer_completes_the_operation_it_is_for() {
        let mut history = History::new();
        history.invoke(Time(1), request(1), WRITE);
        history.invoke(Time(2), request(2), Op::Sync);
        let written = Outcome::Written { zxid: Zxid::new(1, 1), version: 1 };
        assert!(history.complete(Time(3), request(1), written));
        assert_eq!(history.operations()[0].outcome(), Some(written));
        assert_eq!(history.operations()[1].completion, None);
        assert_eq!(history.entries().len(), 3);
    }

    #[test]
    fn what_timed_out_stays_info_whatever_arrives_later() {
        let mut history = History::new();
        history.invoke(Time(1), request(1), WRITE);
        assert!(history.give_up(Time(2), request(1)));
        let written = Outcome::Written { zxid: Zxid::new(1, 1), version: 1 };
        assert!(!history.complete(Time(3), request(1), written));
        assert_eq!(history.operations()[0].completion, Some(Kind::Info));
    }

    #[test]
    fn a_refusal_is_a_fail() {
        let mut history = History::new();
        history.invoke(Time(1), request(1), WRITE);
        assert!(history.complete(Time(2), request(1), Outcome::Refused));
        assert_eq!(history.operations()[0].completion, Some(Kind::Fail));
    }
}
