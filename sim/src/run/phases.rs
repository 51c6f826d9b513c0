//! The phases of an execution after boot.

use super::execution::{End, Execution};
use super::{Observer, Run};
use crate::driver::Driver;
use crate::schedule::{CLIENTS, ClientOp, Schedule};
use std::ops::ControlFlow;
use zab_checker::Fact;
use zab_core::event::ExitReason;
use zab_core::txn::KEYS;
use zab_core::{Key, NodeId, Outcome, Span, Time};

/// After healing, a write has to be acknowledged within this time: 100 ticks.
pub const LIVENESS_BOUND: Span = Span::from_millis(4000);

/// Where none is, so long is waited for one to tell when service came back.
const PATIENCE: Span = Span::from_millis(30_000);

/// Once service is back, every server that is up has to serve within this time.
const SERVING_BOUND: Span = Span::from_millis(4000);

/// A server that serves has to carry out a write within this time, in the end.
const WRITING_BOUND: Span = Span::from_millis(2000);

/// Once all servers serve, sessions whose clients are gone have ended within this time: 12 ticks, three times
/// as long as that takes.
const SESSIONS_BOUND: Span = Span::from_millis(480);

/// The register of the writes after healing.
const PROBED: Key = Key(KEYS as u8 - 1);

/// An execution has at most this many steps after boot.
pub const STEPS_MAX: u64 = 400_000;

/// Chaos lasts at most this long; actions that would last longer are cut short by healing.
const CHAOS_MAX: Span = Span::from_millis(30_000);

/// Pause of the probe between two attempts.
const PROBE_PAUSE: Span = Span::from_millis(10);

/// The same once service is overdue.
const PATIENT_PAUSE: Span = Span::from_millis(100);

/// An ensemble in which nothing but pings has happened for this long is quiet: two ticks.
const QUIET: Span = Span::from_millis(80);

/// How long to wait until the ensemble is quiet.
const QUIET_BOUND: Span = Span::from_millis(2000);

/// The client that writes during boot.
pub(super) const BOOT_CLIENT: u8 = CLIENTS;

/// The client that writes after healing.
const PROBE: u8 = CLIENTS + 1;

/// The client that writes at server 0 in the end; those of the others follow.
const FIRST_WRITER: u8 = CLIENTS + 2;

/// The client that reads at server 0 in the end; those of the others follow.
const fn first_reader(servers: u8) -> u8 {
    FIRST_WRITER + servers
}

/// How many clients there are in all.
pub(crate) const fn clients(servers: u8) -> u8 {
    first_reader(servers) + servers
}

impl<D: Driver, O: Observer> Execution<'_, D, O> {
    /// Runs all phases.
    pub(crate) fn run(mut self, schedule: &Schedule) -> Run {
        let end = self.phases(schedule);
        self.finish(end)
    }

    fn phases(&mut self, schedule: &Schedule) -> ControlFlow<End> {
        self.change(|driver, _| driver.set_seed(schedule.seed))?;
        if !schedule.directories.are_lenient() {
            self.change(|driver, _| driver.set_directories(schedule.directories))?;
            self.state(None, Fact::StrictDirectories)?;
        }
        if !schedule.workload.is_registers() {
            self.change(|driver, fx| driver.begin_locks(schedule.workload, fx))?;
        }
        self.chaos(schedule)?;
        self.change(|driver, fx| driver.heal(fx))?;
        if self.liveness()? {
            self.service_for_all()?;
            if !schedule.workload.is_registers() {
                self.advance(self.now().after(SESSIONS_BOUND), |_| false)?;
                self.change(|driver, fx| driver.calm_locks(fx))?;
            }
            let quiet = self.wait_until_quiet(QUIET_BOUND)?;
            self.state_who_is_absent(QUIET_BOUND)?;
            self.read_everything()?;
            if quiet {
                self.show_memories()?;
            } else {
                self.state(None, Fact::NeverQuiet { bound: QUIET_BOUND })?;
            }
        }
        ControlFlow::Continue(())
    }

    fn chaos(&mut self, schedule: &Schedule) -> ControlFlow<End> {
        let origin = self.now();
        for action in &schedule.actions {
            self.advance(origin.after(Span(action.at_us)), |_| false)?;
            self.change(|driver, fx| driver.act(action.act, fx))?;
        }
        let length = Span(schedule.end_us()).min(CHAOS_MAX);
        self.advance(self.now().max(origin.after(length)), |_| false)
    }

    /// Whether a write is acknowledged at all; states whether it was in time.
    fn liveness(&mut self) -> ControlFlow<End, bool> {
        let healed = self.now();
        let mut is_available = self.probe_until(healed.after(LIVENESS_BOUND), PROBE_PAUSE)?;
        if !is_available {
            let excuse = self.excuse();
            self.state(None, Fact::Unavailable { bound: LIVENESS_BOUND, excuse })?;
            is_available =
                excuse.is_none() && self.probe_until(healed.after(PATIENCE), PATIENT_PAUSE)?;
        }
        if is_available {
            let after = self.now().since(healed);
            self.state(None, Fact::Available { after })?;
        }
        ControlFlow::Continue(is_available)
    }

    /// Asks one server after the other for a write, until one is acknowledged.
    fn probe_until(&mut self, limit: Time, pause: Span) -> ControlFlow<End, bool> {
        for server in self.driver.config().members().collect::<Vec<_>>().into_iter().cycle() {
            if self.now() >= limit {
                break;
            }
            if self.driver.is_up(server) {
                self.invoke(PROBE, server, ClientOp::Write, PROBED)?;
                self.advance(limit, |driver| driver.client(PROBE).is_idle())?;
            }
            if self.has_written(PROBE) {
                return ControlFlow::Continue(true);
            }
            self.advance(self.now().after(pause).min(limit), |_| false)?;
        }
        ControlFlow::Continue(false)
    }

    fn has_written(&self, client: u8) -> bool {
        matches!(self.driver.client(client).last(), Some(Outcome::Written { .. }))
    }

    /// Waits until every server that is up serves, and has each of them carry out a write; states who
    /// does not.
    fn service_for_all(&mut self) -> ControlFlow<End> {
        let limit = self.now().after(SERVING_BOUND);
        while !self.everybody_serves() && self.now() < limit {
            self.advance(self.now().after(PROBE_PAUSE).min(limit), |_| false)?;
        }
        self.state_who_is_absent(SERVING_BOUND)?;
        let limit = self.now().after(WRITING_BOUND);
        let mut silent = self.serving();
        while !silent.is_empty() && self.now() < limit {
            for server in &silent {
                self.invoke(FIRST_WRITER + server.0, *server, ClientOp::Write, PROBED)?;
            }
            let asked = silent.clone();
            self.advance(limit, |driver| {
                asked.iter().all(|server| driver.client(FIRST_WRITER + server.0).is_idle())
            })?;
            silent.retain(|server| !self.has_written(FIRST_WRITER + server.0));
            silent.retain(|server| self.driver.is_serving(*server));
            if !silent.is_empty() {
                self.advance(self.now().after(PROBE_PAUSE).min(limit), |_| false)?;
            }
        }
        for server in silent {
            self.state(Some(server), Fact::NotWriting { bound: WRITING_BOUND })?;
        }
        ControlFlow::Continue(())
    }

    /// States which servers are up and do not serve, though they had this long.
    fn state_who_is_absent(&mut self, bound: Span) -> ControlFlow<End> {
        for server in self.driver.config().members().collect::<Vec<_>>() {
            if self.driver.is_up(server) && !self.driver.is_serving(server) {
                self.state(Some(server), Fact::NotServing { bound })?;
            }
        }
        ControlFlow::Continue(())
    }

    /// Why no service can be expected: too many servers refuse to start.
    fn excuse(&self) -> Option<&'static str> {
        let driver = &self.driver;
        let reasons = || driver.config().members().filter_map(|id| driver.refused_to_start(id));
        let left = usize::from(driver.config().servers) - reasons().count();
        if left >= driver.config().majority() {
            return None;
        }
        let all = |wanted| reasons().all(|reason| reason == wanted);
        Some(if all(ExitReason::EpochBehindLog) {
            "no quorum starts: epoch of the log above currentEpoch"
        } else if all(ExitReason::NoSnapshot) {
            "no quorum starts: logs without a snapshot"
        } else if reasons().all(|reason| matches!(reason, ExitReason::NoHeader(_))) {
            "no quorum starts: log files without a header"
        } else if all(ExitReason::HoleInLog) {
            "no quorum starts: logs with holes"
        } else {
            "no quorum starts: epoch files and logs contradict each other"
        })
    }

    /// Waits until nothing but pings happens, all servers that are up serve, and they have the
    /// same leader; at most this long. Tells whether those that serve are at rest in the end.
    pub(super) fn wait_until_quiet(&mut self, bound: Span) -> ControlFlow<End, bool> {
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
        let first = first_reader(self.driver.config().servers);
        for key in 0..KEYS as u8 {
            for server in &servers {
                self.invoke(first + server.0, *server, ClientOp::SyncRead, Key(key))?;
            }
            let until = self.now().after(QUIET_BOUND);
            let idle = |server: &NodeId, driver: &D| driver.client(first + server.0).is_idle();
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
