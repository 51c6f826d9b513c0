//! The judgement in words, and as JSON.

use super::super::output::Out;
use serde_json::{Value, json};
use zab_checker::judge::{Counterexample, Report, Shown};

/// Up to so many violations are shown to people.
const SHOWN_MAX: usize = 10;

/// Up to so many operations of each.
const OPERATIONS_MAX: usize = 20;

/// Writes the result.
pub(super) fn show(report: &Report, out: &Out) {
    let all = format!(
        "{} operations, {} never answered, {} parts ({} searched)",
        report.operations, report.crashed, report.parts, report.searched
    );
    out.remark(&all);
    let violations = report.violations().count();
    for example in report.violations().take(SHOWN_MAX) {
        show_violation(example, out);
    }
    if violations > SHOWN_MAX {
        out.line(format!("and {} violations more", violations - SHOWN_MAX));
    }
    for (key, reason) in report.undecided().take(SHOWN_MAX) {
        out.line(format!("unknown{}: {reason}", of_key(key)));
    }
    if report.is_valid() {
        out.good("valid");
    }
    out.json(&as_json(report));
}

fn of_key(key: Option<&str>) -> String {
    key.map_or_else(String::new, |key| format!(" (key {key})"))
}

fn show_violation(example: &Counterexample, out: &Out) {
    let clause = example.clause.name();
    let key = of_key(example.key.as_deref());
    out.bad(format!("violation {clause}{key}: {}", example.sentence));
    if let Some(staleness) = example.staleness {
        let since = staleness.nanoseconds.map(|ns| format!(", {:.3} ms", ns as f64 / 1e6));
        out.remark(format!(
            "  behind by {} version(s){}",
            staleness.versions,
            since.unwrap_or_default()
        ));
    }
    for (at, operation) in example.operations.iter().enumerate().take(OPERATIONS_MAX) {
        let place = example.longest.iter().position(|placed| *placed == at);
        out.remark(format!("  {}", describe(operation, place)));
    }
    if example.operations.len() > OPERATIONS_MAX {
        out.remark(format!("  and {} operations more", example.operations.len() - OPERATIONS_MAX));
    }
    if !example.is_minimal {
        out.remark("  (there may be a smaller set of operations that fails)");
    }
}

fn describe(operation: &Shown, place: Option<usize>) -> String {
    let Shown { process, what, invoked, returned, .. } = operation;
    let returned = returned.map_or_else(|| "never".to_owned(), |returned| returned.to_string());
    let why = match (place, &operation.why_not) {
        (Some(place), _) => format!("  [{}]", place + 1),
        (None, Some(why)) => format!("  [not next: {why}]"),
        (None, None) => String::new(),
    };
    format!("{process:>6} {what}  (events {invoked} to {returned}){why}")
}

fn as_json(report: &Report) -> Value {
    let undecided = |(key, reason): (Option<&str>, &str)| json!({ "key": key, "reason": reason });
    let verdict = match (report.violations().next(), report.is_valid()) {
        (Some(_), _) => "violation",
        (None, true) => "valid",
        (None, false) => "unknown",
    };
    json!({
        "verdict": verdict,
        "operations": report.operations,
        "crashed": report.crashed,
        "parts": report.parts,
        "searched": report.searched,
        "violations": report.violations().map(violation_json).collect::<Vec<_>>(),
        "unknown": report.undecided().map(undecided).collect::<Vec<_>>(),
    })
}

fn violation_json(example: &Counterexample) -> Value {
    json!({
        "key": example.key,
        "clause": example.clause.name(),
        "sentence": example.sentence,
        "versions_behind": example.staleness.map(|staleness| staleness.versions),
        "nanoseconds_behind": example.staleness.and_then(|staleness| staleness.nanoseconds),
        "operations": example.operations.iter().map(operation_json).collect::<Vec<_>>(),
        "longest": example.longest,
        "is_minimal": example.is_minimal,
    })
}

fn operation_json(operation: &Shown) -> Value {
    json!({
        "operation": operation.operation,
        "process": operation.process,
        "what": operation.what,
        "invoked": operation.invoked,
        "returned": operation.returned,
        "invoked_ns": operation.times[0],
        "returned_ns": operation.times[1],
        "why_not_next": operation.why_not,
    })
}
