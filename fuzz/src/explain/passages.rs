//! What became of everything that was on its way: when it arrived, if it did.

use crate::oracle::Recording;
use std::collections::{BTreeMap, VecDeque};
use zab_checker::{Event, Fact};
use zab_core::{Packet, RequestId, Time};
use zab_sim::passage::{Leg, Passage, Way};

/// When something happened, and after how many events.
pub(super) type Instant = (Time, usize);

/// The fate of a packet.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    At(Instant),
    Never,
    /// The driver does not tell.
    Unknown,
}

/// What arrived, of all that was on its way.
pub(super) struct Passages {
    /// By the number of the event that sent it; `None` if no driver tells.
    packets: Option<BTreeMap<usize, Instant>>,
    /// When the server got a request, and when it answered.
    requests: BTreeMap<RequestId, [Option<Instant>; 2]>,
}

impl Passages {
    /// What left a connection first arrives first, and what is lost is the tail of what was sent on it:
    /// so the next arrival is that of the oldest packet under way.
    pub(super) fn of(recording: &Recording) -> Self {
        let mut under_way: BTreeMap<Way, VecDeque<usize>> = BTreeMap::new();
        let mut packets = BTreeMap::new();
        let mut requests: BTreeMap<RequestId, [Option<Instant>; 2]> = BTreeMap::new();
        for (events, Passage { at, what }) in &recording.passages {
            let now = (*at, *events);
            match what {
                Leg::Left(way) => under_way.entry(*way).or_default().push_back(*events),
                Leg::Arrived(way, packet) => {
                    let sent = under_way.get_mut(way).and_then(VecDeque::pop_front);
                    if let Some(sent) = sent {
                        assert!(
                            sends(&recording.events[sent], packet),
                            "connections keep the order"
                        );
                        packets.insert(sent, now);
                    }
                }
                Leg::Asked(request) => requests.entry(*request).or_default()[0] = Some(now),
                Leg::Answered(request) => requests.entry(*request).or_default()[1] = Some(now),
                Leg::Connected(_) | Leg::Ended(_) | Leg::Voted { .. } => {}
            }
        }
        let is_told = !recording.passages.is_empty();
        Self { packets: is_told.then_some(packets), requests }
    }

    /// What became of the packet that this event sent.
    pub(super) fn arrival(&self, event: usize) -> Arrival {
        match &self.packets {
            None => Arrival::Unknown,
            Some(packets) => packets.get(&event).map_or(Arrival::Never, |at| Arrival::At(*at)),
        }
    }

    /// When the packet that this event sent arrived, if it did.
    pub(super) fn when(&self, event: usize) -> Option<Instant> {
        match self.arrival(event) {
            Arrival::At(instant) => Some(instant),
            Arrival::Never | Arrival::Unknown => None,
        }
    }

    /// When the server got this request, and when it answered.
    pub(super) fn request(&self, request: RequestId) -> [Option<Instant>; 2] {
        self.requests.get(&request).copied().unwrap_or_default()
    }
}

fn sends(event: &Event, packet: &Packet) -> bool {
    matches!(&event.fact, Fact::Sent { packet: sent, .. } if sent == packet)
}
