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
