//! What travels: packets between servers, requests and answers of clients. Every event that is shown
//! is here, as an arrow or as a dot.

use super::lanes::cross;
use super::{between, n};
use crate::explain::picture::layout::{AXIS, BAND, Layout, SMALL};
use crate::explain::picture::scene::{Fate, Message, Operation, Point, Scene};
use maud::{Markup, html};
use std::collections::BTreeMap;
use zab_core::NodeId;

/// Every event: an arrow for a packet, a dot for the rest.
pub(super) fn events(scene: &Scene, layout: &Layout) -> Markup {
    let sent: BTreeMap<Point, &Message> =
        scene.messages.iter().map(|message| (message.sent, message)).collect();
    html! {
        // The script of a page knows an event by its place in here.
        g.events {
            @for frame in &scene.frames {
                @let message = sent.get(&frame.at);
                g class=[message.filter(|message| !message.is_involved).map(|_| "x")] {
                    title { (frame.words) }
                    @match message {
                        Some(message) => (arrow(message, layout)),
                        None => {
                            path.dot d=(format!("M{} {}h0", n(edge(frame.server, layout)), n(layout.y(frame.at)))) {}
                        }
                    }
                }
            }
        }
    }
}

fn edge(server: Option<NodeId>, layout: &Layout) -> f64 {
    server.map_or(AXIS, |server| layout.lanes[server.index()].band + BAND)
}

/// How far a packet gets that is lost, of the way.
const LOST_AT: f64 = 0.45;

fn arrow(message: &Message, layout: &Layout) -> Markup {
    let (from, to) =
        (layout.lanes[message.from.index()].band, layout.lanes[message.to.index()].band);
    let is_right = to > from;
    let start = (if is_right { from + BAND } else { from }, layout.y(message.sent));
    let target = if is_right { to } else { to + BAND };
    let end = match message.fate {
        Fate::Arrives(at) => (target, layout.y(at)),
        Fate::Lost | Fate::Unknown => (start.0 + (target - start.0) * LOST_AT, start.1 + 8.0),
    };
    let (corridor, _) = Layout::corridor(message);
    let name_x = layout.lanes[corridor].band - 4.0;
    let share = ((name_x - start.0) / (end.0 - start.0)).clamp(0.0, 1.0);
    let name_y = start.1 + (end.1 - start.1) * share - 1.5;
    // The name of what is lost stands at its beginning, if it does not get as far as its place.
    let is_short = is_right && end.0 < name_x;
    html! {
        path class=(if message.fate == Fate::Lost { "a off" } else { "a" })
            d=(format!("M{} {}L{} {}", n(start.0), n(start.1), n(end.0), n(end.1))) {}
        @if message.fate == Fate::Lost { (cross(end.0, end.1)) }
        @if is_short {
            text.k x=(n(end.0)) y=(n(end.1 - 6.0)) { (message.name) }
        } @else {
            text.k x=(n(name_x)) y=(n(name_y)) { (message.name) }
        }
    }
}

/// The clients: a bar for each operation, from the question to the answer.
pub(super) fn operations(scene: &Scene, layout: &Layout) -> Markup {
    html! { @for operation in &scene.operations { (operation_of(operation, scene, layout)) } }
}

const BAR: f64 = 9.0;

/// From one bar to the next that is open at the same time.
const TRACK: f64 = 6.0;

fn operation_of(operation: &Operation, scene: &Scene, layout: &Layout) -> Markup {
    let x = layout.operations[operation.client] + TRACK * operation.track as f64;
    let of_lane = scene.operations.iter().filter(|other| other.client == operation.client);
    let tracks = of_lane.map(|other| other.track).max().unwrap_or(0);
    let words_x = layout.operations[operation.client] + TRACK * tracks as f64 + BAR + 3.0;
    let (y, height) = between(layout, operation.asked, operation.ended.unwrap_or(scene.end));
    let is_answered = operation.answer.is_some();
    let answer = operation.answer.as_deref().unwrap_or("no answer");
    let band = layout.lanes[operation.server.index()].band;
    let [reached, replied] = operation.at_server;
    html! {
        g class=[(!operation.is_involved).then_some("x")] {
            title { (scene.clients[operation.client]) " asks " (operation.server) ": " (operation.question) ": " (answer) }
            @if let Some(reached) = reached {
                @let (start, end) = ((x + BAR, y), (band, layout.y(reached)));
                path.a.ask d=(format!("M{} {}L{} {}", n(start.0), n(start.1), n(end.0), n(end.1))) {}
            }
            @if let (Some(replied), Some(ended), true) = (replied, operation.ended, is_answered) {
                @let (start, end) = ((band, layout.y(replied)), (x + BAR, layout.y(ended)));
                path.a.ask d=(format!("M{} {}L{} {}", n(start.0), n(start.1), n(end.0), n(end.1))) {}
            }
            rect.op.open[!is_answered].told[operation.is_involved && is_answered]
                x=(n(x)) y=(n(y)) width=(n(BAR)) height=(n(height.max(6.0))) rx="4" {}
            text.said x=(n(words_x)) y=(n(y + SMALL - 2.0)) { (operation.question) }
            @if !is_answered && operation.ended.is_some() { (cross(x + BAR / 2.0, y + height)) }
            text.said x=(n(words_x)) y=(n((y + height + 3.0).max(y + 2.0 * SMALL - 1.0))) { "→ " (answer) }
        }
    }
}
