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
/// at most half as many as do.
const FLOORS: [(Situation, [u64; 3]); 48] = [
    (Situation::Diff, [4_000, 2_000, 1_000]),
    (Situation::Trunc, [230, 44, 17]),
    (Situation::Snap, [210, 98, 74]),
    (Situation::InterruptedSnap, [15, 18, 17]),
    (Situation::InterruptedTrunc, [7, 0, 0]),
    (Situation::CrashAtNewLeader, [290, 150, 77]),
    (Situation::AckWhileProposing, [4_000, 2_000, 1_000]),
    (Situation::StepDownWhileLogging, [380, 150, 70]),
    (Situation::LongerLogWins, [500, 130, 49]),
    (Situation::LeaderDiesProposing, [530, 100, 41]),
    (Situation::TwoLeaders, [390, 95, 51]),
    (Situation::EpochWasted, [200, 49, 14]),
    (Situation::RecordsLost, [180, 91, 50]),
    (Situation::KilledWhileLogging, [1_300, 250, 170]),
    (Situation::TornRecord, [41, 40, 16]),
    // It flushes what it finds, its snapshots and its folders.
    (Situation::WrittenBack, [0, 0, 0]),
    (Situation::PurgedLog, [12, 7, 7]),
    (Situation::PurgedStart, [12, 7, 7]),
    (Situation::SnapshotIncomplete, [0, 0, 0]),
    (Situation::EmptyLogFile, [200, 60, 63]),
    (Situation::ZeroedLogFile, [8, 16, 7]),
    (Situation::EpochFileUndone, [0, 0, 0]),
    (Situation::BlankDisk, [12, 9, 4]),
    (Situation::BlankRejoined, [6, 7, 4]),
    (Situation::DiskFailure, [560, 230, 110]),
    (Situation::LogFlushFails, [140, 60, 35]),
    (Situation::LogWriteFails, [300, 110, 56]),
    (Situation::LogHeaderFails, [210, 75, 35]),
    (Situation::LogOpenFails, [46, 16, 17]),
    (Situation::DiskFull, [380, 170, 48]),
    (Situation::ReadOnlyDisk, [390, 75, 58]),
    (Situation::TruncFails, [8, 0, 0]),
    // It ends with the log that it cannot begin.
    (Situation::RemovedOpenLog, [0, 0, 0]),
    (Situation::QueuedBehindFailure, [140, 79, 47]),
    (Situation::LeaderCannotPromise, [170, 44, 11]),
    (Situation::FollowerCannotPromise, [290, 140, 52]),
    (Situation::SnapshotWhileServing, [1_300, 1_500, 990]),
    // Its snapshots hold nothing that could be cut.
    (Situation::TruncBelowSnapshot, [0, 0, 0]),
    (Situation::WriteAtLeader, [1_600, 690, 250]),
    (Situation::WriteAtFollower, [2_000, 1_200, 710]),
    (Situation::WriteIfAtLeader, [160, 120, 30]),
    (Situation::WriteIfAtFollower, [480, 300, 200]),
    (Situation::ReadAtLeader, [1_000, 460, 230]),
    (Situation::ReadAtFollower, [1_100, 830, 420]),
    (Situation::SyncAtLeader, [570, 230, 100]),
    (Situation::SyncAtFollower, [610, 500, 280]),
    (Situation::BadVersion, [580, 300, 180]),
    (Situation::Unanswered, [2_600, 1_000, 440]),
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

/// What no execution of the reference gets into, and some of a release do.
#[test]
fn a_search_of_a_release_gets_into_what_the_reference_rules_out() {
    let release = find("zk-3.9.5").expect("it is listed");
    let wanted = Wanted::Only(Class::I2);
    let campaign = Campaign { wanted, ..Campaign::new(&release, 1, Limit::Runs(8_000)) };
    let report = search::run(&campaign, &|_| ControlFlow::Continue(()));
    for (situation, floor) in [
        (Situation::TruncBelowSnapshot, 4),
        (Situation::RemovedOpenLog, 10),
        (Situation::EpochFileUndone, 10),
        (Situation::WrittenBack, 10),
        (Situation::SnapshotIncomplete, 10),
    ] {
        let count = report.census.of(situation);
        println!("{count:>6} {}", situation.name());
        assert!(count >= floor, "{}: {count} instead of {floor}", situation.name());
    }
}
