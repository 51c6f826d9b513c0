//! From text to a scenario. What is wrong is told with its line and with what would be right.

mod condition;
mod queuer;
mod request;

use super::super::disk::Journaled;
use super::super::ensemble::Setup;
use super::super::matter::{FILES, Files, Message, Messages, Operation, Way};
use super::{Claim, Part, Scenario, Step, Verb};
use request::parse_request;
use std::time::Duration;
use thiserror::Error;
use zab_core::variant::Release;
use zab_core::{NodeId, Zxid};

/// What is wrong with a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {what}")]
pub struct Error {
    /// Where, from 1.
    pub line: usize,
    /// What, and what would be right.
    pub what: String,
}

type Result<T> = std::result::Result<T, String>;

/// The errors that an operation may fail with, by name; the numbers are Linux's.
const ERRORS: [(&str, u8); 3] = [("EIO", 5), ("ENOSPC", 28), ("EROFS", 30)];

pub(super) fn scenario(text: &str) -> std::result::Result<Scenario, Error> {
    let setup = Setup::of(3);
    let mut scenario =
        Scenario { title: String::new(), setup, steps: Vec::new(), claims: Vec::new() };
    for (at, line) in text.lines().enumerate() {
        let number = at + 1;
        let error = |what| Error { line: number, what };
        if scenario.title.is_empty()
            && let Some(comment) = line.strip_prefix('#')
        {
            comment.trim().clone_into(&mut scenario.title);
        }
        let line = line.split('#').next().unwrap_or(line).trim();
        if !line.is_empty() {
            add(&mut scenario, number, line).map_err(error)?;
        }
    }
    let end = text.lines().count();
    whole(&scenario).map_err(|(line, what)| Error { line: line.unwrap_or(end), what })?;
    Ok(scenario)
}

/// What a scenario has to have as a whole.
fn whole(scenario: &Scenario) -> std::result::Result<(), (Option<usize>, String)> {
    if !matches!(scenario.steps.first(), Some(Step { verb: Verb::Boot, .. })) {
        let line = scenario.steps.first().map(|step| step.line);
        return Err((line, "the first verb has to be `boot`".to_owned()));
    }
    if scenario.claims.is_empty() {
        return Err((None, "nothing is claimed: end with `claim lost /x 1`".to_owned()));
    }
    for part in [Part::Story, Part::Control] {
        let mut verbs = scenario.difference().into_iter().filter(|step| step.part == part);
        if let (Some(_), Some(second)) = (verbs.next(), verbs.next()) {
            let what = "a control differs by one verb: at most one line with - and one with +";
            return Err((Some(second.line), what.to_owned()));
        }
    }
    Ok(())
}

/// Adds a line to a scenario.
fn add(scenario: &mut Scenario, line: usize, text: &str) -> Result<()> {
    let (part, rest) = match text.split_at(1) {
        ("-", rest) => (Part::Story, rest.trim()),
        ("+", rest) => (Part::Control, rest.trim()),
        _ => (Part::Both, text),
    };
    let words: Vec<&str> = rest.split_whitespace().collect();
    let setup = &mut scenario.setup;
    match words.as_slice() {
        ["servers", count] => match *count {
            "3" => setup.servers = 3,
            "5" => setup.servers = 5,
            "7" => setup.servers = 7,
            _ => return Err("an ensemble has 3, 5 or 7 servers".to_owned()),
        },
        ["set", name, value] => setup.settings.push(pair(name, value)),
        ["property", name, value] => setup.properties.push(pair(name, value)),
        ["directories", kind] => match *kind {
            "lenient" => setup.strict_folders = false,
            "strict" => setup.strict_folders = true,
            _ => return Err("directories are `lenient` or `strict`".to_owned()),
        },
        ["patience", seconds] => {
            let seconds = seconds.parse().map_err(|_| "patience is a number of seconds")?;
            setup.patience = Duration::from_secs(seconds);
        }
        ["claim", "lost", path, value] => {
            let (path, value) = pair(path, value);
            scenario.claims.push(Claim::Lost { path, value });
        }
        ["claim", "differ", path] => {
            scenario.claims.push(Claim::Differ { path: (*path).to_owned() });
        }
        ["claim", "held-twice", path] => {
            scenario.claims.push(Claim::HeldTwice { path: (*path).to_owned() });
        }
        ["claim", ..] => {
            return Err("claim `lost PATH VALUE`, `differ PATH` or `held-twice PATH`".to_owned());
        }
        _ => {
            let verb = Words { words: &words, servers: setup.servers }.verb()?;
            scenario.steps.push(Step { line, text: text.to_owned(), part, verb });
        }
    }
    Ok(())
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// The words of a line, and how many servers there are.
#[derive(Copy, Clone, Debug)]
struct Words<'a> {
    words: &'a [&'a str],
    servers: u8,
}

impl<'a> Words<'a> {
    fn verb(self) -> Result<Verb> {
        let (verb, rest) = self.words.split_first().ok_or("a verb is missing")?;
        let rest = Words { words: rest, ..self };
        match *verb {
            "boot" => rest.end(Verb::Boot),
            "start" => rest.only_servers().map(Verb::Start),
            "kill" => rest.only_servers().map(Verb::Kill),
            "power" => rest.only_servers().map(Verb::Power),
            "journal" => rest.journal(),
            "blank" => rest.only_servers().map(Verb::Blank),
            "sweep" => rest.only_servers().map(Verb::Sweep),
            "settle" => rest.only_servers().map(Verb::Settle),
            "install" => {
                let (servers, rest) = rest.servers()?;
                match rest.words {
                    ["old"] => Ok(Verb::Install(servers, Release::Old)),
                    ["new"] => Ok(Verb::Install(servers, Release::New)),
                    _ => Err("a line with `install` ends in old or new".to_owned()),
                }
            }
            "hold" | "release" => rest.hold(*verb == "hold"),
            "fail" => rest.fail(),
            "mend" => {
                let (servers, rest) = rest.servers()?;
                Ok(Verb::Mend(servers, rest.files()?))
            }
            "gate" => rest.end(Verb::Gate),
            "recover" => rest.end(Verb::Recover),
            "pass" => {
                let (messages, rest) = rest.messages()?;
                rest.end(Verb::Pass(messages))
            }
            "vote" => rest.only_servers().map(Verb::Vote),
            "mute" => rest.only_servers().map(Verb::Mute),
            "write" | "flush" => match rest.words {
                [name, record] => {
                    let (server, record) = (rest.server(name)?, zxid(record)?);
                    let make = if *verb == "write" { Verb::Write } else { Verb::Flush };
                    Ok(make(server, record))
                }
                _ => Err(format!("`{verb}` takes a server and a zxid: {verb} S0 <1,4>")),
            },
            "end" => rest.way().map(Verb::End),
            "cut" => match rest.words {
                [_, ">", _] => rest.way().map(Verb::Silence),
                _ => rest.pair().map(Verb::Cut),
            },
            "heal" if rest.words.is_empty() => Ok(Verb::Heal(None)),
            "heal" => rest.pair().map(|way| Verb::Heal(Some(way))),
            "reset" => rest.pair().map(Verb::Reset),
            "wait" => rest.conditions().map(Verb::Wait),
            _ => rest.client_verb(verb),
        }
    }

    fn client_verb(self, verb: &str) -> Result<Verb> {
        match (verb, self.words) {
            ("connect", [client, server]) => {
                Ok(Verb::Connect((*client).to_owned(), self.server(server)?))
            }
            ("ask", [client, server, request @ ..]) => {
                Ok(Verb::Ask((*client).to_owned(), self.server(server)?, parse_request(request)?))
            }
            ("do", [client, server, request @ ..]) => {
                Ok(Verb::Do((*client).to_owned(), self.server(server)?, parse_request(request)?))
            }
            ("answer", [client]) => Ok(Verb::Answer((*client).to_owned(), None)),
            ("answer", [client, value]) => {
                let value = (*value != "-").then(|| (*value).to_owned());
                Ok(Verb::Answer((*client).to_owned(), Some(value)))
            }
            ("unanswered", [client]) => Ok(Verb::Unanswered((*client).to_owned())),
            ("read" | "sync-read", [server, path, value]) => Ok(Verb::Read {
                server: self.server(server)?,
                path: (*path).to_owned(),
                value: (*value != "-").then(|| (*value).to_owned()),
                sync: verb == "sync-read",
            }),
            ("connect" | "ask" | "do" | "answer" | "unanswered" | "read" | "sync-read", _) => {
                Err(other_words(verb))
            }
            _ => self.queuer_verb(verb),
        }
    }

    fn end<T>(self, value: T) -> Result<T> {
        match self.words.first() {
            None => Ok(value),
            Some(word) => Err(format!("`{word}` is too much")),
        }
    }

    /// One server.
    fn server(self, name: &str) -> Result<NodeId> {
        let number = name.strip_prefix('S').and_then(|digits| digits.parse().ok());
        match number {
            Some(number) if number < self.servers => Ok(NodeId(number)),
            _ => Err(format!("no server `{name}`: S0 to S{}", self.servers - 1)),
        }
    }

    /// The servers that a line begins with, at least one, and the words after them.
    fn servers(self) -> Result<(Vec<NodeId>, Self)> {
        if let ["all", rest @ ..] = self.words {
            let all = (0..self.servers).map(NodeId).collect();
            return Ok((all, Words { words: rest, ..self }));
        }
        let names = |word: &&&str| {
            word.strip_prefix('S').is_some_and(|rest| rest.starts_with(|c: char| c.is_numeric()))
        };
        let count = self.words.iter().take_while(names).count();
        let (servers, rest) = self.words.split_at(count);
        let servers: Vec<NodeId> =
            servers.iter().map(|name| self.server(name)).collect::<Result<_>>()?;
        if servers.is_empty() {
            return Err("a server is missing: S0, or `all`".to_owned());
        }
        Ok((servers, Words { words: rest, ..self }))
    }

    fn only_servers(self) -> Result<Vec<NodeId>> {
        let (servers, rest) = self.servers()?;
        rest.end(servers)
    }

    fn journal(self) -> Result<Verb> {
        let (servers, rest) = self.servers()?;
        let part = match rest.words {
            [] => Journaled::All,
            ["names"] => Journaled::Names,
            [kind @ ("log" | "snapshot")] => Journaled::Cuts((*kind).to_owned()),
            _ => {
                return Err(
                    "of a journal: `names`, `log`, `snapshot`, or nothing for all".to_owned()
                );
            }
        };
        Ok(Verb::Journal(servers, part))
    }

    fn files(self) -> Result<Files> {
        let (file, operation) = match self.words {
            [file] => (file, None),
            [file, operation] => (file, Some(*operation)),
            _ => return Err(format!("a kind of file is missing: {}", FILES.join(", "))),
        };
        if !FILES.contains(file) {
            return Err(format!("no kind of file `{file}`: {}", FILES.join(", ")));
        }
        let operation = operation.map(|name| {
            Operation::named(name).filter(|operation| *operation != Operation::Stop).ok_or_else(
                || {
                    let known = "open, write, append, fsync, truncate, rename, remove";
                    format!("no file operation `{name}`: {known}")
                },
            )
        });
        Ok(Files { file: (*file).to_owned(), operation: operation.transpose()? })
    }

    fn hold(self, hold: bool) -> Result<Verb> {
        if self.words.first().is_some_and(|word| Message::named(word).is_some()) {
            let (messages, rest) = self.messages()?;
            let verb = if hold { Verb::HoldMessages } else { Verb::ReleaseMessages };
            return rest.end(verb(messages));
        }
        let (servers, rest) = self.servers()?;
        if let ["thread", name] = rest.words {
            let name = (*name).to_owned();
            let verb = if hold { Verb::HoldThread } else { Verb::ReleaseThread };
            return Ok(verb(servers, name));
        }
        let verb = if hold { Verb::HoldFiles } else { Verb::ReleaseFiles };
        Ok(verb(servers, rest.files()?))
    }

    fn fail(self) -> Result<Verb> {
        let known = ERRORS.map(|(name, _)| name).join(", ");
        let (last, words) = self.words.split_last().ok_or("a server is missing")?;
        let errno = ERRORS.iter().find(|(name, _)| name == last).map(|(_, errno)| *errno);
        let errno = errno.ok_or_else(|| format!("a line with `fail` ends in {known}"))?;
        let (servers, rest) = Words { words, ..self }.servers()?;
        Ok(Verb::Fail(servers, rest.files()?, errno))
    }

    fn way(self) -> Result<Way> {
        match self.words {
            [from, ">", to] => self.between(from, to),
            _ => Err("a way is `S0 > S1`".to_owned()),
        }
    }

    fn pair(self) -> Result<Way> {
        match self.words {
            [one, other] => self.between(one, other),
            _ => Err("two servers are needed: `S0 S1`".to_owned()),
        }
    }

    fn between(self, from: &str, to: &str) -> Result<Way> {
        let way = Way { from: self.server(from)?, to: self.server(to)? };
        if way.from == way.to {
            return Err(format!("{from} has no connection to itself"));
        }
        Ok(way)
    }

    /// A message, a zxid if there is one, a way; and the words after them.
    fn messages(self) -> Result<(Messages, Self)> {
        let (name, rest) = self.words.split_first().ok_or("a message is missing")?;
        let message = Message::named(name).ok_or_else(|| format!("no message `{name}`"))?;
        let (zxid, rest) = match rest {
            [word, rest @ ..] if word.starts_with('<') => (Some(zxid(word)?), rest),
            _ => (None, rest),
        };
        let (way, rest) = rest.split_at_checked(3).ok_or("a way is `S0 > S1`")?;
        let way = Words { words: way, ..self }.way()?;
        Ok((Messages { message, zxid, way }, Words { words: rest, ..self }))
    }
}

fn other_words(verb: &str) -> String {
    format!("`{verb}` needs other words: see `cargo zab confirm --help`")
}

fn zxid(word: &str) -> Result<Zxid> {
    let inner = word.strip_prefix('<').and_then(|word| word.strip_suffix('>'));
    let parts = inner.and_then(|inner| inner.split_once(','));
    let parts = parts.and_then(|(epoch, counter)| {
        Some(Zxid::new(epoch.trim().parse().ok()?, counter.trim().parse().ok()?))
    });
    parts.ok_or_else(|| format!("`{word}` is no zxid: <1,4>, without a space"))
}

#[cfg(test)]
mod tests;
