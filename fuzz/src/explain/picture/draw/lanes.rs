//! What stands still: bands, bars and strips.

use super::{between, column_x, n};
use crate::explain::picture::layout::{BAND, EPOCH, HELD, Layout, SMALL};
use crate::explain::picture::scene::{
    Band, EpochFile, Exit, Kept, Promise, Role, Scene, Sign, Stage, Strip, Turn,
};
use crate::explain::text::ms;
use maud::{Markup, html};
use zab_core::NodeId;
use zab_core::variant::Release;

pub(super) fn background(scene: &Scene, layout: &Layout) -> Markup {
    html! {
        @for (server, lane) in layout.lanes.iter().enumerate() {
            rect.lane x=(n(lane.band - 3.0)) y="0" width=(n(lane.right - lane.band + 6.0)) height=(n(layout.height)) {}
            @for column in 0..scene.columns.len() {
                path.guide d=(format!("M{} 0V{}", n(column_x(layout, server, column)), n(layout.height))) {}
            }
        }
    }
}

pub(super) fn faults(scene: &Scene, layout: &Layout) -> Markup {
    let bars = layout.fault_columns.iter().max().map_or(0, |most| most + 1);
    let words_x = layout.faults + 8.0 * bars as f64 + 3.0;
    html! {
        @for (fault, column) in scene.faults.iter().zip(&layout.fault_columns) {
            @let (y, height) = between(layout, fault.from, fault.to);
            g {
                title { (ms(fault.from.at_us)) ": " (fault.words) }
                rect.fault x=(n(layout.faults + 8.0 * *column as f64)) y=(n(y)) width="6" height=(n(height.max(3.0))) {}
                @for (at, line) in layout.fault_lines(&fault.words).iter().enumerate() {
                    text.fw x=(n(words_x)) y=(n(y + 8.0 + SMALL * at as f64)) { (line) }
                }
            }
        }
    }
}

pub(super) fn bands(scene: &Scene, layout: &Layout) -> Markup {
    html! { @for band in &scene.bands { (band_of(band, layout)) } }
}

fn band_of(band: &Band, layout: &Layout) -> Markup {
    let (y, height) = between(layout, band.from, band.to);
    let x = layout.lanes[band.server.index()].band;
    let (class, words) = match band.role {
        Role::Down => {
            let middle = n(x + BAND / 2.0);
            return html! { path.down d=(format!("M{middle} {}V{}", n(y), n(y + height))) {} };
        }
        Role::Looking => ("looks", "looking".to_owned()),
        Role::Following(leader, None) => ("syncs", format!("joins {leader}")),
        Role::Following(leader, Some(epoch)) => {
            ("follows", format!("follows {leader}, epoch {epoch}"))
        }
        Role::Leading(None) => ("elected", "elected".to_owned()),
        Role::Leading(Some(epoch)) => ("leads", format!("leads epoch {epoch}")),
    };
    // A band that is too short for all of it says what changes.
    let short = match band.role {
        Role::Following(_, Some(epoch)) | Role::Leading(Some(epoch)) => format!("epoch {epoch}"),
        _ => words.clone(),
    };
    let title = format!("{} {words}", band.server);
    upright(&title, class, [&words, &short], (x, BAND), (y, height))
}

/// A band at this place, of this width and height, in which the first of these words stand that it has room for.
fn upright(
    title: &str,
    class: &str,
    words: [&str; 2],
    (x, width): (f64, f64),
    (y, height): (f64, f64),
) -> Markup {
    let length = |text: &str| text.len() as f64 * 5.0 + 6.0;
    let text = words.into_iter().find(|text| length(text) <= height);
    let turn =
        |middle: f64| format!("translate({} {}) rotate(-90)", n(x + width / 2.0 + 3.5), n(middle));
    html! {
        g {
            title { (title) }
            rect class=(format!("band {class}")) x=(n(x)) y=(n(y)) width=(n(width)) height=(n(height)) {}
            @if let Some(text) = text {
                @for middle in repeats(y, height, length(text)) {
                    text class=(format!("role on{class}")) transform=(turn(middle)) { (text) }
                }
            }
        }
    }
}

/// The clients that have the lock, as far as they know.
pub(super) fn held(scene: &Scene, layout: &Layout) -> Markup {
    html! {
        @for held in &scene.held {
            @let (session, number) = (held.session, held.number);
            @let (class, words, short) = if held.is_connected {
                ("holds", format!("{session} has the lock, n-{number}"), "the lock")
            } else {
                ("believes", format!("{session} has the lock and no connection"), "not connected")
            };
            (upright(&words, class, [&words, short], (layout.clients[held.client], HELD), between(layout, held.from, held.to)))
        }
    }
}

/// So far apart stand the words of something that is longer than a screen.
const REPEAT: f64 = 700.0;

/// Where words of this length stand in something of this height: at its beginning, and twice more.
fn repeats(y: f64, height: f64, length: f64) -> impl Iterator<Item = f64> {
    let first = y + length.min(height) / 2.0;
    let bottom = y + height;
    let later = (1..3).map(move |at| first + REPEAT * f64::from(at));
    let later = later.take_while(move |middle| middle + length / 2.0 <= bottom);
    std::iter::once(first).chain(later)
}

pub(super) fn epochs(scene: &Scene, layout: &Layout) -> Markup {
    html! { @for file in &scene.epochs { (epoch(file, scene, layout)) } }
}

fn epoch(file: &EpochFile, scene: &Scene, layout: &Layout) -> Markup {
    let lane = layout.lanes[file.server.index()];
    let x = lane.epochs[usize::from(file.is_current)];
    let name = if file.is_current { "currentEpoch" } else { "acceptedEpoch" };
    let solid = file.durable.unwrap_or(file.to).min(file.to);
    let writing = between(layout, file.from, solid);
    let durable = between(layout, solid, file.to);
    html! {
        g {
            title { (file.server) " " (name) " " (file.epoch) }
            @if solid > file.from {
                rect.epoch.writing x=(n(x)) y=(n(writing.0)) width=(n(EPOCH)) height=(n(writing.1)) {}
            }
            @if file.durable.is_some() {
                rect.epoch x=(n(x)) y=(n(durable.0)) width=(n(EPOCH)) height=(n(durable.1)) {}
                text.digit x=(n(x + EPOCH / 2.0)) y=(n(digit(file.server, durable, scene, layout))) { (file.epoch) }
            } @else {
                (cross(x + EPOCH / 2.0, writing.0 + writing.1))
            }
        }
    }
}

/// Where the number of an epoch stands in its bar: at the top, or below the words of what happens to
/// its server there.
fn digit(server: NodeId, (top, height): (f64, f64), scene: &Scene, layout: &Layout) -> f64 {
    let turns = scene.turns.iter().filter(|turn| turn.server == server);
    let mut places: Vec<f64> = turns.map(|turn| layout.y(turn.at)).collect();
    places.sort_by(f64::total_cmp);
    let lowest = top + height - 2.0;
    let below = |y: f64, turn: &f64| if (turn - (y - 4.0)).abs() < 9.0 { turn + 14.0 } else { y };
    let y = places.iter().fold(top + 9.0, below);
    if y <= lowest { y } else { top + 9.0 }
}

pub(super) fn strips(scene: &Scene, layout: &Layout) -> Markup {
    html! {
        @for strip in &scene.strips { (strip_of(strip, scene, layout)) }
        @for strip in &scene.strips { (exit_of(strip, layout)) }
    }
}

fn strip_of(strip: &Strip, scene: &Scene, layout: &Layout) -> Markup {
    let column = &scene.columns[strip.column];
    let (y, height) = between(layout, strip.from, strip.to);
    let (middle, step) =
        (column_x(layout, strip.server.index(), strip.column), layout.lanes[0].step);
    let kind = if column.is_base {
        " base"
    } else if column.is_subject {
        " subject"
    } else {
        ""
    };
    let line = format!("M{} {}v{}", n(middle), n(y), n(height));
    let (x, width) = (n(middle - step / 2.0 + 1.0), n(step - 2.0));
    let stage = match strip.stage {
        Stage::Memory => {
            return html! {
                path class=(format!("mem{kind}")) d=(line) {
                    title { (strip.server) ": " (column.txn) " " (strip.stage.name()) }
                }
            };
        }
        Stage::Queued => " queued",
        Stage::Written => " written",
        Stage::Flushing => " flushing",
        Stage::Durable | Stage::Applied => "",
    };
    html! {
        rect class=(format!("s{kind}{stage}")) x=(x) y=(n(y)) width=(width) height=(n(height)) {
            title { (strip.server) ": " (column.txn) " " (strip.stage.name()) ", from " (ms(strip.from.at_us)) }
        }
        @if strip.stage == Stage::Durable { path.unapplied d=(line) {} }
    }
}

fn exit_of(strip: &Strip, layout: &Layout) -> Markup {
    let (x, y) = (column_x(layout, strip.server.index(), strip.column), layout.y(strip.to));
    let step = layout.lanes[0].step;
    match strip.exit {
        Exit::None => html! {},
        Exit::Lost => cross(x, y),
        Exit::Cut => {
            html! { path.cut d=(format!("M{} {}h{}", n(x - step / 2.0), n(y), n(step))) {} }
        }
    }
}

/// Something is gone.
pub(super) fn cross(x: f64, y: f64) -> Markup {
    html! {
        path.lost d=(format!("M{} {}l7 7m0 -7l-7 7", n(x - 3.5), n(y - 3.5))) {}
    }
}

pub(super) fn promises(scene: &Scene, layout: &Layout) -> Markup {
    html! { @for promise in &scene.promises { (promise_of(promise, scene, layout)) } }
}

fn promise_of(promise: &Promise, scene: &Scene, layout: &Layout) -> Markup {
    let server = promise.server.index();
    let lane = layout.lanes[server];
    let (x, half) = (column_x(layout, server, promise.column), lane.step / 2.0 + 1.5);
    let (top, height) = between(layout, promise.at, promise.until);
    let txn = &scene.columns[promise.column].txn;
    let late = match promise.until.at_us.saturating_sub(promise.at.at_us) {
        us @ 0..1000 => format!("{us} µs"),
        us => ms(us),
    };
    let outcome = match promise.outcome {
        Kept::Late => format!("durable {late} too late"),
        Kept::Never => format!("lost {late} later"),
        Kept::Open => "never durable".to_owned(),
    };
    // The last lane has no room for the words at its right.
    let length = outcome.len() as f64 * 6.2;
    let is_last = lane.right + 4.0 + length > layout.width;
    let words_x = if is_last { x - half - 3.0 } else { lane.right + 4.0 };
    let anchor = is_last.then_some("end");
    let made_y = if is_last { SMALL } else { 3.0 };
    let box_ =
        format!("M{} {}H{}V{}H{}Z", n(x - half), n(top), n(x + half), n(top + height), n(x - half));
    html! {
        g.x[!promise.is_involved] {
            title { (promise.server) " acknowledged " (txn) " before it was durable: " (outcome) }
            path.early d=(format!("M{} {}H{}", n(lane.band + BAND), n(top), n(x - half))) {}
            path.early d=(box_) {}
            @if promise.is_involved {
                text.why x=(n(words_x)) text-anchor=[anchor] y=(n(top + made_y)) { "acknowledged" }
                text.why x=(n(words_x)) text-anchor=[anchor] y=(n(top + height + 9.0)) { (outcome) }
            }
        }
    }
}

pub(super) fn turns(scene: &Scene, layout: &Layout) -> Markup {
    html! { @for turn in &scene.turns { (turn_of(turn, layout)) } }
}

fn turn_of(turn: &Turn, layout: &Layout) -> Markup {
    let lane = layout.lanes[turn.server.index()];
    let (x, y) = (lane.band + BAND / 2.0, layout.y(turn.at));
    let words = match turn.sign {
        Sign::PowerLoss => "power lost".to_owned(),
        Sign::Killed => "killed".to_owned(),
        Sign::Exited => "exits".to_owned(),
        Sign::Started => "starts".to_owned(),
        Sign::Established(epoch) => format!("epoch {epoch} begins"),
        Sign::DiskError => "disk error".to_owned(),
        Sign::Purged => "purged".to_owned(),
        Sign::Installed(Release::New) => "new release".to_owned(),
        Sign::Installed(Release::Old) => "old release".to_owned(),
    };
    let is_end = matches!(turn.sign, Sign::PowerLoss | Sign::Killed | Sign::Exited);
    html! {
        @if is_end { path.end d=(format!("M{} {}l8 8m0 -8l-8 8", n(x - 4.0), n(y - 4.0))) {} }
        @if turn.sign == Sign::Started { path.head d=(format!("M{} {}l5 -7l5 7z", n(x - 5.0), n(y + 3.0))) {} }
        text.sign x=(n(lane.band + BAND + 3.0)) y=(n(y + 3.5)) { (words) }
    }
}
