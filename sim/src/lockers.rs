//! Clients that queue for a lock, as ZooKeeper's recipe says, once for both drivers.
//!
//! Each of them opens a session, makes a node below `/lock`, and has the lock as long as no node there has a
//! lower number. While it waits it lists the nodes now and then, where a real client is told by a watch. While it
//! has the lock it writes now and then what the lock is there for.
//! It holds on to the lock until it is told that its session has ended. When a server does not answer, drops it
//! or refuses it, it has lost its connection, and goes on to the next server in the session that it has.

#[cfg(test)]
mod tests;

use crate::backend::Backend;
use crate::client::{Client, Open};
use crate::due::Later;
use crate::schedule::{KEYS, Workload};
use crate::sessions;
use std::ops::Range;
use zab_checker::{Fact, News};
use zab_core::{Key, NodeId, Op, Outcome, SessionError, SessionId, Span};

/// How many there are.
const LOCKERS: u8 = 3;

/// The most sessions that one client opens: what their ids have room for.
const ATTEMPTS_MAX: u8 = 15;

/// What is to be done next is done after this time.
const PROMPTLY: Span = Span::from_millis(1);

/// After this time a client tries the next server.
const RECONNECT_PAUSE: Span = Span::from_millis(5);

/// How often a client that waits looks who has the lock.
const POLL_PAUSE: Span = Span::from_millis(20);

/// How often a client that has the lock gives a sign of life: three times in the time that its session has.
const PING_PAUSE: Span = Span::from_millis(50);

/// Of this many signs of life of one that has the lock, the first is a write: there are times without writes
/// that are longer than an election takes.
const STEPS_PER_WRITE: u8 = 16;

/// What the lock is there for: a register that schedules write as well.
const GUARDED: Key = Key(KEYS as u8 - 1);

/// The same for one that found no room in the queue.
const FULL_PAUSE: Span = Span::from_millis(200);

/// One such client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Locker {
    client: Client,
    /// The server at which it is connected, or tries to be.
    server: NodeId,
    /// Its sessions begin as local ones.
    is_local: bool,
    /// How many sessions it has asked for.
    attempts: u8,
    /// It only keeps alive what it has.
    is_calm: bool,
    state: State,
}

/// What it knows.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
enum State {
    /// It has no session.
    New,
    /// It has one, as far as it knows, and is connected nowhere.
    Suspended(Place),
    /// It has one, and is connected to this process of its server.
    Connected(Place, u16),
}

/// Its place in the queue.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
struct Place {
    session: SessionId,
    /// There is no node of this session, as far as it knows.
    needs_node: bool,
    /// The lock is its own.
    holds: bool,
    /// Signs of life since then, up to the next write.
    steps: u8,
}

impl Locker {
    fn new(number: u8, server: NodeId, is_local: bool) -> Self {
        let client = Client::new(SessionId(number.into()));
        Self { client, server, is_local, attempts: 0, is_calm: false, state: State::New }
    }

    /// Its operations.
    pub(crate) const fn session(&self) -> &Client {
        &self.client
    }

    /// The same, to change them.
    pub(crate) const fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    /// What it asks next, and in which session; nothing if it has opened as many as it can.
    fn next(&mut self, number: u8) -> Option<(SessionId, Op)> {
        match self.state {
            State::New if self.is_calm || self.attempts >= ATTEMPTS_MAX => None,
            State::New => {
                self.attempts += 1;
                let session = SessionId::tracked(number, self.server, self.attempts);
                let session = if self.is_local { session.begun_as_local() } else { session };
                Some((session, Op::OpenSession))
            }
            State::Suspended(place) => Some((place.session, Op::ResumeSession)),
            State::Connected(ref mut place, _) => {
                let op = match *place {
                    _ if self.is_calm => Op::Ping,
                    Place { holds: true, steps: 0, .. } => write(&self.client),
                    Place { holds: true, .. } => Op::Ping,
                    Place { needs_node: true, .. } => Op::CreateNode,
                    _ => Op::Children,
                };
                // Whether it is there now, it has to see first.
                place.needs_node = false;
                place.steps = (place.steps + 1) % STEPS_PER_WRITE;
                Some((place.session, op))
            }
        }
    }

    /// Its connection is gone, or could not be made. Says of which session.
    fn lose(&mut self, servers: u8) -> Option<SessionId> {
        self.server = NodeId((self.server.0 + 1) % servers);
        let State::Connected(place, _) = self.state else {
            return None;
        };
        self.state = State::Suspended(place);
        Some(place.session)
    }

    /// What an answer means, and how long after it the next step comes; `None` if it ends the connection.
    fn learn(&mut self, open: &Open, outcome: Outcome) -> Option<(Option<News>, Span)> {
        let session = open.request.session;
        match outcome {
            Outcome::Connected { opened } => {
                let new = Place { session, needs_node: true, holds: false, steps: 0 };
                let place = match self.state {
                    State::Suspended(place) => place,
                    State::New | State::Connected(..) => new,
                };
                self.state = State::Connected(place, open.life);
                let news = if opened.is_some() { News::Opened } else { News::Resumed };
                Some((Some(news), PROMPTLY))
            }
            Outcome::Expired => {
                self.state = State::New;
                Some((Some(News::Expired), RECONNECT_PAUSE))
            }
            Outcome::Pong { .. } | Outcome::Written { .. } => Some((None, PING_PAUSE)),
            Outcome::Named { zxid, number } => Some((Some(News::Named { zxid, number }), PROMPTLY)),
            Outcome::Queue { own, first, .. } => {
                let State::Connected(place, _) = &mut self.state else {
                    return Some((None, POLL_PAUSE));
                };
                place.needs_node = own.is_none();
                place.holds = own.is_some() && own == first;
                place.steps = 0;
                let number = own.filter(|_| place.holds).map(|node| node.number);
                Some((number.map(|number| News::Holds { number }), POLL_PAUSE))
            }
            Outcome::Failed { error: SessionError::Full, .. } => {
                self.attempts -= u8::from(self.state == State::New);
                Some((None, FULL_PAUSE))
            }
            // It was not carried out: the next server may have this session as its first one.
            Outcome::Refused if self.state == State::New => {
                self.attempts -= 1;
                None
            }
            _ => None,
        }
    }
}

/// What one that has the lock does: a write, as long as it has values of its own.
fn write(client: &Client) -> Op {
    client.next_value().map_or(Op::Ping, |value| Op::Write { key: GUARDED, value })
}

/// From here on clients queue for the lock.
pub(crate) fn begin<B: Backend>(backend: &mut B, workload: Workload) {
    let (delays, servers) = {
        let cluster = backend.cluster();
        (cluster.delays, cluster.members().count() as u8)
    };
    for number in SessionId::FIRST_TRACKED..SessionId::FIRST_TRACKED + LOCKERS {
        let (home, is_local) = (delays.home(number, servers), workload == Workload::LocalLocks);
        backend.lockers().push(Locker::new(number, home, is_local));
        turn(backend, number, PROMPTLY);
    }
}

/// From here on they keep alive what they have, and change nothing.
pub(crate) fn calm(backend: &mut impl Backend) {
    backend.lockers().iter_mut().for_each(|locker| locker.is_calm = true);
}

/// A client takes its next step.
pub(crate) fn on_turn(backend: &mut impl Backend, client: u8) {
    let server = locker(backend, client).server;
    let (life, is_up) = sessions::process(backend, server);
    let locker = locker(backend, client);
    if !is_up || matches!(locker.state, State::Connected(_, of) if of != life) {
        // Nobody is there, or somebody who does not know it.
        on_lost(backend, client, server);
        return;
    }
    let asked = locker.next(client);
    let open =
        asked.and_then(|(session, op)| locker.client.ask((server, (life, is_up)), session, op));
    if let Some(open) = open {
        if let Open { request, op: op @ Op::Write { .. }, .. } = open {
            backend.observe(Some(server), Fact::Invoked { request, op });
        }
        sessions::send(backend, client, open);
    }
}

/// The numbers of these clients.
pub(crate) fn numbers(backend: &mut impl Backend) -> Range<u8> {
    let first = SessionId::FIRST_TRACKED;
    first..first + backend.lockers().len() as u8
}

fn locker(backend: &mut impl Backend, client: u8) -> &mut Locker {
    &mut backend.lockers()[usize::from(client - SessionId::FIRST_TRACKED)]
}

fn turn(backend: &mut impl Backend, client: u8, pause: Span) {
    let at = backend.now().after(pause);
    backend.plan(at, Later::Queue { client });
}

fn tell(backend: &mut impl Backend, server: NodeId, session: SessionId, news: News) {
    backend.observe(Some(server), Fact::Lock { session, news });
}

fn lose(backend: &mut impl Backend, client: u8, server: NodeId) {
    let servers = backend.cluster().members().count() as u8;
    if let Some(session) = locker(backend, client).lose(servers) {
        tell(backend, server, session, News::Suspended);
    }
}

/// An answer reaches a client.
pub(crate) fn on_answer(backend: &mut impl Backend, client: u8, (open, outcome): (Open, Outcome)) {
    if let Open { request, server, op: Op::Write { .. }, .. } = open {
        backend.observe(Some(server), Fact::Returned { request, outcome });
    }
    let Some((news, pause)) = locker(backend, client).learn(&open, outcome) else {
        on_lost(backend, client, open.server);
        return;
    };
    if let Some(news) = news {
        tell(backend, open.server, open.request.session, news);
    }
    turn(backend, client, pause);
}

/// A client gets no answer.
pub(crate) fn on_no_answer(backend: &mut impl Backend, client: u8, open: Open) {
    let Open { server, request, op, .. } = open;
    if let Op::Write { .. } = op {
        backend.observe(Some(server), Fact::TimedOut { request });
    }
    on_lost(backend, client, server);
}

/// A client gets no answer, or one that ends its connection.
fn on_lost(backend: &mut impl Backend, client: u8, server: NodeId) {
    lose(backend, client, server);
    turn(backend, client, RECONNECT_PAUSE);
}

/// A process of a server closes the connections of its clients: those that wait for nothing notice it as well.
pub(crate) fn on_dropped(backend: &mut impl Backend, server: NodeId, life: u16) {
    let is_there = |locker: &Locker| {
        let is_of = matches!(locker.state, State::Connected(_, of) if of == life);
        is_of && locker.server == server && locker.client.is_idle()
    };
    for client in numbers(backend) {
        if is_there(locker(backend, client)) {
            lose(backend, client, server);
        }
    }
}
