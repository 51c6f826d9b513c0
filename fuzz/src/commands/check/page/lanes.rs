//! The picture: lanes of bars below an axis of events.

use super::super::neighbors::Neighbor;
use super::why;
use maud::{Markup, html};
use std::collections::BTreeMap;
use zab_checker::judge::Counterexample;
use zab_checker::record::Names;

/// What a bar stands for.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum What {
    /// An operation of the counterexample, by place.
    Operation(usize),
    /// A neighbor, by place.
    Neighbor(usize),
    /// Something that the nemesis did.
    Disturbance(usize),
}

/// The bar of an operation: its row, and the columns from its invocation to its return.
#[derive(Copy, Clone, Debug)]
struct Bar {
    what: What,
    row: usize,
    from: usize,
    to: usize,
}

/// Something to be laid out: in whose lane, and between which events.
struct Span {
    what: What,
    lane: String,
    invoked: u64,
    returned: Option<u64>,
}

/// Rows with the names of their lanes, bars, and the events that are columns.
struct Layout {
    rows: Vec<String>,
    bars: Vec<Bar>,
    columns: Vec<u64>,
}

fn lay_out(mut spans: Vec<Span>) -> Layout {
    let mut columns: Vec<u64> =
        spans.iter().flat_map(|span| [Some(span.invoked), span.returned]).flatten().collect();
    columns.sort_unstable();
    columns.dedup();
    let column = |event: u64| columns.binary_search(&event).unwrap_or_else(|place| place);
    // Lanes with operations of the counterexample first, those of the nemesis last.
    spans.sort_by_key(|span| match span.what {
        What::Operation(_) => (0, span.invoked),
        What::Neighbor(_) => (1, span.invoked),
        What::Disturbance(_) => (2, span.invoked),
    });
    let mut rows: Vec<(String, Vec<(usize, usize)>)> = Vec::new();
    let mut bars = Vec::with_capacity(spans.len());
    for span in spans {
        let from = column(span.invoked);
        let to = span.returned.map_or(columns.len(), column).max(from + 1);
        // A client that gave up on an operation may have begun another one: that needs a row.
        let is_free = |(lane, taken): &(String, Vec<(usize, usize)>)| {
            *lane == span.lane && taken.iter().all(|(start, end)| *end <= from || to <= *start)
        };
        let row = rows.iter().position(is_free).unwrap_or_else(|| {
            rows.push((span.lane.clone(), Vec::new()));
            rows.len() - 1
        });
        rows[row].1.push((from, to));
        bars.push(Bar { what: span.what, row, from, to });
    }
    Layout { rows: rows.into_iter().map(|(lane, _)| lane).collect(), bars, columns }
}

fn spans(
    example: &Counterexample,
    shown: &[usize],
    around: &[Neighbor],
    names: &Names,
) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for at in shown {
        let op = &example.operations[*at];
        let what = What::Operation(*at);
        spans.push(Span {
            what,
            lane: op.process.clone(),
            invoked: op.invoked,
            returned: op.returned,
        });
    }
    let is_shown =
        |neighbor: &Neighbor| example.operations.iter().any(|op| op.invoked == neighbor.invoked);
    for (at, neighbor) in around.iter().enumerate().filter(|(_, neighbor)| !is_shown(neighbor)) {
        let Neighbor { process, invoked, returned, .. } = neighbor;
        let what = What::Neighbor(at);
        spans.push(Span { what, lane: process.clone(), invoked: *invoked, returned: *returned });
    }
    let (first, last) = spans.iter().fold((u64::MAX, 0), |(first, last), span| {
        (first.min(span.invoked), last.max(span.returned.unwrap_or(span.invoked)))
    });
    for (at, disturbance) in names.nemesis().iter().enumerate() {
        if (first..=last).contains(&disturbance.after) {
            let (what, lane) = (What::Disturbance(at), "nemesis".to_owned());
            let invoked = disturbance.after;
            spans.push(Span { what, lane, invoked, returned: Some(invoked + 1) });
        }
    }
    spans
}

/// Times of events, as far as they are known.
fn times(example: &Counterexample, around: &[Neighbor]) -> BTreeMap<u64, u64> {
    let shown = example.operations.iter().map(|op| (op.invoked, op.returned, op.times));
    let near = around.iter().map(|near| (near.invoked, near.returned, near.times));
    let ends = shown.chain(near).flat_map(|(invoked, returned, times)| {
        [times[0].map(|time| (invoked, time)), returned.zip(times[1])].into_iter().flatten()
    });
    ends.collect()
}

/// The lanes of a counterexample. With `is_first`, the page opens at the operation that has no
/// place.
pub(super) fn lanes(
    example: &Counterexample,
    shown: &[usize],
    around: &[Neighbor],
    names: &Names,
    is_first: bool,
) -> Markup {
    let Layout { rows, bars, columns } = lay_out(spans(example, shown, around, names));
    let grid = format!(
        "grid-template-columns: minmax(6rem, max-content) repeat({}, minmax(6.5rem, 1fr))",
        columns.len() + 1
    );
    let times = times(example, around);
    let origin = times.values().min().copied().unwrap_or(0);
    let area = |bar: &Bar| {
        format!("grid-area: {0} / {1} / {0} / {2}", bar.row + 2, bar.from + 2, bar.to + 2)
    };
    html! {
        div.lanes style=(grid) {
            div.process style="grid-area: 1 / 1" { "event" }
            @for (at, event) in columns.iter().enumerate() {
                div.tick style=(format!("grid-area: 1 / {}", at + 2)) {
                    (event)
                    @if let Some(time) = times.get(event) {
                        br; (format!("{:.1} ms", time.saturating_sub(origin) as f64 / 1e6))
                    }
                }
            }
            @for (row, process) in rows.iter().enumerate() {
                div.process style=(format!("grid-area: {} / 1", row + 2)) { (process) }
            }
            @for bar in &bars {
                @match bar.what {
                    What::Operation(at) => (operation(example, at, &area(bar), is_first)),
                    What::Neighbor(at) => {
                        div.op.neighbor.crashed[around[at].returned.is_none()] style=(area(bar)) tabindex="0" {
                            span.text { (around[at].what) }
                            span.why { (around[at].what) }
                        }
                    }
                    What::Disturbance(at) => {
                        div.op.nemesis style=(area(bar)) tabindex="0" {
                            span.text { (names.nemesis()[at].what) }
                            span.why { (names.nemesis()[at].what) }
                        }
                    }
                }
            }
        }
    }
}

fn operation(example: &Counterexample, at: usize, area: &str, is_first: bool) -> Markup {
    let op = &example.operations[at];
    let place = example.longest.iter().position(|placed| *placed == at);
    let is_culprit = at == example.culprit;
    let state = place.and_then(|place| example.states.get(place));
    html! {
        div.op.crashed[op.returned.is_none()].culprit[is_culprit].left[place.is_none() && !is_culprit]
            style=(area) tabindex="0" autofocus[is_culprit && is_first] {
            span.text {
                @if let Some(place) = place { b { (place + 1) } " " }
                (op.what)
            }
            @if let Some(state) = state { span.state { "then " (state) } }
            span.why { (why(example, at)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_that_was_given_up_stays_open_in_a_row_of_its_own() {
        let span = |at: usize, invoked: u64, returned: Option<u64>| Span {
            what: What::Operation(at),
            lane: "p0".to_owned(),
            invoked,
            returned,
        };
        let layout = lay_out(vec![span(0, 1, None), span(1, 3, Some(4))]);
        assert_eq!(layout.rows, ["p0", "p0"]);
        assert_eq!((layout.bars[0].from, layout.bars[0].to), (0, layout.columns.len()));
        assert_eq!((layout.bars[1].from, layout.bars[1].to), (1, 2));
    }
}
