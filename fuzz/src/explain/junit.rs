//! A case as a JUnit test in Java, against ZooKeeper's main jar alone: one real follower, what its
//! leader sends it, and the promise that it makes too early.
//!
//! Committers merge tests, and a test of the whole ensemble is none that they would keep. What most
//! losses begin with is one promise of one server (`promise.rs`): it acknowledges NEWLEADER, or it
//! writes `currentEpoch`, and has not logged what that stands for. So the test starts this server as
//! the case has it when it comes to follow that leader, sends it the packets that reach it there, holds
//! its log from the first record on that the case holds back, and asks what a process would find
//! that is started from a copy of its disk, taken when the promise is made.
//!
//! It is written for JUnit 5, as ZooKeeper's own tests are since 3.7, and stands in their package.

mod promise;

use super::boxed;
use super::picture::Shown;
use super::text::ms;
use promise::{Follows, Kind, Promise, Step};
use std::fmt::Write as _;
use zab_core::{Change, Packet, Replica, Txn, Zxid};

/// What every such test consists of; the parts of a case stand between `@`.
const TEMPLATE: &str = include_str!("junit/Template.java");

/// Why most cases have no test.
const NO_PROMISE: &str = "no follower acknowledges NEWLEADER, or writes currentEpoch, before what is \
                          lost is on its disk, and a JUnit test is for such a promise";

/// The test, as the class of this name.
///
/// # Errors
///
/// What cannot be expressed, in one line.
pub fn render(shown: Shown<'_>, class: &str) -> Result<String, String> {
    let finding = &shown.story.finding;
    let Some(violation) = &finding.violation else {
        return Err("no rule is broken: there is nothing to test".to_owned());
    };
    if !shown.recording.schedule.workload.is_registers() {
        return Err("clients queue for a lock, and the test is of one server".to_owned());
    }
    let (promise, steps) = expressible(promise::of(shown.recording, finding))?;
    let title = javadoc(&boxed::title(finding, violation));
    let what = javadoc(&boxed::what(violation));
    let text = TEMPLATE
        .replace("@class@", class)
        .replace("@title@", &title)
        .replace("@what@", &what)
        .replace("@variant@", &javadoc(shown.variant))
        .replace("@command@", &javadoc(shown.command))
        .replace("@method@", promise.kind.method())
        .replace("@servers@", &shown.recording.schedule.servers.to_string())
        .replace("@leader@", &promise.way.leader.0.to_string())
        .replace("@disk@", &disk(&promise))
        .replace("@steps@", &steps);
    Ok(text)
}

/// The first promise whose way a test can go, and that way.
fn expressible(promises: Vec<Promise>) -> Result<(Promise, String), String> {
    let mut refused = None;
    for promise in promises {
        match script(&promise) {
            Ok(steps) => return Ok((promise, steps)),
            Err(what) => {
                let (server, leader) = (promise.server, promise.way.leader);
                let epoch = promise.epoch;
                refused
                    .get_or_insert(format!("{server} follows {leader} into epoch {epoch}: {what}"));
            }
        }
    }
    Err(refused.unwrap_or_else(|| NO_PROMISE.to_owned()))
}

/// What a class may be called.
pub fn is_class_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

impl Kind {
    const fn method(self) -> &'static str {
        match self {
            Self::Acknowledges => "newLeaderIsAcknowledgedWithItsHistoryOnDisk",
            Self::WritesEpoch => "currentEpochIsWrittenWithItsHistoryOnDisk",
        }
    }

    const fn observed(self) -> &'static str {
        match self {
            Self::Acknowledges => "acknowledged()",
            Self::WritesEpoch => "epochWritten",
        }
    }
}

/// A text inside a comment.
fn javadoc(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace("*/", "*&#47;").replace('@', "&#64;")
}

/// The server's files when it comes to follow its leader.
fn disk(promise: &Promise) -> String {
    let Follows { leader, since_us, files, .. } = &promise.way;
    let mut text = String::new();
    let (at, server) = (ms(*since_us), promise.server);
    let _ =
        writeln!(text, "        // {server} as it comes to follow {leader}, {at} after the boot.");
    let _ = writeln!(text, "        List<Transaction> snapshot = new ArrayList<>();");
    for line in snapshot(&files.snapshot()) {
        let _ = writeln!(text, "        snapshot.add({line});");
    }
    let _ = writeln!(text, "        List<Transaction> log = new ArrayList<>();");
    for txn in &files.log {
        let _ = writeln!(text, "        log.add({});", transaction(txn));
    }
    let [accepted, current] = [files.accepted, files.current].map(|epoch| epoch.0);
    let _ = writeln!(text, "        onDisk(snapshot, log, {accepted}, {current});");
    let _ = write!(text, "        start({});", hex(promise.missing[0]));
    text
}

/// What the server is sent, what it answers, and what it promises at the end.
fn script(promise: &Promise) -> Result<String, String> {
    if let Some(what) = promise.way.differs {
        return Err(what.to_owned());
    }
    let mut text = String::new();
    for step in &promise.way.steps {
        let line = match step {
            Step::Answers(packet) => answer(packet),
            Step::IsSent(packet) => sending(packet)?,
        };
        if let Some(line) = line {
            let _ = writeln!(text, "        {line}");
        }
    }
    let Promise { server, epoch, kind, .. } = promise;
    let what = match kind {
        Kind::Acknowledges => format!("{server} acknowledges NEWLEADER of epoch {epoch}"),
        Kind::WritesEpoch => format!("{server} writes currentEpoch {epoch}"),
    };
    let missing: Vec<_> = promise.missing.iter().copied().map(hex).collect();
    let _ =
        writeln!(text, "        // {what} at {}, without these on its disk.", ms(promise.at_us));
    let (observed, missing) = (kind.observed(), missing.join(", "));
    let _ = write!(text, "        assertFound(\"{what}\", {observed}, {missing});");
    Ok(text)
}

/// A line for what the server answers, if its leader waits for it.
fn answer(packet: &Packet) -> Option<String> {
    let zxid = match packet {
        Packet::FollowerInfo { accepted_epoch } => Zxid::of_epoch(*accepted_epoch),
        Packet::AckEpoch { last_zxid, .. } => *last_zxid,
        _ => return None,
    };
    Some(format!("expect(Leader.{}, {});", packet.name(), hex(zxid)))
}

/// A line for what the server is sent.
fn sending(packet: &Packet) -> Result<Option<String>, String> {
    let zxid = match packet {
        Packet::LeaderInfo { epoch } | Packet::NewLeader { epoch } => Zxid::of_epoch(*epoch),
        Packet::Diff { zxid } | Packet::Commit(zxid) => *zxid,
        Packet::Proposal(txn) => return Ok(Some(format!("propose({});", transaction(txn)))),
        Packet::Ping | Packet::Sync { .. } => return Ok(None),
        _ => return Err(format!("it is sent {}, and the test has DIFF alone", packet.name())),
    };
    Ok(Some(format!("send(Leader.{}, {});", packet.name(), hex(zxid))))
}

/// A transaction; registers are there from the start, nodes are created, and begin with version 0.
fn transaction(txn: &Txn) -> String {
    let zxid = hex(txn.zxid);
    match txn.change {
        Change::Set { key, value, version: 0 | 1 } => {
            format!("create({zxid}, \"/{key}\", {value})")
        }
        Change::Set { key, value, version } => {
            format!("set({zxid}, \"/{key}\", {value}, {})", version - 1)
        }
        // A test of one server has no clients: what a session asks for is a transaction like another.
        _ => format!("rejected({zxid})"),
    }
}

/// The transactions that lead to a snapshot.
fn snapshot(replica: &Replica) -> Vec<String> {
    let zxid = hex(replica.last_processed);
    let written = replica.registers.iter().enumerate().filter(|(_, one)| one.version > 0);
    written
        .flat_map(|(key, one)| {
            let create = format!("create({zxid}, \"/k{key}\", {})", one.value);
            let set = format!("set({zxid}, \"/k{key}\", {}, {})", one.value, one.version - 1);
            [Some(create), (one.version > 1).then_some(set)].into_iter().flatten()
        })
        .collect()
}

fn hex(zxid: Zxid) -> String {
    format!("0x{:x}{:08x}L", zxid.epoch.0, zxid.counter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zxid_is_written_as_java_has_it() {
        assert_eq!(hex(Zxid::new(2, 1)), "0x200000001L");
        assert_eq!(hex(Zxid::new(0x10, 0xff)), "0x10000000ffL");
    }

    #[test]
    fn nothing_ends_a_comment() {
        assert_eq!(javadoc("<1, 2> */ @see"), "&lt;1, 2&gt; *&#47; &#64;see");
    }

    #[test]
    fn a_class_is_called_as_java_allows() {
        assert!(is_class_name("Zookeeper4646Test") && is_class_name("_1"));
        assert!(!is_class_name("4646") && !is_class_name("a-b") && !is_class_name(""));
    }
}
