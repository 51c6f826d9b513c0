//! What states an ensemble went through: the coverage that guides a campaign.
//!
//! Branches of code do not tell progress in a protocol, states of the ensemble do. They are made
//! coarse enough to saturate: of zxids and epochs only their order counts, of queues only whether
//! they are empty, and servers are sorted, because which of them plays which part is the same.
//!
//! Part of the state is what a loss would cost: which disks hold the end of what is committed, whether
//! a client knows of it, who has lost what it acknowledged, and who would be elected without it. The
//! fewer disks hold what is committed, and the longer that lasts, the nearer an execution came to
//! losing it: its *danger*. A correct protocol lets it grow no further than to somebody losing what
//! nobody counts on.

mod locks;

use crate::situations::{Situations, Watch};
use crate::targets::counters;
use locks::Locks;
use rustc_hash::{FxHashSet, FxHasher};
use std::hash::{Hash, Hasher};
use zab_checker::{Event, Fact, Stakes};
use zab_core::{Epoch, Time, View, Zxid};

/// Epochs beyond this one count as this one.
const EPOCH_MAX: u32 = 4;

/// The most servers of an ensemble.
const SERVERS_MAX: usize = 8;

/// Something that an execution did: it was in a state, or went from one to another.
pub type Feature = u64;

/// Watches one execution.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    views: Vec<Option<View>>,
    stakes: Stakes,
    danger: Danger,
    state: Feature,
    seen: FxHashSet<Feature>,
    /// What was seen, in the order in which it was seen first, and when.
    features: Vec<Feature>,
    times: Vec<Time>,
    watch: Watch,
    locks: Locks,
}

impl Coverage {
    /// Forgets everything, but not the memory it took.
    pub fn clear(&mut self) {
        self.views.clear();
        self.seen.clear();
        self.features.clear();
        self.times.clear();
        self.state = 0;
        self.danger = Danger::default();
        self.watch.clear();
        self.locks.clear();
    }

    /// Something happened.
    pub fn on_event(&mut self, event: &Event) {
        self.watch.on_event(event);
        if let Fact::Lock { session, news } = event.fact {
            let features = self.locks.on_news(session, news);
            self.reach(event.at, features);
        }
    }

    /// The execution did this.
    fn reach(&mut self, at: Time, features: [Feature; 2]) {
        for feature in features {
            if self.seen.insert(feature) {
                self.features.push(feature);
                self.times.push(at);
            }
        }
    }

    /// The situations that the execution got into so far.
    pub const fn situations(&self) -> Situations {
        self.watch.reached()
    }

    /// A step is complete, and this is what the servers look like and what is at stake.
    pub fn record(&mut self, at: Time, views: &[Option<View>], stakes: Stakes) {
        self.danger.record(at, views.len(), stakes);
        if self.views == views && self.stakes == stakes {
            return;
        }
        self.views.clear();
        self.views.extend_from_slice(views);
        self.stakes = stakes;
        let state = abstract_state(views, stakes);
        if state == self.state {
            return;
        }
        counters::reached(views, stakes);
        let edge = hash(&(self.state, state)) | 1;
        self.state = state;
        self.reach(at, [state, edge]);
    }

    /// Every feature of the execution so far, once: even numbers are states, odd ones are edges.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// How near the execution came to a loss so far: 0 if never.
    pub fn danger(&self) -> u32 {
        self.danger.points()
    }

    /// When something happened that is worth another try: the greatest danger, or else this
    /// feature for the first time.
    pub fn moment_of(&self, feature: Feature) -> Time {
        if self.danger.greatest > 0 {
            return self.danger.since;
        }
        let index = self.features.iter().position(|f| *f == feature);
        index.map_or(Time(0), |index| self.times[index])
    }

    /// Whether a feature is a state.
    pub const fn is_state(feature: Feature) -> bool {
        feature.is_multiple_of(2)
    }
}

/// How near an execution came to a loss.
#[derive(Copy, Clone, Debug, Default)]
struct Danger {
    /// The greatest so far, since when, and for how long altogether.
    greatest: u32,
    since: Time,
    lasted_us: u64,
    /// At the last step.
    now: u32,
    at: Time,
}

impl Danger {
    fn record(&mut self, at: Time, servers: usize, stakes: Stakes) {
        if self.greatest > 0 && self.now == self.greatest {
            self.lasted_us += at.0.saturating_sub(self.at.0);
        }
        self.at = at;
        self.now = Self::of(servers, stakes);
        if self.now > self.greatest {
            *self = Self { greatest: self.now, since: at, lasted_us: 0, ..*self };
        }
    }

    /// Two points for each disk that a majority lacks, or if one of those that lack it would be
    /// elected, and one if a client would notice; one at least if a server lacks what it
    /// acknowledged.
    fn of(servers: usize, stakes: Stakes) -> u32 {
        let majority = servers as u32 / 2 + 1;
        // A disk that is created again takes copies that were counted on, and a vote with them.
        let accounted = stakes.holders | stakes.blank;
        let lacking = majority.saturating_sub(accounted.count_ones());
        match lacking.max(u32::from(stakes.usurpers > 0)) {
            0 => u32::from(stakes.forgetful > 0),
            steps => 2 * steps + u32::from(stakes.known),
        }
    }

    /// Four points for each of the above, and up to three for how long it lasted: a millisecond is
    /// the time of one flush, and hardly enough for anything else to happen.
    fn points(&self) -> u32 {
        let long = [2_000, 8_000, 32_000].iter().filter(|us| self.lasted_us > **us).count();
        if self.greatest == 0 { 0 } else { 4 * self.greatest - 3 + long as u32 }
    }
}

/// The abstract state of each server by itself: far fewer than states of the ensemble.
pub fn local_states(views: &[Option<View>], stakes: Stakes) -> impl Iterator<Item = u32> {
    abstract_servers(views, stakes).0.into_iter().take(views.len())
}

/// The abstract state of the ensemble, as an even hash.
pub fn abstract_state(views: &[Option<View>], stakes: Stakes) -> Feature {
    let (servers, greatest) = abstract_servers(views, stakes);
    hash(&(servers, greatest.epoch.0.min(EPOCH_MAX), stakes.known)) & !1
}

/// Every server of the ensemble, in an order that does not tell which is which, and what they were
/// compared with.
fn abstract_servers(views: &[Option<View>], stakes: Stakes) -> ([u32; SERVERS_MAX], Reference) {
    let up = || views.iter().flatten();
    let reference = Reference {
        epoch: up().map(|view| view.current_epoch).max().unwrap_or_default(),
        logged: up().map(|view| view.last_logged).max().unwrap_or_default(),
    };
    let mut servers = [0; SERVERS_MAX];
    let count = views.len().min(servers.len());
    for (at, (server, view)) in servers.iter_mut().zip(views).enumerate() {
        let bit = |set: u8| u32::from(set >> at & 1);
        let disk = 4 * bit(stakes.usurpers) + 2 * bit(stakes.holders) + bit(stakes.forgetful);
        *server = 8 * view.as_ref().map_or(0, |view| abstract_server(view, &reference)) + disk;
    }
    servers[..count].sort_unstable();
    (servers, reference)
}

/// The greatest values of the servers that are up: what each of them is compared with.
struct Reference {
    epoch: Epoch,
    logged: Zxid,
}

/// One server that is up, as a number that is not 0.
///
/// Coarse on purpose. With `acceptedEpoch` compared to the others' and with queue and flush told
/// apart, each execution still reached a new state after fifty thousand.
fn abstract_server(view: &View, reference: &Reference) -> u32 {
    let busy = view.queued > 0 || view.flushing;
    let parts: [(u32, u32); 9] = [
        (4, 1 + view.state as u32),
        (4, view.phase as u32),
        (2, u32::from(view.current_epoch < reference.epoch)),
        (2, u32::from(view.current_epoch < view.accepted_epoch)),
        (3, distance(view.last_logged, reference.logged)),
        (3, order(view.last_processed, view.last_logged)),
        (2, u32::from(busy)),
        (4, view.sync_mode.map_or(0, |mode| 1 + mode as u32)),
        (2, u32::from(view.receiver_blocked)),
    ];
    parts.iter().fold(0, |code, (radix, digit)| code * radix + digit)
}

/// How far a zxid is behind the greatest: not at all, within its epoch, by epochs.
fn distance(zxid: Zxid, greatest: Zxid) -> u32 {
    match (zxid == greatest, zxid.epoch == greatest.epoch) {
        (true, _) => 0,
        (false, true) => 1,
        (false, false) => 2,
    }
}

/// Before, at or beyond.
const fn order(a: Zxid, b: Zxid) -> u32 {
    let (a, b) = ((a.epoch.0, a.counter), (b.epoch.0, b.counter));
    if a.0 == b.0 && a.1 == b.1 {
        0
    } else if a.0 < b.0 || a.0 == b.0 && a.1 < b.1 {
        1
    } else {
        2
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate;
    use crate::oracle::Oracle;
    use crate::rng::Rng;
    use zab_core::NodeId;
    use zab_core::message::ServerState;
    use zab_core::view::Phase;

    fn view(leader: u8, state: ServerState, logged: Zxid) -> Option<View> {
        Some(View {
            state,
            phase: Phase::Broadcast,
            leader: Some(NodeId(leader)),
            round: 1,
            accepted_epoch: Epoch(1),
            current_epoch: Epoch(1),
            last_processed: logged,
            last_logged: logged,
            queued: 0,
            flushing: false,
            to_apply: 0,
            sync_mode: None,
            receiver_blocked: false,
            serving: true,
        })
    }

    #[test]
    fn the_same_roles_at_other_servers_and_later_zxids_are_the_same_state() {
        use ServerState::{Following, Leading};
        let old = Zxid::new(1, 3);
        let new = Zxid::new(1, 9);
        let a = [view(2, Following, old), None, view(2, Leading, old)];
        let b = [view(0, Leading, new), view(0, Following, new), None];
        let at_0_and_2 = Stakes { holders: 0b101, known: true, ..Stakes::default() };
        let at_0_and_1 = Stakes { holders: 0b011, known: true, ..Stakes::default() };
        assert_eq!(abstract_state(&a, at_0_and_2), abstract_state(&b, at_0_and_1));
        assert_ne!(abstract_state(&a, at_0_and_2), abstract_state(&b, at_0_and_2));
        let behind = [view(0, Leading, new), view(0, Following, old), None];
        assert_ne!(abstract_state(&b, at_0_and_1), abstract_state(&behind, at_0_and_1));
    }

    #[test]
    fn danger_grows_as_disks_lose_what_a_client_knows_of() {
        let danger_of =
            |holders, known| Danger::of(3, Stakes { holders, known, ..Stakes::default() });
        assert_eq!(danger_of(0b011, true), 0, "a majority holds it");
        assert!(danger_of(0b001, false) > danger_of(0b011, true));
        assert!(danger_of(0b001, true) > danger_of(0b001, false));
        assert!(danger_of(0b000, false) > danger_of(0b001, true));
    }

    #[test]
    fn the_next_leader_may_lack_what_is_committed() {
        let danger_of = |usurpers| {
            Danger::of(3, Stakes { holders: 0b011, known: true, usurpers, ..Stakes::default() })
        };
        assert_eq!(danger_of(0), 0);
        assert_eq!(danger_of(0b100), 3, "as if a majority lacked one disk");
    }

    #[test]
    fn the_reference_never_comes_nearer_than_to_lacking_what_nobody_counts_on() {
        use crate::case::Driver;
        let reference = crate::variants::find("reference").expect("it is listed").releases();
        let (mut oracle, mut rng) = (Oracle::new(Driver::Direct), Rng::new(11));
        let mut coverage = Coverage::default();
        for _ in 0..1500 {
            let schedule = generate::schedule(&mut rng, 3);
            oracle.cover(&schedule, reference, &mut coverage);
            assert!(coverage.danger.greatest <= 1, "{schedule:?}");
        }
    }

    #[test]
    fn danger_that_lasts_counts_for_more() {
        let points_after = |us: u64| {
            let mut danger = Danger::default();
            danger.record(Time(5), 3, Stakes { holders: 0b001, known: false, ..Stakes::default() });
            danger.record(
                Time(5 + us),
                3,
                Stakes { holders: 0b011, known: false, ..Stakes::default() },
            );
            (danger.points(), danger.since)
        };
        assert_eq!(points_after(1_000), (5, Time(5)));
        assert_eq!(points_after(10_000), (7, Time(5)));
    }

    #[test]
    fn states_and_edges_are_recorded_once() {
        let up = [view(0, ServerState::Leading, Zxid::new(1, 3))];
        let down = [None];
        let mut coverage = Coverage::default();
        for _ in 0..3 {
            coverage.record(Time(1), &up, Stakes::default());
            coverage.record(Time(1), &up, Stakes::default());
            coverage.record(Time(2), &down, Stakes::default());
        }
        let states = coverage.features().iter().filter(|f| Coverage::is_state(**f)).count();
        assert_eq!(states, 2);
        // Out of nothing, down, and up again.
        assert_eq!(coverage.features().len() - states, 3);
        coverage.clear();
        assert!(coverage.features().is_empty());
    }
}
