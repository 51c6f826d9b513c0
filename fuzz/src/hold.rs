//! Where else a finding has to show the same.

use crate::case::Driver;
use crate::oracle::Oracle;
use clap::ValueEnum;
use clap::builder::PossibleValue;
use zab_core::Config;

/// Another world, in which a finding shows the same class.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum HoldIn {
    /// What this runs, with the usual limits.
    Driver(Driver),
    /// With a real server's limits, so it can be carried out on real servers (`zab confirm`).
    RealLimits,
}

const ALL: &[HoldIn] = &[
    HoldIn::Driver(Driver::Direct),
    #[cfg(feature = "turmoil")]
    HoldIn::Driver(Driver::Turmoil),
    HoldIn::RealLimits,
];

impl ValueEnum for HoldIn {
    fn value_variants<'a>() -> &'a [Self] {
        ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Driver(driver) => driver.to_possible_value(),
            Self::RealLimits => Some(PossibleValue::new(self.name()).help(
                "With a real server's limits: 500 commits in memory, and a snapshot only where a role \
                 begins; so it can be carried out on real servers (`zab confirm`)",
            )),
        }
    }
}

impl HoldIn {
    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Driver(driver) => driver.name(),
            Self::RealLimits => "real-limits",
        }
    }

    /// What judges there.
    pub fn oracle(self) -> Oracle {
        match self {
            Self::Driver(driver) => Oracle::new(driver),
            Self::RealLimits => Oracle::with(real_limits),
        }
    }

    /// Whether it is this driver, with the usual limits.
    pub fn is(self, driver: Driver) -> bool {
        self == Self::Driver(driver)
    }
}

/// The settings of a model whose limits are those of a real server, as far as a case depends on them:
/// `commitLogCount` is never less than 500 (`ZKDatabase`), and which of the first `snapCount` records
/// brings a snapshot is left to chance (`SyncRequestProcessor.shouldSnapshot`).
pub const fn real_limits(servers: u8) -> Config {
    Config { committed_log_max: 500, snapshot_every: 100_000, ..Config::new(servers) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::{self, Campaign, Limit};
    use crate::variants;
    use std::ops::ControlFlow;

    #[test]
    fn what_is_found_to_hold_with_real_limits_is_lost_with_them() {
        let named = variants::find("zk-3.9.5").expect("a release");
        let campaign = |seed, hold_in: &[HoldIn]| Campaign {
            hold_in: hold_in.to_vec(),
            keep_going: true,
            ..Campaign::new(&named, seed, Limit::Runs(700))
        };
        let lost = |hold_in: &[HoldIn]| -> Vec<bool> {
            let run = |seed| search::run(&campaign(seed, hold_in), &|_| ControlFlow::Continue(()));
            let findings = (1..=4).flat_map(|seed| run(seed).findings);
            let mut real = HoldIn::RealLimits.oracle();
            let is_lost = findings.map(|finding| {
                let found = real.judge(&finding.schedule, named.releases()).class();
                found == finding.outcome.class()
            });
            is_lost.collect()
        };
        let (all, expressible) = (lost(&[]), lost(&[HoldIn::RealLimits]));
        assert!(all.contains(&false), "the limits make a difference: {all:?}");
        assert!(!expressible.is_empty() && !expressible.contains(&false), "{expressible:?}");
    }
}
