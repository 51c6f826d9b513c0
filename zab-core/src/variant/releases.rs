//! What the servers of one ensemble run: one release, or two during a rolling upgrade.

use super::{Bug, Switch, Variant};
use std::fmt;

/// Which of the releases of an ensemble a server runs.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Release {
    /// The one that every server boots with.
    #[default]
    Old,
    /// The one that servers are upgraded to, if there is one.
    New,
}

impl Release {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Old, Self::New];
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Old => "the old release",
            Self::New => "the new release",
        })
    }
}

/// The releases of an ensemble. Every server boots with the old one; where there is a new one, a
/// server can be upgraded to it, and go back.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Releases {
    old: Variant,
    new: Option<Variant>,
}

impl Releases {
    /// Every server runs this, whatever happens.
    pub const fn only(variant: Variant) -> Self {
        Self { old: variant, new: None }
    }

    /// Servers boot with the one and can be upgraded to the other.
    pub const fn upgrade(old: Variant, new: Variant) -> Self {
        Self { old, new: Some(new) }
    }

    /// What a server runs that runs this release.
    pub fn of(&self, release: Release) -> Variant {
        match release {
            Release::Old => self.old,
            Release::New => self.new.unwrap_or(self.old),
        }
    }

    /// Whether servers can be upgraded.
    pub const fn has_upgrade(&self) -> bool {
        self.new.is_some()
    }

    /// Whether this holds of a release that a server may run.
    #[inline]
    pub fn any(&self, holds: impl Fn(&Variant) -> bool) -> bool {
        holds(&self.old) || self.new.as_ref().is_some_and(holds)
    }

    /// Whether this holds of every release that a server may run.
    pub fn all(&self, holds: impl Fn(&Variant) -> bool) -> bool {
        !self.any(|variant| !holds(variant))
    }

    /// Whether a release has this defect.
    pub fn have(&self, switch: &Switch) -> bool {
        self.any(|variant| switch.is_on(variant))
    }

    /// The same with this defect repaired in each release.
    #[must_use]
    pub fn repaired(&self, switch: &Switch) -> Self {
        self.each(|variant| switch.repaired(variant))
    }

    /// The same with this bug repaired in each release.
    #[must_use]
    pub fn without(&self, bug: &Bug) -> Self {
        self.each(|variant| bug.repaired(variant))
    }

    fn each(&self, change: impl Fn(Variant) -> Variant) -> Self {
        Self { old: change(self.old), new: self.new.map(change) }
    }
}

impl From<Variant> for Releases {
    fn from(variant: Variant) -> Self {
        Self::only(variant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variant::SWITCHES;

    #[test]
    fn a_repair_reaches_every_release() {
        let defective = Variant { late_apply: true, keeps_stale_acks: true, ..Variant::REFERENCE };
        let switch = SWITCHES.iter().find(|switch| switch.name == "late_apply").expect("listed");
        for (old, new) in [
            (defective, Variant::REFERENCE),
            (Variant::REFERENCE, defective),
            (defective, defective),
        ] {
            let releases = Releases::upgrade(old, new);
            assert!(releases.have(switch));
            let repaired = releases.repaired(switch);
            assert!(!repaired.have(switch));
            assert!(repaired.any(|variant| variant.keeps_stale_acks), "the others stay");
        }
    }

    #[test]
    fn an_ensemble_without_an_upgrade_runs_one_release_under_both_names() {
        let only = Releases::only(Variant::REFERENCE);
        assert_eq!(only.of(Release::New), only.of(Release::Old));
        assert!(!only.has_upgrade());
        assert!(Releases::upgrade(Variant::REFERENCE, Variant::REFERENCE).has_upgrade());
    }
}
