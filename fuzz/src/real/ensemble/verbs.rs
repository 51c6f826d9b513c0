//! What is done to servers, files, packets and clients.

use super::super::board::Board;
use super::super::client::{Answer, Call, Client};
use super::super::disk::Journaled;
use super::super::gate::{AtGate, Signal};
use super::super::history::Who;
use super::super::jute::client::{NO_NODE, Request};
use super::super::matter::{Files, Messages, Way};
use super::boot::BOOT;
use super::locks::Queue;
use super::{Ensemble, Outcome, Trouble};
use std::time::Duration;
use zab_core::NodeId;

/// How long a process may take to come into being or to be gone.
const PROCESS: Duration = Duration::from_secs(10);

/// A client's connection, and what it has asked last.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) server: NodeId,
    /// The process that it leads to, and its elections: a server forgets its clients in each.
    pub(super) term: (usize, usize),
    pub(super) client: Client,
    /// Who it is in the history.
    pub(super) who: Who,
    /// What was asked last, and whether the answer is in the history.
    pub(super) open: Option<(Call, Request, bool)>,
    /// Where it queues for a lock, if it does.
    pub(super) queue: Option<Queue>,
}

impl Ensemble {
    /// Starts servers that do not run.
    ///
    /// # Errors
    ///
    /// A process cannot be started, or comes without its gate.
    pub fn start(&mut self, servers: &[NodeId]) -> Outcome<()> {
        for id in servers {
            let server = &mut self.servers[id.index()];
            if self.board.look().life(*id).pid.is_some() {
                return Err(Trouble::Story(format!("{id} runs already")));
            }
            server.bury(&self.board)?;
            server.start(&self.plan, &self.board)?;
        }
        for id in servers {
            let pid = self.server(*id).pid().unwrap_or(0);
            let known =
                self.board.wait(PROCESS, |state| state.files.has_control(*id, pid).then_some(()));
            known.ok_or_else(|| {
                let lines = self.log_lines(*id).join(" / ");
                Trouble::Machine(format!("{id} runs without its gate: {lines}"))
            })?;
        }
        self.await_election(servers);
        Ok(())
    }

    /// Waits until servers that were started look for a leader, stand at the gate or have ended: how long a
    /// virtual machine takes to come up says nothing of the server.
    fn await_election(&self, servers: &[NodeId]) {
        let _ = self.board.wait(BOOT, |state| {
            let is_up = |id: &NodeId| {
                let stands = state.files.waiting.iter().any(|at| at.server == *id);
                let life = &state.lives[id.index()];
                stands || life.pid.is_none() || life.has_looked()
            };
            servers.iter().all(is_up).then_some(())
        });
    }

    /// Kills servers, with SIGKILL, all at once. What they wrote stays readable.
    ///
    /// # Errors
    ///
    /// A process cannot be killed.
    pub fn kill(&mut self, servers: &[NodeId]) -> Outcome<()> {
        for id in servers {
            self.board.tell(&format!("{id} is killed"));
            self.servers[id.index()].strike()?;
        }
        for id in servers {
            self.servers[id.index()].bury(&self.board)?;
            self.board.change(|state| state.packets.hang_up(*id));
            let quiet = self.board.wait(PROCESS, |state| state.files.is_quiet(*id).then_some(()));
            quiet.ok_or_else(|| Trouble::Machine(format!("the gate of {id} stays open")))?;
        }
        Ok(())
    }

    /// Kills servers, and takes from their files what was not synced.
    ///
    /// # Errors
    ///
    /// A process cannot be killed, a file cannot be written.
    pub fn power(&mut self, servers: &[NodeId]) -> Outcome<()> {
        self.kill(servers)?;
        for id in servers {
            let folder = self.server(*id).data();
            let changes =
                self.board.change(|state| state.disks[id.index()].power_failure(&folder))?;
            self.board.tell(&format!("{id} lost power: {}", changes.join(", ")));
        }
        Ok(())
    }

    /// Has the kernel write back everything that servers have written.
    ///
    /// # Errors
    ///
    /// A file cannot be read.
    pub fn settle(&mut self, servers: &[NodeId]) -> Outcome<()> {
        for id in servers {
            let folder = self.server(*id).data();
            self.board.change(|state| state.disks[id.index()].settle(&folder))?;
        }
        Ok(())
    }

    /// Has the file system of servers commit its journal, or a part of it.
    pub fn commit_journal(&self, servers: &[NodeId], part: &Journaled) {
        self.board.change(|state| {
            servers.iter().for_each(|id| state.disks[id.index()].commit_journal(part));
        });
    }

    /// Removes the log files of servers that are down and hold nothing, as an operator does with one that
    /// keeps its server from starting (ZOOKEEPER-1621).
    ///
    /// # Errors
    ///
    /// A file cannot be removed.
    pub fn sweep(&mut self, servers: &[NodeId]) -> Outcome<()> {
        for id in servers {
            for name in self.server(*id).headless_logs() {
                std::fs::remove_file(self.server(*id).data().join(&name))?;
                self.board.change(|state| state.disks[id.index()].on_remove(&name));
                self.board.tell(&format!("an operator removes {name} of {id}"));
            }
        }
        Ok(())
    }

    /// Puts an empty disk in the place of those of servers that are down.
    ///
    /// # Errors
    ///
    /// A file cannot be removed.
    pub fn blank(&mut self, servers: &[NodeId]) -> Outcome<()> {
        for id in servers {
            let folder = self.server(*id).data();
            for entry in std::fs::read_dir(&folder)? {
                std::fs::remove_file(entry?.path())?;
            }
            self.board.change(|state| state.disks[id.index()].settle(&folder))?;
            self.board.tell(&format!("{id} has an empty disk"));
        }
        Ok(())
    }

    /// Holds file operations of servers from now on.
    pub fn hold_files(&self, servers: &[NodeId], files: &Files) {
        self.board.change(|state| {
            state.files.holds.extend(servers.iter().map(|id| (*id, files.clone())));
        });
    }

    /// Lets them happen again.
    pub fn release_files(&self, servers: &[NodeId], files: &Files) {
        self.board.change(|state| {
            let held = &mut state.files.holds;
            held.retain(|(id, one)| !(servers.contains(id) && one == files));
        });
    }

    /// File operations of servers fail from now on.
    pub fn fail_files(&self, servers: &[NodeId], files: &Files, errno: u8) {
        self.board.change(|state| {
            // What is waited for is a failure from now on.
            let old = |at: &AtGate| servers.contains(&at.server) && files.covers(&at.what);
            state.files.failed.retain(|at| !old(at));
            let failing = servers.iter().map(|id| (*id, files.clone(), errno));
            state.files.failures.extend(failing);
        });
    }

    /// They succeed again.
    pub fn mend_files(&self, servers: &[NodeId], files: &Files) {
        self.board.change(|state| {
            let failing = &mut state.files.failures;
            failing.retain(|(id, one, _)| !(servers.contains(id) && one == files));
        });
    }

    /// Stops the threads of a server that have this name, the first 15 characters of it.
    ///
    /// # Errors
    ///
    /// There is no such thread.
    pub fn stop_thread(&self, server: NodeId, name: &str) -> Outcome<()> {
        let gone = |what: &str| Trouble::Story(format!("{server}: {what}"));
        let pid = self.server(server).pid().ok_or_else(|| gone("does not run"))?;
        let short: String = name.chars().take(15).collect();
        let mut found = Vec::new();
        for task in std::fs::read_dir(format!("/proc/{pid}/task"))? {
            let path = task?.path();
            let comm = std::fs::read_to_string(path.join("comm")).unwrap_or_default();
            let tid = path.file_name().and_then(|tid| tid.to_str()?.parse().ok());
            if let Some(tid) = tid.filter(|_| comm.trim_end() == short) {
                found.push(tid);
            }
        }
        if found.is_empty() {
            return Err(gone(&format!("has no thread {short}")));
        }
        self.board.change(|state| {
            state.files.stopped.push((server, short));
            let mut found = found.into_iter();
            found.try_for_each(|tid| state.files.signal(server, pid, tid, Signal::Stop))
        })?;
        Ok(())
    }

    /// Lets them run again.
    pub fn release_thread(&self, server: NodeId, name: &str) {
        let short: String = name.chars().take(15).collect();
        self.board
            .change(|state| state.files.stopped.retain(|one| *one != (server, short.clone())));
    }

    /// Holds messages from now on.
    pub fn hold_messages(&self, messages: Messages) {
        self.board.change(|state| state.packets.holds.push(messages));
    }

    /// Lets them pass again.
    pub fn release_messages(&self, messages: Messages) {
        self.board.change(|state| state.packets.holds.retain(|one| *one != messages));
    }

    /// Cuts two servers off from each other: connections end, and there are no new ones.
    pub fn cut(&self, way: Way) {
        self.board.change(|state| {
            state.packets.cut.extend([way, way.back()]);
            state.packets.reset(way);
        });
    }

    /// From now on nothing arrives on one way, and no connection ends because of it.
    pub fn silence(&self, way: Way) {
        self.board.change(|state| state.packets.silent.push(way));
    }

    /// Two servers can reach each other again.
    pub fn heal(&self, way: Way) {
        self.board.change(|state| {
            state.packets.cut.retain(|one| *one != way && *one != way.back());
            state.packets.silent.retain(|one| *one != way && *one != way.back());
        });
    }

    /// All servers can reach each other again, and nothing is held.
    pub fn heal_all(&self) {
        self.board.change(|state| {
            state.packets.ungate();
            (state.files.gated, state.files.logs) = (false, Vec::new());
            state.packets.cut.clear();
            state.packets.silent.clear();
            state.packets.holds.clear();
            state.files.holds.clear();
            state.files.failures.clear();
            state.files.stopped.clear();
        });
    }

    /// Ends every connection between two servers, which may dial again at once.
    pub fn reset(&self, way: Way) {
        self.board.change(|state| state.packets.reset(way));
    }

    /// Opens a client's session at a server, unless it has one there.
    ///
    /// # Errors
    ///
    /// The server does not take it.
    pub fn connect(&mut self, client: &str, server: NodeId) -> Outcome<()> {
        let term = self.term(server);
        if let Some(at) = self.clients.get(client) {
            let is_there = (at.server, at.term) == (server, term) && at.client.is_open();
            if is_there {
                return Ok(());
            } else if at.queue.is_some() {
                // It would lose its place with its session.
                let what =
                    format!("{client} queues at {} and is not connected to {server}", at.server);
                return Err(Trouble::Story(what));
            }
        }
        let port = self.server(server).address.client;
        let connected = Client::connect(&self.board, port).map_err(|error| {
            Trouble::Story(format!("{server} does not take client {client}: {error}"))
        })?;
        let who = self.history.newcomer();
        let place = Place { server, term, client: connected, who, open: None, queue: None };
        self.clients.insert(client.to_owned(), place);
        Ok(())
    }

    /// A server's process and election.
    pub(super) fn term(&self, server: NodeId) -> (usize, usize) {
        self.board.change(|state| {
            let life = state.life(server);
            (life.number, life.elections)
        })
    }

    /// Has a client ask a server for something, and leaves the request open.
    ///
    /// # Errors
    ///
    /// The server does not take the client.
    pub fn ask(&mut self, client: &str, server: NodeId, request: &Request) -> Outcome<()> {
        self.connect(client, server)?;
        self.board.tell(&format!("client {client} asks {server}: {request:?}"));
        let place = self.clients.get_mut(client).expect("it was connected above");
        self.history.invoked(place.who, request);
        let call = place.client.ask(request);
        let call = call
            .map_err(|error| Trouble::Story(format!("{server} hangs up on {client}: {error}")))?;
        place.open = Some((call, request.clone(), false));
        Ok(())
    }

    /// What a client was answered so far.
    pub fn answer_now(&self, client: &str) -> Option<Answer> {
        let (call, ..) = self.clients.get(client)?.open.as_ref()?;
        self.board.look().clients.get(*call).cloned()
    }

    /// Waits for the answer to what a client asked last.
    ///
    /// # Errors
    ///
    /// None comes.
    pub fn answer(&mut self, client: &str) -> Outcome<Answer> {
        let place = self.clients.get_mut(client);
        let place = place.and_then(|place| Some((place.who, place.open.as_mut()?)));
        let (who, (call, request, is_told)) =
            place.ok_or_else(|| Trouble::Story(format!("{client} has asked nothing")))?;
        let answer = await_answer(&self.board, self.patience, client, *call)?;
        if !std::mem::replace(is_told, true) {
            self.history.returned(who, request, &answer);
        }
        Ok(answer)
    }

    /// Reads a node at a server with a client of its own; what it holds, if it is there.
    ///
    /// # Errors
    ///
    /// The server does not answer.
    pub fn read(&mut self, server: NodeId, path: &str, sync: bool) -> Outcome<Option<String>> {
        let client = format!("reader at {server}");
        // A fresh connection each time: one that the server is about to close would answer nothing.
        self.clients.remove(&client);
        if sync {
            self.ask(&client, server, &Request::Sync { path: path.to_owned() })?;
            match self.answer(&client)? {
                Answer::Done { .. } => {}
                other => return Err(Trouble::Story(format!("sync at {server}: {other:?}"))),
            }
        }
        self.ask(&client, server, &Request::Get { path: path.to_owned() })?;
        match self.answer(&client)? {
            Answer::Done { found, .. } => Ok(found.data),
            Answer::Refused { code: NO_NODE, .. } => Ok(None),
            other => Err(Trouble::Story(format!("read of {path} at {server}: {other:?}"))),
        }
    }
}

/// Waits for an answer to a client.
pub(super) fn await_answer(
    board: &Board,
    patience: Duration,
    client: &str,
    call: Call,
) -> Outcome<Answer> {
    let answer = board.wait(patience, |state| state.clients.get(call).cloned());
    let answer =
        answer.ok_or_else(|| Trouble::Story(format!("{client} waits in vain for an answer")))?;
    board.tell(&format!("client {client} is told: {answer:?}"));
    Ok(answer)
}
