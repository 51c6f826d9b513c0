//! Reads a stream in pieces: never more than one piece and the event across its end in memory.

use super::line::Line;
use super::{Error, MALFORMED_MAX, Malformed};
use std::io::Read;

/// How a scanner came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scanned {
    /// An event, up to this offset.
    Event(usize),
    /// Nothing of interest up to this offset.
    Nothing(usize),
    /// The text breaks off.
    Incomplete,
    /// What is wrong. The rest of the text's line is skipped.
    Malformed(String),
}

/// Takes one event after the other from the beginning of a text.
pub(super) trait Scan {
    /// Reads the next event. `is_last`: the text does not go on.
    fn scan(&mut self, text: &[u8], is_last: bool, line: &mut Line) -> Scanned;
}

/// The first line of a text without its end, and how long it is with it; nothing if the text breaks
/// off within the line.
pub(super) fn first_row(text: &[u8], is_last: bool) -> Option<(&[u8], usize)> {
    match text.iter().position(|byte| *byte == b'\n') {
        Some(end) => Some((&text[..end], end + 1)),
        None => is_last.then_some((text, text.len())),
    }
}

/// How much is read at once.
const PIECE: usize = 1 << 18;

/// Reads all events.
pub(super) fn read(
    mut input: impl Read,
    mut scanner: impl Scan,
    sink: &mut dyn FnMut(&Line) -> Result<(), String>,
) -> Result<(), Error> {
    let mut buffer = vec![0; PIECE];
    // The number of the buffer's first line: lines are counted a piece at a time.
    let (mut start, mut end, mut number) = (0, 0, 1);
    let mut is_last = false;
    let mut line = Line::new();
    let mut malformed = Vec::new();
    loop {
        if start == end && is_last {
            break;
        }
        line.clear();
        let text = &buffer[start..end];
        let scanned = scanner.scan(text, is_last, &mut line);
        let length = match scanned {
            Scanned::Incomplete if !is_last => {
                number += count_lines(&buffer[..start]);
                buffer.copy_within(start..end, 0);
                (start, end) = (0, end - start);
                if end * 2 > buffer.len() {
                    buffer.resize(buffer.len() * 2, 0);
                }
                let more = input.read(&mut buffer[end..])?;
                end += more;
                is_last = more == 0;
                continue;
            }
            Scanned::Incomplete => {
                let line = number + count_lines(&buffer[..start]) + lines_before_event(text);
                malformed.push(Malformed { line, what: "the file breaks off".to_owned() });
                break;
            }
            Scanned::Event(length) => {
                if let Err(what) = sink(&line) {
                    // What comes before an event in its text may be the end of earlier lines.
                    let before = lines_before_event(&text[..length]);
                    let line = number + count_lines(&buffer[..start]) + before;
                    malformed.push(Malformed { line, what });
                }
                length
            }
            Scanned::Nothing(length) => length,
            Scanned::Malformed(what) => {
                let blank = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                let line = number + count_lines(&buffer[..start + blank]);
                malformed.push(Malformed { line, what });
                let rest = text[blank..].iter().position(|byte| *byte == b'\n');
                rest.map_or(text.len(), |rest| blank + rest + 1)
            }
        };
        start += length;
        if malformed.len() >= MALFORMED_MAX {
            break;
        }
    }
    if malformed.is_empty() { Ok(()) } else { Err(Error::Malformed(malformed)) }
}

fn lines_before_event(text: &[u8]) -> u64 {
    let blank = text.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == b',').count();
    count_lines(&text[..blank])
}

fn count_lines(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}
