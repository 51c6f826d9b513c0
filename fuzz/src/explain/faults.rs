//! The faults of a schedule in words: what each does, for how long, and when it ends.
//!
//! The evidence says when a fault takes effect, the schedule says what it is.

use super::text::span;
use zab_core::NodeId;
use zab_sim::schedule::{CrashMode, Files, StallTarget};
use zab_sim::{Act, Action, Schedule};

/// The faults of a schedule that are not told yet, and the ends of those in force.
#[derive(Debug)]
pub(super) struct Faults {
    /// In order of time.
    waiting: Vec<Action>,
    ends: Vec<End>,
}

/// When a fault in force ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) at_us: u64,
    pub(super) text: String,
    /// It is a fault of the process of this server, and ends with it.
    process: Option<u8>,
}

/// A fault that takes effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Begun {
    pub(super) text: String,
    /// What becomes of a disk, if it lost its power.
    pub(super) kept: Option<String>,
    /// The action of the schedule that it comes from, if there is one.
    pub(super) act: Option<Act>,
}

/// What takes effect: as the evidence names it.
#[derive(Copy, Clone, Debug)]
pub(super) enum Effect {
    Named(&'static str),
    PowerLoss,
    Kill,
}

impl Faults {
    pub(super) fn new(schedule: &Schedule) -> Self {
        let mut waiting: Vec<Action> = schedule.actions.iter().flat_map(turns).collect();
        waiting.sort_by_key(|action| action.at_us);
        Self { waiting, ends: Vec::new() }
    }

    /// The words for a fault that takes effect now, and what becomes of it.
    pub(super) fn begin(&mut self, at_us: u64, node: Option<NodeId>, effect: Effect) -> Begun {
        let is_it = |action: &Action| action.at_us <= at_us && is_about(action.act, node, effect);
        let Some(at) = self.waiting.iter().rposition(is_it) else {
            return Begun { text: unplanned(node, effect), kept: None, act: None };
        };
        let act = self.waiting.remove(at).act;
        self.note_end(at_us, act);
        let kept = match act {
            Act::PowerLoss { disk, .. } => Some(kept(disk)),
            _ => None,
        };
        Begun { text: in_words(act), kept, act: Some(act) }
    }

    fn note_end(&mut self, at_us: u64, act: Act) {
        let Some(text) = end_in_words(act) else {
            return;
        };
        let process = match act {
            Act::StallNode { server, .. } | Act::StallActor { server, .. } => Some(server),
            _ => None,
        };
        let end = End { at_us: at_us + act.span_us(), text, process };
        match self.ends.iter_mut().find(|other| other.text == end.text) {
            Some(other) => other.at_us = other.at_us.max(end.at_us),
            None => self.ends.push(end),
        }
    }

    /// The faults that end until this instant, in order of time.
    pub(super) fn ended(&mut self, until_us: u64) -> Vec<End> {
        let mut ended: Vec<End> = self.ends.extract_if(.., |end| end.at_us <= until_us).collect();
        ended.sort_by_key(|end| end.at_us);
        ended
    }

    /// The process of this server is gone, and what held it back with it.
    pub(super) fn forget_process(&mut self, node: NodeId) {
        self.ends.retain(|end| end.process != Some(node.0));
    }

    /// Every fault ends at once.
    pub(super) fn heal(&mut self) {
        self.ends.clear();
    }
}

/// The servers of a swizzle are isolated one after the other; in which order, the evidence tells.
fn turns(action: &Action) -> Vec<Action> {
    match action.act {
        Act::Swizzle { mask, for_us } => (0..8)
            .filter(|server| mask >> server & 1 != 0)
            .map(|server| Action { act: Act::Isolate { server, for_us }, ..*action })
            .collect(),
        _ => vec![*action],
    }
}

fn is_about(act: Act, node: Option<NodeId>, effect: Effect) -> bool {
    let (server, name) = match act {
        Act::PowerLoss { server, .. } => {
            return matches!(effect, Effect::PowerLoss) && node == Some(NodeId(server));
        }
        Act::Kill { server, .. } | Act::Upgrade { server, .. } | Act::BlankDisk { server, .. } => {
            return matches!(effect, Effect::Kill) && node == Some(NodeId(server));
        }
        Act::HealAll => return matches!(effect, Effect::Named("heal all")),
        Act::Client { .. } | Act::Swizzle { .. } | Act::WriteBack { .. } | Act::Purge { .. } => {
            return false;
        }
        Act::StepDown { server } => (server, "step-down"),
        Act::Cut { from, .. } => (from, "cut"),
        Act::Isolate { server, .. } => (server, "isolated"),
        Act::Clog { from, open_only: false, .. } => (from, "clog"),
        Act::Clog { from, open_only: true, .. } => (from, "connections clogged"),
        Act::Reset { a, .. } => (a, "connection reset"),
        Act::StallNode { server, .. } => (server, "process stalled"),
        Act::StallDisk { server, .. } => (server, "disk stalled"),
        Act::FlushError { server, .. } => (server, "flushes fail"),
        Act::WriteError { server, .. } => (server, "writes fail"),
        Act::DiskFull { server, .. } => (server, "disk full"),
        Act::ReadOnly { server, .. } => (server, "disk read-only"),
        Act::Skew { server, .. } => (server, "clock skew"),
        Act::StallActor { server, actor, .. } => (
            server,
            match actor {
                StallTarget::Receiver => "receiver stalled",
                StallTarget::LogWriter => "log writer stalled",
                StallTarget::Committer => "committer stalled",
                StallTarget::Senders => "senders stalled",
            },
        ),
    };
    matches!(effect, Effect::Named(named) if named == name) && node == Some(NodeId(server))
}

const fn actor(target: StallTarget) -> &'static str {
    match target {
        StallTarget::Receiver => "receiver",
        StallTarget::LogWriter => "log writer",
        StallTarget::Committer => "committer",
        StallTarget::Senders => "senders to its learners",
    }
}

fn in_words(act: Act) -> String {
    let time = span(act.span_us());
    match act {
        Act::Isolate { server, for_us: 0 } => {
            format!("S{server} loses all its connections: they are reset")
        }
        Act::Isolate { server, .. } => format!("S{server} is isolated for {time}"),
        Act::Cut { from, to, for_us: 0, .. } => {
            format!("the connections between S{from} and S{to} are reset")
        }
        Act::Cut { from, to, both_ways: true, .. } => {
            format!("S{from} and S{to} are cut off from each other for {time}")
        }
        Act::Cut { from, to, .. } => {
            format!("what S{from} sends to S{to} is lost for {time}")
        }
        Act::Clog { from, to, open_only: false, .. } => {
            format!("what S{from} sends to S{to} is held up for {time}")
        }
        Act::Clog { from, to, open_only: true, .. } => {
            format!("what S{from} sends to S{to} on the connections open now is held up for {time}")
        }
        Act::Reset { a, b } => format!("the connections between S{a} and S{b} are reset"),
        Act::StallNode { server, .. } => format!("the process of S{server} stops for {time}"),
        Act::StallActor { server, actor: StallTarget::Senders, .. } => {
            format!("the senders of S{server} stop for {time}: its learners get nothing")
        }
        Act::StallActor { server, actor: target, .. } => {
            format!("the {} of S{server} stops for {time}", actor(target))
        }
        Act::StallDisk { server, .. } => {
            format!("the disk of S{server} completes nothing for {time}")
        }
        Act::Skew { server, per_mille, .. } => {
            let (percent, how) = (f64::from(per_mille.abs()) / 10.0, faster(per_mille));
            format!("the clock of S{server} runs {percent} % {how} for {time}")
        }
        Act::StepDown { server } => {
            format!("S{server} steps down, as after an exception in its main thread")
        }
        Act::HealAll => "every fault ends, and servers that are down start".to_owned(),
        Act::PowerLoss { server, down_us: 0, .. } => {
            format!("S{server} loses power for an instant")
        }
        Act::PowerLoss { server, .. } => format!("S{server} loses power for {time}"),
        Act::Upgrade { server, down_us, .. } => restart_in_words(server, "stopped", down_us),
        Act::Kill { server, down_us } => restart_in_words(server, "killed", down_us),
        Act::BlankDisk { server, down_us } => {
            restart_in_words(server, "killed, gets a new, empty disk", down_us)
        }
        Act::FlushError { .. }
        | Act::WriteError { .. }
        | Act::DiskFull { .. }
        | Act::ReadOnly { .. } => disk_trouble_in_words(act, &time),
        Act::Client { .. } | Act::Swizzle { .. } | Act::WriteBack { .. } | Act::Purge { .. } => {
            String::new()
        }
    }
}

fn disk_trouble_in_words(act: Act, time: &str) -> String {
    let as_long = |for_us| match for_us {
        0 => "until something fails".to_owned(),
        _ => format!("for {time}"),
    };
    match act {
        Act::FlushError { server, file, for_us: 0 } => {
            format!("the next flush of {} at S{server} fails", files(file))
        }
        Act::FlushError { server, file, .. } => {
            format!("no flush of {} at S{server} succeeds for {time}", files(file))
        }
        Act::WriteError { server, file, for_us: 0 } => {
            format!("the next write to {} at S{server} fails", files(file))
        }
        Act::WriteError { server, file, .. } => {
            format!("no write to {} at S{server} succeeds for {time}", files(file))
        }
        Act::DiskFull { server, file, for_us } => {
            format!("the disk of S{server} is full {}{}", as_long(for_us), on_disk(file))
        }
        Act::ReadOnly { server, file, for_us } => {
            format!("the disk of S{server} is read-only {}{}", as_long(for_us), on_disk(file))
        }
        _ => String::new(),
    }
}

fn restart_in_words(server: u8, ended: &str, down_us: u64) -> String {
    let when = if down_us == 0 { "at once".to_owned() } else { format!("after {}", span(down_us)) };
    format!("S{server} is {ended}, and starts again {when}")
}

const fn files(files: Files) -> &'static str {
    match files {
        Files::All => "any file",
        Files::Log => "the log",
        Files::Snapshot => "a snapshot",
        Files::AcceptedEpoch => "acceptedEpoch",
        Files::CurrentEpoch => "currentEpoch",
    }
}

/// Which files are on a disk, unless all are.
fn on_disk(on: Files) -> String {
    if on == Files::All { String::new() } else { format!(", that of {}", files(on)) }
}

const fn faster(per_mille: i16) -> &'static str {
    if per_mille < 0 { "slower" } else { "faster" }
}

fn kept(disk: CrashMode) -> String {
    match disk {
        CrashMode::LoseAll => "that is lost".to_owned(),
        CrashMode::KeepPrefix(count) => {
            format!("its disk keeps the first {count} of what each file waits for")
        }
        CrashMode::Torn => "the record being written is torn".to_owned(),
        CrashMode::KeepAll => "its disk keeps that all the same".to_owned(),
        CrashMode::EmptyLog => "that is lost; a new file of the log is there, and empty".to_owned(),
        CrashMode::ZeroedLog => {
            "that is lost; a new file of the log is there, and full of zeros".to_owned()
        }
    }
}

/// What is told when the time of a fault is over; nothing if it has no end of its own.
fn end_in_words(act: Act) -> Option<String> {
    if act.span_us() == 0 {
        return None;
    }
    Some(match act {
        Act::Isolate { server, .. } => format!("the isolation of S{server} ends"),
        Act::Cut { from, to, both_ways: true, .. } => {
            format!("the cut between S{from} and S{to} ends")
        }
        Act::Cut { from, to, .. } => format!("the cut from S{from} to S{to} ends"),
        Act::Clog { from, to, .. } => {
            format!("what S{from} sent to S{to} is delivered: the hold-up ends")
        }
        Act::StallNode { server, .. } => format!("the process of S{server} continues"),
        Act::StallActor { server, actor: StallTarget::Senders, .. } => {
            format!("the senders of S{server} continue")
        }
        Act::StallActor { server, actor: target, .. } => {
            format!("the {} of S{server} continues", actor(target))
        }
        Act::StallDisk { server, .. } => format!("the disk of S{server} works again"),
        Act::FlushError { server, file, .. } => {
            format!("{} at S{server} can be flushed again", files(file))
        }
        Act::WriteError { server, file, .. } => {
            format!("{} at S{server} can be written to again", files(file))
        }
        Act::DiskFull { server, file, .. } => {
            format!("the disk of S{server} has room again{}", on_disk(file))
        }
        Act::ReadOnly { server, file, .. } => {
            format!("the disk of S{server} can be written to again{}", on_disk(file))
        }
        Act::Skew { server, .. } => format!("the clock of S{server} runs as it should"),
        _ => return None,
    })
}

/// A fault that no action explains.
fn unplanned(node: Option<NodeId>, effect: Effect) -> String {
    let what = match effect {
        Effect::Named("record torn") => "the record that it was writing is torn",
        Effect::Named(name) => name,
        Effect::PowerLoss => "loses power",
        Effect::Kill => "is killed",
    };
    node.map_or_else(|| what.to_owned(), |node| format!("{node}: {what}"))
}
