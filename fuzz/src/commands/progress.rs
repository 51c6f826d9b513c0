//! Progress of what takes long: one line that changes on a terminal, a plain line now and then elsewhere.

use super::output::Out;
use crate::clock::Stopwatch;
use crate::search::{Limit, Progress};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal as _, Write as _};
use std::sync::Mutex;
use std::time::Duration;

/// Between two plain lines.
const PLAIN: Duration = Duration::from_secs(10);

/// Shows how a command is doing, and how much time is left.
pub(super) struct Meter {
    bar: ProgressBar,
    is_chatty: bool,
    plain: bool,
    clock: Stopwatch,
    /// When it is over at the latest, if that can be said.
    limit: Option<Limit>,
    /// When the next plain line is due.
    due: Mutex<Duration>,
}

impl Meter {
    /// A meter for what ends after this time, or after this number of runs of something, if either is
    /// known.
    pub(super) fn new(out: &Out, limit: impl Into<Option<Limit>>) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let is_chatty = out.is_chatty();
        let bar =
            if is_chatty && terminal { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template("{spinner} {msg}");
        bar.set_style(style.expect("the template is a constant"));
        let clock = Stopwatch::start();
        let (plain, due) = (is_chatty && !terminal, Mutex::new(PLAIN));
        Self { bar, is_chatty, plain, clock, limit: limit.into(), due }
    }

    /// Shows how a campaign is doing, of which parts may have run before.
    pub(super) fn show(&self, progress: Progress) {
        let Progress { executions, elapsed, .. } = progress;
        self.line((executions, elapsed), || describe(progress));
    }

    /// Shows how many are done.
    pub(super) fn count(&self, done: u64, describe: impl FnOnce() -> String) {
        self.line((done, self.clock.elapsed()), describe);
    }

    /// Shows what was done in some time.
    fn line(&self, (done, spent): (u64, Duration), describe: impl FnOnce() -> String) {
        if !self.is_chatty {
            return;
        }
        let elapsed = self.clock.elapsed();
        let left = self.limit.and_then(|limit| left(limit, elapsed, done, spent));
        let left = left.map_or_else(String::new, |left| format!(", {left} left"));
        if self.plain {
            let mut due = self.due.lock().expect("nothing panics while it holds the lock");
            if elapsed >= *due {
                *due = elapsed + PLAIN;
                let _ = writeln!(std::io::stderr(), "{}{left}", describe());
            }
        } else {
            self.bar.set_message(describe() + &left);
            self.bar.tick();
        }
    }

    /// Says a line that stays, on standard error, if people are to hear anything at all.
    pub(super) fn say(&self, line: &str) {
        if self.is_chatty {
            self.aside(|| {
                let _ = writeln!(std::io::stderr(), "{line}");
            });
        }
    }

    /// Writes something to standard error that the line of progress does not run into.
    pub(super) fn aside(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// How much time is left, as far as that can be said.
fn left(
    limit: Limit,
    elapsed: Duration,
    done: u64,
    spent: Duration,
) -> Option<humantime::FormattedDuration> {
    let left = match limit {
        Limit::Time(time) => time.saturating_sub(elapsed),
        Limit::Runs(_) if done == 0 => return None,
        Limit::Runs(runs) => spent.mul_f64(runs.saturating_sub(done) as f64 / done as f64),
    };
    Some(humantime::format_duration(Duration::from_secs(left.as_secs())))
}

/// Progress in one line.
pub(super) fn describe(progress: Progress) -> String {
    let Progress { findings, executions, states, elapsed } = progress;
    let per_second = executions as f64 / elapsed.as_secs_f64().max(1e-3);
    let found = if findings == 0 { String::new() } else { format!(", {findings} found") };
    format!(
        "{executions} executions, {per_second:.0} a second, {states} states, {:.1} s{found}",
        elapsed.as_secs_f64()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_follows_from_the_limit_or_from_the_pace() {
        let seconds = Duration::from_secs;
        let shown = |limit, elapsed, done, spent| {
            left(limit, seconds(elapsed), done, seconds(spent)).map(|left| left.to_string())
        };
        assert_eq!(shown(Limit::Time(seconds(90)), 20, 7, 20).as_deref(), Some("1m 10s"));
        assert_eq!(shown(Limit::Time(seconds(90)), 100, 7, 100).as_deref(), Some("0s"));
        // Three quarters are done, most of them by another process.
        assert_eq!(shown(Limit::Runs(400), 2, 300, 120).as_deref(), Some("40s"));
        assert_eq!(shown(Limit::Runs(400), 2, 0, 2), None);
    }
}
