//! Reads a stream in pieces: never more than a few pieces and what is in them in memory.
//!
//! Half of the time goes into finding events, and half into what is made of them. So two threads
//! share the work if there is more than one piece; what is told, and in which order, is the same.

use super::datum::Tape;
use super::line::{Head, Line};
use super::{Error, MALFORMED_MAX, Malformed};
use std::io::{self, Read};
use std::ops::{ControlFlow, Range};
use std::panic::resume_unwind;
use std::sync::mpsc;
use std::thread;

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
const PIECE: usize = 1 << 17;

/// How many pieces the reading thread may be ahead.
const AHEAD: usize = 2;

/// Reads all events. What is longer than one piece is read and scanned by a thread of its own,
/// while `sink` gets what comes before.
pub(super) fn read(
    input: impl Read + Send,
    scanner: impl Scan + Send,
    sink: &mut dyn FnMut(&Line) -> Result<(), String>,
) -> Result<(), Error> {
    let mut reader = Reader { input, scanner, rest: Vec::new(), number: 1 };
    let mut teller = Teller { sink, malformed: Vec::new() };
    let mut piece = Piece::default();
    let is_over = reader.fill(&mut piece)?;
    if teller.tell(&mut piece).is_continue() && !is_over {
        read_ahead(reader, &mut teller)?;
    }
    let Teller { malformed, .. } = teller;
    if malformed.is_empty() { Ok(()) } else { Err(Error::Malformed(malformed)) }
}

fn read_ahead(
    mut reader: Reader<impl Read + Send, impl Scan + Send>,
    teller: &mut Teller<'_>,
) -> io::Result<()> {
    let (filled, told) = mpsc::sync_channel(AHEAD);
    let (used, spare) = mpsc::channel();
    thread::scope(|scope| {
        let reading = scope.spawn(move || {
            loop {
                let mut piece: Piece = spare.try_recv().unwrap_or_default();
                let is_over = reader.fill(&mut piece)?;
                // It cannot be sent if nobody wants to know more.
                if filled.send(piece).is_err() || is_over {
                    return Ok(());
                }
            }
        });
        for mut piece in told {
            if teller.tell(&mut piece).is_break() {
                return Ok(());
            }
            let _ = used.send(piece);
        }
        reading.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

/// A part of the input, and what was found in it. Its memory is used again.
#[derive(Default)]
struct Piece {
    text: Vec<u8>,
    /// The number of its first line.
    number: u64,
    found: Vec<Found>,
    /// The values of all events: one after the other, because two threads share them.
    tape: Tape,
}

/// Something in a piece, and where it is.
struct Found {
    what: What,
    place: Range<usize>,
}

enum What {
    Event(Head),
    /// What is wrong where an event should be.
    Malformed(String),
}

impl Piece {
    /// The number of the line in which something stands: lines are counted only if one is wrong.
    fn line_of(&self, place: &Range<usize>) -> u64 {
        // What comes before an event in its text may be the end of earlier lines.
        let before = lines_before_event(&self.text[place.clone()]);
        self.number + count_lines(&self.text[..place.start]) + before
    }
}

/// Fills pieces.
struct Reader<R, S> {
    input: R,
    scanner: S,
    /// What stands after the last event that was found.
    rest: Vec<u8>,
    /// The number of its first line.
    number: u64,
}

impl<R: Read, S: Scan> Reader<R, S> {
    /// Reads a piece; whether it is the last one.
    fn fill(&mut self, piece: &mut Piece) -> io::Result<bool> {
        piece.number = self.number;
        let mut end = self.rest.len();
        piece.text.resize(piece.text.len().max(PIECE).max(end), 0);
        piece.text[..end].copy_from_slice(&self.rest);
        loop {
            // The end of an event has to be in the piece, however long it is.
            if end * 2 > piece.text.len() {
                piece.text.resize(end * 2, 0);
            }
            let is_last = fill(&mut self.input, &mut piece.text, &mut end)?;
            let length = self.scan(piece, end, is_last);
            if length > 0 || is_last {
                self.rest.clear();
                self.rest.extend_from_slice(&piece.text[length..end]);
                self.number += count_lines(&piece.text[..length]);
                return Ok(is_last);
            }
        }
    }

    /// Finds the events of a piece's text up to `end`; where what is left of it begins.
    fn scan(&mut self, piece: &mut Piece, end: usize, is_last: bool) -> usize {
        piece.found.clear();
        let mut line = Line::on(std::mem::take(&mut piece.tape));
        let mut start = 0;
        while start < end {
            line.clear();
            let rest = &piece.text[start..end];
            let (what, place, length) = match self.scanner.scan(rest, is_last, &mut line) {
                Scanned::Event(length) => (What::Event(line.keep()), 0..length, length),
                Scanned::Nothing(length) => {
                    start += length;
                    continue;
                }
                Scanned::Malformed(what) => {
                    let blank = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                    let end = rest[blank..].iter().position(|byte| *byte == b'\n');
                    let length = end.map_or(rest.len(), |end| blank + end + 1);
                    (What::Malformed(what), blank..blank, length)
                }
                Scanned::Incomplete if is_last => {
                    let what = What::Malformed("the file breaks off".to_owned());
                    (what, 0..rest.len(), rest.len())
                }
                Scanned::Incomplete => break,
            };
            piece.found.push(Found { what, place: start + place.start..start + place.end });
            start += length;
        }
        piece.tape = line.tape;
        start
    }
}

/// Fills a buffer from `end` on; whether the input ends in it.
pub(super) fn fill(input: &mut impl Read, buffer: &mut [u8], end: &mut usize) -> io::Result<bool> {
    while *end < buffer.len() {
        match input.read(&mut buffer[*end..]) {
            Ok(0) => return Ok(true),
            Ok(more) => *end += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// Tells a sink what was found.
struct Teller<'a> {
    sink: &'a mut dyn FnMut(&Line) -> Result<(), String>,
    malformed: Vec<Malformed>,
}

impl Teller<'_> {
    /// Breaks off when too much is malformed.
    fn tell(&mut self, piece: &mut Piece) -> ControlFlow<()> {
        let mut line = Line::on(std::mem::take(&mut piece.tape));
        for Found { what, place } in &piece.found {
            let result = match what {
                What::Event(head) => {
                    line.head = *head;
                    (self.sink)(&line)
                }
                What::Malformed(what) => Err(what.clone()),
            };
            if let Err(what) = result {
                self.malformed.push(Malformed { line: piece.line_of(place), what });
                if self.malformed.len() >= MALFORMED_MAX {
                    return ControlFlow::Break(());
                }
            }
        }
        line.tape.reset();
        piece.tape = line.tape;
        ControlFlow::Continue(())
    }
}

fn lines_before_event(text: &[u8]) -> u64 {
    let blank = text.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == b',').count();
    count_lines(&text[..blank])
}

fn count_lines(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}
