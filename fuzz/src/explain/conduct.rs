//! What each server did after healing, counted: why there is no service, or why one does not serve.

use super::story::exit;
use super::text::thousands;
use std::collections::BTreeMap;
use zab_checker::{Event, Fact};
use zab_core::event::Note;
use zab_core::{Epoch, NodeId};

/// What one server did after every fault was healed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conduct {
    /// Who.
    pub server: NodeId,
    /// It served when every fault was healed.
    pub was_serving: bool,
    /// How often it came to follow each leader.
    pub followed: BTreeMap<NodeId, u64>,
    /// How often it was elected.
    pub elected: u64,
    /// The epochs that it established.
    pub established: Vec<Epoch>,
    /// How often it came to serve, as a leader or as a follower.
    pub served: u64,
    /// How often it left its role.
    pub left: u64,
    /// How its processes ended, and how often.
    pub ends: BTreeMap<&'static str, u64>,
    /// The packets that broke the protocol, and how often.
    pub breaches: BTreeMap<String, u64>,
}

impl Conduct {
    const fn new(server: NodeId) -> Self {
        Self {
            server,
            was_serving: false,
            followed: BTreeMap::new(),
            elected: 0,
            established: Vec::new(),
            served: 0,
            left: 0,
            ends: BTreeMap::new(),
            breaches: BTreeMap::new(),
        }
    }

    /// What each of this many servers did after healing.
    pub(super) fn of(servers: u8, events: &[Event]) -> Vec<Self> {
        let mut all: Vec<Self> = (0..servers).map(|id| Self::new(NodeId(id))).collect();
        let healed = events.iter().position(|event| matches!(event.fact, Fact::Healed));
        let (before, after) = events.split_at(healed.unwrap_or(events.len()));
        for event in before {
            if let Some(one) = event.node.and_then(|node| all.get_mut(node.index())) {
                one.was_serving = serves(&event.fact).unwrap_or(one.was_serving);
            }
        }
        for event in after {
            if let Some(one) = event.node.and_then(|node| all.get_mut(node.index())) {
                one.add(&event.fact);
            }
        }
        all
    }

    fn add(&mut self, fact: &Fact) {
        match fact {
            Fact::Noted(Note::Elected { leader, .. }) if *leader == self.server => {
                self.elected += 1;
            }
            Fact::Noted(Note::Elected { leader, .. }) => {
                *self.followed.entry(*leader).or_default() += 1;
            }
            Fact::Noted(Note::Established { epoch }) => {
                self.established.push(*epoch);
                self.served += 1;
            }
            Fact::Noted(Note::Serving { .. }) => self.served += 1,
            Fact::Noted(Note::SteppedDown) => self.left += 1,
            Fact::Noted(Note::Breached { breach, .. }) => {
                *self.breaches.entry(breach.to_string()).or_default() += 1;
            }
            Fact::Exited(reason) => *self.ends.entry(exit(*reason)).or_default() += 1,
            _ => {}
        }
    }

    /// All of it in one sentence.
    pub(super) fn sentence(&self) -> String {
        let mut parts = Vec::new();
        for (leader, times) in &self.followed {
            parts.push(format!("followed {leader} {}", often(*times)));
        }
        if self.elected > 0 {
            parts.push(format!("was elected {}", often(self.elected)));
        }
        if let Some(last) = self.established.last() {
            parts.push(format!("established its last epoch as {last}"));
        }
        parts.push(match self.served {
            0 if self.was_serving && self.left == 0 && self.ends.is_empty() => {
                "served all along".to_owned()
            }
            0 if self.was_serving => "served at first".to_owned(),
            0 => "never came to serve".to_owned(),
            times => format!("came to serve {}", often(times)),
        });
        if self.left > 0 {
            parts.push(format!("left its role {}", often(self.left)));
        }
        for (how, times) in &self.ends {
            parts.push(format!("its process ended {} ({how})", often(*times)));
        }
        for (what, times) in &self.breaches {
            parts.push(format!(
                "it got a packet that breaks the protocol {} ({what})",
                often(*times)
            ));
        }
        format!("{} {}", self.server, parts.join(", "))
    }
}

/// Whether a server serves after this, if it says anything about that.
const fn serves(fact: &Fact) -> Option<bool> {
    match fact {
        Fact::Noted(Note::Established { .. } | Note::Serving { .. }) => Some(true),
        Fact::Noted(Note::SteppedDown | Note::Looking { .. })
        | Fact::Crashed { .. }
        | Fact::Exited(_) => Some(false),
        _ => None,
    }
}

fn often(times: u64) -> String {
    match times {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{} times", thousands(times)),
    }
}
