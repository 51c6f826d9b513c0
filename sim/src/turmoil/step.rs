//! Which span of the world a step of turmoil covers.

use super::{STEP_OF_CLIENTS_US, STEP_US, TICK_US, Turmoil};
use crate::due::Effects;
use crate::faults;
use zab_core::{NodeId, Span, Time};

/// In how many steps at most what was done has to come to rest.
const SETTLING_STEPS: u32 = 256;

/// By how much the clocks of hosts may lag: only the deadlines of the shell go by them.
const LAG_MAX: Span = Span(200 * TICK_US);

impl Turmoil {
    /// Lets something happen that falls due until then, and says how many inputs that were; with 0
    /// there was nothing left.
    pub(super) fn move_on(&mut self, until: Time, fx: &mut Effects) -> u64 {
        self.shared.borrow_mut().began = None;
        self.dropped = None;
        let inputs = if self.is_unsettled() {
            self.settle().max(1)
        } else {
            let now = self.shared.borrow().now;
            match self.next_due() {
                Some(due) if due <= until => {
                    self.cover(Time(due.0.saturating_sub(1)).max(now), until).max(1)
                }
                _ => {
                    self.stand_still_at(until.max(now));
                    0
                }
            }
        };
        self.at = {
            let shared = self.shared.borrow();
            // Whoever waits for servers to serve, which is at most the boot, waits for this one.
            let began = shared.began.filter(|_| !self.has_asked);
            began.or(self.dropped).unwrap_or(shared.now)
        };
        self.collect(fx);
        inputs
    }

    /// One step, from an instant until which nothing is due.
    fn cover(&mut self, since: Time, until: Time) -> u64 {
        let is_asked = self.clients.count_open() > 0 || !self.has_asked;
        let span = if is_asked { STEP_OF_CLIENTS_US } else { STEP_US };
        // What the driver does itself it does between two steps.
        let planned = self.agenda.next_at().unwrap_or(until);
        // A notification may be replaced as long as it is on the way, and who is dialed may exit
        // before. Whether that was so is known in a step that begins right before.
        let surprise = self.shared.borrow().next_surprise(since);
        let end = since.after(Span(span)).min(until).min(planned).min(surprise.unwrap_or(until));
        self.stand_still_at(since);
        self.set_clocks();
        // The connections of this step are made before it, so that they are there in time.
        let is_dialed = self.shared.borrow_mut().waits.may_dial_until(end);
        let inputs = if is_dialed { self.settle() } else { 0 };
        self.nudge_all(end);
        inputs + self.step_hosts()
    }

    /// Steps in which the world stands still, until nothing of this instant is left to do.
    pub(super) fn settle(&mut self) -> u64 {
        let mut inputs = 0;
        for _ in 0..SETTLING_STEPS {
            let now = self.shared.borrow().now;
            self.stand_still_at(now);
            if !self.stirred && self.shared.borrow().waits.handshakes == 0 {
                self.nudge_first(now);
            }
            inputs += self.step_hosts();
            if !self.is_unsettled() {
                break;
            }
        }
        inputs
    }

    fn stand_still_at(&self, instant: Time) {
        let shared = &mut *self.shared.borrow_mut();
        (shared.since, shared.now) = (instant, instant);
    }

    /// Whether something is left to do at this instant.
    fn is_unsettled(&self) -> bool {
        let shared = self.shared.borrow();
        let now = shared.now;
        let is_due = |at: Option<Time>| at.is_some_and(|at| at <= now);
        self.stirred
            || shared.waits.handshakes > 0
            || is_due(self.agenda.next_at())
            || shared.cluster.members().any(|id| is_due(shared.due_at(id, now)))
    }

    /// When something is due next.
    fn next_due(&self) -> Option<Time> {
        let shared = self.shared.borrow();
        let servers = shared.cluster.members().filter_map(|id| shared.due_at(id, shared.now));
        servers.chain(shared.waits.next_dial()).chain(self.agenda.next_at()).min()
    }

    /// One step of turmoil, and what the driver has to do after it.
    fn step_hosts(&mut self) -> u64 {
        self.stirred = false;
        let now = self.shared.borrow_mut().forget_arrivals();
        self.step_turmoil();
        let inputs = std::mem::take(&mut self.shared.borrow_mut().inputs);
        self.hear_answers();
        self.note_exits();
        self.stand_still_at(now);
        while let Some((at, later)) = self.agenda.take_due(now) {
            self.at = at;
            faults::fall_due(self, later);
            self.stirred = true;
        }
        inputs
    }

    /// Lets the owners move on to this instant that have something to do by then.
    fn nudge_all(&self, end: Time) {
        let shared = &mut *self.shared.borrow_mut();
        shared.now = end;
        for id in shared.cluster.members() {
            if shared.due_at(id, shared.since).is_some_and(|at| at <= end) {
                shared.host(id).nudge_until(end);
            }
        }
    }

    /// Of the owners that have something to do at this instant, lets the one move on whose turn
    /// came first, up to the turn of the next one. What a fault has withheld takes effect in the
    /// order in which it fell due, wherever that was.
    fn nudge_first(&self, now: Time) {
        let shared = &mut *self.shared.borrow_mut();
        let due = |id| shared.due_at(id, now).filter(|at| *at <= now).map(|at| (at, id));
        let mut turns: Vec<(Time, NodeId)> = shared.cluster.members().filter_map(due).collect();
        turns.sort_unstable();
        if let Some((_, first)) = turns.first() {
            let until = turns.get(1).map_or(now, |(at, _)| *at);
            shared.host(*first).nudge_until(until);
        }
    }

    /// Moves the clocks of hosts on once they lag too much. That takes a step of its own: one that
    /// ends early leaves things undone.
    fn set_clocks(&mut self) {
        let lag = self.shared.borrow().now.0.saturating_sub(self.hosts_at.0);
        if lag > LAG_MAX.0 {
            self.shared.borrow_mut().waits.leap(lag / TICK_US);
            self.hosts_at = self.hosts_at.after(Span(lag / TICK_US * TICK_US));
            self.step_turmoil();
        }
    }

    /// What is on the way reaches its host, and owners that are nudged move on.
    pub(super) fn step_turmoil(&mut self) {
        if let Err(error) = self.sim.step() {
            panic!("a task of the shell failed: {error}");
        }
        self.hosts_at = self.hosts_at.after(Span(TICK_US));
    }

    /// Hands on what was observed up to this instant, in the order of time.
    pub(super) fn collect(&self, fx: &mut Effects) {
        let now = self.at;
        let shared = &mut *self.shared.borrow_mut();
        shared.evidence.sort_by_key(|event| event.at);
        let past = shared.evidence.partition_point(|event| event.at <= now);
        fx.evidence.extend(shared.evidence.drain(..past));
        fx.touched |= std::mem::take(&mut shared.touched);
    }
}
