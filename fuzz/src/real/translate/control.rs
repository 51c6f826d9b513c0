//! The control of a case: the same case less one fault, in which the model keeps what the case loses.
//!
//! It is told from the model's own run of it, so that each of its steps is checked as well; and of all
//! that there are it is the one that follows the case for longest.

use super::end::{self, End};
use super::{Inexpressible, tell, text};
use crate::oracle::{Oracle, Recording};
use zab_checker::Fact;
use zab_core::{Key, Op, Outcome};
use zab_sim::{Act, Schedule};

/// A scenario in which real servers have to keep what the case loses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// The scenario.
    pub text: String,
    /// The fault by which it differs from the case.
    pub difference: String,
}

/// Finds the control of a case that was recorded, for which this scenario was made.
pub fn control(oracle: &mut Oracle, recording: &Recording, story: &str) -> Option<Control> {
    let end = End::of(recording).ok()?;
    let mut best: Option<(usize, Control)> = None;
    for (schedule, difference) in edits(&recording.schedule) {
        let other = oracle.record(&schedule, recording.releases);
        let Some(text) = keeps(&other, &end).then(|| kept(&other, &end, &difference)) else {
            continue;
        };
        let Ok(text) = text else { continue };
        let common = common(story, &text);
        if best.as_ref().is_none_or(|(most, _)| *most < common) {
            best = Some((common, Control { text, difference }));
        }
    }
    best.map(|(_, control)| control)
}

/// The case less one fault: a power failure is one that only takes the process, any other is none.
fn edits(schedule: &Schedule) -> Vec<(Schedule, String)> {
    let mut all = Vec::new();
    for (at, action) in schedule.actions.iter().enumerate() {
        let name = serde_json::to_string(action).expect("actions can be written as JSON");
        let mut add = |edit: &dyn Fn(&mut Schedule), difference: String| {
            let mut schedule = schedule.clone();
            edit(&mut schedule);
            all.push((schedule, difference));
        };
        match action.act {
            Act::Client { .. } => continue,
            Act::PowerLoss { server, down_us, .. } => add(
                &|schedule| schedule.actions[at].act = Act::Kill { server, down_us },
                format!("a kill instead of {name}"),
            ),
            _ => {}
        }
        let remove = |schedule: &mut Schedule| {
            schedule.actions.remove(at);
        };
        add(&remove, format!("without {name}"));
    }
    all
}

/// Whether a client knows of what the case loses, and every server has it in the end.
fn keeps(recording: &Recording, end: &End) -> bool {
    let memories: Vec<_> = recording
        .events
        .iter()
        .filter_map(|event| match &event.fact {
            Fact::AtRest(replica) => Some(replica.registers[end.key.index()]),
            _ => None,
        })
        .collect();
    let all = memories.len() == usize::from(recording.schedule.servers);
    let same = memories.windows(2).all(|pair| pair[0] == pair[1]);
    let has = end.value.is_none_or(|value| {
        memories.iter().all(|held| held.value == value) && is_told(recording, end.key, value)
    });
    all && same && has
}

/// Whether a client was told that a write is done, or read its value, before the end was looked at.
fn is_told(recording: &Recording, key: Key, value: u32) -> bool {
    let end = end::quiet(recording);
    let writes = |fact: &Fact| match fact {
        Fact::Invoked {
            request,
            op: Op::Write { key: of, value: new } | Op::WriteIf { key: of, value: new, .. },
        } => ((*of, *new) == (key, value)).then_some(*request),
        _ => None,
    };
    let request = recording.events.iter().find_map(|event| writes(&event.fact));
    recording.events.iter().take(end).any(|event| match &event.fact {
        Fact::Returned { request: answered, outcome: Outcome::Written { .. } } => {
            request == Some(*answered)
        }
        Fact::Returned { outcome: Outcome::Value { value: read, .. }, .. } => *read == value,
        _ => false,
    })
}

/// The scenario, to the end of the execution: nothing is decided before.
fn kept(recording: &Recording, end: &End, difference: &str) -> Result<String, Inexpressible> {
    let event = end::quiet(recording);
    let title = format!("The control: {difference}");
    tell(recording, &title, &End { event, ..end.clone() })
}

/// How many lines two scenarios have in common before they part.
fn common(one: &str, other: &str) -> usize {
    let lines = |text| text::verbs(text);
    lines(one).zip(lines(other)).take_while(|(a, b)| a == b).count()
}
