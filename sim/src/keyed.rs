//! Randomness keyed by identity: what a delay is depends on what it is a delay of, never on how
//! many others were drawn before.
//!
//! There is no stream and no state. Removing an action from a schedule therefore leaves every
//! unrelated delay as it was, which is what lets schedules shrink.

use zab_core::{Actor, Lsn, NodeId, Span, Time};

/// What is drawn.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// How long a message of leader election between two servers travels, or a handshake.
    Latency,
    /// How long a packet on a connection of two servers travels.
    Packet,
    /// How long a message between a client and a server travels.
    ClientLatency,
    /// How long a disk operation takes.
    Flush,
    /// How long an actor waits for its turn.
    Turn,
    /// In which order a swizzle takes its servers.
    Swizzle,
    /// To which server a client that queues for the lock connects first.
    Home,
}

/// 64 bits that depend on all four arguments and on nothing else.
pub const fn hash(seed: u64, kind: Kind, who: u64, when: u64) -> u64 {
    let place = (kind as u64) << 56 ^ who << 40 ^ when;
    mix(mix(seed).wrapping_add(place.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
}

/// splitmix64's finalizer.
const fn mix(word: u64) -> u64 {
    let mut x = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A number from `low` to `high`, both included.
const fn between(low: u64, high: u64, hash: u64) -> u64 {
    low + (((hash >> 32) * (high - low + 1)) >> 32)
}

/// Latencies are drawn again for each link every 2^`BUCKET_BITS` microseconds.
const BUCKET_BITS: u32 = 10;

/// The delays of one execution.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Delays {
    /// The seed of the schedule.
    pub seed: u64,
}

impl Delays {
    /// How long a packet that leaves now travels on a connection that was opened then: 0.2 to 1 ms.
    /// Each connection has delays of its own: what is sent on a new one may overtake what is still on
    /// the way on an old one.
    pub fn packet(self, now: Time, opened: Time, from: NodeId, to: NodeId) -> Span {
        let who = u64::from(from.0) << 8 | u64::from(to.0);
        let when = (now.0 >> BUCKET_BITS) ^ (mix(opened.0) >> 24);
        self.draw(Kind::Packet, who, when, 200, 1000)
    }

    /// How long anything else that leaves now travels from one server to another: 0.2 to 1 ms.
    pub fn latency(self, now: Time, from: NodeId, to: NodeId) -> Span {
        let who = u64::from(from.0) << 8 | u64::from(to.0);
        self.draw(Kind::Latency, who, now.0 >> BUCKET_BITS, 200, 1000)
    }

    /// How long a message between a client and a server travels: 0.1 to 0.5 ms.
    pub fn client_latency(self, now: Time, client: u8, server: NodeId) -> Span {
        let who = u64::from(client) << 8 | u64::from(server.0);
        self.draw(Kind::ClientLatency, who, now.0 >> BUCKET_BITS, 100, 500)
    }

    /// How long a disk takes for this operation: 0.2 to 2 ms.
    pub fn flush(self, server: NodeId, life: u16, lsn: Lsn) -> Span {
        let when = u64::from(life) << 24 ^ lsn.0;
        self.draw(Kind::Flush, u64::from(server.0), when, 200, 2000)
    }

    /// How long an actor waits for its turn: 10 to 100 µs; the loader takes 1 to 30 ms.
    pub fn turn(self, now: Time, server: NodeId, actor: Actor) -> Span {
        let number = match actor {
            Actor::Receiver | Actor::Loader => 0,
            Actor::LogWriter => 1,
            Actor::Committer => 2,
            Actor::Sender(learner) => 3 + u64::from(learner.0),
            Actor::LeakedLogWriter => 255,
        };
        let who = u64::from(server.0) << 8 | number;
        let (low, high) = if actor == Actor::Loader { (1_000, 30_000) } else { (10, 100) };
        self.draw(Kind::Turn, who, now.0 >> BUCKET_BITS, low, high)
    }

    /// A key to sort servers by.
    pub(crate) fn swizzle(self, now: Time, server: NodeId) -> u64 {
        hash(self.seed, Kind::Swizzle, u64::from(server.0), now.0)
    }

    /// Where a client connects first; from there it goes on to the next one (`StaticHostProvider`).
    pub(crate) const fn home(self, client: u8, servers: u8) -> NodeId {
        NodeId((hash(self.seed, Kind::Home, client as u64, 0) % servers as u64) as u8)
    }

    fn draw(self, kind: Kind, who: u64, when: u64, low: u64, high: u64) -> Span {
        Span(between(low, high, hash(self.seed, kind, who, when)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_depends_on_its_own_identity_only() {
        let delays = Delays { seed: 7 };
        let (now, a, b) = (Time(5000), NodeId(0), NodeId(1));
        assert_eq!(delays.latency(now, a, b), delays.latency(now, a, b));
        let other =
            (0..50).any(|seed| Delays { seed }.latency(now, a, b) != delays.latency(now, a, b));
        assert!(other, "another seed draws other delays");
    }

    #[test]
    fn connections_of_two_servers_have_delays_of_their_own() {
        let delays = Delays { seed: 7 };
        let packet = |opened| delays.packet(Time(5000), Time(opened), NodeId(0), NodeId(1));
        assert_eq!(packet(1), packet(1));
        assert!((2..50).any(|opened| packet(opened) < packet(1)), "none is overtaken");
    }

    #[test]
    fn delays_stay_within_their_bounds_and_reach_both_halves() {
        let delays = Delays { seed: 1 };
        let drawn: Vec<u64> = (0..1000).map(|lsn| delays.flush(NodeId(2), 0, Lsn(lsn)).0).collect();
        assert!(drawn.iter().all(|d| (200..=2000).contains(d)));
        assert!(drawn.iter().any(|d| *d < 400) && drawn.iter().any(|d| *d > 1800));
    }
}
