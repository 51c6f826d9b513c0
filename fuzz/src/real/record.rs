//! Clients at work on real servers under faults, and the history of what they were told.
//!
//! Each client asks one server at a time, with one request open, in the sense of Jepsen: whoever gets
//! no answer hangs up, and goes on as another process with another session. What is asked and which
//! fault comes next is drawn from the seed; how the servers interleave it is theirs.

use super::client::{Answer, Client};
use super::ensemble::{Ensemble, Outcome, Trouble};
use super::history::History;
use super::jute::client::Request;
use super::matter::Way;
use crate::rng::Rng;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use zab_core::NodeId;

/// How long a client waits for an answer.
const ANSWER: Duration = Duration::from_secs(2);
/// How long nothing at all may be answered.
const STANDSTILL: Duration = Duration::from_secs(60);

/// What is recorded.
#[derive(Copy, Clone, Debug)]
pub struct Plan {
    /// How many operations, about.
    pub operations: u64,
    /// How many clients at the same time.
    pub clients: u64,
    /// How many nodes they work on.
    pub nodes: u64,
    /// How many faults, one after the other, spread evenly.
    pub faults: u64,
    /// What is drawn.
    pub seed: u64,
}

/// A fault, which is healed before the next one comes.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Fault {
    /// A process is killed and started again.
    Kill(NodeId),
    /// Two servers are cut off from each other.
    Cut(Way),
    /// One server is cut off from all others.
    Isolate(NodeId),
    /// The connection of two servers breaks once.
    Reset(Way),
}

impl Fault {
    fn draw(rng: &mut Rng, servers: &[NodeId]) -> Self {
        let one = rng.pick(servers);
        let others: Vec<_> = servers.iter().copied().filter(|other| *other != one).collect();
        let way = Way { from: one, to: rng.pick(&others) };
        match rng.below(4) {
            0 => Self::Kill(one),
            1 => Self::Cut(way),
            2 => Self::Isolate(one),
            _ => Self::Reset(way),
        }
    }

    fn strike(self, ensemble: &mut Ensemble) -> Outcome<()> {
        ensemble.tell(&format!("fault: {self:?}"));
        match self {
            Self::Kill(server) => ensemble.kill(&[server])?,
            Self::Cut(way) => ensemble.cut(way),
            Self::Reset(way) => ensemble.reset(way),
            Self::Isolate(from) => {
                let others = ensemble.all().into_iter().filter(|to| *to != from);
                others.for_each(|to| ensemble.cut(Way { from, to }));
            }
        }
        Ok(())
    }

    fn heal(self, ensemble: &mut Ensemble) -> Outcome<()> {
        ensemble.tell(&format!("healed: {self:?}"));
        ensemble.heal_all();
        match self {
            Self::Kill(server) => ensemble.start(&[server]),
            _ => Ok(()),
        }
    }
}

/// What all clients share.
struct Shared<'a, W> {
    ensemble: Clients,
    history: &'a History<W>,
    plan: Plan,
    /// Operations that were asked for.
    asked: AtomicU64,
}

/// Where clients find servers.
struct Clients {
    board: std::sync::Arc<super::board::Board>,
    ports: Vec<u16>,
}

/// Records a history on an ensemble that serves.
///
/// # Errors
///
/// The history cannot be written, or the servers stand still.
pub fn record(ensemble: &mut Ensemble, plan: Plan, out: impl Write + Send) -> Outcome<()> {
    let history = History::new(out);
    let board = std::sync::Arc::clone(ensemble.board());
    let ensemble_of = Clients { board, ports: ensemble.client_ports() };
    let shared = Shared { ensemble: ensemble_of, history: &history, plan, asked: AtomicU64::new(0) };
    std::thread::scope(|scope| {
        for number in 0..plan.clients {
            let shared = &shared;
            scope.spawn(move || shared.work(number));
        }
        let struck = strike(ensemble, &shared);
        // Clients end by themselves once enough was asked, and when nothing more can be.
        if struck.is_err() {
            shared.asked.store(plan.operations, Ordering::Relaxed);
        }
        struck
    })?;
    ensemble.wait_for_all()?;
    shared.read_all();
    history.end().map_err(Trouble::from)
}

/// Strikes the faults of a plan while its clients work.
fn strike<W: Write>(ensemble: &mut Ensemble, shared: &Shared<'_, W>) -> Outcome<()> {
    let plan = shared.plan;
    let servers = ensemble.all();
    let mut rng = Rng::of(plan.seed, u64::MAX);
    let slot = plan.operations / (2 * plan.faults + 1).max(1);
    for number in 0..plan.faults {
        shared.wait_for(slot * (2 * number + 1))?;
        let fault = Fault::draw(&mut rng, &servers);
        fault.strike(ensemble)?;
        shared.wait_for(slot * (2 * number + 2))?;
        fault.heal(ensemble)?;
    }
    shared.wait_for(plan.operations)
}

impl<W: Write> Shared<'_, W> {
    /// Waits until this number of operations has been asked for.
    fn wait_for(&self, operations: u64) -> Outcome<()> {
        let reached = self.ensemble.board.wait(STANDSTILL, |_| {
            (self.asked.load(Ordering::Relaxed) >= operations).then_some(())
        });
        reached.ok_or_else(|| Trouble::Story("the servers stand still".to_owned()))
    }

    fn is_over(&self) -> bool {
        self.asked.load(Ordering::Relaxed) >= self.plan.operations
    }

    /// A client's life: one session after the other, at one server after the other.
    fn work(&self, number: u64) {
        let mut rng = Rng::of(self.plan.seed, number);
        while !self.is_over() {
            let port = self.ensemble.ports[rng.index(self.ensemble.ports.len())];
            match Client::connect(&self.ensemble.board, port) {
                Ok(client) => self.session(client, &mut rng),
                // It does not serve; another one may.
                Err(_) => drop(self.ensemble.board.wait(super::board::LOOK_AGAIN, |_| None::<()>)),
            }
        }
    }

    /// Asks until an answer is missing, or the client has had enough of this server.
    fn session(&self, mut client: Client, rng: &mut Rng) {
        let process = self.history.process();
        let mut version = None;
        while !self.is_over() && !rng.one_in(200) {
            let number = self.asked.fetch_add(1, Ordering::Relaxed);
            let request = self.request(number, version, rng);
            match self.ask(&mut client, process, &request) {
                Some(Answer::Done { version: seen, .. }) => version = seen,
                Some(_) => {}
                None => return,
            }
        }
    }

    /// What a client asks next.
    fn request(&self, number: u64, version: Option<i32>, rng: &mut Rng) -> Request {
        let path = format!("/n{}", rng.below(self.plan.nodes));
        let data = format!("v{number}");
        match rng.below(20) {
            0 | 1 => Request::Create { path, data },
            2 => Request::Delete { path, version: None },
            3 => Request::Sync { path },
            4 | 5 => Request::Set { path, data, version },
            6..=11 => Request::Set { path, data, version: None },
            _ => Request::Get { path },
        }
    }

    /// Asks, and writes down what was asked and what was answered; nothing if no answer came.
    fn ask(
        &self,
        client: &mut Client,
        process: u64,
        request: &Request,
    ) -> Option<Answer> {
        self.history.invoked(process, request);
        let board = &self.ensemble.board;
        let call = client.ask(request).ok();
        let answer =
            call.and_then(|call| board.wait(ANSWER, |state| state.clients.take(call)));
        let answer = answer.unwrap_or(Answer::Unknown);
        let known = self.history.returned(process, request, &answer);
        known.then_some(answer)
    }

    /// Reads every node at every server, after `sync`.
    fn read_all(&self) {
        for port in &self.ensemble.ports {
            let Ok(mut client) = Client::connect(&self.ensemble.board, *port) else { continue };
            let process = self.history.process();
            for node in 0..self.plan.nodes {
                let path = format!("/n{node}");
                self.ask(&mut client, process, &Request::Sync { path: path.clone() });
                self.ask(&mut client, process, &Request::Get { path });
            }
        }
    }
}
