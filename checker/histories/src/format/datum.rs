//! Values of any syntax, flat in memory that is used again for each line.

use std::num::NonZeroU32;
use std::ops::Range;

/// A token of a value.
#[derive(Copy, Clone, Debug, PartialEq)]
enum Token {
    Nil,
    Bool(bool),
    Int(i64),
    /// A string, keyword or symbol of a few bytes, and how many they are.
    Word([u8; WORD_MAX], u8),
    /// A longer one: where it is in the text.
    Text(u32, u32),
    /// A list or map, and how many tokens are in it.
    List(u32),
    Map(u32),
}

/// Texts of up to this many bytes are tokens by themselves: nearly all are.
pub(crate) const WORD_MAX: usize = 8;

/// A position on a tape, counted from 1.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place(NonZeroU32);

/// The values of lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tape {
    tokens: Vec<Token>,
    text: Vec<u8>,
    /// How much of both is of earlier lines.
    kept: (usize, usize),
}

impl Place {
    const fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

impl Tape {
    /// Forgets what was not kept.
    pub(crate) fn clear(&mut self) {
        let (tokens, text) = self.kept;
        self.tokens.truncate(tokens);
        self.text.truncate(text);
    }

    /// What is on it stays.
    #[inline]
    pub(crate) fn keep(&mut self) {
        self.kept = (self.tokens.len(), self.text.len());
    }

    /// Forgets everything.
    pub(crate) fn reset(&mut self) {
        self.kept = (0, 0);
        self.clear();
    }

    #[inline]
    pub(crate) fn here(&self) -> Place {
        Place(NonZeroU32::MIN.saturating_add(narrow(self.tokens.len())))
    }

    pub(crate) fn truncate(&mut self, place: Place) {
        self.tokens.truncate(place.index());
    }

    #[inline]
    pub(crate) fn nil(&mut self) {
        self.tokens.push(Token::Nil);
    }

    pub(crate) fn bool(&mut self, value: bool) {
        self.tokens.push(Token::Bool(value));
    }

    #[inline]
    pub(crate) fn int(&mut self, value: i64) {
        self.tokens.push(Token::Int(value));
    }

    /// A text of a few bytes; those after it are zero.
    #[inline]
    pub(crate) fn word(&mut self, bytes: [u8; WORD_MAX], length: usize) {
        self.tokens.push(Token::Word(bytes, length as u8));
    }

    pub(crate) fn text(&mut self, text: &[u8]) {
        let mut bytes = [0; WORD_MAX];
        if let Some(word) = bytes.get_mut(..text.len()) {
            word.copy_from_slice(text);
            return self.word(bytes, text.len());
        }
        let start = narrow(self.text.len());
        self.text.extend_from_slice(text);
        self.tokens.push(Token::Text(start, narrow(self.text.len())));
    }

    /// Begins a list or map; [`Self::end`] has to follow.
    pub(crate) fn begin(&mut self, is_map: bool) -> Place {
        let place = self.here();
        self.tokens.push(if is_map { Token::Map(0) } else { Token::List(0) });
        place
    }

    pub(crate) fn end(&mut self, begin: Place) {
        let inside = narrow(self.tokens.len() - begin.index() - 1);
        let token = &mut self.tokens[begin.index()];
        *token =
            if matches!(token, Token::Map(_)) { Token::Map(inside) } else { Token::List(inside) };
    }

    pub(crate) fn at(&self, place: Place) -> Datum<'_> {
        Datum { tape: self, at: place.index() }
    }
}

fn narrow(length: usize) -> u32 {
    u32::try_from(length).expect("a piece of a file is shorter than 4 GiB")
}

/// A value in a line.
#[derive(Copy, Clone, Debug)]
pub struct Datum<'a> {
    tape: &'a Tape,
    at: usize,
}

impl<'a> Datum<'a> {
    #[inline]
    fn token(self) -> Token {
        self.tape.tokens[self.at]
    }

    /// Whether it is `nil` or `null`.
    pub fn is_nil(self) -> bool {
        self.token() == Token::Nil
    }

    /// The number it is.
    #[inline]
    pub fn int(self) -> Option<i64> {
        match self.token() {
            Token::Int(value) => Some(value),
            _ => None,
        }
    }

    /// The truth value it is.
    pub fn bool(self) -> Option<bool> {
        match self.token() {
            Token::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The string, keyword or symbol it is.
    pub fn text(self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    /// The same, whether it is UTF-8 or not.
    #[inline]
    pub(crate) fn bytes(self) -> Option<&'a [u8]> {
        match &self.tape.tokens[self.at] {
            Token::Word(bytes, length) => bytes.get(..usize::from(*length)),
            Token::Text(start, end) => Some(&self.tape.text[*start as usize..*end as usize]),
            _ => None,
        }
    }

    /// What is in it, if it is a list.
    pub fn items(self) -> Option<impl Iterator<Item = Datum<'a>> + Clone> {
        match self.token() {
            Token::List(inside) => Some(self.inside(inside)),
            _ => None,
        }
    }

    /// The two things in it, if it is a list of two.
    pub fn pair(self) -> Option<(Self, Self)> {
        let mut items = self.items()?;
        let pair = (items.next()?, items.next()?);
        items.next().is_none().then_some(pair)
    }

    /// The value of a key, if it is a map that has it.
    pub fn get(self, key: &str) -> Option<Self> {
        let Token::Map(inside) = self.token() else { return None };
        let mut items = self.inside(inside);
        while let (Some(name), Some(value)) = (items.next(), items.next()) {
            if name.text() == Some(key) {
                return Some(value);
            }
        }
        None
    }

    fn inside(self, count: u32) -> impl Iterator<Item = Datum<'a>> + Clone {
        let Range { mut start, end } = self.at + 1..self.at + 1 + count as usize;
        std::iter::from_fn(move || {
            let datum = (start < end).then_some(Datum { tape: self.tape, at: start })?;
            start += match datum.token() {
                Token::List(inside) | Token::Map(inside) => 1 + inside as usize,
                _ => 1,
            };
            Some(datum)
        })
    }

    /// It as a name: a text as it is, anything else as EDN.
    pub fn shown(self) -> String {
        self.text().map_or_else(|| self.to_edn(), str::to_owned)
    }

    /// The names of the fields, if it is a map.
    pub fn names(self) -> Option<impl Iterator<Item = Datum<'a>>> {
        let Token::Map(inside) = self.token() else { return None };
        Some(self.inside(inside).step_by(2))
    }

    /// It as EDN.
    pub fn to_edn(self) -> String {
        match self.token() {
            Token::Nil => "nil".to_owned(),
            Token::Bool(value) => value.to_string(),
            Token::Int(value) => value.to_string(),
            Token::Word(..) | Token::Text(..) => format!("{:?}", self.text().unwrap_or_default()),
            Token::List(inside) => {
                let items: Vec<_> = self.inside(inside).map(Self::to_edn).collect();
                format!("[{}]", items.join(" "))
            }
            Token::Map(inside) => {
                // The order of its fields means nothing.
                let items: Vec<_> = self.inside(inside).map(Self::to_edn).collect();
                let mut fields: Vec<_> = items.chunks(2).map(|field| field.join(" ")).collect();
                fields.sort_unstable();
                format!("{{{}}}", fields.join(" "))
            }
        }
    }
}
