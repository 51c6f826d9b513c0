//! The picture of every stored case: well-formed, small, self-contained, and everything is in it.

use roxmltree::Document;
use serde_json::Value;
use std::cell::RefCell;
use std::path::Path;
use zab_checker::custody::ServerState;
use zab_checker::{Event, Fact};
use zab_core::Time;
use zab_fuzz::case;
use zab_fuzz::explain::Story;
use zab_fuzz::explain::picture::{self, Shown};
use zab_fuzz::oracle::{Oracle, Recording};
use zab_sim::trace::Line;

/// A page is to be attached to a report.
const SIZE_MAX: usize = 300_000;

/// At most this number of events is drawn one by one.
const EVENTS_MAX: usize = 800;

thread_local! {
    static ORACLE: RefCell<Oracle> = RefCell::default();
}

fn is_drawn(path: &Path) -> datatest_stable::Result<()> {
    let case = case::read(path)?;
    let named = case.named();
    let recording =
        ORACLE.with_borrow_mut(|oracle| oracle.record(&case.schedule, named.releases()));
    let story = Story::of(&recording);
    let command = "cargo zab explain CASE";
    let shown =
        Shown { case: &case, variant: &named.name, command, recording: &recording, story: &story };
    let (svg, page) = (picture::svg(shown), picture::page(shown));
    Document::parse(&svg)?;
    for drawing in drawings(&page) {
        Document::parse(drawing)?;
    }
    assert!(page.len() < SIZE_MAX, "{} bytes", page.len());
    refers_to_nothing(&page);
    refers_to_nothing(&svg.replace("xmlns=\"http://www.w3.org/2000/svg\"", ""));
    shows_every_event(&recording, &svg);
    // All of them might make a page too large to be attached; it says where it leaves details out.
    let is_at_its_limit = page.len() > SIZE_MAX * 9 / 10 && page.contains("the details end here");
    if !is_at_its_limit {
        shows_every_event(&recording, &page);
    }
    tells_the_verdict(&story, &page);
    has_a_table_for_each_event(&story, &page);
    Ok(())
}

/// The SVG elements of a page.
fn drawings(page: &str) -> impl Iterator<Item = &str> {
    page.split("<svg").skip(1).map(|rest| {
        let end = rest.find("</svg>").expect("an SVG element ends");
        let start = rest.as_ptr() as usize - page.as_ptr() as usize - "<svg".len();
        &page[start..start + "<svg".len() + end + "</svg>".len()]
    })
}

/// Nothing is loaded from anywhere.
fn refers_to_nothing(text: &str) {
    for word in ["http:", "https:", "src=", "href=", "@import", "<link", "<iframe", "fetch("] {
        assert!(!text.contains(word), "{word}");
    }
    let urls = text.split("url(").skip(1);
    assert!(urls.clone().count() > 0 && urls.clone().all(|url| url.starts_with("#p-")));
}

/// Until service is back, each event has a shape of its own with its words.
fn shows_every_event(recording: &Recording, text: &str) {
    let Recording { events, boot, origin, .. } = recording;
    let is_over = |event: &Event| matches!(event.fact, Fact::Available { .. });
    let over = events.iter().position(is_over).unwrap_or(events.len() - 1);
    let mut rest = text;
    for event in &events[*boot..=over.min(boot + EVENTS_MAX)] {
        let event = Event { at: Time(event.at.since(*origin).0), ..event.clone() };
        let words = Line(&event).to_string();
        let words = words.trim_start().replace('<', "&lt;").replace('>', "&gt;");
        let title = format!("<title>{words}</title>");
        let at = rest.find(&title).unwrap_or_else(|| panic!("not there, or not in order: {words}"));
        rest = &rest[at + title.len()..];
    }
}

fn tells_the_verdict(story: &Story, page: &str) {
    // A page does not break a line inside a zxid or a time.
    let page = page.replace('\u{a0}', " ");
    let escaped =
        |text: &str| text.replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    if let Some(violation) = &story.finding.violation {
        let detail = violation.detail.to_string().replace(".000 ms", " ms");
        assert!(page.contains(&escaped(&detail)), "{violation}");
    }
    for moment in &story.moments {
        assert!(page.contains(&escaped(&moment.text)), "{}", moment.text);
    }
}

/// The script has a state of each server for each event that is shown; the first is that after boot.
fn has_a_table_for_each_event(story: &Story, page: &str) {
    let start = "<script type=\"application/json\" id=\"data\">";
    let (_, rest) = page.split_once(start).expect("the data are there");
    let (data, _) = rest.split_once("</script>").expect("they end");
    let data: Value = serde_json::from_str(data).expect("they are JSON");
    let frames: Vec<Vec<usize>> = serde_json::from_value(data["frames"].clone()).expect("numbers");
    assert_eq!(frames.len(), events_drawn(page));
    // Each frame says how much further down it is, and which servers are in which other state.
    let states = data["states"].as_array().expect("a list");
    let mut at = vec![usize::MAX; story.start.len()];
    for (number, frame) in frames.iter().enumerate() {
        for change in frame[1..].chunks(2) {
            let [server, state] = *change else { panic!("half a change: {frame:?}") };
            assert!(state < states.len() && at[server] != state, "{frame:?}");
            at[server] = state;
        }
        if number == 0 {
            let logged = |(server, state): (usize, &ServerState)| {
                assert_eq!(states[at[server]][2], state.last_logged.to_string());
            };
            story.start.iter().enumerate().for_each(logged);
        }
    }
}

fn events_drawn(page: &str) -> usize {
    let counts = drawings(page).map(|drawing| {
        let document = Document::parse(drawing).expect("it was parsed before");
        let mut groups = document.descendants().filter(|n| n.attribute("class") == Some("events"));
        groups.next().map_or(0, |group| group.children().filter(|n| n.is_element()).count())
    });
    counts.sum()
}

datatest_stable::harness! {
    { test = is_drawn, root = "cases", pattern = r"\.json$" },
}
