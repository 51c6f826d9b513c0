//! A bug is a file: in every driver, every stored case shows its violation and the reference
//! does not. Those in the folder `valid` are schedules that the reference failed once, or on which
//! the drivers disagreed.

use std::fs;
use std::path::{Path, PathBuf};
use zab_fuzz::case::{self, Judges};

#[test]
fn every_stored_case_violates_in_its_variant_and_is_valid_in_the_reference() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let mut paths = Vec::new();
    collect(&root, &mut paths);
    paths.sort();
    assert!(!paths.is_empty(), "no case below {}: looked for in the wrong place", root.display());
    let mut judges = Judges::default();
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
        if let Err(broken) = judges.check(&case) {
            panic!("{shown}: {broken}");
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
