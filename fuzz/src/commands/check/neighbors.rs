//! What else went on around an operation: the events of the file near it, whatever they are about.

use super::input::Input;
use rustc_hash::FxHashMap;
use zab_checker::format::{self, Field, Kind, Line};

/// How many events before and after are looked at.
const AROUND: u64 = 16;

/// An operation near another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Neighbor {
    pub(super) process: String,
    pub(super) what: String,
    /// Its events, counted as those of a counterexample.
    pub(super) invoked: u64,
    pub(super) returned: Option<u64>,
    /// When, in nanoseconds, as far as the file says.
    pub(super) times: [Option<u64>; 2],
}

/// The operations near these events, in the order of invocation; none if the file cannot be read
/// again.
pub(super) fn neighbors(input: &Input, from: u64, to: u64) -> Vec<Neighbor> {
    let (from, to) = (from.saturating_sub(AROUND), to.saturating_add(AROUND));
    let Some(Ok(file)) = input.file().map(std::fs::File::open) else { return Vec::new() };
    let mut near = Near { from, to, events: 0, open: FxHashMap::default(), found: Vec::new() };
    let read = format::read(file, &mut |line| {
        near.add(line);
        // Nothing later matters: reading ends when enough lines are refused.
        if near.events > to { Err(String::new()) } else { Ok(()) }
    });
    if matches!(read, Err(format::Error::Io(_))) {
        return Vec::new();
    }
    for open in std::mem::take(&mut near.open).into_values() {
        near.note(open);
    }
    near.found.sort_by_key(|neighbor| neighbor.invoked);
    near.found
}

struct Near {
    from: u64,
    to: u64,
    events: u64,
    open: FxHashMap<String, Neighbor>,
    found: Vec<Neighbor>,
}

impl Near {
    fn add(&mut self, line: &Line) {
        let Some(process) = line.get(Field::Process).map(|process| process.shown()) else { return };
        if process == "nemesis" || self.events > self.to {
            return;
        }
        self.events += 1;
        let time = line.get(Field::Time).and_then(|time| u64::try_from(time.int()?).ok());
        let f = line.f().unwrap_or_default();
        let value = line.value().map_or_else(String::new, |value| value.shown());
        let name =
            if process.parse::<i64>().is_ok() { format!("p{process}") } else { process.clone() };
        if line.kind() == Some(Kind::Invoke) {
            let what = format!("{f} {value}").trim_end().to_owned();
            let (invoked, times) = (self.events, [time, None]);
            let neighbor = Neighbor { process: name, what, invoked, returned: None, times };
            if let Some(given_up) = self.open.insert(process, neighbor) {
                self.note(given_up);
            }
        } else if let Some(mut neighbor) = self.open.remove(&process) {
            if line.kind() == Some(Kind::Ok) {
                neighbor.returned = Some(self.events);
                neighbor.times[1] = time;
                if !value.is_empty() && !neighbor.what.ends_with(&value) {
                    neighbor.what.push_str(&format!(" → {value}"));
                }
            }
            self.note(neighbor);
        }
    }

    fn note(&mut self, neighbor: Neighbor) {
        // What was given up long ago is open everywhere.
        if neighbor.returned.unwrap_or(neighbor.invoked) >= self.from {
            self.found.push(neighbor);
        }
    }
}
