//! The recorded histories of Jepsen's etcd test, with the verdicts that Porcupine gives them.
//!
//! They are not part of this repository: they are looked for beside it, in `../shared/histories`.

use history_checker::judge::{self, Settings};
use history_checker::record::{self, Dialect, Registers};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Names, sizes and verdicts; empty if the histories are not there.
pub(crate) fn histories() -> Vec<(PathBuf, usize, usize, bool)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/histories/etcd");
    let Ok(table) = fs::read_to_string(root.join("expected.tsv")) else {
        println!("skipped: {} is not there", root.display());
        return Vec::new();
    };
    let row = |row: &str| {
        let fields: Vec<&str> = row.split('\t').collect();
        let number = |at: usize| fields[at].parse().expect("a number");
        let path = root.join(format!("{}.log", fields[0]));
        (path, number(1), number(2), fields[3] == "true")
    };
    table.lines().skip(1).map(row).collect()
}

#[test]
fn every_history_of_etcd_gets_its_verdict() {
    for (path, operations, crashed, is_linearizable) in histories() {
        let file = File::open(&path).expect("the table names files that are there");
        let workload = Registers(Dialect::CasRegister);
        let recorded = record::read(file, workload).expect("a well-formed log");
        let report = judge::registers(&recorded, &Settings::default());
        let name = path.display();
        assert_eq!(report.is_valid(), is_linearizable, "{name}");
        assert!(report.undecided().next().is_none(), "{name}");
        assert_eq!(report.violations().count(), usize::from(!is_linearizable), "{name}");
        // Reads that timed out failed: they are no operations any more.
        assert_eq!(report.operations + recorded.failed.len(), operations, "{name}");
        assert_eq!(report.crashed + recorded.failed.len(), crashed, "{name}");
    }
}
