//! A history as `zab check --model zookeeper` reads it: JSON Lines, one event a line.

use super::client::Answer;
use super::jute::client::{BAD_VERSION, Found, INCONSISTENCY, NO_NODE, NODE_EXISTS, Request};
use serde_json::{Value, json};
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use zab_core::Zxid;

/// Errors that are answers, by ZooKeeper's numbers.
const ERRORS: [(i32, &str); 4] = [
    (NO_NODE, "NoNode"),
    (NODE_EXISTS, "NodeExists"),
    (BAD_VERSION, "BadVersion"),
    // Of the parts of a multi that come after the one that failed.
    (INCONSISTENCY, "RuntimeInconsistency"),
];

/// Who asks: a process has one request open, and another one follows it where no answer came. Its
/// session may outlive it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Who {
    process: u64,
    session: u64,
}

/// A history that several clients write.
#[derive(Debug)]
pub(crate) struct History<W> {
    file: Mutex<File<W>>,
}

#[derive(Debug)]
struct File<W> {
    out: W,
    processes: u64,
    /// What went wrong first.
    error: Option<io::Error>,
}

impl<W: Write> History<W> {
    /// An empty history.
    pub(crate) const fn new(out: W) -> Self {
        Self { file: Mutex::new(File { out, processes: 0, error: None }) }
    }

    fn change<T>(&self, change: impl FnOnce(&mut File<W>) -> T) -> T {
        change(&mut self.file.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A process and a session that nobody had before.
    pub(crate) fn newcomer(&self) -> Who {
        self.change(|file| {
            file.processes += 1;
            Who { process: file.processes - 1, session: file.processes - 1 }
        })
    }

    /// Another process with the same session.
    pub(crate) fn again(&self, who: Who) -> Who {
        Who { session: who.session, ..self.newcomer() }
    }

    /// Something was done to the servers, or is over.
    pub(crate) fn nemesis(&self, f: &str, value: &str) {
        self.line(&json!({ "type": "info", "process": "nemesis", "f": f, "value": value }));
    }

    fn event(&self, kind: &str, who: Who, f: &str, value: &Value, zxid: Option<u64>) {
        let Who { process, session } = who;
        let mut line = json!({
            "type": kind, "process": process, "session": session, "f": f, "value": value
        });
        if let Some(zxid) = zxid {
            line["zxid"] = json!(zxid);
        }
        self.line(&line);
    }

    fn line(&self, line: &Value) {
        self.change(|file| {
            if let Err(error) = writeln!(file.out, "{line}") {
                file.error.get_or_insert(error);
            }
        });
    }

    /// A request is about to be sent.
    pub(crate) fn invoked(&self, who: Who, request: &Request) {
        let (f, value) = describe(request);
        self.event("invoke", who, f, &value, None);
    }

    /// A request was answered, or will never be; false if nobody knows what became of it.
    pub(crate) fn returned(&self, who: Who, request: &Request, answer: &Answer) -> bool {
        let (f, asked) = describe(request);
        let (value, zxid) = match answer {
            Answer::Done { zxid, found } => (done(request, found), zxid),
            Answer::Refused { zxid, code } if error(*code).is_some() => {
                (json!({ "error": error(*code) }), zxid)
            }
            Answer::Refused { .. } | Answer::Unknown => {
                // What changes nothing has failed for certain.
                let reads = matches!(request, Request::Get { .. } | Request::Sync { .. });
                let kind = if reads { "fail" } else { "info" };
                self.event(kind, who, f, &asked, None);
                return false;
            }
        };
        self.event("ok", who, f, &value, Some(number(*zxid)));
        true
    }

    /// Everything is written.
    pub(crate) fn end(&self) -> io::Result<()> {
        self.change(|file| match file.error.take() {
            Some(error) => Err(error),
            None => file.out.flush(),
        })
    }
}

fn number(zxid: Zxid) -> u64 {
    u64::from(zxid.epoch.0) << 32 | u64::from(zxid.counter)
}

fn error(code: i32) -> Option<&'static str> {
    ERRORS.iter().find(|(known, _)| *known == code).map(|(_, name)| *name)
}

/// Name and argument of a request.
fn describe(request: &Request) -> (&'static str, Value) {
    match request {
        Request::Create { path, data } => ("create", json!({ "path": path, "data": data })),
        Request::Delete { path, version } => ("delete", versioned(path, *version)),
        Request::Check { path, version } => ("check", versioned(path, *version)),
        Request::Set { path, data, version } => {
            let mut value = versioned(path, *version);
            value["data"] = json!(data);
            ("set", value)
        }
        Request::Get { path } => ("get", json!({ "path": path })),
        Request::Multi(parts) => {
            let parts = parts.iter().map(|part| {
                let (f, mut value) = describe(part);
                value["f"] = json!(f);
                value
            });
            ("multi", json!({ "ops": parts.collect::<Vec<_>>() }))
        }
        Request::Sync { .. } => ("sync", Value::Null),
    }
}

fn versioned(path: &str, version: Option<i32>) -> Value {
    match version {
        None => json!({ "path": path }),
        Some(version) => json!({ "path": path, "version": version }),
    }
}

/// A good answer.
fn done(request: &Request, found: &Found) -> Value {
    let Found { data, version, parts, names: _ } = found;
    match request {
        Request::Create { path, .. } => json!({ "path": path }),
        Request::Set { .. } => json!({ "version": version }),
        Request::Get { .. } => json!({ "data": data, "version": version }),
        Request::Delete { .. } | Request::Check { .. } | Request::Sync { .. } => Value::Null,
        Request::Multi(requests) => {
            let results = requests.iter().zip(parts).map(|(request, part)| match part {
                Ok(found) => done(request, found),
                // Nothing was wrong with this one.
                Err(0) => Value::Null,
                Err(code) => json!({ "error": error(*code).map_or(json!(code), Value::from) }),
            });
            json!({ "results": results.collect::<Vec<_>>() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zab_checker::record::{Znodes, read};

    #[test]
    fn what_is_written_is_what_the_checker_reads() {
        let mut bytes = Vec::new();
        let history = History::new(&mut bytes);
        let (path, data) = ("/n0".to_owned(), "v1".to_owned());
        let zxid = Zxid::new(1, 2);
        let done = |data: Option<&str>, version| {
            let data = data.map(str::to_owned);
            Answer::Done { zxid, found: Found { data, version, ..Found::default() } }
        };
        let multi = Request::Multi(vec![
            Request::Check { path: path.clone(), version: Some(0) },
            Request::Set { path: path.clone(), data: "v2".to_owned(), version: None },
        ]);
        let results = |parts| Answer::Done { zxid, found: Found { parts, ..Found::default() } };
        let version = |version| Found { version: Some(version), ..Found::default() };
        let exchanges = [
            (Request::Create { path: path.clone(), data: data.clone() }, done(None, None)),
            (Request::Get { path: path.clone() }, done(Some("v1"), Some(0))),
            (Request::Set { path: path.clone(), data, version: Some(0) }, done(None, Some(1))),
            (multi.clone(), results(vec![Ok(Found::default()), Ok(version(2))])),
            (multi, results(vec![Err(BAD_VERSION), Err(INCONSISTENCY)])),
            (Request::Delete { path: path.clone(), version: None }, done(None, None)),
            (Request::Get { path: path.clone() }, Answer::Refused { zxid, code: NO_NODE }),
            (Request::Sync { path: path.clone() }, done(None, None)),
            (Request::Delete { path, version: None }, Answer::Unknown),
        ];
        let who = history.newcomer();
        for (request, answer) in &exchanges {
            history.invoked(who, request);
            let known = history.returned(who, request, answer);
            assert_eq!(known, *answer != Answer::Unknown);
        }
        let again = history.again(who);
        assert!(again.process != who.process && again.session == who.session);
        history.nemesis("kill", "S0");
        history.end().expect("memory takes anything");
        let text = String::from_utf8(bytes.clone()).expect("JSON is UTF-8");
        assert_eq!(text.lines().count(), 2 * exchanges.len() + 1);
        assert!(text.contains(r#""zxid":4294967298"#), "{text}");
        assert_eq!(
            text.matches(r#""type":"info""#).count(),
            2,
            "a delete, and what the nemesis did"
        );
        read(bytes.as_slice(), Znodes).expect("the documented format");
    }
}
