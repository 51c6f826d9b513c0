//! Which defects a finding needs.
//!
//! A release has a dozen defects, and a schedule that loses a write in it does not say through
//! which. So the schedule is run again with defects repaired: those that cannot be repaired without
//! the violation going away are its cause. Nothing is deduced from the story.

use crate::oracle::Oracle;
use crate::variants::{UnknownVariant, edited};
use std::fmt;
use thiserror::Error;
use zab_checker::Class;
use zab_core::variant::{Bug, Named, Release, Releases, SWITCHES, Switch};
use zab_sim::Schedule;
use zab_sim::schedule::Kind;

/// A smallest set of defects with which the schedule still breaks this class: the
/// reference with these alone does, with any one of them repaired it does not. A defect is repaired in
/// every server at once, whichever releases have it.
///
/// A repair changes the course of an execution, which may then come to the same by another way. Where
/// the finding was asked to need something, the set is of the way that needs it.
pub fn causes(
    oracle: &mut Oracle,
    schedule: &Schedule,
    releases: Releases,
    class: Class,
    asked: Option<Cause>,
) -> Vec<&'static Switch> {
    let asked = asked.filter(|cause| needs(oracle, schedule, releases, class, *cause));
    smallest(releases, |repaired| {
        oracle.judge(schedule, repaired).class() == Some(class)
            && asked.is_none_or(|cause| needs(oracle, schedule, repaired, class, cause))
    })
}

/// A smallest set of defects with which something still shows.
pub fn smallest(
    releases: Releases,
    mut shows: impl FnMut(Releases) -> bool,
) -> Vec<&'static Switch> {
    let mut left = releases;
    loop {
        let before = left;
        for switch in SWITCHES.iter().filter(|switch| before.have(switch)) {
            let repaired = left.repaired(switch);
            if shows(repaired) {
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

/// What a finding can be asked to need.
#[derive(Copy, Clone, Debug)]
pub enum Cause {
    /// This defect, in whichever release.
    Defect(&'static Switch),
    /// This bug, in whichever release.
    Bug(&'static Bug),
    /// That servers run different releases.
    Upgrade,
}

impl Cause {
    /// Its name on the command line.
    pub fn spelling(self) -> String {
        match self {
            Self::Defect(switch) => switch.spelling(),
            Self::Bug(bug) => bug.name.to_owned(),
            Self::Upgrade => Kind::Upgrade.to_string(),
        }
    }

    /// The ensembles that lack it and are otherwise the same.
    pub fn removed(self, releases: Releases) -> Vec<Releases> {
        match self {
            Self::Defect(switch) => vec![releases.repaired(switch)],
            Self::Bug(bug) => vec![releases.without(bug)],
            Self::Upgrade => Release::ALL.map(|one| releases.of(one).into()).to_vec(),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Defect(switch) => switch.fmt(f),
            Self::Bug(bug) => bug.fmt(f),
            Self::Upgrade => f.write_str("the upgrade"),
        }
    }
}

/// Whether the violation goes away without this.
pub fn needs(
    oracle: &mut Oracle,
    schedule: &Schedule,
    releases: Releases,
    class: Class,
    cause: Cause,
) -> bool {
    let removed = cause.removed(releases);
    removed.into_iter().all(|releases| oracle.judge(schedule, releases).class() != Some(class))
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

/// The defect of that name, if the variant has it, or its upgrade.
pub fn find(named: &Named, name: &str) -> Result<Cause, UnknownDefect> {
    if named.releases().has_upgrade() && Kind::named(name) == Some(Kind::Upgrade) {
        return Ok(Cause::Upgrade);
    }
    let repaired = edited(named.clone(), &[], &[name.to_owned()])?.releases();
    let mut on = named.switches();
    on.find(|switch| !repaired.have(switch)).map(Cause::Defect).ok_or_else(|| {
        UnknownDefect::NotOn {
            variant: named.name.clone(),
            name: name.to_owned(),
            names: named.switches().map(Switch::spelling).collect::<Vec<_>>().join(", "),
        }
    })
}
