//! The judgment in words, and as JSON.

use super::super::output::Out;
use super::plain;
use serde_json::{Value, json};
use zab_checker::judge::{Counterexample, Report, Shown, Staleness, Verdict};
use zab_checker::record::Names;

/// Up to this many violations are shown to people.
const SHOWN_MAX: usize = 10;

/// Up to this many operations of each.
const OPERATIONS_MAX: usize = 20;

/// Writes the result.
pub(super) fn show(report: &Report, names: &Names, hint: Option<&str>, out: &Out) {
    out.remark(counts(report, names));
    let violations = report.violations().count();
    for example in report.violations().take(SHOWN_MAX) {
        show_violation(example, out);
    }
    if violations > SHOWN_MAX {
        out.line(format!("and {} violations more", violations - SHOWN_MAX));
    }
    for (key, reason) in report.undecided().take(SHOWN_MAX) {
        out.line(format!("unknown{}: {}", of_key(key), plain(reason)));
    }
    if report.is_empty() {
        out.line("unknown: nothing was checked, because no operation was answered");
    }
    if report.is_valid() {
        out.good("valid");
    }
    if let Some(hint) = hint {
        out.remark(plain(hint));
    }
    out.json(&as_json(report, names, hint));
}

/// Writes that the history could not even be read within the budget.
pub(super) fn undecided(why: &str, out: &Out) {
    out.line(format!("unknown: {why}"));
    out.json(&json!({
        "verdict": Verdict::Unknown.name(),
        "violations": [],
        "unknown": [{ "key": null, "reason": why }],
    }));
}

/// How much there was.
pub(super) fn counts(report: &Report, names: &Names) -> String {
    let Report { operations, crashed, parts, searched, .. } = report;
    let count = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    };
    let mut counts = format!(
        "{}, {crashed} never answered, {} ({searched} searched)",
        count(*operations, "operation"),
        count(*parts, "part")
    );
    match names.nemesis().len() {
        0 => {}
        events => counts.push_str(&format!("; {} of the nemesis", count(events, "event"))),
    }
    match report.violations().count() {
        0 | 1 => {}
        count => counts.push_str(&format!("; {count} violations")),
    }
    counts
}

fn of_key(key: Option<&str>) -> String {
    key.map_or_else(String::new, |key| format!(" (key {})", plain(key)))
}

fn show_violation(example: &Counterexample, out: &Out) {
    let clause = example.clause.name();
    let key = of_key(example.key.as_deref());
    out.bad(format!("violation {clause}{key}: {}", plain(&example.sentence)));
    if let Some(staleness) = example.staleness {
        out.remark(format!("  {}", how_stale(staleness)));
    }
    // The one that has no place comes first, the others in the order of invocation.
    let shown = nearest(example, OPERATIONS_MAX);
    let others = shown.into_iter().filter(|at| *at != example.culprit);
    for at in std::iter::once(example.culprit).chain(others) {
        let Some(operation) = example.operations.get(at) else { continue };
        let place = example.longest.iter().position(|placed| *placed == at);
        let mark = if at == example.culprit { '>' } else { ' ' };
        out.remark(format!("{mark} {}", plain(&describe(operation, place))));
    }
    if example.operations.len() > OPERATIONS_MAX {
        out.remark(format!("  and {} operations more", example.operations.len() - OPERATIONS_MAX));
    }
    if !example.is_minimal {
        out.remark("  (there may be a smaller set of operations that fails)");
    }
    if example.more > 0 {
        out.remark(format!("  and {} operations more that break the order", example.more));
    }
}

/// How old what was read was.
pub(super) fn how_stale(staleness: Staleness) -> String {
    let Staleness { versions, nanoseconds } = staleness;
    let since = nanoseconds.map(|ns| format!(", {:.3} ms", ns as f64 / 1e6)).unwrap_or_default();
    format!("behind by {versions} version{}{since}", if versions == 1 { "" } else { "s" })
}

/// At most this many operations, by place: those nearest to the one that has no place.
pub(super) fn nearest(example: &Counterexample, count: usize) -> Vec<usize> {
    let mut shown: Vec<usize> = (0..example.operations.len()).collect();
    if let Some(culprit) = example.operations.get(example.culprit) {
        shown.sort_by_key(|at| example.operations[*at].invoked.abs_diff(culprit.invoked));
    }
    shown.truncate(count);
    shown.sort_unstable();
    shown
}

fn describe(operation: &Shown, place: Option<usize>) -> String {
    let Shown { process, what, invoked, returned, .. } = operation;
    let returned = returned.map_or_else(|| "never".to_owned(), |returned| returned.to_string());
    let zxid = operation.zxid.map_or_else(String::new, |zxid| format!(" at zxid {zxid:#x}"));
    let why = match (place, &operation.why_not) {
        (Some(place), _) => format!("  [{}]", place + 1),
        (None, Some(why)) => format!("  [not next: {why}]"),
        (None, None) => String::new(),
    };
    format!("{process:>6} {what}{zxid}  (events {invoked} to {returned}){why}")
}

fn as_json(report: &Report, names: &Names, hint: Option<&str>) -> Value {
    let undecided = |(key, reason): (Option<&str>, &str)| json!({ "key": key, "reason": reason });
    json!({
        "verdict": report.verdict().name(),
        "operations": report.operations,
        "crashed": report.crashed,
        "nemesis": names.nemesis().len(),
        "parts": report.parts,
        "searched": report.searched,
        "violations": report.violations().map(violation_json).collect::<Vec<_>>(),
        "unknown": report.undecided().map(undecided).collect::<Vec<_>>(),
        "hint": hint,
    })
}

fn violation_json(example: &Counterexample) -> Value {
    json!({
        "key": example.key,
        "clause": example.clause.name(),
        "sentence": example.sentence,
        "versions_behind": example.staleness.map(|staleness| staleness.versions),
        "nanoseconds_behind": example.staleness.and_then(|staleness| staleness.nanoseconds),
        "culprit": example.operations.get(example.culprit).map(operation_json),
        "operations": example.operations.iter().map(operation_json).collect::<Vec<_>>(),
        "longest": example.longest,
        "states": example.states,
        "more": example.more,
        "is_minimal": example.is_minimal,
    })
}

fn operation_json(operation: &Shown) -> Value {
    json!({
        "operation": operation.operation,
        "process": operation.process,
        "what": operation.what,
        "zxid": operation.zxid.map(|zxid| format!("{zxid:#x}")),
        "invoked": operation.invoked,
        "returned": operation.returned,
        "invoked_ns": operation.times[0],
        "returned_ns": operation.times[1],
        "why_not_next": operation.why_not,
    })
}
