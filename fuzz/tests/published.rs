//! Verdicts on proposed repairs that others have published come out by themselves.
//!
//! Table 6 of "Multi-Grained Specifications for Distributed System Model Checking and Verification"
//! (EuroSys 2025) has the first invariant that TLC finds broken in four pull requests. The paper's
//! I-11, a bad state, is that a leader takes up the acknowledgement of UPTODATE of a follower that has
//! not applied the history; this model sees it at the follower, as I-9.

use std::path::PathBuf;
use zab_checker::Class;
use zab_core::variant::{Releases, modeled};
use zab_fuzz::case::Case;
use zab_fuzz::oracle::Oracle;
use zab_fuzz::{case, corpus, variants};

/// A pull request, the class that is published, what it is here, and the bug that is left.
const PUBLISHED: [(&str, &str, Class, &str); 4] = [
    ("pr-1848", "I-8", Class::I8, "zookeeper-4643"),
    ("pr-1930", "I-12", Class::I12, "zookeeper-4685"),
    ("pr-1993", "I-11", Class::I9, "zookeeper-3023"),
    ("pr-2111", "I-11", Class::I9, "zookeeper-3023"),
];

#[test]
fn each_proposal_leaves_what_is_published_of_it() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("cases");
    let files = corpus::files(&[folder]).expect("the cases are there");
    let cases: Vec<Case> =
        files.iter().map(|path| case::read(path).expect("a stored case")).collect();
    let mut oracle = Oracle::default();
    for (proposal, published, class, bug) in PUBLISHED {
        let releases = variants::find(proposal).expect("it is listed").releases();
        let bug = modeled().find(|known| known.name == bug).expect("it is in the catalogue");
        let mut breaks = |case: &Case, releases: Releases| {
            oracle.judge(&case.schedule, releases).classes().contains(&class)
        };
        let shows = |case: &&Case| breaks(case, releases) && !breaks(case, releases.without(bug));
        let shown = cases.iter().find(shows);
        assert!(shown.is_some(), "{proposal}: no case shows {class}, published as {published}");
    }
}
