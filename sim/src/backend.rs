//! What faults and clients need of a driver.
//!
//! The meaning of each action is written once, in [`faults`](crate::faults) and
//! [`sessions`](crate::sessions), over this. What differs stands behind it: how a process is run,
//! and how connections break. The two networks have nothing in common, so that each is a test of
//! the other.
//!
//! A [`Driver`](crate::Driver) is the same simulation seen from an execution; a
//! [`Platform`](crate::shell::Platform) is a machine seen from the process on it.

use crate::client::{Client, Open};
use crate::cluster::Cluster;
use crate::due::Later;
use crate::lockers::Locker;
use std::ops::DerefMut;
use zab_checker::Fact;
use zab_core::{NodeId, Purge, RequestId, SessionId, Time, Zxid};

/// A simulation, at the instant at which something happens to it.
pub(crate) trait Backend {
    /// That instant.
    fn now(&self) -> Time;

    /// The machines and the links.
    fn cluster(&mut self) -> impl DerefMut<Target = Cluster>;

    /// The clients' sessions.
    fn sessions(&mut self) -> &mut [Client];

    /// The clients that queue for the lock, if there are any.
    fn lockers(&mut self) -> &mut Vec<Locker>;

    /// A client's session.
    fn session(&mut self, client: u8) -> &mut Client {
        match client.checked_sub(SessionId::FIRST_TRACKED) {
            Some(place) => self.lockers()[usize::from(place)].client(),
            None => &mut self.sessions()[usize::from(client)],
        }
    }

    /// Something can be observed, at a server or of the ensemble as a whole.
    fn observe(&mut self, node: Option<NodeId>, fact: Fact);

    /// Something falls due later.
    fn plan(&mut self, at: Time, later: Later);

    /// The process of a server starts, on a machine that counts it as running.
    fn launch(&mut self, id: NodeId);

    /// The main thread of a process, if one is running, gets an exception.
    fn step_down(&mut self, id: NodeId);

    /// Files are gone from the folders that a process reads, from its next step on.
    fn purged(&mut self, id: NodeId, purge: Purge);

    /// What is on the way gets as far as it can before a fault loses it.
    fn let_arrive(&mut self) {}

    /// The process of a server is gone: its connections close, or fall silent without power.
    fn disconnect(&mut self, id: NodeId, power_loss: bool);

    /// What one server sends to another from now on is lost: the link has just been cut.
    fn cut(&mut self, from: NodeId, to: NodeId);

    /// The connections between two servers are reset.
    fn reset(&mut self, a: NodeId, b: NodeId);

    /// Servers that can reach each other find out which connections are dead, and all that was
    /// withheld is tried again.
    fn resume(&mut self);

    /// What a client asks leaves for its server, where it arrives at this instant.
    fn send(&mut self, at: Time, open: Open, last_seen: Zxid);

    /// A client waits no longer.
    fn abandon(&mut self, request: RequestId) {
        let _ = request;
    }
}
