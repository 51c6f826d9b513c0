//! Title, head and key.

use super::{Shown, n};
use crate::explain::boxed;
use crate::explain::picture::layout::wrap;
use crate::explain::picture::scene::Scene;
use maud::{Markup, html};
use zab_checker::Verdict;

/// What the picture shows, in one sentence.
pub(in crate::explain::picture) fn title(shown: Shown<'_>) -> String {
    let finding = &shown.story.finding;
    match (&finding.violation, &shown.story.verdict) {
        (Some(violation), _) => boxed::title(finding, violation),
        (None, Verdict::Unknown(reason)) => format!("Undecided: {reason}."),
        (None, _) => "No rule is broken.".to_owned(),
    }
}

/// What is broken, and where: the lines below the title.
pub(super) fn head(shown: Shown<'_>, width: f64) -> Vec<String> {
    let clause = shown.story.finding.violation.as_ref().map(boxed::verdict);
    let where_ = format!(
        "{} · {} servers · {}",
        shown.variant, shown.recording.schedule.servers, shown.command
    );
    let needed = shown.story.needed.map(|needed| format!("It needs {needed}."));
    let clause = clause.into_iter().chain(needed).flat_map(|clause| wrap(&clause, width, 12.5));
    clause.chain([where_]).collect()
}

/// What each sign means, in the order in which a reader meets them.
const KEY: [(&str, &str); 9] = [
    ("s subject", "durable"),
    ("s subject flushing", "being flushed"),
    ("s subject written", "written, not flushed"),
    ("s subject queued", "queued in the process"),
    ("mem subject", "in memory only"),
    ("lost", "lost"),
    ("cut", "cut or replaced"),
    ("early", "acknowledged before it was durable"),
    ("op", "a client waits"),
];

/// The same where clients queue for a lock.
const KEY_OF_LOCKS: [(&str, &str); 2] =
    [("band holds", "has the lock"), ("band believes", "believes so, and is not connected")];

/// The signs that can stand in this picture.
fn signs(scene: &Scene) -> impl Iterator<Item = (&'static str, &'static str)> {
    let locks: &[_] = if scene.held.is_empty() { &[] } else { &KEY_OF_LOCKS };
    KEY.iter().chain(locks).copied()
}

/// The key as a drawing of this width, and its height.
pub(super) fn key(scene: &Scene, width: f64) -> (Markup, f64) {
    let (mut x, mut y) = (0.0, 0.0);
    let mut placed = Vec::new();
    for (class, words) in signs(scene) {
        let length = 24.0 + words.len() as f64 * 5.6;
        if x + length > width {
            (x, y) = (0.0, y + 20.0);
        }
        placed.push((x, y, class, words));
        x += length + 12.0;
    }
    let drawing = html! {
        @for (x, y, class, words) in placed {
            (sign(x, y, class))
            text.said x=(n(x + 18.0)) y=(n(y + 10.0)) { (words) }
        }
    };
    (drawing, y + 20.0)
}

fn sign(x: f64, y: f64, class: &str) -> Markup {
    match class {
        "lost" => super::lanes::cross(x + 6.0, y + 7.0),
        "cut" => html! { path.cut d=(format!("M{} {}h12", n(x), n(y + 7.0))) {} },
        "early" => html! { path.early d=(format!("M{} {}h10v13h-10z", n(x + 1.0), n(y))) {} },
        "mem subject" => {
            html! { path class=(class) d=(format!("M{} {}v13", n(x + 6.0), n(y))) {} }
        }
        _ => html! { rect class=(class) x=(n(x + 1.0)) y=(n(y)) width="10" height="13" {} },
    }
}

/// The key for a page: signs with their words.
pub(in crate::explain::picture) fn legend(scene: &Scene) -> Markup {
    html! {
        ul.key {
            @for (class, words) in signs(scene) {
                li {
                    svg.pic width="14" height="15" aria-hidden="true" { (sign(1.0, 1.0, class)) }
                    (words)
                }
            }
        }
    }
}
