//! EDN as Jepsen writes it: a map for each event, one after the other or in one vector.

use super::fast::{Edn, Fast};
use super::line::{Field, Kind, Line};
use super::pieces::{Scan, Scanned};

/// Reads events. Brackets around all of them are looked through.
#[derive(Clone, Debug, Default)]
pub(super) struct Scanner {
    is_in_vector: bool,
    fast: Fast,
}

/// Values in values, at most: enough for any history, and a limit for the stack.
const DEPTH_MAX: usize = 64;

/// Any number of fewer digits fits into 64 bits.
const SHORT_MAX: usize = 18;

enum Stop {
    Incomplete,
    Malformed(&'static str),
}

use Stop::{Incomplete, Malformed};

impl Scan for Scanner {
    fn scan(&mut self, text: &[u8], is_last: bool, line: &mut Line) -> Scanned {
        // The end of the line before is not part of that event.
        let blank = usize::from(text.first() == Some(&b'\n'));
        match self.fast.event::<Edn>(&text[blank..], line) {
            Some(length) => Scanned::Event(blank + length),
            None => self.general(text, is_last, line),
        }
    }
}

impl Scanner {
    /// Reads the next event, whatever it is like.
    pub(super) fn general(&mut self, text: &[u8], is_last: bool, line: &mut Line) -> Scanned {
        let mut cursor = Cursor { text, at: 0, is_last };
        match self.event(&mut cursor, line) {
            Ok(true) => Scanned::Event(cursor.at),
            Ok(false) => Scanned::Nothing(cursor.at),
            Err(Incomplete) => Scanned::Incomplete,
            Err(Malformed(what)) => Scanned::Malformed(what.to_owned()),
        }
    }

    fn event(&mut self, cursor: &mut Cursor<'_>, line: &mut Line) -> Result<bool, Stop> {
        cursor.skip_blank();
        match cursor.peek() {
            None if cursor.is_last && self.is_in_vector => Err(Incomplete),
            None if cursor.is_last => Ok(false),
            None => Err(Incomplete),
            Some(b'[' | b'(') if !self.is_in_vector => {
                cursor.at += 1;
                self.is_in_vector = true;
                Ok(false)
            }
            Some(b']' | b')') if self.is_in_vector => {
                cursor.at += 1;
                self.is_in_vector = false;
                Ok(false)
            }
            Some(b'{') => {
                cursor.at += 1;
                cursor.event(line)?;
                Ok(true)
            }
            Some(b'#') => {
                cursor.skip_tag(line, 0)?;
                Ok(false)
            }
            Some(_) => Err(Malformed("expected the map of an event, as in {:process 0 …}")),
        }
    }
}

/// The name of a field.
enum Name {
    Type,
    Field(Field),
}

struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
    /// The text does not go on.
    is_last: bool,
}

/// Between values.
const BLANK: u8 = 1;
/// Ends a word, and is no blank.
const DELIMITER: u8 = 2;
/// A digit.
const DIGIT: u8 = 3;

/// What each byte is: a table, because this is looked at for each byte of a file.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b',' => BLANK,
            byte if byte.is_ascii_whitespace() => BLANK,
            b'{' | b'}' | b'[' | b']' | b'(' | b')' | b'"' | b';' => DELIMITER,
            b'0'..=b'9' => DIGIT,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

const fn class(byte: u8) -> u8 {
    CLASSES[byte as usize]
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip_blank(&mut self) {
        // What stands between most fields, without a loop.
        if self.text[self.at..].starts_with(b", ") {
            self.at += 2;
        }
        while let Some(byte) = self.peek() {
            if class(byte) == BLANK {
                self.at += 1;
            } else if byte == b';' {
                let rest = self.text[self.at..].iter().position(|byte| *byte == b'\n');
                self.at = rest.map_or(self.text.len(), |rest| self.at + rest);
            } else {
                break;
            }
        }
    }

    /// The next byte that is not blank.
    fn next(&mut self) -> Result<u8, Stop> {
        self.skip_blank();
        self.peek().ok_or(Incomplete)
    }

    /// A number, keyword or symbol.
    fn word(&mut self) -> Result<&'a [u8], Stop> {
        let rest = &self.text[self.at..];
        let length = match rest.iter().position(|byte| matches!(class(*byte), BLANK | DELIMITER)) {
            Some(length) => length,
            None if self.is_last => rest.len(),
            None => return Err(Incomplete),
        };
        self.at += length;
        Ok(&rest[..length])
    }

    /// The fields of an event, after its opening brace.
    fn event(&mut self, line: &mut Line) -> Result<(), Stop> {
        loop {
            match self.next()? {
                b'}' => {
                    self.at += 1;
                    return Ok(());
                }
                b':' => match self.known_name() {
                    Some(Name::Type) => {
                        line.head.kind = self.kind()?;
                        continue;
                    }
                    Some(Name::Field(field)) => {
                        line.head.fields[field as usize] = Some(line.tape.here());
                        self.value(line, 0)?;
                        continue;
                    }
                    None => {}
                },
                b'#' => {
                    self.skip_tag(line, 0)?;
                    continue;
                }
                _ => return Err(Malformed("expected a keyword as the name of a field")),
            }
            let name = &self.word()?[1..];
            if name == b"type" {
                line.head.kind = self.kind()?;
            } else {
                let place = line.tape.here();
                self.value(line, 0)?;
                match Field::parse(name) {
                    Some(field) => line.head.fields[field as usize] = Some(place),
                    None => line.tape.truncate(place),
                }
            }
        }
    }

    /// The name of a field that every event has, and the blank after it. Most of a file is these:
    /// comparing them as a whole is twice as fast as looking for their ends.
    fn known_name(&mut self) -> Option<Name> {
        let rest = &self.text[self.at..];
        let (name, length) = match rest.get(1)? {
            b'p' if rest.starts_with(b":process ") => (Name::Field(Field::Process), 9),
            b't' if rest.starts_with(b":type ") => (Name::Type, 6),
            b't' if rest.starts_with(b":time ") => (Name::Field(Field::Time), 6),
            b'f' if rest.starts_with(b":f ") => (Name::Field(Field::F), 3),
            b'v' if rest.starts_with(b":value ") => (Name::Field(Field::Value), 7),
            _ => return None,
        };
        self.at += length;
        Some(name)
    }

    fn kind(&mut self) -> Result<Option<Kind>, Stop> {
        if self.next()? != b':' {
            return Err(Malformed("expected :invoke, :ok, :fail or :info as :type"));
        }
        let rest = &self.text[self.at..];
        let ends = |length: usize| {
            rest.get(length).is_some_and(|byte| matches!(class(*byte), BLANK | DELIMITER))
        };
        let (kind, length) = if rest.starts_with(b":invoke") && ends(7) {
            (Kind::Invoke, 7)
        } else if rest.starts_with(b":ok") && ends(3) {
            (Kind::Ok, 3)
        } else {
            return Ok(Kind::parse(&self.word()?[1..]));
        };
        self.at += length;
        Ok(Some(kind))
    }

    /// `#_ value` is left out with the value, of `#tag value` and `#{…}` only the rest is looked at.
    fn skip_tag(&mut self, line: &mut Line, depth: usize) -> Result<(), Stop> {
        self.at += 1;
        match self.peek().ok_or(Incomplete)? {
            b'_' => {
                self.at += 1;
                let place = line.tape.here();
                self.value(line, depth + 1)?;
                line.tape.truncate(place);
                Ok(())
            }
            b'{' => Ok(()),
            _ => self.word().map(|_| ()),
        }
    }

    fn value(&mut self, line: &mut Line, depth: usize) -> Result<(), Stop> {
        if depth > DEPTH_MAX {
            return Err(Malformed("values too deep in values"));
        }
        match self.next()? {
            b'{' => self.collection(line, depth, b'}'),
            b'[' => self.collection(line, depth, b']'),
            b'(' => self.collection(line, depth, b')'),
            b'"' => self.string(line),
            b'#' => {
                let is_set = self.text.get(self.at + 1) == Some(&b'{');
                self.skip_tag(line, depth)?;
                if is_set {
                    // A set is a list: nothing depends on its being one.
                    return self.items(line, depth, b'}', false);
                }
                self.value(line, depth + 1)
            }
            b']' | b'}' | b')' => Err(Malformed("a bracket closes what is not open")),
            _ => match self.short_number() {
                Some(number) => {
                    line.tape.int(number);
                    Ok(())
                }
                None => self.atom(line),
            },
        }
    }

    /// A number of few digits without a sign, which is what most values are.
    fn short_number(&mut self) -> Option<i64> {
        let mut number = 0;
        for length in 0..SHORT_MAX {
            let byte = *self.text.get(self.at + length)?;
            match class(byte) {
                DIGIT => number = number * 10 + i64::from(byte - b'0'),
                BLANK | DELIMITER if length > 0 => {
                    self.at += length;
                    return Some(number);
                }
                _ => return None,
            }
        }
        None
    }

    fn collection(&mut self, line: &mut Line, depth: usize, close: u8) -> Result<(), Stop> {
        self.items(line, depth, close, close == b'}')
    }

    fn items(
        &mut self,
        line: &mut Line,
        depth: usize,
        close: u8,
        is_map: bool,
    ) -> Result<(), Stop> {
        self.at += 1;
        let begin = line.tape.begin(is_map);
        while self.next()? != close {
            self.value(line, depth + 1)?;
        }
        self.at += 1;
        line.tape.end(begin);
        Ok(())
    }

    fn string(&mut self, line: &mut Line) -> Result<(), Stop> {
        let start = self.at + 1;
        let mut at = start;
        let mut is_plain = true;
        loop {
            match self.text.get(at).ok_or(Incomplete)? {
                b'"' => break,
                b'\\' => {
                    is_plain = false;
                    at += 2;
                }
                _ => at += 1,
            }
        }
        let inside = &self.text[start..at];
        self.at = at + 1;
        if is_plain {
            line.tape.text(inside);
            return Ok(());
        }
        // EDN's escapes are JSON's.
        let quoted = &self.text[start - 1..=at];
        match serde_json::from_slice::<String>(quoted) {
            Ok(text) => line.tape.text(text.as_bytes()),
            Err(_) => return Err(Malformed("an escape that strings do not have")),
        }
        Ok(())
    }

    fn atom(&mut self, line: &mut Line) -> Result<(), Stop> {
        let word = self.word()?;
        match word {
            b"nil" => line.tape.nil(),
            b"true" => line.tape.bool(true),
            b"false" => line.tape.bool(false),
            [b':', name @ ..] => line.tape.text(name),
            [b'0'..=b'9', ..] | [b'-' | b'+', b'0'..=b'9', ..] => match number(word) {
                Some(number) => line.tape.int(number),
                None => line.tape.text(word),
            },
            _ => line.tape.text(word),
        }
        Ok(())
    }
}

/// A whole number, with the `N` of large ones if it fits all the same.
fn number(word: &[u8]) -> Option<i64> {
    let word = word.strip_suffix(b"N").unwrap_or(word);
    let (is_negative, digits) = match word {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    let mut number: i64 = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        number = number.checked_mul(10)?.checked_add(i64::from(digit - b'0'))?;
    }
    Some(if is_negative { -number } else { number })
}
