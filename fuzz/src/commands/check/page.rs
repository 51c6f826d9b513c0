//! A page that shows violations: a lane for each process, a bar for each operation.
//!
//! The page needs nothing besides itself: no script, no font, no network. Time runs from left to
//! right, one column between two events, so that what overlaps can be seen however far apart
//! things are. An operation that was never answered is open to the right.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use zab_checker::judge::{Counterexample, Report, Shown};

/// Up to so many violations are shown.
const SHOWN_MAX: usize = 100;

/// Up to so many operations of each.
const OPERATIONS_MAX: usize = 500;

const STYLE: &str = include_str!("page.css");

/// The whole page.
pub(super) fn render(report: &Report, name: &str) -> String {
    let violations = report.violations().count();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { (name) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (name) }
                p {
                    (report.operations) " operations, " (report.crashed) " never answered, "
                    (report.parts) " parts, " (violations) " of them violated."
                }
                @if report.is_valid() { p.valid { "Valid." } }
                @for example in report.violations().take(SHOWN_MAX) { (violation(example)) }
                @if violations > SHOWN_MAX {
                    p { "And " (violations - SHOWN_MAX) " violations more." }
                }
                @for (key, reason) in report.undecided() {
                    p.unknown { "Unknown" @if let Some(key) = key { " for key " (key) } ": " (reason) }
                }
            }
        }
    };
    page.into_string()
}

fn violation(example: &Counterexample) -> Markup {
    let shown = &example.operations[..example.operations.len().min(OPERATIONS_MAX)];
    html! {
        section {
            h2 {
                (example.clause.name())
                @if let Some(key) = &example.key { " of key " (key) }
            }
            p.sentence { (example.sentence) "." }
            @if let Some(staleness) = example.staleness {
                p {
                    "Behind by " (staleness.versions) " version(s)"
                    @if let Some(ns) = staleness.nanoseconds { ", " (format!("{:.3}", ns as f64 / 1e6)) " ms" }
                    "."
                }
            }
            (lanes(example, shown))
            @if shown.len() < example.operations.len() {
                p { "And " (example.operations.len() - shown.len()) " operations more." }
            }
            p.legend {
                "Numbers give the longest order that explains the answers. Point at an operation "
                "to see why it could not come next. Bars without an end were never answered."
                @if !example.is_minimal { " There may be a smaller set of operations that fails." }
            }
            (table(example, shown))
        }
    }
}

/// The bar of an operation: its row, and the columns from its invocation to its return.
#[derive(Copy, Clone, Debug)]
struct Bar {
    row: usize,
    from: usize,
    to: usize,
}

/// Rows with the names of their processes, and a bar for each operation.
fn lay_out(shown: &[Shown]) -> (Vec<&str>, Vec<Bar>, usize) {
    let mut events: Vec<u64> =
        shown.iter().flat_map(|op| [Some(op.invoked), op.returned]).flatten().collect();
    events.sort_unstable();
    events.dedup();
    let column = |event: u64| events.binary_search(&event).unwrap_or_else(|place| place);
    let mut rows: Vec<(&str, usize)> = Vec::new();
    let mut bars = Vec::with_capacity(shown.len());
    for op in shown {
        let from = column(op.invoked);
        let to = op.returned.map_or(events.len(), column).max(from + 1);
        // A client that gave up on an operation may have begun another one: that needs a row.
        let free = rows.iter().position(|(process, end)| *process == op.process && *end <= from);
        let row = free.unwrap_or_else(|| {
            rows.push((&op.process, 0));
            rows.len() - 1
        });
        rows[row].1 = to;
        bars.push(Bar { row, from, to });
    }
    (rows.into_iter().map(|(process, _)| process).collect(), bars, events.len())
}

fn lanes(example: &Counterexample, shown: &[Shown]) -> Markup {
    let (rows, bars, columns) = lay_out(shown);
    let grid =
        format!("grid-template-columns: max-content repeat({}, minmax(3rem, 1fr))", columns + 1);
    html! {
        div.lanes style=(grid) {
            @for (row, process) in rows.iter().enumerate() {
                div.process style=(format!("grid-area: {} / 1", row + 1)) { (process) }
            }
            @for (at, (op, bar)) in shown.iter().zip(&bars).enumerate() {
                @let place = example.longest.iter().position(|placed| *placed == at);
                @let area = format!("grid-area: {0} / {1} / {0} / {2}", bar.row + 1, bar.from + 2, bar.to + 2);
                div.op.crashed[op.returned.is_none()].stuck[place.is_none()] style=(area) tabindex="0" {
                    @if let Some(place) = place { b { (place + 1) } " " }
                    (op.what)
                    span.why { (why(op, place)) }
                }
            }
        }
    }
}

fn why(op: &Shown, place: Option<usize>) -> String {
    match (place, &op.why_not) {
        (Some(place), _) => format!("number {} in the longest order", place + 1),
        (None, Some(why)) => format!("not next: {why}"),
        (None, None) => "not part of the longest order".to_owned(),
    }
}

fn table(example: &Counterexample, shown: &[Shown]) -> Markup {
    let time =
        |ns: Option<u64>| ns.map_or_else(String::new, |ns| format!("{:.6}", ns as f64 / 1e9));
    html! {
        details {
            summary { "The operations as a table" }
            table {
                tr {
                    th { "process" } th { "operation" } th { "invoked (event)" }
                    th { "returned (event)" } th { "invoked (s)" } th { "returned (s)" } th { "order" }
                }
                @for (at, op) in shown.iter().enumerate() {
                    tr {
                        td { (op.process) } td { (op.what) } td { (op.invoked) }
                        td { @match op.returned { Some(event) => { (event) }, None => { "never" } } }
                        td { (time(op.times[0])) } td { (time(op.times[1])) }
                        td { (why(op, example.longest.iter().position(|placed| *placed == at))) }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zab_checker::judge::Clause;

    fn shown(process: &str, invoked: u64, returned: Option<u64>) -> Shown {
        Shown {
            operation: 0,
            process: process.to_owned(),
            what: "write <1> & more".to_owned(),
            invoked,
            returned,
            times: [None, None],
            why_not: None,
        }
    }

    #[test]
    fn an_operation_that_was_given_up_stays_open_in_a_row_of_its_own() {
        let operations = [shown("p0", 1, None), shown("p0", 3, Some(4))];
        let (rows, bars, columns) = lay_out(&operations);
        assert_eq!(rows, ["p0", "p0"]);
        assert_eq!((bars[0].from, bars[0].to), (0, columns));
        assert_eq!((bars[1].from, bars[1].to), (1, 2));
    }

    #[test]
    fn what_a_history_says_is_escaped() {
        let example = Counterexample {
            key: Some("<key>".to_owned()),
            clause: Clause::NoOrder,
            sentence: "a < b".to_owned(),
            staleness: None,
            operations: vec![shown("p0", 1, None)],
            longest: Vec::new(),
            is_minimal: true,
        };
        let text = violation(&example).into_string();
        assert!(text.contains("write &lt;1&gt; &amp; more") && text.contains("&lt;key&gt;"));
        assert!(text.contains("op crashed stuck"), "{text}");
    }
}
