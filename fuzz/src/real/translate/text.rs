//! The lines of a scenario, with the story as comments between them.

use super::end::waits_in_vain;
use crate::explain::Story;
use crate::oracle::Recording;
use zab_core::variant::Release;
use zab_core::{Key, Packet, Zxid};

/// A scenario on its way.
#[derive(Debug)]
pub(super) struct Text {
    head: Vec<String>,
    lines: Vec<String>,
    /// The story, the next step last: events before it, and its line.
    story: Vec<(usize, String)>,
    at_us: u64,
    /// Where lines were put before others.
    inserted: Vec<usize>,
}

/// A line, wherever it is once others were put before it.
#[derive(Copy, Clone, Debug, Default)]
pub(super) struct Place {
    /// Where it was.
    line: usize,
    /// How many lines had been put before others by then.
    inserted: usize,
}

impl Text {
    /// A scenario that begins as the model's executions do.
    pub(super) fn new(title: &str, recording: &Recording) -> Self {
        let story = Story::of(recording);
        let mut story: Vec<_> =
            story.moments.iter().map(|one| one.events).zip(story.lines()).collect();
        story.reverse();
        Self {
            head: head(title, recording),
            lines: Vec::new(),
            story,
            at_us: 0,
            inserted: Vec::new(),
        }
    }

    /// What follows happens at this time, when this number of events has been observed.
    pub(super) fn now(&mut self, events: usize, at_us: u64) {
        self.at_us = at_us;
        while self.story.last().is_some_and(|(before, _)| *before <= events) {
            let (_, line) = self.story.pop().expect("there is a last one");
            self.lines.push(format!("# {}", line.trim()));
        }
    }

    pub(super) const fn at_us(&self) -> u64 {
        self.at_us
    }

    pub(super) fn line(&mut self, line: String) {
        self.lines.push(line);
    }

    /// Where the next line will stand.
    pub(super) const fn place(&self) -> Place {
        Place { line: self.lines.len(), inserted: self.inserted.len() }
    }

    /// Puts a line before the one that stood at this place.
    pub(super) fn insert(&mut self, place: Place, line: String) {
        let since = &self.inserted[place.inserted..];
        let at = since.iter().fold(place.line, |at, before| at + usize::from(*before <= at));
        self.lines.insert(at, line);
        self.inserted.push(at);
    }

    /// The whole, with a claim at its end.
    pub(super) fn finish(self, claim: &str) -> String {
        let Self { mut head, lines, .. } = self;
        head.extend(lines);
        head.push("# Everything is healed.".to_owned());
        head.push("recover".to_owned());
        head.push(claim.to_owned());
        head.join("\n") + "\n"
    }
}

/// Settings, the boot, and the writes with which the model's boot ends.
fn head(title: &str, recording: &Recording) -> Vec<String> {
    let servers = recording.schedule.servers;
    let leader = servers - 1;
    let mut lines = vec![
        format!("# {title}"),
        format!("servers {servers}"),
        // A hold must never look like a failure, but where it is time that ends a leader.
        format!("set initLimit {}", if waits_in_vain(recording) { 30 } else { 300 }),
        "set syncLimit 300".to_owned(),
    ];
    if !recording.schedule.directories.are_lenient() {
        lines.push("directories strict".to_owned());
    }
    lines.push("boot".to_owned());
    let writes = super::client::boot_writes(recording);
    for (key, value) in &writes {
        lines.push(format!("do boot S{leader} create {} {value}", path(*key)));
    }
    if let Some((key, value)) = writes.last() {
        let last = Zxid::new(1, u32::try_from(writes.len()).unwrap_or(u32::MAX));
        lines.push(format!("wait all durable {}", zxid(last)));
        let reads = (0..servers).map(|id| format!("sync-read S{id} {} {value}", path(*key)));
        lines.extend(reads);
    }
    // What the boot has left is on every disk in the model, with its name.
    if !recording.schedule.directories.are_lenient() {
        lines.push("settle all".to_owned());
    }
    lines.push("gate".to_owned());
    lines
}

/// The lines of a scenario that do or wait for something.
pub(super) fn verbs(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with('#'))
}

/// What tells a scenario from others: its lines, and not how they are commented on.
pub fn checksum(scenario: &str) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for line in verbs(scenario) {
        let line = line.split('#').next().unwrap_or(line).trim_end();
        hasher.update(line.as_bytes());
        hasher.update(b"\n");
    }
    hasher.finalize()
}

/// A release as scenarios have it.
pub(super) const fn release(release: Release) -> &'static str {
    match release {
        Release::Old => "old",
        Release::New => "new",
    }
}

/// The node of a register.
pub(super) fn path(key: Key) -> String {
    format!("/{key}")
}

/// A zxid as scenarios have it.
pub(super) fn zxid(zxid: Zxid) -> String {
    format!("<{},{}>", zxid.epoch.0, zxid.counter)
}

/// The zxid in a packet's head, if it says anything.
pub(super) fn zxid_of(packet: &Packet) -> Option<String> {
    let of = match packet {
        Packet::FollowerInfo { accepted_epoch: epoch }
        | Packet::LeaderInfo { epoch }
        | Packet::NewLeader { epoch } => Zxid::of_epoch(*epoch),
        Packet::AckEpoch { last_zxid: zxid, .. }
        | Packet::Diff { zxid }
        | Packet::Trunc { zxid }
        | Packet::Commit(zxid)
        | Packet::Ack(zxid) => *zxid,
        Packet::Snap { replica } => replica.last_processed,
        Packet::Proposal(txn) => txn.zxid,
        Packet::UpToDate
        | Packet::Ping
        | Packet::Touched(_)
        | Packet::Revalidate { .. }
        | Packet::Revalidated { .. }
        | Packet::Request { .. }
        | Packet::Sync { .. } => return None,
    };
    Some(zxid(of))
}
