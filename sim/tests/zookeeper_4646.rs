//! The story of ZOOKEEPER-4646, told in the language of schedules.
//!
//! S2 alone logs a write, leads again with S0 as its only follower, and serves the write to a
//! reader, because S0 acknowledges a history that waits for its log writer. Then S0 loses its
//! power, and leads or follows with S1 without S2.

use std::ops::ControlFlow;
use zab_checker::{Event, Fact};
use zab_core::variant::Releases;
use zab_core::{Outcome, Variant};
use zab_sim::{Booted, Observer, Schedule};

/// What the readers in the schedule, clients 1 and 2, are told.
#[derive(Default)]
struct Readers(Vec<u32>);

impl Observer for Readers {
    fn on_event(&mut self, event: &Event) -> ControlFlow<()> {
        if let Fact::Returned { request, outcome: Outcome::Value { value, .. } } = event.fact
            && (1..=2).contains(&request.session.0)
        {
            self.0.push(value);
        }
        ControlFlow::Continue(())
    }
}

fn read(releases: impl Into<Releases>) -> Vec<u32> {
    let schedule = Schedule::from_json(include_str!("zookeeper_4646.json"));
    let schedule = schedule.expect("the schedule is valid");
    let mut readers = Readers::default();
    Booted::new(schedule.servers, releases).run(&schedule, &mut readers);
    readers.0
}

/// The value that the schedule's client writes, and the one written during boot.
const NEW: u32 = 1;
const OLD: u32 = 4001;

#[test]
fn a_value_that_was_read_is_gone_in_the_affected_releases() {
    for name in ["zookeeper-4646", "zk-3.8.0"] {
        let entry = zab_core::variant::find(name).expect("a variant of that name");
        assert_eq!(read(entry.releases()), [NEW, OLD], "{name}");
    }
}

#[test]
fn a_value_that_was_read_stays_where_the_history_is_flushed_first() {
    assert_eq!(read(Variant::REFERENCE), [NEW, NEW]);
    let entry = zab_core::variant::find("zk-3.9.5").expect("a variant of that name");
    assert_eq!(read(entry.releases()), [NEW, NEW]);
}
