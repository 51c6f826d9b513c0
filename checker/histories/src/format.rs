//! Files that hold client histories.
//!
//! | format | one event | read | written |
//! |---|---|---|---|
//! | [`edn`] | a map, `{:process 0, :type :invoke, :f :read, :value nil, :time 17}`, one a line or all in one vector, as Jepsen writes them | yes | yes |
//! | [`jsonl`] | the same as a JSON object, one a line or all in one array | yes | yes |
//! | [`etcd_log`] | `INFO  jepsen.util - 0 :invoke :read nil`, the log of Jepsen's etcd test | yes | |
//! | [`history_txt`] | `0 :invoke :read nil` between tabs, as Jepsen writes it beside its EDN | yes | |
//! | [`shiviz`] | a line with a vector clock | | yes |
//!
//! Any of them may be compressed with gzip, and may begin with a byte order mark.
//!
//! The fields:
//!
//! * `process`: a number, a string or a keyword. What `nemesis` does is no operation: it is kept,
//!   to be shown beside a violation.
//! * `type`: `invoke`, `ok`, `fail` (it did and will not happen) or `info` (nobody knows).
//! * `f`: what was asked: see the model.
//! * `value`: its argument, on `ok` its answer. With several keys, `[key, value]`.
//! * `key`: the key, where it is not part of `value`.
//! * `time`: nanoseconds since any origin. It is only shown: what came first is what stands first.
//! * `zxid`, `session`: for ZooKeeper, see [`Znodes`](crate::record::Znodes).
//!
//! Other fields of an event, such as Jepsen's `index` and `error`, are skipped; in `value` they are
//! not. A file is read in pieces: neither the text nor all lines of it are ever in memory.

pub mod datum;
pub mod edn;
pub mod etcd_log;
pub mod event;
mod fast;
pub mod history_txt;
pub mod jsonl;
pub mod line;
mod pieces;
pub mod shiviz;

use crate::linearizability::Exhausted;
pub use datum::Datum;
pub use event::{Event, write_edn, write_jsonl};
use flate2::read::MultiGzDecoder;
pub use line::{Field, Kind, Line};
use std::fmt;
use std::io::{self, Read};

/// The page that teaches the formats.
pub const GUIDE: &str = include_str!("../FORMATS.md");

/// A syntax.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Jepsen's.
    Edn,
    /// JSON Lines.
    Jsonl,
    /// One JSON array of events.
    Json,
    /// The log of Jepsen's etcd test.
    EtcdLog,
    /// Jepsen's `history.txt`.
    HistoryTxt,
}

impl Format {
    /// The format of a file that begins like this.
    pub fn guess(beginning: &[u8]) -> Option<Self> {
        let text = beginning.trim_ascii_start();
        let after = |open: u8| {
            let rest = text.strip_prefix(&[open])?.trim_ascii_start();
            Some((rest.first().copied(), rest))
        };
        match text.first()? {
            b'{' if matches!(after(b'{'), Some((Some(b'"' | b'}'), _))) => Some(Self::Jsonl),
            b'[' => match after(b'[') {
                Some((Some(b'{'), rest)) if Self::guess(rest) == Some(Self::Jsonl) => {
                    Some(Self::Json)
                }
                _ => Some(Self::Edn),
            },
            b'{' | b'#' | b';' | b'(' => Some(Self::Edn),
            _ if text.starts_with(b"INFO") => Some(Self::EtcdLog),
            _ if history_txt::is_one(text) => Some(Self::HistoryTxt),
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
        "neither EDN, JSON Lines nor a log of Jepsen's: the first line has to be an event, as in \
         {{:process 0, :type :invoke, :f :read, :value nil}}"
    )]
    UnknownFormat,
    /// Text in UTF-16.
    #[error("the file is UTF-16: convert it to UTF-8, as with `iconv -f UTF-16 -t UTF-8`")]
    Utf16,
    /// A budget was too small to read it.
    #[error("{0}")]
    Exhausted(Exhausted),
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
    let beginning = take_beginning(&mut input)?;
    let is_compressed = beginning.starts_with(&GZIP);
    let input = beginning.as_slice().chain(input);
    if is_compressed { read_text(MultiGzDecoder::new(input), sink) } else { read_text(input, sink) }
}

/// As much of the input as it takes to tell what it is.
fn take_beginning(input: &mut impl Read) -> Result<Vec<u8>, Error> {
    let (mut beginning, mut length) = (vec![0; 512], 0);
    pieces::fill(input, &mut beginning, &mut length)?;
    beginning.truncate(length);
    Ok(beginning)
}

/// What a file begins with that was compressed by gzip.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What a file may begin with that some editors write.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

fn read_text(
    mut input: impl Read + Send,
    sink: &mut dyn FnMut(&Line) -> Result<(), String>,
) -> Result<(), Error> {
    let beginning = take_beginning(&mut input)?;
    if beginning.starts_with(b"\xff\xfe") || beginning.starts_with(b"\xfe\xff") {
        return Err(Error::Utf16);
    }
    let beginning = beginning.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&beginning);
    let input = beginning.chain(input);
    if beginning.trim_ascii().is_empty() {
        return Ok(());
    }
    match Format::guess(beginning).ok_or(Error::UnknownFormat)? {
        Format::Edn => pieces::read(input, edn::Scanner::default(), sink),
        Format::Jsonl => pieces::read(input, jsonl::Scanner::default(), sink),
        Format::Json => pieces::read(input, jsonl::Array, sink),
        Format::EtcdLog => pieces::read(input, etcd_log::Scanner, sink),
        Format::HistoryTxt => pieces::read(input, history_txt::Scanner::default(), sink),
    }
}
