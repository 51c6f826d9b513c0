//! Which of turmoil's one-way partitions are wanted, and which are in force.
//!
//! A partition set between two steps would also lose what was sent in the last one. Those that the
//! schedule wants are therefore set by a task of the first host in turmoil's order: by then the
//! messages of the last step have arrived, and nobody has sent a new one.

use super::shared::Handle;
use super::{CLIENTS_HOST, address};
use std::rc::Rc;
use tokio::sync::Notify;

/// Hosts are counted like servers; the clients' comes last.
const HOSTS_MAX: usize = 8;

type Matrix = [[bool; HOSTS_MAX]; HOSTS_MAX];

/// The one-way links between hosts.
pub(super) struct Partitions {
    servers: usize,
    wanted: Matrix,
    in_force: Matrix,
    changed: Rc<Notify>,
}

impl Partitions {
    pub(super) fn new(servers: u8) -> Self {
        Self {
            servers: servers.into(),
            wanted: Matrix::default(),
            in_force: Matrix::default(),
            changed: Rc::default(),
        }
    }

    /// Says for every link whether it shall be partitioned; `clients` stands for their host.
    pub(super) fn want(&mut self, is_wanted: impl Fn(Option<u8>, Option<u8>) -> bool) {
        let host = |index: usize| (index < self.servers).then_some(index as u8);
        for from in 0..=self.servers {
            for to in (0..=self.servers).filter(|to| *to != from) {
                self.wanted[from][to] = is_wanted(host(from), host(to));
            }
        }
        if self.wanted != self.in_force {
            self.changed.notify_one();
        }
    }

    /// A machine has lost its power, and is partitioned from all others already.
    pub(super) fn set_isolated(&mut self, server: u8) {
        let server = usize::from(server);
        for other in (0..=self.servers).filter(|other| *other != server) {
            for (from, to) in [(server, other), (other, server)] {
                self.wanted[from][to] = true;
                self.in_force[from][to] = true;
            }
        }
    }

    /// The links that have to change, and to what.
    fn take_changes(&mut self) -> Vec<(usize, usize, bool)> {
        let mut changes = Vec::new();
        for from in 0..=self.servers {
            for to in 0..=self.servers {
                if self.wanted[from][to] != self.in_force[from][to] {
                    changes.push((from, to, self.wanted[from][to]));
                }
            }
        }
        self.in_force = self.wanted;
        changes
    }
}

/// Keeps partitions as they are wanted: a task of the first host.
pub(super) async fn enforce(shared: Handle) {
    let changed = Rc::clone(&shared.borrow().partitions.changed);
    let servers = shared.borrow().partitions.servers;
    let host = |index: usize| address(if index < servers { index as u8 } else { CLIENTS_HOST });
    loop {
        changed.notified().await;
        let changes = shared.borrow_mut().partitions.take_changes();
        for (from, to, partitioned) in changes {
            if partitioned {
                turmoil::partition_oneway(host(from), host(to));
            } else {
                turmoil::repair_oneway(host(from), host(to));
            }
        }
    }
}
