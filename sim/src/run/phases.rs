//! The phases of an execution after boot.

use super::execution::{End, Execution};
use super::{Observer, Run};
use crate::driver::Driver;
use crate::schedule::{CLIENTS, ClientOp, Schedule};
use std::ops::ControlFlow;
use zab_checker::Fact;
use zab_core::event::ExitReason;
use zab_core::txn::KEYS;
use zab_core::{Key, Micros, NodeId, Outcome};

/// After healing, a write has to be acknowledged within this time: 100 ticks.
pub const LIVENESS_BOUND: Micros = Micros::from_millis(4000);

/// An execution has at most this many steps after boot.
pub const STEPS_MAX: u64 = 400_000;

/// Chaos lasts at most this long; actions that would last longer are cut short by healing.
const CHAOS_MAX: Micros = Micros::from_millis(30_000);

/// Pause of the probe between two attempts.
const PROBE_PAUSE: Micros = Micros::from_millis(10);

/// An ensemble in which nothing but pings has happened for this long is quiet: two ticks.
const QUIET: Micros = Micros::from_millis(80);

/// How long to wait until the ensemble is quiet.
const QUIET_BOUND: Micros = Micros::from_millis(2000);

/// The client that writes during boot.
pub(super) const BOOT_CLIENT: u8 = CLIENTS;

/// The client that writes after healing.
const PROBE: u8 = CLIENTS + 1;

/// The client that reads at server 0 in the end; those of the others follow.
const FIRST_READER: u8 = CLIENTS + 2;

/// How many clients there are in all.
pub(crate) const fn clients(servers: u8) -> u8 {
    FIRST_READER + servers
}

impl<D: Driver, O: Observer> Execution<'_, D, O> {
    /// Runs all phases.
    pub(crate) fn run(mut self, schedule: &Schedule) -> Run {
        let end = self.phases(schedule);
        self.finish(end)
    }

    fn phases(&mut self, schedule: &Schedule) -> ControlFlow<End> {
        self.change(|driver, _| driver.set_seed(schedule.seed))?;
        self.chaos(schedule)?;
        self.change(|driver, fx| driver.heal(fx))?;
        if self.liveness()? {
            let quiet = self.wait_until_quiet(QUIET_BOUND)?;
            self.read_everything()?;
            if quiet {
                self.show_memories()?;
            }
        }
        ControlFlow::Continue(())
    }

    fn chaos(&mut self, schedule: &Schedule) -> ControlFlow<End> {
        let origin = self.now();
        for action in &schedule.actions {
            self.advance(origin.after(Micros(action.at_us)), |_| false)?;
            self.change(|driver, fx| driver.act(action.act, fx))?;
        }
        let length = Micros(schedule.end_us()).min(CHAOS_MAX);
        self.advance(self.now().max(origin.after(length)), |_| false)
    }

    /// Whether a write is acknowledged in time.
    fn liveness(&mut self) -> ControlFlow<End, bool> {
        let limit = self.now().after(LIVENESS_BOUND);
        for server in self.driver.config().members().collect::<Vec<_>>().into_iter().cycle() {
            if self.now() >= limit {
                break;
            }
            if self.driver.is_up(server) {
                self.invoke(PROBE, server, ClientOp::Write, Key(KEYS as u8 - 1))?;
                self.advance(limit, |driver| driver.client(PROBE).is_idle())?;
            }
            if let Some(Outcome::Written { .. }) = self.driver.client(PROBE).last() {
                self.state(None, Fact::Available)?;
                return ControlFlow::Continue(true);
            }
            let pause = self.now().after(PROBE_PAUSE).min(limit);
            self.advance(pause, |_| false)?;
        }
        let excuse = self.excuse();
        self.state(None, Fact::Unavailable { bound: LIVENESS_BOUND, excuse })?;
        ControlFlow::Continue(false)
    }

    /// Why no service can be expected: too many servers refuse to start.
    fn excuse(&self) -> Option<&'static str> {
        let driver = &self.driver;
        let reasons = || driver.config().members().filter_map(|id| driver.refused_to_start(id));
        let left = usize::from(driver.config().servers) - reasons().count();
        if left >= driver.config().majority() {
            return None;
        }
        match reasons().all(|reason| reason == ExitReason::EpochBehindLog) {
            true => Some("no quorum starts: epoch of the log above currentEpoch"),
            false => Some("no quorum starts: epoch files contradict each other"),
        }
    }

    /// Waits until nothing but pings happens, all servers that are up serve, and they have the
    /// same leader; at most this long. Tells whether those that serve are at rest in the end.
    pub(super) fn wait_until_quiet(&mut self, bound: Micros) -> ControlFlow<End, bool> {
        let limit = self.now().after(bound);
        loop {
            let quiet_from = self.last_news.after(QUIET);
            // A leader that has lost its followers serves until it notices.
            let at_rest = quiet_from <= self.now() && self.have_one_leader();
            if at_rest && self.everybody_serves() || self.now() >= limit {
                return ControlFlow::Continue(at_rest);
            }
            let next = if quiet_from > self.now() { quiet_from } else { self.now().after(QUIET) };
            self.advance(next.min(limit), |_| false)?;
        }
    }

    fn everybody_serves(&self) -> bool {
        let driver = &self.driver;
        driver.config().members().all(|server| driver.is_serving(server) || !driver.is_up(server))
    }

    /// Whether all servers that serve have the same leader.
    fn have_one_leader(&self) -> bool {
        let leader = |server| self.driver.view(server).and_then(|view| view.leader);
        self.serving().windows(2).all(|pair| leader(pair[0]) == leader(pair[1]))
    }

    fn serving(&self) -> Vec<NodeId> {
        let driver = &self.driver;
        driver.config().members().filter(|server| driver.is_serving(*server)).collect()
    }

    fn read_everything(&mut self) -> ControlFlow<End> {
        let servers = self.serving();
        for key in 0..KEYS as u8 {
            for server in &servers {
                self.invoke(FIRST_READER + server.0, *server, ClientOp::SyncRead, Key(key))?;
            }
            let until = self.now().after(QUIET_BOUND);
            let idle =
                |server: &NodeId, driver: &D| driver.client(FIRST_READER + server.0).is_idle();
            self.advance(until, |driver| servers.iter().all(|server| idle(server, driver)))?;
        }
        ControlFlow::Continue(())
    }

    fn show_memories(&mut self) -> ControlFlow<End> {
        for server in self.serving() {
            if let Some(replica) = self.driver.replica(server) {
                self.state(Some(server), Fact::AtRest(Box::new(replica)))?;
            }
        }
        ControlFlow::Continue(())
    }

    pub(super) fn invoke(
        &mut self,
        client: u8,
        server: NodeId,
        op: ClientOp,
        key: Key,
    ) -> ControlFlow<End> {
        self.change(|driver, fx| driver.invoke((client, server), (op, key), fx))
    }

    /// States a fact about the execution.
    fn state(&mut self, node: Option<NodeId>, fact: Fact) -> ControlFlow<End> {
        self.change(|driver, fx| driver.state(node, fact, fx))
    }
}
