//! A patch of one's own: a file that names a base and what is changed about it.
//!
//! ```json
//! {
//!   "about": "ZOOKEEPER-4925: fill the committed log during the synchronization",
//!   "base": "zk-3.9.3",
//!   "fix": ["committed-log-skips-sync"],
//!   "with": [],
//!   "steps": ["log", "apply", "epoch", "ack"]
//! }
//! ```
//!
//! Everything but `base` may be left out. `steps` is the order in which a follower does what NEWLEADER
//! asks for; it says in one line what several switches say together.

use super::{edited, named, nearest};
use serde::Deserialize;
use zab_core::variant::{Named, SWITCHES};

/// The contents of the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Patch {
    /// What it is for people; nothing reads it.
    #[serde(default, rename = "about")]
    _about: String,
    base: String,
    #[serde(default)]
    with: Vec<String>,
    #[serde(default)]
    fix: Vec<String>,
    #[serde(default)]
    steps: Option<Vec<String>>,
}

/// What a follower does at NEWLEADER, and the call in `Learner.syncWithLeader`.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Step {
    /// `zk.appendRequest`, `zk.getTxnLogFactory().commit()`: appended and flushed by this thread.
    Log,
    /// `fzk.logRequest`: queued for the log writer.
    Queue,
    /// `zk.processTxn`: to memory.
    Apply,
    /// `self.setCurrentEpoch`.
    Epoch,
    /// `writePacket(ack)`.
    Ack,
}

const STEPS: [(&str, Step); 5] = [
    ("log", Step::Log),
    ("queue", Step::Queue),
    ("apply", Step::Apply),
    ("epoch", Step::Epoch),
    ("ack", Step::Ack),
];

/// The variant that the text of a file describes, or what is wrong with it, in one line.
pub(super) fn parse(text: &str) -> Result<Named, String> {
    let patch: Patch = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let base = named(&patch.base).map_err(|error| format!("`base`: {error}"))?;
    let (mut with, mut fix) = (patch.with, patch.fix);
    if let Some(steps) = &patch.steps {
        let (added, repaired) = switches(steps).map_err(|what| format!("`steps`: {what}"))?;
        with.extend(added);
        // What the steps decide, the base does not.
        fix.splice(0..0, repaired);
    }
    // Repairs first: what is repaired and added again is there.
    let named = edited(base, &[], &fix).map_err(|error| format!("`fix`: {error}"))?;
    edited(named, &with, &[]).map_err(|error| format!("`with`: {error}"))
}

/// The switches that this order of steps adds and repairs.
fn switches(steps: &[String]) -> Result<(Vec<String>, Vec<String>), String> {
    let steps = steps.iter().map(|word| step(word)).collect::<Result<Vec<_>, _>>()?;
    let place = |step| steps.iter().position(|known| *known == step);
    for (name, step) in STEPS {
        if steps.iter().filter(|known| **known == step).count() > 1 {
            return Err(format!("`{name}` stands there twice"));
        }
    }
    let (Some(epoch), Some(ack)) = (place(Step::Epoch), place(Step::Ack)) else {
        return Err("`epoch` and `ack` have to be among them".to_owned());
    };
    let log = match (place(Step::Log), place(Step::Queue)) {
        (Some(_), Some(_)) => return Err("`log` or `queue`, not both".to_owned()),
        (log, queue) => log.or(queue),
    };
    let apply = place(Step::Apply);
    if log.is_some_and(|log| log > ack) || apply.is_some_and(|apply| apply > ack) {
        return Err("`ack` comes after `log`, `queue` and `apply`: what it acknowledges".to_owned());
    }
    if apply.is_some_and(|apply| log.is_none_or(|log| apply < log)) {
        return Err(
            "`apply` comes after `log` or `queue`: what is applied has to be logged".to_owned()
        );
    }
    let mut with = Vec::new();
    if let Some(value) = match (place(Step::Log), place(Step::Queue)) {
        (Some(_), _) => None,
        (None, Some(_)) => Some("queued"),
        (None, None) => Some("nothing"),
    } {
        with.push(format!("new-leader-log={value}"));
    }
    // Whoever only queues has nothing on disk before the epoch, unless the epoch comes last.
    let logged = if place(Step::Queue).is_some() { log.map(|_| ack) } else { log };
    if logged.is_some_and(|logged| epoch < logged) {
        with.push("epoch-before-log".to_owned());
    } else if epoch > ack && place(Step::Queue).is_none() {
        with.push("epoch-after-ack".to_owned());
    } else if apply.is_some_and(|apply| log < Some(epoch) && epoch < apply) {
        with.push("apply-after-epoch".to_owned());
    }
    if apply.is_none() {
        with.push("late-apply".to_owned());
    }
    let decided = [
        "new_leader_log",
        "epoch_before_log",
        "epoch_after_ack",
        "apply_after_epoch",
        "late_apply",
    ];
    let decided = SWITCHES.iter().filter(|switch| decided.contains(&switch.name));
    Ok((with, decided.map(|switch| switch.spelling()).collect()))
}

fn step(word: &str) -> Result<Step, String> {
    let known = STEPS.iter().find(|(name, _)| *name == word.to_lowercase());
    known.map(|(_, step)| *step).ok_or_else(|| {
        let perhaps = nearest(word, STEPS.iter().map(|(name, _)| *name));
        let perhaps = perhaps.map_or(String::new(), |name| format!(", perhaps `{name}`"));
        format!("there is no step `{word}`{perhaps}: log, queue, apply, epoch, ack")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> String {
        parse(text).unwrap_or_else(|what| panic!("{text}: {what}")).name
    }

    fn name_of_steps(steps: &str) -> String {
        let words: Vec<_> = steps.split(' ').map(|word| format!("\"{word}\"")).collect();
        name(&format!("{{\"base\": \"reference\", \"steps\": [{}]}}", words.join(", ")))
    }

    #[test]
    fn a_patch_is_a_base_with_switches_more_or_less() {
        for (text, expected) in [
            (r#"{"base": "HEAD"}"#, "zk-3.9.5"),
            (r#"{"base": "3.9.3", "fix": ["4925"]}"#, "zk-3.9.3-committed-log-skips-sync"),
            (r#"{"base": "HEAD", "with": ["late_apply"], "about": "x"}"#, "zk-3.9.5+late-apply"),
            (r#"{"base": "3.8.4", "steps": ["log", "epoch", "ack"]}"#, "zk-3.9.2"),
        ] {
            assert_eq!(name(text), expected, "{text}");
        }
    }

    #[test]
    fn an_order_of_steps_is_the_switches_that_it_means() {
        for (steps, expected) in [
            ("log apply epoch ack", "reference"),
            ("log epoch apply ack", "reference+apply-after-epoch"),
            ("log apply ack epoch", "zookeeper-1282"),
            ("epoch log apply ack", "zookeeper-4643"),
            ("queue apply ack epoch", "zookeeper-4646"),
            ("epoch queue apply ack", "zookeeper-4685"),
            ("queue apply epoch ack", "zookeeper-4685"),
            ("log epoch ack", "zookeeper-3023"),
            ("epoch ack", "zookeeper-3911"),
        ] {
            assert_eq!(name_of_steps(steps), expected, "{steps}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_in_one_line_with_the_nearest_right_word() {
        for (text, said) in [
            (r#"{"base": "zk-3.9.9"}"#, "perhaps `zk-3.9.5`"),
            (
                r#"{"base": "HEAD", "with": ["late-aply"]}"#,
                "`with`: there is no switch `late-aply`, perhaps `late-apply`",
            ),
            (r#"{"base": "HEAD", "fxi": []}"#, "unknown field `fxi`, expected one of"),
            (r#"{"with": []}"#, "missing field `base`"),
            (
                r#"{"base": "HEAD", "steps": ["log", "epoc", "ack"]}"#,
                "no step `epoc`, perhaps `epoch`",
            ),
            (r#"{"base": "HEAD", "steps": ["log", "ack"]}"#, "`epoch` and `ack` have to be"),
            (
                r#"{"base": "HEAD", "steps": ["log", "log", "epoch", "ack"]}"#,
                "`log` stands there twice",
            ),
            (r#"{"base": "HEAD", "steps": ["log", "queue", "epoch", "ack"]}"#, "not both"),
            (r#"{"base": "HEAD", "steps": ["epoch", "ack", "log"]}"#, "`ack` comes after"),
            (
                r#"{"base": "HEAD", "steps": ["apply", "log", "epoch", "ack"]}"#,
                "`apply` comes after",
            ),
            ("base = HEAD", "line 1 column 1"),
        ] {
            let what = parse(text).expect_err("it is wrong");
            assert!(what.contains(said), "{text}: {what}");
            assert_eq!(what.lines().count(), 1, "{what}");
        }
    }
}
