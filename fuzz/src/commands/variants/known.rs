//! Known bugs by what their victims see, and by release.

use super::super::output::Out;
use super::super::{CASES, Failure};
use super::seen::{Sighting, Stored};
use crate::variants::nearest;
use crate::verdict::medians;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use zab_checker::Class;
use zab_core::variant::{Bug, Model, bugs, issues, versions};

/// How many bugs a symptom is answered with at most.
const ANSWERS_MAX: usize = 8;

/// The bugs that are asked for, the likeliest first.
pub(super) fn select(
    symptom: Option<&str>,
    release: Option<&str>,
) -> Result<Vec<&'static Bug>, Failure> {
    let mut found: Vec<&Bug> = bugs().collect();
    if let Some(release) = release {
        let wanted = release.to_lowercase();
        let wanted = wanted.strip_prefix("zk-").unwrap_or(&wanted).to_owned();
        let all = versions::all();
        if !all.contains(&wanted) {
            let perhaps = nearest(&wanted, all.iter().map(String::as_str));
            let perhaps = perhaps.map_or(String::new(), |name| format!(", perhaps `{name}`"));
            let what = format!("there is no release `{release}`{perhaps}: 3.3.0 to 3.9.5, HEAD");
            return Err(Failure::usage(what));
        }
        found.retain(|bug| bug.releases().contains(&wanted));
    }
    if let Some(symptom) = symptom {
        let wanted = words(symptom);
        let mut ranked: Vec<_> =
            found.into_iter().map(|bug| (likeness(bug, &wanted), bug)).collect();
        ranked.retain(|(likeness, _)| *likeness > 0);
        // Of those that are as likely, the order of the catalogue.
        ranked.sort_by_key(|(likeness, _)| std::cmp::Reverse(*likeness));
        found = ranked.into_iter().map(|(_, bug)| bug).take(ANSWERS_MAX).collect();
        if found.is_empty() {
            let what = format!(
                "nothing is known by `{symptom}`: say what is lost or refused, and after what"
            );
            return Err(Failure::usage(what));
        }
    }
    Ok(found)
}

/// How many of the words describe the bug: what its victims see counts more than its cause.
fn likeness(bug: &Bug, wanted: &[String]) -> usize {
    let (symptom, cause) = (words(bug.symptom), words(bug.cause));
    let count = |words: &[String]| wanted.iter().filter(|word| words.contains(word)).count();
    2 * count(&symptom) + count(&cause)
}

/// The words of a text, without those that say nothing, and without their endings.
fn words(text: &str) -> Vec<String> {
    const SAY_NOTHING: [&str; 24] = [
        "a",
        "an",
        "the",
        "of",
        "is",
        "are",
        "was",
        "in",
        "at",
        "to",
        "and",
        "or",
        "it",
        "its",
        "that",
        "which",
        "has",
        "have",
        "zookeeper",
        "my",
        "by",
        "for",
        "after",
        "then",
    ];
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.filter(|word| !SAY_NOTHING.contains(word)).map(stem).collect()
}

/// A word as far as it is the same in `lost`, `losing` and `loses`, `restart` and `restarted`; what
/// people call one thing is one word.
fn stem(word: &str) -> String {
    let word = match word {
        "missing" | "gone" | "lose" | "loses" | "losing" | "loss" | "disappeared" | "vanished" => {
            "lost"
        }
        "data" | "txn" | "txns" | "transaction" | "transactions" | "znode" | "znodes" | "node"
        | "nodes" => "write",
        "committed" | "acked" | "confirmed" => "acknowledged",
        "crash" | "crashes" | "crashed" | "reboot" | "rebooted" => "restart",
        "outage" | "powercut" => "power",
        "failure" | "failures" | "failing" => "fail",
        "boot" | "launch" | "startup" => "start",
        "inconsistent" | "inconsistency" | "diverge" | "divergence" => "differently",
        word => word,
    };
    ["ing", "ed", "es", "s"]
        .iter()
        .find_map(|ending| word.strip_suffix(ending).filter(|rest| rest.len() > 2))
        .unwrap_or(word)
        .to_owned()
}

/// The clearest stored case that shows a bug by itself, if there is one here.
fn case(bug: &Bug) -> Option<PathBuf> {
    let name = match bug.model {
        Model::Switches { .. } => bug.name,
        Model::Beside { bug, .. } => bug,
        Model::Beyond { .. } => return None,
    };
    let paths = Class::ALL.iter().map(|class| Path::new(CASES).join(class.name()));
    paths.map(|folder| folder.join(format!("{name}.json"))).find(|path| path.is_file())
}

/// The scenario for real servers that is told of a bug, if there is one here.
fn scenario(bug: &Bug) -> Option<PathBuf> {
    let path = Path::new("fuzz/scenarios").join(format!("{}.txt", bug.name));
    path.is_file().then_some(path)
}

/// Tells everything about a bug.
pub(super) fn show(bug: &Bug, stored: &Stored, out: &Out) {
    out.line(format!("{bug}: {}", bug.cause));
    out.line(format!("    {}", bug.symptom));
    let affects = match bug.affects {
        "none" => "in no release".to_owned(),
        affects => format!("in {affects}; {}", bug.status()),
    };
    out.line(format!("    {affects}"));
    out.line(format!("    {}, {}", bug.java(), bug.source));
    out.line(match bug.model {
        Model::Beyond { why, .. } => format!("    beyond this model: {why}"),
        Model::Switches { .. } | Model::Beside { .. } => match case(bug) {
            Some(path) => format!("    cargo zab explain {}", path.display()),
            None => format!("    cargo zab hunt --variant {}", bug.name),
        },
    });
    if let Some(measured) = medians::of(&medians::stored(), bug) {
        out.line(format!("    {}", measured.sentence()));
    }
    if let Some(path) = scenario(bug) {
        out.line(format!("    cargo zab confirm {} --control", path.display()));
    }
    for one in stored.of_bug(bug) {
        out.line(format!("    {}", one.sentence()));
    }
}

pub(super) fn as_json(bug: &Bug, stored: &Stored) -> Value {
    let beyond = match bug.model {
        Model::Beyond { why, .. } => Some(why),
        Model::Switches { .. } | Model::Beside { .. } => None,
    };
    json!({
        "name": bug.name,
        "jira": bug.jira,
        "issues": issues(bug.jira),
        "cause": bug.cause,
        "symptom": bug.symptom,
        "affects": bug.affects,
        "releases": bug.releases(),
        "fixed": bug.fixed,
        "java": bug.java(),
        "known": bug.source.to_string(),
        "case": case(bug),
        "scenario": scenario(bug),
        "measured": medians::of(&medians::stored(), bug),
        "confirmed": stored.of_bug(bug).iter().map(Sighting::as_json).collect::<Vec<_>>(),
        "beyond": beyond,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(symptom: &str) -> &'static str {
        select(Some(symptom), None).expect("something is known by it")[0].name
    }

    #[test]
    fn a_bug_is_found_by_what_its_victims_see() {
        for (symptom, name) in [
            ("committed write missing after restart", "zookeeper-3911"),
            ("server does not start after an upgrade", "hole-guard"),
            ("leader election never ends", "zookeeper-1419"),
            ("NullPointerException in syncWithLeader", "zookeeper-4394"),
            ("rolling restart lost hundreds of writes", "snap-keeps-log"),
            ("power failure after kill", "unflushed-start"),
            ("accepted epoch is less than current epoch", "leads-unpromised"),
            ("read load on the leader", "sync-overlooks-unapplied"),
        ] {
            assert_eq!(first(symptom), name, "{symptom}");
        }
        for bug in bugs() {
            let answers = select(Some(bug.symptom), None).expect("it is its own");
            assert!(answers.iter().any(|answer| answer.name == bug.name), "{}", bug.name);
        }
        assert!(select(Some("xyzzy"), None).is_err());
    }

    #[test]
    fn a_release_has_its_bugs_and_a_wrong_one_gets_the_nearest() {
        let of = |release| {
            let bugs = select(None, Some(release)).expect("it is one");
            bugs.iter().map(|bug| bug.name).collect::<Vec<_>>()
        };
        assert_eq!(of("zk-3.8.4"), of("3.8.4"));
        let (old, new) = (of("3.8.4"), of("HEAD"));
        assert!(old.contains(&"zookeeper-4646") && !new.contains(&"zookeeper-4646"));
        assert!(old.contains(&"stale-ack") && new.contains(&"stale-ack"));
        assert!(of("3.3.2").contains(&"zookeeper-962"));
        let error = select(None, Some("3.8.9")).expect_err("there is none");
        assert!(error.what.contains("perhaps `3.8.6`"), "{}", error.what);
    }
}
