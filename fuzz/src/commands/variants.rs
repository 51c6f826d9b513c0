//! `zab variants`: what can be hunted.

mod detection;
mod known;
mod seen;

use super::output::Out;
use super::switches::Switches;
use super::{Exit, Failure};
use seen::{Sighting, Stored};
use serde_json::{Value, json};
use zab_core::variant::{
    CATALOGUE, Entry, Kind, Model, Named, Release, SWITCHES, Setting, Switch, bugs, issues, modeled,
};

/// List variants: releases, pull requests, single bugs, and which releases have them
///
/// With a name it lists the defects of that variant. A name is one of the list, any release in it
/// (zk-3.8.4, HEAD), an issue of ZooKeeper (ZOOKEEPER-4646, 4646), or one of these with switches
/// added or removed: zk-3.9.5-keeps-stale-acks, HEAD+late-apply, reference+shutdown=leak. Two of them, as in
/// zk-3.9.3:zk-3.9.5, are a rolling upgrade: all servers start as the first one, and each can be
/// restarted as the second one, and back. Case does not matter. A name that ends in .json is a file
/// with a patch of your own: docs/judge-your-patch.md.
///
/// --release lists the known bugs of a release; --symptom lists those that fit what you have seen.
///
/// Example: `cargo zab variants --release 3.8.4 --symptom "committed write missing after restart"`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// List the defects of this one
    #[arg(value_name = "V")]
    variant: Option<String>,
    #[command(flatten)]
    change: Switches,
    /// List every switch by the names that BASE+SWITCH, --with, --fix and --cause take
    #[arg(long, conflicts_with_all = ["variant", "with", "fix"])]
    switches: bool,
    /// List the known bugs of this release, as in 3.8.4: in which releases, and a case that shows each
    #[arg(long, value_name = "R", conflicts_with_all = ["variant", "with", "fix", "switches"])]
    release: Option<String>,
    /// List the known bugs that look like this, likeliest first
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["variant", "with", "fix", "switches"])]
    symptom: Option<String>,
    /// How long it takes to find each, beside what real servers showed, as a table in Markdown
    #[arg(long, conflicts_with_all = ["variant", "with", "fix", "switches", "release", "symptom"])]
    detection: bool,
}

pub(super) fn run(args: &Args, out: &Out) -> Result<Exit, Failure> {
    if args.switches {
        let all: Vec<_> = settings(SWITCHES.iter()).collect();
        list(&all, out);
        out.json(&all.iter().map(|(switch, setting)| switch_json(switch, setting)).collect());
        return Ok(Exit::Clean);
    }
    let stored = Stored::read()?;
    if args.detection {
        detection::show(&stored, out);
        return Ok(Exit::Clean);
    }
    if args.release.is_some() || args.symptom.is_some() {
        let found = known::select(args.symptom.as_deref(), args.release.as_deref())?;
        found.iter().for_each(|bug| known::show(bug, &stored, out));
        out.json(&found.iter().map(|bug| known::as_json(bug, &stored)).collect());
        return Ok(Exit::Clean);
    }
    let reference = || Named::from(&CATALOGUE[0]);
    if let Some(named) = args.change.of_or(args.variant.as_deref(), reference)? {
        let variants = named.variants();
        if let [_] = variants[..] {
            show(&named, args.variant.as_deref(), &stored, out);
            out.json(&as_json(&named, &stored));
        } else {
            variants.iter().for_each(|named| show(named, None, &stored, out));
            out.json(&variants.iter().map(|named| as_json(named, &stored)).collect());
        }
        return Ok(Exit::Clean);
    }
    let widest = CATALOGUE.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    for entry in CATALOGUE {
        let kind = name_of(entry.kind);
        out.line(format!("{:widest$}  {kind:9}  {}", entry.name, entry.summary));
        let seen = seen_in(&sightings(entry, &stored));
        out.remark(format!("{:widest$}  {:9}  in {}{seen}", "", "", affected(entry)));
    }
    for bug in bugs() {
        if let Model::Beyond { why, .. } = bug.model {
            out.line(format!("{:widest$}  {:9}  {}", bug.name, "beyond", bug.cause));
            out.remark(format!("{:widest$}  {:9}  in {}; {why}", "", "", bug.affects));
        }
    }
    out.json(&CATALOGUE.iter().map(|entry| as_json(&Named::from(entry), &stored)).collect());
    Ok(Exit::Clean)
}

/// Where an entry is found, with the issues that report it.
fn affected(entry: &Entry) -> String {
    match entry.jira {
        [] => entry.affects.to_owned(),
        jira => format!("{} ({})", entry.affects, issues(jira)),
    }
}

/// Where an entry was seen on real servers: a bug by cases that need it, a release by any.
fn sightings<'a>(entry: &Entry, stored: &'a Stored) -> Vec<Sighting<'a>> {
    match modeled().find(|bug| bug.name == entry.name) {
        Some(bug) => stored.of_bug(bug),
        None => stored.of_releases(&entry.releases()),
    }
}

fn seen_in(sightings: &[Sighting<'_>]) -> String {
    let releases = seen_releases(sightings);
    if releases.is_empty() { String::new() } else { format!("; seen in {}", releases.join(", ")) }
}

/// The releases on which something was seen.
fn seen_releases<'a>(sightings: &[Sighting<'a>]) -> Vec<&'a str> {
    let mut releases: Vec<&str> = sightings.iter().map(Sighting::release).collect();
    releases.dedup();
    releases
}

/// Every way to have each of these defects.
fn settings(
    switches: impl Iterator<Item = &'static Switch>,
) -> impl Iterator<Item = (&'static Switch, &'static Setting)> {
    switches.flat_map(|switch| switch.settings.iter().map(move |setting| (switch, setting)))
}

/// The defects of a variant, each in the way that it has it.
fn defects(named: &Named) -> Vec<(&'static Switch, &'static Setting)> {
    let variant = named.releases().of(Release::Old);
    named.switches().filter_map(|s| Some((s, s.setting(&variant)?))).collect()
}

fn show(named: &Named, asked: Option<&str>, stored: &Stored, out: &Out) {
    let Named { name, base, .. } = named;
    let is_entry = *name == base.name;
    let defects = defects(named);
    match asked {
        Some(asked) if !asked.eq_ignore_ascii_case(name) => out.line(format!("{asked} is {name}")),
        _ => out.line(name),
    }
    if is_entry {
        out.line(base.summary);
        out.line(format!("in {}", affected(base)));
        match modeled().find(|bug| bug.name == base.name) {
            Some(bug) => known::show(bug, stored, out),
            None => sightings(base, stored).iter().for_each(|one| out.line(one.sentence())),
        }
    } else {
        out.line(format!("{} is: {}, in {}", base.name, base.summary, affected(base)));
    }
    list(&defects, out);
}

/// A line for each switch: its name, the issues that report it, class and method.
fn list(settings: &[(&Switch, &Setting)], out: &Out) {
    let lines: Vec<_> = settings
        .iter()
        .map(|(switch, setting)| (switch.spelling_of(setting), issues(setting.jira), switch.java))
        .collect();
    let name = lines.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
    let jira = lines.iter().map(|(_, jira, _)| jira.len()).max().unwrap_or(0);
    for (spelling, numbers, java) in &lines {
        out.line(format!("  {spelling:name$}  {numbers:jira$}  {java}"));
    }
}

fn as_json(named: &Named, stored: &Stored) -> Value {
    let Named { name, kind, base, .. } = named;
    let switches = defects(named);
    let seen = if *name == base.name { sightings(base, stored) } else { Vec::new() };
    json!({
        "name": name,
        "base": base.name,
        "aliases": base.aliases,
        "kind": name_of(*kind),
        "summary": base.summary,
        "affects": base.affects,
        "releases": base.releases(),
        "confirmed": seen.iter().map(Sighting::as_json).collect::<Vec<_>>(),
        "defects": switches.iter().map(|(switch, _)| switch.name).collect::<Vec<_>>(),
        "switches": switches.iter().map(|(s, setting)| switch_json(s, setting)).collect::<Vec<_>>(),
    })
}

fn switch_json(switch: &Switch, setting: &Setting) -> Value {
    json!({ "name": switch.spelling_of(setting), "jira": setting.jira, "java": switch.java })
}

fn name_of(kind: Kind) -> String {
    format!("{kind:?}").to_lowercase()
}
