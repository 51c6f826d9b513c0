//! File systems that do no more than POSIX asks for: an option, which a finding that needs it names.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::path::Path;
use zab_core::Variant;
use zab_core::variant::{Releases, SWITCHES, find};
use zab_fuzz::case::{self, Case};
use zab_fuzz::explain::{Story, picture, picture::Shown, text};
use zab_fuzz::generate;
use zab_fuzz::oracle::Oracle;
use zab_fuzz::rng::Rng;
use zab_fuzz::search::{self, Campaign, Limit};
use zab_sim::Schedule;
use zab_sim::schedule::Directories;
use zab_sim::trace::Line;

thread_local! {
    static ORACLE: RefCell<Oracle> = RefCell::default();
}

fn stored() -> Case {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/O1/directory-unsynced.json");
    case::read(&path).expect("it is stored")
}

fn generated(seed: u64, directories: Directories) -> Schedule {
    Schedule { directories, ..generate::schedule(&mut Rng::of(seed, 9), 3) }
}

/// With and without the defect, event by event.
fn traces(schedule: &Schedule, releases: Releases) -> [Vec<String>; 2] {
    let switch = SWITCHES.iter().find(|s| s.name == "directory_unsynced").expect("it is listed");
    let defective = match releases.have(switch) {
        true => releases,
        false => Variant { directory_unsynced: true, ..Variant::REFERENCE }.into(),
    };
    [defective, defective.repaired(switch)].map(|releases| {
        let recording = ORACLE.with_borrow_mut(|oracle| oracle.record(schedule, releases));
        recording.events.iter().map(|event| Line(event).to_string()).collect()
    })
}

#[test]
fn a_folder_that_nobody_flushes_makes_no_difference_where_a_file_is_flushed_with_its_name() {
    for name in ["reference", "zk-3.9.5", "zk-3.4.5"] {
        let releases = find(name).expect("it is listed").releases();
        let differ = |directories| {
            let differs = |seed: &u64| {
                let [with, without] = traces(&generated(*seed, directories), releases);
                with != without
            };
            (0..60).filter(differs).count()
        };
        assert_eq!(differ(Directories::Lenient), 0, "{name}");
        assert!(differ(Directories::Strict) > 5, "{name}");
    }
}

#[test]
fn the_defect_is_found_by_itself_and_only_where_it_was_asked_for() {
    let named = find("directory-unsynced").expect("it is listed");
    let campaign = Campaign::new(&named, 1, Limit::Runs(500));
    let watch = |_| ControlFlow::Continue(());
    assert_eq!(search::run(&campaign, &watch).findings.len(), 1);
    let lenient = Campaign { directories: Directories::Lenient, ..campaign };
    assert_eq!(search::run(&lenient, &watch).findings.len(), 0);
    let release = find("zk-3.9.5").expect("it is listed");
    assert!(Campaign::new(&release, 1, Limit::Runs(1)).directories.are_lenient());
}

#[test]
fn a_finding_that_needs_it_says_so_wherever_it_is_told() {
    let case = stored();
    let needed = case.schedule.directories.needed().expect("it is strict");
    let named = case.named();
    let told = |schedule: &Schedule| {
        let recording = Oracle::default().record(schedule, named.releases());
        let story = Story::of(&recording);
        let command = "cargo zab explain CASE";
        let shown = Shown {
            case: &case,
            variant: &named.name,
            command,
            recording: &recording,
            story: &story,
        };
        // Wherever the lines are broken.
        let whole = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        [
            whole(&story.lines().collect::<String>()),
            whole(&text::render(&story).replace(['│', '║'], "")),
            whole(&picture::page(shown)),
        ]
    };
    for text in told(&case.schedule) {
        assert!(text.contains(needed), "{text}");
    }
    let lenient = Schedule { directories: Directories::Lenient, ..case.schedule.clone() };
    assert_eq!(Oracle::default().judge(&lenient, named.releases()).class(), None);
    for text in told(&lenient) {
        assert!(!text.contains(needed), "{text}");
    }
}

/// More of them: `cargo zab agree --runs N`, and property tests.
#[cfg(feature = "turmoil")]
#[test]
fn the_drivers_agree_where_names_are_lost() {
    use zab_fuzz::agreement::Drivers;
    let mut drivers = Drivers::default();
    for name in ["reference", "zk-3.9.5", "directory-unsynced"] {
        let releases = find(name).expect("it is listed").releases();
        for seed in 0..40 {
            let schedule = generated(seed, Directories::Strict);
            let agreement = drivers.check(&schedule, releases);
            agreement.unwrap_or_else(|error| panic!("{name}, seed {seed}: {error}"));
        }
    }
}
