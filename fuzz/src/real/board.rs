//! What is known of a run at this moment, and the one place where anything waits for a change of it.
//!
//! Gate, links, servers and clients each have threads of their own; what they see they write here,
//! under one lock, and whoever waits for something looks again after each change. Nothing sleeps.

use super::disk::Disk;
use super::gate::Files;
use super::link::Packets;
use super::server::Life;
use crate::clock::Stopwatch;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use zab_core::NodeId;

/// How often a look is taken at what does not report its changes: a port that is not open yet.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The state of a run and its changes.
#[derive(Debug)]
pub(crate) struct Board {
    state: Mutex<State>,
    changed: Condvar,
    clock: Stopwatch,
}

/// Everything that is known of a run.
#[derive(Debug)]
pub(crate) struct State {
    /// What each server's process has come to.
    pub(crate) lives: Vec<Life>,
    /// What of each server's files is durable.
    pub(crate) disks: Vec<Disk>,
    /// File operations: which are held, which fail.
    pub(crate) files: Files,
    /// Packets between servers: what passed, what is held, what is cut.
    pub(crate) packets: Packets,
    /// Answers to clients.
    pub(crate) clients: super::client::Answers,
    /// The run is over: every thread ends.
    pub(crate) over: bool,
    trace: File,
}

impl Board {
    /// An empty board for this number of servers, on strict file systems or usual ones, whose trace goes to a
    /// file.
    pub(crate) fn new(servers: u8, strict: bool, trace: &Path) -> std::io::Result<Self> {
        let state = State {
            lives: (0..servers).map(|_| Life::default()).collect(),
            disks: (0..servers).map(|_| Disk::new(strict)).collect(),
            files: Files::default(),
            packets: Packets::default(),
            clients: super::client::Answers::default(),
            over: false,
            trace: File::create(trace)?,
        };
        Ok(Self { state: Mutex::new(state), changed: Condvar::new(), clock: Stopwatch::start() })
    }

    /// The state, to look at.
    pub(crate) fn look(&self) -> MutexGuard<'_, State> {
        // A thread that panicked while it held the lock left a trace line out, nothing more.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and has everybody who waits look at it.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.look());
        self.changed.notify_all();
        result
    }

    /// Writes a line into the trace.
    pub(crate) fn tell(&self, what: &str) {
        self.change(|state| self.trace(state, what));
    }

    /// Writes a line into the trace, within a change.
    pub(crate) fn trace(&self, state: &mut State, what: &str) {
        let ms = self.clock.elapsed().as_secs_f64() * 1000.0;
        // A full disk loses the trace, and the run says so by its own means.
        let _ = writeln!(state.trace, "{ms:10.1} ms  {what}");
    }

    /// Time since the run began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }

    /// Waits until `seen` finds what it looks for, for as long as `patience` lasts.
    pub(crate) fn wait<T>(
        &self,
        patience: Duration,
        mut seen: impl FnMut(&mut State) -> Option<T>,
    ) -> Option<T> {
        let begun = self.clock.elapsed();
        let mut state = self.look();
        loop {
            if let Some(found) = seen(&mut state) {
                drop(state);
                self.changed.notify_all();
                return Some(found);
            }
            let left = patience.saturating_sub(self.clock.elapsed().saturating_sub(begun));
            if left.is_zero() {
                return None;
            }
            let (next, _) = self
                .changed
                .wait_timeout(state, left.min(LOOK_AGAIN))
                .unwrap_or_else(PoisonError::into_inner);
            state = next;
        }
    }

    /// Waits until `passes` says so or the run is over; for threads that let something happen.
    pub(crate) fn hold(&self, mut passes: impl FnMut(&mut State) -> bool) {
        let mut state = self.look();
        while !state.over && !passes(&mut state) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl State {
    /// What a server's process has come to.
    pub(crate) fn life(&mut self, server: NodeId) -> &mut Life {
        &mut self.lives[server.index()]
    }
}
