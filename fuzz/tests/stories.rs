//! The story and the judge agree: whatever a sentence says about durability, in any stored case, a
//! checker that sees the same events says as well, and the box shows what the verdict says.

use std::cell::RefCell;
use std::path::Path;
use zab_checker::custody::ServerState;
use zab_checker::detail::{Detail, OnDisk};
use zab_checker::{Checker, Class};
use zab_core::{NodeId, Zxid};
use zab_fuzz::case;
use zab_fuzz::explain::finding::Why;
use zab_fuzz::explain::story::Moment;
use zab_fuzz::explain::{Story, boxed, table, text};
use zab_fuzz::oracle::{Oracle, Recording, standard};

thread_local! {
    static ORACLE: RefCell<Oracle> = RefCell::default();
}

fn is_told_as_it_was(path: &Path) -> datatest_stable::Result<()> {
    let case = case::read(path)?;
    let recording =
        ORACLE.with_borrow_mut(|oracle| oracle.record(&case.schedule, case.named().releases()));
    let story = Story::of(&recording);
    agrees_with_a_checker(&recording, &story);
    agrees_with_d1(&recording, &story);
    ends_in_a_box(&story);
    let wide = [text::render(&story), table::render(&story)].concat();
    assert!(wide.lines().all(|line| line.chars().count() <= text::WIDTH), "{wide}");
    Ok(())
}

/// The checker's word on each claim, at its instant.
fn agrees_with_a_checker(recording: &Recording, story: &Story) {
    let servers = recording.schedule.servers;
    let mut checker = Checker::new(servers, standard(recording.releases));
    let mut observed = 0;
    let mut before = checker.servers();
    let mut moments: Vec<&Moment> = story.moments.iter().collect();
    moments.sort_by_key(|moment| moment.events);
    for moment in moments {
        for event in &recording.events[observed..moment.events] {
            before = checker.servers();
            checker.observe(event);
        }
        observed = moment.events;
        if let Some(NodeId(id)) = moment.node {
            let now = &checker.servers()[usize::from(id)];
            assert_eq!(&moment.servers[usize::from(id)], now, "{}", moment.text);
            is_true(&moment.text, &before[usize::from(id)], now);
        }
    }
}

/// What a sentence says about a disk is so, given what the checker knew just before and knows now.
fn is_true(text: &str, before: &ServerState, now: &ServerState) {
    let is_durable = |zxid: &Zxid| now.holds(*zxid);
    if text.ends_with(" never reached its disk") {
        let (_, lost) = text.split_once("; ").expect("it follows the start");
        assert!(!zxids(lost).iter().any(is_durable), "{text}");
    } else if let Some((_, missing)) = text.split_once("; ").filter(|_| text.contains(" NOT on ")) {
        assert!(!zxids(missing).iter().any(is_durable), "{text}");
    } else if let Some(head) =
        text.strip_suffix(" still on its disk, and not in the leader's history")
    {
        let (_, beyond) = head.split_once("; ").expect("it follows the acknowledgement");
        assert!(zxids(beyond).iter().all(is_durable), "{text}");
    } else if text.contains(" acknowledges <") {
        assert_eq!(text.contains("NOT on its disk"), now.is_forgetful, "{text}");
    } else if let Some(head) = text.strip_suffix(" on disk") {
        match zxids(head).first() {
            Some(zxid) => assert!(is_durable(zxid), "{text}"),
            None => assert!(head.ends_with(&now.current_epoch.to_string()), "{text}"),
        }
    } else if let Some((_, cut)) = text.split_once(" has cut its log ") {
        assert_eq!(zxids(cut), [before.last_logged, now.last_logged], "{text}");
    } else if let Some((_, unflushed)) = text.split_once(" loses power ") {
        let (unflushed, _) = unflushed.split_once(" on its disk").unwrap_or_default();
        assert_eq!(unflushed.is_empty(), before.unflushed.is_empty(), "{text}");
        assert!(zxids(unflushed).iter().all(|zxid| before.unflushed.contains(zxid)), "{text}");
    }
}

/// A sentence says that something acknowledged is not durable if, and as soon as, the checker finds
/// that D1 is broken.
fn agrees_with_d1(recording: &Recording, story: &Story) {
    let d1 = recording.outcome.violations.iter().find(|violation| violation.class == Class::D1);
    let says = |moment: &&Moment| {
        moment.text.contains("NOT on its disk") || moment.text.contains("does NOT belong there")
    };
    let first = story.moments.iter().filter(says).min_by_key(|moment| moment.events);
    let broken = d1.map(|violation| (violation.when.event as usize + 1, &violation.detail));
    match (first, broken) {
        (Some(moment), None) => panic!("the checker finds no fault with: {}", moment.text),
        (Some(moment), Some((at, _))) => assert!(moment.events >= at, "{}", moment.text),
        (None, Some((at, Detail::Disk(OnDisk::CommittedThin { .. })))) => assert!(at > 0),
        (None, Some((at, detail))) if at > recording.boot => panic!("nobody says: {detail}"),
        (None, _) => {}
    }
    if let (Some(moment), Some((at, detail))) = (first, broken)
        && !matches!(detail, Detail::Disk(OnDisk::CommittedThin { .. }))
        && at > recording.boot
    {
        assert_eq!(moment.events, at, "{}: {detail}", moment.text);
    }
}

/// The box and the last table stand at the end, and show what the verdict says of the leader.
fn ends_in_a_box(story: &Story) {
    let shown = boxed::render(story);
    let last = table::tables(story).pop().expect("a story has tables");
    assert!(last.is_last && last.servers == story.end, "the last table is not of the end");
    let Some(violation) = &story.finding.violation else {
        assert!(shown.contains("=> valid") || shown.contains("=> undecided"), "{shown}");
        return;
    };
    assert!(shown.contains(&format!("=> {} (", violation.class)), "{shown}");
    let instants = &story.finding.instants;
    let end = instants.last().expect("there is an end");
    assert_eq!((end.why, end.at_us), (Why::End, story.end_us));
    let Some(loss) = story.finding.loss() else {
        return;
    };
    assert!(instants.iter().any(|instant| matches!(instant.why, Why::Known(_))), "{shown}");
    assert!(instants.iter().any(|instant| matches!(instant.why, Why::Lost(_))), "{shown}");
    if let Some(judge) = loss.judge {
        let memory = end.holdings[0][judge.index()].memory;
        assert_eq!(memory, Some(loss.is_back()), "{shown}");
    }
}

/// The zxids in a sentence.
fn zxids(text: &str) -> Vec<Zxid> {
    let inside = text.split('<').skip(1).filter_map(|rest| rest.split_once('>'));
    inside
        .filter_map(|(zxid, _)| zxid.split_once(", "))
        .map(|(epoch, counter)| {
            let number = |digits: &str| digits.parse().expect("a zxid has two numbers");
            Zxid::new(number(epoch), number(counter))
        })
        .collect()
}

datatest_stable::harness! {
    { test = is_told_as_it_was, root = "cases", pattern = r"\.json$" },
}
