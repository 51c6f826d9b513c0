//! What is waited for besides messages and agendas.

use super::shared::Handle;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::advance;
use zab_core::Time;

/// What is waited for besides messages and agendas.
#[derive(Default)]
pub(super) struct Waits {
    /// Connections that are being made.
    pub(super) handshakes: u32,
    /// When connections are to be made.
    dials: Vec<Time>,
    /// Connections may be made whose time is not later than this.
    pub(super) horizon: Time,
    /// Told when that is later than before.
    pub(super) dialing: Rc<Notify>,
    /// How far hosts shall move their clocks on.
    leap: Duration,
    leaping: Rc<Notify>,
}

impl Waits {
    /// Connections may be made whose time is not later than this. Says whether there are any.
    pub(super) fn may_dial_until(&mut self, horizon: Time) -> bool {
        self.horizon = horizon;
        let any = self.dials.iter().any(|at| *at <= horizon);
        if any {
            self.dialing.notify_waiters();
        }
        any
    }

    /// When a connection is to be made next.
    pub(super) fn next_dial(&self) -> Option<Time> {
        self.next_dial_from(Time(0))
    }

    /// The same for connections that are to be made at this instant or later.
    pub(super) fn next_dial_from(&self, after: Time) -> Option<Time> {
        self.dials.iter().copied().filter(|at| *at >= after).min()
    }

    /// Has the hosts skip this number of ticks in the next step.
    pub(super) fn leap(&mut self, ticks: u64) {
        self.leap = Duration::from_millis(ticks);
        self.leaping.notify_waiters();
    }
}

/// Moves the clock of a host on whenever the driver says so: one task in each host. Only the
/// deadlines of the shell go by that clock.
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
    until: Option<Time>,
}

impl Wait {
    /// Somebody makes a connection.
    pub(super) fn handshake(shared: &Handle) -> Self {
        shared.borrow_mut().waits.handshakes += 1;
        Self { shared: shared.clone(), until: None }
    }

    /// Somebody wants to make a connection at this instant.
    pub(super) fn dial(shared: &Handle, at: Time) -> Self {
        shared.borrow_mut().waits.dials.push(at);
        Self { shared: shared.clone(), until: Some(at) }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let waits = &mut self.shared.borrow_mut().waits;
        match self.until {
            None => waits.handshakes -= 1,
            Some(until) => {
                let at = waits.dials.iter().position(|dial| *dial == until);
                waits.dials.swap_remove(at.expect("it was put there"));
            }
        }
    }
}
