//! What operations, keys and spans of time are called.

use super::Shown;
use crate::linearizability::NEVER;
use crate::record::Recorded;

/// The words for one part of a history.
#[derive(Debug)]
pub(super) struct Words<'a, O> {
    recorded: &'a Recorded<O>,
    key: u32,
}

impl<'a, O> Words<'a, O> {
    pub(super) fn new(recorded: &'a Recorded<O>, key: u32) -> Self {
        Self { recorded, key }
    }

    pub(super) fn key(&self) -> Option<String> {
        self.recorded.names.key_name(self.key).map(str::to_owned)
    }

    pub(super) fn process(&self, process: u32) -> String {
        self.recorded.names.process_name(process)
    }

    pub(super) fn with_values(&self, text: &str) -> String {
        self.recorded.names.with_values(text)
    }

    /// The nanoseconds of an operation's invocation and return.
    fn times(&self, operation: usize) -> [Option<u64>; 2] {
        self.recorded.times.get(operation).copied().unwrap_or_default()
    }

    /// How much later `later` was invoked than `earlier` had returned, in nanoseconds.
    pub(super) fn gap(&self, earlier: usize, later: usize) -> Option<u64> {
        self.times(later)[0]?.checked_sub(self.times(earlier)[1]?)
    }

    pub(super) fn shown(&self, operation: usize, what: String) -> Shown {
        let call = &self.recorded.calls[operation];
        Shown {
            operation: self.recorded.number(operation),
            process: self.process(call.process),
            what: self.with_values(&what),
            invoked: call.invoked,
            returned: (call.returned != NEVER).then_some(call.returned),
            times: self.times(operation),
            zxid: None,
            why_not: None,
        }
    }
}

/// A span of time for people, as in `3.1 ms`.
pub(super) fn span(nanoseconds: u64) -> String {
    let (unit, name) = match nanoseconds {
        0..1_000 => return format!("{nanoseconds} ns"),
        1_000..1_000_000 => (1_000, "µs"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        _ => (1_000_000_000, "s"),
    };
    format!("{}.{} {name}", nanoseconds / unit, nanoseconds % unit * 10 / unit)
}

#[cfg(test)]
mod tests {
    #[test]
    fn spans_have_one_decimal() {
        let spans = [17, 3_100, 3_149_999, 12_000_000_000].map(super::span);
        assert_eq!(spans, ["17 ns", "3.1 µs", "3.1 ms", "12.0 s"]);
    }
}
