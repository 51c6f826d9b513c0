//! Whole executions in turmoil.

use super::*;
use crate::schedule::Schedule;
use crate::trace::TextTrace;

fn trace(booted: &Booted, schedule: &Schedule) -> String {
    let mut trace = TextTrace::default();
    booted.run(schedule, &mut trace);
    trace.0
}

#[test]
fn an_empty_schedule_ends_available_and_at_rest() {
    let booted = Booted::new(3, Variant::REFERENCE);
    let text = trace(&booted, &Schedule::empty(1, 3));
    println!("{text}");
    assert!(text.contains("the ensemble is available"));
    assert_eq!(text.matches("rests at <1, 4>").count(), 3);
}
