//! The shell on real sockets and real files: three servers and a client on one host.
#![cfg(feature = "turmoil")]

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, LocalSet, spawn_local};
use tokio::time::timeout;
use zab_core::{Config, Key, Node, NodeId, Op, Outcome, RequestId, SessionId, Variant, Zxid};
use zab_sim::shell::client::converse;
use zab_sim::shell::codec::Frame;
use zab_sim::shell::directory::Directory;
use zab_sim::shell::event::Stamped;
use zab_sim::shell::limits::Limits;
use zab_sim::shell::loopback::Loopback;
use zab_sim::shell::serve;

/// Longer than anything here takes: what fails is not slow, it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

const ENSEMBLE: [NodeId; 3] = [NodeId(0), NodeId(1), NodeId(2)];

/// Addresses of ports that are free.
fn addresses() -> Vec<SocketAddr> {
    let free = || TcpListener::bind("127.0.0.1:0").expect("a free port");
    let listeners = ENSEMBLE.map(|_| free());
    listeners.iter().map(|listener| listener.local_addr().expect("it is bound")).collect()
}

/// A server process.
struct Server {
    task: JoinHandle<()>,
    machine: Directory,
}

impl Server {
    /// Kills it: its tasks and sockets are gone, its page cache is not.
    async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.is_err_and(|error| error.is_cancelled()));
        self.machine.rest();
    }
}

/// Three servers, of which some run, and one session.
struct Ensemble {
    addresses: Vec<SocketAddr>,
    disks: TempDir,
    questions: Vec<mpsc::Sender<Stamped<Frame>>>,
    answers: mpsc::Receiver<(NodeId, Stamped<Frame>)>,
    cxid: u32,
    last_seen: Zxid,
}

impl Ensemble {
    fn new() -> Self {
        let addresses = addresses();
        let (told, answers) = mpsc::channel(16);
        let limits = Limits::new(&Config::new(3), |span| Duration::from_micros(span.0));
        let questions = ENSEMBLE.map(|server| {
            let (questions, queue) = mpsc::channel(16);
            let net = Loopback::client(&addresses);
            spawn_local(converse(net, server, queue, told.clone(), limits));
            questions
        });
        let disks = tempfile::tempdir().expect("a folder");
        let questions = questions.into();
        Self { addresses, disks, questions, answers, cxid: 0, last_seen: Zxid::ZERO }
    }

    fn disk(&self, id: NodeId) -> PathBuf {
        let folder = self.disks.path().join(id.to_string());
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        folder
    }

    fn start(&self, id: NodeId) -> Server {
        let net = Loopback::server(&self.addresses, id);
        let machine = Directory::new(self.disk(id));
        let node = Node::new(id, Config::new(3), Variant::REFERENCE);
        let process = serve(id, Config::new(3), node, net, machine.clone());
        let task = spawn_local(async move {
            let end = process.await;
            panic!("{id} ended: {end:?}");
        });
        Server { task, machine }
    }

    /// Asks a server until it answers with something else than a refusal.
    async fn ask(&mut self, server: NodeId, op: Op) -> Outcome {
        let insist = async {
            loop {
                self.cxid += 1;
                let request = RequestId { session: SessionId(7), cxid: self.cxid };
                let question = Frame::Ask { request, last_seen: self.last_seen, op };
                self.questions[server.index()]
                    .send(Stamped::now(question))
                    .await
                    .expect("it is carried");
                let answer = timeout(Duration::from_millis(200), self.answers.recv()).await;
                match answer {
                    Ok(Some((
                        from,
                        Stamped { what: Frame::Answer { request: of, outcome }, .. },
                    ))) if from == server && of == request && outcome != Outcome::Refused => {
                        return outcome;
                    }
                    _ => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            }
        };
        let outcome = timeout(PATIENCE, insist).await.expect("an answer");
        if let Outcome::Written { zxid: seen, .. }
        | Outcome::Value { position: seen, .. }
        | Outcome::Synced { position: seen } = outcome
        {
            self.last_seen = self.last_seen.max(seen);
        }
        outcome
    }

    async fn write(&mut self, server: NodeId, value: u32) {
        let outcome = self.ask(server, Op::Write { key: Key(0), value }).await;
        assert!(matches!(outcome, Outcome::Written { .. }), "{outcome:?}");
    }

    async fn read(&mut self, server: NodeId) -> u32 {
        let synced = self.ask(server, Op::Sync).await;
        assert!(matches!(synced, Outcome::Synced { .. }), "{synced:?}");
        match self.ask(server, Op::Read { key: Key(0) }).await {
            Outcome::Value { value, .. } => value,
            other => panic!("not a value: {other:?}"),
        }
    }
}

async fn start_write_kill_restart_read() {
    let mut ensemble = Ensemble::new();
    let [first, second, third] = ENSEMBLE.map(|id| ensemble.start(id));
    ensemble.write(NodeId(0), 11).await;
    assert_eq!(ensemble.read(NodeId(2)).await, 11);

    // One is killed, and misses a write.
    second.kill().await;
    ensemble.write(NodeId(0), 12).await;
    let second = ensemble.start(NodeId(1));
    assert_eq!(ensemble.read(NodeId(1)).await, 12);

    // All are killed, the leader among them; what was acknowledged is on their disks.
    for server in [first, second, third] {
        server.kill().await;
    }
    let servers = ENSEMBLE.map(|id| ensemble.start(id));
    for id in ENSEMBLE {
        assert_eq!(ensemble.read(id).await, 12, "{id}");
    }
    for server in servers {
        server.kill().await;
    }
}

#[test]
fn three_servers_and_a_client_over_loopback() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    LocalSet::new().block_on(&runtime, start_write_kill_restart_read());
}
