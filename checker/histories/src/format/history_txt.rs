//! Jepsen's `history.txt`: process, type, f and value between tabs, `0\t:invoke\t:read\tnil`, and
//! what went wrong after another one.

use super::edn;
use super::line::Line;
use super::pieces::{Scan, Scanned, first_row};

/// Reads lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Scanner {
    edn: edn::Scanner,
    event: Vec<u8>,
}

/// Whether a text begins like this.
pub(super) fn is_one(text: &[u8]) -> bool {
    let mut words = text.split(|byte| byte.is_ascii_whitespace()).filter(|word| !word.is_empty());
    let kind = words.nth(1);
    kind.is_some_and(|kind| matches!(kind, b":invoke" | b":ok" | b":fail" | b":info"))
}

impl Scan for Scanner {
    fn scan(&mut self, text: &[u8], is_last: bool, line: &mut Line) -> Scanned {
        let Some((row, length)) = first_row(text, is_last) else {
            return Scanned::Incomplete;
        };
        if row.trim_ascii().is_empty() {
            return Scanned::Nothing(length);
        }
        let mut fields = row.split(|byte| *byte == b'\t').map(<[u8]>::trim_ascii);
        self.event.clear();
        for name in [&b"{:process "[..], b" :type ", b" :f ", b" :value "] {
            let Some(field) = fields.next().filter(|field| !field.is_empty()) else {
                let expected = "expected process, type, f and value between tabs";
                return Scanned::Malformed(expected.to_owned());
            };
            self.event.extend_from_slice(name);
            self.event.extend_from_slice(field);
        }
        self.event.push(b'}');
        match self.edn.general(&self.event, true, line) {
            Scanned::Event(_) => Scanned::Event(length),
            Scanned::Malformed(what) => Scanned::Malformed(what),
            _ => Scanned::Malformed("the value breaks off".to_owned()),
        }
    }
}
