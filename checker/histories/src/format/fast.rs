//! The ordinary line, read in one go: flat, the usual fields in any order, small numbers, plain
//! words, lists of these. Nearly every line of nearly every file is one.
//!
//! What is not declined here is read as the general reader of the syntax would have read it: a
//! test holds each against the other. What is declined costs a second look, and nothing else.

use super::datum::{Tape, WORD_MAX};
use super::line::{Field, Kind, Line};

/// A syntax. Functions take what they look for from the beginning of a text and return the rest,
/// or nothing if something else stands there.
pub(super) trait Syntax {
    /// What stands before the name of a field.
    const OPEN: u8;
    /// The value that is none.
    const NIL: &'static [u8];
    /// What begins a word in place of a value, and what ends it.
    const QUOTES: [&'static [u8]; 2];
    /// Whether `007` is a number.
    const HAS_LEADING_ZEROS: bool;

    /// What stands between the name of a field and its value.
    fn colon(text: &[u8]) -> Option<&[u8]>;
    /// What stands between two fields, or two items of a list.
    fn comma(text: &[u8]) -> Option<&[u8]>;
    /// What stands after an event, within its length.
    fn end(text: &[u8]) -> Option<&[u8]>;
}

/// Jepsen's maps.
#[derive(Copy, Clone, Debug)]
pub(super) struct Edn;

impl Syntax for Edn {
    const OPEN: u8 = b':';
    const NIL: &'static [u8] = b"nil";
    const QUOTES: [&'static [u8]; 2] = [b":", b""];
    const HAS_LEADING_ZEROS: bool = true;

    fn colon(text: &[u8]) -> Option<&[u8]> {
        text.strip_prefix(b" ")
    }

    fn comma(text: &[u8]) -> Option<&[u8]> {
        text.strip_prefix(b", ").or_else(|| text.strip_prefix(b" "))
    }

    fn end(text: &[u8]) -> Option<&[u8]> {
        Some(text)
    }
}

/// JSON, without blanks or with those that most writers put in.
#[derive(Copy, Clone, Debug)]
pub(super) struct Json;

impl Syntax for Json {
    const OPEN: u8 = b'"';
    const NIL: &'static [u8] = b"null";
    const QUOTES: [&'static [u8]; 2] = [b"\"", b"\""];
    const HAS_LEADING_ZEROS: bool = false;

    fn colon(text: &[u8]) -> Option<&[u8]> {
        let text = text.strip_prefix(b"\":")?;
        Some(text.strip_prefix(b" ").unwrap_or(text))
    }

    fn comma(text: &[u8]) -> Option<&[u8]> {
        let text = text.strip_prefix(b",")?;
        Some(text.strip_prefix(b" ").unwrap_or(text))
    }

    fn end(text: &[u8]) -> Option<&[u8]> {
        text.strip_prefix(b"\n")
    }
}

/// Reads events. It expects each to have the fields of the one before in the same order, which
/// takes one comparison for a name and all that stands around it.
#[derive(Clone, Debug, Default)]
pub(super) struct Fast {
    slots: Vec<Slot>,
}

/// What stands before a value.
#[derive(Copy, Clone, Debug)]
struct Slot {
    bytes: u128,
    /// Ones where `bytes` counts.
    mask: u128,
    length: usize,
    name: Name,
}

impl Slot {
    /// Nothing if it is too long to be compared at once.
    fn new(text: &[u8], name: Name) -> Option<Self> {
        let mut bytes = [0; 16];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        let mask = u128::MAX >> (128 - 8 * text.len());
        Some(Self { bytes: u128::from_le_bytes(bytes), mask, length: text.len(), name })
    }

    fn skip<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        let difference = u128::from_le_bytes(*text.first_chunk()?) ^ self.bytes;
        if difference & self.mask == 0 { text.get(self.length..) } else { None }
    }
}

impl Fast {
    /// Reads the event at the beginning of a text; its length. If there is none, the line is as
    /// if nothing had been read.
    pub(super) fn event<S: Syntax>(&mut self, text: &[u8], line: &mut Line) -> Option<usize> {
        let rest = self.expected::<S>(text, line).or_else(|| {
            line.clear();
            self.any::<S>(text, line)
        });
        if rest.is_none() {
            line.clear();
        }
        Some(text.len() - rest?.len())
    }

    fn expected<'a, S: Syntax>(&self, mut text: &'a [u8], line: &mut Line) -> Option<&'a [u8]> {
        for slot in &self.slots {
            text = field::<S>(slot.name, slot.skip(text)?, line)?;
        }
        // Without a slot, this does not take a brace.
        S::end(text.strip_prefix(b"}").filter(|_| !self.slots.is_empty())?)
    }

    fn any<'a, S: Syntax>(&mut self, text: &'a [u8], line: &mut Line) -> Option<&'a [u8]> {
        self.slots.clear();
        let mut before = text;
        let mut rest = text.strip_prefix(b"{")?;
        let mut is_short = true;
        loop {
            let (name, after) = name(rest.strip_prefix(&[S::OPEN])?)?;
            let after = S::colon(after)?;
            let slot = Slot::new(&before[..before.len() - after.len()], name);
            is_short &= slot.is_some();
            self.slots.extend(slot);
            before = field::<S>(name, after, line)?;
            if let [b'}', rest @ ..] = before {
                if !is_short {
                    self.slots.clear();
                }
                return S::end(rest);
            }
            rest = S::comma(before)?;
        }
    }
}

/// Reads the value of a field.
#[inline(always)]
fn field<'a, S: Syntax>(name: Name, text: &'a [u8], line: &mut Line) -> Option<&'a [u8]> {
    match name {
        Name::Type => kind::<S>(text, line),
        Name::Index => Some(digits::<S>(text)?.1),
        Name::Field(field) => {
            line.head.fields[field as usize] = Some(line.tape.here());
            value::<S>(text, &mut line.tape, 0)
        }
    }
}

/// The name of a field.
#[derive(Copy, Clone, Debug)]
enum Name {
    Type,
    Field(Field),
    /// Jepsen's number of the event.
    Index,
}

/// The first bytes of a text, to be compared with all letters of a word at once.
fn first(text: &[u8]) -> Option<u64> {
    text.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

/// Whether a text of these first bytes begins with a word of up to eight letters.
const fn begins(first: u64, word: &[u8]) -> bool {
    let (mut letters, mut at) = (0, 0);
    while at < word.len() {
        letters |= (word[at] as u64) << (8 * at);
        at += 1;
    }
    (first ^ letters) << (64 - 8 * word.len()) == 0
}

#[inline]
fn name(text: &[u8]) -> Option<(Name, &[u8])> {
    let word = first(text)?;
    let (name, length) = match text[0] {
        b'v' if begins(word, b"value") => (Name::Field(Field::Value), 5),
        b'f' => (Name::Field(Field::F), 1),
        b'p' if begins(word, b"process") => (Name::Field(Field::Process), 7),
        b't' if begins(word, b"type") => (Name::Type, 4),
        b't' if begins(word, b"time") => (Name::Field(Field::Time), 4),
        b'i' if begins(word, b"index") => (Name::Index, 5),
        b'z' if begins(word, b"zxid") => (Name::Field(Field::Zxid), 4),
        b's' if begins(word, b"session") => (Name::Field(Field::Session), 7),
        b'k' if begins(word, b"key") => (Name::Field(Field::Key), 3),
        _ => return None,
    };
    Some((name, &text[length..]))
}

#[inline(always)]
fn kind<'a, S: Syntax>(text: &'a [u8], line: &mut Line) -> Option<&'a [u8]> {
    let text = text.strip_prefix(S::QUOTES[0])?;
    let word = first(text)?;
    let (kind, length) = match text[0] {
        b'i' if begins(word, b"invoke") => (Kind::Invoke, 6),
        b'o' if begins(word, b"ok") => (Kind::Ok, 2),
        b'f' if begins(word, b"fail") => (Kind::Fail, 4),
        b'i' if begins(word, b"info") => (Kind::Info, 4),
        _ => return None,
    };
    line.head.kind = Some(kind);
    text[length..].strip_prefix(S::QUOTES[1])
}

/// Lists in lists, at most.
const DEPTH_MAX: u32 = 3;

#[inline(always)]
fn value<'a, S: Syntax>(text: &'a [u8], tape: &mut Tape, depth: u32) -> Option<&'a [u8]> {
    match text.first()? {
        b'0'..=b'9' => {
            let (number, rest) = digits::<S>(text)?;
            tape.int(number);
            Some(rest)
        }
        b'n' => {
            tape.nil();
            text.strip_prefix(S::NIL)
        }
        b'[' if depth < DEPTH_MAX => list::<S>(&text[1..], tape, depth + 1),
        _ => word::<S>(text, tape),
    }
}

#[inline]
fn word<'a, S: Syntax>(text: &'a [u8], tape: &mut Tape) -> Option<&'a [u8]> {
    let text = text.strip_prefix(S::QUOTES[0])?;
    let bytes = first(text)?;
    let mut length = letters(bytes);
    if length < WORD_MAX {
        let others = u64::MAX << (8 * length);
        tape.word((bytes & !others).to_le_bytes(), length);
    } else {
        length = text.iter().position(|byte| !byte.is_ascii_lowercase())?;
        tape.text(&text[..length]);
    }
    text[length..].strip_prefix(S::QUOTES[1])
}

/// How many of eight bytes are lower-case letters, until the first that is not.
const fn letters(bytes: u64) -> usize {
    const HIGH: u64 = repeat(0x80);
    let low = bytes & !HIGH;
    // The high bit of each byte that is not below `a`, and of each that is above `z`.
    let (from_a, above_z) = (low + repeat(0x80 - b'a'), low + repeat(0x7f - b'z'));
    let others = (bytes | !from_a | above_z) & HIGH;
    others.trailing_zeros() as usize / 8
}

/// A byte, eight times.
const fn repeat(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The items of a list, after its bracket.
fn list<'a, S: Syntax>(text: &'a [u8], tape: &mut Tape, depth: u32) -> Option<&'a [u8]> {
    let begin = tape.begin(false);
    let mut rest = value::<S>(text, tape, depth)?;
    while !rest.starts_with(b"]") {
        rest = value::<S>(S::comma(rest)?, tape, depth)?;
    }
    tape.end(begin);
    Some(&rest[1..])
}

const POWERS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// Any number of fewer digits fits into 64 bits.
const DIGITS_MAX: usize = 18;

/// A number, eight digits at a time; declined if the text ends within eight bytes after it.
#[inline(always)]
fn digits<S: Syntax>(text: &[u8]) -> Option<(i64, &[u8])> {
    let (number, length) = up_to_eight(first(text)?);
    let is_padded = !S::HAS_LEADING_ZEROS && length > 1 && text[0] == b'0';
    if length == 0 || is_padded {
        return None;
    }
    if length < 8 { Some((number as i64, &text[length..])) } else { more_digits(number, text) }
}

/// A number whose first eight digits make this one.
fn more_digits(mut number: u64, text: &[u8]) -> Option<(i64, &[u8])> {
    let mut rest = &text[8..];
    loop {
        let (digits, count) = up_to_eight(first(rest)?);
        rest = &rest[count..];
        if text.len() - rest.len() > DIGITS_MAX {
            return None;
        }
        number = number * POWERS[count] + digits;
        if count < 8 {
            return Some((i64::try_from(number).ok()?, rest));
        }
    }
}

/// The number that the first of eight bytes make, and how many of them are digits.
fn up_to_eight(bytes: u64) -> (u64, usize) {
    let values = bytes ^ repeat(b'0');
    // The high bit of each byte that is no digit, at least of the first of them.
    let others = (values.wrapping_add(repeat(0x76)) | values) & repeat(0x80);
    let count = others.trailing_zeros() as usize / 8;
    if count == 0 {
        return (0, 0);
    }
    // Zeros in front, and then pairs, fours and all eight together.
    let digits = values << (64 - 8 * count);
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    const LOW: u64 = 0x0000_00ff_0000_00ff;
    let outer = (pairs & LOW).wrapping_mul(0x000f_4240_0000_0064);
    let inner = ((pairs >> 16) & LOW).wrapping_mul(0x0000_2710_0000_0001);
    (outer.wrapping_add(inner) >> 32, count)
}

#[cfg(test)]
mod tests;
