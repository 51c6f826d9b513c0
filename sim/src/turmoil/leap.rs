//! Ticks in which nothing can happen are skipped: a tick of turmoil costs the same whether or not
//! anything happens, and in most of them nothing does.
//!
//! Nothing happens while no message is on the way, no connection is being made, no owner has
//! something due, and neither has the driver. The clocks of all hosts are then moved on together,
//! to the tick in which the first of these ends. A deadline of the shell that falls into such a
//! stretch is noticed at its end, at most half a protocol tick late.

use super::shared::Handle;
use super::{TICK, TICK_US, Turmoil};
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::advance;
use zab_core::{Micros, NodeId};

/// What is waited for besides messages and agendas.
#[derive(Default)]
pub(super) struct Waits {
    /// Connections that are being made.
    handshakes: u32,
    /// When pauses end.
    pauses: Vec<Micros>,
    /// How far hosts shall move their clocks on.
    leap: Duration,
    leaping: Rc<Notify>,
}

impl Waits {
    /// Has the hosts skip so many ticks in the next one.
    pub(super) fn leap(&mut self, ticks: u64) {
        self.leap = Duration::from_millis(ticks);
        self.leaping.notify_waiters();
    }
}

/// Moves the clock of a host on whenever the driver says so: one task in each host.
pub(super) async fn follow(shared: Handle) {
    let leaping = Rc::clone(&shared.borrow().waits.leaping);
    loop {
        leaping.notified().await;
        let leap = shared.borrow().waits.leap;
        advance(leap).await;
    }
}

/// Somebody waits, as long as this lives.
pub(super) struct Wait {
    shared: Handle,
    /// `None` while a connection is being made.
    until: Option<Micros>,
}

impl Wait {
    /// Somebody waits for a connection.
    pub(super) fn handshake(shared: &Handle) -> Self {
        shared.borrow_mut().waits.handshakes += 1;
        Self { shared: shared.clone(), until: None }
    }

    /// Somebody waits for this long.
    pub(super) fn pause(shared: &Handle, span: Duration) -> Self {
        let ticks = span.as_millis().div_ceil(TICK.as_millis()) as u64;
        let until = shared.borrow().now.after(Micros(ticks * TICK_US));
        shared.borrow_mut().waits.pauses.push(until);
        Self { shared: shared.clone(), until: Some(until) }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let waits = &mut self.shared.borrow_mut().waits;
        match self.until {
            None => waits.handshakes -= 1,
            Some(until) => {
                let at = waits.pauses.iter().position(|pause| *pause == until);
                waits.pauses.swap_remove(at.expect("it was put there"));
            }
        }
    }
}

impl Turmoil {
    /// In how many ticks something can happen next, at most until then; 1 is the next one.
    pub(super) fn idle_ticks(&self, until: Micros) -> u64 {
        let shared = self.shared.borrow();
        if self.stirred || shared.waits.handshakes > 0 || self.is_anything_on_the_way() {
            return 1;
        }
        let is_up = |id: &NodeId| shared.servers[id.index()].up;
        let is_paused = |id: &NodeId| shared.servers[id.index()].stalls.node(shared.now);
        let awake = self.config.members().filter(|id| is_up(id) && !is_paused(id));
        let owners = awake.filter_map(|id| shared.servers[id.index()].next_at);
        let planned = self.agenda.first_key_value().map(|((at, _), _)| *at);
        let ends = owners.chain(planned).chain(shared.waits.pauses.iter().copied());
        let next = ends.min().map_or(until, |next| next.min(until));
        next.0.saturating_sub(shared.now.0).div_ceil(TICK_US).max(1)
    }

    fn is_anything_on_the_way(&self) -> bool {
        let mut found = false;
        self.sim.links(|links| links.for_each(|mut link| found |= link.next().is_some()));
        found
    }
}
