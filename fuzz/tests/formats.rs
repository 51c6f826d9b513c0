//! What was once written stays readable. A new format adds a file here; none is ever changed.

use std::fs;
use std::path::{Path, PathBuf};
use zab_fuzz::case;
use zab_sim::{Schedule, schedule};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats").join(name)
}

fn case_of(version: u16) -> case::Case {
    let path = path(&format!("case-v{version}.json"));
    case::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_format_of_cases_is_read() {
    for version in 1..=case::FORMAT {
        let case = case_of(version);
        assert_eq!(case.format, version);
        assert_eq!(case.variant, "zookeeper-4646");
        assert_eq!(case.expected.class().map(|class| class.name()), Some("O2"));
        assert_eq!(case.schedule.actions.len(), 17);
        assert_eq!(case.confirmed.len(), usize::from(version >= 2));
        assert_eq!(case.expected.is_client_visible(), version >= 2);
        assert_eq!(case.shown_in.is_some(), version >= 4);
    }
}

#[test]
fn bytes_and_json_of_every_format_are_the_same_schedule() {
    for version in 1..=schedule::FORMAT {
        let text = fs::read_to_string(path(&format!("schedule-v{version}.json")));
        let json = Schedule::from_json(&text.expect("it is there")).expect("it is a schedule");
        let bytes = fs::read(path(&format!("schedule-v{version}.bin"))).expect("it is there");
        assert_eq!(Schedule::from_bytes(&bytes), json);
        assert_eq!(json.to_bytes(), bytes);
        assert_eq!(json.version, schedule::FORMAT);
    }
}
