//! What a server is apart from its role, as far as it makes a difference.

use super::Server;
use crate::canonical::{Canonical, Sink};

impl Canonical for Server {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        let Self {
            id: _,
            config: _,
            variant: _,
            releases: _,
            now: _,
            durable,
            memory,
            writer,
            leaked_writer,
            committer,
            round,
            vote: _,
            needs_snapshot,
            heard_epoch,
            is_blank,
            serving,
            requests,
            connections,
            generations: _,
            out: _,
        } = self;
        durable.canonical(sink);
        sink.plain(memory);
        writer.canonical(sink);
        leaked_writer.canonical(sink);
        sink.plain(&(committer, needs_snapshot, heard_epoch, is_blank, serving, requests));
        sink.plain(connections);
        if sink.hears_elections() {
            sink.plain(round);
        }
    }
}
