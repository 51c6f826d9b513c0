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
use zab_core::variant::Releases;
use zab_core::{NodeId, Variant};

fn case(name: &str) -> Case {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(name);
    case::read(&path).expect("a stored case")
}

fn scene(name: &str) -> Scene {
    let case = case(name);
    scene_in(&case, case.named().releases())
}

fn scene_in(case: &Case, releases: Releases) -> Scene {
    let recording = Oracle::new(case.driver).record(&case.schedule, releases);
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
            S0 40.1 ms to 50.0 ms: queued, then Lost
            S2 0.3 ms to 0.3 ms: queued, then None
            S2 0.3 ms to 0.3 ms: written, then None
            S2 0.3 ms to 1.0 ms: flushing, then None
            S2 1.0 ms to 23.3 ms: durable, then None
            S2 23.3 ms to 564.5 ms: durable and applied, then Cut
        "#]],
    );
}

#[test]
fn the_promise_that_was_made_too_early() {
    let scene = scene("O2/zookeeper-4646.json");
    let [promise] = scene.promises.as_slice() else {
        panic!("{:?}", scene.promises);
    };
    assert_eq!((promise.server, promise.outcome), (NodeId(0), Kept::Never));
    assert!(promise.is_involved && promise.at < promise.until);
    let record = |strip: &&scene::Strip| {
        (strip.server, strip.column, strip.to) == (NodeId(0), promise.column, promise.until)
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
            S0 0.0 ms looks
            S0 33.7 ms follows S2, serves None
            S0 50.0 ms is down
            S0 50.0 ms looks
            S0 84.5 ms follows S2, serves None
            S0 504.5 ms looks
            S0 536.5 ms follows S1, serves None
            S0 541.5 ms follows S1, serves Some(Epoch(3))
            S1 0.0 ms follows S2, serves Some(Epoch(1))
            S1 0.0 ms is down
            S1 100.0 ms looks
            S1 111.5 ms follows S2, serves None
            S1 505.2 ms looks
            S1 526.4 ms leads, serves None
            S1 540.5 ms leads, serves Some(Epoch(3))
            S2 0.0 ms leads, serves Some(Epoch(1))
            S2 23.3 ms looks
            S2 34.2 ms leads, serves None
            S2 41.4 ms leads, serves Some(Epoch(2))
            S2 74.2 ms looks
            S2 84.8 ms leads, serves None
            S2 504.8 ms looks
            S2 551.4 ms follows S1, serves None
            S2 674.8 ms follows S1, serves Some(Epoch(3))
        "#]],
    );
}

/// Two clients that both believe that they have the lock, both connected, at the same time.
fn two_holders(scene: &Scene) -> Option<(&scene::Held, &scene::Held)> {
    let connected = || scene.held.iter().filter(|held| held.is_connected);
    let pairs = connected().flat_map(|one| connected().map(move |other| (one, other)));
    let mut overlap = pairs.filter(|(one, other)| one.from < other.to && other.from < one.to);
    overlap.find(|(one, other)| one.client < other.client)
}

#[test]
fn the_bands_of_two_clients_that_hold_one_lock_overlap() {
    let case = case("E-5/trunc-keeps-next.json");
    let scene = scene_in(&case, case.named().releases());
    let (one, other) = two_holders(&scene).expect("E-5 is what the case shows");
    for held in [one, other] {
        let name = &scene.clients[held.client];
        assert!(held.session.to_string().starts_with(name.as_str()), "{held:?} in the lane {name}");
    }
    let layout = Layout::new(&scene, layout::Sheet::figure(&scene));
    assert!(
        layout.y(other.from).max(layout.y(one.from)) < layout.y(other.to).min(layout.y(one.to))
    );
    let repaired = scene_in(&case, Variant::REFERENCE.into());
    assert!(!repaired.held.is_empty() && two_holders(&repaired).is_none());
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
            let lines = layout.lines(pair[0].0).len() as f64;
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
