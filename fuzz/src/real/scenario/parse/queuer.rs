//! What clients do that queue for a lock, in words.

use super::super::{Queuer, Verb};
use super::{Result, Words, other_words};
use std::time::Duration;

impl Words<'_> {
    pub(super) fn queuer_verb(self, verb: &str) -> Result<Verb> {
        let (client, what) = match (verb, self.words) {
            ("queue", [client, server, path, seconds]) => {
                let timeout = seconds.parse().map(Duration::from_secs);
                let timeout = timeout.map_err(|_| "a session ends after a number of seconds")?;
                (client, Queuer::Queue(self.server(server)?, (*path).to_owned(), timeout))
            }
            ("pause", [client]) => (client, Queuer::Pause),
            ("move", [client, server]) => (client, Queuer::Move(self.server(server)?)),
            ("holds", [client]) => (client, Queuer::Holds(true)),
            ("waits", [client]) => (client, Queuer::Holds(false)),
            ("queue" | "pause" | "move" | "holds" | "waits", _) => return Err(other_words(verb)),
            _ => return Err(format!("no verb `{verb}`: see `cargo zab confirm --help`")),
        };
        Ok(Verb::Queuer((*client).to_owned(), what))
    }
}
