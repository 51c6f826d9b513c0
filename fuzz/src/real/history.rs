//! A history as `zab check --model zookeeper` reads it: JSON Lines, one event a line.

use super::client::Answer;
use super::jute::client::{BAD_VERSION, NO_NODE, NODE_EXISTS, Request};
use serde_json::{Value, json};
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use zab_core::Zxid;

/// Errors that are answers, by ZooKeeper's numbers.
const ERRORS: [(i32, &str); 3] =
    [(NO_NODE, "NoNode"), (NODE_EXISTS, "NodeExists"), (BAD_VERSION, "BadVersion")];

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

    /// The number of a process that nobody had before.
    pub(crate) fn process(&self) -> u64 {
        self.change(|file| {
            file.processes += 1;
            file.processes - 1
        })
    }

    fn line(&self, line: &Value) {
        self.change(|file| {
            if let Err(error) = writeln!(file.out, "{line}") {
                file.error.get_or_insert(error);
            }
        });
    }

    /// A request is about to be sent.
    pub(crate) fn invoked(&self, process: u64, request: &Request) {
        let (f, value) = describe(request);
        self.line(&json!({ "type": "invoke", "process": process, "f": f, "value": value }));
    }

    /// A request was answered, or will never be; false if nobody knows what became of it.
    pub(crate) fn returned(&self, process: u64, request: &Request, answer: &Answer) -> bool {
        let (f, asked) = describe(request);
        let (value, zxid) = match answer {
            Answer::Done { zxid, data, version } => (done(request, data, *version), zxid),
            Answer::Refused { zxid, code } if error(*code).is_some() => {
                (json!({ "error": error(*code) }), zxid)
            }
            Answer::Refused { .. } | Answer::Unknown => {
                // What changes nothing has failed for certain.
                let reads = matches!(request, Request::Get { .. } | Request::Sync { .. });
                let kind = if reads { "fail" } else { "info" };
                self.line(&json!({ "type": kind, "process": process, "f": f, "value": asked }));
                return false;
            }
        };
        let zxid = number(*zxid);
        self.line(&json!({ "type": "ok", "process": process, "f": f, "value": value, "zxid": zxid }));
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
        Request::Delete { path, version: None } => ("delete", json!({ "path": path })),
        Request::Delete { path, version } => {
            ("delete", json!({ "path": path, "version": version }))
        }
        Request::Set { path, data, version: None } => {
            ("set", json!({ "path": path, "data": data }))
        }
        Request::Set { path, data, version } => {
            ("set", json!({ "path": path, "data": data, "version": version }))
        }
        Request::Get { path } => ("get", json!({ "path": path })),
        Request::Sync { .. } => ("sync", Value::Null),
    }
}

/// A good answer.
fn done(request: &Request, data: &Option<String>, version: Option<i32>) -> Value {
    match request {
        Request::Create { path, .. } => json!({ "path": path }),
        Request::Set { .. } => json!({ "version": version }),
        Request::Get { .. } => json!({ "data": data, "version": version }),
        Request::Delete { .. } | Request::Sync { .. } => Value::Null,
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
            Answer::Done { zxid, data, version }
        };
        let exchanges = [
            (Request::Create { path: path.clone(), data: data.clone() }, done(None, None)),
            (Request::Get { path: path.clone() }, done(Some("v1"), Some(0))),
            (
                Request::Set { path: path.clone(), data, version: Some(0) },
                done(None, Some(1)),
            ),
            (Request::Delete { path: path.clone(), version: None }, done(None, None)),
            (Request::Get { path: path.clone() }, Answer::Refused { zxid, code: NO_NODE }),
            (Request::Sync { path: path.clone() }, done(None, None)),
            (Request::Delete { path, version: None }, Answer::Unknown),
        ];
        let process = history.process();
        for (request, answer) in &exchanges {
            history.invoked(process, request);
            let known = history.returned(process, request, answer);
            assert_eq!(known, *answer != Answer::Unknown);
        }
        history.end().expect("memory takes anything");
        let text = String::from_utf8(bytes.clone()).expect("JSON is UTF-8");
        assert_eq!(text.lines().count(), 2 * exchanges.len());
        assert!(text.contains(r#""zxid":4294967298"#), "{text}");
        assert!(text.lines().last().is_some_and(|line| line.contains(r#""type":"info""#)));
        read(bytes.as_slice(), Znodes).expect("the documented format");
    }
}
