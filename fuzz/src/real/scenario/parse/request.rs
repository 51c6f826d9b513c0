//! What clients ask, in words.

use super::super::super::jute::client::Request;
use super::Result;

/// The request that these words say.
pub(super) fn parse_request(words: &[&str]) -> Result<Request> {
    Ok(match words {
        ["create", path, data] => {
            Request::Create { path: (*path).to_owned(), data: contents(data)? }
        }
        ["set", path, data] => {
            let data = contents(data)?;
            Request::Set { path: (*path).to_owned(), data, version: None }
        }
        ["set", path, data, "if", version] => {
            let version = version.parse().map_err(|_| "a version is a number")?;
            let data = contents(data)?;
            Request::Set { path: (*path).to_owned(), data, version: Some(version) }
        }
        ["delete", path] => Request::Delete { path: (*path).to_owned(), version: None },
        ["get", path] => Request::Get { path: (*path).to_owned() },
        ["sync", path] => Request::Sync { path: (*path).to_owned() },
        _ => {
            let known =
                "create PATH DATA, set PATH DATA [if VERSION], delete PATH, get PATH, sync PATH";
            return Err(format!("no request `{}`: {known}", words.join(" ")));
        }
    })
}

/// What a node shall hold: a word, or `x*1000` for a thousand of a character.
fn contents(word: &str) -> Result<String> {
    match word.split_once('*') {
        None => Ok(word.to_owned()),
        Some((part, count)) => {
            let count = count.parse().ok().filter(|count| *count <= 1_000_000);
            count.map(|count| part.repeat(count)).ok_or_else(|| format!("`{word}` is too much"))
        }
    }
}
