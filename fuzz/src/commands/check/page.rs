//! A page that shows violations: a lane for each process, a bar for each operation.
//!
//! The page needs nothing besides itself: no script, no font, no network. Time runs from left to
//! right, one column between two events, so that what overlaps can be seen however far apart
//! things are. An operation that was never answered is open to the right. The page opens at the
//! operation that has no place.

mod lanes;

use super::input::Input;
use super::neighbors::neighbors;
use super::present;
use crate::page::document;
use lanes::lanes;
use maud::{Markup, html};
use zab_checker::judge::{Counterexample, Report, Shown};
use zab_checker::record::Names;

/// Up to this many violations are shown.
const SHOWN_MAX: usize = 100;

/// Up to this many operations of each.
const OPERATIONS_MAX: usize = 500;

/// Up to this many violations are shown with what went on around them: each needs another look at
/// the file.
const AROUND_MAX: usize = 10;

const STYLE: &str = include_str!("page.css");

/// The whole page.
pub(super) fn render(report: &Report, names: &Names, hint: Option<&str>, input: &Input) -> String {
    let name = input.name();
    let violations = report.violations().count();
    let body = html! {
        h1 { (name) }
        p { (present::counts(report, names)) "." }
        @if report.is_valid() { p.valid { "Valid." } }
        @if let Some(hint) = hint { p { (hint) "." } }
        @if report.is_empty() { p { "Unknown: nothing was checked, because no operation was answered." } }
        @for (at, example) in report.violations().take(SHOWN_MAX).enumerate() {
            (violation(example, at, violations, names, input))
        }
        @if violations > SHOWN_MAX {
            p { "And " (violations - SHOWN_MAX) " violations more." }
        }
        @for (key, reason) in report.undecided() {
            p.unknown { "Unknown" @if let Some(key) = key { " for key " (key) } ": " (reason) }
        }
    };
    document(&name, &[STYLE], &body)
}

fn violation(
    example: &Counterexample,
    number: usize,
    count: usize,
    names: &Names,
    input: &Input,
) -> Markup {
    let shown = present::nearest(example, OPERATIONS_MAX);
    let culprit = example.operations.get(example.culprit);
    let around = match culprit.filter(|_| number < AROUND_MAX) {
        Some(Shown { invoked, returned, .. }) => {
            neighbors(input, *invoked, returned.unwrap_or(*invoked))
        }
        None => Vec::new(),
    };
    html! {
        section {
            h2 {
                @if count > 1 { (number + 1) " of " (count) ": " }
                (example.clause.name())
                @if let Some(key) = &example.key { " of key " (key) }
            }
            p.sentence { (example.sentence) "." }
            @if let Some(staleness) = example.staleness {
                p { "It is " (present::how_stale(staleness)) "." }
            }
            @if example.more > 0 { p { "And " (example.more) " operations more break the order." } }
            (legend(example, !around.is_empty()))
            (lanes(example, &shown, &around, names, number == 0))
            @if shown.len() < example.operations.len() {
                p { "And " (example.operations.len() - shown.len()) " operations more, further away." }
            }
            (table(example, &shown))
        }
    }
}

fn legend(example: &Counterexample, has_neighbors: bool) -> Markup {
    html! {
        p.legend {
            span.key.culprit { "no place" } " the operation that cannot be explained. "
            span.key { "1" } " the longest order that explains the others, with the state after each. "
            span.key.left { "left out" } " not part of that order. "
            @if has_neighbors { span.key.neighbor { "nearby" } " what else went on around it. " }
            "Point at a bar for more. A dashed bar without an end was never answered."
            @if !example.is_minimal { " There may be a smaller set of operations that fails." }
        }
    }
}

/// What the page says about an operation when it is pointed at.
fn why(example: &Counterexample, at: usize) -> String {
    let op = &example.operations[at];
    let place = example.longest.iter().position(|placed| *placed == at);
    let zxid = op.zxid.map_or_else(String::new, |zxid| format!("zxid {zxid:#x}; "));
    let why = match (place, &op.why_not) {
        _ if at == example.culprit => {
            let why = op.why_not.as_ref().map_or_else(String::new, |why| format!(": {why}"));
            format!("has no place{why}")
        }
        (Some(place), _) => format!("number {} in the longest order", place + 1),
        (None, Some(why)) => format!("not next: {why}"),
        (None, None) => "not part of the longest order".to_owned(),
    };
    format!("{}; {zxid}{why}", op.what)
}

fn table(example: &Counterexample, shown: &[usize]) -> Markup {
    let time =
        |ns: Option<u64>| ns.map_or_else(String::new, |ns| format!("{:.6}", ns as f64 / 1e9));
    html! {
        details {
            summary { "The operations as a table" }
            table {
                tr {
                    th { "process" } th { "operation" } th { "zxid" } th { "invoked (event)" }
                    th { "returned (event)" } th { "invoked (s)" } th { "returned (s)" }
                    th { "order" } th { "state after" }
                }
                @for at in shown {
                    @let op = &example.operations[*at];
                    @let place = example.longest.iter().position(|placed| placed == at);
                    tr.culprit[*at == example.culprit] {
                        td { (op.process) } td { (op.what) }
                        td { @if let Some(zxid) = op.zxid { (format!("{zxid:#x}")) } }
                        td { (op.invoked) }
                        td { @match op.returned { Some(event) => { (event) }, None => { "never" } } }
                        td { (time(op.times[0])) } td { (time(op.times[1])) }
                        td { @match place { Some(place) => { (place + 1) }, None => { (why(example, *at)) } } }
                        td { @if let Some(state) = place.and_then(|place| example.states.get(place)) { (state) } }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use zab_checker::judge::Clause;

    #[test]
    fn what_a_history_says_is_escaped_and_the_culprit_is_marked() {
        let operations = vec![Shown {
            operation: 0,
            process: "p0".to_owned(),
            what: "write <1> & more".to_owned(),
            invoked: 1,
            returned: None,
            times: [None, None],
            zxid: Some(0x1_0000_0001),
            why_not: None,
        }];
        let example = Counterexample {
            key: Some("<key>".to_owned()),
            clause: Clause::NoOrder,
            sentence: "a < b".to_owned(),
            staleness: None,
            culprit: 0,
            operations,
            longest: Vec::new(),
            states: Vec::new(),
            more: 0,
            is_minimal: true,
        };
        let input = Input::new(Path::new("-")).expect("standard input is no folder");
        let text = violation(&example, 0, 1, &Names::default(), &input).into_string();
        assert!(text.contains("write &lt;1&gt; &amp; more") && text.contains("&lt;key&gt;"));
        assert!(text.contains("op crashed culprit") && text.contains("autofocus"), "{text}");
        assert!(text.contains("0x100000001"), "{text}");
    }
}
