//! Clients that wait for a lock, each in a session that it keeps alive: ZooKeeper's recipe. A client makes a
//! node of its own below the lock's, and has the lock as long as no node there has a lower number.

use super::super::client::{Answer, Call, Client, Pings};
use super::super::jute::client::{Request, Session};
use super::super::jute::{Result, lock};
use super::verbs::{Place, await_answer};
use super::{Ensemble, Outcome, Trouble};
use std::time::Duration;
use zab_core::{NodeId, Zxid};

/// A place in the queue for a lock.
#[derive(Debug)]
pub(super) struct Queue {
    /// How long the servers wait for a sign of life, in milliseconds.
    timeout_ms: i32,
    /// Nothing while the client gives none.
    pings: Option<Pings>,
    /// The last transaction that an answer showed.
    last_seen: Zxid,
    /// The node below which it queues.
    path: String,
    /// The name of its own node.
    node: String,
}

impl Queue {
    /// As the Java client does: three times before its session would end.
    fn keep_alive(&mut self, client: &Client) {
        let timeout = Duration::from_millis(self.timeout_ms.unsigned_abs().into());
        self.pings = Some(client.pings(timeout / 3));
    }
}

impl Ensemble {
    /// Opens a session and queues for a lock in it.
    ///
    /// # Errors
    ///
    /// The server does not take the client, or refuses what it asks.
    pub fn queue(
        &mut self,
        name: &str,
        server: NodeId,
        (path, timeout): (&str, Duration),
    ) -> Outcome<()> {
        let timeout_ms = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
        let client = self.dial(name, server, (&Session::new(), timeout_ms), Zxid::ZERO)?;
        let (path, node, last_seen) = (path.to_owned(), String::new(), Zxid::ZERO);
        let mut queue = Queue { timeout_ms, pings: None, last_seen, path, node };
        queue.keep_alive(&client);
        let (term, who) = (self.term(server), self.history.newcomer());
        let place = Place { server, term, client, who, open: None, queue: Some(queue) };
        self.clients.insert(name.to_owned(), place);
        let node = |path: String| lock::Request::Queue { path: path + "/n-" };
        let named = self.ask_for_lock(name, node)?;
        let node = named.first().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        node.clone_into(&mut self.queuer(name)?.1.node);
        Ok(())
    }

    /// From now on the servers hear nothing of a client, which does not know that: it stands still.
    ///
    /// # Errors
    ///
    /// It queues for no lock.
    pub fn pause(&mut self, name: &str) -> Outcome<()> {
        self.queuer(name)?.1.pings = None;
        Ok(())
    }

    /// A client goes on in its session at another server.
    ///
    /// # Errors
    ///
    /// The session has ended, or the server does not take the client.
    pub fn move_to(&mut self, name: &str, server: NodeId) -> Outcome<()> {
        let (client, queue) = self.queuer(name)?;
        let (session, timeout_ms) = (client.session().clone(), queue.timeout_ms);
        let last_seen = queue.last_seen;
        let moved = self.dial(name, server, (&session, timeout_ms), last_seen)?;
        let term = self.term(server);
        let (client, queue) = self.queuer(name)?;
        *client = moved;
        queue.keep_alive(client);
        if let Some(place) = self.clients.get_mut(name) {
            (place.server, place.term, place.open) = (server, term, None);
        }
        Ok(())
    }

    /// Whether a client has the lock, as its server says after `sync`.
    ///
    /// # Errors
    ///
    /// The server does not answer.
    pub fn has_lock(&mut self, name: &str) -> Outcome<bool> {
        let (client, queue) = self.queuer(name)?;
        let call = client.ask(&Request::Sync { path: queue.path.clone() });
        self.granted(name, call)?;
        let nodes = self.ask_for_lock(name, |path| lock::Request::Children { path })?;
        // Names differ in their numbers alone, which have ten digits each.
        Ok(nodes.iter().min() == Some(&self.queuer(name)?.1.node))
    }

    /// Who queues for a lock, at which server, and whether it has the lock.
    pub fn queued(&mut self, path: &str) -> Vec<(String, NodeId, Outcome<bool>)> {
        let queues = |place: &Place| place.queue.as_ref().is_some_and(|queue| queue.path == path);
        let queue = self.clients.iter().filter(|(_, place)| queues(place));
        let queue: Vec<_> = queue.map(|(name, place)| (name.clone(), place.server)).collect();
        let asked = queue.into_iter().map(|(name, server)| {
            let has = self.has_lock(&name);
            (name, server, has)
        });
        asked.collect()
    }

    fn queuer(&mut self, name: &str) -> Outcome<(&mut Client, &mut Queue)> {
        let place = self.clients.get_mut(name);
        let queuer = place.and_then(|place| Some((&mut place.client, place.queue.as_mut()?)));
        queuer.ok_or_else(|| Trouble::Story(format!("{name} queues for no lock")))
    }

    fn dial(
        &self,
        name: &str,
        server: NodeId,
        session: (&Session, i32),
        last_seen: Zxid,
    ) -> Outcome<Client> {
        let port = self.server(server).address.client;
        let taken = Client::dial(&self.board, port, session, last_seen).map_err(|error| {
            Trouble::Story(format!("{server} does not take client {name}: {error}"))
        })?;
        taken.ok_or_else(|| {
            Trouble::Story(format!("the session of {name} has ended, says {server}"))
        })
    }

    /// Asks for something below the node of a client's lock, and says the names in the answer.
    fn ask_for_lock(
        &mut self,
        name: &str,
        request: impl FnOnce(String) -> lock::Request,
    ) -> Outcome<Vec<String>> {
        let (client, queue) = self.queuer(name)?;
        let request = request(queue.path.clone());
        let call = client.ask_for_lock(&request);
        self.board.tell(&format!("client {name} asks for a lock: {request:?}"));
        self.granted(name, call)
    }

    /// Waits for a good answer.
    fn granted(&mut self, name: &str, call: Result<Call>) -> Outcome<Vec<String>> {
        let call = call
            .map_err(|error| Trouble::Story(format!("the server hangs up on {name}: {error}")))?;
        match await_answer(&self.board, self.patience, name, call)? {
            Answer::Done { zxid, found } => {
                let (_, queue) = self.queuer(name)?;
                queue.last_seen = queue.last_seen.max(zxid);
                Ok(found.names)
            }
            other => Err(Trouble::Story(format!("{name} is told {other:?}"))),
        }
    }
}
