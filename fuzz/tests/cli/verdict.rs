//! `zab verdict`: the matrix from stored cases.

use super::{folder, stderr, stdout, zab};
use serde_json::Value;
use std::path::Path;
use zab_core::variant::modeled;

/// A command in the folder of the workspace, where the stored cases are.
fn verdict(args: &[&str]) -> std::process::Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in a workspace");
    zab(root, &[&["verdict", "--state", "target/no-such-folder"], args].concat())
}

fn json(args: &[&str]) -> Value {
    let output = verdict(&[&["--format", "json"], args].concat());
    assert!(output.status.code() < Some(2), "{args:?}: {}", stderr(&output));
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

/// What the matrix says of one bug in each of these variants, from stored cases alone.
fn cells(matrix: &Value, bug: &str) -> Vec<String> {
    let rows = matrix["variants"].as_array().expect("there are rows");
    let cell = |row: &Value| row["bugs"][bug]["cell"].as_str().expect("a cell").to_owned();
    rows.iter().map(cell).collect()
}

const RELEASES: [&str; 4] = ["3.8.4", "3.8.6", "3.9.3", "HEAD"];

/// Where a bug is said to be, the stored cases show it, and nowhere else.
#[test]
fn the_stored_cases_show_each_bug_in_the_releases_that_have_it() {
    let matrix = json(&RELEASES);
    for bug in ["zookeeper-4643", "zookeeper-4646", "late-apply", "committed-log-skips-sync"] {
        let known = modeled().find(|known| known.name == bug).expect("it is in the catalogue");
        for (release, cell) in RELEASES.iter().zip(cells(&matrix, bug)) {
            let affected = known.releases().contains(&release.to_lowercase());
            // Stored cases may miss a release that has it; they never show it in another one.
            assert!(affected || cell == "absent", "{bug} in {release}: {cell}");
        }
    }
    let exposed = |bug, release: &str| {
        let at = RELEASES.iter().position(|known| *known == release).expect("it is asked for");
        cells(&matrix, bug)[at] == "exposed"
    };
    assert!(exposed("zookeeper-4643", "3.8.4") && exposed("zookeeper-4646", "3.8.4"));
    assert!(exposed("late-apply", "3.8.6"), "fixed in 3.9.3 only");
    assert!(exposed("committed-log-skips-sync", "3.9.3"), "ZOOKEEPER-4925");
    for bug in ["leads-unpromised", "snap-keeps-log", "disk-error-keeps-memory"] {
        assert!(exposed(bug, "HEAD"), "{bug}");
    }
}

#[test]
fn what_a_release_closes_and_opens_is_told_and_an_opened_bug_is_an_exit_code() {
    let output = verdict(&["3.9.3", "--against", "3.9.2"]);
    let told = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    let line = |word: &str| {
        let found = told.lines().find(|line| line.trim_start().starts_with(word));
        found.unwrap_or_else(|| panic!("no {word}: {told}")).to_owned()
    };
    assert!(line("closes:").contains("late-apply"), "{told}");
    assert!(line("closes:").contains("zookeeper-4394"), "{told}");
    assert!(line("opens:").contains("committed-log-skips-sync 4925"), "{told}");
    let fits = |line: &str| line.chars().count() <= 100 || line.ends_with(".json");
    assert!(told.lines().all(fits), "{told}");

    let output = verdict(&["3.9.3-4925", "--against", "3.9.3"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
}

#[test]
fn the_reference_is_exposed_to_nothing() {
    let output = verdict(&["reference"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).contains("none of the known bugs is in there"), "{}", stdout(&output));
}

#[test]
fn the_matrix_is_a_table_for_programs() {
    let markdown = stdout(&verdict(&["--format", "md", "3.9.3"]));
    let link = "| committed-log-skips-sync 4925 | [O";
    assert!(markdown.starts_with("| bug | 3.9.3 |\n|---|---|\n"), "{markdown}");
    assert!(markdown.contains(link) && markdown.contains(".json)"), "{markdown}");
    let csv = stdout(&verdict(&["--format", "csv", "3.9.3"]));
    assert_eq!(csv.lines().count(), 1 + modeled().count(), "{csv}");
    let columns = csv.lines().map(|line| line.split(',').count());
    assert!(columns.clone().all(|count| count == 8), "{csv}");
    assert!(csv.contains("\n3.9.3,zookeeper-4646,absent,"), "{csv}");
}

#[test]
fn what_cannot_be_judged_is_told_in_one_line() {
    for (args, said) in [
        (&["zk-3.9.6"][..], "perhaps `zk-3.9.5`"),
        (&["3.9.5", "--cases", "no-such-folder"], "no-such-folder"),
        (&["--format", "yaml"], "possible values"),
    ] {
        let output = verdict(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(stderr(&output).contains(said), "{args:?}: {}", stderr(&output));
    }
    let output = zab(folder().path(), &["variants", "--format", "md"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("zab verdict"), "{}", stderr(&output));
}

/// A search is continued where it stopped, and what it found is there at once the next time.
#[test]
fn a_search_goes_on_where_it_stopped() {
    let folder = folder();
    let state = folder.path().to_str().expect("a temporary path is UTF-8");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in a workspace");
    let search = |args: &[&str]| {
        let cases = ["--cases", "fuzz/cases/valid", "--state", state, "--format", "json"];
        let args = [&["verdict", "zookeeper-4643"][..], &cases, args].concat();
        let output = zab(root, &args);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let matrix: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
        matrix["variants"][0]["bugs"]["zookeeper-4643"].clone()
    };
    let short = search(&["--runs", "3", "-j", "1"]);
    assert_eq!((&short["cell"], &short["executions"]), (&"not shown".into(), &3.into()), "{short}");
    let again = search(&["--runs", "2", "-j", "1"]);
    assert_eq!(again["executions"], 5, "{again}");
    let long = search(&["--runs", "20000", "-j", "1"]);
    assert_eq!(long["cell"], "exposed", "{long}");
    let case = long["case"].as_str().expect("it says where");
    assert!(Path::new(case).is_file(), "{case}");
    assert_eq!(search(&[]), long, "found again at once");
}

#[test]
fn an_exploration_says_within_which_bounds_nothing_is_left() {
    let of = |matrix: &Value, variant: usize| -> Vec<String> {
        let explored =
            matrix["variants"][variant]["explored"].as_array().expect("they ran").clone();
        let told = |one: &Value| format!("{} {}", one["fault"], one["end"]).replace('"', "");
        explored.iter().map(told).collect()
    };
    let matrix = json(&["--explore", "zookeeper-4646", "zookeeper-4643"]);
    let broken = ["restart broken", "power loss broken", "step-down broken", "cut complete"];
    assert_eq!(of(&matrix, 0), broken, "{matrix}");
    // It takes more than one fault, so all of these are complete.
    let complete =
        ["restart complete", "power loss complete", "step-down complete", "cut complete"];
    assert_eq!(of(&matrix, 1), complete, "{matrix}");

    // What no stored case shows is told with what was left of it.
    let output = verdict(&["--explore", "zookeeper-5094"]);
    let told = stdout(&output);
    let line = "not shown in 0 executions, complete within a write and one restart, one power loss, one \
                step-down, one cut";
    assert!(told.contains(line), "{told}");
}
