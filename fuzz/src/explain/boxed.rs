//! The box with which every story ends: who had what at the instants that matter, who was told what,
//! and the verdict.

pub(super) mod words;

use super::finding::{Finding, Instant, Told, Why};
use super::text::{WIDTH, ms, push_wrapped};
use super::{Story, grid};
use std::collections::BTreeMap;
pub(super) use words::{broken, title, what};

use words::{asked, refused, told, why};
use zab_checker::custody::{Holding, OnDisk, ServerState, Servers};
use zab_checker::{Verdict, Violation};
use zab_core::{Key, NodeId, Zxid};

/// How wide a line inside the box is.
const INNER: usize = WIDTH - 4;

/// Operations of a session that are shown.
const SESSION_MAX: usize = 8;

/// Answers to clients that are shown for each instant.
const TOLD_MAX: usize = 6;

/// The box of a story.
pub fn render(story: &Story) -> String {
    let text = contents(story);
    let edge = "─".repeat(INNER + 2);
    let mut boxed = format!("┌{edge}┐\n");
    for line in text.lines() {
        let padding = " ".repeat(INNER.saturating_sub(line.chars().count()));
        boxed += &format!("│ {line}{padding} │\n");
    }
    boxed + &format!("└{edge}┘\n")
}

fn contents(story: &Story) -> String {
    let finding = &story.finding;
    let mut text = String::new();
    if let Some(violation) = &finding.violation {
        push(&mut text, "", &title(finding, violation));
        text.push('\n');
        for at in 0..finding.instants.len() {
            push_instant(&mut text, finding, at);
            text.push('\n');
        }
        push_session(&mut text, finding);
        push_conduct(&mut text, finding);
    }
    push_verdict(&mut text, story);
    text
}

/// Adds words, broken into lines that fit into the box.
fn push(text: &mut String, head: &str, words: &str) {
    push_wrapped(text, INNER, head, words);
}

fn push_instant(text: &mut String, finding: &Finding, at: usize) {
    let instant = &finding.instants[at];
    let Instant { why: reason, at_us, servers, .. } = instant;
    push(text, "", &format!("{}, {}: {}", reason.name(), ms(*at_us), why(finding, instant)));
    push_row(text, &grid::names("", servers));
    let is_loss = finding.loss().is_some();
    for (txn, holdings) in finding.subjects.iter().zip(&instant.holdings) {
        let which = if is_loss { String::new() } else { finding.name_of(txn) + " " };
        push_row(text, &grid::row(&format!("{which}on disk"), holdings.iter().map(on_disk)));
        push_row(text, &grid::row(&format!("{which}in memory"), holdings.iter().map(in_memory)));
    }
    if !is_loss {
        push_states(text, servers);
    }
    push_row(text, &grid::row("serves clients", servers.iter().map(serves)));
    if *reason == Why::End {
        push_reads(text, finding, servers);
    }
    for hole in grid::holes(servers) {
        push(text, "  ", &hole);
    }
    push_told(text, finding, at);
}

/// What clients were told of the subjects between the instant before and this one.
pub(super) fn news(finding: &Finding, at: usize) -> impl Iterator<Item = &Told> {
    let since_us = at.checked_sub(1).map(|before| finding.instants[before].at_us);
    let until_us = finding.instants[at].at_us;
    let is_news = move |told: &&Told| {
        told.at_us <= until_us && since_us.is_none_or(|since_us| told.at_us > since_us)
    };
    finding.told.iter().filter(is_news)
}

fn push_told(text: &mut String, finding: &Finding, at: usize) {
    let news: Vec<&Told> = news(finding, at).collect();
    let mut head = "  told: ";
    for news in news.iter().take(TOLD_MAX) {
        push(text, head, &told(finding, news));
        head = "        ";
    }
    if news.len() > TOLD_MAX {
        push(text, head, &format!("and {} more times", news.len() - TOLD_MAX));
    }
}

fn push_row(text: &mut String, row: &str) {
    text.push_str("  ");
    text.push_str(row);
    text.push('\n');
}

pub(super) fn on_disk(holding: &Holding) -> String {
    match holding.disk {
        OnDisk::No => "no",
        OnDisk::Unflushed => "unflushed",
        OnDisk::Durable => "durable",
    }
    .to_owned()
}

pub(super) fn in_memory(holding: &Holding) -> String {
    match holding.memory {
        Some(true) => "yes",
        Some(false) => "no",
        None => "-",
    }
    .to_owned()
}

pub(super) fn serves(server: &ServerState) -> String {
    match (server.serving, server.is_up) {
        (Some(epoch), _) => format!("epoch {epoch}"),
        (None, true) => "no".to_owned(),
        (None, false) => "-".to_owned(),
    }
}

/// What each server had apart from the subjects.
fn push_states(text: &mut String, servers: &Servers) {
    let epochs = |epoch: fn(&ServerState) -> zab_core::Epoch| {
        servers.iter().map(move |server| epoch(server).to_string())
    };
    push_row(text, &grid::row("accepted epoch", epochs(|server| server.accepted_epoch)));
    push_row(text, &grid::row("current epoch", epochs(|server| server.current_epoch)));
    push_row(text, &grid::row("last logged zxid", servers.iter().map(grid::last_logged)));
    push_row(text, &grid::row("last zxid in memory", servers.iter().map(grid::in_memory)));
    let leaders = (0..).map(NodeId).zip(servers).map(|(id, server)| leader(id, server));
    push_row(text, &grid::row("leader", leaders));
}

fn leader(id: NodeId, server: &ServerState) -> String {
    match server.leader {
        Some(leader) if leader == id => "itself".to_owned(),
        Some(leader) => leader.to_string(),
        None => "-".to_owned(),
    }
}

/// What this server answered in the end for this register.
pub(super) fn read_by(finding: &Finding, server: NodeId, key: Key) -> String {
    match finding.reads.iter().find(|read| (read.server, read.key) == (server, key)) {
        Some(read) if read.version == 0 => "nothing".to_owned(),
        Some(read) => read.value.to_string(),
        None => "-".to_owned(),
    }
}

/// What each server answered in the end for the registers that it is about.
fn push_reads(text: &mut String, finding: &Finding, servers: &Servers) {
    for key in finding.keys() {
        let answers = (0..).zip(servers).map(|(id, _)| read_by(finding, NodeId(id), key));
        push_row(text, &grid::row(&format!("reads {key} as"), answers.collect::<Vec<_>>()));
        let writers: BTreeMap<u32, Zxid> = finding
            .reads
            .iter()
            .filter(|read| read.key == key && read.version > 0)
            .filter_map(|read| Some((read.value, read.written?)))
            .collect();
        let writers: Vec<_> =
            writers.iter().map(|(value, by)| format!("{by} wrote {value}")).collect();
        if !writers.is_empty() {
            push(text, "  ", &writers.join(", "));
        }
    }
}

fn push_session(text: &mut String, finding: &Finding) {
    let Some(first) = finding.session.first() else {
        return;
    };
    push(text, "", &format!("What client {} asked and was told:", first.request.session));
    let skipped = finding.session.len().saturating_sub(SESSION_MAX);
    for one in &finding.session[skipped..] {
        push(text, &format!("{:>11}  ", ms(one.at_us)), &asked(one));
    }
    text.push('\n');
}

fn push_conduct(text: &mut String, finding: &Finding) {
    if !finding.is_about_service() {
        return;
    }
    push(text, "", "After every fault was healed:");
    for conduct in &finding.conduct {
        push(text, "  ", &conduct.sentence());
    }
    if let Some(end) = finding.instants.last() {
        for sentence in refused(&end.servers) {
            push(text, "  ", &sentence);
        }
    }
    text.push('\n');
}

fn push_verdict(text: &mut String, story: &Story) {
    let Finding { violation, hazards, traits, also, .. } = &story.finding;
    match (&story.verdict, violation) {
        (_, Some(violation)) => push(text, "=> ", &verdict(violation)),
        (Verdict::Unknown(reason), _) => push(text, "=> ", &format!("undecided: {reason}")),
        _ => push(text, "=> ", "valid: no rule is broken"),
    }
    if let Some(needed) = story.needed {
        push(text, "   ", &format!("it needs {needed}"));
    }
    push_broken(text, "which explains it:", hazards);
    push_broken(text, "also broken, in order of time:", also);
    push_broken(text, "from boot on, in any run of this variant:", traits);
}

/// The broken rule, in one sentence.
pub(super) fn verdict(violation: &Violation) -> String {
    let class = violation.class;
    let seen = if violation.is_client_visible() { "; a client's read shows it" } else { "" };
    format!("{class} ({}{seen}): {}", class.meaning(), what(violation))
}

fn push_broken(text: &mut String, head: &str, violations: &[Violation]) {
    if violations.is_empty() {
        return;
    }
    push(text, "   ", head);
    for violation in violations {
        push(text, "   - ", &broken(violation));
    }
}
