//! One server: its folder, its settings, its process, and what the process says of itself.

use super::board::Board;
use super::gate;
use super::java::Java;
use super::jute::disk::{self, End};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use zab_core::variant::Release;
use zab_core::{NodeId, Zxid};

/// What a server is doing, as its log says ("Peer state changed", `QuorumPeer`, since 3.6).
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// No process, or one that has not said anything yet.
    Down,
    /// It looks for a leader.
    Looking,
    /// It follows.
    Following,
    /// It leads.
    Leading,
}

/// What a server's process has come to.
#[derive(Clone, Debug)]
pub(crate) struct Life {
    /// How many processes there were.
    pub(crate) number: usize,
    /// The present one, while it runs.
    pub(crate) pid: Option<u32>,
    /// What it does.
    pub(crate) role: Role,
    /// Whether it serves clients.
    pub(crate) serves: bool,
    /// How often it has looked for a leader.
    pub(crate) elections: usize,
    /// What it wrote into its log.
    pub(crate) lines: Vec<String>,
}

impl Default for Life {
    fn default() -> Self {
        Self {
            number: 0,
            pid: None,
            role: Role::Down,
            serves: false,
            elections: 0,
            lines: Vec::new(),
        }
    }
}

impl Life {
    /// Takes a line of the server's log; true if it says something new about the role.
    fn on_line(&mut self, line: String) -> bool {
        let state = line.split_once("Peer state changed: ").map(|(_, state)| state.to_owned());
        self.lines.push(line);
        let Some(state) = state else { return false };
        self.role = match state.split(' ').next() {
            Some("following") => Role::Following,
            Some("leading") => Role::Leading,
            _ => Role::Looking,
        };
        self.elections += usize::from(self.role == Role::Looking);
        self.serves = state.ends_with("broadcast") || state.contains(" broadcast ");
        true
    }

    /// Whether it has begun to look for a leader (`FastLeaderElection.lookForLeader`).
    pub(crate) fn has_looked(&self) -> bool {
        self.lines.iter().any(|line| line.contains("New election. My id"))
    }

    fn end(&mut self) {
        (self.pid, self.role, self.serves) = (None, Role::Down, false);
    }
}

/// Ports of one server.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Address {
    pub(crate) client: u16,
    pub(crate) quorum: u16,
    pub(crate) election: u16,
}

/// One server of an ensemble.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) id: NodeId,
    pub(crate) address: Address,
    folder: PathBuf,
    /// What its next process is of.
    pub(crate) release: Release,
    /// `from:to` of each connection that takes another way.
    pub(crate) redirects: String,
    child: Option<Child>,
}

/// What is the same for every server of an ensemble.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) java: Java,
    pub(crate) gate: PathBuf,
    /// Lines of `zoo.cfg`.
    pub(crate) settings: Vec<(String, String)>,
    /// System properties.
    pub(crate) properties: Vec<(String, String)>,
}

impl Server {
    /// Makes the folder of a server that was never started.
    pub(crate) fn new(id: NodeId, address: Address, folder: PathBuf) -> io::Result<Self> {
        std::fs::create_dir_all(folder.join("data/version-2"))?;
        std::fs::write(folder.join("data/myid"), format!("{}\n", id.0 + 1))?;
        let release = Release::default();
        Ok(Self { id, address, folder, release, redirects: String::new(), child: None })
    }

    /// Where its gate asks.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.join("gate")
    }

    /// Where its files are.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data/version-2")
    }

    /// Writes `zoo.cfg`.
    pub(crate) fn configure(&self, plan: &Plan, peers: &[(NodeId, Address)]) -> io::Result<()> {
        let mut text = String::new();
        let data = self.folder.join("data");
        let mut line = |name: &str, value: &str| {
            writeln!(text, "{name}={value}").expect("a string takes any text");
        };
        line("dataDir", &data.display().to_string());
        line("clientPort", &self.address.client.to_string());
        line("clientPortAddress", "127.0.0.1");
        for (name, value) in &plan.settings {
            line(name, value);
        }
        for (id, address) in peers {
            let Address { quorum, election, .. } = address;
            line(&format!("server.{}", id.0 + 1), &format!("127.0.0.1:{quorum}:{election}"));
        }
        std::fs::write(self.folder.join("zoo.cfg"), text)
    }

    /// Starts a process.
    pub(crate) fn start(&mut self, plan: &Plan, board: &Arc<Board>) -> io::Result<()> {
        let number = board.change(|state| {
            let life = state.life(self.id);
            *life = Life { number: life.number + 1, ..Life::default() };
            life.number
        });
        let log = File::create(self.folder.join(format!("out.{number}.log")))?;
        let (reads, writes) = io::pipe()?;
        let java = plan.java.of(self.release);
        let mut command: Command = java.server(&plan.properties, &self.folder.join("zoo.cfg"));
        command
            .current_dir(&self.folder)
            .env("LD_PRELOAD", &plan.gate)
            .env("ZAB_GATE_SOCKET", self.socket())
            .env("ZAB_GATE_FOLDER", self.data())
            .env("ZAB_GATE_PORTS", &self.redirects)
            .stdin(Stdio::null())
            .stdout(writes.try_clone()?)
            .stderr(writes);
        // The process asks its gate as soon as it runs: the board has to know it by then.
        let child = board.change(|state| {
            let child = command.spawn()?;
            state.life(self.id).pid = Some(child.id());
            board.trace(state, &format!("{} starts (process {})", self.id, child.id()));
            Ok::<_, io::Error>(child)
        })?;
        // With it the copies of the pipe's end that only the process shall have.
        drop(command);
        let (id, board) = (self.id, Arc::clone(board));
        std::thread::spawn(move || read_log(&board, id, number, BufReader::new(reads), log));
        self.child = Some(child);
        Ok(())
    }

    /// The process number, while there is one.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Sends SIGKILL, and does not wait.
    pub(crate) fn strike(&mut self) -> io::Result<()> {
        self.child.as_mut().map_or(Ok(()), Child::kill)
    }

    /// Waits for the end of a process that was struck, or that ended by itself.
    pub(crate) fn bury(&mut self, board: &Board) -> io::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.wait()?;
        }
        board.change(|state| state.life(self.id).end());
        Ok(())
    }

    /// The zxids in its log files, in the order of the files.
    pub(crate) fn logged(&self) -> Vec<Zxid> {
        let logs = files_of(&self.data(), "log");
        let records = logs.iter().filter_map(|(_, path)| {
            let log = disk::read_log(BufReader::new(File::open(path).ok()?)).ok()?;
            Some(log.records.into_iter().map(|txn| txn.zxid))
        });
        records.flatten().collect()
    }

    /// The last of its log files that has a record with this zxid.
    pub(crate) fn log_with(&self, zxid: Zxid) -> Option<String> {
        let logs = files_of(&self.data(), "log");
        let has = |path: &Path| {
            let log = disk::read_log(BufReader::new(File::open(path).ok()?)).ok()?;
            log.records.iter().any(|txn| txn.zxid == zxid).then_some(())
        };
        logs.into_iter().rev().find(|(_, path)| has(path).is_some()).map(|(name, _)| name)
    }

    /// Its log files that have no header.
    pub(crate) fn headless_logs(&self) -> Vec<String> {
        let logs = files_of(&self.data(), "log").into_iter();
        let has_header = |path: &Path| {
            let begun = std::fs::metadata(path).is_ok_and(|file| file.len() > 0);
            let file = File::open(path).map(BufReader::new);
            begun && file.is_ok_and(|file| disk::read_log(file).is_ok())
        };
        logs.filter(|(_, path)| !has_header(path)).map(|(name, _)| name).collect()
    }

    /// Its epochs on disk: accepted and current.
    pub(crate) fn epochs(&self) -> (Option<u32>, Option<u32>) {
        let read = |name| {
            let text = std::fs::read_to_string(self.data().join(name)).ok()?;
            disk::parse_epoch(&text)
        };
        (read("acceptedEpoch"), read("currentEpoch"))
    }

    /// What stands in its files, for a person.
    pub(crate) fn describe_files(&self) -> String {
        let (accepted, current) = self.epochs();
        let show = |epoch: Option<u32>| epoch.map_or("none".to_owned(), |epoch| epoch.to_string());
        let mut text =
            format!("accepted epoch {}, current epoch {};", show(accepted), show(current));
        for (name, path) in files_of(&self.data(), "log") {
            write!(text, " {name}: {}", describe_log(&path)).expect("a string takes any text");
        }
        for (name, _) in files_of(&self.data(), "snapshot") {
            write!(text, " {name}").expect("a string takes any text");
        }
        text
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        gate::hang_up(&self.socket());
    }
}

/// Files of a kind, in the order of the zxids in their names.
fn files_of(folder: &Path, kind: &str) -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<(Zxid, String, PathBuf)> = entries
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            Some((disk::zxid_in_name(&name, kind)?, name, entry.path()))
        })
        .collect();
    found.sort();
    found.into_iter().map(|(_, name, path)| (name, path)).collect()
}

fn describe_log(path: &Path) -> String {
    let Ok(file) = File::open(path) else { return "cannot be read".to_owned() };
    match disk::read_log(BufReader::new(file)) {
        Ok(log) => {
            let zxids: Vec<Zxid> = log.records.iter().map(|txn| txn.zxid).collect();
            let end = match log.end {
                End::Clean => String::new(),
                End::Torn(why) => format!(" ({why})"),
            };
            format!("[{}]{end}", describe_zxids(&zxids))
        }
        Err(error) => error.to_string(),
    }
}

/// How many records that follow each other are named one by one.
const NAMED: usize = 12;

/// Records of a log, long rows of them by the first and the last.
fn describe_zxids(zxids: &[Zxid]) -> String {
    let next = |a: &Zxid, b: &Zxid| a.epoch == b.epoch && a.counter + 1 == b.counter;
    let rows = zxids.chunk_by(next).map(|row| match row {
        [first, .., last] if row.len() > NAMED => format!("{first} to {last}"),
        _ => row.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    });
    rows.collect::<Vec<_>>().join(" ")
}

/// Reads what a process writes, until it ends.
fn read_log(board: &Board, id: NodeId, life: usize, lines: impl BufRead, mut log: File) {
    for line in lines.split(b'\n') {
        let Ok(line) = line else { break };
        let line = String::from_utf8_lossy(&line).into_owned();
        // A full disk loses the copy; the board has the line.
        let _ = writeln!(log, "{line}");
        board.change(|state| {
            let now = state.life(id);
            if now.number == life && now.on_line(line) {
                let line = now.lines.last().cloned().unwrap_or_default();
                let said = line.split_once("Peer state changed: ").map_or("", |(_, said)| said);
                board.trace(state, &format!("{id} is {said}"));
            }
        });
    }
    board.change(|state| {
        if state.life(id).number == life && state.life(id).pid.is_some() {
            state.life(id).end();
            board.trace(state, &format!("{id} has ended"));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_row_of_records_is_told_by_its_ends() {
        let row = |epoch, counters: std::ops::RangeInclusive<u32>| {
            counters.map(move |counter| Zxid::new(epoch, counter))
        };
        let log: Vec<_> = row(1, 1..=3).chain(row(2, 1..=400)).chain(row(2, 402..=402)).collect();
        assert_eq!(describe_zxids(&log), "<1, 1> <1, 2> <1, 3> <2, 1> to <2, 400> <2, 402>");
        assert_eq!(describe_zxids(&[]), "");
    }

    #[test]
    fn a_server_says_what_it_is() {
        let mut life = Life { pid: Some(1), ..Life::default() };
        assert!(!life.on_line("INFO QuorumPeer - LOOKING".to_owned()));
        let states = [
            ("looking", Role::Looking, false),
            ("following - synchronization - diff", Role::Following, false),
            ("following - broadcast", Role::Following, true),
            ("leading - discovery", Role::Leading, false),
            ("leading - broadcast", Role::Leading, true),
        ];
        for (said, role, serves) in states {
            assert!(life.on_line(format!("INFO QuorumPeer - Peer state changed: {said}")));
            assert_eq!((life.role, life.serves), (role, serves), "{said}");
        }
        life.end();
        assert_eq!((life.role, life.serves), (Role::Down, false));
    }
}
