//! The pictures in `docs/` are those that the command makes, and the table of what real servers did is what
//! `confirm --record` has written into the cases; `UPDATE_EXPECT=1` makes them.

use expect_test::expect_file;
use std::fmt::Write as _;
use std::path::Path;
use zab_fuzz::case::{self, Case};
use zab_fuzz::corpus;
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

/// What stands before and after the table.
const TABLE: [&str; 2] = ["<!-- what `confirm --record` has written -->\n", "<!-- so far -->\n"];

/// A line for each case that was carried out: where, and how often it did the same.
fn confirmed() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let files = corpus::files(std::slice::from_ref(&folder)).expect("the cases are there");
    let mut table = "| case | confirmed |\n|---|---|\n".to_owned();
    for path in files {
        let Case { confirmed, .. } = case::read(&path).expect("a stored case");
        let runs = |one: &case::Confirmed| format!("{}: {} of {}", one.release, one.runs, one.of);
        let runs: Vec<_> = confirmed.iter().map(runs).collect();
        let name = path.strip_prefix(&folder).expect("it is below").with_extension("");
        if !runs.is_empty() {
            let name = name.display();
            writeln!(table, "| `{name}` | {} |", runs.join(", ")).expect("a string takes any text");
        }
    }
    table
}

#[test]
fn the_table_of_what_real_servers_did_is_what_was_recorded() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/figures.md");
    let page = std::fs::read_to_string(&path).expect("it is committed");
    let (before, rest) = page.split_once(TABLE[0]).expect("the table has a beginning");
    let (told, after) = rest.split_once(TABLE[1]).expect("the table has an end");
    let made = confirmed();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let page = [before, TABLE[0], &made, TABLE[1], after].concat();
        std::fs::write(&path, page).expect("it can be written");
    } else {
        assert_eq!(told, made, "UPDATE_EXPECT=1 makes it again");
    }
}
