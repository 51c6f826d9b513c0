//! Which defects a finding needs.
//!
//! A release has a dozen defects, and a schedule that loses a write in it does not say through
//! which. So the schedule is run again with defects repaired: those that cannot be repaired without
//! the violation going away are its cause. Nothing is deduced from the story.

use crate::oracle::Oracle;
use crate::variants::{UnknownVariant, edited};
use thiserror::Error;
use zab_checker::Class;
use zab_core::variant::{Named, Releases, SWITCHES, Switch};
use zab_sim::Schedule;

/// A smallest set of defects with which the schedule still breaks this class: the
/// reference with these alone does, with any one of them repaired it does not. A defect is repaired in
/// every server at once, whichever releases have it.
pub fn causes(
    oracle: &mut Oracle,
    schedule: &Schedule,
    releases: Releases,
    class: Class,
) -> Vec<&'static Switch> {
    let mut left = releases;
    loop {
        let before = left;
        for switch in SWITCHES.iter().filter(|switch| before.have(switch)) {
            let repaired = left.repaired(switch);
            if oracle.judge(schedule, repaired).class() == Some(class) {
                left = repaired;
            }
        }
        if left == before {
            return SWITCHES.iter().filter(|switch| left.have(switch)).collect();
        }
    }
}

/// The releases with all but these of their defects repaired.
pub fn alone(defects: &[&'static Switch], releases: Releases) -> Releases {
    let is_left = |switch: &&Switch| !defects.iter().any(|defect| defect.name == switch.name);
    SWITCHES.iter().filter(is_left).fold(releases, |releases, switch| releases.repaired(switch))
}

/// Whether the violation goes away if this one defect is repaired.
pub fn needs(
    oracle: &mut Oracle,
    schedule: &Schedule,
    releases: Releases,
    class: Class,
    switch: &Switch,
) -> bool {
    oracle.judge(schedule, releases.repaired(switch)).class() != Some(class)
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
    let repaired = edited(named.clone(), &[], &[name.to_owned()])?.releases();
    let mut on = named.switches();
    on.find(|switch| !repaired.have(switch)).ok_or_else(|| UnknownDefect::NotOn {
        variant: named.name.clone(),
        name: name.to_owned(),
        names: named.switches().map(Switch::spelling).collect::<Vec<_>>().join(", "),
    })
}
