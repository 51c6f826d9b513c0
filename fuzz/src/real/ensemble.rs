//! An ensemble of real servers on this machine, with a hand on each file operation, each packet and
//! each process: the verbs.
//!
//! A verb acts at once. What it brings about is observed, and waited for with [`Ensemble::wait`]:
//! nothing here sleeps, and no order of events is hoped for.

mod boot;
mod condition;
mod gated;
mod locks;
mod verbs;

use super::board::Board;
use super::gate;
use super::history::History;
use super::java::Java;
use super::link::{self, Proxy, Purpose};
use super::matter::Way;
use super::ports::Ports;
use super::server::{Address, Plan, Role, Server};
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use zab_core::NodeId;

pub use condition::Condition;

/// Why a run did not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// This machine: a file, a port, a process. Nothing is known of the server.
    Machine(String),
    /// The servers did not do what was waited for.
    Story(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Machine(what) | Self::Story(what) => f.write_str(what),
        }
    }
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Self::Machine(error.to_string())
    }
}

/// What a verb comes to.
pub type Outcome<T> = Result<T, Trouble>;

/// What an ensemble is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// How many servers.
    pub servers: u8,
    /// Lines of `zoo.cfg` besides the usual ones, which they replace.
    pub settings: Vec<(String, String)>,
    /// System properties besides the usual ones, which they replace.
    pub properties: Vec<(String, String)>,
    /// Whether an fsync of a file does nothing for its name.
    pub strict_folders: bool,
    /// How long anything is waited for.
    pub patience: Duration,
}

impl Setup {
    /// This number of servers with the usual settings.
    pub const fn of(servers: u8) -> Self {
        let patience = Duration::from_secs(20);
        Self {
            servers,
            settings: Vec::new(),
            properties: Vec::new(),
            strict_folders: false,
            patience,
        }
    }

    /// Waits as long as this for anything. A leader waits as many times as long for others: it must not
    /// give up while a busy machine starts a process.
    pub fn be_patient(&mut self, patience: Duration) {
        let times = patience.as_secs().div_ceil(self.patience.as_secs().max(1)).max(1);
        for (_, ticks) in self.settings.iter_mut().filter(|(name, _)| name == "initLimit") {
            if let Ok(usual) = ticks.parse::<u64>() {
                *ticks = (usual * times).to_string();
            }
        }
        self.patience = patience;
    }
}

/// The file of what clients asked and were told, in the folder of a run.
pub const HISTORY: &str = "history.jsonl";

/// Short ticks, and limits that no hold reaches.
const SETTINGS: [(&str, &str); 8] = [
    ("tickTime", "200"),
    ("initLimit", "100"),
    ("syncLimit", "100"),
    ("maxSessionTimeout", "600000"),
    ("maxClientCnxns", "0"),
    // A session is no transaction: it can be opened while nothing can be committed.
    ("localSessionsEnabled", "true"),
    ("standaloneEnabled", "false"),
    ("4lw.commands.whitelist", "*"),
];

/// What is said is written to standard output.
const PROPERTIES: [(&str, &str); 8] = [
    ("zookeeper.admin.enableServer", "false"),
    ("zookeeper.jmx.log4j.disable", "true"),
    // In KiB: a file is read whole whenever it is synced, for what a power failure would leave.
    ("zookeeper.preAllocSize", "64"),
    ("org.slf4j.simpleLogger.showDateTime", "true"),
    ("org.slf4j.simpleLogger.showShortLogName", "true"),
    ("org.slf4j.simpleLogger.dateTimeFormat", "HH:mm:ss.SSS"),
    ("org.slf4j.simpleLogger.logFile", "System.out"),
    ("slf4j.internal.verbosity", "WARN"),
];

/// What writes the log of the releases that bring Log4j or Logback along.
const LOG4J: &str = r#"<Configuration><Appenders><Console name="out"><PatternLayout
pattern="%d{HH:mm:ss.SSS} [%t] %p %c{1} - %m%n%ex"/></Console></Appenders><Loggers><Root level="info">
<AppenderRef ref="out"/></Root></Loggers></Configuration>"#;
const LOGBACK: &str = r#"<configuration><appender name="out"
class="ch.qos.logback.core.ConsoleAppender"><encoder><pattern>%d{HH:mm:ss.SSS} [%t] %p %logger{0} - %m%n
</pattern></encoder></appender><root level="info"><appender-ref ref="out"/></root></configuration>"#;

/// Real servers, and everything that has a hand on them. Ends them when it is dropped.
#[derive(Debug)]
pub struct Ensemble {
    board: Arc<Board>,
    plan: Plan,
    servers: Vec<Server>,
    clients: BTreeMap<String, verbs::Place>,
    /// What clients asked and were told.
    history: Arc<History<BufWriter<File>>>,
    patience: Duration,
    proxies: Vec<u16>,
    folder: PathBuf,
    ports: Ports,
}

impl Ensemble {
    /// Makes the servers' folders below an empty one; nothing runs yet.
    ///
    /// # Errors
    ///
    /// This machine lacks room, ports or rights.
    pub fn new(java: Java, setup: &Setup, folder: &Path) -> Outcome<Self> {
        let mut ports = Ports::claim().ok_or_else(no_ports)?;
        let trace = folder.join("trace.txt");
        let board = Arc::new(Board::new(setup.servers, setup.strict_folders, &trace)?);
        let gate = folder.join("libzab_gate.so");
        std::fs::write(&gate, gate::LIBRARY)?;
        let plan = plan(java, setup, gate, folder)?;
        let servers = (0..setup.servers).map(|id| server(NodeId(id), &mut ports, folder));
        let servers = servers.collect::<Outcome<Vec<_>>>()?;
        let mut ensemble = Self {
            board,
            plan,
            servers,
            clients: BTreeMap::new(),
            history: Arc::new(History::new(BufWriter::new(File::create(folder.join(HISTORY))?))),
            patience: setup.patience,
            proxies: Vec::new(),
            folder: folder.to_owned(),
            ports,
        };
        ensemble.connect_servers()?;
        Ok(ensemble)
    }

    /// Puts a proxy between each two servers, and a gate in front of each one's files.
    fn connect_servers(&mut self) -> Outcome<()> {
        let peers: Vec<_> = self.servers.iter().map(|one| (one.id, one.address)).collect();
        for server in &mut self.servers {
            let mut redirects = Vec::new();
            for (peer, address) in peers.iter().filter(|(peer, _)| *peer != server.id) {
                let ways =
                    [(Purpose::Quorum, address.quorum), (Purpose::Election, address.election)];
                for (purpose, port) in ways {
                    let (at, listener) = self.ports.listener().ok_or_else(no_ports)?;
                    let way = Way { from: server.id, to: *peer };
                    link::listen(&self.board, Proxy { way, purpose, port }, listener);
                    redirects.push(format!("{port}:{at}"));
                    self.proxies.push(at);
                }
            }
            server.redirects = redirects.join(",");
            server.configure(&self.plan, &peers)?;
            gate::listen(&self.board, server.id, &server.socket())?;
        }
        Ok(())
    }

    /// Every server.
    pub fn all(&self) -> Vec<NodeId> {
        self.servers.iter().map(|server| server.id).collect()
    }

    /// Where everything that the run leaves behind lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Lines that a server has written into its log, all of its processes together.
    pub fn log_lines(&self, server: NodeId) -> Vec<String> {
        let folder = self.folder.join(server.to_string());
        let lives = 1..=self.board.look().life(server).number;
        let files = lives.filter_map(|life| {
            std::fs::read_to_string(folder.join(format!("out.{life}.log"))).ok()
        });
        files.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    /// Servers whose process runs.
    pub fn running(&self) -> Vec<NodeId> {
        let state = self.board.look();
        self.all().into_iter().filter(|id| state.lives[id.index()].pid.is_some()).collect()
    }

    /// Who leads and serves, if exactly one does.
    pub fn leader(&self) -> Option<NodeId> {
        let state = self.board.look();
        let leads = |id: &NodeId| {
            let life = &state.lives[id.index()];
            life.role == Role::Leading && life.serves
        };
        let mut leaders = self.all().into_iter().filter(leads);
        leaders.next().filter(|_| leaders.next().is_none())
    }

    /// Writes a line into the trace.
    pub fn tell(&self, what: &str) {
        self.board.tell(what);
    }

    /// Time since the servers' folders were made.
    pub fn elapsed(&self) -> Duration {
        self.board.elapsed()
    }

    /// What is known of the run, for clients that run beside it.
    pub(crate) const fn board(&self) -> &Arc<Board> {
        &self.board
    }

    /// What clients asked and were told.
    pub(crate) const fn history(&self) -> &Arc<History<BufWriter<File>>> {
        &self.history
    }

    /// Where clients find each server.
    pub(crate) fn client_ports(&self) -> Vec<u16> {
        self.servers.iter().map(|server| server.address.client).collect()
    }

    fn server(&self, id: NodeId) -> &Server {
        &self.servers[id.index()]
    }
}

impl Drop for Ensemble {
    fn drop(&mut self) {
        self.board.change(|state| {
            state.over = true;
            state.packets.reset_all();
        });
        // Servers end themselves when they are dropped; their proxies have to be told.
        for port in &self.proxies {
            let _ = std::net::TcpStream::connect((std::net::Ipv4Addr::LOCALHOST, *port));
        }
    }
}

fn no_ports() -> Trouble {
    Trouble::Machine("no free ports between 20000 and 32000: end other runs".to_owned())
}

fn server(id: NodeId, ports: &mut Ports, folder: &Path) -> Outcome<Server> {
    let mut port = || ports.port().ok_or_else(no_ports);
    let address = Address { client: port()?, quorum: port()?, election: port()? };
    Ok(Server::new(id, address, folder.join(id.to_string()))?)
}

fn plan(java: Java, setup: &Setup, gate: PathBuf, folder: &Path) -> Outcome<Plan> {
    let (log4j, logback) = (folder.join("log4j2.xml"), folder.join("logback.xml"));
    std::fs::write(&log4j, LOG4J)?;
    std::fs::write(&logback, LOGBACK)?;
    let mut properties = usual(&PROPERTIES);
    // Votes are repeated soon, but not so often that a server that has a quorum of them never hears
    // nothing for 200 ms, after which it leads (`FastLeaderElection.finalizeWait`).
    let others = u32::from(setup.servers).saturating_sub(1);
    let interval = ("zookeeper.fastleader.maxNotificationInterval", 100 * others * others);
    properties.push((interval.0.to_owned(), interval.1.to_string()));
    properties.push(("log4j2.configurationFile".to_owned(), log4j.display().to_string()));
    properties.push(("logback.configurationFile".to_owned(), logback.display().to_string()));
    let mut settings = usual(&SETTINGS);
    replace(&mut settings, &setup.settings);
    replace(&mut properties, &setup.properties);
    Ok(Plan { java, gate, settings, properties })
}

fn usual(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn replace(pairs: &mut Vec<(String, String)>, by: &[(String, String)]) {
    for (name, value) in by {
        pairs.retain(|(known, _)| known != name);
        pairs.push((name.clone(), value.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leader_is_as_patient_as_who_waits_for_it_and_never_less_than_usual() {
        let patient = |seconds| {
            let mut setup = Setup::of(3);
            setup.settings = vec![("initLimit", "30"), ("syncLimit", "300")]
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            setup.be_patient(Duration::from_secs(seconds));
            assert_eq!(setup.patience, Duration::from_secs(seconds));
            setup.settings.into_iter().map(|(_, value)| value).collect::<Vec<_>>()
        };
        assert_eq!(patient(20), ["30", "300"]);
        assert_eq!(patient(90), ["150", "300"]);
        assert_eq!(patient(5), ["30", "300"]);
    }
}
