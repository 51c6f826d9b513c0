//! The picture in the README is what the command prints.

use std::fs;
use std::path::Path;
use zab_fuzz::case;
use zab_fuzz::explain::{Story, boxed};
use zab_fuzz::oracle::Oracle;

const PICTURE: &str = "cases/O2/zookeeper-4646.json";

#[test]
fn the_readme_shows_the_case_that_it_names() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("../README.md")).expect("there is a README");
    assert!(readme.contains(&format!("fuzz/{PICTURE}")));
    let case = case::read(&root.join(PICTURE)).expect("a stored case");
    let recording = Oracle::default().record(&case.schedule, case.named().releases());
    let told = boxed::render(&Story::of(&recording));
    assert!(readme.contains(told.trim_end()), "the README shows something else than:\n{told}");
}
