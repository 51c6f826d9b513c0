//! Where else a finding has to show the same.

use crate::case::Driver;
use crate::oracle::Oracle;
use zab_core::Config;

/// Another world, in which a finding shows the same class.
#[derive(Copy, Clone, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum HoldIn {
    /// The discrete-event queue over virtual time.
    Direct,
    /// Servers with sockets and tasks, inside turmoil.
    #[cfg(feature = "turmoil")]
    Turmoil,
    /// With a real server's limits: 500 commits in memory, and a snapshot only where a role begins; so it
    /// can be carried out on real servers (`zab confirm`).
    RealLimits,
}

impl HoldIn {
    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direct => Driver::Direct.name(),
            #[cfg(feature = "turmoil")]
            Self::Turmoil => Driver::Turmoil.name(),
            Self::RealLimits => "real-limits",
        }
    }

    /// What judges there.
    pub fn oracle(self) -> Oracle {
        match self {
            Self::Direct => Oracle::new(Driver::Direct),
            #[cfg(feature = "turmoil")]
            Self::Turmoil => Oracle::new(Driver::Turmoil),
            Self::RealLimits => Oracle::with(real_limits),
        }
    }

    /// Whether it is this driver, with the usual limits.
    pub const fn is(self, driver: Driver) -> bool {
        match (self, driver) {
            (Self::Direct, Driver::Direct) => true,
            #[cfg(feature = "turmoil")]
            (Self::Turmoil, Driver::Turmoil) => true,
            _ => false,
        }
    }
}

impl From<Driver> for HoldIn {
    fn from(driver: Driver) -> Self {
        match driver {
            Driver::Direct => Self::Direct,
            #[cfg(feature = "turmoil")]
            Driver::Turmoil => Self::Turmoil,
        }
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
