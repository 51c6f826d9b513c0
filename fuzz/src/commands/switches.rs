//! The options that change a variant by its switches, wherever one is named.

use super::Failure;
use crate::variants;
use zab_core::variant::Named;

/// `--with` and `--fix`: what `+` and `-` are in a name.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Switches {
    /// Add these defects, as in V+late-apply: see `zab variants --switches`
    #[arg(long, value_name = "SWITCH", value_delimiter = ',')]
    with: Vec<String>,
    /// Repair these defects, as in V-stale-ack
    #[arg(long, value_name = "SWITCH", value_delimiter = ',')]
    fix: Vec<String>,
}

impl Switches {
    /// The variant of that name, changed as the options say.
    pub(super) fn of(&self, name: &str) -> Result<Named, Failure> {
        self.change(variants::find(name).map_err(Failure::usage)?)
    }

    /// The variant of that name, or the other one if none is named; either changed as the options
    /// say. `None` if nobody asked for anything.
    pub(super) fn of_or(
        &self,
        name: Option<&str>,
        other: impl FnOnce() -> Named,
    ) -> Result<Option<Named>, Failure> {
        match name {
            Some(name) => self.of(name).map(Some),
            None if self.with.is_empty() && self.fix.is_empty() => Ok(None),
            None => self.change(other()).map(Some),
        }
    }

    /// The options, as they are typed.
    pub(super) fn options(&self) -> impl Iterator<Item = String> {
        let with = self.with.iter().map(|name| format!(" --with {name}"));
        with.chain(self.fix.iter().map(|name| format!(" --fix {name}")))
    }

    fn change(&self, named: Named) -> Result<Named, Failure> {
        variants::edited(named, &self.with, &self.fix).map_err(Failure::usage)
    }
}
