//! One event of a history as it stands in a file.

use super::datum::{Datum, Place, Tape};

/// What happened to the operation: Jepsen's `:type`.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It was sent.
    Invoke,
    /// It took effect.
    Ok,
    /// It did not and will not take effect.
    Fail,
    /// Nobody knows.
    Info,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Invoke, Self::Ok, Self::Fail, Self::Info];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invoke => "invoke",
            Self::Ok => "ok",
            Self::Fail => "fail",
            Self::Info => "info",
        }
    }

    pub(super) fn parse(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name().as_bytes() == name)
    }
}

/// A field of an event, besides its `type`.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// Who.
    Process,
    /// What was asked.
    F,
    /// With which argument, or which answer.
    Value,
    /// Of which key.
    Key,
    /// When, in nanoseconds.
    Time,
    /// Up to which transaction.
    Zxid,
}

impl Field {
    /// Every field.
    pub const ALL: [Self; 6] =
        [Self::Process, Self::F, Self::Value, Self::Key, Self::Time, Self::Zxid];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::F => "f",
            Self::Value => "value",
            Self::Key => "key",
            Self::Time => "time",
            Self::Zxid => "zxid",
        }
    }

    pub(super) fn parse(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name().as_bytes() == name)
    }
}

/// One event.
#[derive(Clone, Debug)]
pub struct Line {
    /// Where it stands, counted from 1.
    pub number: u64,
    pub(super) kind: Option<Kind>,
    pub(super) fields: [Option<Place>; Field::ALL.len()],
    pub(super) tape: Tape,
}

impl Line {
    pub(super) fn new() -> Self {
        Self { number: 0, kind: None, fields: [None; Field::ALL.len()], tape: Tape::default() }
    }

    pub(super) fn clear(&mut self) {
        self.kind = None;
        self.fields = [None; Field::ALL.len()];
        self.tape.clear();
    }

    /// What happened.
    pub fn kind(&self) -> Option<Kind> {
        self.kind
    }

    /// A field, if the event has it.
    pub fn get(&self, field: Field) -> Option<Datum<'_>> {
        self.fields[field as usize].map(|place| self.tape.at(place))
    }

    /// What was asked.
    pub fn f(&self) -> Option<&str> {
        self.get(Field::F)?.text()
    }

    /// The argument or answer; `None` if it is missing or nil.
    pub fn value(&self) -> Option<Datum<'_>> {
        self.get(Field::Value).filter(|value| !value.is_nil())
    }
}
