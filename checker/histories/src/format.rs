//! Files that hold client histories.
//!
//! | format | one event | read | written |
//! |---|---|---|---|
//! | [`edn`] | a map, `{:process 0, :type :invoke, :f :read, :value nil, :time 17}`, one a line or all in one vector, as Jepsen writes them | yes | yes |
//! | [`jsonl`] | the same as a JSON object | yes | yes |
//! | [`etcd_log`] | `INFO  jepsen.util - 0 :invoke :read nil`, the log of Jepsen's etcd test | yes | |
//! | [`shiviz`] | a line with a vector clock | | yes |
//!
//! The fields:
//!
//! * `process`: a number; `nemesis` and other processes that are no clients are left out.
//! * `type`: `invoke`, `ok`, `fail` (it did and will not happen) or `info` (nobody knows).
//! * `f`: what was asked: see the model.
//! * `value`: its argument, on `ok` its answer. With several keys, `[key, value]`.
//! * `key`: the key, where it is not part of `value`.
//! * `time`: nanoseconds since any origin. It is only shown: what came first is what stands first.
//! * `zxid`: the transaction of an update, or up to which a read had seen them.
//!
//! Fields that are not known are skipped. A file is read in pieces: neither the text nor all
//! lines of it are ever in memory.

pub mod datum;
pub mod edn;
pub mod etcd_log;
pub mod event;
mod fast;
pub mod jsonl;
pub mod line;
mod pieces;
pub mod shiviz;

pub use datum::Datum;
pub use event::{Event, write_edn, write_jsonl};
pub use line::{Field, Kind, Line};
use std::fmt;
use std::io::{self, Read};

/// A syntax.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Jepsen's.
    Edn,
    /// JSON Lines.
    Jsonl,
    /// The log of Jepsen's etcd test.
    EtcdLog,
}

impl Format {
    /// The format of a file that begins like this.
    pub fn guess(beginning: &[u8]) -> Option<Self> {
        let text = beginning.trim_ascii_start();
        let after = |open: u8| {
            let rest = text.strip_prefix(&[open])?.trim_ascii_start();
            rest.first().copied()
        };
        match text.first()? {
            b'{' if matches!(after(b'{'), Some(b'"' | b'}')) => Some(Self::Jsonl),
            b'{' | b'[' | b'#' | b';' | b'(' => Some(Self::Edn),
            _ if text.starts_with(b"INFO") => Some(Self::EtcdLog),
            _ => None,
        }
    }
}

/// What is wrong with a line of a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Malformed {
    /// Counted from 1.
    pub line: u64,
    /// What is wrong, and what is expected.
    pub what: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be read at all.
    #[error("cannot read: {0}")]
    Io(#[from] io::Error),
    /// Nothing is known that begins like this.
    #[error(
        "neither EDN, JSON Lines nor an etcd log: the first line has to begin with '{{', '[' or \
         'INFO'"
    )]
    UnknownFormat,
    /// Lines that say nothing, or something impossible; never empty.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Malformed(Vec<Malformed>),
}

/// How many malformed lines are reported.
pub const MALFORMED_MAX: usize = 100;

/// Reads a history in whatever format it is, and gives each line to `sink`, which says what is
/// wrong with it.
///
/// # Errors
///
/// If the input cannot be read, is in no known format, or has malformed lines: all of them are
/// reported, up to [`MALFORMED_MAX`].
pub fn read(
    mut input: impl Read + Send,
    sink: &mut dyn FnMut(&Line) -> Result<(), String>,
) -> Result<(), Error> {
    let mut beginning = [0; 512];
    let mut length = 0;
    pieces::fill(&mut input, &mut beginning, &mut length)?;
    let beginning = &beginning[..length];
    let input = beginning.chain(input);
    if beginning.trim_ascii().is_empty() {
        return Ok(());
    }
    match Format::guess(beginning).ok_or(Error::UnknownFormat)? {
        Format::Edn => pieces::read(input, edn::Scanner::default(), sink),
        Format::Jsonl => pieces::read(input, jsonl::Scanner::default(), sink),
        Format::EtcdLog => pieces::read(input, etcd_log::Scanner, sink),
    }
}
