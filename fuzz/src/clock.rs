//! The wall clock, for progress, budgets of time and benchmarks: the only place that reads it.
//!
//! Nothing that is found depends on it, except where a hunt is told to stop after a time.

use std::time::{Duration, Instant};

/// Measures from the moment it was made.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts to measure.
    #[expect(
        clippy::disallowed_methods,
        reason = "the command line shows progress and times benchmarks; no verdict depends on it"
    )]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// How long it has been.
    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// Today's date (UTC), as in `2026-11-29`: for what is written down of runs on real servers.
#[cfg(all(feature = "real", lab))]
#[expect(clippy::disallowed_types, reason = "a date in a record; no verdict depends on it")]
pub(crate) fn today() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let days = since.map_or(0, |since| since.as_secs() / 86_400);
    let (year, month, day) = civil(days);
    format!("{year}-{month:02}-{day:02}")
}

/// The date of a day, counted from 1970-01-01. Years begin in March, so that the leap day ends one.
#[cfg(all(feature = "real", lab))]
const fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let next_year = if month <= 2 { 1 } else { 0 };
    (year + era * 400 + next_year, month, day)
}

#[cfg(all(test, feature = "real", lab))]
mod tests {
    use super::*;

    #[test]
    fn days_have_dates() {
        for (days, date) in [
            (0, (1970, 1, 1)),
            (59, (1970, 3, 1)),
            (11_016, (2000, 2, 29)),
            (11_017, (2000, 3, 1)),
            (20_786, (2026, 11, 29)),
        ] {
            assert_eq!(civil(days), date, "day {days}");
        }
    }
}
