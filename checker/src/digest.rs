//! What verdicts still depend on: two executions with the same digest, and the same events from here
//! on, are judged alike.
//!
//! Sequences go in by their [`Digest`](zab_core::Digest), reigns by epoch and by which of that epoch
//! they are. Left out are the times and places of events, which only tell a story; what has been found,
//! which ends an exploration or does not concern it; and what becomes of the ensemble after healing,
//! because nobody explores from there.

use crate::checker::Checker;
use crate::ensemble::{Ensemble, Server};
use crate::reigns::ReignId;
use zab_core::canonical::{Canonical, Sink};

impl Canonical for Checker {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        self.ensemble().canonical(sink);
    }
}

impl Canonical for Ensemble {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        for server in &self.servers {
            self.server_canonical(server, sink);
        }
        sink.plain(&self.sequences.digest(self.committed));
        sink.plain(&self.sequences.digest(self.visible));
        self.reigns.canonical(&self.sequences, sink);
        self.sequences.canonical(sink);
        self.clients.canonical(sink);
        for answered in self.answered_syncs() {
            sink.plain(&(answered.request, answered.leader, answered.committed));
        }
        let mut current = self.current().to_vec();
        current.sort_unstable();
        sink.plain(&current);
    }
}

impl Ensemble {
    fn server_canonical<S: Sink>(&self, server: &Server, sink: &mut S) {
        let reign = |id: ReignId| self.reigns.place(id);
        sink.plain(&(server.is_up, server.serving, server.last_zxid));
        sink.plain(&self.sequences.digest(server.memory));
        sink.plain(&server.leads.map(reign));
        let participates =
            server.participates.map(|(id, log)| (reign(id), self.sequences.digest(log)));
        sink.plain(&participates);
        sink.plain(&(server.synchronizes_with, server.leader));
        sink.plain(&(server.acknowledged, server.promised));
        if server.leader.is_some() {
            for learner in &server.learners {
                sink.plain(&(learner.offered, learner.promise, learner.told));
            }
        }
        server.disk.canonical(sink);
    }
}
