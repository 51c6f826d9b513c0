//! The other end of the gate: which file operations are held, which fail, and what they make durable.
//!
//! The gate itself is the crate in `fuzz/gate`, preloaded into a server; its protocol stands there.
//! Each server has a socket of its own, so that a question says by itself who asks.

use super::board::{Board, State};
use super::disk::Flush;
use super::jute::disk::read_log;
use super::matter::{FileOperation, Files as Which, Operation};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use zab_core::{NodeId, Zxid};

/// The gate as a shared library.
pub(crate) const LIBRARY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/libzab_gate.so"));

/// What a thread is told.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// To write what every thread of the virtual machine is doing (SIGQUIT).
    Dump = 3,
    /// To stop at the gate.
    Stop = 45,
}

/// An operation that waits at the gate, or happens right now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AtGate {
    pub(crate) server: NodeId,
    pub(crate) what: FileOperation,
    /// Native name of the thread, 15 characters of it.
    pub(crate) thread: String,
    /// Which process asks.
    pid: u32,
}

/// How far a log may be written.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum LogUntil {
    /// Until this record can be read, and is about to be forced to the disk.
    Written(Zxid),
    /// Until an fsync has made this record durable.
    Flushed(Zxid),
    /// No further: that is done.
    Done,
}

/// What is held, what fails, and what waits because of it.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// Server and what it may not do for now.
    pub(crate) holds: Vec<(NodeId, Which)>,
    /// Server, what fails, and with which `errno`.
    pub(crate) failures: Vec<(NodeId, Which, u8)>,
    /// Whether no log is written but as far as a line says.
    pub(crate) gated: bool,
    /// How far each server's log may be written for now.
    pub(crate) logs: Vec<(NodeId, LogUntil)>,
    /// Names of threads that may not run for now.
    pub(crate) stopped: Vec<(NodeId, String)>,
    /// What waits.
    pub(crate) waiting: Vec<AtGate>,
    /// What has failed because it was to.
    pub(crate) failed: Vec<AtGate>,
    /// Control connections by process.
    controls: Vec<(NodeId, u32, UnixStream)>,
    /// Connections of each server's gate that are still open.
    open: Vec<NodeId>,
}

impl Files {
    /// Whether a log writer waits for a line that lets it go on. The main thread writes to the log as
    /// well, before it serves: what a DIFF brings (`Learner.syncWithLeader`, 3.9.3). It also cuts it,
    /// which is no write; and it flushes what is left when a role ends.
    fn is_gated(&self, at: &AtGate, path: Option<&&str>, serves: bool) -> bool {
        let operation = at.what.operation;
        let writes = match operation {
            Operation::Open => at.thread.starts_with("SyncThread"),
            Operation::Write | Operation::Fsync => {
                at.thread.starts_with("SyncThread")
                    || !serves && at.thread.starts_with("QuorumPeer")
            }
            _ => false,
        };
        let fails =
            |(server, files, _): &(NodeId, Which, u8)| *server == at.server && files.file == "log";
        // What is written to a file that has no name any more is on no disk.
        let is_log = at.what.name.starts_with("log.") && !at.what.name.ends_with(" (deleted)");
        if !self.gated || !writes || !is_log {
            return false;
        }
        // A write that is to fail may stand behind another operation.
        if self.failures.iter().any(fails) {
            return false;
        }
        let until = self.logs.iter().find(|(server, _)| *server == at.server);
        match until.map(|(_, until)| *until) {
            None | Some(LogUntil::Done) => true,
            Some(LogUntil::Written(zxid)) => {
                operation == Operation::Fsync && path.is_some_and(|path| has_record(path, zxid))
            }
            Some(LogUntil::Flushed(_)) => false,
        }
    }

    fn held(&self, at: &AtGate) -> bool {
        match at.what.operation {
            Operation::Stop => {
                self.stopped.iter().any(|(s, name)| *s == at.server && at.thread == *name)
            }
            _ => self.holds.iter().any(|(s, which)| *s == at.server && which.covers(&at.what)),
        }
    }

    fn failure(&self, at: &AtGate) -> u8 {
        let fails =
            |(s, which, _): &&(NodeId, Which, u8)| *s == at.server && which.covers(&at.what);
        self.failures.iter().find(fails).map_or(0, |(_, _, errno)| *errno)
    }

    /// Whether a server's process is known to its gate.
    pub(crate) fn has_control(&self, server: NodeId, pid: u32) -> bool {
        self.controls.iter().any(|(s, p, _)| (*s, *p) == (server, pid))
    }

    /// Sends a signal to a thread of a server's process.
    pub(crate) fn signal(
        &mut self,
        server: NodeId,
        pid: u32,
        tid: u32,
        signal: Signal,
    ) -> std::io::Result<()> {
        let control = self.controls.iter_mut().find(|(s, p, _)| (*s, *p) == (server, pid));
        match control {
            Some((_, _, stream)) => writeln!(stream, "{tid} {}", signal as u8),
            None => Err(std::io::ErrorKind::NotConnected.into()),
        }
    }

    /// Whether nothing that a dead process said is still on its way.
    pub(crate) fn is_quiet(&self, server: NodeId) -> bool {
        !self.open.contains(&server)
    }
}

/// Listens for one server's gate.
pub(crate) fn listen(board: &Arc<Board>, server: NodeId, socket: &Path) -> std::io::Result<()> {
    let listener = UnixListener::bind(socket)?;
    let board = Arc::clone(board);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            if board.look().over {
                return;
            }
            board.change(|state| state.files.open.push(server));
            let board = Arc::clone(&board);
            std::thread::spawn(move || {
                // An error is the end of the connection: of the thread or of the process.
                let _ = serve(&board, server, stream);
                board.change(|state| {
                    let open = &mut state.files.open;
                    if let Some(at) = open.iter().position(|one| *one == server) {
                        open.swap_remove(at);
                    }
                });
            });
        }
    });
    Ok(())
}

/// Ends [`listen`]: the run has to be over already.
pub(crate) fn hang_up(socket: &Path) {
    let _ = UnixStream::connect(socket);
}

fn serve(board: &Board, server: NodeId, mut stream: UnixStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    let mut begun = None;
    loop {
        line.clear();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let fields: Vec<&str> = line.trim_end_matches('\n').split('\t').collect();
        match fields.as_slice() {
            ["control", pid] => return control(board, server, pid, stream),
            ["ask", pid, tid, operation, number, paths @ ..] => {
                let Some(at) = question(server, pid, tid, operation, number, paths) else {
                    return Ok(());
                };
                let answer = ask(board, &at, paths, &mut begun);
                stream.write_all(&[answer])?;
            }
            ["did", pid, tid, operation, number, paths @ ..] => {
                let Some(at) = question(server, pid, tid, operation, number, paths) else {
                    return Ok(());
                };
                did(board, &at, begun.take());
                stream.write_all(&[0])?;
            }
            _ => return Ok(()),
        }
    }
}

fn control(board: &Board, server: NodeId, pid: &str, stream: UnixStream) -> std::io::Result<()> {
    let Ok(pid) = pid.parse() else { return Ok(()) };
    let mut end = stream.try_clone()?;
    board.change(|state| state.files.controls.push((server, pid, stream)));
    // Nothing comes back on it but its end.
    let _ = end.read(&mut [0]);
    board.change(|state| state.files.controls.retain(|(_, one, _)| *one != pid));
    Ok(())
}

fn question(
    server: NodeId,
    pid: &str,
    tid: &str,
    operation: &str,
    number: &str,
    paths: &[&str],
) -> Option<AtGate> {
    let thread = std::fs::read_to_string(format!("/proc/{pid}/task/{tid}/comm"));
    let name = |path: &&str| path.rsplit('/').next().unwrap_or(path).to_owned();
    Some(AtGate {
        server,
        what: FileOperation {
            operation: Operation::named(operation)?,
            name: paths.first().map(name)?,
            new_name: paths.get(1).map(name),
            number: number.parse().ok()?,
        },
        thread: thread.unwrap_or_default().trim_end().to_owned(),
        pid: pid.parse().ok()?,
    })
}

/// Whether a record can be read in a log.
fn has_record(path: &str, zxid: Zxid) -> bool {
    let file = std::fs::File::open(path).map(BufReader::new);
    let log = file.ok().and_then(|file| read_log(file).ok());
    log.is_some_and(|log| log.records.iter().any(|txn| txn.zxid == zxid))
}

/// What is known of an operation before it happens, and matters if it does.
enum Begun {
    /// What an fsync will have made durable.
    Flush(Flush),
    /// The length to which a file is cut.
    Cut(usize),
}

/// Opens a file and empties it (`O_TRUNC`, on x86-64 and on AArch64).
const EMPTIES: i64 = 0o1000;

/// Whether the operation may happen: 0, or what it fails with. Waits while it is held.
fn ask(board: &Board, at: &AtGate, paths: &[&str], begun: &mut Option<Begun>) -> u8 {
    let server = at.server;
    let mut stood = false;
    let mut answer = 0;
    board.hold(|state| {
        if state.life(server).pid != Some(at.pid) {
            // Its process is gone; nobody reads the answer.
            return true;
        }
        let failing = state.files.failure(at);
        let serves = state.life(server).serves;
        let gated = failing == 0 && state.files.is_gated(at, paths.first(), serves);
        if gated || state.files.held(at) {
            if !std::mem::replace(&mut stood, true) {
                state.files.waiting.push(at.clone());
                board.trace(state, &format!("{server} {} is held ({})", at.what, at.thread));
            }
            return false;
        }
        answer = failing;
        true
    });
    board.change(|state| {
        if stood {
            state.files.waiting.retain(|one| one != at);
        }
        if answer != 0 {
            state.files.failed.push(at.clone());
            let path = paths.first().filter(|_| at.what.operation == Operation::Fsync);
            if let Some(contents) = path.and_then(|path| std::fs::read(path).ok()) {
                state.disks[server.index()].on_fsync_failed(&at.what.name, contents);
            }
            board.trace(state, &format!("{server} {} fails with errno {answer}", at.what));
        } else {
            *begun = begin(state, at, paths);
        }
    });
    answer
}

fn begin(state: &mut State, at: &AtGate, paths: &[&str]) -> Option<Begun> {
    let number = at.what.number;
    match at.what.operation {
        // What is in the file now is what this fsync covers.
        Operation::Fsync => {
            let contents = std::fs::read(paths.first()?).ok()?;
            let disk = &mut state.disks[at.server.index()];
            Some(Begun::Flush(disk.on_fsync(&at.what.name, contents)))
        }
        Operation::Truncate => usize::try_from(number).ok().map(Begun::Cut),
        Operation::Open if number & EMPTIES != 0 => Some(Begun::Cut(0)),
        _ => None,
    }
}

/// What an operation that happened has changed.
fn did(board: &Board, at: &AtGate, begun: Option<Begun>) {
    board.change(|state: &mut State| {
        if at.what.number < 0 {
            board.trace(state, &format!("{} {} failed by itself", at.server, at.what));
            return;
        }
        let disk = &mut state.disks[at.server.index()];
        let name = &at.what.name;
        match (at.what.operation, &at.what.new_name) {
            (Operation::Open, _) => disk.on_open(name),
            (Operation::Rename, Some(to)) => disk.on_rename(name, to),
            (Operation::Remove, _) => disk.on_remove(name),
            _ => {}
        }
        match begun {
            Some(Begun::Flush(flush)) => {
                let of = |(server, _): &&mut (NodeId, LogUntil)| *server == at.server;
                for (_, until) in state.files.logs.iter_mut().filter(of) {
                    if matches!(until, LogUntil::Flushed(zxid) if flush.covers(*zxid)) {
                        *until = LogUntil::Done;
                    }
                }
                disk.on_fsync_done(flush);
            }
            Some(Begun::Cut(length)) => disk.on_cut(name, length),
            None => {}
        }
        board.trace(state, &format!("{} {} ({})", at.server, at.what, at.thread));
    });
}

#[cfg(test)]
mod tests;
