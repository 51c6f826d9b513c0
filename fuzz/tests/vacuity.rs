//! A search that finds nothing has to have been where something could be found.

use zab_fuzz::search::{self, Campaign, Limit};
use zab_fuzz::situations::Situation;
use zab_fuzz::variants::find;

/// How many of 3,000 executions of a search with a fixed seed at least get into each situation:
/// about half as many as do.
const FLOORS: [(Situation, u64); 20] = [
    (Situation::Diff, 1_500),
    (Situation::Trunc, 90),
    (Situation::Snap, 80),
    (Situation::InterruptedSnap, 3),
    (Situation::InterruptedTrunc, 2),
    (Situation::CrashAtNewLeader, 70),
    (Situation::AckWhileProposing, 900),
    (Situation::StepDownWhileLogging, 130),
    (Situation::LongerLogWins, 130),
    (Situation::LeaderDiesProposing, 90),
    (Situation::TwoLeaders, 130),
    (Situation::EpochWasted, 14),
    (Situation::RecordsLost, 60),
    (Situation::TornRecord, 12),
    (Situation::DiskFailure, 140),
    (Situation::SnapshotWhileServing, 180),
    (Situation::Forwarded, 1_400),
    (Situation::BadVersion, 250),
    (Situation::SyncedRead, 1_500),
    (Situation::Unanswered, 900),
];

#[test]
fn a_search_gets_into_every_delicate_situation() {
    let reference = find("reference").expect("it is listed");
    let campaign = Campaign::new(reference, 1, Limit::Runs(3_000));
    let report = search::run(&campaign, &|_| {});
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    assert_eq!(report.executions, 3_000);
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
