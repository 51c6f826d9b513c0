//! The pictures in `docs/` are those that the command makes; `UPDATE_EXPECT=1` makes them.

use expect_test::expect_file;
use std::path::Path;
use zab_fuzz::case;
use zab_fuzz::explain::Story;
use zab_fuzz::explain::picture::{self, Shown};
use zab_fuzz::oracle::Oracle;

#[test]
fn the_picture_of_zookeeper_4646_is_the_one_that_explain_makes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/O2/zookeeper-4646.json");
    let case = case::read(&path).expect("a stored case");
    let named = case.named();
    let recording = Oracle::new(case.driver).record(&case.schedule, named.releases());
    let shown = Shown {
        case: &case,
        variant: &named.name,
        command: "cargo zab explain fuzz/cases/O2/zookeeper-4646.json",
        recording: &recording,
        story: &Story::of(&recording),
    };
    expect_file!["../../docs/zookeeper-4646.svg"].assert_eq(&picture::svg(shown));
}
