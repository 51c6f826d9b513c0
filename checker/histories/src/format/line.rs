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
        match name {
            b"invoke" => Some(Self::Invoke),
            b"ok" => Some(Self::Ok),
            b"fail" => Some(Self::Fail),
            b"info" => Some(Self::Info),
            _ => None,
        }
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
    /// In which session, if it is not the process.
    Session,
}

impl Field {
    /// How many there are.
    const COUNT: usize = 7;

    pub(super) fn parse(name: &[u8]) -> Option<Self> {
        match name {
            b"process" => Some(Self::Process),
            b"f" => Some(Self::F),
            b"value" => Some(Self::Value),
            b"key" => Some(Self::Key),
            b"time" => Some(Self::Time),
            b"zxid" => Some(Self::Zxid),
            b"session" => Some(Self::Session),
            _ => None,
        }
    }
}

/// What an event has; its values are on a tape.
#[derive(Copy, Clone, Debug, Default)]
pub(super) struct Head {
    pub(super) kind: Option<Kind>,
    pub(super) fields: [Option<Place>; Field::COUNT],
}

/// One event.
#[derive(Clone, Debug, Default)]
pub struct Line {
    pub(super) head: Head,
    /// Its values, and those of the lines beside it.
    pub(super) tape: Tape,
}

impl Line {
    /// An event without anything, on a tape.
    pub(super) fn on(tape: Tape) -> Self {
        Self { head: Head::default(), tape }
    }

    pub(super) fn clear(&mut self) {
        self.head = Head::default();
        self.tape.clear();
    }

    /// The event. Its values stay on the tape, and another event can follow.
    pub(super) fn keep(&mut self) -> Head {
        self.tape.keep();
        self.head
    }

    /// What happened.
    pub fn kind(&self) -> Option<Kind> {
        self.head.kind
    }

    /// A field, if the event has it.
    pub fn get(&self, field: Field) -> Option<Datum<'_>> {
        self.head.fields[field as usize].map(|place| self.tape.at(place))
    }

    /// What was asked.
    pub fn f(&self) -> Option<&str> {
        self.get(Field::F)?.text()
    }

    /// What was asked, for a message.
    pub(crate) fn f_shown(&self) -> String {
        self.get(Field::F).map_or_else(|| "missing".to_owned(), Datum::shown)
    }

    /// The same as bytes, which are compared faster.
    pub(crate) fn f_bytes(&self) -> Option<&[u8]> {
        self.get(Field::F)?.bytes()
    }

    /// The argument or answer; `None` if it is missing or nil.
    pub fn value(&self) -> Option<Datum<'_>> {
        self.get(Field::Value).filter(|value| !value.is_nil())
    }
}
