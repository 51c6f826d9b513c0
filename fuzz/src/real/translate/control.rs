//! The control of a case: the same case less one fault, in which the model keeps what the case loses; or,
//! where each fault alone can be spared or nothing is seen of the write without it, less one request of
//! another client.
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
    /// The fault, or the request, by which it differs from the case.
    pub difference: String,
}

/// Finds the control of a case that was recorded, for which this scenario was made.
pub fn control(oracle: &mut Oracle, recording: &Recording, story: &str) -> Option<Control> {
    let end = End::of(recording).ok()?;
    let mut best: Option<(_, Control)> = None;
    for Edit { schedule, difference, is_fault } in edits(&recording.schedule) {
        let other = oracle.record(&schedule, recording.releases);
        let Some(text) = keeps(&other, &end).then(|| kept(&other, &end, &difference)) else {
            continue;
        };
        let Ok(text) = text else { continue };
        let worth = (is_fault, common(story, &text));
        if best.as_ref().is_none_or(|(most, _)| *most < worth) {
            best = Some((worth, Control { text, difference }));
        }
    }
    best.map(|(_, control)| control)
}

/// A case that lacks something.
struct Edit {
    schedule: Schedule,
    /// What it lacks.
    difference: String,
    /// Whether that is a fault; otherwise it is a request.
    is_fault: bool,
}

/// The case less one action: a power failure is one that only takes the process, any other is none. Without
/// the request that is lost nothing can be kept.
fn edits(schedule: &Schedule) -> Vec<Edit> {
    let mut all = Vec::new();
    for (at, action) in schedule.actions.iter().enumerate() {
        let name = serde_json::to_string(action).expect("actions can be written as JSON");
        let is_fault = !matches!(action.act, Act::Client { .. });
        let mut add = |edit: &dyn Fn(&mut Schedule), difference: String| {
            let mut schedule = schedule.clone();
            edit(&mut schedule);
            all.push(Edit { schedule, difference, is_fault });
        };
        if let Act::PowerLoss { server, down_us, .. } = action.act {
            add(
                &|schedule| schedule.actions[at].act = Act::Kill { server, down_us },
                format!("a kill instead of {name}"),
            );
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
