//! Clients at work on real servers under faults, and the history of what they were told.
//!
//! Each client asks one server at a time, with one request open, in the sense of Jepsen: whoever gets
//! no answer hangs up, and continues its session at another server as another process. What is asked
//! is drawn from the seed; how the servers interleave it is theirs.

use super::client::{Answer, Client};
use super::ensemble::{Ensemble, Outcome, Trouble};
use super::history::{History, Who};
use super::jute::client::{Request, Session};
use super::nemesis::{Deed, Nemesis, Timeline};
use super::play::{self, Report};
use super::scenario::Scenario;
use crate::rng::Rng;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use zab_core::Zxid;

/// How long a client waits for an answer.
const ANSWER: Duration = Duration::from_secs(2);
/// How long nothing at all may be answered, and a server need not serve.
pub const STANDSTILL: Duration = Duration::from_secs(60);

/// What is recorded.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many operations, about.
    pub operations: u64,
    /// How many clients at the same time.
    pub clients: u64,
    /// How many nodes they work on.
    pub nodes: u64,
    /// What is done to the servers meanwhile.
    pub timeline: Timeline,
    /// What clients ask is drawn from this.
    pub seed: u64,
}

/// What all clients share.
struct Shared<'a, W> {
    ensemble: Clients,
    history: &'a History<W>,
    plan: &'a Plan,
    /// Nodes that clients only read, beside those that they work on.
    others: Vec<String>,
    /// Operations that were asked for.
    asked: AtomicU64,
    /// A story is told, in which nothing may be written that is not in it.
    is_told: AtomicBool,
}

/// What a client takes from server to server.
struct Life {
    who: Who,
    session: Session,
    /// The zxid of its last answer.
    seen: Zxid,
}

/// Where clients find servers.
struct Clients {
    board: Arc<super::board::Board>,
    ports: Vec<u16>,
}

/// Records a history on an ensemble that serves.
///
/// # Errors
///
/// The history cannot be written, or the servers stand still.
pub fn record(ensemble: &mut Ensemble, plan: &Plan, out: impl Write + Send) -> Outcome<()> {
    let history = History::new(out);
    let shared = Shared::new(ensemble, &history, plan);
    std::thread::scope(|scope| {
        for number in 0..plan.clients {
            let shared = &shared;
            scope.spawn(move || shared.work(number));
        }
        let disturbed = disturb(ensemble, &shared);
        // Clients end by themselves once enough was asked, and when nothing more can be.
        if disturbed.is_err() {
            shared.asked.store(plan.operations, Ordering::Relaxed);
        }
        disturbed
    })?;
    ensemble.wait_for_all()?;
    shared.read_all();
    history.end().map_err(Trouble::from)
}

/// Carries out a scenario on an ensemble that does not run yet, and records a history of it. Clients read
/// while the story is told, which sends nothing from server to server, and ask for half of what they ask;
/// when it is over, they work as they always do. The history is the ensemble's own.
///
/// # Errors
///
/// As [`record`], or this machine fails.
pub fn record_story(ensemble: &mut Ensemble, scenario: &Scenario, plan: &Plan) -> Outcome<Report> {
    let history = Arc::clone(ensemble.history());
    let mut shared = Shared::new(ensemble, &history, plan);
    shared.others = scenario.claims.iter().map(|claim| claim.path().to_owned()).collect();
    shared.is_told.store(true, Ordering::Relaxed);
    let shared = &shared;
    let report = std::thread::scope(|scope| {
        for number in 0..plan.clients {
            scope.spawn(move || shared.work(number));
        }
        let report = play::play_on(ensemble, scenario, false).map_err(Trouble::Machine);
        shared.is_told.store(false, Ordering::Relaxed);
        let worked = report.is_ok().then(|| shared.wait_for(plan.operations));
        if !matches!(worked, Some(Ok(()))) {
            shared.asked.store(plan.operations, Ordering::Relaxed);
        }
        worked.unwrap_or(Ok(())).and(report)
    })?;
    shared.read_all();
    history.end()?;
    Ok(report)
}

/// Does what a timeline says while clients work.
fn disturb<W: Write>(ensemble: &mut Ensemble, shared: &Shared<'_, W>) -> Outcome<()> {
    let mut nemesis = Nemesis::default();
    for (at, deed) in shared.plan.timeline.over(shared.plan.operations) {
        shared.wait_for(at)?;
        let (begins, (name, whom)) = match deed {
            Deed::Strike(fault) => (true, fault.told()),
            Deed::Heal(fault) => (false, fault.told()),
        };
        let name = if begins { name.to_owned() } else { format!("end of {name}") };
        shared.history.nemesis(&name, &whom);
        nemesis.act(deed, ensemble)?;
    }
    shared.wait_for(shared.plan.operations)?;
    nemesis.end(ensemble)
}

impl<'a, W: Write> Shared<'a, W> {
    fn new(ensemble: &Ensemble, history: &'a History<W>, plan: &'a Plan) -> Self {
        let board = Arc::clone(ensemble.board());
        Self {
            ensemble: Clients { board, ports: ensemble.client_ports() },
            history,
            plan,
            others: Vec::new(),
            asked: AtomicU64::new(0),
            is_told: AtomicBool::new(false),
        }
    }

    /// Waits until this number of operations has been asked for.
    fn wait_for(&self, operations: u64) -> Outcome<()> {
        let reached = self
            .ensemble
            .board
            .wait(STANDSTILL, |_| (self.asked.load(Ordering::Relaxed) >= operations).then_some(()));
        reached.ok_or_else(|| Trouble::Story("the servers stand still".to_owned()))
    }

    fn is_over(&self) -> bool {
        self.asked.load(Ordering::Relaxed) >= self.plan.operations
    }

    /// A client's life: it takes its session from server to server.
    fn work(&self, number: u64) {
        let mut rng = Rng::of(self.plan.seed, number);
        let mut life =
            Life { who: self.history.newcomer(), session: Session::new(), seen: Zxid::ZERO };
        while !self.is_over() {
            let port = self.ensemble.ports[rng.index(self.ensemble.ports.len())];
            match Client::resume(&self.ensemble.board, port, &life.session, life.seen) {
                Ok(Some(client)) => {
                    life.session = client.session().clone();
                    self.ask_on(client, &mut life, &mut rng);
                }
                // The session is over, and a new one begins.
                Ok(None) => {
                    let who = self.history.newcomer();
                    life = Life { who, session: Session::new(), seen: Zxid::ZERO };
                }
                // It does not serve; another one may.
                Err(_) => drop(self.ensemble.board.wait(super::board::LOOK_AGAIN, |_| None::<()>)),
            }
        }
    }

    /// Asks until an answer is missing, or the client has had enough of this server.
    fn ask_on(&self, mut client: Client, life: &mut Life, rng: &mut Rng) {
        let mut version = None;
        while !self.is_over() && !rng.one_in(200) {
            self.wait_for_story();
            let number = self.asked.fetch_add(1, Ordering::Relaxed);
            let request = self.request(number, version, rng);
            match self.ask(&mut client, life.who, &request) {
                Some(Answer::Done { zxid, found }) => {
                    version = found.version;
                    life.seen = life.seen.max(zxid);
                }
                Some(Answer::Refused { zxid, .. }) => life.seen = life.seen.max(zxid),
                Some(Answer::Unknown) | None => {
                    life.who = self.history.again(life.who);
                    return;
                }
            }
        }
    }

    /// Half of the operations are left for what comes after a story.
    fn wait_for_story(&self) {
        let may_ask = || {
            let is_told = self.is_told.load(Ordering::Relaxed);
            !is_told || 2 * self.asked.load(Ordering::Relaxed) < self.plan.operations
        };
        let _ = self
            .ensemble
            .board
            .wait(Duration::MAX, |state| (may_ask() || state.over).then_some(()));
    }

    /// What a client asks next.
    fn request(&self, number: u64, version: Option<i32>, rng: &mut Rng) -> Request {
        let node = rng.index(self.others.len() + usize::try_from(self.plan.nodes).unwrap_or(1));
        if let Some(path) = self.others.get(node) {
            return Request::Get { path: path.clone() };
        }
        let path = format!("/n{}", node - self.others.len());
        if self.is_told.load(Ordering::Relaxed) {
            return Request::Get { path };
        }
        let data = format!("v{number}");
        match rng.below(20) {
            0 | 1 => Request::Create { path, data },
            2 => Request::Delete { path, version: None },
            3 if rng.one_in(2) => Request::Sync { path },
            // Move a node's contents to another one, if it is as it was seen.
            3 => Request::Multi(vec![
                Request::Check { path, version },
                Request::Set {
                    path: format!("/n{}", rng.below(self.plan.nodes)),
                    data,
                    version: None,
                },
            ]),
            4 | 5 => Request::Set { path, data, version },
            6..=11 => Request::Set { path, data, version: None },
            _ => Request::Get { path },
        }
    }

    /// Asks, and writes down what was asked and what was answered; nothing if no answer came.
    fn ask(&self, client: &mut Client, who: Who, request: &Request) -> Option<Answer> {
        self.history.invoked(who, request);
        let board = &self.ensemble.board;
        let call = client.ask(request).ok();
        let answer = call.and_then(|call| board.wait(ANSWER, |state| state.clients.take(call)));
        let answer = answer.unwrap_or(Answer::Unknown);
        let known = self.history.returned(who, request, &answer);
        known.then_some(answer)
    }

    /// Reads every node at every server, after `sync`.
    fn read_all(&self) {
        for port in &self.ensemble.ports {
            let Ok(mut client) = Client::connect(&self.ensemble.board, *port) else { continue };
            let who = self.history.newcomer();
            let nodes = (0..self.plan.nodes).map(|node| format!("/n{node}"));
            for path in self.others.iter().cloned().chain(nodes) {
                self.ask(&mut client, who, &Request::Sync { path: path.clone() });
                self.ask(&mut client, who, &Request::Get { path });
            }
        }
    }
}
