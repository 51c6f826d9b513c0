//! The picture of an execution: who sent what to whom, and what was durable when it was promised.
//!
//! Time runs downwards. Each server has a lane: its role, its epoch files, and its disk, with a
//! column for each transaction, the same ones at every server, so that a gap is something that a
//! server lacks. What is solid survives a power failure; what is hatched does not, yet.
//!
//! `scene` is what there is to draw, put together from the events, the checker that watches them
//! (`film`) and the words of the story; `layout` gives every point a place; `draw` draws. The same
//! drawing stands in an SVG file and in an HTML page (`page`).

mod draw;
mod film;
mod held;
mod involved;
mod lanes;
mod layout;
mod page;
mod promises;
mod scene;
#[cfg(test)]
mod tests;
mod ways;

pub use page::page;

use super::Story;
use crate::case::Case;
use crate::oracle::Recording;
use film::Film;
use involved::Involved;
use layout::Layout;
use scene::{Point, Scene, Sentence};
use ways::Ways;

/// What is to be shown of a case.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// The case.
    pub case: &'a Case,
    /// The name of the variant that it runs in here.
    pub variant: &'a str,
    /// The command that shows it.
    pub command: &'a str,
    /// What happened.
    pub recording: &'a Recording,
    /// In words.
    pub story: &'a Story,
}

/// The picture alone, with the words beside it, as an SVG file.
pub fn svg(shown: Shown<'_>) -> String {
    let scene = scene_of(shown.recording, shown.story, DETAILED_MAX);
    let layout = Layout::new(&scene, layout::Sheet::figure(&scene));
    draw::file(shown, &scene, &layout)
}

/// At most this number of events is drawn one by one from boot on.
const DETAILED_MAX: usize = 800;

/// Puts together what there is to draw, of at most this number of events from boot on.
fn scene_of(recording: &Recording, story: &Story, most: usize) -> Scene {
    let film = Film::new(recording, story, most);
    let involved = Involved::new(recording, &story.finding);
    let columns = film.columns(&story.finding.subjects);
    let (frames, strips) = film.run(&story.start, &columns);
    let ways = Ways::of(&film);
    let lanes = ways.lanes(|request| involved.request(request));
    let operations = ways.operations(&lanes, |request| involved.request(request));
    let end = film.end();
    let after = film.recording.events.len() - 1 - film.detailed_until;
    let told = film.events().filter(|(index, _)| *index > film.detailed_until).count();
    Scene {
        bands: lanes::bands(&frames, end),
        epochs: lanes::epochs(&film, &story.start),
        messages: ways.messages(|index| involved.event(index)),
        faults: lanes::faults(&film),
        turns: lanes::turns(&film),
        promises: promises::promises(&film, &frames, &columns, &strips),
        sentences: sentences(story, &involved),
        detailed_until: film.point(film.detailed_until),
        left_out: after - told,
        is_selective: involved.is_selective(),
        clients: lanes.iter().map(ToString::to_string).collect(),
        held: held::held(&film, &lanes, end),
        operations,
        columns,
        frames,
        strips,
        end,
    }
}

fn sentences(story: &Story, involved: &Involved<'_>) -> Vec<Sentence> {
    let instants = &story.finding.instants;
    let sentence = |moment: &super::story::Moment| {
        let is_it = |instant: &super::finding::Instant| {
            instant.events == moment.events && instant.why != super::finding::Why::End
        };
        let index = moment.events.saturating_sub(1);
        Sentence {
            at: Point { at_us: moment.at_us, place: 2 * index + 1 },
            text: moment.text.clone(),
            weight: moment.weight,
            instant: instants.iter().position(is_it),
            is_involved: involved.sentence(&moment.text)
                || moment.node.is_some() && involved.event(index),
        }
    };
    story.moments.iter().map(sentence).collect()
}
