//! The pictures in `docs/` are those that the command makes, and its tables are what was measured of hunts and
//! what `confirm --record` has written into the cases; `UPDATE_EXPECT=1` makes them.

use expect_test::expect_file;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use zab_core::variant::find;
use zab_fuzz::case::{self, Case};
use zab_fuzz::corpus;
use zab_fuzz::explain::Story;
use zab_fuzz::explain::picture::{self, Shown};
use zab_fuzz::explain::text::thousands;
use zab_fuzz::oracle::Oracle;
use zab_fuzz::verdict::medians;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

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

/// How long hunts take to find what they find.
fn detection() -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zab"));
    let output = command.args(["variants", "--detection"]).current_dir(root()).output();
    String::from_utf8(output.expect("zab runs").stdout).expect("it is text")
}

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

/// What stands before each table of the page, and after it.
const BEGINS: [&str; 2] =
    ["<!-- what hunts find -->\n", "<!-- what `confirm --record` has written -->\n"];
const ENDS: &str = "<!-- so far -->\n";

#[test]
fn the_tables_of_figures_are_what_was_measured_and_recorded() {
    let page = fs::read_to_string(root().join("docs/figures.md")).expect("it is committed");
    let tables = BEGINS.iter().zip([detection(), confirmed()]);
    let made = tables.fold(page, |page, (begins, table)| {
        let (before, rest) = page.split_once(begins).expect("the table has a beginning");
        let (_, after) = rest.split_once(ENDS).expect("the table has an end");
        [before, begins, &table, ENDS, after].concat()
    });
    expect_file!["../../docs/figures.md"].assert_eq(&made);
}

#[test]
fn the_readme_says_after_how_many_executions_a_hunt_finds_what_real_servers_show() {
    let text = fs::read_to_string(root().join("README.md")).expect("it is there");
    let (_, table) = text.split_once("| scenario |").expect("the table is there");
    let (table, _) = table.split_once("\n\n").expect("something follows it");
    let measured = medians::stored();
    let mut checked = 0;
    for row in table.lines().filter(|row| row.starts_with("| `")) {
        let cells: Vec<_> = row.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let (scenario, after) = (cells[1], cells[3]);
        // A scenario may be of several servers, and be called by the number of an issue.
        let named = find(scenario.trim_end_matches("-5")).ok().map(|named| named.name);
        let median = named.and_then(|name| measured.get(&name)?.median);
        assert_eq!(after, median.map(thousands).unwrap_or_default(), "{row}");
        checked += usize::from(median.is_some());
    }
    assert!(checked >= 10, "only {checked} rows are of bugs that hunts find");
}
