//! What can be waited for: states that are observed at a process, at a disk, at a packet.

use super::super::board::{LOOK_AGAIN, State};
use super::super::client::last_applied;
use super::super::gate::Signal;
use super::super::link::Fate;
use super::super::matter::{Files, Messages, Operation};
use super::super::server::Role;
use super::{Ensemble, Outcome, Trouble};
use std::fmt;
use std::time::Duration;
use zab_core::{NodeId, Zxid};

/// How long a virtual machine may take to say what its threads do.
const DUMP: Duration = Duration::from_millis(300);

/// A state of one server, or of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The server has this role.
    Role(NodeId, Role),
    /// The server serves clients.
    Serves(NodeId),
    /// The last record on the server's disk, written or synced, has this zxid.
    Log(NodeId, Zxid),
    /// A record with this zxid would survive a power failure.
    Durable(NodeId, Zxid),
    /// A record with this zxid is on the server's disk, written or synced.
    Logged(NodeId, Zxid),
    /// No record with this zxid is on the server's disk. Holds from the start or never.
    NotLogged(NodeId, Zxid),
    /// `acceptedEpoch` on disk.
    AcceptedEpoch(NodeId, u32),
    /// `currentEpoch` on disk.
    CurrentEpoch(NodeId, u32),
    /// A thread of the server stands at such a file operation.
    AtFile(NodeId, Files),
    /// Such a file operation has failed, because it was to.
    Failed(NodeId, Files),
    /// A thread of the server is in a Java method, as the virtual machine says when it is asked.
    In(NodeId, String),
    /// A thread of this name stands.
    Stopped(NodeId, String),
    /// The server's log has a line with these words.
    Says(NodeId, String),
    /// The server has applied a transaction, and what it holds in memory ends with it or later.
    Applied(NodeId, Zxid),
    /// Such a packet was sent, and has come to this, if anything is asked.
    Message(Messages, Option<Fate>),
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(server, Role::Down) => write!(f, "{server} to end"),
            Self::Role(server, role) => write!(f, "{server} to be {role:?}"),
            Self::Serves(server) => write!(f, "{server} to serve clients"),
            Self::Log(server, zxid) => write!(f, "the log of {server} to end with {zxid}"),
            Self::Durable(server, zxid) => write!(f, "{zxid} to be durable at {server}"),
            Self::Logged(server, zxid) => write!(f, "{zxid} in the log of {server}"),
            Self::NotLogged(server, zxid) => write!(f, "no {zxid} in the log of {server}"),
            Self::AcceptedEpoch(server, epoch) => write!(f, "accepted epoch {epoch} at {server}"),
            Self::CurrentEpoch(server, epoch) => write!(f, "current epoch {epoch} at {server}"),
            Self::AtFile(server, files) => write!(f, "{server} to stand at {files}"),
            Self::Failed(server, files) => write!(f, "{files} of {server} to fail"),
            Self::In(server, method) => write!(f, "a thread of {server} in {method}"),
            Self::Stopped(server, thread) => write!(f, "thread {thread} of {server} to stand"),
            Self::Says(server, words) => write!(f, "{server} to say \"{words}\""),
            Self::Applied(server, zxid) => write!(f, "{server} to have applied {zxid}"),
            Self::Message(messages, None) => write!(f, "{messages} to be sent"),
            Self::Message(messages, Some(fate)) => {
                write!(f, "{messages} to be {}", format!("{fate:?}").to_lowercase())
            }
        }
    }
}

impl Ensemble {
    /// Waits for a state.
    ///
    /// # Errors
    ///
    /// It does not come.
    pub fn wait(&self, condition: &Condition) -> Outcome<()> {
        let seen = match condition {
            Condition::In(server, method) => self.wait_for_method(*server, method),
            Condition::Applied(server, zxid) => self.wait_for_applied(*server, *zxid),
            _ => self.board.wait(self.patience, |state| self.holds(state, condition).then_some(())),
        };
        if seen.is_some() {
            self.board.tell(&format!("  seen: {condition}"));
            return Ok(());
        }
        Err(self.in_vain(&condition.to_string()))
    }

    /// Something was waited for as long as anything is.
    pub(super) fn in_vain(&self, what: &str) -> Trouble {
        let states: Vec<String> = self.all().iter().map(|one| self.describe(*one)).collect();
        let seconds = self.patience.as_secs();
        let states = states.join("; ");
        Trouble::Story(format!("waited {seconds} s in vain for {what} ({states})"))
    }

    /// Asks what every thread does, again and again, until one is in this method.
    fn wait_for_method(&self, server: NodeId, method: &str) -> Option<()> {
        self.ask_again(|| {
            let asked = self.board.change(|state| {
                let pid = state.life(server).pid?;
                state.files.signal(server, pid, pid, Signal::Dump).ok()?;
                Some(state.life(server).lines.len())
            })?;
            let seen = self.board.wait(DUMP, |state| {
                let lines = state.life(server).lines.get(asked..)?;
                lines.iter().any(|line| line.contains(method)).then_some(())
            });
            Some(seen.is_some())
        })
    }

    /// Asks what it has applied last, again and again, until that is it.
    fn wait_for_applied(&self, server: NodeId, zxid: Zxid) -> Option<()> {
        let port = self.server(server).address.client;
        self.ask_again(|| {
            let is_so = last_applied(port).is_some_and(|last| last >= zxid);
            if !is_so {
                let _ = self.board.wait(LOOK_AGAIN, |_| None::<()>);
            }
            Some(is_so)
        })
    }

    /// Asks until the answer is yes, as long as anything is waited for. `None` for an answer means that
    /// nobody is there to ask.
    fn ask_again(&self, ask: impl Fn() -> Option<bool>) -> Option<()> {
        let begun = self.board.elapsed();
        while self.board.elapsed() - begun < self.patience {
            if ask()? {
                return Some(());
            }
        }
        None
    }

    /// Whether it is so now.
    pub(super) fn holds(&self, state: &mut State, condition: &Condition) -> bool {
        match condition {
            Condition::Role(server, role) => state.life(*server).role == *role,
            Condition::Serves(server) => state.life(*server).serves,
            Condition::Log(server, zxid) => self.server(*server).logged().last() == Some(zxid),
            Condition::Durable(server, zxid) => {
                // A file that was cut may still have it on the disk.
                let file = self.server(*server).log_with(*zxid);
                file.is_some_and(|file| state.disks[server.index()].has_durable(&file, *zxid))
            }
            Condition::Logged(server, zxid) => self.server(*server).logged().contains(zxid),
            Condition::NotLogged(server, zxid) => !self.server(*server).logged().contains(zxid),
            Condition::AcceptedEpoch(server, epoch) => {
                self.server(*server).epochs().0 == Some(*epoch)
            }
            Condition::CurrentEpoch(server, epoch) => {
                self.server(*server).epochs().1 == Some(*epoch)
            }
            Condition::AtFile(server, files) => state.files.waiting.iter().any(|at| {
                at.server == *server
                    && at.what.operation != Operation::Stop
                    && files.covers(&at.what)
            }),
            Condition::Failed(server, files) => {
                let failed = &state.files.failed;
                failed.iter().any(|at| at.server == *server && files.covers(&at.what))
            }
            Condition::In(..) | Condition::Applied(..) => false,
            Condition::Stopped(server, thread) => state.files.waiting.iter().any(|at| {
                at.server == *server && at.what.operation == Operation::Stop && at.thread == *thread
            }),
            Condition::Says(server, words) => {
                state.life(*server).lines.iter().any(|line| line.contains(words))
            }
            Condition::Message(messages, fate) => {
                self.admit(state, messages);
                state.packets.any(messages, *fate)
            }
        }
    }

    /// A server's state in one line.
    pub fn describe(&self, server: NodeId) -> String {
        let life = self.board.look().life(server).clone();
        let serves = if life.serves { ", serves" } else { "" };
        let files = self.server(server).describe_files();
        format!("{server} is {:?}{serves}, {files}", life.role).replace("is Down", "is down")
    }
}
