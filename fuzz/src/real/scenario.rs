//! A scenario: what is done to an ensemble and waited for, line by line, and what is claimed of its
//! end. A text that people write by hand.
//!
//! ```text
//! # The first line of comment is the title.
//! servers 3                         3, 5 or 7; S0 to S2, and S2 leads epoch 1
//! set preAllocSize 64               a line of zoo.cfg
//! property zookeeper.x y            a system property
//! patience 20                       seconds that anything is waited for
//! directories strict                an fsync of a file does nothing for its name; `lenient` if left out
//! ```
//!
//! | verb | |
//! |---|---|
//! | `boot` | start all for the first time; what they wrote is durable |
//! | `start S0 …`, `kill S0 …`, `power S0 …`, `settle S0 …`, `journal S0 …`, `blank S0 …` | power: kill, then every file as its last fsync left it; settle: the kernel writes everything back; journal: the file system commits names, as it does every few seconds; blank: who is down has an empty disk |
//! | `install S0 … new`, `… old` | what starts next is of the release that servers are upgraded to, or of the one with which they boot |
//! | `hold S0 … log write`, `release …` | a file operation: `log`, `snapshot`, `acceptedEpoch`, `currentEpoch` or `any`, and `open`, `write` (`append`: of records), `fsync`, `truncate`, `rename`, `remove`, or none for all |
//! | `hold S0 … thread NAME`, `release …` | threads, by their native name |
//! | `hold ACK <1,4> S0 > S2`, `release …` | a message, with or without a zxid; votes are `NOTIFICATION` |
//! | `fail S0 … log fsync EIO`, `mend S0 … log fsync` | a file operation fails: `EIO`, `ENOSPC`, `EROFS` |
//! | `gate` | from now on no packet passes, no vote is heard, no log is written and no end of a connection is seen unless a line says so |
//! | `pass ACK <1,4> S0 > S2` | this packet, the next one on its way |
//! | `vote S0 S2 …`, `mute S0 …` | these hear each other's votes; nobody hears these any more |
//! | `write S0 <1,4>`, `flush S0 <1,4>` | the log, up to this record: not forced to the disk, or forced |
//! | `end S0 > S2` | S0 sees its connections with S2 end; S2 does not |
//! | `recover` | everything passes, who is down starts, and all are waited for |
//! | `cut S0 S1`, `cut S0 > S1`, `heal S0 S1`, `heal`, `reset S0 S1` | connections; one way: nothing arrives |
//! | `connect c0 S2` | open a client's session |
//! | `ask c0 S2 create /x 1` | a request, left open: `create`, `set`, `delete`, `get`, `sync`; `x*1000` are a thousand x |
//! | `answer c0`, `answer c0 1`, `unanswered c0` | its answer, which has to be good, and this; there is none so far |
//! | `do c0 S2 create /x 1` | `ask` and `answer` |
//! | `queue c0 S2 /lock 4`, `pause c0`, `move c0 S1` | a client queues for a lock, in a session that ends when the servers hear nothing of it for 4 s; it stands still, so that they do; it goes on in its session at another server |
//! | `holds c0`, `waits c0` | it has the lock, or not, as its server says after `sync` |
//! | `read S2 /x 1`, `sync-read S2 /x -` | a value, or `-` for none |
//! | `wait S0 … looking`, `following`, `leading`, `down`, `serves` | what a server is |
//! | `wait S0 … log <1,4>`, `logged <1,4>`, `not-logged <1,4>`, `durable <1,4>` | the log's end; a record in it; one that power does not take |
//! | `wait S0 … acceptedEpoch 2`, `currentEpoch 2` | on disk |
//! | `wait S0 … held log write`, `held thread NAME` | a thread stands |
//! | `wait S0 … failed log write` | it has failed, because it was to |
//! | `wait S0 … in Leader.lead` | a thread is in this Java method |
//! | `wait S0 … says WORDS` | a line of the server's log |
//! | `wait ACK <1,4> S0 > S2`, `… held`, `… passed`, `… lost` | a message was sent; what became of it |
//!
//! `all` names every server. At the end every server that runs is read after `sync`, and has to be
//! as claimed: `claim lost /x 1` (1 was acknowledged or read, and the leader lacks it and a majority
//! with it), `claim differ /x` (servers answer differently) or `claim held-twice /lock` (two clients in
//! that queue have the lock at the same time, each at its server).
//!
//! A line that begins with `-` is left out in the **control**, one that begins with `+` is only in
//! the control, which differs by one verb (what only looks apart) and in which every server has to
//! keep what is claimed to be lost.

mod parse;

pub use parse::Error;

use super::client::Answer;
use super::disk::Journaled;
use super::ensemble::{Condition, Setup};
use super::jute::client::Request;
use super::matter::{Files, Messages, Way};
use std::time::Duration;
use zab_core::variant::Release;
use zab_core::{NodeId, Zxid};

/// What is done, or waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Start all for the first time.
    Boot,
    /// Start processes.
    Start(Vec<NodeId>),
    /// Have the next process of each be of this release.
    Install(Vec<NodeId>, Release),
    /// Kill processes.
    Kill(Vec<NodeId>),
    /// Fail their power.
    Power(Vec<NodeId>),
    /// Write back what they wrote.
    Settle(Vec<NodeId>),
    /// Have the file system commit its journal, or a part of it.
    Journal(Vec<NodeId>, Journaled),
    /// Remove log files that hold nothing, as an operator does, while they are down.
    Sweep(Vec<NodeId>),
    /// Put an empty disk in the place of theirs, while they are down.
    Blank(Vec<NodeId>),
    /// Hold file operations.
    HoldFiles(Vec<NodeId>, Files),
    /// Let them happen.
    ReleaseFiles(Vec<NodeId>, Files),
    /// Stop threads.
    HoldThread(Vec<NodeId>, String),
    /// Let them run.
    ReleaseThread(Vec<NodeId>, String),
    /// Hold messages.
    HoldMessages(Messages),
    /// Let them pass.
    ReleaseMessages(Messages),
    /// Have file operations fail.
    Fail(Vec<NodeId>, Files, u8),
    /// Have them succeed.
    Mend(Vec<NodeId>, Files),
    /// From now on nothing passes, and no log is written, but as far as a line says.
    Gate,
    /// Wait for a packet, and let it pass.
    Pass(Messages),
    /// Let servers hear each other's votes.
    Vote(Vec<NodeId>),
    /// Let nobody hear a server's votes, and it nobody's.
    Mute(Vec<NodeId>),
    /// Let a server write what it has to log, but not force it to the disk.
    Write(NodeId, Zxid),
    /// Let a server write its log, and force it to the disk, up to a record.
    Flush(NodeId, Zxid),
    /// One server sees its connections with another one end.
    End(Way),
    /// Let everything happen, start who is down, and wait for all who can serve.
    Recover,
    /// Cut a connection off.
    Cut(Way),
    /// Let nothing arrive on a way.
    Silence(Way),
    /// Heal a connection, or everything.
    Heal(Option<Way>),
    /// End connections.
    Reset(Way),
    /// Open a session.
    Connect(String, NodeId),
    /// Ask, and leave the request open.
    Ask(String, NodeId, Request),
    /// Wait for a good answer; perhaps for what it has to say a node holds.
    Answer(String, Option<Option<String>>),
    /// There is no answer yet.
    Unanswered(String),
    /// Ask and wait for a good answer.
    Do(String, NodeId, Request),
    /// What a client does that queues for a lock.
    Queuer(String, Queuer),
    /// Read, and find this.
    Read {
        /// Where.
        server: NodeId,
        /// Which node.
        path: String,
        /// What it has to hold; nothing if it may not be there.
        value: Option<String>,
        /// Whether `sync` comes first.
        sync: bool,
    },
    /// Wait for all of these.
    Wait(Vec<Condition>),
}

impl Verb {
    /// Whether it only looks, and so may be added to a control beside the verb that makes it one.
    const fn only_looks(&self) -> bool {
        matches!(
            self,
            Self::Wait(_)
                | Self::Unanswered(_)
                | Self::Read { .. }
                | Self::Answer(..)
                | Self::Queuer(_, Queuer::Holds(_))
        )
    }
}

/// What a client does that queues for a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Queuer {
    /// Takes its place, in a session that ends after this long without a sign of life.
    Queue(NodeId, String, Duration),
    /// Gives no sign of life.
    Pause,
    /// Goes on in its session at another server.
    Move(NodeId),
    /// Has the lock, or does not.
    Holds(bool),
}

/// In which executions of a scenario a line stands.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// In both.
    Both,
    /// Not in the control.
    Story,
    /// Only in the control.
    Control,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its number in the file, from 1.
    pub line: usize,
    /// As it is written.
    pub text: String,
    /// Where it stands.
    pub part: Part,
    /// What it says.
    pub verb: Verb,
}

/// What is claimed of the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// A value was acknowledged or read, and the leader lacks it and a majority with it.
    Lost {
        /// The node that held it.
        path: String,
        /// The value.
        value: String,
    },
    /// Servers answer differently.
    Differ {
        /// The node that they are asked for.
        path: String,
    },
    /// Two clients have a lock at the same time.
    HeldTwice {
        /// The node below which they queue.
        path: String,
    },
}

impl Claim {
    /// Whether clients are asked for it, not servers.
    pub const fn is_of_a_lock(&self) -> bool {
        matches!(self, Self::HeldTwice { .. })
    }

    /// The node that it is about.
    pub fn path(&self) -> &str {
        match self {
            Self::Lost { path, .. } | Self::Differ { path } | Self::HeldTwice { path } => path,
        }
    }
}

/// A scenario, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Its first line of comment.
    pub title: String,
    /// What it needs.
    pub setup: Setup,
    /// What is done.
    pub steps: Vec<Step>,
    /// What is claimed.
    pub claims: Vec<Claim>,
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    ///
    /// Line, what is wrong with it, and what it should be.
    pub fn parse(text: &str) -> Result<Self, Error> {
        parse::scenario(text)
    }

    /// The verbs that make the control, as they are written.
    pub fn difference(&self) -> Vec<&Step> {
        let differs = |step: &&Step| step.part != Part::Both && !step.verb.only_looks();
        self.steps.iter().filter(differs).collect()
    }

    /// The steps of the story or of its control.
    pub fn part(&self, control: bool) -> impl Iterator<Item = &Step> {
        let left_out = if control { Part::Story } else { Part::Control };
        self.steps.iter().filter(move |step| step.part != left_out)
    }
}

/// What a request, once it is answered, says that a node holds.
pub(crate) fn told(request: &Request, answer: &Answer) -> Option<(String, String)> {
    match (request, answer) {
        (Request::Create { path, data } | Request::Set { path, data, .. }, Answer::Done { .. }) => {
            Some((path.clone(), data.clone()))
        }
        (Request::Get { path }, Answer::Done { found, .. }) => {
            Some((path.clone(), found.data.clone()?))
        }
        _ => None,
    }
}
