//! Virtual time in microseconds: instants of a clock, and the lengths between them.

use std::fmt;

/// An instant, in microseconds since the clock that shows it was at zero.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub u64);

/// A length of time, in microseconds.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub u64);

impl Time {
    /// This instant moved on by `span`, without overflow.
    pub const fn after(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// How long after `earlier` this is; nothing if it is not after it.
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Span {
    /// A length given in milliseconds.
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms * 1000)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_millis(self.0, f)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_millis(self.0, f)
    }
}

fn write_millis(us: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{}.{:03} ms", us / 1000, us % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_milliseconds_and_never_run_backwards() {
        let (early, late) = (Time(41_007), Time(0).after(Span::from_millis(50)));
        assert_eq!([early.to_string(), late.since(early).to_string()], ["41.007 ms", "8.993 ms"]);
        assert_eq!(early.since(late), Span(0));
    }
}
