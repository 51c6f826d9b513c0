//! Ensembles whose servers run two releases: who is to blame, and what neither release does alone.

use std::path::Path;
use zab_checker::Class;
use zab_core::variant::{Release, Releases};
use zab_fuzz::case::{self, Case, Driver};
use zab_fuzz::causes::{self, Cause};
use zab_fuzz::explain::Story;
use zab_fuzz::generate::Sizes;
use zab_fuzz::oracle::Oracle;
use zab_fuzz::rng::Rng;
use zab_fuzz::search::{Campaign, Island, Limit, Wanted};
use zab_fuzz::variants::find;
use zab_sim::schedule::Kind;
use zab_sim::{Act, Schedule};

fn releases(name: &str) -> Releases {
    find(name).expect("it is a name").releases()
}

fn stored(path: &str) -> Case {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(path);
    case::read(&path).expect("it is stored")
}

/// The schedule in which servers that are upgraded become this.
fn upgraded_to(schedule: &Schedule, release: Release) -> Schedule {
    let mut schedule = schedule.clone();
    for action in &mut schedule.actions {
        if let Act::Upgrade { to, .. } = &mut action.act {
            *to = release;
        }
    }
    schedule
}

/// A history is acknowledged that waits for the log writer: only who acknowledges it needs the defect.
#[test]
fn zookeeper_4646_needs_the_defect_at_one_follower_alone_whichever_release_has_it() {
    let schedule = stored("O2/reference-to-zookeeper-4646.json").schedule;
    let mut oracle = Oracle::default();
    let mut lost = |release: Release, name: &str| {
        let schedule = upgraded_to(&schedule, release);
        oracle.judge(&schedule, releases(name)).class().filter(|class| class.is_loss())
    };
    assert_eq!(lost(Release::New, "reference:zookeeper-4646"), Some(Class::O2));
    assert_eq!(lost(Release::Old, "reference:zookeeper-4646"), None);
    // All but this one have it.
    assert_eq!(lost(Release::New, "zookeeper-4646:reference"), None);
}

#[test]
fn a_stored_case_of_an_upgrade_loses_what_neither_release_loses_alone() {
    let mut oracle = Oracle::default();
    for (path, blamed) in [
        ("O2/reference-to-zookeeper-4646.json", "zookeeper-4646"),
        ("O1/zk-3.9.5-to-zk-3.9.3--shutdown+committed-log-skips-sync.json", "zk-3.9.3"),
    ] {
        let case = stored(path);
        let class = case.expected.class().expect("it promises a violation");
        let all = case.named().releases();
        assert_eq!(oracle.judge(&case.schedule, all).class(), Some(class), "{path}");
        assert!(causes::needs(&mut oracle, &case.schedule, all, class, Cause::Upgrade), "{path}");
        let defects = causes::causes(&mut oracle, &case.schedule, all, class, None);
        let names: Vec<_> = defects.iter().map(|switch| switch.name).collect();
        assert_eq!(names, case.defects, "{path}");
        let only = |one: &str| defects.iter().any(|switch| !releases(one).have(switch));
        let other = case.named().variants().into_iter().find(|named| named.name != blamed);
        assert!(only(&other.expect("there are two").name), "{path}: {blamed} is to blame");
    }
}

#[test]
fn a_story_tells_who_runs_what() {
    let case = stored("O2/reference-to-zookeeper-4646.json");
    let recording = Oracle::default().record(&case.schedule, case.named().releases());
    let story: Vec<String> = Story::of(&recording).lines().collect();
    let tells = |what: &str| story.iter().any(|line| line.contains(what));
    assert!(tells("S2 gets another release: zookeeper-4646"), "{story:#?}");
    assert!(tells("S2 starts as zookeeper-4646 with current epoch"), "{story:#?}");
    assert!(tells(" starts as reference with current epoch"), "{story:#?}");
    let recording = Oracle::default().record(&case.schedule, releases("zookeeper-4646"));
    let story: Vec<String> = Story::of(&recording).lines().collect();
    let is_told = story.iter().any(|line| line.contains(" starts as ") || line.contains("release"));
    assert!(!is_told, "where all run the same there is nothing to tell: {story:#?}");
}

#[test]
fn servers_are_upgraded_only_where_there_is_something_to_upgrade_to() {
    let upgrades = |name: &str| {
        let rng = Rng::new(5);
        let mut island = Island::new(Driver::Direct, releases(name), Sizes::Only(3), rng);
        let schedules = (0..300).map(|_| island.propose());
        schedules.filter(|s| s.actions.iter().any(|a| Kind::of(&a.act) == Kind::Upgrade)).count()
    };
    assert_eq!(upgrades("zk-3.9.5"), 0);
    assert!(upgrades("zk-3.9.3:zk-3.9.5") > 60, "{}", upgrades("zk-3.9.3:zk-3.9.5"));
}

#[test]
fn an_upgrade_is_a_cause_where_there_is_one() {
    let mixed = find("zk-3.9.3:zk-3.9.5").expect("they are names");
    assert!(matches!(causes::find(&mixed, "upgrade"), Ok(Cause::Upgrade)));
    let skips = causes::find(&mixed, "committed-log-skips-sync").expect("the old release has it");
    assert_eq!(skips.removed(mixed.releases()).len(), 1);
    let plain = find("zk-3.9.3").expect("it is a name");
    let error = causes::find(&plain, "upgrade").expect_err("there is none").to_string();
    assert!(error.contains("`upgrade`"), "{error}");
}

#[test]
fn an_upgrade_is_searched_for_what_its_releases_are_known_for() {
    for (name, wanted) in [
        ("reference:reference", Wanted::Any),
        ("reference:zk-3.9.5", Wanted::Losses),
        ("reference:leads-unpromised", Wanted::Divergences),
        ("lower-epoch:reference", Wanted::Outages),
        ("zk-3.9.5:trunc-keeps-next", Wanted::Divergences),
        ("lower-epoch:zk-3.9.5", Wanted::Losses),
    ] {
        let named = find(name).expect("they are names");
        assert_eq!(Campaign::new(&named, 0, Limit::Runs(1)).wanted, wanted, "{name}");
    }
}
