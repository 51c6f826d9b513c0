//! Evidence as text, one event a line, and as a hash: for people, and to compare executions.

use crate::run::Observer;
use rustc_hash::FxHasher;
use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::ops::ControlFlow;
use zab_checker::{Event, Fact};
use zab_core::event::Note;
use zab_core::{DiskOp, Op, Outcome, Recovered};

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
        Fact::Exited(reason) => write!(f, "exits: {reason:?}"),
        Fact::DiskAsked { lsn, op } => {
            write!(f, "asks the disk #{}: ", lsn.0)?;
            write_disk_op(f, op)
        }
        Fact::DiskDone { file, upto } => write!(f, "{file:?} is durable up to #{}", upto.0),
        Fact::DiskFailed { file, lsn } => write!(f, "{file:?} fails from #{}", lsn.0),
        Fact::Sent { to, packet } => write!(f, "-> {to}  {packet}"),
        Fact::Delivered(txn) => write!(f, "delivers {txn}"),
        Fact::Noted(note) => write_note(f, note),
        Fact::Invoked { request, op } => {
            write!(f, "{request} asks: ")?;
            write_op(f, op)
        }
        Fact::Returned { request, outcome } => {
            write!(f, "{request} is told: ")?;
            write_outcome(f, outcome)
        }
        Fact::TimedOut { request } => write!(f, "{request} gives up"),
        Fact::Fault(name) => write!(f, "fault: {name}"),
        Fact::Healed => f.write_str("all faults are healed"),
        Fact::Available => f.write_str("the ensemble is available"),
        Fact::Unavailable { bound, excuse } => {
            write!(f, "no write was acknowledged within {bound}")?;
            excuse.map_or(Ok(()), |excuse| write!(f, " ({excuse})"))
        }
        Fact::AtRest(replica) => {
            write!(f, "rests at {}:", replica.last_processed)?;
            let registers = replica.registers.iter().enumerate();
            registers.into_iter().try_for_each(|(key, register)| {
                write!(f, " k{key}={} v{}", register.value, register.version)
            })
        }
    }
}

fn write_found(f: &mut fmt::Formatter<'_>, found: &Recovered) -> fmt::Result {
    let Recovered { snapshot, log, accepted_epoch, current_epoch } = found;
    write!(f, "starts: accepted {accepted_epoch}, current {current_epoch}, ")?;
    write!(f, "snapshot {}, log of {}", snapshot.last_processed, log.len())?;
    log.last().map_or(Ok(()), |last| write!(f, " up to {}", last.zxid))
}

fn write_disk_op(f: &mut fmt::Formatter<'_>, op: &DiskOp) -> fmt::Result {
    match op {
        DiskOp::Append(txn) => write!(f, "append {txn}"),
        DiskOp::Truncate(zxid) => write!(f, "truncate to {zxid}"),
        DiskOp::Flush => f.write_str("flush"),
        DiskOp::Snapshot(replica) => write!(f, "snapshot {}", replica.last_processed),
        DiskOp::DropSnapshotsAfter(zxid) => write!(f, "drop snapshots after {zxid}"),
        DiskOp::AcceptedEpoch(epoch) => write!(f, "acceptedEpoch = {epoch}"),
        DiskOp::CurrentEpoch(epoch) => write!(f, "currentEpoch = {epoch}"),
    }
}

fn write_op(f: &mut fmt::Formatter<'_>, op: &Op) -> fmt::Result {
    match op {
        Op::Write { key, value } => write!(f, "write {key}={value}"),
        Op::WriteIf { key, value, version } => write!(f, "write {key}={value} if v{version}"),
        Op::Read { key } => write!(f, "read {key}"),
        Op::Sync => f.write_str("sync"),
    }
}

fn write_outcome(f: &mut fmt::Formatter<'_>, outcome: &Outcome) -> fmt::Result {
    match outcome {
        Outcome::Written { zxid, version } => write!(f, "written {zxid} v{version}"),
        Outcome::BadVersion { zxid } => write!(f, "bad version {zxid}"),
        Outcome::Value { value, version, position } => {
            write!(f, "value {value} v{version} at {position}")
        }
        Outcome::Synced { position } => write!(f, "synced at {position}"),
        Outcome::Refused => f.write_str("refused"),
    }
}

fn write_note(f: &mut fmt::Formatter<'_>, note: &Note) -> fmt::Result {
    match note {
        Note::Looking { vote, round } => {
            write!(f, "looks for a leader: {} epoch {}, ", vote.zxid, vote.peer_epoch)?;
            write!(f, "round {round}")
        }
        Note::Elected { leader, round } => write!(f, "elects {leader} in round {round}"),
        Note::InitialHistory { epoch } => write!(f, "has the initial history of epoch {epoch}"),
        Note::SyncWith { learner, mode } => write!(f, "synchronises {learner} by {mode:?}"),
        Note::Established { epoch } => write!(f, "has established epoch {epoch}"),
        Note::Proposed(txn) => write!(f, "proposes {txn}"),
        Note::Committed(zxid) => write!(f, "commits {zxid}"),
        Note::Serving { epoch } => write!(f, "serves in epoch {epoch}"),
        Note::SyncAnswered { request } => write!(f, "answers the sync of {request}"),
        Note::SteppedDown => f.write_str("steps down"),
        Note::MemoryReplaced { last_zxid, .. } => write!(f, "has loaded memory: {last_zxid}"),
        Note::Breached { breach, zxid } => write!(f, "breach of protocol: {breach:?} {zxid}"),
    }
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
    /// The number.
    pub fn value(&self) -> u64 {
        self.0.finish()
    }
}

impl Observer for TraceHash {
    fn on_event(&mut self, event: &Event) -> ControlFlow<()> {
        event.hash(&mut self.0);
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zab_core::{Micros, NodeId, Zxid};

    #[test]
    fn a_line_says_when_where_and_what() {
        let fact = Fact::Noted(Note::Committed(Zxid::new(1, 4)));
        let event = Event { at: Micros(1_234_567), node: Some(NodeId(2)), fact };
        assert_eq!(Line(&event).to_string(), "  1234.567 ms  S2  commits <1, 4>");
        let event = Event { at: Micros(5), node: None, fact: Fact::Healed };
        assert_eq!(Line(&event).to_string(), "     0.005 ms  --  all faults are healed");
    }
}
