//! Evidence as text, one event a line, and as a hash: for people, and to compare executions.

use crate::run::Observer;
use rustc_hash::FxHasher;
use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::ops::ControlFlow;
use zab_checker::{Event, Fact, News};
use zab_core::{NoHeader, Purge, Recovered};

/// One event as a line without its end: time, server, what.
#[derive(Copy, Clone, Debug)]
pub struct Line<'a>(pub &'a Event);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Event { at, node, fact } = self.0;
        write!(f, "{:>13}  ", at.to_string())?;
        match node {
            Some(node) => write!(f, "{node}  ")?,
            None => f.write_str("--  ")?,
        }
        write_fact(f, fact)
    }
}

fn write_fact(f: &mut fmt::Formatter<'_>, fact: &Fact) -> fmt::Result {
    match fact {
        Fact::Started(found) => write_found(f, found),
        Fact::Crashed { power_loss: true } => f.write_str("loses power"),
        Fact::Crashed { power_loss: false } => f.write_str("is killed"),
        Fact::Exited(reason) => write!(f, "exits: {reason}"),
        Fact::Installed(release) => write!(f, "gets {release}"),
        Fact::DiskAsked { lsn, op } => write!(f, "asks the disk #{}: {op}", lsn.0),
        Fact::DiskDone { file, upto } => write!(f, "{file:?} is durable up to #{}", upto.0),
        Fact::Blanked => f.write_str("its disk is created again, empty"),
        Fact::WrittenBack => f.write_str("what its earlier processes wrote is durable"),
        Fact::Purged(purge) => write_purge(f, purge),
        Fact::DiskFailed { file, lsn, error } => write!(f, "{file:?} #{}: {error}", lsn.0),
        Fact::Sent { to, packet } => write!(f, "-> {to}  {packet}"),
        Fact::Delivered(txn) => write!(f, "delivers {txn}"),
        Fact::Noted(note) => write!(f, "{note}"),
        Fact::Invoked { request, op } => write!(f, "{request} asks: {op}"),
        Fact::Returned { request, outcome } => write!(f, "{request} is told: {outcome}"),
        Fact::TimedOut { request } => write!(f, "{request} gives up"),
        Fact::Lock { session, news } => match news {
            News::Opened => write!(f, "{session} is open"),
            News::Resumed => write!(f, "{session} goes on"),
            News::Suspended => write!(f, "{session} has lost its connection"),
            News::Expired => write!(f, "{session} is told that it has expired"),
            News::Named { zxid, number } => write!(f, "{session} has node n-{number}, of {zxid}"),
            News::Holds { number } => {
                write!(f, "{session} believes that it has the lock: n-{number}")
            }
        },
        Fact::Fault(name) => write!(f, "fault: {name}"),
        Fact::StrictDirectories => f.write_str("a flush of a file does not make its name durable"),
        Fact::Healed => f.write_str("all faults are healed"),
        Fact::Available { after } => write!(f, "the ensemble is available after {after}"),
        Fact::Unavailable { bound, excuse } => {
            write!(f, "no write was acknowledged within {bound}")?;
            excuse.map_or(Ok(()), |excuse| write!(f, " ({excuse})"))
        }
        Fact::NotServing { bound } => write!(f, "does not serve after {bound}"),
        Fact::NotWriting { bound } => write!(f, "carried out no write within {bound}"),
        Fact::NeverQuiet { bound } => write!(f, "the ensemble did not come to rest within {bound}"),
        Fact::AtRest(replica) => {
            write!(f, "rests at {}:", replica.last_processed)?;
            let registers = replica.registers.iter().enumerate();
            registers.into_iter().try_for_each(|(key, register)| {
                write!(f, " k{key}={} v{}", register.value, register.version)
            })
        }
    }
}

fn write_purge(f: &mut fmt::Formatter<'_>, purge: &Purge) -> fmt::Result {
    let Purge { snapshots_before, log_before, is_flushed } = purge;
    f.write_str(if *is_flushed { "flushes its snapshots, and is purged" } else { "is purged" })?;
    snapshots_before.map_or(Ok(()), |zxid| write!(f, ", of snapshots before {zxid}"))?;
    match *log_before {
        Some(Purge::WHOLE_LOG) => f.write_str(", of its whole log"),
        Some(first) => write!(f, ", of log files before {first}"),
        None => Ok(()),
    }
}

fn write_found(f: &mut fmt::Formatter<'_>, found: &Recovered) -> fmt::Result {
    let Recovered { log, accepted_epoch, current_epoch, is_blank, headless, .. } = found;
    let blank = if *is_blank { "blank, " } else { "" };
    write!(f, "starts: {blank}accepted {accepted_epoch}, current {current_epoch}, ")?;
    write!(f, "snapshot {}, log of {}", found.snapshot().last_processed, log.len())?;
    for file in headless {
        let contents = match file.contents {
            NoHeader::Nothing => "nothing",
            NoHeader::Zeros => "zeros",
        };
        write!(f, ", a file {} of {contents}", file.name)?;
    }
    log.last().map_or(Ok(()), |last| write!(f, " up to {}", last.zxid))
}

/// An observer that writes every event down.
#[derive(Clone, Debug, Default)]
pub struct TextTrace(pub String);

impl Observer for TextTrace {
    fn on_event(&mut self, event: &Event) -> ControlFlow<()> {
        writeln!(self.0, "{}", Line(event)).expect("a string takes everything");
        ControlFlow::Continue(())
    }
}

/// An observer that condenses all evidence into one number: equal evidence, equal number, within
/// one build of this program.
#[derive(Clone, Default)]
pub struct TraceHash(FxHasher);

impl TraceHash {
    /// Takes in one more event.
    pub fn add(&mut self, event: &Event) {
        event.hash(&mut self.0);
    }

    /// The number.
    pub fn value(&self) -> u64 {
        self.0.finish()
    }
}

impl Observer for TraceHash {
    fn on_event(&mut self, event: &Event) -> ControlFlow<()> {
        self.add(event);
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zab_core::event::Note;
    use zab_core::{NodeId, Time, Zxid};

    #[test]
    fn a_line_says_when_where_and_what() {
        let fact = Fact::Noted(Note::Committed(Zxid::new(1, 4)));
        let event = Event { at: Time(1_234_567), node: Some(NodeId(2)), fact };
        assert_eq!(Line(&event).to_string(), "  1234.567 ms  S2  commits <1, 4>");
        let event = Event { at: Time(5), node: None, fact: Fact::Healed };
        assert_eq!(Line(&event).to_string(), "     0.005 ms  --  all faults are healed");
    }
}
