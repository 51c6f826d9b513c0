//! The steps of an execution that matter, in words.

mod words;

use super::mirror::{self, Disk};
use crate::oracle::Recording;
use std::collections::BTreeMap;
use words::Words;
use zab_checker::{Event, Fact, Violation};
use zab_core::event::Note;
use zab_core::{Key, Micros, NodeId, Op, Outcome, Packet, RequestId, Zxid};

/// How much a step says about the whole.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// A detail of a larger step.
    Detail,
    /// A step that a summary has to mention.
    Step,
    /// A step behind which the ensemble is worth a picture.
    Turn,
}

/// One step, in words, and what was durable after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When, in microseconds after boot.
    pub at_us: u64,
    /// What happened.
    pub text: String,
    /// How much it matters.
    pub weight: Weight,
    /// What is durable at each server now.
    pub disks: Vec<Disk>,
}

/// An execution as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// What was durable when the boot was over.
    pub start: Vec<Disk>,
    /// What happened then.
    pub moments: Vec<Moment>,
    /// Which rules were broken, the gravest first.
    pub violations: Vec<Violation>,
    /// When the boot was over, on the clock of the world.
    pub origin: Micros,
}

impl Story {
    /// Tells an execution up to its gravest violation, or to its end if there is none.
    pub fn of(recording: &Recording) -> Self {
        let violations = recording.outcome.violations.clone();
        let end = violations.first().map_or(Micros(u64::MAX), |violation| violation.when.at);
        let origin = recording.origin;
        let mut teller = Teller::default();
        let mut start = Vec::new();
        let told = recording.events.iter().enumerate().take_while(|(_, event)| event.at <= end);
        for (index, event) in told {
            if index < recording.boot {
                teller.tell(event, None);
                start.clone_from(&teller.disks);
            } else {
                teller.tell(event, Some(event.at.0 - origin.0));
            }
        }
        teller.tell_last_reads();
        Self { start, moments: teller.moments, violations, origin }
    }

    /// Each step as a line with its time.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.moments.iter().map(|moment| format!("{:>8} {}", ms(moment.at_us), moment.text))
    }
}

/// A time in milliseconds, as in `12.4 ms`.
pub fn ms(us: u64) -> String {
    format!("{}.{} ms", us / 1000, us % 1000 / 100)
}

/// Follows the events and collects what is worth telling.
#[derive(Default)]
struct Teller {
    disks: Vec<Disk>,
    /// What clients asked and have no answer to.
    open: BTreeMap<RequestId, Op>,
    /// What each server that is being synchronised was sent, until it acknowledges NEWLEADER.
    promised: BTreeMap<NodeId, Vec<Zxid>>,
    /// What each server had handed to its disk when it went down.
    had: BTreeMap<NodeId, Vec<Zxid>>,
    /// Chaos is over: what is asked now is asked by the simulator, to see what became of it all.
    healed: bool,
    /// It is known whether the ensemble serves.
    settled: bool,
    /// What was read since, by register and value.
    last_reads: BTreeMap<Key, BTreeMap<u32, Vec<NodeId>>>,
    last_read_us: u64,
    moments: Vec<Moment>,
}

impl Teller {
    /// Takes note of an event; of its words as well, if the boot is over and it is worth any.
    fn tell(&mut self, event: &Event, at_us: Option<u64>) {
        let before = event.node.and_then(|node| self.disks.get(node.index())).cloned();
        self.follow(event);
        if let Some(at_us) = at_us
            && !self.is_routine(event)
            && !self.keep_for_last(event, at_us)
            && let Some((weight, text)) = (Words { teller: self, before }).of(event)
            && self.moments.last().is_none_or(|last| last.text != text)
        {
            self.moments.push(Moment { at_us, text, weight, disks: self.disks.clone() });
        }
        if let (Some(node), Fact::Sent { packet: Packet::Ack(zxid), .. }) =
            (event.node, &event.fact)
            && zxid.is_epoch_mark()
        {
            self.promised.remove(&node);
        }
    }

    /// Takes note of what happened, before it is told.
    fn follow(&mut self, event: &Event) {
        if let (Some(node), Fact::Crashed { .. } | Fact::Exited(_)) = (event.node, &event.fact)
            && let Some(disk) = self.disks.get(node.index())
        {
            self.had.insert(node, disk.unflushed().collect());
        }
        mirror::observe(&mut self.disks, event);
        match &event.fact {
            Fact::Invoked { request, op } => {
                self.open.insert(*request, *op);
            }
            Fact::Noted(Note::SyncWith { learner, .. }) => {
                self.promised.insert(*learner, Vec::new());
            }
            Fact::Sent { to, packet: Packet::Proposal(txn) } => {
                if let Some(promised) = self.promised.get_mut(to) {
                    promised.push(txn.zxid);
                }
            }
            Fact::Healed => self.healed = true,
            Fact::Available { .. } | Fact::Unavailable { .. } => self.settled = true,
            _ => {}
        }
    }

    /// Whether it is one of the questions that the simulator asks until it gets an answer.
    fn is_routine(&self, event: &Event) -> bool {
        let is_question = matches!(
            event.fact,
            Fact::Invoked { .. } | Fact::Returned { outcome: Outcome::Refused, .. }
        );
        self.healed && is_question
    }

    /// The reads of every register at every server with which an execution ends are told together.
    fn keep_for_last(&mut self, event: &Event, at_us: u64) -> bool {
        let Fact::Returned { request, outcome: Outcome::Value { value, .. } } = &event.fact else {
            return false;
        };
        let (Some(node), Some(Op::Read { key })) = (event.node, self.open.get(request)) else {
            return false;
        };
        if self.settled {
            self.last_reads.entry(*key).or_default().entry(*value).or_default().push(node);
            self.last_read_us = at_us;
        }
        self.settled
    }

    fn tell_last_reads(&mut self) {
        for (key, values) in std::mem::take(&mut self.last_reads) {
            let answers: Vec<String> = values
                .into_iter()
                .map(|(value, mut nodes)| {
                    nodes.sort_unstable();
                    let nodes: Vec<String> = nodes.iter().map(NodeId::to_string).collect();
                    format!("{value} at {}", nodes.join(", "))
                })
                .collect();
            let text = format!("finally {key} is {}", answers.join("; "));
            let disks = self.disks.clone();
            self.moments.push(Moment {
                at_us: self.last_read_us,
                text,
                weight: Weight::Step,
                disks,
            });
        }
    }
}
