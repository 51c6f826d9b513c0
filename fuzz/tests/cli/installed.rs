//! Outside a checkout the command calls itself as it is typed there.

use super::{folder, stderr, stdout};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const CASE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/cases/O2/zookeeper-4646.json");

/// Runs the command as a shell does that finds it in its path.
fn installed(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_zab"))
        .args(args)
        .current_dir(folder)
        .env_remove("CARGO")
        .output()
        .expect("the binary under test can be started")
}

#[test]
fn help_hints_and_errors_name_the_installed_command() {
    let folder = folder();
    for args in [
        &["--help"][..],
        &["hunt", "--help"],
        &["hunt", "-h"],
        &["help", "replay"],
        &["explode"],
        &["hunt", "--variant", "zk-3.8.x"],
        &["replay", CASE],
        &["explain", CASE, "--html", "page.html", "--junit", "LostTest.java"],
        &["hunt", "--variant", "zookeeper-4646", "--runs", "20000", "-j", "1"],
        &["hunt", "--variant", "reference", "--runs", "20", "-j", "1", "--format", "json"],
    ] {
        let output = installed(folder.path(), args);
        let said = stdout(&output) + &stderr(&output);
        assert!(said.contains("zab") && !said.contains("cargo"), "{args:?}: {said}");
    }
    for file in ["page.html", "LostTest.java"] {
        let text = fs::read_to_string(folder.path().join(file)).expect("it was written");
        assert!(text.contains("zab explain ") && !text.contains("cargo"), "{file}");
    }
}

#[test]
fn manual_pages_are_for_the_installed_command() {
    let folder = folder();
    let output = super::zab(folder.path(), &["man", "pages"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let page = fs::read_to_string(folder.path().join("pages/zab-hunt.1")).expect("a page");
    assert!(page.contains("zab hunt") && !page.contains("cargo"), "{page}");
}
