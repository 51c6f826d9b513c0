//! What states an ensemble went through: the coverage that guides a campaign.
//!
//! Branches of code do not tell progress in a protocol, states of the ensemble do. They are made
//! coarse enough to saturate: of zxids and epochs only their order counts, of queues only whether
//! they are empty, and servers are sorted, because which of them plays which part is the same.

use rustc_hash::{FxHashSet, FxHasher};
use std::hash::{Hash, Hasher};
use zab_core::{Epoch, View, Zxid};

/// Epochs beyond this one count as this one.
const EPOCH_MAX: u32 = 4;

/// Something that an execution did: it was in a state, or went from one to another.
pub type Feature = u64;

/// Watches one execution.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    views: Vec<Option<View>>,
    state: Feature,
    seen: FxHashSet<Feature>,
    /// What was seen, in the order in which it was seen first.
    features: Vec<Feature>,
}

impl Coverage {
    /// Forgets everything, but not the memory it took.
    pub fn clear(&mut self) {
        self.views.clear();
        self.seen.clear();
        self.features.clear();
        self.state = 0;
    }

    /// A step is complete, and this is what the servers look like.
    pub fn record(&mut self, views: &[Option<View>]) {
        if self.views == views {
            return;
        }
        self.views.clear();
        self.views.extend_from_slice(views);
        let state = abstract_state(views);
        if state == self.state {
            return;
        }
        let edge = hash(&(self.state, state)) | 1;
        self.state = state;
        for feature in [state, edge] {
            if self.seen.insert(feature) {
                self.features.push(feature);
            }
        }
    }

    /// Every feature of the execution so far, once: even numbers are states, odd ones are edges.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// Whether a feature is a state.
    pub const fn is_state(feature: Feature) -> bool {
        feature.is_multiple_of(2)
    }
}

/// The abstract state of the ensemble, as an even hash.
pub fn abstract_state(views: &[Option<View>]) -> Feature {
    let up = || views.iter().flatten();
    let reference = Reference {
        epoch: up().map(|view| view.current_epoch).max().unwrap_or_default(),
        logged: up().map(|view| view.last_logged).max().unwrap_or_default(),
    };
    let mut servers = [0_u32; 8];
    let count = views.len().min(servers.len());
    for (server, view) in servers.iter_mut().zip(views) {
        *server = view.as_ref().map_or(0, |view| abstract_server(view, &reference));
    }
    servers[..count].sort_unstable();
    hash(&(reference.epoch.0.min(EPOCH_MAX), &servers[..count])) & !1
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
        assert_eq!(abstract_state(&a), abstract_state(&b));
        let behind = [view(0, Leading, new), view(0, Following, old), None];
        assert_ne!(abstract_state(&a), abstract_state(&behind));
    }

    #[test]
    fn states_and_edges_are_recorded_once() {
        let up = [view(0, ServerState::Leading, Zxid::new(1, 3))];
        let down = [None];
        let mut coverage = Coverage::default();
        for _ in 0..3 {
            coverage.record(&up);
            coverage.record(&up);
            coverage.record(&down);
        }
        let states = coverage.features().iter().filter(|f| Coverage::is_state(**f)).count();
        assert_eq!(states, 2);
        // Out of nothing, down, and up again.
        assert_eq!(coverage.features().len() - states, 3);
        coverage.clear();
        assert!(coverage.features().is_empty());
    }
}
