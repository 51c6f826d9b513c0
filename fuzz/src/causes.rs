//! Which defects a finding needs.
//!
//! A release has a dozen defects, and a schedule that loses a write in it does not say through
//! which. So the schedule is run again with defects repaired: those that cannot be repaired without
//! the violation going away are its cause. Nothing is deduced from the story.

use crate::oracle::Oracle;
use crate::variants::{UnknownVariant, edited};
use thiserror::Error;
use zab_checker::Class;
use zab_core::Variant;
use zab_core::variant::{Named, SWITCHES, Switch};
use zab_sim::Schedule;

/// A smallest set of defects of the variant with which the schedule still breaks this class: the
/// reference with these alone does, with any one of them repaired it does not.
pub fn causes(
    oracle: &mut Oracle,
    schedule: &Schedule,
    variant: Variant,
    class: Class,
) -> Vec<&'static Switch> {
    let mut left = variant;
    loop {
        let before = left;
        for switch in SWITCHES.iter().filter(|switch| switch.is_on(&before)) {
            let repaired = switch.repaired(left);
            if oracle.judge(schedule, repaired).class() == Some(class) {
                left = repaired;
            }
        }
        if left == before {
            return SWITCHES.iter().filter(|switch| switch.is_on(&left)).collect();
        }
    }
}

/// The variant with all but these of its defects repaired.
pub fn alone(defects: &[&'static Switch], variant: Variant) -> Variant {
    let is_left = |switch: &&Switch| !defects.iter().any(|defect| defect.name == switch.name);
    SWITCHES.iter().filter(is_left).fold(variant, |variant, switch| switch.repaired(variant))
}

/// Whether the violation goes away in this variant, which is the same with a defect repaired.
pub fn goes_away(
    oracle: &mut Oracle,
    schedule: &Schedule,
    repaired: Variant,
    class: Class,
) -> bool {
    oracle.judge(schedule, repaired).class() != Some(class)
}

/// A name that no defect of the variant has.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UnknownDefect {
    /// Of no variant either.
    #[error(transparent)]
    NoSwitch(#[from] UnknownVariant),
    /// It is none that this variant has.
    #[error("{variant} has no defect `{name}`; it has: {names}")]
    NotOn {
        /// The variant.
        variant: String,
        /// What was asked for.
        name: String,
        /// The defects that it has.
        names: String,
    },
}

/// The defect of that name, if the variant has it.
pub fn find(named: &Named, name: &str) -> Result<&'static Switch, UnknownDefect> {
    let repaired = edited(named.clone(), &[], &[name.to_owned()])?.variant;
    let mut on = named.switches();
    on.find(|switch| !switch.is_on(&repaired)).ok_or_else(|| UnknownDefect::NotOn {
        variant: named.name.clone(),
        name: name.to_owned(),
        names: named.switches().map(Switch::spelling).collect::<Vec<_>>().join(", "),
    })
}
