//! A bug is a file: every stored case shows its violation, and the reference does not, in any
//! driver. Those in the folder `valid` are schedules that the reference failed once.

use clap::ValueEnum;
use std::fs;
use std::path::{Path, PathBuf};
use zab_checker::Verdict;
use zab_core::Variant;
use zab_fuzz::case::{self, Driver};
use zab_fuzz::oracle::Oracle;

#[test]
fn every_stored_case_violates_in_its_variant_and_is_valid_in_the_reference() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let mut paths = Vec::new();
    collect(&root, &mut paths);
    paths.sort();
    assert!(!paths.is_empty(), "no case below {}: looked for in the wrong place", root.display());
    let mut oracle = Oracle::default();
    let mut judges: Vec<_> = Driver::value_variants().iter().map(|d| Oracle::new(*d)).collect();
    for path in &paths {
        let shown = path.display();
        let case = case::read(path).unwrap_or_else(|error| panic!("{shown}: {error}"));
        let class = case.expected.class();
        let folder = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy());
        let class_name = class.map_or("valid", |class| class.name());
        assert_eq!(
            folder.as_deref(),
            Some(class_name),
            "{shown}: cases lie in folders of their class"
        );
        let found = oracle.judge(&case.schedule, case.entry().variant).class();
        assert_eq!(found, class, "{shown}: in {}", case.variant);
        for judge in &mut judges {
            let reference = judge.judge(&case.schedule, Variant::REFERENCE).verdict;
            let driver = judge.driver().name();
            assert_eq!(reference, Verdict::Valid, "{shown}: in the reference, {driver} driver");
        }
    }
}

/// Every case below a folder.
fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
    }
}
