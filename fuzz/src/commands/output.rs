//! Where results go: standard output for them, standard error for everything else.

use super::program::spelled;
use clap::ValueEnum;
use serde_json::Value;
use std::fmt::Display;
use std::io::{self, Write as _};
use std::sync::Mutex;

/// How results are written.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    #[default]
    Human,
    /// One JSON document
    Json,
    /// A table in Markdown (`verdict`)
    Md,
    /// A table with a line for each cell (`verdict`)
    Csv,
}

impl Format {
    /// Whether it is for tables alone.
    pub(super) const fn is_table(self) -> bool {
        matches!(self, Self::Md | Self::Csv)
    }
}

/// When colors are used.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal that has them
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

const RED: anstyle::Style = anstyle::AnsiColor::Red.on_default().bold();
const GREEN: anstyle::Style = anstyle::AnsiColor::Green.on_default().bold();
const DIM: anstyle::Style = anstyle::Style::new().dimmed();

/// Why something could not be written to standard output, the first time.
static LOST: Mutex<Option<io::Error>> = Mutex::new(None);

/// The output of one command. A reader who goes away (`zab … | head`) is no error; a disk that is full
/// is one ([`Out::lost`]).
#[derive(Copy, Clone, Debug)]
pub(super) struct Out {
    format: Format,
    quiet: bool,
}

impl Out {
    pub(super) fn new(format: Format, quiet: bool, color: Color) -> Self {
        match color {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        }
        .write_global();
        Self { format, quiet }
    }

    /// How results are written.
    pub(super) const fn format(self) -> Format {
        self.format
    }

    /// Whether results are JSON, and nothing else may be on standard output.
    pub(super) fn is_json(self) -> bool {
        self.format == Format::Json
    }

    /// Whether results are for programs, and nothing for people may be on standard output.
    fn is_bare(self) -> bool {
        self.format != Format::Human
    }

    /// Whether progress and stories are wanted.
    pub(super) fn is_chatty(self) -> bool {
        !self.quiet
    }

    /// The command that repeats this run: its first line.
    pub(super) fn command(self, command: &str) {
        if self.is_chatty() && !self.is_bare() {
            print(format_args!("{DIM}$ {command}{DIM:#}"));
        }
    }

    /// A result for people.
    pub(super) fn line(self, text: impl Display) {
        if !self.is_bare() {
            print(text);
        }
    }

    /// A result in one of the formats for tables.
    pub(super) fn table(self, text: &str) {
        if self.format.is_table() {
            let _ = write!(anstream::stdout(), "{text}");
        }
    }

    /// Something for people that `--quiet` leaves out.
    pub(super) fn remark(self, text: impl Display) {
        if self.is_chatty() {
            self.line(text);
        }
    }

    /// Bad news for people.
    pub(super) fn bad(self, text: impl Display) {
        self.line(format!("{RED}{text}{RED:#}"));
    }

    /// Good news for people.
    pub(super) fn good(self, text: impl Display) {
        self.line(format!("{GREEN}{text}{GREEN:#}"));
    }

    /// A line of a result that has one form for people and programs.
    pub(super) fn raw(self, line: impl Display) {
        let _ = writeln!(anstream::stdout(), "{line}");
    }

    /// The result for programs.
    pub(super) fn json(self, value: &Value) {
        if self.is_json() {
            print(format_args!("{value:#}"));
        }
    }

    /// Why a part of the results was lost on the way out, if it was.
    pub(super) fn lost(self) -> Option<io::Error> {
        LOST.lock().expect("nothing panics while it holds the lock").take()
    }

    /// Why the command failed.
    pub(super) fn failure(self, what: &str) {
        let _ = writeln!(anstream::stderr(), "{RED}error{RED:#}: {}", spelled(what));
    }
}

/// Shows what the parser of the command line has to say: help and version as well.
pub(super) fn usage(error: &clap::Error) {
    let text = error.render().ansi().to_string();
    let text = spelled(&text);
    // A closed pipe is nobody's fault.
    let _ = if error.use_stderr() {
        write!(anstream::stderr(), "{text}")
    } else {
        write!(anstream::stdout(), "{text}")
    };
}

fn print(text: impl Display) {
    let text = text.to_string();
    let written = writeln!(anstream::stdout(), "{}", spelled(&text));
    if let Err(error) = written
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        let mut lost = LOST.lock().expect("nothing panics while it holds the lock");
        lost.get_or_insert(error);
    }
}
