//! What is known of the ensemble, as far as verdicts depend on it.

use super::{AnsweredSync, Ensemble, Learner, Server};
use crate::reigns::ReignId;
use zab_core::canonical::{Canonical, Sink};

impl Canonical for Ensemble {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        let Self {
            servers,
            clients,
            sequences,
            reigns,
            committed,
            visible,
            answered_syncs,
            current,
            ending: _,
            // Whoever explores has no clients that queue for the lock.
            locks: _,
        } = self;
        servers.iter().for_each(|server| self.server_canonical(server, sink));
        sink.plain(&[committed, visible].map(|sequence| sequences.digest(*sequence)));
        reigns.canonical(sequences, sink);
        sequences.canonical(sink);
        clients.canonical(sink);
        for AnsweredSync { request, leader, committed } in answered_syncs {
            sink.plain(&(request, leader, committed));
        }
        let mut current = current.clone();
        current.sort_unstable();
        sink.plain(&current);
    }
}

impl Ensemble {
    fn server_canonical<S: Sink>(&self, server: &Server, sink: &mut S) {
        let Server {
            is_up,
            memory,
            last_zxid,
            disk,
            serving,
            leads,
            participates,
            synchronizes_with,
            leader,
            acknowledged,
            is_blank,
            promised,
            learners,
            ends: _,
            falls: _,
            has_started,
        } = server;
        let reign = |id: ReignId| self.reigns.place(id);
        sink.plain(&(is_up, serving, last_zxid, self.sequences.digest(*memory), has_started));
        sink.plain(&leads.map(reign));
        sink.plain(&participates.map(|(id, log)| (reign(id), self.sequences.digest(log))));
        sink.plain(&(synchronizes_with, leader, acknowledged, is_blank, promised));
        // Whoever takes part in no epoch has told nobody anything.
        if leader.is_some() || leads.is_some() {
            for Learner { offered, promise, told } in learners {
                sink.plain(&(offered, promise, told));
            }
        }
        disk.canonical(sink);
    }
}
