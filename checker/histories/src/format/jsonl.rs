//! JSON Lines: one event a line, a JSON object with the fields of [`super`].
//!
//! ```json
//! {"process":0,"type":"invoke","f":"write","key":"a","value":3,"time":1000}
//! {"process":0,"type":"ok","f":"write","key":"a","value":3,"time":3500}
//! ```

use super::datum::Tape;
use super::fast::{Fast, Json};
use super::line::{Field, Kind, Line};
use super::pieces::{Scan, Scanned, first_row};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Reads lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Scanner {
    fast: Fast,
}

impl Scan for Scanner {
    fn scan(&mut self, text: &[u8], is_last: bool, line: &mut Line) -> Scanned {
        match self.fast.event::<Json>(text, line) {
            Some(length) => Scanned::Event(length),
            None => Self::general(text, is_last, line),
        }
    }
}

impl Scanner {
    /// Reads the next line, whatever it is like.
    pub(super) fn general(text: &[u8], is_last: bool, line: &mut Line) -> Scanned {
        let Some((row, length)) = first_row(text, is_last) else {
            return Scanned::Incomplete;
        };
        if row.trim_ascii().is_empty() {
            return Scanned::Nothing(length);
        }
        match Self::event(row, line) {
            Ok(()) => Scanned::Event(length),
            Err(what) => Scanned::Malformed(what),
        }
    }

    fn event(text: &[u8], line: &mut Line) -> Result<(), String> {
        let mut json = serde_json::Deserializer::from_slice(text);
        let read = json.deserialize_map(Event(line)).and_then(|()| json.end());
        // Its line is told by who reads the file.
        read.map_err(|error| {
            let what = error.to_string();
            let what = what.split(" at line ").next().unwrap_or_default();
            format!("no JSON object of an event: {what}")
        })
    }
}

/// Reads one array of events, or what is left of it.
#[derive(Clone, Debug)]
pub(super) struct Array;

impl Scan for Array {
    fn scan(&mut self, text: &[u8], is_last: bool, line: &mut Line) -> Scanned {
        match text.first() {
            None => Scanned::Incomplete,
            Some(b'{') => match object(text) {
                None if is_last => Scanned::Malformed("the array breaks off".to_owned()),
                None => Scanned::Incomplete,
                Some(length) => match Scanner::event(&text[..length], line) {
                    Ok(()) => Scanned::Event(length),
                    Err(what) => Scanned::Malformed(what),
                },
            },
            Some(b'[' | b',' | b']') => Scanned::Nothing(1),
            Some(byte) if byte.is_ascii_whitespace() => Scanned::Nothing(1),
            Some(_) => Scanned::Malformed("expected the object of an event".to_owned()),
        }
    }
}

/// How long the object is that a text begins with.
fn object(text: &[u8]) -> Option<usize> {
    let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            b'{' if !is_text => depth += 1,
            b'}' if !is_text => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

struct Event<'a>(&'a mut Line);

impl<'de> Visitor<'de> for Event<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with process, type, f and value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<std::borrow::Cow<'_, str>>()? {
            if name == "type" {
                let kind = map.next_value::<std::borrow::Cow<'_, str>>()?;
                self.0.head.kind = Kind::parse(kind.as_bytes());
            } else if let Some(field) = Field::parse(name.as_bytes()) {
                self.0.head.fields[field as usize] = Some(self.0.tape.here());
                map.next_value_seed(Value(&mut self.0.tape))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

struct Value<'a>(&'a mut Tape);

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null, a whole number, a string, a list or an object")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.nil();
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.0.bool(value);
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.0.int(value);
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.0.int(i64::try_from(value).map_err(E::custom)?);
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.0.text(value.as_bytes());
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let begin = self.0.begin(false);
        while seq.next_element_seed(Value(self.0))?.is_some() {}
        self.0.end(begin);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let begin = self.0.begin(true);
        while map.next_key_seed(Value(self.0))?.is_some() {
            map.next_value_seed(Value(self.0))?;
        }
        self.0.end(begin);
        Ok(())
    }
}
