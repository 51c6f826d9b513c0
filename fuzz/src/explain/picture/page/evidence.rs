//! The verdict and what it rests on, around the picture.

use crate::case::{Confirmed, Expected};
use crate::explain::boxed::{self, words};
use crate::explain::finding::{Finding, Instant, Told, Why};
use crate::explain::grid;
use crate::explain::picture::Shown;
use crate::explain::picture::scene::Scene;
use crate::explain::table::{self, Table};
use crate::explain::text::{ms, thousands};
use maud::{Markup, html};
use zab_checker::Violation;
use zab_checker::custody::{Holding, OnDisk, ServerState, Servers};
use zab_core::NodeId;

/// The title, the broken clause, and where this comes from.
pub(super) fn head(shown: Shown<'_>, title: &str) -> Markup {
    let violation = shown.story.finding.violation.as_ref();
    let servers = shown.recording.schedule.servers;
    html! {
        h1 { (title) }
        @if let Some(violation) = violation {
            p.sentence {
                @if violation.loss().is_some() { span.class { (violation.class) } " " (violation.class.meaning()) ": " }
                (boxed::what(violation)) "."
            }
        } @else if shown.case.expected == Expected::Valid {
            // A stored case that breaks nothing says what it is kept for; one that does breaks nothing here.
            @for sentence in &shown.case.story { p.sentence { (sentence) } }
        }
        p.meta {
            "Variant " b { (shown.variant) } ", " (servers) " servers, " (shown.case.driver.name()) " driver. "
            @if !shown.case.defects.is_empty() {
                "Needs: " (shown.case.defects.join(", ").replace('_', "-")) ". "
            }
            @if let Some(needed) = shown.story.needed { "Needs " (needed) ". " }
            code { (shown.command) }
        }
        @if let Some(shown_in) = &shown.case.shown_in { p.meta { (shown_in.sentence()) } }
        (confirmed(shown))
    }
}

/// What real servers did, where that is known.
fn confirmed(shown: Shown<'_>) -> Markup {
    let all: &[Confirmed] = &shown.case.confirmed;
    let is_loss = matches!(shown.case.expected, Expected::Violation { .. });
    html! {
        @if !all.is_empty() {
            div.confirmed {
                @for one in all { p.meta { (one.sentence()) } }
            }
        } @else if is_loss {
            p.meta { "What a real server does is not recorded in this case." }
        }
    }
}

/// Who held what, at each instant that matters.
pub(super) fn held(shown: Shown<'_>) -> Markup {
    let finding = &shown.story.finding;
    html! {
        @if finding.violation.is_some() {
            h2 { "Who held it, and when" }
            div.held style=(format!("--least:{}px", 90 + 72 * u32::from(shown.recording.schedule.servers))) {
                @for (at, one) in finding.instants.iter().enumerate() {
                    div {
                        (instant(finding, one, at))
                        (told(finding, at))
                    }
                }
            }
            @if finding.is_about_service() {
                h2 { "After every fault was healed" }
                ul { @for conduct in &finding.conduct { li { (conduct.sentence()) } } }
            }
        }
    }
}

fn instant(finding: &Finding, instant: &Instant, at: usize) -> Markup {
    let Instant { why, at_us, servers, holdings, .. } = instant;
    let is_loss = finding.loss().is_some();
    html! {
        table {
            caption {
                span.no { (at + 1) } b { (why.name()) ", " (ms(*at_us)) } ": " (words::why(finding, instant))
            }
            thead {
                tr {
                    td {}
                    @for (id, server) in servers.iter().enumerate() {
                        th scope="col" { "S" (id) @if !server.is_up { " down" } }
                    }
                }
            }
            tbody {
                @for (txn, holdings) in finding.subjects.iter().zip(holdings) {
                    @let which = if is_loss { String::new() } else { finding.name_of(txn) + " " };
                    tr { th scope="row" { (which) "on disk" } @for one in holdings { (on_disk(one)) } }
                    tr { th scope="row" { (which) "in memory" } @for one in holdings { (in_memory(one)) } }
                }
                @if !is_loss { (states(servers)) }
                tr { th scope="row" { "serves clients" } @for server in servers { td { (boxed::serves(server)) } } }
                @if *why == Why::End { (reads(finding, servers.len())) }
            }
        }
        (holes(servers))
    }
}

/// What the marks mean, if there is one.
fn holes(servers: &Servers) -> Markup {
    html! { @for hole in grid::holes(servers) { p.meta { (hole) } } }
}

fn on_disk(holding: &Holding) -> Markup {
    let class = match holding.disk {
        OnDisk::Durable => "yes",
        OnDisk::Unflushed => "part",
        OnDisk::No => "not",
    };
    html! { td class=(class) { (boxed::on_disk(holding)) } }
}

fn in_memory(holding: &Holding) -> Markup {
    html! { td.yes[holding.memory == Some(true)].not[holding.memory == Some(false)] { (boxed::in_memory(holding)) } }
}

fn states(servers: &[ServerState]) -> Markup {
    type Cell = fn(&ServerState) -> String;
    let rows: [(&str, Cell); 4] = [
        ("accepted epoch", |server| server.accepted_epoch.to_string()),
        ("current epoch", |server| server.current_epoch.to_string()),
        ("last logged zxid", grid::last_logged),
        ("last zxid in memory", grid::in_memory),
    ];
    html! {
        @for (name, cell) in rows {
            tr { th scope="row" { (name) } @for server in servers { td { (cell(server)) } } }
        }
    }
}

fn reads(finding: &Finding, servers: usize) -> Markup {
    let servers = u8::try_from(servers).unwrap_or(u8::MAX);
    html! {
        @for key in finding.keys() {
            tr {
                th scope="row" { "reads " (key) " as" }
                @for id in 0..servers { td { (boxed::read_by(finding, NodeId(id), key)) } }
            }
        }
    }
}

/// What clients were told since the instant before.
fn told(finding: &Finding, at: usize) -> Markup {
    let news: Vec<&Told> = boxed::news(finding, at).collect();
    html! {
        @if !news.is_empty() {
            ul.told { @for one in news { li { (words::told(finding, one)) } } }
        }
    }
}

/// The tables of the report: a state for each turn.
pub(super) fn tables(shown: Shown<'_>) -> Markup {
    html! {
        h2 { "As the tables of a bug report" }
        div.report { @for one in table::tables(shown.story) { (report(&one)) } }
    }
}

fn report(table: &Table) -> Markup {
    let servers = &table.servers;
    html! {
        div {
            table {
                caption { @for sentence in &table.caption { div { (sentence) } } }
                thead {
                    tr { th scope="col" { "zk-server" } @for id in 0..servers.len() { th scope="col" { "S" (id) } } }
                }
                tbody {
                    tr { th scope="row" { "current epoch" } @for one in servers { td { (one.current_epoch) } } }
                    tr { th scope="row" { "last logged zxid" } @for one in servers { td { (grid::last_logged(one)) } } }
                    @if table.is_last {
                        tr { th scope="row" { "last zxid in memory" } @for one in servers { td { (grid::in_memory(one)) } } }
                    }
                }
            }
            (holes(servers))
        }
    }
}

/// What else is broken.
pub(super) fn others(shown: Shown<'_>) -> Markup {
    let Finding { hazards, also, traits, .. } = &shown.story.finding;
    let list = |name: &str, broken: &[Violation]| {
        html! {
            @if !broken.is_empty() {
                h2 { (name) }
                ul { @for one in broken { li { (boxed::broken(one)) } } }
            }
        }
    };
    html! {
        (list("What explains it", hazards))
        (list("Also broken, in order of time", also))
        (list("Broken from boot on, in any run of this variant", traits))
    }
}

/// What is not drawn, and how to read the rest.
pub(super) fn foot(scene: &Scene) -> Markup {
    html! {
        p {
            "Pings, election messages and timers are not drawn. Time is virtual; the axis is longer where more happens, "
            "and broken where nothing does. A column of a server's disk is a transaction, at every server the same one, so a "
            "gap is something that the server lacks. What is solid survives a power failure; a light line inside says "
            "that it is not in memory. "
            @if scene.left_out > 0 {
                "After the finding is clear and service is back, " (thousands(scene.left_out as u64))
                " events of the final writes and reads are left out."
            }
        }
    }
}
