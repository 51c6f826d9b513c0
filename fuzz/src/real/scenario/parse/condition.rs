//! Lines that wait for something.

use super::super::super::ensemble::Condition;
use super::super::super::link::Fate;
use super::super::super::matter::Message;
use super::super::super::server::Role;
use super::{Result, Words, zxid};
use zab_core::NodeId;

impl Words<'_> {
    /// Everything that a line waits for, server by server.
    pub(super) fn conditions(self) -> Result<Vec<Condition>> {
        if self.words.first().is_some_and(|word| Message::named(word).is_some()) {
            let (messages, rest) = self.messages()?;
            let fate = match rest.words {
                [] => None,
                ["held"] => Some(Fate::Held),
                ["passed"] => Some(Fate::Passed),
                ["lost"] => Some(Fate::Lost),
                _ => return Err("a message is held, passed or lost".to_owned()),
            };
            return Ok(vec![Condition::Message(messages, fate)]);
        }
        let (servers, rest) = self.servers()?;
        servers.into_iter().map(|server| rest.condition(server)).collect()
    }

    fn condition(self, server: NodeId) -> Result<Condition> {
        let number = |word: &str| word.parse().map_err(|_| format!("`{word}` is no epoch"));
        Ok(match self.words {
            ["looking"] => Condition::Role(server, Role::Looking),
            ["following"] => Condition::Role(server, Role::Following),
            ["leading"] => Condition::Role(server, Role::Leading),
            ["down"] => Condition::Role(server, Role::Down),
            ["serves"] => Condition::Serves(server),
            ["log", word] => Condition::Log(server, zxid(word)?),
            ["durable", word] => Condition::Durable(server, zxid(word)?),
            ["logged", word] => Condition::Logged(server, zxid(word)?),
            ["applied", word] => Condition::Applied(server, zxid(word)?),
            ["not-logged", word] => Condition::NotLogged(server, zxid(word)?),
            ["acceptedEpoch", word] => Condition::AcceptedEpoch(server, number(word)?),
            ["currentEpoch", word] => Condition::CurrentEpoch(server, number(word)?),
            ["held", "thread", name] => Condition::Stopped(server, name.chars().take(15).collect()),
            ["failed", files @ ..] => {
                Condition::Failed(server, Words { words: files, ..self }.files()?)
            }
            ["in", method] => Condition::In(server, (*method).to_owned()),
            ["held", files @ ..] => {
                Condition::AtFile(server, Words { words: files, ..self }.files()?)
            }
            ["says", words @ ..] if !words.is_empty() => Condition::Says(server, words.join(" ")),
            _ => return Err(format!("nothing to wait for in `{}`", self.words.join(" "))),
        })
    }
}
