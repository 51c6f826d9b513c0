//! What the picture of ZOOKEEPER-4646 is made of.

use super::scene::{Kept, Role, Scene, Stage};
use super::*;
use crate::case;
use crate::explain::text::ms;
use crate::generate;
use crate::oracle::Oracle;
use crate::rng::Rng;
use expect_test::{Expect, expect};
use std::path::Path;
use zab_core::NodeId;

fn scene(name: &str) -> Scene {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(name);
    let case = case::read(&path).expect("a stored case");
    let recording = Oracle::new(case.driver).record(&case.schedule, case.named().releases());
    scene_of(&recording, &Story::of(&recording), DETAILED_MAX)
}

fn check(lines: impl Iterator<Item = String>, expected: &Expect) {
    expected.assert_eq(&lines.map(|line| line + "\n").collect::<String>());
}

#[test]
fn the_write_of_zookeeper_4646_on_its_way_to_each_disk() {
    let scene = scene("O2/zookeeper-4646.json");
    let subject = scene.columns.iter().position(|column| column.is_subject);
    let strips = scene.strips.iter().filter(|strip| Some(strip.column) == subject);
    let line = |strip: &scene::Strip| {
        let (from, to) = (ms(strip.from.at_us), ms(strip.to.at_us));
        let stage = strip.stage.name();
        format!("{} {from} to {to}: {stage}, then {:?}", strip.server, strip.exit)
    };
    check(
        strips.map(line),
        &expect![[r#"
            S0 101.0 ms to 101.0 ms: written, then None
            S0 101.0 ms to 102.1 ms: flushing, then None
            S0 102.1 ms to 102.5 ms: durable, then None
            S0 102.5 ms to 684.4 ms: durable and applied, then Cut
            S1 100.1 ms to 100.1 ms: queued, then None
            S1 100.1 ms to 100.1 ms: written, then None
            S1 100.1 ms to 101.9 ms: flushing, then None
            S1 101.9 ms to 101.9 ms: queued, then Lost
            S1 167.0 ms to 167.1 ms: queued, then None
            S1 167.1 ms to 167.1 ms: written, then None
            S1 167.1 ms to 167.8 ms: flushing, then None
            S1 167.8 ms to 167.8 ms: queued, then Lost
        "#]],
    );
}

#[test]
fn the_promise_that_was_made_too_early() {
    let scene = scene("O2/zookeeper-4646.json");
    let [promise] = scene.promises.as_slice() else {
        panic!("{:?}", scene.promises);
    };
    assert_eq!((promise.server, promise.outcome), (NodeId(1), Kept::Never));
    assert!(promise.is_involved && promise.at < promise.until);
    let record = |strip: &&scene::Strip| {
        (strip.server, strip.column, strip.to) == (NodeId(1), promise.column, promise.until)
    };
    let lost: Vec<_> = scene.strips.iter().filter(record).collect();
    assert!(matches!(lost.as_slice(), [one] if one.stage < Stage::Durable), "{lost:?}");
}

#[test]
fn the_roles_of_the_servers_of_zookeeper_4646() {
    let scene = scene("O2/zookeeper-4646.json");
    let mut bands: Vec<_> = scene.bands.iter().collect();
    bands.sort_by_key(|band| (band.server, band.from));
    let line = |band: &&scene::Band| {
        let what = match band.role {
            Role::Down => "is down".to_owned(),
            Role::Looking => "looks".to_owned(),
            Role::Following(leader, epoch) => format!("follows {leader}, serves {epoch:?}"),
            Role::Leading(epoch) => format!("leads, serves {epoch:?}"),
        };
        format!("{} {} {what}", band.server, ms(band.from.at_us))
    };
    check(
        bands.iter().map(line),
        &expect![[r#"
            S0 0.0 ms follows S2, serves Some(Epoch(1))
            S0 0.8 ms looks
            S0 11.5 ms follows S1, serves None
            S0 20.6 ms follows S1, serves Some(Epoch(2))
            S0 102.5 ms looks
            S0 162.1 ms leads, serves None
            S0 167.4 ms leads, serves Some(Epoch(3))
            S0 202.1 ms looks
            S0 228.7 ms leads, serves None
            S0 648.7 ms looks
            S0 653.7 ms follows S1, serves None
            S0 793.7 ms follows S1, serves Some(Epoch(4))
            S1 0.0 ms follows S2, serves Some(Epoch(1))
            S1 0.7 ms looks
            S1 12.1 ms leads, serves None
            S1 20.3 ms leads, serves Some(Epoch(2))
            S1 101.9 ms is down
            S1 151.9 ms looks
            S1 161.9 ms follows S0, serves None
            S1 167.8 ms is down
            S1 217.8 ms looks
            S1 227.8 ms follows S0, serves None
            S1 230.0 ms looks
            S1 320.8 ms leads, serves None
            S1 339.1 ms leads, serves Some(Epoch(4))
            S2 0.0 ms leads, serves Some(Epoch(1))
            S2 0.0 ms is down
            S2 300.0 ms looks
            S2 331.1 ms follows S1, serves None
            S2 339.6 ms follows S1, serves Some(Epoch(4))
        "#]],
    );
}

#[test]
fn every_packet_arrives_later_than_it_left_or_never() {
    let scene = scene("O1/stale-ack.json");
    let lost = scene.messages.iter().filter(|message| message.fate == scene::Fate::Lost).count();
    assert!(lost > 0, "an isolated server's packets are lost");
    for message in &scene.messages {
        if let scene::Fate::Arrives(at) = message.fate {
            assert!(at > message.sent, "{message:?}");
        }
    }
}

#[test]
fn a_place_lower_on_the_page_is_later() {
    let scene = scene("O1/stale-ack.json");
    for sheet in [layout::Sheet::page(&scene), layout::Sheet::figure(&scene)] {
        let layout = Layout::new(&scene, sheet);
        let places: Vec<f64> = scene.frames.iter().map(|frame| layout.y(frame.at)).collect();
        assert!(places.is_sorted(), "{places:?}");
        let told = scene.sentences.iter().zip(&layout.sentences);
        let told: Vec<_> = told.filter(|(sentence, _)| layout.tells(sentence)).collect();
        for pair in told.windows(2) {
            let lines = layout.lines(&pair[0].0.text).len() as f64;
            assert!(pair[0].1 + lines * layout::LINE <= *pair[1].1, "{:?}", pair[1].0);
        }
    }
}

#[test]
fn a_page_of_a_long_execution_can_still_be_attached() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/O2/zookeeper-4646.json");
    let stored = case::read(&path).expect("a stored case");
    let mut has_left_out = false;
    for seed in 0..4 {
        let schedule = generate::schedule(&mut Rng::new(seed), 7);
        let case = Case { schedule, ..stored.clone() };
        let recording = Oracle::default().record(&case.schedule, case.named().releases());
        assert!(recording.events.len() > recording.boot + 500, "{}", recording.events.len());
        let story = &Story::of(&recording);
        let (variant, command) = (&*case.variant, "cargo zab explain CASE");
        let page = page(Shown { case: &case, variant, command, recording: &recording, story });
        assert!((100_000..=300_000).contains(&page.len()), "{} bytes", page.len());
        has_left_out |= page.contains("the details end here");
    }
    assert!(has_left_out);
}
