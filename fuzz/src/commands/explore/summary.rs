//! How far an exploration is, and what it came to.

use super::super::output::Out;
use crate::explain::text::thousands;
use serde_json::{Value, json};
use std::path::PathBuf;
use zab_sim::explore::{End, Progress, Report, Setting, reductions};

/// How far it is.
pub(super) fn describe(progress: Progress, seconds: f64) -> String {
    let Progress { depth, states, frontier, next, .. } = progress;
    format!(
        "depth {depth}: {} states, {} a second, frontier {} and {}",
        thousands(states),
        thousands((states as f64 / seconds.max(1e-3)) as u64),
        thousands(frontier),
        thousands(next)
    )
}

/// How an exploration ended, what it cost, and what it left out.
pub(super) fn summarize(out: &Out, setting: &Setting, report: &Report, seconds: f64) {
    let Report { end, progress, widest } = report;
    let effort = format!(
        "{} states, {} steps, depth {}, {} judged at rest, {:.1} s, at most {} waiting",
        thousands(progress.states),
        thousands(progress.steps),
        progress.depth,
        thousands(progress.judged),
        seconds,
        thousands(*widest)
    );
    match end {
        End::Complete => out.good(format!("complete, nothing is left: {effort}")),
        End::Enough(what) => out.bad(format!("not complete, out of {what}: {effort}")),
        End::Found(_) => out.line(format!("after {effort}")),
    }
    if progress.undecided > 0 {
        out.bad(format!("{} states at rest were not decided", progress.undecided));
    }
    out.remark(format!(
        "two states were taken for one by chance with a probability of {:.0e}",
        (progress.states as f64).powi(2) / 2_f64.powi(65)
    ));
    out.remark("\nNot every order is tried:");
    for rule in reductions(setting.free) {
        let freed = rule.freed_by.map_or_else(String::new, |name| format!(" (--free {name})"));
        out.remark(format!("- {}{freed}:\n  {}", rule.what, rule.because));
    }
}

/// The same for programs.
pub(super) fn as_json(
    command: &str,
    setting: &Setting,
    report: &Report,
    seconds: f64,
    path: Option<&PathBuf>,
) -> Value {
    let Report { end, progress, widest } = report;
    let (ended, found) = match end {
        End::Complete => ("complete", None),
        End::Enough(what) => (*what, None),
        End::Found(found) => ("violation", Some(found)),
    };
    let rules =
        reductions(setting.free).map(|rule| json!({"what": rule.what, "because": rule.because}));
    json!({
        "command": command,
        "end": ended,
        "bounds": setting.bounds,
        "states": progress.states,
        "steps": progress.steps,
        "depth": progress.depth,
        "judged": progress.judged,
        "undecided": progress.undecided,
        "widest": widest,
        "seconds": seconds,
        "class": found.map(|found| found.violation.class.name()),
        "what": found.map(|found| found.violation.detail.to_string()),
        "trail": path.map(|path| path.display().to_string()),
        "reductions": rules.collect::<Vec<_>>(),
    })
}
