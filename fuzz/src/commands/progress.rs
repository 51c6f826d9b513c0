//! Progress of a hunt: one line that changes on a terminal, a plain line now and then elsewhere.

use super::output::Out;
use crate::search::Progress;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal as _, Write as _};
use std::sync::Mutex;
use std::time::Duration;

/// Between two plain lines.
const PLAIN: Duration = Duration::from_secs(10);

/// Shows how a campaign is doing.
pub(super) struct Meter {
    bar: ProgressBar,
    is_chatty: bool,
    plain: bool,
    /// When the next plain line is due.
    due: Mutex<Duration>,
}

impl Meter {
    pub(super) fn new(out: &Out) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let is_chatty = out.is_chatty();
        let bar =
            if is_chatty && terminal { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template("{spinner} {msg}");
        bar.set_style(style.expect("the template is a constant"));
        Self { bar, is_chatty, plain: is_chatty && !terminal, due: Mutex::new(PLAIN) }
    }

    pub(super) fn show(&self, progress: Progress) {
        let line = describe(progress);
        if self.plain {
            let mut due = self.due.lock().expect("nothing panics while it holds the lock");
            if progress.elapsed >= *due {
                *due = progress.elapsed + PLAIN;
                let _ = writeln!(std::io::stderr(), "{line}");
            }
        } else {
            self.bar.set_message(line);
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
