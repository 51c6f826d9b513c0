//! Draws: the same shapes for a file and for a page.

mod lanes;
mod messages;
mod texts;

pub(super) use texts::{legend, title};

use super::Shown;
use super::layout::{AXIS, HEADER, LINE, Layout};
use super::scene::{Point, Scene, Sentence};
use crate::explain::story::Weight;
use crate::explain::text::{ms, thousands};
use maud::{Markup, PreEscaped, html};

/// The colors and strokes, and what differs in the dark.
pub(super) const STYLE: &str = include_str!("picture.css");
/// See [`STYLE`].
pub(super) const DARK: &str = include_str!("dark.css");

/// A number as SVG has it.
fn n(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

/// A whole SVG file: title, picture, words and key.
pub(super) fn file(shown: Shown<'_>, scene: &Scene, layout: &Layout) -> String {
    let title = title(shown);
    let lines = texts::head(shown, layout.width + layout.sheet_words);
    let top = 38.0 + lines.len() as f64 * 16.0;
    let (key, key_height) = texts::key(scene, layout.width + layout.sheet_words - 24.0);
    let (width, height) = (
        layout.width + layout.sheet_words + 24.0,
        top + HEADER + layout.height + key_height + 22.0,
    );
    let style = format!("{STYLE}@media (prefers-color-scheme: dark) {{\n{DARK}}}\n");
    let drawing = html! {
        svg xmlns="http://www.w3.org/2000/svg" class="pic" role="img" aria-labelledby="t d"
            viewBox=(format!("0 0 {} {}", n(width), n(height))) width=(n(width)) height=(n(height)) {
            title id="t" { (title) }
            desc id="d" { @for line in shown.story.lines() { (line) "\n" } }
            style { (PreEscaped(style)) }
            (patterns())
            rect.paper width="100%" height="100%" rx="8" {}
            g transform="translate(12 0)" {
                text.h1 x="0" y="28" { (title) }
                @for (line, y) in lines.iter().zip((0..).map(|at| 48.0 + 16.0 * f64::from(at))) {
                    text.h2 x="0" y=(n(y)) { (line) }
                }
                g transform=(shift(0.0, top)) { (header(scene, layout)) }
                g transform=(shift(0.0, top + HEADER)) {
                    (body(shown, scene, layout))
                    (words(scene, layout))
                }
                g transform=(shift(0.0, top + HEADER + layout.height + 10.0)) { (key) }
            }
        }
    };
    closed(&drawing.into_string())
}

/// Shapes without contents end where they begin: it is shorter by a tenth.
pub(super) fn closed(drawing: &str) -> String {
    ["path", "rect", "circle"]
        .iter()
        .fold(drawing.to_owned() + "\n", |text, tag| text.replace(&format!("\"></{tag}>"), "\"/>"))
}

fn shift(x: f64, y: f64) -> String {
    format!("translate({} {})", n(x), n(y))
}

/// The patterns that say what color alone must not.
pub(super) fn patterns() -> Markup {
    let hatch = |id: &str, class: &str, size: u8, lines: &str| {
        html! {
            pattern id=(id) width=(size) height=(size) patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                rect.hatchpaper width=(size) height=(size) {}
                path class=(class) d=(lines) {}
            }
        }
    };
    html! {
        defs {
            (arrowhead("p-head", "head"))
            (arrowhead("p-head-x", "head off"))
            (hatch("p-written", "hatch", 4, "M0 0V4"))
            (hatch("p-written-m", "hatch m", 4, "M0 0V4"))
            (hatch("p-flushing", "hatch", 4, "M0 0V4M0 0H4"))
            (hatch("p-flushing-m", "hatch m", 4, "M0 0V4M0 0H4"))
            (hatch("p-syncs", "hatch", 7, "M0 0V7"))
            (hatch("p-held", "hatch held", 5, "M0 0V5"))
            (hatch("p-elected", "hatch", 5, "M0 0V5M0 0H5"))
            pattern id="p-fault" width="4" height="4" patternUnits="userSpaceOnUse" {
                rect fill="#f0c36a" width="4" height="4" {}
                path stroke="#8a5a00" stroke-width="1" d="M0 2H4" {}
            }
        }
    }
}

fn arrowhead(id: &str, class: &str) -> Markup {
    html! {
        marker id=(id) viewBox="0 0 7 6" refX="6.5" refY="3" markerWidth="7" markerHeight="6" orient="auto" markerUnits="userSpaceOnUse" {
            path class=(class) d="M0 0.2L7 3L0 5.8Z" {}
        }
    }
}

/// The names of the lanes and of their columns.
pub(super) fn header(scene: &Scene, layout: &Layout) -> Markup {
    let foot = HEADER - 5.0;
    html! {
        text.sub x=(n(AXIS - 6.0)) y=(n(foot)) text-anchor="end" { "ms" }
        text.sub x=(n(layout.faults)) y=(n(foot)) { "faults" }
        @for (name, x) in scene.clients.iter().zip(&layout.clients) {
            text.name[name.len() < 4].sub[name.len() >= 4] x=(n(*x)) y=(n(foot)) { (name) }
        }
        @for (server, lane) in layout.lanes.iter().enumerate() {
            text.name x=(n(lane.band + 2.0)) y=(n(foot)) { "S" (server) }
            @for (x, name) in lane.epochs.iter().zip(["accepted", "current"]) {
                (upright(*x + 9.5, foot, "sub", name))
            }
            @for (at, column) in scene.columns.iter().enumerate() {
                @let x = lane.columns + lane.step * (at as f64 + 0.5) + 3.0;
                @if lane.step >= 9.0 || column.is_subject {
                    (upright(x, foot, if column.is_subject { "sub mine" } else { "sub" }, &column.name))
                }
            }
        }
    }
}

fn upright(x: f64, y: f64, class: &str, text: &str) -> Markup {
    let turn = format!("translate({} {}) rotate(-90)", n(x), n(y));
    html! { text class=(class) transform=(turn) { (text) } }
}

/// Everything below the names, the words apart.
pub(super) fn body(shown: Shown<'_>, scene: &Scene, layout: &Layout) -> Markup {
    html! {
        (lanes::background(scene, layout))
        (rules(shown, scene, layout))
        (axis(layout))
        (lanes::faults(scene, layout))
        (lanes::bands(scene, layout))
        (lanes::held(scene, layout))
        (lanes::epochs(scene, layout))
        (lanes::strips(scene, layout))
        (messages::events(scene, layout))
        (messages::operations(scene, layout))
        (lanes::promises(scene, layout))
        (lanes::turns(scene, layout))
    }
}

fn axis(layout: &Layout) -> Markup {
    html! {
        path.guide d=(format!("M{0} 0V{1}", n(AXIS), n(layout.height))) {}
        @for (y, at_us) in &layout.ticks {
            text.time x=(n(AXIS - 6.0)) y=(n(y + 3.5)) { (tick(*at_us)) }
        }
        path.guide d=(layout.ticks.iter().map(|(y, _)| format!("M{} {}h6", n(AXIS - 3.0), n(*y))).collect::<String>()) {}
        @for (y, _) in &layout.breaks {
            path.cut.thin style="stroke-width:1" fill="none"
                d=(format!("M{} {}l3 -2.5l4 5l3 -2.5", n(AXIS - 5.0), n(*y))) {}
        }
    }
}

/// A time without its unit.
fn tick(us: u64) -> String {
    format!("{}.{}", thousands(us / 1000), us % 1000 / 100)
}

/// Lines across all lanes: the instants of the verdict, healing, the end of the details.
fn rules(shown: Shown<'_>, scene: &Scene, layout: &Layout) -> Markup {
    let width = layout.width;
    let line = |y: f64, class: &str| {
        html! { path class=(class) d=(format!("M{} {}H{}", n(AXIS), n(y), n(width))) {} }
    };
    let instants = &shown.story.finding.instants;
    let place = |at: usize| {
        scene.frames.iter().rev().find(|frame| frame.at.place < 2 * instants[at].events)
    };
    let healed = scene.frames.iter().find(|frame| frame.words.ends_with("all faults are healed"));
    html! {
        @if let Some(healed) = healed {
            @let y = layout.y(healed.at);
            (line(y, "rule plain"))
        }
        @if scene.left_out > 0 {
            @let y = layout.y(scene.detailed_until) + 4.0;
            (line(y, "rule plain"))
            text.note x=(n(layout.faults)) y=(n(y + 11.0)) {
                "the details end here"
                title { (thousands(scene.left_out as u64)) " later events are not drawn" }
            }
        }
        @for (at, instant) in instants.iter().enumerate() {
            @if let Some(frame) = place(at).filter(|_| shown.story.finding.violation.is_some()) {
                @let y = if at + 1 == instants.len() { layout.y(scene.end) } else { layout.y(frame.at) };
                (line(y, "rule"))
                (badge(width - 8.0, y, at + 1, &format!("{}, {}", instant.why.name(), ms(instant.at_us))))
            }
        }
    }
}

fn badge(x: f64, y: f64, number: usize, title: &str) -> Markup {
    html! {
        g {
            title { (title) }
            circle.badge cx=(n(x)) cy=(n(y)) r="7.5" {}
            text.no x=(n(x)) y=(n(y + 3.7)) { (number) }
        }
    }
}

/// The sentences of the story, beside what they tell.
fn words(scene: &Scene, layout: &Layout) -> Markup {
    let told = scene.sentences.iter().zip(&layout.sentences);
    let told = told.filter(|(sentence, _)| layout.tells(sentence));
    let x = layout.width + 14.0;
    html! {
        g.words {
            @for (sentence, y) in told {
                text.weak[is_weak(sentence)] x=(n(x)) y=(n(y + 4.0)) {
                    @for (at, line) in layout.lines(sentence).iter().enumerate() {
                        tspan x=(n(x + 8.0)) dy=[(at > 0).then(|| n(LINE))] { (line) }
                    }
                }
            }
        }
    }
}

fn is_weak(sentence: &Sentence) -> bool {
    sentence.weight == Weight::Detail || !sentence.is_involved
}

/// The middle of the strip of a column.
fn column_x(layout: &Layout, server: usize, column: usize) -> f64 {
    let lane = layout.lanes[server];
    lane.columns + lane.step * (column as f64 + 0.5)
}

/// The height of something between two points; at least a hair.
fn between(layout: &Layout, from: Point, to: Point) -> (f64, f64) {
    let (top, bottom) = (layout.y(from), layout.y(to));
    (top, (bottom - top).max(0.6))
}
