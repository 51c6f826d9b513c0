//! The explorer's own mutation test: defects of the catalogue, each found by the shortest way. The whole
//! list, with what is out of reach and why, stands in `docs/exploring.md`.

use super::Bounds;
use super::search::{End, Limits, search};
use super::setting::Setting;
use std::ops::ControlFlow;
use zab_checker::{Class, Standard};
use zab_core::variant::find;

const ONE_WRITE: Bounds = Bounds { writes: 1, ..Bounds::NONE };

const RESTART: Bounds = Bounds { restarts: 1, ..ONE_WRITE };

const STEP_DOWN: Bounds = Bounds { step_downs: 1, ..ONE_WRITE };

const CUT: Bounds = Bounds { cuts: 1, ..ONE_WRITE };

/// Which defect, within what, who is free, which rule it breaks, and after how many steps.
const FOUND: [(&str, Bounds, Option<&str>, Class, usize); 13] = [
    ("stale-ack", CUT, None, Class::D1, 16),
    ("stale-ack-in-flight", CUT, None, Class::D1, 16),
    ("zookeeper-2845", CUT, None, Class::I10, 18),
    ("zookeeper-4712", CUT, None, Class::I10, 18),
    ("zookeeper-4394", CUT, None, Class::I14, 20),
    ("zookeeper-4646", STEP_DOWN, None, Class::D1, 16),
    ("zookeeper-3911", STEP_DOWN, None, Class::D1, 17),
    ("zookeeper-4685", STEP_DOWN, None, Class::D1, 17),
    ("zookeeper-3023", STEP_DOWN, None, Class::I9, 21),
    ("zookeeper-1154", RESTART, None, Class::O3, 19),
    ("snapshot-unflushed", RESTART, None, Class::D1, 19),
    ("unflushed-start", RESTART, None, Class::D1, 20),
    ("late-apply", STEP_DOWN, Some("committer"), Class::I9, 21),
];

#[test]
fn a_defect_within_reach_is_found_by_the_shortest_way() {
    for (name, bounds, free, class, steps) in FOUND {
        let named = find(name).expect("it is listed");
        let mut setting = Setting::new(3, named.releases(), Standard::Release);
        setting.bounds = bounds;
        assert!(free.is_none_or(|actor| setting.free.set(actor)));
        let limits = Limits { states: 60_000, worlds: 10_000 };
        let report = search(&setting, limits, 2, &mut |_| ControlFlow::Continue(()));
        let report = report.expect("it begins at the boot");
        let End::Found(found) = report.end else {
            panic!("{name}: {:?} {:?}", report.end, report.progress);
        };
        let shown = (found.violation.class, found.choices.len());
        assert_eq!(shown, (class, steps), "{name}, {:?}", report.progress);
    }
}
