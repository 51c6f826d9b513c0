//! Small histories on each of which a checker was wrong once: some recorded from real ZooKeeper
//! 3.8.0 servers, the others written to show one thing each. `testdata/found/expected.tsv` has the
//! right verdict of each, and what it is about.

use history_checker::format::Error;
use history_checker::judge::{self, Contract, Report, Settings, Verdict};
use history_checker::record::{self, Dialect, Registers, Znodes};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/found")
}

fn judge(path: &Path, model: &str) -> Result<Report, Error> {
    let file = File::open(path)?;
    let settings = Settings::default();
    Ok(match model {
        "zookeeper" => {
            judge::zookeeper(&record::read(file, Znodes)?, Contract::ZooKeeper, &settings)
        }
        "cas-register" => {
            judge::registers(&record::read(file, Registers(Dialect::CasRegister))?, &settings)
        }
        model => panic!("the table names a model that this test does not know: {model}"),
    })
}

#[test]
fn every_history_gets_its_verdict() {
    let table = fs::read_to_string(folder().join("expected.tsv")).expect("the table is there");
    for row in table.lines().skip(1) {
        let fields: Vec<&str> = row.split('\t').collect();
        let verdict = match judge(&folder().join(fields[0]), fields[1]) {
            Ok(report) => match report.verdict() {
                Verdict::Valid => "valid",
                Verdict::Violation => "violation",
                Verdict::Unknown => "exit 3",
            },
            Err(Error::Malformed(lines)) => {
                assert!(lines.iter().all(|line| line.line > 0 && !line.what.is_empty()));
                "exit 2"
            }
            Err(error) => panic!("{row}: {error}"),
        };
        assert!(fields[2].contains(verdict), "{row}: {verdict}");
    }
    let files = fs::read_dir(folder()).expect("the folder is there").count();
    assert_eq!(files, table.lines().count(), "every file has a row");
}

#[test]
fn the_stale_read_is_blamed_and_not_the_right_one_after_it() {
    let report = judge(&folder().join("k10bad.edn"), "cas-register").expect("well-formed");
    let example = report.violations().next().expect("a stale read");
    assert_eq!(example.operations[example.culprit].process, "p4");
    assert!(example.sentence.starts_with("the read by p4 began after p3 had read 3, yet"));
    assert!(example.operations.iter().all(|operation| operation.process != "p5"));
}

#[test]
fn a_loss_is_shown_by_the_few_operations_that_matter_with_their_zxids() {
    let report = judge(&folder().join("r4646.jsonl"), "zookeeper").expect("well-formed");
    let example = report.violations().next().expect("ZOOKEEPER-4646");
    assert!(example.operations.len() <= 3, "{example:#?}");
    let lost = example.operations.iter().find(|shown| shown.what == "create /lost=precious");
    let why = lost.and_then(|lost| lost.why_not.as_deref()).expect("the write at stake is shown");
    assert!(why.starts_with("its zxid is above 0x10000000"), "{why}");
    assert_eq!(example.operations[example.culprit].zxid, Some(0x1_0000_0003));
    assert!(example.sentence.contains("at zxid 0x100000003"), "{}", example.sentence);
}

/// The two large recordings are not part of this repository: they are looked for beside it.
#[test]
fn the_large_recordings_of_real_servers_get_their_verdicts() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/histories/found");
    for (name, verdict) in
        [("multi24.jsonl.gz", Verdict::Valid), ("planted-value-1less.jsonl.gz", Verdict::Violation)]
    {
        let path = root.join(name);
        if !path.is_file() {
            println!("skipped: {} is not there", path.display());
            continue;
        }
        let report = judge(&path, "zookeeper").expect("well-formed");
        assert_eq!(report.verdict(), verdict, "{name}");
    }
}
