//! A search that finds nothing has to have been where something could be found.

use std::ops::ControlFlow;
use zab_checker::Class;
use zab_fuzz::search::{self, Campaign, Limit, Wanted};
use zab_fuzz::situations::Situation;
use zab_fuzz::variants::find;

/// How many of 8,000 executions of a search with a fixed seed at least get into each situation:
/// about half as many as do.
const FLOORS: [(Situation, u64); 32] = [
    (Situation::Diff, 4_000),
    (Situation::Trunc, 370),
    (Situation::Snap, 290),
    (Situation::InterruptedSnap, 15),
    (Situation::InterruptedTrunc, 2),
    (Situation::CrashAtNewLeader, 240),
    (Situation::AckWhileProposing, 2_800),
    (Situation::StepDownWhileLogging, 600),
    (Situation::LongerLogWins, 610),
    (Situation::LeaderDiesProposing, 470),
    (Situation::TwoLeaders, 440),
    (Situation::EpochWasted, 66),
    (Situation::RecordsLost, 270),
    (Situation::TornRecord, 69),
    (Situation::DiskFailure, 560),
    (Situation::LogFlushFails, 300),
    (Situation::LogWriteFails, 310),
    (Situation::QueuedBehindFailure, 150),
    (Situation::LeaderCannotPromise, 230),
    (Situation::FollowerCannotPromise, 450),
    (Situation::SnapshotWhileServing, 700),
    // Its snapshots hold nothing that could be cut.
    (Situation::TruncBelowSnapshot, 0),
    (Situation::WriteAtLeader, 1_500),
    (Situation::WriteAtFollower, 1_900),
    (Situation::WriteIfAtLeader, 560),
    (Situation::WriteIfAtFollower, 600),
    (Situation::ReadAtLeader, 1_200),
    (Situation::ReadAtFollower, 1_450),
    (Situation::SyncAtLeader, 700),
    (Situation::SyncAtFollower, 750),
    (Situation::BadVersion, 800),
    (Situation::Unanswered, 2_900),
];

#[test]
fn a_search_gets_into_every_delicate_situation() {
    let reference = find("reference").expect("it is listed");
    let campaign = Campaign::new(reference, 1, Limit::Runs(8_000));
    let report = search::run(&campaign, &|_| ControlFlow::Continue(()));
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    assert_eq!(report.executions, 8_000);
    let mut missed = Vec::new();
    for (situation, floor) in FLOORS {
        let count = report.census.of(situation);
        println!("{count:>6} {}", situation.name());
        if count < floor {
            missed.push(format!("{}: {count} instead of {floor}", situation.name()));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    let floors: Vec<_> = FLOORS.iter().map(|(situation, _)| *situation).collect();
    assert_eq!(floors, Situation::ALL, "every situation has a floor");
}

#[test]
fn a_search_of_a_release_has_logs_cut_below_a_snapshot() {
    let release = find("zk-3.9.5").expect("it is listed");
    let wanted = Wanted::Only(Class::I2);
    let campaign = Campaign { wanted, ..Campaign::new(release, 1, Limit::Runs(8_000)) };
    let report = search::run(&campaign, &|_| ControlFlow::Continue(()));
    let count = report.census.of(Situation::TruncBelowSnapshot);
    assert!(count >= 10, "{count}");
}
