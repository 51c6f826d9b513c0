//! A search that finds nothing has to have been where something could be found.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use zab_checker::Class;
use zab_fuzz::generate::Sizes;
use zab_fuzz::search::{self, Campaign, Limit, Wanted};
use zab_fuzz::situations::Situation;
use zab_fuzz::variants::find;

/// Sizes of ensembles, and how many executions a search gets for each.
const SIZES: [(u8, u64); 3] = [(3, 8_000), (5, 4_000), (7, 2_000)];

/// How many executions of a search with a fixed seed at least get into each situation, for each size:
/// about half as many as do.
const FLOORS: [(Situation, [u64; 3]); 32] = [
    (Situation::Diff, [4_000, 2_000, 1_000]),
    (Situation::Trunc, [170, 45, 14]),
    (Situation::Snap, [180, 110, 61]),
    (Situation::InterruptedSnap, [15, 13, 8]),
    (Situation::InterruptedTrunc, [2, 2, 0]),
    (Situation::CrashAtNewLeader, [260, 150, 61]),
    (Situation::AckWhileProposing, [4_000, 2_000, 1_000]),
    (Situation::StepDownWhileLogging, [370, 140, 72]),
    (Situation::LongerLogWins, [500, 120, 46]),
    (Situation::LeaderDiesProposing, [420, 73, 26]),
    (Situation::TwoLeaders, [290, 100, 60]),
    (Situation::EpochWasted, [54, 8, 3]),
    (Situation::RecordsLost, [160, 81, 53]),
    (Situation::TornRecord, [43, 31, 12]),
    (Situation::DiskFailure, [590, 180, 47]),
    (Situation::LogFlushFails, [0, 0, 0]),
    (Situation::LogWriteFails, [0, 0, 0]),
    (Situation::QueuedBehindFailure, [0, 0, 0]),
    (Situation::LeaderCannotPromise, [0, 0, 0]),
    (Situation::FollowerCannotPromise, [0, 0, 0]),
    (Situation::SnapshotWhileServing, [1_100, 1_400, 990]),
    // Its snapshots hold nothing that could be cut.
    (Situation::TruncBelowSnapshot, [0, 0, 0]),
    (Situation::WriteAtLeader, [1_700, 630, 230]),
    (Situation::WriteAtFollower, [1_700, 1_100, 570]),
    (Situation::WriteIfAtLeader, [380, 120, 42]),
    (Situation::WriteIfAtFollower, [720, 240, 180]),
    (Situation::ReadAtLeader, [1_100, 500, 220]),
    (Situation::ReadAtFollower, [1_400, 770, 420]),
    (Situation::SyncAtLeader, [600, 240, 100]),
    (Situation::SyncAtFollower, [760, 450, 270]),
    (Situation::BadVersion, [850, 250, 170]),
    (Situation::Unanswered, [2_400, 990, 420]),
];

/// The search among ensembles of one size, the one at this place of the list.
fn gets_into_every_delicate_situation(place: usize) {
    let (servers, runs) = SIZES[place];
    let reference = find("reference").expect("it is listed");
    let sizes = Sizes::Only(servers);
    let campaign = Campaign { sizes, ..Campaign::new(&reference, 1, Limit::Runs(runs)) };
    let report = search::run(&campaign, &|_| ControlFlow::Continue(()));
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    assert_eq!(report.sizes, BTreeMap::from([(servers, runs)]));
    let mut missed = Vec::new();
    for (situation, floors) in FLOORS {
        let (count, floor) = (report.census.of(situation), floors[place]);
        println!("{count:>6} {}", situation.name());
        if count < floor {
            missed.push(format!("{}: {count} instead of {floor}", situation.name()));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn a_search_among_three_servers_gets_into_every_delicate_situation() {
    gets_into_every_delicate_situation(0);
}

#[test]
fn a_search_among_five_servers_gets_into_every_delicate_situation() {
    gets_into_every_delicate_situation(1);
}

#[test]
fn a_search_among_seven_servers_gets_into_every_delicate_situation() {
    gets_into_every_delicate_situation(2);
}

#[test]
fn every_situation_has_a_floor() {
    assert_eq!(FLOORS.map(|(situation, _)| situation), Situation::ALL);
}

#[test]
fn a_search_that_is_told_no_size_has_ensembles_of_each() {
    let reference = find("reference").expect("it is listed");
    let report = search::run(&Campaign::new(&reference, 1, Limit::Runs(1_500)), &|_| {
        ControlFlow::Continue(())
    });
    for (servers, least) in [(3, 1_100), (5, 150), (7, 70)] {
        assert!(report.sizes[&servers] >= least, "{:?}", report.sizes);
    }
}

#[test]
fn a_search_of_a_release_has_logs_cut_below_a_snapshot() {
    let release = find("zk-3.9.5").expect("it is listed");
    let wanted = Wanted::Only(Class::I2);
    let campaign = Campaign { wanted, ..Campaign::new(&release, 1, Limit::Runs(8_000)) };
    let report = search::run(&campaign, &|_| ControlFlow::Continue(()));
    let count = report.census.of(Situation::TruncBelowSnapshot);
    assert!(count >= 10, "{count}");
}
