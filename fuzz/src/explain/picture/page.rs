//! One page with everything: the verdict, who held what, the picture with the words beside it, the
//! state of the servers at any moment.
//!
//! The page needs nothing besides itself: no font, no picture, no network. Without its script it still
//! has all but the state at any moment.

mod evidence;
mod states;

use super::draw::{self, DARK, STYLE};
use super::layout::{HEADER, Layout, Sheet};
use super::scene::{Scene, Sentence};
use super::{DETAILED_MAX, Shown, scene_of};
use crate::explain::story::Weight;
use crate::explain::text::ms;
use crate::page::document;
use maud::{Markup, PreEscaped, html};

const PAGE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// A page is to be attached to a report: trackers and mail refuse large ones, and readers too.
const SIZE_MAX: usize = 300_000;

/// The page. Where all the events would make it too large, the later ones are left out, and it says so.
pub fn page(shown: Shown<'_>) -> String {
    let mut most = DETAILED_MAX;
    loop {
        let page = page_of(shown, most);
        if page.len() <= SIZE_MAX || most < FEW {
            return page;
        }
        most -= most / 8;
    }
}

/// Fewer events than this no page is made of.
const FEW: usize = 100;

fn page_of(shown: Shown<'_>, most: usize) -> String {
    let scene = scene_of(shown.recording, shown.story, most);
    let layout = Layout::new(&scene, Sheet::page(&scene));
    let title = draw::title(shown);
    let body = html! {
        header { (evidence::head(shown, &title)) }
        main {
            (evidence::held(shown))
            (bar(&scene))
            (stage(shown, &scene, &layout))
            (states::dock(&scene))
            (evidence::tables(shown))
            (evidence::others(shown))
            footer { (evidence::foot(&scene)) }
        }
        script type="application/json" id="data" { (PreEscaped(states::data(&scene, &layout))) }
        script { (PreEscaped(SCRIPT)) }
    };
    let dark = ["@media (prefers-color-scheme: dark) {", DARK, "}"];
    let styles = [[PAGE, STYLE].as_slice(), &dark].concat();
    draw::closed(&document(&title, &styles, &body))
}

fn bar(scene: &Scene) -> Markup {
    html! {
        div.bar {
            h2 { "What happened" }
            button type="button" id="dim" data-key="d" aria-pressed="false" hidden[!scene.is_selective] { "Dim what is not involved " kbd { "d" } }
            button type="button" data-key="k" { "Previous " kbd { "k" } }
            button type="button" data-key="j" { "Next " kbd { "j" } }
            button type="button" data-key="p" { "◀ Instant " kbd { "p" } }
            button type="button" data-key="n" { "Instant ▶ " kbd { "n" } }
            span.keys { "single events: " kbd { "h" } " " kbd { "l" } ", or the arrow keys inside the picture" }
        }
        (draw::legend(scene))
    }
}

fn stage(shown: Shown<'_>, scene: &Scene, layout: &Layout) -> Markup {
    let (width, height) = (layout.width, layout.height);
    let words = format!(
        "left:{width:.0}px;top:{HEADER:.0}px;width:{:.0}px;height:{height:.0}px",
        layout.sheet_words
    );
    let label = "Picture: a lane for each client and server, time downwards. The list beside it says the same in words.";
    html! {
        div.stage id="stage" tabindex="0" role="group" aria-label="What happened, step by step" {
            div.names aria-hidden="true" {
                svg.pic width=(format!("{width:.0}")) height=(format!("{HEADER:.0}")) { (draw::header(scene, layout)) }
            }
            svg.pic role="img" aria-label=(label) width=(format!("{width:.0}")) height=(format!("{height:.0}")) {
                (draw::patterns())
                (draw::body(shown, scene, layout))
            }
            ol.words id="words" style=(words) {
                @for (sentence, y) in scene.sentences.iter().zip(&layout.sentences) { (told(sentence, scene, *y)) }
            }
            div.cursor id="cursor" data-top=(format!("{HEADER:.0}"))
                style=(format!("width:{:.0}px", width - 17.0)) {}
        }
    }
}

/// A sentence in which no zxid and no time is torn apart at the end of a line.
fn in_one_piece(text: &str) -> String {
    let mut is_inside = false;
    let keep = |letter: char| {
        is_inside = (is_inside || letter == '<') && letter != '>';
        if letter == ' ' && is_inside { '\u{a0}' } else { letter }
    };
    text.chars().map(keep).collect::<String>().replace(" ms", "\u{a0}ms")
}

fn told(sentence: &Sentence, scene: &Scene, y: f64) -> Markup {
    let frame = scene.frames.partition_point(|frame| frame.at <= sentence.at).saturating_sub(1);
    let is_weak = !sentence.is_involved || sentence.weight == Weight::Detail;
    let class =
        if is_weak { Some("weak") } else { (sentence.weight == Weight::Turn).then_some("turn") };
    html! {
        li class=[class] style=(format!("top:{y:.0}px")) data-f=(frame) data-t=(ms(sentence.at.at_us))
            data-n=[sentence.instant.map(|instant| instant + 1)] {
            (in_one_piece(&sentence.text))
        }
    }
}
