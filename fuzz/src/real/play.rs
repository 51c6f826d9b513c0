//! Carries a scenario out on real servers, and says what came of it.

mod end;

pub use end::{Fulfilled, Queues, Reads};

use super::client::Answer;
use super::ensemble::{Ensemble, Outcome, Trouble};
use super::java::Java;
use super::jute::client::{NO_NODE, Request};
use super::matter::{Messages, Way};
use super::scenario::{Queuer, Scenario, Step, Verb, told};
use end::{End, ask_queues, read_all};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;
use zab_core::NodeId;

/// Where the servers left the story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// Line of the scenario.
    pub line: usize,
    /// What stands there.
    pub text: String,
    /// What happened instead.
    pub what: String,
}

/// What an execution came to.
#[derive(Clone, Debug)]
pub struct Report {
    /// Where the servers left the story, if they did.
    pub deviation: Option<Deviation>,
    /// Packets that passed before others that the scenario has before them, because that is how they
    /// were sent.
    pub swapped: Vec<String>,
    /// Paths and values that clients were told.
    pub told: BTreeSet<(String, String)>,
    /// What servers have in the end.
    pub reads: Reads,
    /// Who has which lock in the end.
    pub queues: Queues,
    /// Every server's role and files when the story ended, or was left.
    pub servers: Vec<String>,
    /// What servers have logged of how they chose a leader and synchronized.
    pub log: Vec<String>,
    /// Which release this is of, as it says itself.
    pub release: String,
    /// What became of each claim.
    pub claims: Vec<Fulfilled>,
    /// How long it took.
    pub took: Duration,
}

impl Report {
    /// Whether everything happened as told, up to the claims.
    pub fn confirms(&self) -> bool {
        self.deviation.is_none() && self.claims.iter().all(|claim| *claim == Fulfilled::Yes)
    }

    /// Whether everything happened as told in the control, and every server has what was told.
    pub fn keeps(&self) -> bool {
        self.deviation.is_none() && self.claims.iter().all(|claim| *claim == Fulfilled::No)
    }
}

/// Carries out a scenario or its control, in an empty folder.
///
/// # Errors
///
/// This machine failed, and nothing is known.
pub fn play(
    scenario: &Scenario,
    control: bool,
    java: &Java,
    folder: &Path,
) -> Result<Report, String> {
    let mut ensemble = Ensemble::new(java.clone(), &scenario.setup, folder)
        .map_err(|trouble| trouble.to_string())?;
    play_on(&mut ensemble, scenario, control)
}

/// The same on servers that were made for it and do not run yet.
///
/// # Errors
///
/// As [`play`].
pub fn play_on(
    ensemble: &mut Ensemble,
    scenario: &Scenario,
    control: bool,
) -> Result<Report, String> {
    let mut told = BTreeSet::new();
    let steps: Vec<&Step> = scenario.part(control).collect();
    let mut player = Player::new(ensemble, &mut told);
    let mut deviation = None;
    for (at, step) in steps.iter().enumerate() {
        if player.early.remove(&step.line) {
            continue;
        }
        player.ensemble.tell(&format!("{}: {}", step.line, step.text));
        match player.step(&step.verb, &steps[at + 1..]) {
            Ok(()) => {}
            Err(Trouble::Machine(what)) => {
                return Err(format!("line {}, `{}`: {what}", step.line, step.text));
            }
            Err(Trouble::Story(what)) => {
                deviation = Some(deviate(step, what));
                break;
            }
        }
    }
    let swapped = player.swapped;
    let servers = ensemble.all().iter().map(|id| ensemble.describe(*id)).collect();
    if deviation.is_some() {
        // What the servers make of it once they are let alone, for whoever wants to know.
        ensemble.recover();
    }
    let reads = read_all(ensemble, &scenario.claims);
    let queues = ask_queues(ensemble, &scenario.claims);
    let (count, leader) = (ensemble.all().len(), ensemble.leader());
    let end = End { told: &told, reads: &reads, queues: &queues, servers: count, leader };
    let claims = scenario.claims.iter().map(|claim| end.judge(claim)).collect();
    Ok(Report {
        deviation,
        swapped,
        told,
        reads,
        queues,
        servers,
        log: telling(ensemble),
        release: release(ensemble),
        claims,
        took: ensemble.elapsed(),
    })
}

/// Words in lines of a server's log that say who leads and what is sent, kept or cut.
const TELLING: [&str; 8] = [
    "LEADING - LEADER ELECTION TOOK",
    "Sending TRUNC",
    "Sending DIFF",
    "Sending snapshot",
    "Truncating log",
    "Cannot send TRUNC",
    "Severe unrecoverable",
    "Unable to load database",
];

fn telling(ensemble: &Ensemble) -> Vec<String> {
    let lines = ensemble.all().into_iter().flat_map(|server| {
        let lines = ensemble.log_lines(server).into_iter();
        let lines = lines.filter(|line| TELLING.iter().any(|words| line.contains(words)));
        lines.map(move |line| format!("{server} {line}"))
    });
    lines.collect()
}

/// The release that servers say they are of.
fn release(ensemble: &Ensemble) -> String {
    let lines = ensemble.all().into_iter().flat_map(|server| ensemble.log_lines(server));
    let mut versions = lines.filter_map(|line| {
        let (_, version) = line.split_once("zookeeper.version=")?;
        Some(version.split([',', '-', ' ']).next().unwrap_or(version).to_owned())
    });
    versions.next().map_or_else(|| "an unknown release".to_owned(), |v| format!("ZooKeeper {v}"))
}

fn deviate(step: &Step, what: String) -> Deviation {
    Deviation { line: step.line, text: step.text.clone(), what }
}

/// A scenario's way through an ensemble.
struct Player<'a> {
    ensemble: &'a mut Ensemble,
    told: &'a mut BTreeSet<(String, String)>,
    /// What each client has asked last.
    open: BTreeMap<String, Request>,
    /// Lines that have been carried out before their turn.
    early: BTreeSet<usize>,
    /// What was let through before its turn.
    swapped: Vec<String>,
}

impl<'a> Player<'a> {
    fn new(ensemble: &'a mut Ensemble, told: &'a mut BTreeSet<(String, String)>) -> Self {
        let (open, early) = (BTreeMap::new(), BTreeSet::new());
        Self { ensemble, told, open, early, swapped: Vec::new() }
    }

    /// Carries a step out, which these come after.
    fn step(&mut self, verb: &Verb, rest: &[&Step]) -> Outcome<()> {
        let ensemble = &mut *self.ensemble;
        match verb {
            Verb::Boot => ensemble.boot()?,
            Verb::Start(servers) => ensemble.start(servers)?,
            Verb::Install(servers, release) => ensemble.install(servers, *release),
            Verb::Kill(servers) => ensemble.kill(servers)?,
            Verb::Power(servers) => ensemble.power(servers)?,
            Verb::Settle(servers) => ensemble.settle(servers)?,
            Verb::Journal(servers, part) => ensemble.commit_journal(servers, part),
            Verb::Sweep(servers) => ensemble.sweep(servers)?,
            Verb::Blank(servers) => ensemble.blank(servers)?,
            Verb::HoldFiles(servers, files) => ensemble.hold_files(servers, files),
            Verb::ReleaseFiles(servers, files) => ensemble.release_files(servers, files),
            Verb::HoldThread(servers, name) => {
                servers.iter().try_for_each(|id| ensemble.stop_thread(*id, name))?;
            }
            Verb::ReleaseThread(servers, name) => {
                servers.iter().for_each(|id| ensemble.release_thread(*id, name));
            }
            Verb::HoldMessages(messages) => ensemble.hold_messages(*messages),
            Verb::ReleaseMessages(messages) => ensemble.release_messages(*messages),
            Verb::Fail(servers, files, errno) => ensemble.fail_files(servers, files, *errno),
            Verb::Mend(servers, files) => ensemble.mend_files(servers, files),
            Verb::Gate => ensemble.gate(),
            Verb::Pass(messages) => self.pass(messages, rest)?,
            Verb::Vote(servers) => ensemble.vote(servers),
            Verb::Mute(servers) => ensemble.mute(servers),
            Verb::Write(server, zxid) => ensemble.log_until(*server, *zxid, false)?,
            Verb::Flush(server, zxid) => ensemble.log_until(*server, *zxid, true)?,
            Verb::End(way) => ensemble.end(*way)?,
            Verb::Recover => ensemble.recover(),
            Verb::Cut(way) => ensemble.cut(*way),
            Verb::Silence(way) => ensemble.silence(*way),
            Verb::Heal(Some(way)) => ensemble.heal(*way),
            Verb::Heal(None) => ensemble.heal_all(),
            Verb::Reset(way) => ensemble.reset(*way),
            Verb::Wait(conditions) => {
                conditions.iter().try_for_each(|condition| ensemble.wait(condition))?;
            }
            Verb::Connect(client, server) => ensemble.connect(client, *server)?,
            Verb::Ask(client, server, request) => self.ask(client, *server, request)?,
            Verb::Answer(client, wanted) => {
                let data = self.answer(client)?;
                if let Some(wanted) = wanted.as_ref().filter(|wanted| **wanted != data) {
                    let (told, wanted) = (show(data.as_ref()), show(wanted.as_ref()));
                    return Err(Trouble::Story(format!("{client} is told {told}, not {wanted}")));
                }
            }
            Verb::Do(client, server, request) => {
                self.ask(client, *server, request)?;
                let _ = self.answer(client)?;
            }
            Verb::Unanswered(client) => self.unanswered(client)?,
            Verb::Queuer(client, what) => self.queuer(client, what)?,
            Verb::Read { server, path, value, sync } => {
                let read = ensemble.read(*server, path, *sync)?;
                if read != *value {
                    return Err(Trouble::Story(format!("{server} has {}", show(read.as_ref()))));
                }
                self.told.extend(read.map(|value| (path.clone(), value)));
            }
        }
        Ok(())
    }

    fn queuer(&mut self, client: &str, what: &Queuer) -> Outcome<()> {
        match what {
            Queuer::Queue(server, path, timeout) => {
                self.ensemble.queue(client, *server, (path, *timeout))?;
            }
            Queuer::Pause => self.ensemble.pause(client)?,
            Queuer::Move(server) => self.ensemble.move_to(client, *server)?,
            Queuer::Holds(wanted) => {
                let has = self.ensemble.has_lock(client)?;
                if has != *wanted {
                    let what = if has { "has" } else { "does not have" };
                    return Err(Trouble::Story(format!("{client} {what} the lock")));
                }
            }
        }
        Ok(())
    }

    /// Lets a packet pass. A server has several threads that send, and what stands in front of the packet may
    /// be one that is to pass later: that is another order of the same story, and is tried.
    fn pass(&mut self, messages: &Messages, rest: &[&Step]) -> Outcome<()> {
        while let Some(other) = self.ensemble.pass(messages)? {
            let instead = || {
                let what = other.zxid.map_or_else(String::new, |zxid| format!(" {zxid}"));
                Trouble::Story(format!("{} carries {}{what} instead", other.way, other.message))
            };
            let line = self.later(&other, rest).ok_or_else(instead)?;
            self.ensemble.tell(&format!("{line}: {other} passes before its turn"));
            if self.ensemble.pass(&other)?.is_some() {
                return Err(instead());
            }
            self.early.insert(line);
            self.swapped.push(format!("{other} before {messages}"));
        }
        Ok(())
    }

    /// The line at which a packet is to pass, if its receiver keeps the connection until then.
    fn later(&self, packet: &Messages, rest: &[&Step]) -> Option<usize> {
        let Way { from, to } = packet.way;
        let is_over = |step: &&Step| match &step.verb {
            Verb::Kill(servers) | Verb::Power(servers) => servers.contains(&to),
            Verb::End(way) => *way == Way { from: to, to: from },
            _ => false,
        };
        let passes = |step: &&&Step| {
            let meant = |one: &Messages| {
                packet.zxid.is_some_and(|zxid| one.covers(packet.way, packet.message, zxid))
            };
            matches!(&step.verb, Verb::Pass(one) if meant(one)) && !self.early.contains(&step.line)
        };
        let until = rest.iter().take_while(|step| !is_over(step));
        until.into_iter().find(passes).map(|step| step.line)
    }

    fn ask(&mut self, client: &str, server: NodeId, request: &Request) -> Outcome<()> {
        self.ensemble.ask(client, server, request)?;
        self.open.insert(client.to_owned(), request.clone());
        Ok(())
    }

    /// Waits for a good answer, and says what it says that a node holds.
    fn answer(&mut self, client: &str) -> Outcome<Option<String>> {
        let answer = self.ensemble.answer(client)?;
        let request = self.open.get(client);
        let data = match (&answer, request) {
            (Answer::Done { found, .. }, _) => found.data.clone(),
            (Answer::Refused { code: NO_NODE, .. }, Some(Request::Get { .. })) => None,
            _ => return Err(Trouble::Story(format!("{client} is told {answer:?}"))),
        };
        self.told.extend(request.and_then(|request| told(request, &answer)));
        Ok(data)
    }

    fn unanswered(&self, client: &str) -> Outcome<()> {
        match self.ensemble.answer_now(client) {
            None => Ok(()),
            Some(answer) => Err(Trouble::Story(format!("{client} was told {answer:?}"))),
        }
    }
}

/// What a node holds, for a person.
pub fn show(value: Option<&String>) -> String {
    value.map_or_else(|| "no node".to_owned(), |value| format!("\"{value}\""))
}
