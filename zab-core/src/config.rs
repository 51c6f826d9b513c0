//! The settings of an ensemble, the same at every server.

use crate::ids::NodeId;
use crate::time::Span;

/// Settings as in `zoo.cfg`, scaled down so that elections take milliseconds of virtual time.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    /// How many voting servers there are: 3, 5 or 7.
    pub servers: u8,
    /// `tickTime`: pings go out every half of it.
    pub tick: Span,
    /// `initLimit`: ticks that discovery and synchronization may take.
    pub init_limit: u32,
    /// `syncLimit`: ticks without a packet after which a peer counts as gone.
    pub sync_limit: u32,
    /// Ticks without a sign of its client after which the leader ends a session. ZooKeeper allows 2 to 20
    /// (`minSessionTimeout`, `maxSessionTimeout`): here it is less than `syncLimit`, so that a leader that is
    /// cut off ends sessions before it steps down.
    pub session_timeout: u32,
    /// How long a learner waits before it dials a leader again that does not listen
    /// (`zookeeper.leaderConnectDelayDuringRetryMs`: half as long as `finalizeWait`; 1 s before 3.6.0).
    pub connect_delay: Span,
    /// FLE's `finalizeWait`: how long to wait for a better vote once a quorum agrees.
    pub finalize_wait: Span,
    /// FLE's longest interval between two notifications that are sent again.
    pub notification_interval_max: Span,
    /// `commitLogCount`: how many committed transactions are kept in memory for DIFF.
    pub committed_log_max: usize,
    /// How much of its log a leader reads from disk for one DIFF, in hundredths of its newest
    /// snapshot, before a SNAP is cheaper (`zookeeper.snapshotSizeFactor`).
    pub snapshot_size_factor: u64,
    /// `snapCount`: log records after which a snapshot is taken.
    pub snapshot_every: u32,
}

impl Config {
    /// Settings for an ensemble of this many servers.
    pub const fn new(servers: u8) -> Self {
        Self {
            servers,
            tick: Span::from_millis(40),
            init_limit: 10,
            sync_limit: 5,
            session_timeout: 4,
            connect_delay: Span::from_millis(5),
            finalize_wait: Span::from_millis(10),
            notification_interval_max: Span::from_millis(160),
            committed_log_max: 4,
            snapshot_size_factor: 33,
            snapshot_every: 10,
        }
    }

    /// How many servers make a majority.
    pub const fn majority(&self) -> usize {
        self.servers as usize / 2 + 1
    }

    /// Every server of the ensemble.
    pub fn members(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.servers).map(NodeId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_majorities_have_a_server_in_common_and_half_is_none() {
        for servers in 1..=7 {
            let majority = Config::new(servers).majority();
            assert!(2 * majority > servers.into(), "of {servers}");
            assert!(2 * (majority - 1) <= servers.into(), "one less of {servers} is enough");
        }
    }
}
